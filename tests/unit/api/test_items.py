from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from synap.api.items import context_item
from synap.domain.contexts import Item, ScoreParts
from synap.domain.memories import Evidence, Memory, MemoryType, Precision, Statement, When
from synap.domain.scopes import Scope

MOMENT = datetime(2026, 5, 3, 10, tzinfo=UTC)
USER = Scope(rung="user", space="inst_1", ids=(("customer", "acme"), ("user", "ann")))


def memory(**statement: Any) -> Memory:
    fields: dict[str, Any] = {"type": MemoryType.FACT, "score": 0.6, "said_at": MOMENT, **statement}
    return Memory(
        id="m",
        scope=USER,
        statement=Statement(content="Blue.", **fields),
        evidence=(Evidence(document_id="book", start=2, end=6, quote="Blue", turn_id="t9"),),
        document_id="book",
        recorded_at=MOMENT,
        metadata={"source": "import"},
    )


def item(**statement: Any) -> Item:
    return Item(memory=memory(**statement), content="Blue.", rank=0, score=ScoreParts(total=1.4, lexical=0.5, band=1))


def test_what_all_types_share() -> None:
    shown = context_item(item())

    assert (shown.scope, shown.source, shown.type) == ("user", "user:book", "fact")
    assert shown.source_evidence == ("book#t9",)
    assert shown.evidence[0].turn_id == "t9"
    assert shown.metadata == {"source": "import"}
    assert shown.score == 1.0
    assert shown.temporal_category == "perpetual"
    assert repr(shown) == "[user] Blue."


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"type": MemoryType.PREFERENCE, "category": "colour"}, {"category": "colour", "strength": 0.6}),
        (
            {"type": MemoryType.EPISODE, "participants": ("Bo",)},
            {"summary": "Blue.", "occurred_at": MOMENT, "significance": 0.6, "participants": ("Bo",)},
        ),
        (
            {"type": MemoryType.EMOTION, "category": "joy"},
            {"emotion_type": "joy", "intensity": 0.6, "detected_at": MOMENT, "context": "Blue."},
        ),
        (
            {"type": MemoryType.TEMPORAL_EVENT},
            {"temporal_confidence": 0.6, "event_date": MOMENT, "temporal_category": "temporal_fact"},
        ),
        (
            {"when": When(start=MOMENT, precision=Precision.MONTH)},
            {"event_date": MOMENT, "event_precision": "month", "temporal_category": "temporal_fact"},
        ),
    ],
)
def test_each_type_has_its_own_fields(statement: dict[str, Any], expected: dict[str, Any]) -> None:
    shown = context_item(item(**statement))

    assert {name: getattr(shown, name) for name in expected} == expected


def test_the_parts_of_the_score_are_shown_on_request() -> None:
    assert context_item(item()).score_parts == {}
    assert context_item(item(), explain=True).score_parts["lexical"] == 0.5


def test_a_memory_without_document_was_written_directly() -> None:
    direct = Memory(id="m", scope=USER, statement=memory().statement, recorded_at=MOMENT)
    shown = context_item(Item(memory=direct, content="Blue.", rank=0, score=ScoreParts(total=0.5)))

    assert shown.source == "user:direct"
    assert shown.source_evidence == ()


@pytest.mark.parametrize("kind", [MemoryType.FACT, MemoryType.PREFERENCE])
def test_what_recurs_has_no_date_of_its_own(kind: MemoryType) -> None:
    shown = context_item(item(type=kind, when=When(start=MOMENT, recurrence="every Monday")))

    assert (shown.event_date, shown.recurrence) == (None, "every Monday")


def test_a_recurring_event_names_its_next_time() -> None:
    shown = context_item(item(type=MemoryType.TEMPORAL_EVENT, when=When(start=MOMENT, recurrence="every Monday")))

    assert shown.event_date == MOMENT
