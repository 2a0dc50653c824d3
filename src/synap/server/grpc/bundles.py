"""Bundles of context as the stream carries them, and how one that was sent is made to vanish."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from synap.api.bundles import CompactionUpdate, ContextBundle
from synap.api.contexts import ContextItem
from synap.api.wire import to_wire
from synap.server.grpc.messages import ContextBundleProto, ContextItemProto, ConversationContextProto, RecentTurnProto

GROUPS = {
    "fact": "facts",
    "preference": "preferences",
    "episode": "episodes",
    "emotion": "emotions",
    "temporal_event": "temporal_events",
}
"""Under which key of a bundle the items of a type stand."""

WITHDRAWN = "-"
"""The rung of a bundle that is withdrawn. No request can name it: a rung reads `level=id`."""

_DATES = {"instant": "%Y-%m-%d %H:%M", "month": "%Y-%m", "quarter": "%Y-%m", "year": "%Y"}


def bundle_message(bundle: ContextBundle, *, bundle_id: str = "") -> Any:
    """Return a bundle as a message, stamped with whose it is.

    `anticipation_scope_rung` stays empty: published clients serve a bundle only to a request that names exactly its rung,
    and name one with nested scopes alone, which no instance has.

    Args:
        bundle: The bundle.
        bundle_id: Another id for it.
    """
    message = _stamped(bundle, bundle_id or bundle.bundle_id)
    for item in bundle.items:
        message.items_by_type[GROUPS.get(item.type, "facts")].items.append(item_message(item))
    message.total_tokens = bundle.total_tokens
    message.token_budget = bundle.token_budget
    message.budget_exceeded = bundle.total_tokens > bundle.token_budget > 0
    message.retrieval_mode = "anticipation"
    message.sources_queried.append("memory")
    message.degradation_level = "none"
    message.search_queries.extend(bundle.search_queries)
    message.search_keywords.extend(bundle.search_keywords)
    message.bundle_confidence = bundle.confidence
    message.ttl_hint_seconds = bundle.ttl_seconds
    if bundle.compacted is not None:
        message.conversation_context.CopyFrom(conversation_context(bundle.compacted))
    return message


def withdrawal(bundle: ContextBundle, *, bundle_id: str = "") -> Any:
    """Return what makes a bundle vanish that was sent under the same id.

    A published client ignores an empty bundle, and keeps the items of an earlier one beside those of its replacement. But
    it serves an item only by the stamps that its bundle has now: this one holds an item without text, which is never
    served, and the stamp of a rung that no request names.
    """
    message = _stamped(bundle, bundle_id or bundle.bundle_id)
    message.items_by_type["facts"].items.append(ContextItemProto())
    message.anticipation_scope_rung = WITHDRAWN
    message.ttl_hint_seconds = 1
    return message


def item_message(item: ContextItem) -> Any:
    """Return a memory as a bundle carries it; what it has no value for stays empty."""
    return ContextItemProto(
        item_id=item.id,
        content=item.content,
        # Published clients read the category of a preference and the kind of an emotion here.
        context_type=getattr(item, "category", "") or getattr(item, "emotion_type", "") or item.type,
        source=item.source,
        relevance_score=item.score,
        confidence=item.confidence,
        scope=item.scope,
        created_at=_moment(item.extracted_at),
        event_date=_moment(item.event_date),
        valid_until=_moment(item.valid_until),
        temporal_category=item.temporal_category,
        temporal_confidence=item.temporal_confidence or 0.0,
        said_at=_moment(item.said_at),
        rank_score=item.score,
        date_prefix=date_prefix(item),
    )


def date_prefix(item: ContextItem) -> str:
    """Return what is put before the text of a memory that is about a time: the date, as exactly as it is known."""
    if item.event_date is None:
        return ""
    return f"[{item.event_date.strftime(_DATES.get(item.event_precision, '%Y-%m-%d'))}] "


def conversation_context(update: CompactionUpdate) -> Any:
    """Return what a `compaction_update` carries beside its stamps; the published client takes it only with all of this."""
    context = update.context
    return ConversationContextProto(
        conversation_id=context.conversation_id,
        summary=context.summary,
        compaction_id=context.compaction_id,
        compacted_at=_moment(context.compacted_at),
        compacted_message_count=update.covered,
        total_message_count=update.total,
        context_block=update.block,
        current_state_json=_json(context.current_state),
        key_extractions_json=_json(context.key_extractions),
        recent_turns=[
            RecentTurnProto(role=turn.role, content=turn.content, timestamp=_moment(turn.timestamp))
            for turn in context.recent_turns
        ],
    )


def _json(value: Any) -> str:
    return json.dumps({} if value is None else to_wire(value), ensure_ascii=False)


def _stamped(bundle: ContextBundle, bundle_id: str) -> Any:
    return ContextBundleProto(
        bundle_id=bundle_id,
        bundle_type=bundle.bundle_type,
        created_at=_moment(bundle.created_at),
        anticipation_user_id=bundle.user_id or "",
        anticipation_customer_id=bundle.customer_id or "",
        anticipation_conversation_id=bundle.conversation_id or "",
    )


def _moment(value: datetime | None) -> str:
    """Return a moment with its offset (`+00:00`), as every published client reads it."""
    return "" if value is None else value.isoformat()
