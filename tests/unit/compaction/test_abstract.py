"""What a language model writes of a conversation: checked point by point, and measured like chosen sentences."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from synap.compaction.abstract import Draft, WrittenPoint, WrittenPoints, author_of
from synap.compaction.compact import compact
from synap.domain.compactions import Hint, Message, PointKind

START = datetime(2026, 5, 3, 10, tzinfo=UTC)
TALK = (
    ("user", "Hello there!"),
    ("user", "The kiln of the Marlow studio broke on 4 May, and the repair costs 640 euros."),
    ("assistant", "Noted, thanks."),
    ("user", "We decided to glaze the 38 tiles for Petra in cobalt."),
    ("user", "The opening is on 12 June at the Harbour Hall."),
)
GOOD = (
    WrittenPoint(kind="decision", content="The 38 tiles for Petra will be glazed in cobalt", messages=(4,)),
    WrittenPoint(
        kind="fact",
        content="The kiln of the Marlow studio broke on 4 May, and its repair costs 640 euros",
        messages=(2,),
    ),
    WrittenPoint(kind="fact", content="The opening is on 12 June at the Harbour Hall", messages=(5, 5, 99)),
)


def messages() -> list[Message]:
    return [
        Message(id=f"m{at}", position=at, role=role, content=content, at=START + timedelta(minutes=at))
        for at, (role, content) in enumerate(TALK, 1)
    ]


def draft(*hints: Hint, target_tokens: int | None = 200) -> Draft:
    chosen = compact(messages(), hints=hints, target_tokens=target_tokens)
    return Draft(messages(), hints, chosen, target_tokens=target_tokens)


def test_what_holds_the_facts_passes_and_names_its_author() -> None:
    made = draft().measured(WrittenPoints(points=GOOD), author=author_of("tiny"))

    assert made.passed
    assert made.author.startswith("llm:tiny@")
    assert [point.positions for point in made.points] == [(2,), (4,), (5,)]
    assert made.points[1].kind is PointKind.DECISION


def test_what_holds_little_does_not_pass() -> None:
    vague = WrittenPoint(kind="fact", content="They talked about some tiles", messages=(4,))

    made = draft().measured(WrittenPoints(points=(vague,)), author="llm:tiny@1")

    assert not made.passed


@pytest.mark.parametrize(
    "wrong",
    [
        WrittenPoint(kind="fact", content="The repair of the kiln costs 900 euros", messages=(2,)),
        WrittenPoint(kind="fact", content="The opening is on 14 June at the Harbour Hall", messages=(5,)),
        WrittenPoint(kind="fact", content="The tiles were ordered by Beatrix", messages=(4,)),
        WrittenPoint(kind="fact", content="The kiln broke", messages=()),
        WrittenPoint(kind="fact", content="The kiln broke", messages=(77,)),
        WrittenPoint(kind="rumour", content="The kiln broke", messages=(2,)),
        WrittenPoint(kind="fact", content=" \n", messages=(2,)),
        WrittenPoint(kind="fact", content="The kiln " * 200, messages=(2,)),
    ],
)
def test_a_point_that_no_message_bears_out_is_left_out(wrong: WrittenPoint) -> None:
    made = draft().measured(WrittenPoints(points=(*GOOD, wrong)), author="llm:tiny@1")

    assert len(made.points) == len(GOOD)


def test_nothing_written_is_worth_nothing() -> None:
    made = draft().measured(WrittenPoints(), author="llm:tiny@1")

    assert (made.passed, made.score, made.points) == (False, 0.0, ())


def test_a_target_is_kept() -> None:
    made = draft(target_tokens=30).measured(WrittenPoints(points=GOOD), author="llm:tiny@1")

    assert made.compacted_tokens <= 30
    assert len(made.points) < len(GOOD)


def test_small_talk_and_what_is_over_are_not_shown() -> None:
    over = Hint(message_id="m4", quote=TALK[3][1], kind=PointKind.FACT, over=True)

    shown = json.loads(draft(over).as_data())

    assert [row["position"] for row in shown["messages"]] == [2, 5]
