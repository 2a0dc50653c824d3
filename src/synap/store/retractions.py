"""Retractions that were not clear: kept with what they may have meant until somebody says which, or that none was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from synap.domain.memories import MemoryStatus, PendingRetraction, Retraction
from synap.domain.scopes import Scope
from synap.store.changes import Ended, end_memories
from synap.store.database import Connection, Database
from synap.store.rows import place, role_for, row_id_of
from synap.store.scopes import bump, confirm
from synap.store.statements import execute
from synap.store.writes import note_write

LISTED = 100
"""Pending retractions of a scope that are listed at most, the oldest."""

RETRACTED = "retracted by the user"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRetraction:
    """A pending retraction.

    Attributes:
        ingestion: Row id of the ingestion in whose document it was said.
        position: Which of that document's retractions it is.
        retraction: What was said.
        candidates: Row ids of what it may have meant.
        recorded_at: When it was left pending.
    """

    ingestion: int
    position: int
    retraction: Retraction
    candidates: tuple[int, ...]
    recorded_at: datetime


class Retractions:
    """Reads and settles pending retractions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pending(self, scope: Scope) -> tuple[StoredRetraction, ...]:
        """Return the pending retractions of exactly this scope, the oldest first."""
        params = place(scope) | {"limit": LISTED}
        async with self._database.transaction([scope], pipelined=True) as connection:
            rows = await (await execute(connection, "list_retractions", params, shared=scope.shared)).fetchall()
        return tuple(map(_stored, rows))

    async def settle(
        self, scope: Scope, ingestion: int, position: int, memories: Sequence[int], *, now: datetime
    ) -> tuple[int, ...] | None:
        """Retract those of `memories` (row ids) that are still believed, and let the pending retraction go.

        Returns their row ids, or None where this scope has no such retraction. With no memories none was meant.
        """
        params = place(scope) | {"ingestion": ingestion, "position": position, "memories": list(memories)}
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            version = await confirm(await bump(connection, scope, writes=True), scope)
            row = await (await execute(connection, "lock_retraction", params, shared=scope.shared)).fetchone()
            if row is None:
                return None
            said = _stored(row).retraction.said_at or row["recorded_at"]
            found = await (await execute(connection, "active_memories", params, shared=scope.shared)).fetchall()
            ended = [
                Ended(id=one["id"], valid_until=said, status=MemoryStatus.RETRACTED, reason=RETRACTED) for one in found
            ]
            await end_memories(connection, scope, ended, version=version, now=now)
            await execute(connection, "delete_retraction", params, shared=scope.shared)
            await note_write(connection, scope, version, memories=[one.id for one in ended])
        return tuple(one.id for one in ended)


async def insert_retractions(
    connection: Connection,
    scope: Scope,
    ingestion: int | None,
    pending: Sequence[PendingRetraction],
    row_of_key: Mapping[int, int],
    *,
    now: datetime,
) -> None:
    """Send the retractions that an ingestion leaves pending; nothing for none."""
    if not pending or ingestion is None:
        return
    params = place(scope) | {
        "ingestion": ingestion,
        "now": now,
        "positions": list(range(len(pending))),
        "details": [msgspec.msgpack.encode(one.retraction) for one in pending],
        "candidates": ["{" + ",".join(map(str, _rows(one, row_of_key))) + "}" for one in pending],
    }
    await execute(connection, "insert_retractions", params, shared=scope.shared)


def _rows(one: PendingRetraction, row_of_key: Mapping[int, int]) -> list[int]:
    stored = [row for memory in one.memory_ids if (row := row_id_of(memory)) is not None]
    return list(dict.fromkeys([*stored, *(row_of_key[key] for key in one.keys if key in row_of_key)]))


_details = msgspec.msgpack.Decoder(Retraction)


def _stored(row: Mapping[str, Any]) -> StoredRetraction:
    return StoredRetraction(
        ingestion=row["ingestion_id"],
        position=row["position"],
        retraction=_details.decode(row["detail"]),
        candidates=tuple(row["candidates"]),
        recorded_at=row["recorded_at"],
    )
