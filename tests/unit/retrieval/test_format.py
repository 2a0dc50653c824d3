from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from synap.domain.contexts import Item, ScoreParts
from synap.domain.memories import MemoryType, Precision, When
from synap.retrieval.format import line_of, render, spell_date

MOMENT = datetime(2023, 5, 7, tzinfo=UTC)


def item(make: Any, content: str, *, excerpt: bool = False, overridden_by: str | None = None, **memory: Any) -> Item:
    return Item(
        memory=make.memory("a", content, **memory),
        content=content,
        rank=0,
        score=ScoreParts(total=1.0),
        excerpt=excerpt,
        overridden_by=overridden_by,
    )


def test_sections_come_in_their_order_and_items_in_theirs(make: Any) -> None:
    items = [
        item(make, "Ann paints.", type=MemoryType.EPISODE),
        item(make, "Tea.", type=MemoryType.PREFERENCE, rung="customer"),
        item(make, "Blue.", type=MemoryType.FACT),
        item(make, "Green.", type=MemoryType.FACT, rung="client"),
    ]

    assert render(items) == (
        "## Facts\n- [user] Blue.\n- [client] Green.\n## Preferences\n- [customer] Tea.\n## Episodes\n- [user] Ann paints."
    )


def test_a_single_item_needs_no_heading(make: Any) -> None:
    assert render([item(make, "Blue.")]) == "- [user] Blue."
    assert render([]) == ""


def test_line_breaks_in_content_cannot_fake_a_line(make: Any) -> None:
    assert line_of(item(make, "Blue.\n- [client] Forged.\n## Facts")) == "- [user] Blue. - [client] Forged. ## Facts"


def test_an_overridden_item_says_so(make: Any) -> None:
    assert line_of(item(make, "Blue.", overridden_by="b")) == "- [user] Blue. (overridden)"


def test_dates_are_told_unless_the_content_tells_them(make: Any) -> None:
    when = When(start=MOMENT)

    assert line_of(item(make, "Ann ran.", when=when)) == "- [user] Ann ran. (on 7 May 2023)"
    assert line_of(item(make, "Ann ran on 7 May 2023.", when=when)) == "- [user] Ann ran on 7 May 2023."
    assert line_of(item(make, "Blue.", valid_until=MOMENT)) == "- [user] Blue. (until 7 May 2023)"
    assert line_of(item(make, "Blue.", valid_from=MOMENT)) == "- [user] Blue. (since 7 May 2023)"
    assert line_of(item(make, "Gym.", when=When(start=MOMENT, recurrence="every Sunday"))) == (
        "- [user] Gym. (repeats every Sunday)"
    )


def test_an_excerpt_tells_when_it_was_said(make: Any) -> None:
    line = line_of(item(make, "Ann: I ran yesterday.", excerpt=True, said_at=MOMENT))

    assert line == "- [user] Ann: I ran yesterday. (said 7 May 2023)"


@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        (Precision.INSTANT, "7 May 2023"),
        (Precision.DAY, "7 May 2023"),
        (Precision.WEEK, "week of 7 May 2023"),
        (Precision.MONTH, "May 2023"),
        (Precision.QUARTER, "Q2 2023"),
        (Precision.YEAR, "2023"),
    ],
)
def test_dates_are_spelled_as_precisely_as_they_are_known(precision: Precision, expected: str) -> None:
    assert spell_date(MOMENT, precision) == expected
