"""Memories: what an ingestion changes, applied once and whole, and single memories by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from synap.domain.ids import RowIds, RowRef
from synap.domain.memories import Changes, Evidence, Memory, MemoryStatus, MemoryType, NewMemory
from synap.domain.resolution import Linking
from synap.domain.scopes import Scope
from synap.store.applied import Applied, note_end, origin_of
from synap.store.blanking import Blanked, erase_memory
from synap.store.changes import (
    Ended,
    Origin,
    embed_segments,
    end_memories,
    insert_memories,
    read_targets,
    refresh_memories,
)
from synap.store.database import Connection, Database
from synap.store.effects import note_effects
from synap.store.errors import retry
from synap.store.implied import unsupported
from synap.store.linking import with_unclear
from synap.store.plans import plan_changes
from synap.store.queue import hold
from synap.store.receipts import NewReceipt, write
from synap.store.related import NEAREST, RelatedTo, find_related, find_resting
from synap.store.requoting import requote
from synap.store.residents import Residents
from synap.store.retractions import insert_retractions
from synap.store.rows import (
    STATUSES,
    TYPES,
    Detail,
    decode_detail,
    decode_metadata,
    memory_of,
    memory_ref,
    place,
    role_for,
    row_id_of,
    scope_of,
)
from synap.store.scopes import bump, confirm, touch
from synap.store.statements import Slot, execute, portions
from synap.store.stored_documents import StoredDocument
from synap.store.writes import note_write

UPDATED = "updated"
OUTDATED = "a newer version of the document took its place"

_HISTORY_LIMIT = 200
_DELETED = MemoryStatus.DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Whose a memory is; to be compared with the caller before anything is told."""

    instance_id: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of memories, newest first, and how many there are in all."""

    memories: tuple[Memory, ...]
    total: int


class Memories:
    """Writes and reads memories."""

    def __init__(self, database: Database, ids: RowIds, residents: Residents) -> None:
        self._database = database
        self._ids = ids
        self._residents = residents

    async def related(
        self, scope: Scope, drafts: Sequence[NewMemory], topics: Sequence[Sequence[int]] = (), *, slot: Slot = "emb"
    ) -> RelatedTo:
        """Return what is stored in exactly this scope near each draft, and on each topic; see `synap.store.related`."""
        if not drafts and not topics:
            return RelatedTo()
        first, *others = [*portions(drafts)] or [()]
        found = await self._related(scope, first, topics, slot=slot)
        neighbours = dict(found.neighbours)
        for portion in others:
            neighbours |= (await self._related(scope, portion, (), slot=slot)).neighbours
        return RelatedTo(neighbours=neighbours, topics=found.topics)

    async def _related(
        self, scope: Scope, drafts: Sequence[NewMemory], topics: Sequence[Sequence[int]], *, slot: Slot
    ) -> RelatedTo:
        async with self._database.transaction([scope], pipelined=True) as connection:
            chosen = await self._residents.nearest.choose(connection, scope, drafts, most=NEAREST, slot=slot)
            return await find_related(connection, scope, drafts, topics, slot=slot, chosen=chosen)

    async def resting_on(self, scope: Scope, document: StoredDocument, evidence: Sequence[Evidence]) -> list[Memory]:
        """Return the active memories that rest on these passages of a document, and on nothing else."""
        if not evidence:
            return []
        async with self._database.transaction([scope]) as connection:
            return await find_resting(connection, scope, document, evidence)

    async def apply(self, scope: Scope, applied: Applied) -> list[str]:
        """Apply the changes of one ingestion and end its job, in one transaction; return the new memories' public ids.

        After a slice of a large document the job goes back to the queue instead.
        Memories of the document's previous version that the new one does not repeat are superseded, its segments
        withheld. Of a document that has itself been replaced meanwhile nothing is added.

        Raises:
            LeaseLostError: The job is no longer held; nothing was applied.
        """
        rows = {memory.key: self._ids.next() for memory in applied.changes.add}
        return await retry(lambda: self._apply(scope, applied, rows))

    async def _apply(self, scope: Scope, applied: Applied, rows: Mapping[int, int]) -> list[str]:
        now, document = applied.now, applied.document
        if not applied.last:
            document = replace(document, previous=None)  # the older version goes with the last slice
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        async with transaction as connection:
            touched = await touch(connection, scope, instance_id=applied.job.instance_id, now=now)
            found = await self._look_up(connection, scope, applied, document.previous)
            version = await confirm(touched, scope)
            targets, current = await read_targets(*found)
            plan = plan_changes(scope, applied.changes if current else Changes(), document, targets, rows)
            origin = origin_of(applied)
            ingestion = applied.job.ingestion_id
            await note_effects(connection, scope, ingestion, plan.ended, plan.refresh, now=now)
            await insert_retractions(connection, scope, ingestion, plan.pending, plan.row_of_key, now=now)
            unclear = await insert_memories(
                connection, scope, plan.add, origin, slot=applied.slot, now=now, ids=self._ids
            )
            await refresh_memories(connection, scope, plan.refresh, targets, origin)
            await end_memories(connection, scope, plan.ended, version=version, now=now)
            if document.previous is not None:
                previous = place(scope) | {"document": document.previous, "version": version, "now": now}
                await execute(connection, "withhold_document", previous, shared=scope.shared)
            await embed_segments(connection, scope, applied.vectors, slot=applied.slot)
            touched_rows = [*plan.add, *(one.id for one in plan.ended), *plan.refresh]
            await note_write(connection, scope, version, memories=touched_rows, segments=list(applied.vectors))
            # At the end, as the changes of a long document take minutes, in which its lease must be renewed.
            await hold(connection, applied.job)
            told = with_unclear(applied.message, unclear) if current else OUTDATED
            await note_end(connection, scope, applied, list(plan.add), message=told, last=applied.last or not current)
        self._residents.behind(scope, version)
        if applied.last or not current:
            self._residents.in_hand.drop(scope, document.row)
        return [memory_ref(scope, row) for row in plan.add]

    async def _look_up(
        self, connection: Connection, scope: Scope, applied: Applied, previous: int | None
    ) -> tuple[AsyncCursor[DictRow], AsyncCursor[DictRow]]:
        params = place(scope) | {
            "refreshed": [row_id_of(refresh.memory_id) for refresh in applied.changes.refresh],
            "previous": previous,
            "document": applied.document.row,
        }
        return (
            await execute(connection, "apply_targets", params, shared=scope.shared),
            await execute(connection, "document_state", params, shared=scope.shared),
        )

    async def write(
        self,
        scope: Scope,
        memories: Sequence[NewMemory],
        *,
        instance_id: str,
        metadata: Mapping[str, Any],
        now: datetime,
        slot: Slot = "emb",
    ) -> list[str]:
        """Store memories that belong to no document (those of WORLD), and return their public ids."""
        rows = {self._ids.next(): memory for memory in memories}
        origin = Origin(instance_id=instance_id, metadata=metadata)
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        async with transaction as connection:
            version = await confirm(await touch(connection, scope, instance_id=instance_id, now=now), scope)
            await insert_memories(connection, scope, rows, origin, slot=slot, now=now, ids=self._ids)
            await note_write(connection, scope, version, memories=list(rows))
        return [memory_ref(scope, row) for row in rows]

    async def locate(self, ref: RowRef) -> Located | None:
        """Return whose a memory is, by its decoded public id, or None if there is no such memory."""
        async with self._database.control() as connection:
            params = {"bucket": ref.bucket, "memory": ref.row_id}
            row = await (await execute(connection, "locate", params)).fetchone()
        if row is None or row["space"] is None or row["shared"] != (ref.kind == "memory_shared"):
            return None
        return Located(instance_id=row["instance_id"], scope=scope_of(row))

    async def get(self, scope: Scope, row_id: int) -> Memory | None:
        """Return a memory of exactly this scope, whatever its status but deleted, or None."""
        found = await self.get_many(scope, [row_id])
        return found[0] if found else None

    async def get_many(self, scope: Scope, row_ids: Sequence[int]) -> list[Memory]:
        """Return memories of exactly this scope in the order of their ids; deleted and unknown ones are left out."""
        async with self._database.transaction([scope], pipelined=True) as connection:
            return await _memories(connection, scope, row_ids)

    async def list(
        self,
        scope: Scope,
        *,
        page: int = 1,
        page_size: int = 20,
        type: MemoryType | None = None,  # noqa: A002 - the word of the API
        status: MemoryStatus | None = MemoryStatus.ACTIVE,
    ) -> Page:
        """Return a page (from 1) of the memories of exactly this scope, newest first; `status` None for any but deleted."""
        params = place(scope) | {
            "limit": page_size,
            "offset": (page - 1) * page_size,
            "type": None if type is None else TYPES.index(type),
            "status": None if status is None else STATUSES.index(status),
        }
        async with self._database.transaction([scope], pipelined=True) as connection:
            listed = await execute(connection, "list_memories", params, shared=scope.shared)
            counted = await execute(connection, "count_memories", params, shared=scope.shared)
            rows, total = await listed.fetchall(), await counted.fetchone()
        return Page(memories=tuple(memory_of(row, scope) for row in rows), total=total["total"] if total else 0)

    async def history(self, scope: Scope, row_id: int) -> tuple[Memory, ...]:
        """Return the chain of supersessions that a memory belongs to, oldest first; empty if there is no such memory."""
        async with self._database.transaction([scope]) as connection:
            params = place(scope) | {"memory": row_id, "limit": _HISTORY_LIMIT}
            chain = await (await execute(connection, "history", params, shared=scope.shared)).fetchall()
            return tuple(await _memories(connection, scope, [row["id"] for row in chain]))

    async def update(
        self,
        scope: Scope,
        row_id: int,
        memory: NewMemory,
        *,
        instance_id: str,
        now: datetime,
        metadata: Mapping[str, Any] | None = None,
        slot: Slot = "emb",
        linked: bool = True,
    ) -> str | None:
        """Put a new memory in the place of a stored one, under the same id; return its public id.

        The old one is kept as superseded under an id of its own, which its history tells. Returns None, and changes
        nothing, if the old one is not active. `metadata` None keeps the old one's; `linked` tells whether the names in the
        new one are tied to entities.
        """
        kept = self._ids.next()
        transaction = self._database.transaction([scope], role=role_for(scope))
        async with transaction as connection:
            version = await confirm(await bump(connection, scope, writes=True), scope)
            old = await _lock(connection, scope, row_id)
            if old is None or STATUSES[old["status"]] is not MemoryStatus.ACTIVE:
                return None
            told = decode_metadata(old["metadata"]) if metadata is None and old["metadata"] else metadata
            linking = Linking() if linked else None
            origin = Origin(instance_id=instance_id, document_row=old["document_row"], metadata=told, linking=linking)
            params = place(scope) | {"memory": row_id, "kept": kept}
            locator = {"ids": [kept], "instance": instance_id, "shared": scope.shared}
            async with connection.pipeline():
                for moved in ("memory", "mentions", "relations", "decisions"):
                    await execute(connection, f"move_{moved}", params, shared=scope.shared)
                await execute(connection, "insert_locators", params | locator)
                await insert_memories(connection, scope, {row_id: memory}, origin, slot=slot, now=now, ids=self._ids)
                ended = Ended(id=kept, by=row_id, valid_until=now, reason=UPDATED)
                await end_memories(connection, scope, [ended], version=version, now=now)
                await note_write(connection, scope, version, memories=[row_id, kept])
        return memory_ref(scope, row_id)

    async def restore(self, scope: Scope, row_id: int, *, now: datetime) -> bool:
        """Serve a superseded or retracted memory again; what took its place is superseded in turn. False if it cannot be."""
        transaction = self._database.transaction([scope], role=role_for(scope))
        async with transaction as connection:
            version = await confirm(await bump(connection, scope, writes=True), scope)
            row = await _lock(connection, scope, row_id)
            if row is None or STATUSES[row["status"]] not in (MemoryStatus.SUPERSEDED, MemoryStatus.RETRACTED):
                return False
            params = place(scope) | {"memory": row_id, "limit": _HISTORY_LIMIT, "sources": row["sources"]}
            params |= {"valid_until": decode_detail(row["detail"]).statement.valid_until}
            chain = await (await execute(connection, "history", params, shared=scope.shared)).fetchall()
            others = [one["id"] for one in chain if one["id"] != row_id] if row["superseded_by"] is not None else []
            ended = [Ended(id=other, by=row_id, valid_until=now, reason="restored the older one") for other in others]
            async with connection.pipeline():
                await end_memories(connection, scope, ended, version=version, now=now)
                await execute(connection, "restore_memory", params, shared=scope.shared)
                await execute(connection, "show_sources", params, shared=scope.shared)
                await note_write(connection, scope, version, memories=[row_id, *others], segments=row["sources"])
        return True

    async def erase(self, scope: Scope, row_id: int, *, now: datetime, receipt: NewReceipt | None = None) -> int:
        """Blank a memory, its links and the passages it rested on; 0 if it is not there or erased already.

        What it said before it was updated goes with it; returned is how many rows that were together.
        """
        return (await self.erase_all(scope, [row_id], now=now, receipt=receipt)).get(row_id, 0)

    async def erase_all(
        self, scope: Scope, row_ids: Sequence[int], *, now: datetime, receipt: NewReceipt | None = None
    ) -> Mapping[int, int]:
        """Blank memories as `erase` does, and write the receipt of it, all in one transaction.

        Preferences that followed from them and have too little left to rest on go with them, and so does what would go on
        telling their passages (`synap.store.requoting`). Returns by row id how many rows were blanked. What is not there, or
        erased already, is left out; where nothing is blanked, no receipt is written.
        """
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            await confirm(await bump(connection, scope), scope)
            erased = await erase_memories(connection, scope, row_ids, now=now)
            if receipt is not None and erased:
                await write(connection, receipt, {"memories": sum(erased.values())})
        if erased:
            self._residents.forget(scope)
        return erased


async def erase_memories(
    connection: Connection, scope: Scope, row_ids: Sequence[int], *, now: datetime
) -> dict[int, int]:
    """Blank memories inside a transaction that locked their scope; see `Memories.erase_all`."""
    erased: dict[int, int] = {}
    told: list[Detail] = []
    blanked: list[Blanked] = []
    for row_id in row_ids:
        row = await _lock(connection, scope, row_id)
        if row is None or STATUSES[row["status"]] is MemoryStatus.DELETED:
            continue
        params = place(scope) | {"memory": row_id, "reason": UPDATED}
        earlier = await execute(connection, "earlier_versions", params, shared=scope.shared)
        versions = [row, *await earlier.fetchall()]
        told += [decode_detail(version["detail"]) for version in versions]
        for version in versions:
            blanked += await erase_memory(connection, scope, version, now=now)
        erased[row_id] = len(versions)
    follow = [*await unsupported(connection, scope, told), *await requote(connection, scope, blanked)]
    return erased | await erase_memories(connection, scope, follow, now=now) if follow else erased


async def _memories(connection: Connection, scope: Scope, row_ids: Sequence[int]) -> list[Memory]:
    cursor = await execute(connection, "get_memories", place(scope) | {"ids": list(row_ids)}, shared=scope.shared)
    return [memory for row in await cursor.fetchall() if (memory := memory_of(row, scope)).status is not _DELETED]


async def _lock(connection: Connection, scope: Scope, row_id: int) -> dict[str, Any] | None:
    params = place(scope) | {"memory": row_id}
    return await (await execute(connection, "lock_memory", params, shared=scope.shared)).fetchone()
