"""When two values of one slot cannot both hold."""

from __future__ import annotations

from synap.domain.attributes import NOT
from synap.domain.changeovers import CHANGED, HABIT
from synap.domain.likings import LIKING
from synap.domain.memories import Slot
from synap.domain.slot_table import BY_NAME, TOOL_CLASSES
from synap.domain.values import ALWAYS

_CHANGING = frozenset({*TOOL_CLASSES.values(), "tool", LIKING, HABIT, "preferred", "count"})
"""Slots of which several values add up until somebody says that one took the other's place."""


def values_exclude(mine: Slot, other: Slot) -> bool:
    """Whether two fillings of one slot cannot both hold."""
    mine_off, other_off = mine.value.startswith(NOT), other.value.startswith(NOT)
    first, second = mine.value.removeprefix(NOT), other.value.removeprefix(NOT)
    if mine_off or other_off:
        return _agree(first, second) and mine_off is not other_off
    return _only_one(mine, other) and not _agree(first, second) and _alike(mine.name, first, second)


def loose(slot: Slot) -> bool:
    """Whether a slot is a mere liking or habit, of which two tell nothing but by a change."""
    return slot.attribute in (LIKING, HABIT, CHANGED)


def _only_one(mine: Slot, other: Slot) -> bool:
    """Whether there is one value at a time: both say so, or one tells of a change to it (`switched to`)."""
    if mine.attribute == CHANGED:
        return False  # two changes of who knows what
    if mine.attribute in _CHANGING:
        return mine.single or other.single
    return mine.single and other.single


def _alike(name: str, first: str, second: str) -> bool:
    """Whether two values answer one question: an hour does not exclude a day, nor an age a make."""
    base = name.partition(":")[0]
    if base == "time":
        hours, days = zip(*(_hours_and_days(value) for value in (first, second)), strict=True)
        return (all(hours) and hours[0] != hours[1]) or (all(days) and not days[0] & days[1])
    if ":" in name or base in BY_NAME:
        return True
    ours, theirs = first.split(), second.split()
    numeric = [words[0][0].isdigit() for words in (ours, theirs)]
    return numeric[0] is numeric[1] and not (all(numeric) and ours[1:] and theirs[1:] and ours[1:] != theirs[1:])


def _hours_and_days(moment: str) -> tuple[frozenset[str], frozenset[str]]:
    words = frozenset(moment.split())
    hours = frozenset(word for word in words if ":" in word or word == ALWAYS)
    return hours, words - hours


def _agree(first: str, second: str) -> bool:
    """Whether two values are equal or one says the same with more words; numbers must be equal."""
    ours, theirs = set(first.split()), set(second.split())
    less, more = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    return less <= more and not any(word[0].isdigit() for word in more - less)
