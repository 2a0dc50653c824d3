"""Asked when, every item says when: what bears no date of its own tells on which day it was said.

A passage says `yesterday`, and a memory drawn from one that names no time says nothing; neither can be dated by a reader
who has but their text. So where a question asks for a date, they carry the day of saying in the words of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from synap.domain.contexts import Item
from synap.domain.memories import Precision
from synap.retrieval.format import spell_date
from synap.retrieval.times import any_asks_when


def dated(items: Iterable[Item], questions: Iterable[str]) -> list[Item]:
    """Return `items`, with the day on which each was said where a question asks for a time and it names none."""
    if not any_asks_when(questions):
        return list(items)
    return [_dated(item) for item in items]


def _dated(item: Item) -> Item:
    statement = item.memory.statement
    if statement.said_at is None or statement.when is not None or item.memory.record:
        return item
    day = spell_date(statement.said_at, Precision.DAY)
    return item if day in item.content else replace(item, content=f"{item.content} (said {day})")
