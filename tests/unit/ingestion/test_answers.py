from __future__ import annotations

import pytest

from synap.ingestion.answers import Answer, answered, question_in, worth_keeping


def filled(question: str, answer: str) -> str | None:
    asked = question_in(question)
    assert asked is not None
    told = answered(asked, answer)
    return None if told is None else told.clause


@pytest.mark.parametrize(
    ("question", "answer", "clause"),
    [
        ("Great! And where do you work?", "at a bakery", "I work at a bakery"),
        ("Where did you grow up?", "Riga", "I grew up in Riga"),
        ("Where are you going on holiday?", "Crete", "I am going on holiday to Crete"),
        ("What do you do for a living?", "plumber", "my job is plumber"),
        ("What's your cat's name?", "Miso", "my cat's name is Miso"),
        ("Which instruments do you play?", "the cello", "I play the cello"),
        ("How many children do you have?", "three", "I have three children"),
        ("How old is your nephew?", "9", "my nephew is 9 years old"),
        ("What time do you finish work?", "6pm", "I finish work at 6pm"),
        ("How long have you been retired?", "two years", "I have been retired for two years"),
        ("Who do you live with?", "my sister", "I live with my sister"),
        ("Where does your uncle live?", "Lima", "my uncle lives in Lima"),
    ],
)
def test_a_fragment_takes_the_place_of_the_question_word(question: str, answer: str, clause: str) -> None:
    assert filled(question, answer) == clause


@pytest.mark.parametrize(
    ("question", "answer", "clause"),
    [
        ("Do you own a boat?", "Yes", "I own a boat"),
        ("Do you own a boat?", "No, not yet", "I do not own a boat"),
        ("Are you left-handed?", "yep", "I am left-handed"),
        ("Does your husband cook?", "nope", "my husband does not cook"),
        ("Do you have any pets?", "a parrot", "I have pets (a parrot)"),
        ("Do you have a bike?", "yes, a tandem", "I have a bike (a tandem)"),
        ("Are you allergic to anything?", "bees", "I am allergic to bees"),
        ("Do you prefer trains or planes?", "trains", "I prefer trains"),
        ("Are you a morning person?", "Not really", "I am not a morning person"),
    ],
)
def test_a_yes_or_no_answers_for_the_listener(question: str, answer: str, clause: str) -> None:
    assert filled(question, answer) == clause


@pytest.mark.parametrize(
    ("question", "answer", "clause"),
    [
        ("What's your niece's name?", "Her name is Ylva", "my niece's name is Ylva"),
        ("Where does your brother live?", "He lives in Oslo", "my brother lives in Oslo"),
    ],
)
def test_a_pronoun_of_the_answer_means_whom_the_question_named(question: str, answer: str, clause: str) -> None:
    assert filled(question, answer) == clause


def test_an_accepted_offer_counts_where_it_lasts_or_has_a_day() -> None:
    lasting = question_in("Should I always use kilometres?")

    assert lasting is not None
    assert answered(lasting, "Yes please") == Answer(clause="always use kilometres", rest=10, standing=True)
    assert filled("Shall I book the court for Friday?", "yes") == "I want the assistant to book the court for Friday"
    assert filled("Shall I explain the second step?", "yes") is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How are you?", "fine"),
        ("Do you have any questions?", "no"),
        ("Do you want to know more?", "yes"),
        ("Does that make sense?", "yes"),
        ("What would you like to know?", "the capital of Peru"),
        ("What can I do for you?", "a limerick"),
        ("Where do you live?", "Why do you ask?"),
        ("Where do you live?", "thanks"),
    ],
)
def test_questions_about_the_talk_give_nothing(question: str, answer: str) -> None:
    asked = question_in(question)

    assert asked is not None
    assert answered(asked, answer) is None
    assert not worth_keeping(asked, answer)


def test_an_answer_that_fits_no_shape_is_worth_keeping_where_it_is_personal() -> None:
    asked = question_in("How would you describe your cooking?")

    assert asked is not None
    assert answered(asked, "rustic") is None
    assert worth_keeping(asked, "rustic")


def test_only_a_question_at_the_end_of_a_turn_waits_for_an_answer() -> None:
    assert question_in("Where do you live? I only ask for the forecast.") is None
