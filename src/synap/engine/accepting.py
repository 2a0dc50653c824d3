"""`memories.create` and `batch_create`: requests checked, documents prepared and stored, progress told."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import msgspec

from synap.api.memories import (
    BatchResult,
    CreateMemory,
    Ingestion,
)
from synap.api.requests import checked
from synap.domain.documents import DocumentType, IngestionStatus, PreparedDocument
from synap.domain.ids import RowRef, conversation_uuid, decode_public_id, encode_public_id
from synap.domain.memories import Statement
from synap.domain.privacy import PiiHandling
from synap.domain.scopes import Ids, Scope, bucket_of
from synap.engine import checks
from synap.engine.callers import Caller, Instance, write_scope
from synap.engine.core import Core
from synap.engine.lookups import check_owner, reachable, reference, unknown
from synap.errors import ConflictError, ForbiddenError, InvalidInputError, SynapError
from synap.ingestion.prepare import prepare
from synap.ingestion.protect import protect, protect_metadata
from synap.store.documents import AcceptDocument
from synap.store.ingestions import BatchRow, StoredBatch

MAX_BATCH = 1000
"""Documents in one batch."""

INLINE_CHARACTERS = 8192
"""Documents up to this size are parsed on the event loop; larger ones in a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A request that has passed all checks and is ready to be stored."""

    scope: Scope
    document: AcceptDocument


async def create(core: Core, caller: Caller, request: CreateMemory) -> Ingestion:
    """Accept one document; on disk when this returns."""
    accepted = await _prepare(core, caller, request)
    ingestion = await core.store.documents.accept(accepted.scope, accepted.document)
    core.note(caller, "memory.create", scope=accepted.scope, targets=(ingestion.ingestion_id,), count=1)
    core.wake()
    return ingestion


async def create_batch(
    core: Core, caller: Caller, requests: Sequence[CreateMemory], *, fail_fast: bool = False
) -> BatchResult:
    """Accept up to 1,000 documents, judged one by one; with `fail_fast` one bad one refuses all and stores nothing."""
    if len(requests) > MAX_BATCH:
        raise InvalidInputError(
            f"documents must hold at most {MAX_BATCH} documents, not {len(requests)}", field="documents"
        )
    instance = core.instance_of(caller)
    batch_row = core.store.ids.next()
    outcomes = [await _judge(core, caller, request, index, batch_row) for index, request in enumerate(requests)]
    if fail_fast:
        for outcome in outcomes:
            if isinstance(outcome, SynapError):
                raise outcome
    results = [
        await _accept_row(core, instance, request, outcome) for request, outcome in zip(requests, outcomes, strict=True)
    ]
    failed = sum(1 for row in results if row.status == IngestionStatus.FAILED)
    rows = [
        BatchRow(ingestion_id=None if row.status == IngestionStatus.FAILED else row.ingestion_id, record=row)
        for row in results
    ]
    batch_id = await core.store.batches.create(instance.id, batch_row, rows, now=core.clock.now())
    core.note(caller, "memory.batch", targets=(batch_id,), count=len(results) - failed)
    core.wake()
    return BatchResult(
        batch_id=batch_id,
        total=len(results),
        succeeded=len(results) - failed,
        failed=failed,
        memory_count=None if results else 0,
        results=tuple(results),
    )


async def batch(core: Core, caller: Caller, batch_id: str) -> BatchResult:
    """Return how far a batch has come; `memory_count` is None until every row has come to an end."""
    ref = reference(batch_id, "batch_id", "batch")
    stored = await core.store.batches.get(core.instance_of(caller).id, ref.row_id)
    if stored is None:
        raise unknown("batch_id", batch_id)
    results = await _progress(core, stored)
    failed = sum(1 for row in results if row.status == IngestionStatus.FAILED)
    ended = all(IngestionStatus(row.status).final for row in results)
    return BatchResult(
        batch_id=batch_id,
        total=len(results),
        succeeded=len(results) - failed,
        failed=failed,
        memory_count=sum(row.memories_created for row in results) if ended else None,
        results=tuple(results),
    )


async def _progress(core: Core, stored: StoredBatch) -> list[Ingestion]:
    """Return the rows of a batch as they stand now, in order; refused ones as they were answered."""
    refs = {row.ingestion_id: decode_public_id(row.ingestion_id) for row in stored.rows if row.ingestion_id is not None}
    known = [ref for ref in refs.values() if ref is not None]
    found = await core.store.ingestions.get_many(known)
    now = {row.record().ingestion_id: row.record() for row in found if row is not None}
    return [now.get(row.ingestion_id or "", row.record) for row in stored.rows]


async def ingestion(core: Core, caller: Caller, ingestion_id: str, *, ids: Ids) -> Ingestion:
    """Return how far an ingestion has come."""
    ref = reference(ingestion_id, "ingestion_id", "ingestion")
    row, instance = await core.store.ingestions.get(ref), core.instance_of(caller)
    # A document of CLIENT is one document for all instances that share it, whichever of them handed it in first.
    if row is None or not (row.instance_id == instance.id or (row.scope.shared and reachable(instance, row.scope))):
        raise unknown("ingestion_id", ingestion_id)
    check_owner(row.scope, ids, field="ingestion_id", value=ingestion_id)
    return row.record()


async def _prepare(core: Core, caller: Caller, request: CreateMemory, batch_row: int | None = None) -> Accepted:
    instance = core.instance_of(caller)
    checks.exactly_one_source(request)
    document_type, mode = checks.document_type(request), checks.mode(request)
    duplicate, key = checks.on_duplicate(request), checks.document_key(request)
    conversation = checks.conversation_key(request)
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    conversational = (document_type.conversational and request.memories is None) or conversation is not None
    scope = write_scope(instance, ids, conversational=conversational)
    now = core.clock.now()
    created_at = checks.moment(request.document_created_at, field="document_created_at")
    pii = PiiHandling(instance.maca.ingestion.pii.handling)
    prepared = await _read_document(core, request, document_type, created_at or now, pii)
    return Accepted(
        scope=scope,
        document=AcceptDocument(
            instance_id=instance.id,
            document_id=key,
            document_type=document_type,
            mode=mode,
            prepared=prepared,
            created_at=created_at or now,
            recorded_at=now,
            metadata=protect_metadata(checks.metadata(request.metadata), pii)[0],
            conversation=None if conversation is None else conversation_uuid(conversation),
            batch_id=batch_row,
            on_duplicate=duplicate,
            priority=0 if batch_row is None else 1,
        ),
    )


async def _read_document(
    core: Core, request: CreateMemory, document_type: DocumentType, created_at: datetime, pii: PiiHandling
) -> PreparedDocument:
    if request.memories is not None:
        checks.memories_size(request.memories, limit=core.settings.max_document_bytes)
        return _direct_document(checks.statements(request.memories, now=created_at), pii)
    document = request.document
    if not isinstance(document, (str, tuple)):
        raise InvalidInputError("document must be text or a list of turns", field="document")
    checks.document_size(document, limit=core.settings.max_document_bytes)
    work = partial(prepare, document, document_type=document_type, created_at=created_at, pii=pii)
    if isinstance(document, str) and len(document) <= INLINE_CHARACTERS:
        return work()
    return await asyncio.to_thread(work)


def _direct_document(given: Sequence[Statement], pii: PiiHandling) -> PreparedDocument:
    """Return the document that stands for memories made by the caller: one line per memory, nothing to extract."""
    statements = tuple(_protected(statement, pii) for statement in given)
    text = "\n".join(statement.content for statement in statements)
    digest = hashlib.sha256(b"direct\x00" + msgspec.json.encode(statements)).hexdigest()
    return PreparedDocument(text=text, blocks=(), segments=(), content_hash=digest, statements=statements)


def _protected(statement: Statement, pii: PiiHandling) -> Statement:
    """Return a statement made by the caller with personal data hidden in all of its texts, names included."""

    def safe(text: str) -> str:
        return protect(text, pii)[0]

    return replace(
        statement,
        content=safe(statement.content),
        subject=safe(statement.subject),
        category=safe(statement.category),
        participants=tuple(safe(name) for name in statement.participants),
        entities=tuple(safe(name) for name in statement.entities),
        slots=tuple(
            replace(slot, subject=safe(slot.subject), name=safe(slot.name), value=safe(slot.value))
            for slot in statement.slots
        ),
    )


async def _judge(
    core: Core, caller: Caller, request: CreateMemory, index: int, batch_row: int
) -> Accepted | SynapError:
    try:
        return await _prepare(core, caller, checked(request), batch_row)
    except (InvalidInputError, ForbiddenError) as error:
        field = None if error.field is None else f"documents[{index}].{error.field}"
        return type(error)(f"documents[{index}]: {error.message}", field=field)


async def _accept_row(
    core: Core, instance: Instance, request: CreateMemory, outcome: Accepted | SynapError
) -> Ingestion:
    if isinstance(outcome, Accepted):
        try:
            return await core.store.documents.accept(outcome.scope, outcome.document)
        except ConflictError as error:
            outcome = error
    return _failed_row(core, instance, request, outcome)


def _failed_row(core: Core, instance: Instance, request: CreateMemory, error: SynapError) -> Ingestion:
    """Return a complete row for a document that was refused; its id leads nowhere."""
    bucket = bucket_of(instance.id, "instance", instance.id)
    given = request.document_id if isinstance(request.document_id, str) else ""
    return Ingestion(
        ingestion_id=encode_public_id(RowRef(kind="ingestion", bucket=bucket, row_id=core.store.ids.next())),
        document_id=given.encode("utf-8", "replace").decode(),
        status=IngestionStatus.FAILED,
        queued_at=core.clock.now(),
        error_message=error.message,
    )
