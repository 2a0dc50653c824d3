"""Mending: what puts right each kind of damage, inside a transaction that holds the scope's row, as all writes do.

Each asks again whether the damage is still there: somebody else may have been faster.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from synap.domain.ids import RowIds
from synap.domain.scopes import Scope
from synap.store.damage import HORIZON, Columns, Finding, Kind
from synap.store.database import Connection
from synap.store.linking import unlink
from synap.store.queue import INGEST, NewJob, enqueue
from synap.store.rows import place
from synap.store.statements import Slot, execute

_GONE = "the document was gone before it was worked through"
_BURIED = "given up; see the dead letter"


@dataclass(frozen=True, slots=True)
class Mending:
    """What a mend works with, inside a transaction that holds the scope's row."""

    connection: Connection
    scope: Scope
    finding: Finding
    columns: Columns
    ids: RowIds
    now: datetime

    @property
    def params(self) -> dict[str, Any]:
        """What the statements take."""
        return place(self.scope) | {
            "ids": list(self.finding.rows),
            "now": self.now,
            "horizon": self.now + HORIZON,
            "dim": self.columns.dim,
            "slot": self.columns.free,
        }

    async def send(self, name: str, more: Mapping[str, Any] | None = None, *, slot: Slot = "emb") -> int:
        """Run a statement and return how many rows it changed."""
        params = self.params | dict(more or {})
        return (await execute(self.connection, name, params, shared=self.scope.shared, slot=slot)).rowcount

    async def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a statement."""
        cursor = await execute(self.connection, name, self.params, shared=self.scope.shared)
        return await cursor.fetchall()

    async def queue(self, ingestion: int, instance_id: str, *, bulk: bool) -> None:
        """Queue an ingestion."""
        job = NewJob(
            id=self.ids.next(),
            instance_id=instance_id,
            kind=INGEST,
            ingestion_id=ingestion,
            priority=int(bulk),
            created_at=self.now,
        )
        await enqueue(self.connection, self.scope, job)


Mend = Callable[[Mending], Awaitable[int]]


async def _work_again(mending: Mending) -> int:
    """Queue ingestions again that nobody works on; those that were given up, or whose document is gone, fail."""
    rows = await mending.rows("unworked_ingestions")
    for row in rows:
        ingestion = {"ingestion": row["id"]}
        if row["buried"] or not row["kept"]:
            await mending.send("fail_ingestion", ingestion | {"message": _BURIED if row["buried"] else _GONE})
            continue
        await mending.send("requeue_unworked", ingestion)
        await mending.queue(row["id"], row["instance_id"], bulk=row["batch_id"] is not None)
    return len(rows)


async def _settle_ended(mending: Mending) -> int:
    return await mending.send("drop_jobs_of_ended") + await mending.send("requeue_failed_with_jobs")


async def _open_lanes(mending: Mending) -> int:
    for row in await mending.rows("lanes_of_jobs"):
        await mending.send("open_lane_at", row)
    return len(mending.finding.rows)


async def _account_for_documents(mending: Mending) -> int:
    """Give documents an ingestion again, and have them worked through anew: what they said already is found repeated."""
    rows = await mending.rows("documents_without_ingestion")
    instance = mending.finding.held.instance_id
    for row in rows:
        made = {
            "ingestion": row["ingestion_id"],
            "instance": instance,
            "shared": mending.scope.shared,
            "rung": mending.scope.rung,
            "document": row["id"],
            "key": row["document_key"],
            "type": row["document_type"],
            "mode": row["mode"],
            "batch": None,
            "now": row["recorded_at"],
        }
        await mending.send("insert_ingestion", made)
        await mending.queue(row["ingestion_id"], instance, bulk=True)
    return len(rows)


async def _locate(mending: Mending) -> int:
    made = {"instance": mending.finding.held.instance_id, "shared": mending.scope.shared}
    return await mending.send("insert_locators", made)


async def _forget_names(mending: Mending) -> int:
    return await mending.send("forget_expired_documents", {"shared": mending.scope.shared})


async def _forget_mentions(mending: Mending) -> int:
    there = {row["id"] for row in await mending.rows("memories_there")}
    gone = [memory for memory in mending.finding.rows if memory not in there]
    for memory in gone:
        await unlink(mending.connection, mending.scope, memory)
    return len(gone)


def _by(name: str) -> Mend:
    async def mend(mending: Mending) -> int:
        return await mending.send(name)

    return mend


def _drop_foreign(name: str) -> Mend:
    async def mend(mending: Mending) -> int:
        return await mending.send(name, slot=mending.columns.live)

    return mend


def _drop_forgotten(name: str) -> Mend:
    async def mend(mending: Mending) -> int:
        free = mending.columns.free
        return 0 if free is None else await mending.send(name, slot=free)

    return mend


MENDS: dict[Kind, Mend] = {
    Kind.UNWORKED_INGESTION: _work_again,
    Kind.ENDED_INGESTION_WITH_JOB: _settle_ended,
    Kind.DOUBLED_JOB: _by("drop_doubled_jobs"),
    Kind.JOB_WITHOUT_LANE: _open_lanes,
    Kind.JOB_OUT_OF_TIME: _by("bring_jobs_into_time"),
    Kind.JOB_WITHOUT_INGESTION: _by("drop_jobs_without_ingestion"),
    Kind.COMPACTION_WITHOUT_JOB: _by("fail_compactions_without_job"),
    Kind.DOCUMENT_WITHOUT_INGESTION: _account_for_documents,
    Kind.SEGMENT_WITHOUT_DOCUMENT: _by("withhold_orphans"),
    Kind.MEMORY_WITHOUT_LOCATOR: _locate,
    Kind.MENTION_WITHOUT_MEMORY: _forget_mentions,
    Kind.NAME_OF_ERASED_DOCUMENT: _forget_names,
    Kind.VECTOR_OF_ERASED_SEGMENT: _by("drop_vectors_of_erased"),
    Kind.MEMORY_WITH_FOREIGN_VECTOR: _drop_foreign("drop_foreign_vectors_of_memory"),
    Kind.SEGMENT_WITH_FOREIGN_VECTOR: _drop_foreign("drop_foreign_vectors_of_segment"),
    Kind.MEMORY_WITH_FORGOTTEN_VECTOR: _drop_forgotten("drop_forgotten_vectors_of_memory"),
    Kind.SEGMENT_WITH_FORGOTTEN_VECTOR: _drop_forgotten("drop_forgotten_vectors_of_segment"),
}
QUEUEING = frozenset({Kind.UNWORKED_INGESTION, Kind.DOCUMENT_WITHOUT_INGESTION})
