"""`memories.*`: accepting documents, and everything that is done to a memory by its id."""

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
    DeletedMemory,
    Ingestion,
    ListMemories,
    MemoryPage,
    MemoryRecord,
    UpdateMemory,
)
from synap.api.requests import checked
from synap.api.wire import memory_record
from synap.domain.documents import DocumentType, IngestionStatus, PreparedDocument
from synap.domain.ids import RowRef, conversation_uuid, decode_public_id, encode_public_id
from synap.domain.memories import Draft, Memory, MemoryStatus, MemoryType, NewMemory, Statement
from synap.domain.privacy import PiiHandling
from synap.domain.scopes import Ids, Scope, bucket_of, decide_scope
from synap.domain.sentences import sentences
from synap.domain.slots import content_hash, slots_of
from synap.domain.terms import tokenize
from synap.engine import checks
from synap.engine.callers import Caller, Instance, write_scope
from synap.engine.core import Core
from synap.engine.ingest import DIRECT
from synap.engine.spaces import LiveSpace
from synap.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, SynapError
from synap.ingestion.prepare import prepare
from synap.ingestion.protect import protect, protect_metadata
from synap.store.documents import AcceptDocument
from synap.store.ingestions import BatchRow, StoredBatch

MAX_BATCH = 1000
"""Documents in one batch."""

INLINE_CHARACTERS = 8192
"""Documents up to this size are parsed on the event loop; larger ones in a thread."""

MERGE_STRATEGIES = ("replace", "append", "smart-merge")


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
    ref = _reference(batch_id, "batch_id", "batch")
    stored = await core.store.batches.get(core.instance_of(caller).id, ref.row_id)
    if stored is None:
        raise _unknown("batch_id", batch_id)
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
    ref = _reference(ingestion_id, "ingestion_id", "ingestion")
    row = await core.store.ingestions.get(ref)
    if row is None or row.instance_id != core.instance_of(caller).id:
        raise _unknown("ingestion_id", ingestion_id)
    _check_owner(row.scope, ids, field="ingestion_id", value=ingestion_id)
    return row.record()


async def get(core: Core, caller: Caller, memory_id: str, *, ids: Ids) -> MemoryRecord:
    """Return one memory, whatever its status but deleted."""
    scope, ref = await _locate(core, caller, memory_id, ids)
    found = await core.store.memories.get(scope, ref.row_id)
    if found is None or found.status is MemoryStatus.DELETED:
        raise _unknown("memory_id", memory_id)
    core.note(caller, "memory.read", scope=scope, targets=(memory_id,), count=1)
    return memory_record(found)


async def listing(core: Core, caller: Caller, request: ListMemories) -> MemoryPage:
    """List the memories of exactly one scope, newest first."""
    instance = core.instance_of(caller)
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope = decide_scope(instance.place, ids)
    if request.page < 1:
        raise InvalidInputError(f"page must be at least 1, not {request.page}", field="page")
    if not 1 <= request.page_size <= 100:  # noqa: PLR2004 - the documented page limit
        raise InvalidInputError(f"page_size must lie between 1 and 100, not {request.page_size}", field="page_size")
    kind = None if request.type is None else checks.one_of(MemoryType, request.type, field="type")
    status = checks.one_of(MemoryStatus, request.status, field="status")
    return await list_scope(
        core, caller, scope, page=request.page, page_size=request.page_size, kind=kind, status=status
    )


