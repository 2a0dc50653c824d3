"""Conversations: messages recorded one by one, numbered without gaps, and read back in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from synap.api.memories import Ingestion
from synap.domain.ids import RowIds, RowRef, encode_public_id
from synap.domain.scopes import Scope
from synap.errors import ConflictError
from synap.store.compactions import StartCompaction, start_compaction
from synap.store.database import Connection, Database
from synap.store.documents import AcceptDocument, DocumentRows, accept_document, document_rows, insert_document
from synap.store.errors import retry
from synap.store.residents import Residents
from synap.store.rows import encode_json, place
from synap.store.scopes import confirm, touch
from synap.store.statements import execute, portions


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
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A recorded message; `position` counts from 1, `id` is public."""

    id: str
    position: int
    role: str
    content: str
    recorded_at: datetime
    session_id: str = ""
    speaker: str = ""
    said_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it was said, where that is known, else when it was recorded."""
        return self.said_at or self.recorded_at


def unexpired(messages: Iterable[StoredMessage], kept_from: datetime | None) -> list[StoredMessage]:
    """Return the messages recorded at or after a moment; all of them for None."""
    return [message for message in messages if kept_from is None or message.recorded_at >= kept_from]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTranscript:
    """A whole conversation to be recorded at once; its messages become memory as the one document that it is.

    Attributes:
        conversation, external_id: UUID form, and the caller's own id.
        messages: In order.
        document: What its memories are made from; its id names the conversation, so that another text is refused.
        compaction: What is to be made of it.
        kind: The caller's word for what sort of conversation it was.
        started_at, ended_at: When it began and ended.
        analysis, metadata: The caller's, kept as they are.
    """

    conversation: str
    external_id: str
    messages: tuple[NewMessage, ...]
    document: AcceptDocument
    compaction: StartCompaction
    started_at: datetime
    ended_at: datetime | None = None
    kind: str = ""
    analysis: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTranscript:
    """What became of a transcript.

    Attributes:
        ingestion: Of its document; of the first one where the transcript was there already.
        turns: Messages recorded.
        summary: `in_progress` or `already_compacted`; `skipped` where no message is kept.
        external_id: The conversation's id as it was first given.
    """

    ingestion: Ingestion
    turns: int
    summary: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConversation:
    """A conversation as such, without its messages."""

    conversation: str
    external_id: str
    kind: str
    message_count: int
    started_at: datetime
    ended_at: datetime | None
    last_message_at: datetime
    analysis: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of a message, and how many the conversation has now.

    `duplicate` if its event was known already; `recent` are the conversation's last messages, where they were asked for.
    """

    message: StoredMessage
    message_count: int
    external_id: str
    duplicate: bool = False
    recent: tuple[StoredMessage, ...] = ()


