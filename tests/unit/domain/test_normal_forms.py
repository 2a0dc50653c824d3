from __future__ import annotations

import pytest

from synap.domain.normal_forms import normalise_subject, normalise_value, phrase_stems, subject_of


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("I", "the user"),
        ("The user", "the user"),
        ("my sister", "sister"),
        ("The user's sister", "sister"),
        ("Dana's sister", "dana sister"),
        ("Acme Corp", "acme"),
        ("Fjordbank GmbH", "fjordbank"),
        ("the API team", "api team"),
    ],
)
def test_subjects_have_one_form(text: str, normal: str) -> None:
    assert normalise_subject(text) == normal


def test_first_person_words_stand_for_the_owner() -> None:
    assert normalise_subject("I", owner="dana") == "dana"
    assert normalise_subject("my sister", owner="dana") == "dana sister"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("a blue Golf", "blue golf"),
        ("1,000", "1000"),
        ("5k euros", "5000 eur"),
        ("Halden AS", "halden"),
        ("every other Friday at 2pm PT", "other friday 14:00 pt"),
    ],
)
def test_values_have_one_form(text: str, normal: str) -> None:
    assert normalise_value(text) == normal


def test_neither_word_order_nor_number_matters_in_a_noun_phrase() -> None:
    assert phrase_stems("reviews of the sprint") == phrase_stems("sprint review")


def test_a_pronoun_or_a_whole_clause_is_no_subject() -> None:
    assert subject_of("she", "the user") is None
    assert subject_of("the man who is tall", "the user") is None
    assert subject_of(None, "dana") == "dana"
