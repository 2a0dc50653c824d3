"""From what the rooms work with to what a caller gets: contexts to answers, memories to records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from synap.api.contexts import ContextAnswer, ContextItem, ContextMetadata, ConversationContext
from synap.api.memories import EvidenceRecord, MemoryRecord
from synap.domain.contexts import Context, Degradation, Item
from synap.domain.memories import Evidence, Memory, MemoryType

CLIENT_TTL_SECONDS = 1800
"""For how long a client may keep an answer of client scope; other answers not at all (-1)."""


def context_answer(
    context: Context,
    *,
    target: str,
    correlation_id: str = "",
    retrieved_at: datetime | None = None,
    cache_hit: bool = False,
    timings_ms: Mapping[str, float] | None = None,
    embedder: str = "",
    mode: str = "fast",
    mode_note: str = "",
    conversation_context: ConversationContext | None = None,
    explain: bool = False,
) -> ContextAnswer:
    """Return a context as the answer to a fetch through the door `target` (`user`, `customer`, `client`, `conversation`).

    With `explain` each item carries the parts of its score.
    """
    degradation = context.degradation or Degradation(level="", code="")
    metadata = ContextMetadata(
        correlation_id=correlation_id,
        source="cache" if cache_hit else "cloud",
        ttl_seconds=CLIENT_TTL_SECONDS if target == "client" else -1,
        retrieved_at=retrieved_at,
        scope=target,
        scopes=context.scopes,
        total_results=len(context.items),
        tokens_used=context.tokens,
        token_budget=context.budget,
        budget_exceeded=context.budget_exceeded,
        cache_hit=cache_hit,
        timings_ms=dict(timings_ms or {}),
        degraded=degradation.level,
        degraded_code=degradation.code,
        warnings=tuple(dict.fromkeys((*context.warnings, *degradation.warnings))),
        reason=context.reason,
        embedder=embedder,
        mode=mode,
        mode_note=mode_note,
    )
    return ContextAnswer(
        items=tuple(context_item(item, explain=explain) for item in context.items),
        formatted_context=context.formatted,
        conversation_context=conversation_context,
        metadata=metadata,
    )


def context_item(item: Item, *, explain: bool = False) -> ContextItem:
    """Return one item as a caller gets it: what all types share, and the fields of its own type."""
    memory, statement = item.memory, item.memory.statement
    return ContextItem(
        id=memory.id,
        type=statement.type.value,
        content=item.content,
        scope=item.scope,
        source=source_of(memory),
        confidence=_share(statement.confidence),
        score=_share(item.score.total),
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
        rank=item.rank,
        score_parts={name: float(part) for name, part in asdict(item.score).items()} if explain else {},
        **_time_fields(memory),
        **_type_fields(memory, item.content),
    )


def memory_record(memory: Memory) -> MemoryRecord:
    """Return a single memory as `get`, `list`, `update` and `history` give it."""
    statement = memory.statement
    return MemoryRecord(
        memory_id=memory.id,
        memory_type=statement.type.value,
        content=statement.content,
        confidence=_share(statement.confidence),
        score=_share(statement.score),
        scope=memory.scope.rung,
        status=memory.status.value,
        created_at=memory.recorded_at,
        subject=statement.subject,
        category=statement.category,
        customer_id=memory.scope.customer_id,
        user_id=memory.scope.user_id,
        entities=statement.entities,
        evidence=tuple(map(evidence_record, memory.evidence)),
        event_date=statement.when.start if statement.when else None,
        event_end=statement.when.end if statement.when else None,
        event_precision=statement.when.precision.value if statement.when else None,
        valid_from=statement.valid_from,
        valid_until=statement.valid_until,
        said_at=statement.said_at,
        updated_at=memory.seen_at,
        superseded_at=memory.superseded_at,
        superseded_by=memory.superseded_by,
        source_document_id=memory.document_id,
        extractor=memory.extractor,
        metadata=memory.metadata,
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


def _time_fields(memory: Memory) -> dict[str, Any]:
    """Return the fields about the event; a temporal event always has a date, since clients drop one without."""
    statement, when = memory.statement, memory.statement.when
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
    score = _share(statement.score)
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


def _share(value: float) -> float:
    return min(1.0, max(0.0, float(value)))
