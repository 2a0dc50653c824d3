"""From a context to an answer, and its JSON form: what the doors send and our own client reads back.

An answer is written once for three kinds of reader. The public Python client wants five lists under `context`, the
documentation shows them at the top level, the TypeScript client reads `items_by_type`. Types are disjoint in the lists;
an item's `rank` restores the one order, so `decode_answer` gives back exactly what `encode_answer` was given.

Published clients read item fields without a check for null, so what is unknown is left out. Their parsers want an
offset in every timestamp, scores within 0..1, a date on every temporal event, and an object as `metadata`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from synap.api.contexts import (
    ContextAnswer,
    ContextItem,
    ContextMetadata,
    ConversationContext,
    ConversationSummary,
    LeftOutItem,
)
from synap.api.data import UserProfile
from synap.api.items import context_item, evidence_record, share
from synap.api.memories import AttributeRecord, MemoryRecord
from synap.domain.attributes import NOT
from synap.domain.contexts import Context, Degradation, LeftOut
from synap.domain.memories import Memory, MemoryType, Slot
from synap.domain.vocabulary import LIST_NAMES
from synap.errors import InvalidInputError

T = TypeVar("T")

_LISTS = tuple(LIST_NAMES.values())
_EXCERPTS = "excerpts"
_SCORES = ("confidence", "score", "temporal_confidence", "strength", "significance", "intensity")
_UNSENT = frozenset({"degraded", "degraded_code"})


def context_answer(
    context: Context,
    *,
    metadata: ContextMetadata,
    conversation_context: ConversationContext | None = None,
    explain: bool = False,
) -> ContextAnswer:
    """Return a context as the answer to a fetch.

    Args:
        context: What was found.
        metadata: What is known about the request and its way; what the context tells itself is filled in here.
        conversation_context: The running conversation, where it was asked for.
        explain: Whether each item carries the parts of its score.
    """
    degradation = context.degradation or Degradation(level="", code="")
    return ContextAnswer(
        items=tuple(context_item(item, explain=explain) for item in context.items),
        formatted_context=context.formatted,
        conversation_context=conversation_context,
        metadata=msgspec.structs.replace(
            metadata,
            scopes=context.scopes,
            total_results=len(context.items),
            tokens_used=context.tokens,
            token_budget=context.budget,
            budget_exceeded=context.budget_exceeded,
            degraded=degradation.level,
            degraded_code=degradation.code,
            warnings=tuple(dict.fromkeys((*context.warnings, *degradation.warnings))),
            reason=context.reason,
            left_out=tuple(map(_left_out, context.left_out)),
        ),
    )


def _left_out(one: LeftOut) -> LeftOutItem:
    return LeftOutItem(
        id=one.id,
        content=one.content,
        scope=one.scope,
        reason=one.reason.value,
        by=one.by,
        score=None if one.score is None else share(one.score),
        excerpt=one.excerpt,
    )


def memory_record(memory: Memory) -> MemoryRecord:
    """Return a single memory as `get`, `list`, `update` and `history` give it."""
    statement = memory.statement
    return MemoryRecord(
        memory_id=memory.id,
        memory_type=statement.type.value,
        content=statement.content,
        confidence=share(statement.confidence),
        score=share(statement.score),
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
        reason=memory.reason,
        attributes=tuple(map(_attribute_record, statement.slots)),
    )


def _attribute_record(slot: Slot) -> AttributeRecord:
    return AttributeRecord(
        subject=slot.subject,
        name=slot.name,
        value=slot.value.removeprefix(NOT),
        holds=not slot.value.startswith(NOT),
        single=slot.single,
    )


def to_wire(value: Any) -> Any:
    """Return a request, result or plain value as JSON types; moments become ISO 8601 with an offset (`+00:00`)."""
    return _with_offsets(msgspec.to_builtins(value, builtin_types=(datetime,), str_keys=True))


def from_wire(kind: type[T], value: Any) -> T:
    """Return JSON types as a `kind`; unknown keys are ignored.

    Raises:
        InvalidInputError: A field is missing or of the wrong type; `field` names it where it is known.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`") or None
        raise InvalidInputError(f"{field or 'body'}: {reason}", field=field) from error


def encode_answer(answer: ContextAnswer, *, ranked: bool = False) -> dict[str, Any]:
    """Return an answer as the body of a fetch.

    Args:
        answer: Its items are written in their order, which becomes their `rank`, from 1 on.
        ranked: Also write `context.items`, every item once, best first; there `category` is the name of its list, or
            `excerpts`.
    """
    scores = _rank_scores(answer.items)
    encoded = [
        _encode_item(item, rank, score) for rank, (item, score) in enumerate(zip(answer.items, scores, strict=True), 1)
    ]
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS}
    for item, body in zip(answer.items, encoded, strict=True):
        lists[_list_of(item)].append(body)
    context: dict[str, Any] = dict(lists)
    if ranked:
        pairs = zip(answer.items, encoded, strict=True)
        context["items"] = [{**body, "category": _EXCERPTS if item.excerpt else _list_of(item)} for item, body in pairs]
    metadata = answer.metadata
    body = {
        "context": context,
        **lists,
        "items_by_type": {name: {"items": [_typed(item, name) for item in items]} for name, items in lists.items()},
        "formatted_context": answer.formatted_context,
        "conversation_context": _encode_conversation(answer.conversation_context),
        "metadata": _encode_metadata(metadata),
        "ttl_seconds": metadata.ttl_seconds,
        "total_tokens": metadata.tokens_used,
        "token_budget": metadata.token_budget,
        "bundle_id": metadata.correlation_id,
    }
    if answer.conversations:
        body["conversations"] = to_wire(answer.conversations)
    if answer.profile is not None:
        body["profile"] = to_wire(answer.profile)
    if metadata.degraded:
        body["retrieval"] = {
            "degraded": True,
            "level": metadata.degraded,
            "code": metadata.degraded_code,
            "warnings": list(metadata.warnings),
        }
    return body


def decode_answer(body: Mapping[str, Any]) -> ContextAnswer:
    """Return the answer that `encode_answer` wrote.

    Raises:
        InvalidInputError: The body is not of that form.
    """
    context = body.get("context") or {}
    items = [_decode_item(item) for name in _LISTS for item in context.get(name, ())]
    retrieval = body.get("retrieval") or {}
    conversation = body.get("conversation_context")
    metadata = from_wire(ContextMetadata, body.get("metadata") or {})
    return ContextAnswer(
        items=tuple(sorted(items, key=lambda item: item.rank)),
        formatted_context=body.get("formatted_context", ""),
        conversation_context=None if conversation is None else from_wire(ConversationContext, conversation),
        metadata=msgspec.structs.replace(
            metadata, degraded=retrieval.get("level", ""), degraded_code=retrieval.get("code", "")
        ),
        conversations=from_wire(tuple[ConversationSummary, ...], body.get("conversations") or ()),
        profile=None if (profile := body.get("profile")) is None else from_wire(UserProfile, profile),
    )


def _encode_item(item: ContextItem, rank: int, rank_score: float) -> dict[str, Any]:
    """Return one item without nulls, always with its entities. `metadata.rank_score`, by which clients merge lists, never replaces the source's own."""
    body: dict[str, Any] = to_wire(msgspec.structs.replace(item, rank=rank))
    body |= {name: share(body[name]) for name in _SCORES if name in body}
    body["rank"] = rank
    body.setdefault("entities", [])
    body["relevance_score"] = body["score"] = share(item.score)
    body["metadata"] = dict(body.get("metadata", {}))
    if "rank_score" not in body["metadata"]:
        body["rank_score"] = body["metadata"]["rank_score"] = rank_score
    if item.type == MemoryType.TEMPORAL_EVENT and item.event_date is None:
        body["event_date"] = _iso(
            item.valid_from or item.said_at or item.extracted_at or datetime.fromtimestamp(0, UTC)
        )
    return body


def _decode_item(body: Mapping[str, Any]) -> ContextItem:
    metadata = dict(body.get("metadata") or {})
    if "rank_score" in body:
        metadata.pop("rank_score", None)
    return from_wire(ContextItem, {**body, "metadata": metadata})


def _rank_scores(items: Sequence[ContextItem]) -> list[float]:
    """Return scores that fall with the rank: each is raised to the best of those behind it."""
    scores: list[float] = []
    best = 0.0
    for item in reversed(items):
        best = max(best, share(item.score))
        scores.append(best)
    return scores[::-1]


def _typed(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**body, "item_id": body["id"], "context_type": name}


def _list_of(item: ContextItem) -> str:
    return LIST_NAMES[MemoryType(item.type)]


def _encode_metadata(metadata: ContextMetadata) -> dict[str, Any]:
    """Return every field, defaults included; what is unknown is left out."""
    fields = msgspec.structs.asdict(metadata)
    body: dict[str, Any] = to_wire({k: v for k, v in fields.items() if v is not None and k not in _UNSENT})
    if not metadata.left_out:
        del body["left_out"]
    body["query_time_ms"] = metadata.timings_ms.get("total", 0.0)
    return body


def _encode_conversation(conversation: ConversationContext | None) -> dict[str, Any] | None:
    """Return the running conversation with the keys that published clients expect beside ours."""
    if conversation is None:
        return None
    empty: dict[str, Any] = {"summary": "", "recent_turns": [], "current_state": {}, "key_extractions": {}}
    body = {**empty, **to_wire(conversation)}
    texts = {f"{name}_json": msgspec.json.encode(body[name]).decode() for name in ("current_state", "key_extractions")}
    return {**body, **texts}


def _with_offsets(value: Any) -> Any:
    """Return `value` with every moment written out; one without zone is taken as UTC."""
    if isinstance(value, dict):
        return {key: _with_offsets(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_offsets(item) for item in value]
    return _iso(value) if isinstance(value, datetime) else value


def _iso(moment: datetime) -> str:
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()
