"""An item of a context as a caller gets it: what all memory types share, and the fields of its own type."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from synap.api.contexts import ContextItem
from synap.api.memories import EvidenceRecord
from synap.domain.contexts import Item
from synap.domain.memories import Evidence, Memory, MemoryType


def context_item(item: Item, *, explain: bool = False) -> ContextItem:
    """Return one item as a caller gets it: what all types share, and the fields of its own type."""
    memory, statement = item.memory, item.memory.statement
    return ContextItem(
        id=memory.id,
        type=statement.type.value,
        content=item.content,
        scope=item.scope,
        source=source_of(memory),
        confidence=share(statement.confidence),
        score=share(item.score.total),
        metadata=memory.metadata,
        entities=statement.entities,
        evidence=tuple(map(evidence_record, memory.evidence)),
        source_evidence=tuple(dict.fromkeys(evidence.reference for evidence in memory.evidence)),
        subject=statement.subject,
        extracted_at=memory.recorded_at,
        said_at=statement.said_at,
        valid_from=statement.valid_from,
        valid_until=statement.valid_until,
        temporal_category=temporal_category(memory),
        overridden_by=item.overridden_by or "",
        superseded_at=memory.superseded_at,
        excerpt=item.excerpt,
        cut=item.cut,
        language=statement.language,
        matched_queries=item.matched_queries,
        rank=item.rank + 1,
        score_parts={name: float(part) for name, part in asdict(item.score).items()} if explain else {},
        **_time_fields(memory),
        **_type_fields(memory, item.content),
    )


def evidence_record(evidence: Evidence) -> EvidenceRecord:
    """Return a piece of evidence as a caller gets it."""
    return EvidenceRecord(
        document_id=evidence.document_id,
        start=evidence.start,
        end=evidence.end,
        quote=evidence.quote,
        turn_id=evidence.turn_id,
    )


def source_of(memory: Memory) -> str:
    """Return where a memory comes from: the scope word, and behind a colon the document, or `direct` without one."""
    return f"{memory.scope.rung}:{memory.document_id or 'direct'}"


def temporal_category(memory: Memory) -> str:
    """Return `episode`, `temporal_fact` for what is bound to a time, `perpetual` for the rest."""
    statement = memory.statement
    if statement.type is MemoryType.EPISODE:
        return "episode"
    bound = statement.when is not None or statement.valid_until is not None
    return "temporal_fact" if bound or statement.type is MemoryType.TEMPORAL_EVENT else "perpetual"


def share(value: float) -> float:
    """Return `value` within 0..1, as the published clients' parsers insist."""
    return min(1.0, max(0.0, float(value)))


def _time_fields(memory: Memory) -> dict[str, Any]:
    """Return the fields about the event; a temporal event always has a date, since clients drop one without.

    What recurs has no date of its own; only a temporal event names the next time.
    """
    statement, when = memory.statement, memory.statement.when
    if when is not None and when.recurrence and statement.type in (MemoryType.FACT, MemoryType.PREFERENCE):
        return {"recurrence": when.recurrence}
    if when is not None:
        return {
            "event_date": when.start,
            "event_end": when.end,
            "event_precision": when.precision.value,
            "recurrence": when.recurrence or "",
        }
    if statement.type is MemoryType.TEMPORAL_EVENT:
        return {"event_date": statement.valid_from or statement.said_at or memory.recorded_at}
    return {}


def _type_fields(memory: Memory, content: str) -> dict[str, Any]:
    statement = memory.statement
    score = share(statement.score)
    match statement.type:
        case MemoryType.PREFERENCE:
            return {"category": statement.category, "strength": score}
        case MemoryType.EPISODE:
            return {
                "summary": content,
                "occurred_at": statement.when.start if statement.when else statement.said_at or memory.recorded_at,
                "significance": score,
                "participants": statement.participants,
            }
        case MemoryType.EMOTION:
            return {
                "emotion_type": statement.category,
                "intensity": score,
                "detected_at": statement.said_at or memory.recorded_at,
                "context": content,
            }
        case MemoryType.TEMPORAL_EVENT:
            return {"temporal_confidence": score}
        case _:
            return {"category": statement.category}
