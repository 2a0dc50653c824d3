"""A search answered from memory: the candidates are chosen there, the database gives the versions and the chosen texts.

One exchange where the scopes in memory are as new as the store: the texts are asked for before it is known that they are
the right ones. Else the same transaction reads what has changed, or scopes that are not in memory yet, and then the texts.
Texts are read behind row-level security, as ever, and only what is still served is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any

import numpy as np
from psycopg import AsyncCursor
from psycopg.rows import DictRow

from synap.domain.contexts import Candidate, Recall, Search, Untold
from synap.domain.memories import MemoryType
from synap.domain.scopes import Scope
from synap.store.blocks import Ints, Resident, changed, unpacked, whole
from synap.store.candidates import SEGMENT, candidate_of, serves
from synap.store.database import Connection, Database
from synap.store.ranking import Ranked, rank
from synap.store.residents import Residents
from synap.store.rows import place
from synap.store.scopes import ask_scope_rows, read_scope_rows
from synap.store.statements import Slot, execute

AT_ONCE = 3000
"""Memories, and segments, of a scope that are read while a search waits; bigger scopes are read while the database answers."""

MOST_ROWS = 200_000
"""Memories, and segments, of the biggest scope that is kept in memory."""

_ASIDE = 10_000
"""Rows from which on a search leaves the event loop to others meanwhile."""

_ARMS = ("memories", "shared_memories", "segments", "shared_segments")
_SCOPES = ("memory_scopes", "shared_memory_scopes", "segment_scopes", "shared_segment_scopes")


@dataclass(slots=True)
class _Chain:
    """The scopes of a search as far as they are in memory, and what the store says of them."""

    search: Search
    slot: Slot
    epoch: int
    residents: dict[int, Resident] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)

    @property
    def missing(self) -> list[Scope]:
        return [scope for scope in self.search.chain if scope.id not in self.residents]

    @property
    def stale(self) -> list[Scope]:
        """Scopes of which the store has another version; one that was never written has none."""
        return [
            scope
            for scope in self.search.chain
            if (kept := self.residents.get(scope.id)) is not None and kept.version != self.versions.get(scope.id)
        ]


async def recall_resident(database: Database, residents: Residents, search: Search, slot: Slot) -> Recall | None:
    """Return what a search finds, worked out in memory; None where the database has to answer it.

    That is a search without a query or for what was believed at another moment, and one that reads a scope which is
    too big to be read at once and not in memory yet: such a scope is then read for the next ones.
    """
    if search.as_of is not None or not search.queries or not residents.capacity:
        return None
    chain = _Chain(search=search, slot=slot, epoch=residents.epoch)
    for scope in search.chain:
        kept = residents.get(scope, slot)
        if kept is not None:
            chain.residents[scope.id] = kept
        elif residents.away(scope, slot):
            residents.use.misses += 1
            return None
    ranked = None if chain.missing else await _ranked(chain)
    async with database.transaction(search.chain, pipelined=True, plan_once=True) as connection:
        asked = await ask_scope_rows(connection, search.chain)
        loads = {scope: await _ask_rows(connection, scope, slot) for scope in chain.missing}
        texts = None if ranked is None else await _ask_texts(connection, search, ranked)
        known = await read_scope_rows(asked, search.chain)
        chain.versions = {row["id"]: row["version"] for row in known if row["known"]}
        big = await _load(chain, residents, loads)
        stale = chain.stale
        big += await _refresh(connection, chain, residents, stale)
        if not big:
            if ranked is None or stale:
                ranked = await _ranked(chain)
                texts = await _ask_texts(connection, search, ranked)
            else:
                residents.use.hits += 1
            rows = [row for cursor in texts or () for row in await cursor.fetchall()]
    if big or ranked is None:
        residents.use.misses += 1
        for scope in big:
            _load_later(database, residents, scope, slot)
        return None
    return _recall(chain, ranked, rows)


async def _ranked(chain: _Chain) -> Ranked:
    held = [(scope, chain.residents[scope.id]) for scope in chain.search.chain if scope.id in chain.residents]
    if sum(resident.rows for _, resident in held) < _ASIDE:
        return rank(held, chain.search)
    return await asyncio.to_thread(rank, held, chain.search)


async def _ask_rows(
    connection: Connection, scope: Scope, slot: Slot, *, most: int = AT_ONCE + 1
) -> AsyncCursor[DictRow]:
    params = place(scope) | {"most": most}
    return await execute(connection, "resident_rows", params, shared=scope.shared, slot=slot, binary=True)


async def _load(chain: _Chain, residents: Residents, loads: Mapping[Scope, AsyncCursor[DictRow]]) -> list[Scope]:
    """Keep the scopes whose rows were asked for, and return those that have more rows than can be read at once."""
    big = []
    for scope, cursor in loads.items():
        rows = await cursor.fetchall()
        version = chain.versions.get(scope.id)
        if version is not None and any(row["count"] > AT_ONCE for row in rows):
            big.append(scope)
            continue
        # Nothing of a scope whose digest is another one's.
        resident = Resident(version=None) if version is None else whole(unpacked(rows), version=version)
        _keep(chain, residents, scope, resident)
        residents.use.loads += 1
    return big


async def _refresh(connection: Connection, chain: _Chain, residents: Residents, stale: Sequence[Scope]) -> list[Scope]:
    """Bring scopes up to date by what writes touched since; return those that would have to be read whole and are big."""
    asked: dict[Scope, tuple[AsyncCursor[DictRow], AsyncCursor[DictRow] | None]] = {}
    for scope in stale:
        since = chain.residents[scope.id].version
        if since is None or scope.id not in chain.versions:
            asked[scope] = (await _ask_rows(connection, scope, chain.slot), None)
            continue
        params = place(scope) | {"since": since}
        asked[scope] = (
            await execute(connection, "resident_changes", params, shared=scope.shared, slot=chain.slot, binary=True),
            await execute(connection, "writes_since", params, shared=scope.shared),
        )
    lost = {}
    for scope, (rows, writes) in asked.items():
        told = [] if writes is None else await writes.fetchall()
        if writes is None or not _told_whole(told, chain.residents[scope.id].version, chain.versions[scope.id]):
            lost[scope] = rows if writes is None else await _ask_rows(connection, scope, chain.slot)
            continue
        resident = changed(
            chain.residents[scope.id],
            unpacked(await rows.fetchall()),
            version=chain.versions[scope.id],
            memories=[row for write in told for row in write["memories"]],
            segments=[row for write in told for row in write["segments"]],
        )
        _keep(chain, residents, scope, resident)
        residents.use.refreshes += 1
    return await _load(chain, residents, lost)


def _told_whole(writes: Sequence[Mapping[str, Any]], since: int | None, version: int) -> bool:
    """Whether every version after `since` up to `version` is told whole."""
    told = {write["version"] for write in writes if write["whole"]}
    return since is not None and since < version and all(one in told for one in range(since + 1, version + 1))


def _keep(chain: _Chain, residents: Residents, scope: Scope, resident: Resident) -> None:
    chain.residents[scope.id] = resident
    residents.put(scope, chain.slot, resident, epoch=chain.epoch)


def _load_later(database: Database, residents: Residents, scope: Scope, slot: Slot) -> None:
    epoch = residents.epoch

    async def load() -> None:
        async with database.transaction([scope], pipelined=True) as connection:
            asked = await ask_scope_rows(connection, [scope])
            cursor = await _ask_rows(connection, scope, slot, most=MOST_ROWS + 1)
            known = await read_scope_rows(asked, [scope])
            rows = await cursor.fetchall()
        version = next((row["version"] for row in known if row["known"]), None)
        if version is None:
            return
        if any(row["count"] > MOST_ROWS for row in rows):
            residents.refuse(scope, slot)
            return
        block = await asyncio.to_thread(unpacked, rows)
        residents.put(scope, slot, whole(block, version=version), epoch=epoch)
        residents.use.loads += 1

    residents.load_later(scope, slot, load)


async def _ask_texts(connection: Connection, search: Search, ranked: Ranked) -> list[AsyncCursor[DictRow]]:
    owned = next((scope.bucket for scope in search.chain if not scope.shared), -1)
    params: dict[str, Any] = {"bucket": owned}
    for part, (ids, scopes) in enumerate(zip(_ARMS, _SCOPES, strict=True)):
        chosen = ranked.told & (ranked.parts == part)
        params[ids], params[scopes] = _array(ranked.ids[chosen]), _array(ranked.scopes[chosen])
    return [await execute(connection, name, params, binary=True) for name in ("memory_texts", "segment_texts")]


def _array(numbers: Ints) -> str:
    """Return numbers in the text form of an array, which the driver sends at a fraction of the cost of a list."""
    return "{" + ",".join(map(str, numbers.tolist())) + "}"


def _recall(chain: _Chain, ranked: Ranked, rows: Sequence[Mapping[str, Any]]) -> Recall:
    scopes = {scope.id: scope for scope in chain.search.chain}
    told = np.flatnonzero(ranked.told)
    keys = zip(ranked.parts[told].tolist(), ranked.ids[told].tolist(), strict=True)
    vectors, lexicals = _optional(ranked.cosines[told]), _optional(ranked.lexicals[told])
    scores = dict(zip(keys, zip(vectors, lexicals, strict=True), strict=True))
    candidates = tuple(_candidates(rows, scopes, scores, chain.search.types))
    return Recall(candidates=candidates, untold=_untold(ranked), versions=chain.versions)


def _candidates(
    rows: Sequence[Mapping[str, Any]],
    scopes: Mapping[int, Scope],
    scores: Mapping[tuple[int, int], tuple[list[float | None], list[float | None]]],
    types: frozenset[MemoryType],
) -> Iterable[Candidate]:
    metadata: dict[str | None, dict[str, Any]] = {}
    for row in rows:
        scope = scopes.get(row["scope_id"])
        if scope is not None:
            candidate = candidate_of(row, scope, scores[row["part"], row["id"]], metadata)
            if serves(candidate, types):
                yield candidate


def _optional(scores: Any) -> list[list[float | None]]:
    """Return scores with None for NaN."""
    return [[None if isnan(one) else one for one in row] for row in scores.tolist()]


def _untold(ranked: Ranked) -> Untold | None:
    left = ~ranked.told
    if not left.any():
        return None
    return Untold(
        scopes=ranked.scopes[left],
        documents=ranked.documents[left],
        ordinals=ranked.ordinals[left],
        shared=ranked.parts[left] % SEGMENT == 1,
        vector_scores=ranked.cosines[left],
        lexical_scores=ranked.lexicals[left],
    )
