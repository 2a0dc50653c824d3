"""`memories.*`: everything that is done to a memory by its id, and the list of a scope."""

from __future__ import annotations

import asyncio

from synap.api.memories import (
    DeletedMemory,
    ListMemories,
    MemoryPage,
    MemoryRecord,
    UpdateMemory,
)
from synap.api.wire import memory_record
from synap.domain.documents import DocumentType
from synap.domain.echoes import echo
from synap.domain.ids import decode_public_id, unknown
from synap.domain.memories import MemoryStatus, MemoryType, NewMemory
from synap.domain.privacy import PiiHandling
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.domain.slots import content_hash
from synap.engine import checks
from synap.engine.callers import Caller, check_writable
from synap.engine.core import Core
from synap.engine.ingest import DIRECT, wanted
from synap.engine.lookups import locate
from synap.engine.receipts import Subject, due, signer_of
from synap.errors import ConflictError, InvalidInputError
from synap.ingestion.new_text import Reading, renewed
from synap.ingestion.protect import protect, protect_metadata

MERGE_STRATEGIES = ("replace", "append", "smart-merge")


async def get(core: Core, caller: Caller, memory_id: str, *, ids: Ids) -> MemoryRecord:
    """Return one memory, whatever its status but deleted."""
    scope, ref = await locate(core, caller, memory_id, ids)
    found = await core.store.memories.get(scope, ref.row_id)
    if found is None or found.status is MemoryStatus.DELETED:
        raise unknown("memory_id", memory_id)
    core.note(caller, "memory.read", scope=scope, targets=(memory_id,), count=1)
    return memory_record(found)


async def listing(core: Core, caller: Caller, request: ListMemories) -> MemoryPage:
    """List the memories of exactly one scope, newest first."""
    instance = core.instance_of(caller)
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope = decide_scope(instance.place, ids)
    checks.page(request.page, request.page_size)
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
    """Give a memory new text under the same id; what it said before is superseded, and told by its history."""
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope, ref = await locate(core, caller, request.memory_id, ids)
    check_writable(core.instance_of(caller), scope)
    if request.merge_strategy not in MERGE_STRATEGIES:
        allowed = ", ".join(repr(name) for name in MERGE_STRATEGIES)
        raise InvalidInputError(
            f"merge_strategy must be one of {allowed}, not {echo(request.merge_strategy)}", field="merge_strategy"
        )
    instance, given = core.instance_of(caller), request.document_type
    pii = PiiHandling(instance.maca.ingestion.pii.handling)
    text, _ = protect(checks.memory_content(request.document, field="document"), pii)
    reading = Reading(
        now=core.clock.now(),
        document_type=None if given is None else checks.one_of(DocumentType, given, field="document_type"),
        own=instance.maca.ingestion.slots,
        wanted=lambda draft: wanted(draft, instance),
    )
    known = await core.store.memories.get(scope, ref.row_id)
    if known is None or known.status is MemoryStatus.DELETED:
        raise unknown("memory_id", request.memory_id)
    draft = await asyncio.to_thread(renewed, known, text, request.merge_strategy, reading)
    content = checks.memory_content(draft.statement.content, field="document")
    if content_hash(content) == content_hash(known.statement.content) and request.metadata is None:
        return memory_record(known)
    space = await core.spaces.live()
    vectors = await space.embedder.embed_documents([content])
    metadata = None
    if request.metadata is not None:
        metadata = {**known.metadata, **protect_metadata(checks.metadata(request.metadata), pii)[0]}
    updated = await core.store.memories.update(
        scope,
        ref.row_id,
        NewMemory(key=0, draft=draft, extractor=DIRECT, vector=vectors[0]),
        instance_id=core.instance_of(caller).id,
        now=core.clock.now(),
        metadata=metadata,
        slot=space.slot,
        linked=core.instance_of(caller).maca.storage.graph.enabled,
    )
    if updated is None:
        raise ConflictError(
            f"memory {request.memory_id} is {known.status}: update the one that took its place", field="memory_id"
        )
    await core.record(caller, "memory.update", scope=scope, targets=(request.memory_id, updated), count=1)
    return await _served(core, scope, updated)


async def _served(core: Core, scope: Scope, memory_id: str) -> MemoryRecord:
    ref = decode_public_id(memory_id)
    found = None if ref is None else await core.store.memories.get(scope, ref.row_id)
    if found is None:
        raise unknown("memory_id", memory_id)
    return memory_record(found)


async def delete(core: Core, caller: Caller, memory_id: str, *, ids: Ids) -> DeletedMemory:
    """Erase a memory: content, vector, terms, links, and the passages it rested on, wherever they stand."""
    scope, ref = await locate(core, caller, memory_id, ids)
    check_writable(core.instance_of(caller), scope)
    subject, now = Subject.of(scope, item=memory_id), core.clock.now()
    receipt = due(core, await signer_of(core), core.instance_of(caller).id, subject, action="memory", begun_at=now)
    if not await core.store.memories.erase(scope, ref.row_id, now=now, receipt=receipt):
        raise unknown("memory_id", memory_id)
    await core.record(caller, "memory.delete", scope=scope, targets=(memory_id,), count=1)
    return DeletedMemory(memory_id=memory_id, deleted_at=now, receipt_id=receipt.public_id)


async def history(core: Core, caller: Caller, memory_id: str, *, ids: Ids) -> tuple[MemoryRecord, ...]:
    """Return the chain of supersessions that a memory belongs to, oldest first."""
    scope, ref = await locate(core, caller, memory_id, ids)
    rows = await core.store.memories.history(scope, ref.row_id)
    if not rows:
        raise unknown("memory_id", memory_id)
    return tuple(memory_record(row) for row in rows)


async def restore(core: Core, caller: Caller, memory_id: str, *, ids: Ids) -> MemoryRecord:
    """Undo the supersession or retraction of a memory; what took its place is superseded in turn."""
    scope, ref = await locate(core, caller, memory_id, ids)
    check_writable(core.instance_of(caller), scope)
    if await core.store.memories.get(scope, ref.row_id) is None:
        raise unknown("memory_id", memory_id)
    if await core.store.memories.restore(scope, ref.row_id, now=core.clock.now()):
        await core.record(caller, "memory.restore", scope=scope, targets=(memory_id,), count=1)
    return await _served(core, scope, memory_id)
