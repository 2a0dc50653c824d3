"""An answer as text for a prompt: one line per item, under a heading per type; the same items give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from synap.domain.contexts import Item
from synap.domain.memories import Memory, MemoryType, Precision, When

HEADINGS = {
    MemoryType.FACT: "## Facts",
    MemoryType.PREFERENCE: "## Preferences",
    MemoryType.EPISODE: "## Episodes",
    MemoryType.EMOTION: "## Emotions",
    MemoryType.TEMPORAL_EVENT: "## Temporal events",
}
"""Heading per type, in the order of the sections. They are left out of an answer of one item, which needs none."""

RECORD_CHARACTERS = 160
"""Characters of a record that a line shows; whoever wants its data reads the item."""

_MONTHS_A_QUARTER = 3


def render(items: Sequence[Item]) -> str:
    """Return `items` as Markdown, sections in the order of `HEADINGS`, items in their own order; "" for none."""
    if len(items) <= 1:
        return "\n".join(line_of(item) for item in items)
    lines: list[str] = []
    for kind, heading in HEADINGS.items():
        section = [line_of(item) for item in items if item.memory.statement.type is kind]
        lines += [heading, *section] if section else []
    return "\n".join(lines)


def line_of(item: Item) -> str:
    """Return the line of one item: `- [scope] content (marks)`."""
    return write_line(item.memory, item.content, overridden=item.overridden_by is not None, excerpt=item.excerpt)


def write_line(memory: Memory, content: str, *, overridden: bool, excerpt: bool) -> str:
    """Return `- [scope] content (marks)` on a single line, whatever line breaks the content has.

    Marks, where they apply and the content does not say it already: the date it speaks of, for an excerpt the date on
    which it was said, since and until when it holds, and that a narrower or newer memory overrides it. Of a record the
    line shows the beginning.
    """
    text = " ".join(content.split())
    if memory.record and len(text) > RECORD_CHARACTERS:
        text = f"{text[:RECORD_CHARACTERS]} …"
    marks = [mark for mark in _dates(memory, excerpt=excerpt) if mark.split(" ", 1)[1] not in text]
    if overridden:
        marks.append("overridden")
    return f"- [{memory.scope.rung}] {text}" + (f" ({'; '.join(marks)})" if marks else "")


def spell_date(moment: datetime, precision: Precision) -> str:
    """Return a moment in the words of its precision: `7 May 2023`, `week of 7 May 2023`, `May 2023`, `Q2 2023`, `2023`."""
    if precision is Precision.YEAR:
        return f"{moment.year}"
    if precision is Precision.QUARTER:
        return f"Q{(moment.month - 1) // _MONTHS_A_QUARTER + 1} {moment.year}"
    month = f"{moment:%B} {moment.year}"
    if precision is Precision.MONTH:
        return month
    return f"week of {moment.day} {month}" if precision is Precision.WEEK else f"{moment.day} {month}"


def _dates(memory: Memory, *, excerpt: bool) -> list[str]:
    """Return the marks about time, each a word and a date."""
    statement = memory.statement
    marks = []
    if statement.when is not None:
        marks.append(_event(statement.when))
    elif excerpt and statement.said_at is not None:
        marks.append(f"said {spell_date(statement.said_at, Precision.DAY)}")
    if statement.valid_from is not None and statement.when is None:
        marks.append(f"since {spell_date(statement.valid_from, Precision.DAY)}")
    if statement.valid_until is not None and statement.when is None:
        marks.append(f"until {spell_date(statement.valid_until, Precision.DAY)}")
    return marks


def _event(when: When) -> str:
    if when.recurrence:
        return f"repeats {when.recurrence}"
    return f"on {spell_date(when.start, when.precision)}"
