"""Documents: accepted together with their segments, their ingestion and their job, and read back by the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from synap.api.memories import Ingestion
from synap.domain.documents import DocumentType, Mode, PreparedDocument
from synap.domain.echoes import echo
from synap.domain.ids import RowIds, RowRef, encode_public_id
from synap.domain.scopes import Scope, bucket_of
from synap.errors import ConflictError, NotFoundError, TranscriptConflictError
from synap.store.database import Connection, Database, carries
from synap.store.errors import retry
from synap.store.ingestions import ingestion_of
from synap.store.parts import encode_parts
from synap.store.queue import INGEST, NewJob, enqueue
from synap.store.rows import encode_json, place, role_for, scope_of
from synap.store.scopes import Touched, confirm, touch
from synap.store.segments import segment_columns
from synap.store.statements import aside, execute, portions
from synap.store.stored_documents import InHand, Reading, StoredDocument, load_document
from synap.store.writes import note_write


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDocument:
    """A document to be stored, and what is to become of it.

    Attributes:
        instance_id: The instance that hands it in.
        document_id: The caller's id. None: a conversation gets a fresh one; any other document is the same as an
            earlier one with the same content in this scope.
        document_type, mode: How it is worked through.
        prepared: Its protected text, blocks, segments and, where the caller made them, its memories.
        created_at: When it came into being, by the caller's word.
        recorded_at: Now.
        metadata: The caller's, given back with every item made from it.
        conversation: UUID form of the conversation it belongs to, or None.
        batch_id: Row id of its batch, or None.
        on_duplicate: `update`; `reject` to refuse a known `document_id`, `immutable` one with another content.
        priority: 0 for live documents, 1 for bulk ones, which wait behind them.
        large: Whether it is worked through in slices; then it waits behind live documents too.
    """

    instance_id: str
    document_id: str | None
    document_type: DocumentType
    mode: Mode
    prepared: PreparedDocument
    created_at: datetime
    recorded_at: datetime
    metadata: Mapping[str, Any] = field(default_factory=dict)
    conversation: str | None = None
    batch_id: int | None = None
    on_duplicate: str = "update"
    priority: int = 0
    large: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRows:
    """Row ids of what one acceptance writes: the same in every attempt, so that repeating does no harm.

    Attributes:
        document, ingestion, job: Those of the document, its ingestion and its job.
        segments: Those of the segments.
    """

    document: int
    ingestion: int
    job: int
    segments: tuple[int, ...]


class Documents:
    """Writes and reads documents."""

    def __init__(self, database: Database, ids: RowIds, in_hand: InHand) -> None:
        self._database = database
        self._ids = ids
        self._in_hand = in_hand

    async def accept(self, scope: Scope, document: AcceptDocument) -> Ingestion:
        """Store a document with its segments, ingestion and job in one transaction; when this returns, all is on disk.

        The same content again gives the first ingestion with `duplicate` set; one that was given up is tried anew.
        Changed content under the same id, or the same in the other mode, makes a new version; what was remembered from
        the old one is superseded when the new one has been worked through.

        Raises:
            ConflictError: The id is there already and `on_duplicate` is `reject`.
        """
        rows = document_rows(self._ids, document)
        return await retry(lambda: self._accept(scope, document, rows))

    async def _accept(self, scope: Scope, document: AcceptDocument, rows: DocumentRows) -> Ingestion:
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        async with transaction as connection:
            touched = await touch(connection, scope, instance_id=document.instance_id, now=document.recorded_at)
            return await accept_document(connection, scope, document, rows, touched)

    async def accept_all(self, documents: Sequence[tuple[Scope, AcceptDocument]]) -> list[Ingestion]:
        """Store documents of any scopes as `accept` does, all in one transaction; returns their ingestions in order.

        Raises:
            ConflictError: One is refused, and nothing was stored; `field` begins with `documents[i]`, its position.
        """
        rows = [document_rows(self._ids, document) for _, document in documents]
        return await retry(lambda: self._accept_all(documents, rows))

    async def _accept_all(
        self, documents: Sequence[tuple[Scope, AcceptDocument]], rows: Sequence[DocumentRows]
    ) -> list[Ingestion]:
        accepted: dict[int, Ingestion] = {}
        # Scopes are locked in one order, so that two such writes wait for each other and never crosswise.
        order = sorted(range(len(documents)), key=lambda at: (not documents[at][0].shared, documents[at][0].id))
        scopes = list(dict.fromkeys(documents[at][0] for at in order))
        async with self._database.transaction(scopes, pipelined=True) as connection:
            for at in order:
                scope, document = documents[at]
                touched = await touch(connection, scope, instance_id=document.instance_id, now=document.recorded_at)
                try:
                    accepted[at] = await accept_document(connection, scope, document, rows[at], touched)
                except ConflictError as error:
                    field = f"documents[{at}].document_id"
                    raise ConflictError(f"documents[{at}]: {error.message}", field=field) from error
        return [accepted[at] for at in range(len(documents))]

    async def load(self, scope: Scope, ingestion_id: int, *, reading: Reading | None = None) -> StoredDocument:
        """Return the document of an ingestion, given the ingestion's row id.

        Args:
            scope: Where it lies.
            ingestion_id: Row id.
            reading: What is to be read of a document with more than `AT_ONCE` segments; all where None.

        Raises:
            NotFoundError: The document, or the ingestion, has been erased.
        """
        async with self._database.transaction([scope]) as connection:
            return await load_document(connection, scope, ingestion_id, reading, self._in_hand)

    async def owners(self, instance_id: str, conversation: str) -> list[Scope]:
        """Return the scopes in which a conversation (UUID form) has messages or documents; one entry per owner."""
        params = {
            "bucket": bucket_of(instance_id, "conversation", conversation),
            "instance": instance_id,
            "conversation": conversation,
        }
        async with self._database.control() as connection:
            cursor = await execute(connection, "owners_of_conversation", params)
            return [scope_of(row | {"space": instance_id}) for row in await cursor.fetchall()]


def document_rows(ids: RowIds, document: AcceptDocument) -> DocumentRows:
    """Return fresh row ids for everything that one acceptance writes."""
    return DocumentRows(
        document=ids.next(),
        ingestion=ids.next(),
        job=ids.next(),
        segments=tuple(ids.next() for _ in document.prepared.segments),
    )


async def accept_document(
    connection: Connection,
    scope: Scope,
    document: AcceptDocument,
    rows: DocumentRows,
    touched: Touched,
) -> Ingestion:
    """Write a document with its segments, ingestion and job, inside a transaction whose scope was `touched` first.

    Raises:
        ConflictError: The id is there already and `on_duplicate` is `reject`.
    """
    params = _document_params(scope, document, rows)
    found = await execute(connection, "find_document", params, shared=scope.shared)
    version = await confirm(touched, scope)
    earlier = await found.fetchone()
    if earlier is not None:
        own = earlier["id"] == rows.document  # stored by an attempt whose answer was lost
        if own or _is_duplicate(earlier, document):
            await note_write(connection, scope, version)
            return await _first_ingestion(connection, scope, earlier, duplicate=not own, now=document.recorded_at)
        params |= {"previous": earlier["id"]}
        await execute(connection, "retire_document", params, shared=scope.shared)
    await _insert(connection, scope, document, rows, params)
    await _note(connection, scope, rows, version)
    return Ingestion(
        ingestion_id=encode_public_id(RowRef("ingestion", scope.bucket, rows.ingestion)),
        document_id=params["key"],
        status="queued",
        queued_at=document.recorded_at,
        scope=scope.rung,
    )


async def insert_document(
    connection: Connection, scope: Scope, document: AcceptDocument, rows: DocumentRows, version: int
) -> None:
    """Write a document whose id is known to be new, as `accept_document` does; `version` is what `confirm` returned."""
    await _insert(connection, scope, document, rows, _document_params(scope, document, rows))
    await _note(connection, scope, rows, version)


async def _note(connection: Connection, scope: Scope, rows: DocumentRows, version: int) -> None:
    await note_write(connection, scope, version, segments=rows.segments)


async def list_in_conversation(connection: Connection, scope: Scope, *, instance_id: str, conversation: str) -> None:
    """Note in the directory that a conversation (UUID form) has something in `scope`."""
    params = {
        "bucket": bucket_of(instance_id, "conversation", conversation),
        "instance": instance_id,
        "conversation": conversation,
        "scope": scope.id,
        "rung": scope.rung,
        "customer": scope.customer_id,
        "user": scope.user_id,
    }
    await execute(connection, "list_in_conversation", params)


def _is_duplicate(earlier: Mapping[str, Any], document: AcceptDocument) -> bool:
    """Return whether an earlier version says the same already.

    Raises:
        ConflictError: The caller wants ids that are there already refused.
        TranscriptConflictError: It is a transcript, which never changes, and this is another one.
    """
    if document.on_duplicate == "immutable":
        if bytes(earlier["content_hash"]) != bytes.fromhex(document.prepared.content_hash):
            raise TranscriptConflictError(
                "the conversation has another transcript already, which cannot be changed: use a new conversation_id",
                field="conversation_id",
            )
        return True
    if document.on_duplicate == "reject" and document.document_id is not None:
        raise ConflictError(f"document_id {echo(document.document_id)} is there already", field="document_id")
    # In the other mode the same text is read anew, under an id that the caller chose.
    again = document.document_id is None or earlier["mode"] == document.mode.value
    return again and bytes(earlier["content_hash"]) == bytes.fromhex(document.prepared.content_hash)


async def _first_ingestion(
    connection: Connection, scope: Scope, earlier: Mapping[str, Any], *, duplicate: bool, now: datetime
) -> Ingestion:
    params = place(scope) | {"ingestion": earlier["ingestion_id"], "now": now}
    revived = await execute(connection, "revive_job_of_ingestion", params)
    if await revived.fetchone() is not None:
        await execute(connection, "requeue_ingestion", params)
    row = await (await execute(connection, "get_ingestion", params)).fetchone()
    if row is None:
        raise NotFoundError("the first ingestion of this document has been erased")
    return msgspec.structs.replace(ingestion_of(row).record(), duplicate=duplicate)


def _document_params(scope: Scope, document: AcceptDocument, rows: DocumentRows) -> dict[str, Any]:
    prepared = document.prepared
    made = encode_public_id(RowRef("document", scope.bucket, rows.document))
    return place(scope) | {
        "document": rows.document,
        "ingestion": rows.ingestion,
        "key": document.document_id or made,
        "by_content": document.document_id is None and not document.document_type.conversational,
        "type": document.document_type.value,
        "mode": document.mode.value,
        "hash": bytes.fromhex(prepared.content_hash),
        "metadata": encode_json(document.metadata),
        "created_at": document.created_at,
        "now": document.recorded_at,
        "conversation": document.conversation,
        "previous": None,
        "instance": document.instance_id,
        "shared": scope.shared,
        "rung": scope.rung,
        "batch": document.batch_id,
    }


async def _insert(
    connection: Connection, scope: Scope, document: AcceptDocument, rows: DocumentRows, params: Mapping[str, Any]
) -> None:
    """Send all inserts; they travel with the commit. Rows of reference tables go first."""
    text, blocks = document.prepared.text, encode_parts(document.prepared)
    carries(connection, len(text) + len(blocks))
    await execute(connection, "insert_document", {**params, "text": text, "blocks": blocks}, shared=scope.shared)
    del blocks  # of a long document more than the document itself
    segments = zip(portions(rows.segments), portions(document.prepared.segments), strict=True)
    for ids, portion in segments:
        columns = await aside(len(ids), partial(segment_columns, document.prepared.text, portion, ids))
        await execute(connection, "insert_segments", {**params, **columns}, shared=scope.shared)
    await execute(connection, "insert_ingestion", params)
    job = NewJob(
        id=rows.job,
        instance_id=document.instance_id,
        kind=INGEST,
        ingestion_id=rows.ingestion,
        priority=max(document.priority, int(document.large)),
        large=document.large,
        created_at=document.recorded_at,
    )
    await enqueue(connection, scope, job)
    if document.conversation is not None:
        await list_in_conversation(
            connection, scope, instance_id=document.instance_id, conversation=document.conversation
        )