async def list_scope(
    core: Core,
    caller: Caller,
    scope: Scope,
    *,
    page: int,
    page_size: int,
    kind: MemoryType | None = None,
    status: MemoryStatus = MemoryStatus.ACTIVE,
) -> MemoryPage:
    """List a page of the memories of `scope`."""
    found = await core.store.memories.list(scope, page=page, page_size=page_size, type=kind, status=status)
    core.note(caller, "memory.list", scope=scope, count=len(found.memories))
    return MemoryPage(
        data=tuple(memory_record(memory) for memory in found.memories),
        page=page,
        page_size=page_size,
        total=found.total,
        total_pages=-(-found.total // page_size),
    )


async def update(core: Core, caller: Caller, request: UpdateMemory) -> MemoryRecord:
    """Give a memory new text. The old row is superseded by a new one, whose record is returned."""
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope, ref = await _locate(core, caller, request.memory_id, ids)
    if request.merge_strategy not in MERGE_STRATEGIES:
        allowed = ", ".join(repr(name) for name in MERGE_STRATEGIES)
        raise InvalidInputError(
            f"merge_strategy must be one of {allowed}, not {request.merge_strategy!r}", field="merge_strategy"
        )
    if not isinstance(request.document, str) or not request.document.strip():
        raise InvalidInputError("document must be text", field="document")
    checks.document_size(request.document, limit=core.settings.max_document_bytes)
    pii = PiiHandling(core.instance_of(caller).maca.ingestion.pii.handling)
    text, _ = protect(request.document.strip(), pii)
    known = await core.store.memories.get(scope, ref.row_id)
    if known is None or known.status is MemoryStatus.DELETED:
        raise _unknown("memory_id", request.memory_id)
    merged = _merge(known.statement.content, text, request.merge_strategy)
    if content_hash(merged) == content_hash(known.statement.content) and request.metadata is None:
        return memory_record(known)
    space = await core.spaces.live()
    fresh = await _rewritten(core, space, known, merged)
    metadata = None
    if request.metadata is not None:
        metadata = {**known.metadata, **protect_metadata(checks.metadata(request.metadata), pii)[0]}
    updated = await core.store.memories.update(
        scope,
        ref.row_id,
        fresh,
        instance_id=core.instance_of(caller).id,
        now=core.clock.now(),
        metadata=metadata,
        slot=space.slot,
    )
    if updated is None:
        raise ConflictError(
            f"memory {request.memory_id} is {known.status}: update the one that took its place", field="memory_id"
        )
    await core.record(caller, "memory.update", scope=scope, targets=(request.memory_id, updated), count=1)
    return await _served(core, scope, updated)


async def _rewritten(core: Core, space: LiveSpace, known: Memory, content: str) -> NewMemory:
    """Return a memory in the place of `known`, of the same kind, with other text."""
    statement = replace(
        known.statement,
        content=content,
        slots=slots_of(content, subject=known.statement.subject),
        said_at=core.clock.now(),
        valid_from=None,
        valid_until=None,
        verbatim=False,
    )
    vectors = await space.embedder.embed_documents([content])
    return NewMemory(
        key=0, draft=Draft(statement=statement, evidence=known.evidence), extractor=DIRECT, vector=vectors[0]
    )


async def _served(core: Core, scope: Scope, memory_id: str) -> MemoryRecord:
    ref = decode_public_id(memory_id)
    found = None if ref is None else await core.store.memories.get(scope, ref.row_id)
    if found is None:
        raise _unknown("memory_id", memory_id)
    return memory_record(found)


async def delete(core: Core, caller: Caller, memory_id: str, *, ids: Ids) -> DeletedMemory:
    """Erase a memory: content, vector, terms, links, and the span of the source it rested on."""
    scope, ref = await _locate(core, caller, memory_id, ids)
    now = core.clock.now()
    if not await core.store.memories.erase(scope, ref.row_id, now=now):
        raise _unknown("memory_id", memory_id)
    await core.record(caller, "memory.delete", scope=scope, targets=(memory_id,), count=1)
    return DeletedMemory(memory_id=memory_id, deleted_at=now)


async def history(core: Core, caller: Caller, memory_id: str, *, ids: Ids) -> tuple[MemoryRecord, ...]:
    """Return the chain of supersessions that a memory belongs to, oldest first."""
    scope, ref = await _locate(core, caller, memory_id, ids)
    rows = await core.store.memories.history(scope, ref.row_id)
    if not rows:
        raise _unknown("memory_id", memory_id)
    return tuple(memory_record(row) for row in rows)


async def restore(core: Core, caller: Caller, memory_id: str, *, ids: Ids) -> MemoryRecord:
    """Undo the supersession or retraction of a memory; what took its place is superseded in turn."""
    scope, ref = await _locate(core, caller, memory_id, ids)
    if await core.store.memories.get(scope, ref.row_id) is None:
        raise _unknown("memory_id", memory_id)
    if await core.store.memories.restore(scope, ref.row_id, now=core.clock.now()):
        await core.record(caller, "memory.restore", scope=scope, targets=(memory_id,), count=1)
    return await _served(core, scope, memory_id)


# ---------------------------------------------------------------- accepting


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
    statements = tuple(replace(statement, content=protect(statement.content, pii)[0]) for statement in given)
    text = "\n".join(statement.content for statement in statements)
    digest = hashlib.sha256(b"direct\x00" + msgspec.json.encode(statements)).hexdigest()
    return PreparedDocument(text=text, blocks=(), segments=(), content_hash=digest, statements=statements)


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


# ---------------------------------------------------------------- by id


def _reference(public_id: str, field: str, kind: str) -> RowRef:
    ref = decode_public_id(public_id)
    if ref is None or ref.kind != kind:
        raise _unknown(field, public_id)
    return ref


async def _locate(core: Core, caller: Caller, memory_id: str, ids: Ids) -> tuple[Scope, RowRef]:
    """Return where a memory lives, if the caller's instance may see it and the ids, where given, are its owner's.

    Raises:
        NotFoundError: In every other case, so that an answer never tells whether the id exists elsewhere.
    """
    instance = core.instance_of(caller)
    ref = decode_public_id(memory_id)
    if ref is None or ref.kind not in ("memory", "memory_shared"):
        raise _unknown("memory_id", memory_id)
    located = await core.store.memories.locate(ref)
    if located is None or not _reachable(instance, located.scope):
        raise _unknown("memory_id", memory_id)
    _check_owner(located.scope, ids, field="memory_id", value=memory_id)
    return located.scope, ref


def _reachable(instance: Instance, scope: Scope) -> bool:
    shared_space = instance.place.client_id if instance.place.client_space == "client" else instance.id
    return scope.space == (shared_space if scope.shared else instance.id)


def _check_owner(scope: Scope, ids: Ids, *, field: str, value: str) -> None:
    for given, owner in ((ids.customer_id, scope.customer_id), (ids.user_id, scope.user_id)):
        if given is not None and given != owner:
            raise _unknown(field, value)


def _unknown(field: str, value: str) -> NotFoundError:
    shown = value if isinstance(value, str) and len(value) <= 64 else "that"  # noqa: PLR2004 - a line's worth
    return NotFoundError(f"nothing is known under {field} {shown!r}", field=field)


def _merge(old: str, new: str, strategy: str) -> str:
    """Return the text after an update: new alone; old and new; or for smart-merge, new with what of old still adds."""
    if strategy == "replace":
        return new
    if strategy == "append":
        return f"{old} {new}"
    known = set(tokenize(new))
    kept = [old[start:end] for start, end in sentences(old) if not _is_outdone(old[start:end], known)]
    return " ".join([new, *kept])


def _is_outdone(sentence: str, known: set[str]) -> bool:
    """Whether a sentence shares half of its words with the newer text, which then speaks of the same and wins."""
    words = set(tokenize(sentence))
    return not words or 2 * len(words & known) >= len(words)
