"""Conversations: messages recorded one by one, numbered without gaps, and read back in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from synap.domain.ids import RowIds, RowRef, encode_public_id
from synap.domain.scopes import Scope
from synap.errors import ConflictError
from synap.store.database import Database
from synap.store.documents import AcceptDocument, DocumentRows, accept_document, document_rows
from synap.store.errors import retry
from synap.store.rows import encode_json, place
from synap.store.scopes import touch
from synap.store.statements import execute


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be recorded; `id` is its row id.

    `event_key` is the digest of the event that it arrived with: one message is recorded per key and scope.
    """

    id: int
    role: str
    content: str
    recorded_at: datetime
    session_id: str = ""
    event_key: bytes | None = None
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
    """What became of a message, and how many the conversation has now; `duplicate` if its event was known already."""

    message: StoredMessage
    message_count: int
    external_id: str
    duplicate: bool = False


class Conversations:
    """Writes and reads the messages of conversations, each inside one owner's scope."""

    def __init__(self, database: Database, ids: RowIds) -> None:
        self._database = database
        self._ids = ids

    async def record(
        self,
        scope: Scope,
        conversation: str,
        message: NewMessage,
        document: AcceptDocument,
        *,
        external_id: str = "",
    ) -> Recorded:
        """Append a message to a conversation (UUID form), and accept it as a document, in one transaction.

        The conversation comes into being with its first message. Writers of one scope wait for each other, so that
        positions have no gaps and no doubles. A message whose `event_key` is known in this scope is not recorded again:
        the first one is returned, as it was recorded.

        Raises:
            ConflictError: The `event_key` is that of a message of another conversation.
        """
        rows = document_rows(self._ids, document)
        conversation_row = self._ids.next()
        params = place(scope) | {
            "id": conversation_row,
            "conversation": conversation,
            "external": external_id or conversation,
            "count": 1,
            "now": message.recorded_at,
        }
        return await retry(lambda: self._record(scope, params, message, document, rows))

    async def _record(
        self,
        scope: Scope,
        params: Mapping[str, Any],
        message: NewMessage,
        document: AcceptDocument,
        rows: DocumentRows,
    ) -> Recorded:
        async with self._database.transaction([scope], pipelined=True) as connection:
            touched = await touch(connection, scope, instance_id=document.instance_id, now=message.recorded_at)
            sought = {**params, "message": message.id, "event": message.event_key}
            name = "recorded_message" if message.event_key is None else "recorded_event"
            known = await (await execute(connection, name, sought)).fetchone()
            if known is not None:
                return _known(scope, message, known, params["conversation"])
            opening = await execute(connection, "open_conversation", params)
            await accept_document(connection, scope, document, rows, touched)
            opened = await opening.fetchone()
            position: int = opened["message_count"] if opened else 1
            columns = _columns(message, position) | {"row": opened["id"] if opened else params["id"]}
            await execute(connection, "insert_messages", {**params, **columns})
        return _recorded(scope, message, position, opened["external_id"] if opened else "")

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


def _recorded(scope: Scope, message: NewMessage, position: int, external_id: str) -> Recorded:
    stored = StoredMessage(
        id=encode_public_id(RowRef("message", scope.bucket, message.id)),
        position=position,
        role=message.role,
        content=message.content,
        recorded_at=message.recorded_at,
        session_id=message.session_id,
    )
    return Recorded(message=stored, message_count=position, external_id=external_id)


def _known(scope: Scope, message: NewMessage, row: Mapping[str, Any], conversation: str) -> Recorded:
    """Return what was recorded already: by an attempt of this call whose answer was lost, or when the event came first."""
    if row["conversation"] != conversation:
        raise ConflictError(
            "event_id was used for a message of another conversation; every event needs an id of its own",
            field="event_id",
        )
    first = replace(
        message,
        id=row["id"],
        role=row["role"],
        content=row["content"],
        session_id=row["session_id"],
        recorded_at=row["recorded_at"],
    )
    known = _recorded(scope, first, row["position"], row["external_id"])
    return replace(known, message_count=row["message_count"], duplicate=row["id"] != message.id)


def _columns(message: NewMessage, position: int) -> dict[str, list[Any]]:
    return {
        "ids": [message.id],
        "positions": [position],
        "roles": [message.role],
        "contents": [message.content],
        "sessions": [message.session_id],
        "metadata": [encode_json(message.metadata)],
        "times": [message.recorded_at],
        "events": [message.event_key],
    }
