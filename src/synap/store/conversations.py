"""Conversations: messages recorded one by one, numbered without gaps, and read back in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from synap.domain.ids import RowIds, RowRef, encode_public_id
from synap.domain.scopes import Scope
from synap.store.database import Database
from synap.store.documents import list_in_conversation
from synap.store.errors import retry
from synap.store.rows import encode_json, place
from synap.store.scopes import confirm, touch
from synap.store.statements import execute


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be recorded."""

    role: str
    content: str
    recorded_at: datetime
    session_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A recorded message; `position` counts from 1, `id` is public."""

    id: str
    position: int
    role: str
    content: str
    recorded_at: datetime
    session_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of messages: stored in order, and how many the conversation has now."""

    messages: tuple[StoredMessage, ...]
    message_count: int
    external_id: str


class Conversations:
    """Writes and reads the messages of conversations, each inside one owner's scope."""

    def __init__(self, database: Database, ids: RowIds) -> None:
        self._database = database
        self._ids = ids

    async def record(
        self,
        scope: Scope,
        conversation: str,
        messages: Sequence[NewMessage],
        *,
        instance_id: str,
        external_id: str = "",
    ) -> Recorded:
        """Append messages to a conversation (UUID form), which comes into being with its first.

        Writers of one conversation wait for each other, so that positions have no gaps and no doubles.
        """
        rows = [self._ids.next() for _ in range(len(messages) + 1)]
        now = max(message.recorded_at for message in messages)
        params = place(scope) | {
            "id": rows[0],
            "conversation": conversation,
            "external": external_id or conversation,
            "count": len(messages),
            "now": now,
            "instance": instance_id,
        }
        return await retry(lambda: self._record(scope, messages, rows, params))

    async def _record(
        self, scope: Scope, messages: Sequence[NewMessage], rows: Sequence[int], params: Mapping[str, Any]
    ) -> Recorded:
        instance_id, conversation = params["instance"], params["conversation"]
        async with self._database.transaction([scope], pipelined=True) as connection:
            touched = await touch(connection, scope, instance_id=instance_id, now=params["now"])
            opened = await (await execute(connection, "open_conversation", params)).fetchone()
            await confirm(touched, scope)
            count: int = opened["message_count"] if opened else len(messages)
            first = count - len(messages) + 1
            columns = _columns(messages, rows[1:], first) | {"row": opened["id"] if opened else rows[0]}
            await execute(connection, "insert_messages", {**params, **columns})
            await list_in_conversation(connection, scope, instance_id=instance_id, conversation=conversation)
        stored = tuple(
            StoredMessage(
                id=encode_public_id(RowRef("message", scope.bucket, row)),
                position=position,
                role=message.role,
                content=message.content,
                recorded_at=message.recorded_at,
                session_id=message.session_id,
            )
            for position, (row, message) in enumerate(zip(rows[1:], messages, strict=True), start=first)
        )
        return Recorded(messages=stored, message_count=count, external_id=opened["external_id"] if opened else "")

    async def read(self, scope: Scope, conversation: str, *, start: int = 1, limit: int = 500) -> list[StoredMessage]:
        """Return at most `limit` messages from the 1-based position `start`, in order; none of an unknown conversation."""
        params = place(scope) | {"conversation": conversation, "start": start, "limit": limit}
        return await self._messages(scope, "read_messages", params)

    async def recent(self, scope: Scope, conversation: str, *, limit: int = 10) -> list[StoredMessage]:
        """Return the last `limit` messages, in order."""
        return await self._messages(
            scope, "recent_messages", place(scope) | {"conversation": conversation, "limit": limit}
        )

    async def _messages(self, scope: Scope, name: str, params: Mapping[str, Any]) -> list[StoredMessage]:
        async with self._database.transaction([scope], pipelined=True) as connection:
            rows = await (await execute(connection, name, params)).fetchall()
        return [
            StoredMessage(
                id=encode_public_id(RowRef("message", scope.bucket, row["id"])),
                position=row["position"],
                role=row["role"],
                content=row["content"],
                recorded_at=row["recorded_at"],
                session_id=row["session_id"],
            )
            for row in rows
        ]


def _columns(messages: Sequence[NewMessage], rows: Sequence[int], first: int) -> dict[str, list[Any]]:
    return {
        "ids": list(rows),
        "positions": list(range(first, first + len(messages))),
        "roles": [message.role for message in messages],
        "contents": [message.content for message in messages],
        "sessions": [message.session_id for message in messages],
        "metadata": [encode_json(message.metadata) for message in messages],
        "times": [message.recorded_at for message in messages],
    }
