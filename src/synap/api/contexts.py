"""Requests and results of `*.context.fetch`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from synap.api.conversations import CompactedPoint, ConversationState
from synap.api.data import UserProfile
from synap.api.memories import EvidenceRecord


class FetchContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to look up, and for whom.

    Attributes:
        target: `user`, `customer`, `client` or `conversation`: which door was used.
        conversation_id: Of another target than `conversation`: one whose turns in hand are waited for; nothing is found by it.
        search_query: None or empty for the newest and surest. Of more than 16 different ones the first are asked, of a
            longer one than 16,384 characters the beginning, and the warnings say so.
        max_results: Items at most; above 50, 50 are given, and the warnings say so.
        max_results_per_query: Share of each of several queries, from 1 on; None for the best one of each.
        types: Memory types, singular or plural, `temporal`, `all`; empty for all.
        precision_level: `high` or `medium`; taken, and for now the same.
        mode: `fast` or `accurate`; None for the instance's own.
        max_tokens: Budget of the formatted context; None for the instance's own.
        query_date: The moment from which the question is asked, in lenient text; unreadable → now, with a warning.
        as_of: Serve what was believed at this moment.
        response_shape: `by_type` or `ranked`.
        scopes: Rungs of the chain to which the answer is narrowed; None for all.
        explain: Whether items carry the parts of their score, and the metadata what was left out.
        context_mode: `in-conversation`, or for a user `conversation-summary`: the latest conversations in place of items.
        last_n_conversations: How many of them, 0..20.
        include_profile: Whether that mode brings the user's profile too, where the instance has profiles.
    """

    target: str
    customer_id: str | None = None
    user_id: str | None = None
    conversation_id: str | None = None
    search_query: tuple[str, ...] = ()
    max_results: int = 10
    max_results_per_query: int | None = None
    types: tuple[str, ...] = ()
    precision_level: str | None = None
    mode: str | None = None
    max_tokens: int | None = None
    query_date: str | None = None
    as_of: datetime | None = None
    response_shape: str = "by_type"
    scopes: tuple[str, ...] | None = None
    explain: bool = False
    include_conversation_context: bool = True
    context_mode: str = "in-conversation"
    last_n_conversations: int = 1
    include_profile: bool = True


class ContextItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One memory of an answer. Fields that do not apply to its type keep their default and are not sent.

    `source` begins with the scope word. `source_evidence` holds `document_id#turn_id` or `document_id:start-end`.
    `score_parts` is there only when the request asked to explain.
    """

    id: str
    type: str
    content: str
    scope: str
    source: str
    confidence: float
    score: float = 0.0
    metadata: Mapping[str, Any] = {}
    entities: tuple[str, ...] = ()
    evidence: tuple[EvidenceRecord, ...] = ()
    source_evidence: tuple[str, ...] = ()
    subject: str = ""
    extracted_at: datetime | None = None
    said_at: datetime | None = None
    event_date: datetime | None = None
    event_end: datetime | None = None
    event_precision: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    temporal_category: str = ""
    temporal_confidence: float | None = None
    recurrence: str = ""
    overridden_by: str = ""
    superseded_at: datetime | None = None
    excerpt: bool = False
    cut: bool = False
    language: str = ""
    matched_queries: tuple[str, ...] = ()
    rank: int = 0
    score_parts: Mapping[str, float] = {}
    # preference
    category: str = ""
    strength: float | None = None
    # episode
    summary: str = ""
    occurred_at: datetime | None = None
    significance: float | None = None
    participants: tuple[str, ...] = ()
    # emotion
    emotion_type: str = ""
    intensity: float | None = None
    detected_at: datetime | None = None
    context: str = ""

    def __repr__(self) -> str:
        return f"[{self.scope}] {self.content}"


class RecentTurn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recorded message, as it rides along with a conversation's context."""

    role: str
    content: str
    timestamp: datetime | None = None
    message_id: str = ""


class ConversationContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The running conversation beside the long-term memories."""

    conversation_id: str
    recent_turns: tuple[RecentTurn, ...] = ()
    summary: str = ""
    current_state: ConversationState = ConversationState()
    key_extractions: Mapping[str, tuple[CompactedPoint, ...]] = {}
    compaction_id: str = ""
    compacted_at: datetime | None = None


class SummaryText(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a conversation came to, as text."""

    narrative_summary: str
    overview: str = ""


class ConversationSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An earlier conversation, as the summary mode of a user's context lists it.

    Attributes:
        summary_status: `available`, `pending` or `failed`.
        classification: From the caller's own analysis, where that has one.
        analysis: As the caller handed it in with the transcript.
    """

    conversation_id: str
    external_conversation_id: str
    conversation_type: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    last_message_at: datetime | None = None
    message_count: int = 0
    summary_status: str = "pending"
    summary: SummaryText | None = None
    classification: Mapping[str, Any] = {}
    analysis: Mapping[str, Any] = {}
    compaction_version: int | None = None
    compacted_at: datetime | None = None


class LeftOutItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A candidate that an answer does not hold.

    Attributes:
        reason: `scope`, `retention`, `type`, `confidence`, `says_nothing`, `not_valid`, `merged`, `spoken_for`, `floor`,
            `max_results` or `budget`.
        by: Id of the memory that stands in its stead or overrides it.
        score: Its relevance, 0..1, where it came so far.
    """

    id: str
    content: str
    scope: str
    reason: str
    by: str = ""
    score: float | None = None
    excerpt: bool = False


class WhyNot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Ask why a memory is not in the answer to a question. The fields but `memory_id` and `query` are those of a fetch."""

    memory_id: str
    query: str
    customer_id: str | None = None
    user_id: str | None = None
    max_results: int = 10
    types: tuple[str, ...] = ()
    mode: str | None = None
    max_tokens: int | None = None
    query_date: str | None = None
    as_of: datetime | None = None
    scopes: tuple[str, ...] | None = None


class WhyNotAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a memory is not in the answer to a question, or at which place it is.

    Attributes:
        reason: The first reason: `served`, `superseded`, `retracted`, `scope`, `not_a_candidate`, `not_read`, `retention`,
            `type`, `confidence`, `says_nothing`, `not_valid`, `merged`, `spoken_for`, `floor`, `max_results`, `budget`.
        explanation: The same as a sentence.
        rank: Its place in the answer, from 1 on, where it is served.
        by: Id of the memory that stands in its stead.
        score: Its relevance, 0..1, where it came so far.
        vector_rank, lexical_rank: Its place among all that the scopes hold, from 1 on; None where the channel does not
            rank it: it has no vector yet, or shares no word with the question.
        similarity: Cosine of its vector and the question's.
    """

    memory_id: str
    served: bool
    reason: str
    explanation: str
    rank: int | None = None
    by: str = ""
    score: float | None = None
    vector_rank: int | None = None
    lexical_rank: int | None = None
    similarity: float | None = None


class ContextMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an answer came about.

    Attributes:
        correlation_id: Id of the request.
        source: `cache` or `cloud` (the public clients' word for: computed by the engine).
        ttl_seconds: For how long a client may keep it; negative: not at all.
        retrieved_at: When it was computed.
        scopes: Rungs searched, narrowest first.
        tokens_used, token_budget, budget_exceeded: Size of the formatted context and its bound.
        cache_hit: Served from the engine's cache.
        timings_ms: Milliseconds per hop (`embed`, `store`, `compose`, `total`).
        degraded: `partial`, `minimal` or `failed`, empty when healthy; `degraded_code` and `warnings` say why.
        reason: Why the answer is empty, where that is not obvious.
        embedder: Id of the embedder in use.
        mode: `fast` or `accurate`; without a language model both are rules only, and `mode_note` says so.
        left_out: With `explain`, the candidates that the answer does not hold, and why.
    """

    correlation_id: str = ""
    source: str = "cloud"
    ttl_seconds: int = -1
    retrieved_at: datetime | None = None
    scope: str = ""
    scopes: tuple[str, ...] = ()
    total_results: int = 0
    tokens_used: int = 0
    token_budget: int = 0
    budget_exceeded: bool = False
    cache_hit: bool = False
    timings_ms: Mapping[str, float] = {}
    degraded: str = ""
    degraded_code: str = ""
    warnings: tuple[str, ...] = ()
    reason: str = ""
    embedder: str = ""
    mode: str = "fast"
    mode_note: str = ""
    compaction_applied: bool = False
    left_out: tuple[LeftOutItem, ...] = ()


class ContextAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a fetch: every item once, best first, with the text for a prompt and how it came about."""

    items: tuple[ContextItem, ...] = ()
    formatted_context: str = ""
    conversation_context: ConversationContext | None = None
    metadata: ContextMetadata = ContextMetadata()
    conversations: tuple[ConversationSummary, ...] = ()
    profile: UserProfile | None = None
