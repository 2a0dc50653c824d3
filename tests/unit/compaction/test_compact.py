"""Conversations shortened: what is kept, what is left out, how good that is, and how it reads."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from synap.compaction import inventory as measure
from synap.compaction.compact import PASS_MARK, RATIOS, SMALLEST_TARGET, adaptive_share, compact
from synap.compaction.render import BLOCK_TITLE, block, render
from synap.domain.compactions import Form, Hint, Message, PointKind, Strategy
from synap.domain.tokens import count_tokens

START = datetime(2026, 5, 3, 10, tzinfo=UTC)
ROLES = {"U": "user", "A": "assistant"}
MEETING = """
Dana: Morning all. Let's start with the orders service migration.
Lee: Morning! I finished the schema review yesterday. The orders table has 42 million rows and the copy took 3 hours on staging.
Dana: Okay. Which database do we take? We talked about MySQL 8.
Lee: I'd rather use PostgreSQL 16, because of partial indexes and because the billing team runs it already.
Priya: Agreed. Operations prefers PostgreSQL too. Backups are done with pgBackRest.
Dana: Alright, we decided to use PostgreSQL 16 for the orders service.
Lee: Sounds good.
Dana: When do we switch?
Priya: The freeze ends on 3 March, so the window is Sunday 8 March from 02:00 to 04:00.
Lee: That works. I will write the rollback plan by Friday.
Priya: I need to order two more disks of 2 TB each. They cost $640 per disk.
Dana: Approved. Order them today.
Lee: By the way, the error rate on staging was 0.3 percent after the copy. The target is below 0.1 percent.
Dana: What causes the errors?
Lee: I don't know yet. Probably the old retry code in checkout-worker v2.4.1.
Priya: Correction: the window is Sunday 15 March from 02:00 to 04:00. The freeze was extended by a week.
Dana: Okay, 15 March then. The budget for contractors is $12,000. Acme Consulting asked for $9,500.
Priya: Let's book Acme Consulting. Their contact is maria@acme.example.
Dana: Fine. The next meeting is on Thursday at 9:30 in room Oslo.
Lee: Thanks everybody, bye!
"""


def conversation(text: str) -> list[Message]:
    """A line a message: `U: …` of the user, `A: …` of the assistant, `Name: …` of somebody with a name."""
    messages = []
    for position, line in enumerate(text.strip().splitlines(), 1):
        who, content = line.split(": ", 1)
        messages.append(
            Message(
                id=f"m{position}",
                position=position,
                role=ROLES.get(who, "user"),
                content=content,
                at=START + timedelta(minutes=position),
                speaker="" if who in ROLES else who,
            )
        )
    return messages


def contents(messages: list[Message]) -> list[str]:
    return [point.content for point in compact(messages, strategy=Strategy.CONSERVATIVE).points]


LONG = conversation("\n".join(MEETING.replace("15 March", f"{n} May").strip() for n in range(10, 16)))


@pytest.mark.parametrize("strategy", RATIOS)
def test_a_strategy_keeps_its_share_at_most_and_most_of_it(strategy: Strategy) -> None:
    made = compact(LONG, strategy=strategy)

    assert made.strategy is strategy
    assert made.compacted_tokens <= RATIOS[strategy] * made.original_tokens
    assert made.compacted_tokens == count_tokens(render(made, Form.STRUCTURED))
    assert made.ratio == pytest.approx(made.original_tokens / made.compacted_tokens, abs=0.001)


def test_gentler_strategies_keep_more_and_score_higher() -> None:
    messages = conversation(MEETING)
    sizes = [compact(messages, target_tokens=n) for n in (60, 120, 200, 300)]

    assert [made.compacted_tokens for made in sizes] == sorted(made.compacted_tokens for made in sizes)
    assert [made.score for made in sizes] == sorted(made.score for made in sizes)
    assert sizes[0].score < PASS_MARK < sizes[-1].score


def test_what_loses_too_much_is_tried_more_gently() -> None:
    made = compact(conversation(MEETING), strategy=Strategy.AGGRESSIVE)

    assert made.strategy in (Strategy.BALANCED, Strategy.CONSERVATIVE)
    assert made.passed


def test_a_target_is_a_ceiling_even_where_too_much_is_lost() -> None:
    made = compact(conversation(MEETING), strategy=Strategy.BALANCED, target_tokens=50)

    assert (made.strategy, made.passed) == (Strategy.BALANCED, False)
    assert made.compacted_tokens <= 50
    assert not made.note


def test_a_target_that_holds_no_sentence_keeps_one_and_says_so() -> None:
    made = compact(conversation(MEETING), target_tokens=2)

    assert len(made.points) == 1
    assert "2 tokens" in made.note


def test_decisions_preferences_steps_and_open_questions_are_told_apart() -> None:
    said = {
        "We decided to book Casa Amora.": PointKind.DECISION,
        "I prefer aisle seats.": PointKind.PREFERENCE,
        "Our budget is 900 euros.": PointKind.FACT,
        "I will call Rui on Friday.": PointKind.STEP,
        "When does the train leave?": PointKind.QUESTION,
    }

    made = compact(conversation("\n".join(f"U: {sentence}" for sentence in said)))

    assert {point.content: point.kind for point in made.points} == said


def test_the_newer_of_two_values_holds() -> None:
    found = contents(conversation(MEETING))

    assert any("15 March" in content for content in found)
    assert not any("8 March" in content for content in found)


@pytest.mark.parametrize(
    ("older", "newer", "gone", "kept"),
    [
        ("The meeting is on Tuesday at 3pm.", "The meeting moved to Friday.", "Tuesday", "Friday"),
        ("The budget is $5,000.", "Actually the budget is $7,500 now.", "$5,000", "$7,500"),
        ("We launch on 3 May.", "The launch is postponed to 10 June.", "3 May", "10 June"),
        ("Our flight leaves at 9am.", "Sorry, the flight leaves at 11am.", "9am", "11am"),
        (
            "Let's use MySQL for the orders service.",
            "We switched to PostgreSQL for the orders service.",
            "MySQL",
            "Postgre",
        ),
    ],
)
def test_a_correction_takes_the_place_of_what_it_corrects(older: str, newer: str, gone: str, kept: str) -> None:
    text = " ".join(contents(conversation(f"U: {older}\nA: Noted.\nU: {newer}")))

    assert (gone in text, kept in text) == (False, True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("My sister is called Anna.", "My brother is called Tom."),
        ("The review is on Monday.", "The retro is on Friday."),
        ("I paid 40 euros for the book.", "I paid 90 euros for the lamp."),
        ("The user meeting is on Monday.", "What if the meeting moved to Friday?"),
    ],
)
def test_what_does_not_contradict_stays(first: str, second: str) -> None:
    assert first in contents(conversation(f"U: {first}\nU: {second}"))


def test_the_machine_corrects_nobody() -> None:
    found = contents(conversation("U: The budget is 500 euros.\nA: Actually the budget is 900 euros."))

    assert "The budget is 500 euros." in found


def test_small_talk_is_left_out_and_repetitions_are_told_once() -> None:
    made = compact(
        conversation(
            "U: Hi there!\nA: Hello! How can I help?\nU: Rex is 7 years old.\nU: Thanks!\nU: Rex is 7 years old."
        )
    )

    assert [(point.content, point.positions) for point in made.points] == [("Rex is 7 years old.", (3, 5))]


def test_a_short_answer_keeps_its_question() -> None:
    (point,) = [
        p for p in compact(conversation("A: Which day suits you?\nU: Friday.")).points if p.content == "Friday."
    ]

    assert point.asked == "Which day suits you?"


def test_speakers_are_named() -> None:
    text = render(compact(conversation(MEETING), strategy=Strategy.BALANCED), Form.STRUCTURED)

    assert "- Dana: we decided to use PostgreSQL 16" in text


def test_the_state_tells_how_things_stand() -> None:
    state = compact(conversation(MEETING)).state

    assert "What causes the errors?" in state.open_questions
    assert "I will write the rollback plan by Friday." in state.next_steps
    assert (state.last_speaker, state.last_words, state.messages) == ("Lee", "Thanks everybody, bye!", 20)
    assert "PostgreSQL" in state.topics


def test_hints_know_better_than_the_words() -> None:
    messages = conversation("U: Window seats for me, as always.\nU: My desk is oak wood.")
    hints = [
        Hint(message_id="m1", quote="Window seats for me, as always.", kind=PointKind.PREFERENCE),
        Hint(message_id="m2", quote="My desk is oak wood.", kind=PointKind.FACT, over=True),
    ]

    made = compact(messages, hints=hints)

    assert [(point.content, point.kind) for point in made.points] == [
        ("Window seats for me, as always.", PointKind.PREFERENCE)
    ]
    assert made.score == 1.0


def test_the_score_falls_when_a_fact_is_dropped() -> None:
    messages = conversation("U: I live in Graz with Clara.\nU: The rent is 900 euros.\nU: We move on 3 May.")
    held = measure.inventory(messages)
    whole = "\n".join(message.content for message in messages)

    scores = [measure.score(held, "\n".join(whole.splitlines()[:count])) for count in (3, 2, 1, 0)]

    assert scores[0] == 1.0
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0.0


def test_values_count_in_any_form_and_other_numbers_do_not() -> None:
    held = measure.inventory(conversation("U: The rent is $5,000."))

    assert measure.score(held, "The rent is 5000 dollars") == 1.0
    assert measure.score(held, "The rent is $5,001.") < 1.0


def test_what_was_erased_is_not_quoted() -> None:
    assert contents(conversation("U: My code is ████.\nU: Rex is 7 years old.")) == ["Rex is 7 years old."]


def test_code_and_quoted_lines_are_not_told() -> None:
    messages = [
        Message(
            id="m1",
            position=1,
            role="assistant",
            content="> You asked for 3 loops.\nUse this function with care today in Graz:\n```python\nfor i in range(3):\n    x = 77\n```",
            at=START,
        )
    ]

    assert contents(messages) == ["Use this function with care today in Graz:"]


@pytest.mark.parametrize(
    "text",
    [
        "U: Ich wohne in Wien und zahle 900 Euro Miete.\nA: Verstanden.",
        "U: Vivo en Sevilla con mi hermana.\nA: Gracias.",
        "U: 我住在北京。我有两只猫。会议在星期五。",
        "U: 私は東京に住んでいます。予算は五万円です。",
        "U: أعيش في القاهرة وأعمل مهندسا؟",
        "U: Живу в Москве уже 7 лет.",
        "U: 🙂🙂🙂",
        "U: " + "字" * 4000,
        "U: " + "word " * 4000,
    ],
)
def test_any_language_is_taken(text: str) -> None:
    made = compact(conversation(text))

    assert 0.0 <= made.score <= 1.0
    assert made.points or not any(character.isalnum() for character in text[3:])


def test_nothing_is_shortened_to_nothing() -> None:
    made = compact([])

    assert (made.points, made.original_tokens, made.compacted_tokens, made.score, made.ratio) == ((), 0, 0, 1.0, 1.0)
    assert [render(made, form) for form in Form] == [""] * 4


def test_a_short_conversation_is_only_tidied() -> None:
    made = compact(
        conversation("U: I prefer tea.\nA: Noted!\nU: Our budget is 900 euros."), strategy=Strategy.AGGRESSIVE
    )

    assert {point.content for point in made.points} == {"I prefer tea.", "Our budget is 900 euros."}
    assert made.compacted_tokens <= SMALLEST_TARGET


def test_forms_say_the_same_in_their_own_way() -> None:
    made = compact(conversation(MEETING), strategy=Strategy.BALANCED)
    texts = {form: render(made, form) for form in Form}

    assert all(point.content in text for text in texts.values() for point in made.points)
    assert texts[Form.STRUCTURED].startswith("Decisions:\n- Dana: ")
    assert texts[Form.BULLET_POINTS].startswith("- ")
    assert texts[Form.NARRATIVE].splitlines()[0].partition(" said: ")[1]
    assert texts[Form.INJECTION].startswith("Earlier in this conversation:\n")


@pytest.mark.parametrize("budget", [0, 10, 40, 90, 200, 1000])
@pytest.mark.parametrize("form", Form)
def test_a_block_keeps_its_budget(form: Form, budget: int) -> None:
    text = block(compact(conversation(MEETING)), form, covered=20, total=21, budget=budget)

    assert count_tokens(text) <= budget
    assert not text or text.startswith(f"{BLOCK_TITLE}: 20 of 21 messages)\n")


def test_the_adaptive_share_falls_with_length_and_rises_with_density() -> None:
    assert adaptive_share(500, 1.0) > adaptive_share(8_000, 1.0) > adaptive_share(100_000, 1.0)
    assert adaptive_share(2_000, 0.9) > adaptive_share(2_000, 0.2)
    assert 0.15 <= adaptive_share(10**9, 0.0) <= adaptive_share(1, 1.0) <= 0.7


def test_the_same_conversation_gives_the_same_compaction() -> None:
    assert compact(conversation(MEETING)) == compact(conversation(MEETING))


def test_five_thousand_messages_take_seconds() -> None:
    names, things = ["Anna", "Ben", "Carla", "Dmitri", "Elif"], ["report", "budget", "invoice", "garden", "server"]
    messages = [
        Message(
            id=f"m{n}",
            position=n,
            role="assistant" if n % 2 == 0 else "user",
            content=f"{names[n % 5]} finished the {things[n % 4]} number {n} for {n * 7} euros on {n % 28 + 1} May.",
            at=START + timedelta(minutes=n),
        )
        for n in range(1, 5001)
    ]
    began = time.perf_counter()

    made = compact(messages, strategy=Strategy.AGGRESSIVE)

    assert time.perf_counter() - began < 120
    assert made.compacted_tokens <= RATIOS[made.strategy] * made.original_tokens
