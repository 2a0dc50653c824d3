"""The JSON form of an answer to a fetch, as types: what `api/wire.py` writes, for those who read the schema."""

from __future__ import annotations

import msgspec

from synap.api.contexts import ContextItem, ContextMetadata, ConversationContext, ConversationSummary
from synap.api.data import UserProfile


class AnswerItem(ContextItem, frozen=True, kw_only=True, omit_defaults=True):
    """An item of an answer: `rank` is its place in the whole answer, `rank_score` falls with it."""

    relevance_score: float = 0.0
    rank_score: float | None = None


class TypedItem(AnswerItem, frozen=True, kw_only=True, omit_defaults=True):
    """An item in `items_by_type`, with the names that the TypeScript client reads."""

    item_id: str
    context_type: str


class AnswerLists(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The five lists; `items` holds all of them, best first, where `response_shape` is `ranked`."""

    facts: tuple[AnswerItem, ...] = ()
    preferences: tuple[AnswerItem, ...] = ()
    episodes: tuple[AnswerItem, ...] = ()
    emotions: tuple[AnswerItem, ...] = ()
    temporal_events: tuple[AnswerItem, ...] = ()
    items: tuple[AnswerItem, ...] | None = None


class TypedList(msgspec.Struct, frozen=True, kw_only=True):
    """The items of one type."""

    items: tuple[TypedItem, ...]


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """Why an answer is not whole: `level` is `partial`, `minimal` or `failed`."""

    degraded: bool
    level: str
    code: str
    warnings: tuple[str, ...] = ()


class FetchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a fetch. The lists under `context` and at the top are the same; `retrieval` is there only if degraded."""

    context: AnswerLists
    facts: tuple[AnswerItem, ...]
    preferences: tuple[AnswerItem, ...]
    episodes: tuple[AnswerItem, ...]
    emotions: tuple[AnswerItem, ...]
    temporal_events: tuple[AnswerItem, ...]
    items_by_type: dict[str, TypedList]
    formatted_context: str
    conversation_context: ConversationContext | None
    metadata: ContextMetadata
    ttl_seconds: int
    total_tokens: int
    token_budget: int
    bundle_id: str
    retrieval: Shortfall | None = None
    conversations: tuple[ConversationSummary, ...] | None = None
    profile: UserProfile | None = None
