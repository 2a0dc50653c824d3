"""Texts of rows that are in memory: read when a search first tells them, or ahead of the next questions."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from synap.domain.scopes import Scope
from synap.store.blocks import Resident
from synap.store.candidates import candidate_of, told_of
from synap.store.database import Connection, Database
from synap.store.residents import Residents
from synap.store.scopes import ask_versions, read_versions
from synap.store.statements import Slot, execute
from synap.store.texts import MOST_TEXTS, RowKey, Told

_AT_ONCE = 64
"""Texts that are read ahead at a time, so that others wait for some milliseconds at most."""

_PREPARED_AT_ONCE = 8

_PARTS = ("memories", "shared_memories", "segments", "shared_segments")
_SCOPES = ("memory_scopes", "shared_memory_scopes", "segment_scopes", "shared_segment_scopes")


async def ask_texts(
    connection: Connection, chain: Sequence[Scope], keys: Sequence[tuple[int, RowKey]]
) -> list[AsyncCursor[DictRow]]:
    """Send the statements that read the texts of rows of a chain, each given with its scope's id; none for no rows."""
    if not keys:
        return []
    owned = next((scope.bucket for scope in chain if not scope.shared), -1)
    chosen: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for scope, (part, row) in keys:
        chosen[part].append((row, scope))
    params: dict[str, Any] = {"bucket": owned}
    for part, (ids, scopes) in enumerate(zip(_PARTS, _SCOPES, strict=True)):
        params[ids], params[scopes] = _array(row for row, _ in chosen[part]), _array(scope for _, scope in chosen[part])
    return [await execute(connection, name, params, binary=True) for name in ("memory_texts", "segment_texts")]


def _array(numbers: Iterable[int]) -> str:
    """Return numbers in the text form of an array, which the driver sends at a fraction of the cost of a list."""
    return "{" + ",".join(map(str, numbers)) + "}"


def texts_of(scope: Scope, rows: Iterable[Mapping[str, Any]]) -> dict[RowKey, Told]:
    """Return those of `rows` that belong to a scope, as they are served."""
    metadata: dict[str | None, dict[str, Any]] = {}
    return {(row["part"], row["id"]): told_of(row, scope, metadata) for row in rows if row["scope_id"] == scope.id}


def read_ahead(database: Database, residents: Residents, scope: Scope, slot: Slot) -> None:
    """Read the texts of a small scope that is in memory while others go on, for as long as nothing is written to it."""
    resident = residents.get(scope, slot)
    if resident is None or resident.version is None or resident.rows > MOST_TEXTS:
        return
    epoch = residents.epoch

    async def read() -> None:
        keys = iter(resident.unread(shared=scope.shared))
        while portion := list(islice(keys, _AT_ONCE)):
            await _give_way(residents)
            fresh = await _read(database, resident, scope, portion)
            if not fresh or residents.get(scope, slot) is not resident:
                return
            residents.put(scope, slot, resident, epoch=epoch)
            await _prepare(residents, fresh)

    residents.read_ahead(scope, slot, read)


async def _prepare(residents: Residents, fresh: Sequence[Told]) -> None:
    """Have what was read prepared, a few at a time, so that others wait for a millisecond or two."""
    if residents.prepare is None:
        return
    for start in range(0, len(fresh), _PREPARED_AT_ONCE):
        await _give_way(residents)
        for told in fresh[start : start + _PREPARED_AT_ONCE]:
            residents.prepare(candidate_of(told, ((), ())))


async def _give_way(residents: Residents) -> None:
    await asyncio.sleep(0)
    if residents.give_way is not None:
        await residents.give_way()


async def _read(database: Database, resident: Resident, scope: Scope, keys: Sequence[RowKey]) -> list[Told]:
    """Read the texts of rows and keep them; none, and nothing is kept, where the scope has another version by now."""
    async with database.transaction([scope], pipelined=True, plan_once=True) as connection:
        asked = await ask_versions(connection, [scope])
        cursors = await ask_texts(connection, [scope], [(scope.id, key) for key in keys])
        versions = await read_versions(asked, [scope])
        rows = [row for cursor in cursors for row in await cursor.fetchall()]
    if versions.get(scope.id) != resident.version:
        return []
    fresh = texts_of(scope, rows)
    resident.texts.add(fresh)
    return list(fresh.values())
