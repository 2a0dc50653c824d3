"""Ingestions and batches: how far documents have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from synap.api.memories import Ingestion
from synap.domain.documents import IngestionStatus
from synap.domain.ids import RowRef, encode_public_id
from synap.domain.scopes import Scope, bucket_of
from synap.store.database import Database
from synap.store.errors import retry
from synap.store.rows import encode_json, memory_ref, place, scope_of
from synap.store.statements import execute

_LONGEST_BATCH = 600_000 << 22
"""How far the ids of a batch and of its last row may lie apart: ten minutes, in row ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionRow:
    """One document's way through the pipeline, with its owner.

    Attributes:
        id: Row id.
        instance_id, scope: Whose it is; to be compared with the caller before anything is told.
        document_row: Row id of the document, or None once it is erased.
        batch_id: Row id of its batch, or None.
        reached, pieces: How many pieces of a large document are done, of how many; None for any other.
    """

    id: int
    instance_id: str
    scope: Scope
    document_row: int | None
    document_id: str
    batch_id: int | None
    status: IngestionStatus
    queued_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    memories_created: int
    memory_ids: tuple[int, ...]
    message: str | None
    degraded: bool
    warnings: tuple[str, ...]
    reached: int | None = None
    pieces: int | None = None

    def record(self) -> Ingestion:
        """Return it as callers see it."""
        return Ingestion(
            ingestion_id=encode_public_id(RowRef("ingestion", self.scope.bucket, self.id)),
            document_id=self.document_id,
            status=self.status.value,
            queued_at=self.queued_at,
            scope=self.scope.rung,
            started_at=self.started_at,
            completed_at=self.completed_at,
            memories_created=self.memories_created,
            memory_ids=tuple(memory_ref(self.scope, row) for row in self.memory_ids),
            error_message=self.message,
            degraded=self.degraded,
            warnings=self.warnings,
            progress=None if self.pieces is None else (self.reached or 0) / max(self.pieces, 1),
        )


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a batch: an ingestion (by public id), or the record of a refusal.

    The record is what is told where there is no ingestion, or none any more. It names no document.
    """

    ingestion_id: str | None
    record: Ingestion


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """A batch: its rows in the caller's order."""

    id: int
    instance_id: str
    created_at: datetime
    rows: tuple[BatchRow, ...]


class Ingestions:
    """Reads and moves ingestions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, ref: RowRef) -> IngestionRow | None:
        """Return an ingestion by its decoded public id, or None; whether the caller may see it is for him to check."""
        async with self._database.control() as connection:
            params = {"bucket": ref.bucket, "ingestion": ref.row_id}
            row = await (await execute(connection, "get_ingestion", params)).fetchone()
        return None if row is None or row["space"] is None else ingestion_of(row)

    async def get_many(self, refs: Sequence[RowRef]) -> list[IngestionRow | None]:
        """Return ingestions in the order of `refs`, in one round trip; None for those that are not there."""
        async with self._database.control(pipelined=True) as connection:
            cursors = [
                await execute(connection, "get_ingestion", {"bucket": ref.bucket, "ingestion": ref.row_id})
                for ref in refs
            ]
            rows = [await cursor.fetchone() for cursor in cursors]
        return [None if row is None or row["space"] is None else ingestion_of(row) for row in rows]

    async def start(self, scope: Scope, ingestion_id: int, *, now: datetime) -> None:
        """Note that a worker has begun with an ingestion; without effect on one that is at its end."""
        async with self._database.control() as connection:
            await execute(connection, "start_ingestion", place(scope) | {"ingestion": ingestion_id, "now": now})

    async def fail(self, scope: Scope, ingestion_id: int, *, now: datetime, message: str) -> None:
        """Note that an ingestion has come to nothing, and why."""
        params = place(scope) | {"ingestion": ingestion_id, "now": now, "message": message}
        async with self._database.control() as connection:
            await execute(connection, "fail_ingestion", params)


class Batches:
    """Keeps of which ingestions a batch consists, so that its progress can be asked for. Lives in the instance's bucket.

    Its rows belong to many owners, and outlive what is erased of them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, instance_id: str, batch_id: int, rows: Sequence[BatchRow], *, now: datetime) -> str:
        """Store a batch under a row id made before its documents were accepted; return its public id."""
        ref = batch_ref(instance_id, batch_id)
        params = {
            "bucket": ref.bucket,
            "batch": batch_id,
            "instance": instance_id,
            "total": len(rows),
            "rows": encode_json(list(rows)),
            "now": now,
        }
        await retry(lambda: self._insert(params))
        return encode_public_id(ref)

    async def _insert(self, params: Mapping[str, Any]) -> None:
        async with self._database.control() as connection:
            await execute(connection, "insert_batch", params)

    async def get(self, instance_id: str, batch_id: int) -> StoredBatch | None:
        """Return a batch of this instance by its row id, or None."""
        params = {"bucket": batch_ref(instance_id, batch_id).bucket, "batch": batch_id}
        async with self._database.control() as connection:
            row = await (await execute(connection, "get_batch", params)).fetchone()
        if row is None or row["instance_id"] != instance_id:
            return None
        return StoredBatch(
            id=batch_id,
            instance_id=instance_id,
            created_at=row["created_at"],
            rows=tuple(msgspec.json.decode(row["rows"], type=list[BatchRow])),
        )

    async def refused(self, instance_id: str, ref: RowRef) -> Ingestion | None:
        """Return a row that a batch of this instance refused, by the id it was answered with, or None.

        Such a row has no ingestion. It is kept with its batch, whose id was made at most minutes before its own.
        """
        params = {
            "bucket": batch_ref(instance_id, 0).bucket,
            "instance": instance_id,
            "earliest": ref.row_id - _LONGEST_BATCH,
            "row": ref.row_id,
            "ingestion": encode_public_id(ref),
        }
        async with self._database.control() as connection:
            row = await (await execute(connection, "find_refused_row", params)).fetchone()
        return None if row is None else msgspec.json.decode(row["record"], type=Ingestion)


def batch_ref(instance_id: str, batch_id: int) -> RowRef:
    """Return where a batch lives: the bucket of its instance."""
    return RowRef("batch", bucket_of(instance_id, "instance", instance_id), batch_id)


def ingestion_of(row: Mapping[str, Any]) -> IngestionRow:
    """Return the ingestion of a row of the statement `get_ingestion`."""
    return IngestionRow(
        id=row["id"],
        instance_id=row["instance_id"],
        scope=scope_of(row),
        document_row=row["document_row"],
        document_id=row["document_key"],
        batch_id=row["batch_id"],
        status=IngestionStatus(row["status"]),
        queued_at=row["queued_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        memories_created=row["memories_created"],
        memory_ids=tuple(row["memory_ids"]),
        message=row["message"],
        degraded=row["degraded"],
        warnings=tuple(row["warnings"]),
        reached=row["reached"],
        pieces=row["pieces"],
    )
