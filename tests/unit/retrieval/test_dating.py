from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from synap.domain.contexts import Item, ScoreParts
from synap.domain.memories import When
from synap.retrieval.dating import dated
from synap.retrieval.format import render


def item(make: Any, content: str, **statement: Any) -> Item:
    return Item(memory=make.memory("a", content, **statement), content=content, rank=0, score=ScoreParts(total=1.0))


def test_asked_when_an_item_without_a_date_tells_when_it_was_said(make: Any) -> None:
    (found,) = dated(
        [item(make, "Ana: I moved yesterday.", said_at=datetime(2026, 5, 8, tzinfo=UTC))],
        ["When did Ana move?"],
        budget=100,
    )

    assert found.content == "Ana: I moved yesterday. (said 8 May 2026)"
    assert found.memory.statement.content == "Ana: I moved yesterday."


def test_the_day_stands_once_in_the_formatted_context(make: Any) -> None:
    (found,) = dated(
        [item(make, "Ana moved.", said_at=datetime(2026, 5, 8, tzinfo=UTC))], ["When did Ana move?"], budget=100
    )

    assert render([found]).count("8 May 2026") == 1


def test_other_questions_and_dated_items_leave_the_text_alone(make: Any) -> None:
    plain = item(make, "Ana moved.")
    event = item(make, "Ana moved on 7 May 2026.", when=When(start=datetime(2026, 5, 7, tzinfo=UTC)))

    assert dated([plain], ["Where does Ana live?"], budget=100) == [plain]
    assert dated([event], ["When did Ana move?"], budget=100) == [event]


def test_no_item_gives_way_to_a_day(make: Any) -> None:
    plain = item(make, "Ana moved.", said_at=datetime(2026, 5, 8, tzinfo=UTC))

    assert dated([plain], ["When did Ana move?"], budget=8) == [plain]
