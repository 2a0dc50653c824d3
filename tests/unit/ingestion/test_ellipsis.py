from __future__ import annotations

import pytest

from synap.domain.memories import MemoryType, Slot, Statement
from synap.ingestion.ellipsis import completed

ROOF = Slot(subject="the user", name="budget:roof", value="5000 eur")
TRIP = Slot(subject="the user", name="budget:travel", value="900 eur")


def _said(text: str) -> Statement:
    return Statement(type=MemoryType.FACT, content=text)


@pytest.mark.parametrize("text", ["Make it 7,000 for the roof", "I can go up to 7,000 for the roof"])
def test_a_new_value_completes_the_slot_it_names(text: str) -> None:
    (slot,) = completed(_said(text), [ROOF, TRIP]).slots

    assert (slot.key, slot.value) == (ROOF.key, "7000")


@pytest.mark.parametrize(
    "text",
    [
        "Make it 7,000",
        "Make it 7,000 for the garden",
        "The roof has 12 beams",
        "If we make it 7,000 for the roof we win",
    ],
)
def test_anything_less_plain_stays_as_it_is(text: str) -> None:
    statement = _said(text)

    assert completed(statement, [ROOF, TRIP]) is statement
