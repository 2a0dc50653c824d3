from __future__ import annotations

import pytest

from synap.domain.exclusion import values_exclude
from synap.domain.memories import Slot


def _slot(name: str, value: str, *, single: bool = True) -> Slot:
    return Slot(subject="the user", name=name, value=value, single=single)


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (_slot("residence", "oslo"), _slot("residence", "bonn")),
        (_slot("time:demo", "monday 10:00"), _slot("time:demo", "11:00")),
        (_slot("editor", "zed"), _slot("editor", "vim", single=False)),
        (_slot("allergy", "kiwi", single=False), _slot("allergy", "not kiwi", single=False)),
        (_slot("lamp", "ikea"), _slot("lamp", "muji")),
        (_slot("limit:upload", "unlimited"), _slot("limit:upload", "5")),
    ],
)
def test_two_values_of_a_single_slot_exclude_each_other(mine: Slot, other: Slot) -> None:
    assert values_exclude(mine, other)
    assert values_exclude(other, mine)


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (_slot("residence", "oslo"), _slot("residence", "oslo norway")),
        (_slot("employer", "umbra"), _slot("employer", "solveig", single=False)),
        (_slot("time:train", "friday"), _slot("time:train", "09:00")),
        (_slot("lamp", "ikea"), _slot("lamp", "94672800")),
        (_slot("lamp", "2 kilo"), _slot("lamp", "40 watt")),
        (_slot("lamp", "ikea"), _slot("lamp", "broken", single=False)),
    ],
)
def test_values_that_add_up_or_answer_different_questions_do_not(mine: Slot, other: Slot) -> None:
    assert not values_exclude(mine, other)
    assert not values_exclude(other, mine)
