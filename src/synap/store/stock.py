"""Taking stock: what stands in the tables that must not, by kind, and what mends it.

The law: every accepted document has one ingestion, in one state; while that is queued or processing, one job is on its way
to a worker; when it has ended, none is, and the memories that it tells of are there. All of this is written in whole
transactions, so nothing breaks it but damage: a restored backup, a hand in the tables, a clock that was wrong, a bug.

What is looked for is asked in single statements, each of which sees one moment. What mends holds the scope's row, as all
writes do, and asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from synap.domain.ids import RowIds
from synap.domain.scopes import Scope
from synap.store.damage import FOREIGN, HORIZON, NEEDING_VECTORS, Columns, Finding, Held, Kind
from synap.store.database import Database
from synap.store.errors import retry
from synap.store.mending import MENDS, QUEUEING, Mend, Mending
from synap.store.rows import encode_json, role_for, scope_of
from synap.store.scopes import bump, by_bucket, confirm, touch
from synap.store.statements import Slot, execute

SHARED_BUCKET = -1
"""Stands for the scopes that several may read, whose content lies in tables without buckets."""

LIMIT = 500
"""Rows of one kind that one look finds at most; the next look finds more."""

PAGE = 100
"""Scopes that are looked at together."""

_OF_BUCKET = (
    Kind.UNWORKED_INGESTION,
    Kind.ENDED_INGESTION_WITH_JOB,
    Kind.DOUBLED_JOB,
    Kind.JOB_WITHOUT_LANE,
    Kind.JOB_OUT_OF_TIME,
    Kind.JOB_WITHOUT_INGESTION,
    Kind.COMPACTION_WITHOUT_JOB,
)
_OF_CONTENT = (
    Kind.DOCUMENT_WITHOUT_INGESTION,
    Kind.SEGMENT_WITHOUT_DOCUMENT,
    Kind.MEMORY_WITHOUT_DOCUMENT,
    Kind.MEMORY_WITHOUT_LOCATOR,
    Kind.MENTION_WITHOUT_MEMORY,
    Kind.LOST_MEMORY,
    Kind.NAME_OF_ERASED_DOCUMENT,
    Kind.VECTOR_OF_ERASED_SEGMENT,
)
_OF_THE_LIVE_COLUMN = (*sorted(NEEDING_VECTORS), *sorted(FOREIGN))
_OF_A_FREE_COLUMN = (Kind.MEMORY_WITH_FORGOTTEN_VECTOR, Kind.SEGMENT_WITH_FORGOTTEN_VECTOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Ingestions by how far they are: on their way, at a good end, failed."""

    working: int = 0
    ended: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a bucket showed: how many scopes and ingestions, and what stood there unmended, by kind."""

    bucket: int
    looked_at: datetime
    scopes: int = 0
    counts: Counts = Counts()
    found: Mapping[str, int] = field(default_factory=dict)


class Stock:
    """Looks at buckets and scopes, and mends what it finds."""

    def __init__(self, database: Database, ids: RowIds) -> None:
        self._database = database
        self._ids = ids

    async def looks(self) -> list[Look]:
        """Return the last look at each bucket, of those that were ever looked at."""
        async with self._database.control() as connection:
            rows = await (await execute(connection, "stock_rows", {})).fetchall()
        return [
            Look(
                bucket=row["bucket"],
                looked_at=row["looked_at"],
                scopes=row["scopes"],
                counts=Counts(working=row["working"], ended=row["ended"], failed=row["failed"]),
                found=msgspec.json.decode(row["found"], type=dict[str, int]),
            )
            for row in rows
        ]

    async def occupied(self) -> set[int]:
        """Return the buckets in which anything can be: those of scopes that were written."""
        async with self._database.control() as connection:
            rows = await (await execute(connection, "occupied_buckets", {})).fetchall()
        found, after = {SHARED_BUCKET, *(row["bucket"] for row in rows)}, -1
        while page := await self.scopes(SHARED_BUCKET, after=after):
            after = page[-1].scope.id
            found |= {held.scope.bucket for held in page}
        return found

    async def note_empty(self, buckets: Sequence[int], *, before: datetime, now: datetime) -> None:
        """Write down that there is nothing in buckets, but for those that were looked at since `before`."""
        params = {"buckets": list(buckets), "before": before, "now": now}
        async with self._database.control() as connection:
            await execute(connection, "note_empty_stock", params)

    async def claim(self, bucket: int, *, before: datetime, now: datetime) -> bool:
        """Take a bucket that nobody has looked at since `before`; False if another process was faster."""
        params = {"bucket": bucket, "before": before, "now": now}
        async with self._database.control() as connection:
            return await (await execute(connection, "claim_stock", params)).fetchone() is not None

    async def note(self, look: Look) -> None:
        """Write down what a look at a claimed bucket showed."""
        async with self._database.control() as connection:
            await execute(connection, "note_stock", _columns_of(look))

    async def note_seen(self, look: Look, *, before: datetime) -> None:
        """Write down what a look at a bucket showed that nobody claimed: it stays as due as it was.

        What a bucket that was claimed since `before` showed stands, as a look at the same time may have seen less of it.
        """
        async with self._database.control() as connection:
            await execute(connection, "note_stock_seen", _columns_of(look) | {"before": before})

    async def counts(self, bucket: int) -> Counts:
        """Return how many ingestions there are in a bucket."""
        async with self._database.control() as connection:
            row = await (await execute(connection, "stock_counts", {"bucket": bucket})).fetchone()
        return Counts(**row) if row else Counts()

    async def scopes(self, bucket: int, *, after: int = -1) -> list[Held]:
        """Return a page of the scopes of a bucket, or of the shared ones, by id; none that a deletion holds closed."""
        name = "stock_scopes_shared" if bucket == SHARED_BUCKET else "stock_scopes"
        async with self._database.control() as connection:
            cursor = await execute(connection, name, {"bucket": bucket, "after": after, "limit": PAGE})
            return [_held(row) for row in await cursor.fetchall()]

    async def in_queue(self, bucket: int, *, now: datetime) -> list[Finding]:
        """Return what is wrong with the ingestions, jobs and compactions of a bucket."""
        params = {"bucket": bucket, "limit": LIMIT, "horizon": now + HORIZON}
        async with self._database.control(pipelined=True) as connection:
            cursors = {kind: await execute(connection, f"find_{kind}", params) for kind in _OF_BUCKET}
            found = {kind: await cursor.fetchall() for kind, cursor in cursors.items()}
        rows = [(kind, row["scope_id"], row["id"]) for kind, some in found.items() for row in some]
        if not rows:
            return []
        async with self._database.control() as connection:
            wanted = {"bucket": bucket, "scopes": sorted({scope_id for _, scope_id, _ in rows})}
            known = await (await execute(connection, "stock_scopes_by_id", wanted)).fetchall()
        return _findings(rows, [_held(row) for row in known])

    async def in_content(self, scopes: Sequence[Scope], held: Sequence[Held], columns: Columns) -> list[Finding]:
        """Return what is wrong with the content of scopes that lie in one bucket, or of one shared scope."""
        found: list[tuple[Kind, int, int]] = []
        for group in by_bucket(scopes):
            shared = group[0].shared
            params = {"bucket": group[0].bucket, "scopes": [scope.id for scope in group], "limit": LIMIT}
            params |= {"shared": shared, "dim": columns.dim}
            asked: list[tuple[Kind, Slot]] = [(kind, columns.live) for kind in (*_OF_CONTENT, *_OF_THE_LIVE_COLUMN)]
            asked += [(kind, columns.free) for kind in _OF_A_FREE_COLUMN if columns.free is not None]
            async with self._database.transaction(group, pipelined=True) as connection:
                cursors = [
                    (kind, await execute(connection, f"find_{kind}", params, shared=shared, slot=slot))
                    for kind, slot in asked
                ]
                found += [(kind, row["scope_id"], row["id"]) for kind, one in cursors for row in await one.fetchall()]
        return _findings(found, held)

    async def mend(self, scope: Scope, finding: Finding, columns: Columns, *, now: datetime) -> int:
        """Mend what was found in a scope; return how many rows that concerned.

        Vectors of another length, or in a column that nobody has, are taken away; to make new ones is the engine's.

        Raises:
            ConflictError, NotFoundError: What is kept of the scope is being deleted; nothing was mended.
        """
        mended = MENDS.get(finding.kind)
        if mended is None:
            return 0
        return await retry(lambda: self._mend(mended, scope, finding, columns, now))

    async def _mend(self, mended: Mend, scope: Scope, finding: Finding, columns: Columns, now: datetime) -> int:
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            if finding.kind in QUEUEING:
                await confirm(await touch(connection, scope, instance_id=finding.held.instance_id, now=now), scope)
            else:
                await confirm(await bump(connection, scope, writes=True), scope)
            return await mended(Mending(connection, scope, finding, columns, self._ids, now))


def _columns_of(look: Look) -> dict[str, Any]:
    counts = look.counts
    return {
        "bucket": look.bucket,
        "scopes": look.scopes,
        "working": counts.working,
        "ended": counts.ended,
        "failed": counts.failed,
        "found": encode_json(look.found),
    }


def _held(row: Mapping[str, Any]) -> Held:
    return Held(scope=scope_of(row), instance_id=row["instance_id"])


def _findings(rows: Iterable[tuple[Kind, int, int]], held: Sequence[Held]) -> list[Finding]:
    owners = {one.scope.id: one for one in held}
    grouped: dict[tuple[Kind, int], list[int]] = {}
    for kind, scope_id, row in rows:
        if scope_id in owners:
            grouped.setdefault((kind, scope_id), []).append(row)
    return [
        Finding(kind=kind, held=owners[scope_id], rows=tuple(dict.fromkeys(some)))
        for (kind, scope_id), some in grouped.items()
    ]