class _KnownError(Exception):
    """A message is there already; `row` is what was recorded of it."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        super().__init__("the message is there already")
        self.row = row


class Conversations:
    """Writes and reads the messages of conversations, each inside one owner's scope."""

    def __init__(self, database: Database, ids: RowIds, residents: Residents) -> None:
        self._database = database
        self._ids = ids
        self._residents = residents

    async def record(
        self,
        scope: Scope,
        conversation: str,
        message: NewMessage,
        document: AcceptDocument,
        *,
        external_id: str = "",
        recent: int = 0,
    ) -> Recorded:
        """Append a message to a conversation (UUID form), and accept it as a document, in one transaction.

        The conversation comes into being with its first message. Writers of one scope wait for each other, so that
        positions have no gaps and no doubles. With `recent` that many of the last messages come along. A message whose `event_key` is known in this scope is not recorded again:
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
            "limit": recent,
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
        try:
            recorded, version = await self._insert(scope, params, message, document, rows)
        except _KnownError as error:
            return _known(scope, message, error.row, params["conversation"])
        self._residents.behind(scope, version)
        return recorded

    async def _insert(
        self,
        scope: Scope,
        params: Mapping[str, Any],
        message: NewMessage,
        document: AcceptDocument,
        rows: DocumentRows,
    ) -> tuple[Recorded, int]:
        """Do as `record`; returns the scope's version as well.

        Raises:
            _KnownError: The message is there already; nothing was written.
        """
        async with self._database.transaction([scope], pipelined=True) as connection:
            touched = await touch(connection, scope, instance_id=document.instance_id, now=message.recorded_at)
            sought = {**params, "message": message.id, "event": message.event_key}
            name = "recorded_message" if message.event_key is None else "recorded_event"
            seeking = await execute(connection, name, sought)
            # Sent before it is known whether the message is there already: what it does is undone then.
            opening = await execute(connection, "open_conversation", params)
            known = await seeking.fetchone()
            if known is not None:
                raise _KnownError(known)
            version = await confirm(touched, scope)
            opened = await opening.fetchone()
            # The document is as new as the message, whose id it has.
            await insert_document(connection, scope, document, rows, version)
            position: int = opened["message_count"] if opened else 1
            columns = _columns([message], position) | {"row": opened["id"] if opened else params["id"]}
            await execute(connection, "insert_messages", {**params, **columns})
            latest = await execute(connection, "recent_messages", params) if params["limit"] else None
        recent = [] if latest is None else await latest.fetchall()
        recorded = _recorded(scope, message, position, opened["external_id"] if opened else "")
        return replace(recorded, recent=tuple(_message(scope, row) for row in recent)), version

    async def record_transcript(self, scope: Scope, transcript: NewTranscript) -> RecordedTranscript:
        """Record a whole conversation with its document, and start its compaction, all in one transaction.

        The same transcript again gives its first ingestion. A conversation that has messages already keeps those, and
        gets no others.

        Raises:
            TranscriptConflictError: The conversation has another transcript.
        """
        rows = document_rows(self._ids, transcript.document)
        made = (self._ids.next(), self._ids.next())
        return await retry(lambda: self._record_transcript(scope, transcript, rows, made))

    async def _record_transcript(
        self, scope: Scope, transcript: NewTranscript, rows: DocumentRows, made: tuple[int, int]
    ) -> RecordedTranscript:
        document = transcript.document
        params = place(scope) | {"conversation": transcript.conversation, "kept_from": None}
        async with self._database.transaction([scope], pipelined=True) as connection:
            touched = await touch(connection, scope, instance_id=document.instance_id, now=document.recorded_at)
            ingestion = await accept_document(connection, scope, document, rows, touched)
            known = await (await execute(connection, "conversation_standing", params)).fetchone()
            if known is not None and known["id"] == made[0]:  # by an attempt whose answer was lost
                turns = len(transcript.messages)
            elif ingestion.duplicate or (known is not None and known["message_count"]):
                turns = 0
            else:
                turns = await _record_all(connection, scope, transcript, made[0])
            summary = await _summarise(connection, scope, transcript, made[1])
            opened = await (await execute(connection, "external_id", params)).fetchone()
        external = opened["external_id"] if opened else transcript.external_id
        return RecordedTranscript(ingestion=ingestion, turns=turns, summary=summary, external_id=external)

    async def latest(
        self, scope: Scope, *, limit: int = 20, kept_from: datetime | None = None
    ) -> list[StoredConversation]:
        """Return the conversations with the latest messages, newest first; expired ones are left out."""
        params = place(scope) | {"limit": limit, "kept_from": kept_from}
        async with self._database.transaction([scope], pipelined=True) as connection:
            rows = await (await execute(connection, "recent_conversations", params)).fetchall()
        return [StoredConversation(**row) for row in rows]

    async def analysis(self, scope: Scope, conversation: str) -> Mapping[str, Any] | None:
        """Return what the caller said of a conversation (UUID form) beside its transcript; None for nothing, or no such one."""
        params = place(scope) | {"conversation": conversation}
        async with self._database.transaction([scope], pipelined=True) as connection:
            cursor = await execute(connection, "analysis_of_conversation", params)
        row = await cursor.fetchone()
        told: Mapping[str, Any] | None = None if row is None else row["analysis"]
        return told

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
            found = await execute(connection, name, params)
        return [_message(scope, row) for row in await found.fetchall()]


def _message(scope: Scope, row: Mapping[str, Any]) -> StoredMessage:
    return StoredMessage(
        id=encode_public_id(RowRef("message", scope.bucket, row["id"])),
        position=row["position"],
        role=row["role"],
        content=row["content"],
        recorded_at=row["recorded_at"],
        session_id=row["session_id"],
        speaker=row["speaker"] or "",
        said_at=row["said_at"],
    )


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


def _columns(messages: Sequence[NewMessage], position: int) -> dict[str, list[Any]]:
    """Return the columns of messages, the first of which takes `position`."""
    return {
        "ids": [message.id for message in messages],
        "positions": list(range(position, position + len(messages))),
        "roles": [message.role for message in messages],
        "contents": [message.content for message in messages],
        "sessions": [message.session_id for message in messages],
        "metadata": [encode_json(message.metadata) for message in messages],
        "times": [message.recorded_at for message in messages],
        "said": [message.said_at for message in messages],
        "events": [message.event_key for message in messages],
    }


async def _record_all(connection: Connection, scope: Scope, transcript: NewTranscript, row: int) -> int:
    messages = transcript.messages
    params = place(scope) | {
        "id": row,
        "conversation": transcript.conversation,
        "external": transcript.external_id,
        "count": len(messages),
        "started": transcript.started_at,
        "last": max([transcript.started_at, *(one.said_at for one in messages if one.said_at is not None)]),
        "kind": transcript.kind,
        "ended": transcript.ended_at,
        "analysis": None if transcript.analysis is None else encode_json(transcript.analysis),
        "about": encode_json(transcript.metadata),
    }
    opened = await (await execute(connection, "open_transcript", params)).fetchone()
    params |= {"row": opened["id"] if opened else row}
    position = 1
    for portion in portions(messages):
        await execute(connection, "insert_messages", {**params, **_columns(portion, position)})
        position += len(portion)
    return len(messages)


async def _summarise(connection: Connection, scope: Scope, transcript: NewTranscript, row: int) -> str:
    """Start the compaction of a transcript, and return how it stands."""
    try:
        started = await start_compaction(connection, scope, transcript.compaction, row)
    except ConflictError:
        return "in_progress"
    if started is None:
        return "skipped"
    return "in_progress" if started.fresh else "already_compacted"
