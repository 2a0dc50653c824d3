from __future__ import annotations

import pytest

from synap.domain.memories import MemoryType, Slot, Statement
from synap.domain.own_slots import Cardinality, OwnSlot, with_own_slots
from synap.domain.slot_values import Takes

MOORING = OwnSlot(name="mooring", aliases=("berth",), cues=("is moored at",))
SKIPPER = OwnSlot(name="skipper", cardinality=Cardinality.MANY, values=Takes.NAME)


def said(content: str) -> tuple[Slot, ...]:
    """Return the configured slots that a statement settles."""
    statement = with_own_slots(Statement(type=MemoryType.FACT, content=content), (MOORING, SKIPPER))
    return tuple(slot for slot in statement.slots if slot.name.startswith("own:"))


@pytest.mark.parametrize(
    ("content", "subject", "value"),
    [
        ("The user's mooring is B14", "the user", "b14"),
        ("Ana's berth was moved to C2", "ana", "c2"),
        ("Mooring: B14", "the user", "b14"),
        ("The Aurora is moored at D9 now", "aurora", "d9"),
        ("The mooring of the Aurora is E1 because of the ice", "aurora", "e1"),
        ("The Aurora is no longer moored at D9", "aurora", "not d9"),
    ],
)
def test_a_configured_slot_is_read_by_name_alias_and_cue(content: str, subject: str, value: str) -> None:
    assert said(content) == (Slot(subject=subject, name="own:mooring", value=value),)


@pytest.mark.parametrize(
    "content",
    ["The user's skipper is kind", "If my mooring was B14 I would sail", "The user sleeps well", "Is my mooring B14?"],
)
def test_what_is_no_value_of_it_fills_no_configured_slot(content: str) -> None:
    assert said(content) == ()


def test_of_a_slot_of_many_several_values_stand_together() -> None:
    assert [slot.single for slot in said("The user's skipper is Tom Lund")] == [False]


def test_the_general_reading_of_the_same_words_gives_way() -> None:
    general = Slot(subject="the user", name="moor", value="b14")
    statement = Statement(type=MemoryType.FACT, content="The user's mooring is B14", slots=(general,))

    assert [slot.name for slot in with_own_slots(statement, (MOORING,)).slots] == ["own:mooring"]
