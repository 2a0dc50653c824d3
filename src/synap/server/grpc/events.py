"""Events of the stream in the words of the `Api`."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from synap.api.events import ConversationEvent
from synap.api.requests import event_batch
from synap.server.rest.bodies import check_row

_LATEST_MS = 253_402_300_799_000
"""The last second of the year 9999, the latest that a date can be."""


def conversation_event(message: Any) -> ConversationEvent:
    """Return an event as it was told; an empty string is a value left out.

    One without an id, as old clients send them, gets one here: it is recorded, and cannot be known again. What cannot be
    an event is passed on as it is, and refused where events are judged.
    """
    values: dict[str, Any] = {
        "event_id": message.event_id or f"unnamed-{uuid.uuid4()}",
        "event_type": message.event_type,
        "conversation_id": message.conversation_id,
        "role": message.role,
        "content": message.content,
        "user_id": message.user_id,
        "customer_id": message.customer_id,
        "session_id": message.session_id,
        "metadata": dict(message.metadata),
        "scope": dict(message.scope),
        "timestamp": _moment(message.timestamp_ms),
    }
    return event_batch([{name: value for name, value in values.items() if value}], check_row)[0]


def _moment(milliseconds: int) -> datetime | None:
    if not 0 < milliseconds < _LATEST_MS:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
