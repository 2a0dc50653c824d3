"""Undoing: of whole ingestions, and what users took back without it being clear what they meant."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from synap.api.items import evidence_record
from synap.api.memories import (
    PendingRetraction,
    RetractionCandidate,
    SettledRetraction,
    SettleRetraction,
    UndoIngestion,
    UndoneIngestion,
)
from synap.domain.ids import RowRef, encode_public_id, unknown
from synap.domain.memories import Memory, MemoryStatus
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.engine.callers import Caller, check_writable
from synap.engine.core import Core
from synap.engine.lookups import check_owner, locate, reachable, reference
from synap.engine.receipts import Subject, due, signer_of
from synap.errors import InvalidInputError, SynapError
from synap.store.embeddings import Unembedded
from synap.store.receipts import NewReceipt
from synap.store.retractions import StoredRetraction
from synap.store.rows import memory_ref, row_id_of

logger = logging.getLogger(__name__)

MOST_NAMED = 100
"""Memories that one retraction can be said to mean."""


async def undo(core: Core, caller: Caller, request: UndoIngestion) -> UndoneIngestion:
    """Undo an ingestion: its document and what only that said are gone, what it ended is believed again."""
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope, ref = await _ingestion(core, caller, request.ingestion_id, ids, field="ingestion_id")
    instance = core.instance_of(caller)
    check_writable(instance, scope)
    signer, book = await signer_of(core), instance.id

    def receipt(document_id: str) -> NewReceipt:
        return due(core, signer, book, Subject.of(scope, item=document_id), action="document")

    undone = await core.store.undoing.undo(
        scope,
        ref.row_id,
        now=core.clock.now(),
        look=request.preview,
        linked=instance.maca.storage.graph.enabled,
        receipt=receipt,
    )
    if undone is None:
        raise unknown("ingestion_id", request.ingestion_id)
    if not request.preview:
        core.cache.forget(instance_id=book)
        targets = (request.ingestion_id, *undone.removed, *undone.restored, *undone.rewritten)
        await core.record(caller, "memory.undo", scope=scope, targets=targets, count=len(targets) - 1)
        await _embed(core, scope, undone.rewritten)
    return UndoneIngestion(
        ingestion_id=request.ingestion_id,
        document_id=undone.document_id,
        preview=request.preview,
        removed_ids=undone.removed,
        restored_ids=undone.restored,
        rewritten_ids=undone.rewritten,
        receipt_id=undone.receipt_id,
    )


async def _embed(core: Core, scope: Scope, rewritten: Sequence[str]) -> None:
    """Give memories that say something else now their vectors; where that fails, the taking of stock does it later."""
    if not rewritten:
        return
    try:
        found = await core.store.memories.get_many(scope, [row_id_of(memory_id) for memory_id in rewritten])
        space = await core.spaces.live()
        said = {row_id_of(memory.id): memory.statement.content for memory in found}
        lacking = Unembedded(memories=said, segments={})
        vectors = await space.embedder.embed_documents(lacking.texts)
        await core.store.embeddings.write(scope, lacking, vectors, slot=space.slot)
    except SynapError as error:
        logger.warning("memories are left without vectors", extra={"count": len(rewritten), "code": error.code})


async def pending(core: Core, caller: Caller, *, ids: Ids) -> tuple[PendingRetraction, ...]:
    """Return the retractions of exactly one scope of which it is not clear what they mean, the oldest first."""
    scope = decide_scope(core.instance_of(caller).place, ids)
    found = await core.store.retractions.pending(scope)
    wanted = sorted({row for one in found for row in one.candidates})
    memories = {memory.id: memory for memory in await core.store.memories.get_many(scope, wanted)} if wanted else {}
    core.note(caller, "memory.list", scope=scope, count=len(found))
    return tuple(_record(scope, one, memories) for one in found)


async def settle(core: Core, caller: Caller, request: SettleRetraction) -> SettledRetraction:
    """Retract what a pending retraction meant, or let it go where no memory is named."""
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    ingestion_id, _, number = request.retraction_id.rpartition(":")
    if not number.isdecimal():
        raise unknown("retraction_id", request.retraction_id)
    scope, ref = await _ingestion(core, caller, ingestion_id, ids, field="retraction_id")
    check_writable(core.instance_of(caller), scope)
    rows = [await _row(core, caller, memory_id, scope) for memory_id in _named(request.memory_ids)]
    settled = await core.store.retractions.settle(scope, ref.row_id, int(number), rows, now=core.clock.now())
    if settled is None:
        raise unknown("retraction_id", request.retraction_id)
    retracted = tuple(memory_ref(scope, row) for row in settled)
    await core.record(caller, "memory.retract", scope=scope, targets=retracted, count=len(retracted))
    core.cache.forget(instance_id=core.instance_of(caller).id)
    return SettledRetraction(retraction_id=request.retraction_id, retracted_ids=retracted)


def _named(memory_ids: Sequence[str]) -> Sequence[str]:
    if len(memory_ids) > MOST_NAMED:
        raise InvalidInputError(f"memory_ids names at most {MOST_NAMED} memories", field="memory_ids")
    return memory_ids


async def _row(core: Core, caller: Caller, memory_id: str, scope: Scope) -> int:
    """Return the row of a memory of exactly `scope`; any other is unknown: a user takes back only what is the user's."""
    owner, ref = await locate(core, caller, memory_id, Ids())
    if owner != scope:
        raise unknown("memory_ids", memory_id)
    return ref.row_id


async def _ingestion(core: Core, caller: Caller, public_id: str, ids: Ids, *, field: str) -> tuple[Scope, RowRef]:
    """Return where an ingestion lies, if the caller's instance made it and the ids, where given, are its owner's."""
    ref = reference(public_id, field, "ingestion")
    row, instance = await core.store.ingestions.get(ref), core.instance_of(caller)
    if row is None or not (row.instance_id == instance.id or (row.scope.shared and reachable(instance, row.scope))):
        raise unknown(field, public_id)
    check_owner(row.scope, ids, field=field, value=public_id)
    return row.scope, ref


def _record(scope: Scope, one: StoredRetraction, memories: dict[str, Memory]) -> PendingRetraction:
    ingestion = encode_public_id(RowRef("ingestion", scope.bucket, one.ingestion))
    candidates = [memories.get(memory_ref(scope, row)) for row in one.candidates]
    return PendingRetraction(
        retraction_id=f"{ingestion}:{one.position}",
        ingestion_id=ingestion,
        topic=one.retraction.topic,
        evidence=evidence_record(one.retraction.evidence),
        recorded_at=one.recorded_at,
        said_at=one.retraction.said_at,
        candidates=tuple(
            RetractionCandidate(memory_id=memory.id, content=memory.statement.content)
            for memory in candidates
            if memory is not None and memory.status is MemoryStatus.ACTIVE
        ),
    )
