"""Asked when, every item says when: what bears no date of its own tells on which day it was said.

A passage says `yesterday`, and a memory drawn from one that names no time says nothing; neither can be dated by a reader
who has but their text. So where a question asks for a date, they carry the day of saying in the words of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from synap.domain.contexts import Item
from synap.domain.memories import Precision
from synap.domain.tokens import count_line, count_lines
from synap.retrieval.format import line_of, render, spell_date
from synap.retrieval.times import any_asks_when


def dated(items: Sequence[Item], questions: Iterable[str], *, budget: int) -> list[Item]:
    """Return `items`, with the day on which each was said where a question asks for a time and it names none.

    All of them or none: where the days do not fit into the budget of the formatted context, no item gives way to them.
    """
    if not any_asks_when(questions):
        return list(items)
    found = [_dated(item) for item in items]
    return found if count_lines(render(found).split("\n")) <= budget else list(items)


def _dated(item: Item) -> Item:
    statement = item.memory.statement
    if statement.said_at is None or statement.when is not None or item.memory.record or item.cut:
        return item
    day = spell_date(statement.said_at, Precision.DAY)
    if day in item.content:
        return item
    named = replace(item, content=f"{item.content} (said {day})")
    return replace(named, tokens=count_line(line_of(named)))
