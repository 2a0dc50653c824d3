"""Requests and results of `conversation.*`: messages one by one or as a transcript, and what is made of them for a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec


class RecordMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a conversation; `role` is `user` or `assistant`. Told again under its `event_id` it is not recorded again."""

    conversation_id: str
    role: str
    content: str
    user_id: str | None = None
    customer_id: str | None = None
    session_id: str | None = None
    metadata: Mapping[str, Any] = {}
    event_id: str | None = None


class RecordedMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that was stored; `conversation_message_count` counts after this write.

    `session_id` is the caller's, and where none was given the conversation's id: all of it is one sitting then.
    """

    message_id: str
    conversation_id: str
    recorded_at: datetime
    session_id: str = ""
    conversation_message_count: int = 0
    external_conversation_id: str = ""


class RowError(msgspec.Struct, frozen=True, kw_only=True):
    """Why one row of a batch was refused."""

    index: int
    error: str
    field: str | None = None


class RecordedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch of messages: stored ones in order, refused ones with their index."""

    total: int
    succeeded: int
    failed: int
    results: tuple[RecordedMessage, ...] = ()
    errors: tuple[RowError, ...] = ()


class ConversationTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A message read back; `position` counts from 1."""

    role: str
    content: str
    timestamp: datetime
    message_id: str
    position: int


class ConversationTurns(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of one conversation, in order."""

    turns: tuple[ConversationTurn, ...] = ()


