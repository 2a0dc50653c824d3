"""Requests and results of `conversation.*`: messages recorded one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec


class RecordMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a conversation; `role` is `user` or `assistant`."""

    conversation_id: str
    role: str
    content: str
    user_id: str | None = None
    customer_id: str | None = None
    session_id: str | None = None
    metadata: Mapping[str, Any] = {}


class RecordedMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that was stored; `conversation_message_count` counts after this write."""

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
        formatted_context: Its latest messages as text, as many as the token budget holds.
        available: Whether the conversation is known.
        is_stale: Whether messages came after what the text rests on.
        quality_warning: Whether a summary in it lost too much.
        recent_messages: The messages that no summary covers, in order; of a long conversation the last thousand.
        recent_message_count: How many these are.
        compacted_message_count: How many a summary covers.
        total_message_count: How many the conversation has.
    """

    formatted_context: str = ""
    available: bool = False
    is_stale: bool = False
    quality_warning: bool = False
    recent_messages: tuple[PromptMessage, ...] = ()
    recent_message_count: int = 0
    compacted_message_count: int = 0
    total_message_count: int = 0
