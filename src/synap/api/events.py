"""Requests and results of `record_events`: what happened in conversations, told one by one and at most once each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec


class ConversationEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened in a conversation.

    Attributes:
        event_id: The caller's, a new one for each event: told again under it, an event is not recorded again.
        event_type: `user_message` and `assistant_message` are turns of the conversation and recorded; of other types it
            is noted only that they came.
        conversation_id: Any string.
        role, content: Of a turn; it is the assistant's where its role, `user` or `assistant`, or its type says so.
        timestamp: When it happened, by the caller's clock.
    """

    event_id: str
    event_type: str
    conversation_id: str
    role: str = ""
    content: str = ""
    user_id: str | None = None
    customer_id: str | None = None
    session_id: str | None = None
    metadata: Mapping[str, Any] = {}
    timestamp: datetime | None = None


class EventOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one event.

    Attributes:
        status: `accepted`, `duplicate` (known already, and not recorded again) or `rejected`.
        event_id: As it was given.
        reason: Why it was rejected, or why nothing of it was recorded.
        code: The stable code of that reason, as `synap.errors` has it.
        retryable: Whether a rejected one may be accepted when it is sent again.
        message_id: The turn that was recorded.
        conversation_id: Its conversation, in the form of a UUID.
        conversation_message_count: How many messages that conversation has now.
    """

    status: str
    event_id: str = ""
    reason: str = ""
    code: str = ""
    retryable: bool = False
    message_id: str = ""
    conversation_id: str = ""
    conversation_message_count: int = 0


class EventBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What became of several events, in their order; `accepted` counts duplicates too."""

    accepted: int
    rejected: int
    results: tuple[EventOutcome, ...] = ()