class ReadConversation(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages to read: `limit` of them from the 1-based `start`."""

    conversation_id: str
    user_id: str | None = None
    customer_id: str | None = None
    start: int = 1
    limit: int = 500


class ReadPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversation to put into a prompt, and how: `style` is `structured`, `narrative` or `bullet_points`."""

    conversation_id: str
    user_id: str | None = None
    customer_id: str | None = None
    style: str = "structured"


class PromptMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that stands in a prompt word for word."""

    role: str
    content: str
    timestamp: datetime
    message_id: str


class PromptContext(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation made ready for a prompt.

    Attributes:
        formatted_context: Its summary, where there is one, and its latest messages as text, as the token budget holds.
        available: Whether the conversation is known.
        is_stale: Whether the summary is older than 15 minutes; it is usable all the same.
        quality_warning: Whether the summary lost too much.
        recent_messages: The messages that no summary covers, in order; of a long conversation the last thousand.
        recent_message_count: How many these are.
        compacted_message_count: How many a summary covers.
        total_message_count: How many the conversation has.
        compaction_id: The compaction that the summary is; empty where there is none.
        compression_ratio: How many times as long as the summary the messages in it are.
        validation_score: Share of their facts, names, numbers and dates that the summary still holds.
        compaction_age_seconds: Since when it is there.
        context_block: The summary alone, under its title.
    """

    formatted_context: str = ""
    available: bool = False
    is_stale: bool = False
    quality_warning: bool = False
    recent_messages: tuple[PromptMessage, ...] = ()
    recent_message_count: int = 0
    compacted_message_count: int = 0
    total_message_count: int = 0
    compaction_id: str = ""
    compression_ratio: float = 1.0
    validation_score: float = 1.0
    compaction_age_seconds: int = 0
    context_block: str = ""


class CompactConversation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which conversation to compact, and how.

    Attributes:
        strategy: `conservative`, `balanced`, `aggressive` or `adaptive`, also `low`, `medium`, `high`; None for adaptive.
        target_tokens: Size of the result at most, in place of the strategy's share.
        force: Also where the newest compaction covers every message.
    """

    conversation_id: str
    user_id: str | None = None
    customer_id: str | None = None
    strategy: str | None = None
    target_tokens: int | None = None
    force: bool = False


class CompactionStarted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A compaction that was started, or the one that made it unnecessary; `status` tells which.

    Attributes:
        status: `in_progress`, or `completed` where the newest one covers every message already.
        previous_compaction_id: The one that can be used meanwhile; `previous_context_age_seconds` is its age.
    """

    compaction_id: str
    conversation_id: str
    status: str
    trigger_type: str
    initiated_at: datetime
    estimated_completion_seconds: int = 0
    previous_compaction_id: str | None = None
    previous_context_age_seconds: int | None = None


class ReadCompaction(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversation's compaction to read: the newest, or a kept `version`; `format` as in `CompactedConversation`."""

    conversation_id: str
    user_id: str | None = None
    customer_id: str | None = None
    format: str = "structured"
    version: int | None = None


class CompactionStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the newest compaction of a conversation stands.

    Attributes:
        status: `none`, `in_progress`, `completed` or `failed`.
        latest_version, latest_created_at: The newest completed one, which can be used whatever the status is.
    """

    conversation_id: str
    status: str
    compaction_id: str | None = None
    completed_at: datetime | None = None
    compression_ratio: float | None = None
    validation_score: float | None = None
    estimated_completion_seconds: int | None = None
    error_message: str | None = None
    latest_version: int | None = None
    latest_created_at: datetime | None = None


class CompactedPoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sentence that a compaction keeps, with who said it, where and when; `asked` is the question it answers."""

    content: str
    speaker: str
    role: str
    message_ids: tuple[str, ...]
    positions: tuple[int, ...]
    timestamp: datetime
    asked: str = ""


class ConversationState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a conversation stands at its end."""

    topics: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    emotional_tone: str = ""
    last_speaker: str = ""
    last_message: str = ""
    last_activity: datetime | None = None
    message_count: int = 0


class CompactedConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A compaction, with its text in the format asked for: `structured`, `narrative`, `bullet_points` or `injection`.

    Attributes:
        compression_ratio: Original tokens by compacted tokens.
        strategy_used: The strategy applied in the end: gentler than asked for where that one lost too much.
        validation_score: Share of the facts, names, numbers and dates that the structured text still holds, 0..1.
        quality_warning: Whether the score misses the pass mark.
        compacted_message_count: Position of the last message in it.
        note: Why the text is longer than asked for, or why no language model wrote it although one is wanted.
        made_by: `extractive@1` where sentences were chosen, `llm:<model>@<prompt>` where a language model wrote them.
    """

    conversation_id: str
    compaction_id: str
    version: int
    formatted_context: str
    original_token_count: int
    compacted_token_count: int
    compression_ratio: float
    strategy_used: str
    validation_score: float
    validation_passed: bool
    quality_warning: bool
    facts: tuple[CompactedPoint, ...] = ()
    decisions: tuple[CompactedPoint, ...] = ()
    preferences: tuple[CompactedPoint, ...] = ()
    current_state: ConversationState = ConversationState()
    compacted_at: datetime | None = None
    compacted_message_count: int = 0
    ttl_seconds: int = -1
    note: str = ""
    made_by: str = ""


class TranscriptTurn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A turn of a transcript; `role` is `user` or `assistant`."""

    content: str
    role: str = "user"
    timestamp: datetime | None = None
    speaker: str | None = None
    metadata: Mapping[str, Any] = {}


class IngestTranscript(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole conversation, handed in once: text, which is split into turns, or turns.

    `analysis` and `metadata` are the caller's, each at most 64 KiB as JSON, kept with the conversation. What `analysis` says
    that the transcript says too is remembered as sure; nothing is remembered of it alone.
    """

    conversation_id: str
    transcript: str | tuple[TranscriptTurn, ...]
    user_id: str | None = None
    customer_id: str | None = None
    conversation_type: str = ""
    analysis: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = {}
    started_at: datetime | None = None
    ended_at: datetime | None = None


class IngestedTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a transcript.

    Attributes:
        conversation_id: Its UUID form; `external_conversation_id` is the caller's own.
        ingestion_id: By which `memories.status` tells how far it has come; of the first push where it is a duplicate.
        status: `queued` or `duplicate`.
        summary_status: `in_progress`, `already_compacted` or `skipped`.
        turns_recorded: Messages recorded by this call.
    """

    conversation_id: str
    external_conversation_id: str
    ingestion_id: str
    status: str
    summary_status: str
    turns_recorded: int
    queued_at: datetime
    warnings: tuple[str, ...] = ()
