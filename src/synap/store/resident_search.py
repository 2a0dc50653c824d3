"""A search answered from memory: the candidates are chosen there, the database gives the versions and the chosen texts.

Where the scopes in memory are as new as the store, one exchange: of the versions alone where the chosen texts were read for
an earlier question, and the answer is made while the database confirms them; else together with the texts, which are asked for
before it is known that they are the right ones. Where something has changed, or a scope is not in memory yet, the same
transaction reads that, and then the texts; what this process has written itself is asked for at once. Texts are read behind
row-level security, and only of what is still served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any, TypeVar

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from synap.domain.contexts import Candidate, Recall, Search, Untold
from synap.domain.scopes import Scope
from synap.store.blocks import Resident, changed, unpacked, whole
from synap.store.candidates import candidate_of, serves
from synap.store.database import Connection, Database
from synap.store.ranking import Ranked, rank
from synap.store.resident_texts import ask_texts, read_ahead, texts_of
from synap.store.residents import Residents
from synap.store.rows import place
from synap.store.scopes import ask_versions, read_versions, versions_now
from synap.store.statements import Slot, execute
from synap.store.texts import SEGMENT, RowKey, Told
from synap.store.writes import told_whole

AT_ONCE = 3000
"""Memories, and segments, of a scope that are read while a search waits; bigger scopes are read while the database answers."""

MOST_ROWS = 200_000
"""Memories, and segments, of the biggest scope that is kept in memory."""

_FEW = 4
"""Texts that a search may lack for what was just written, without the scope's others being read ahead."""

_ASIDE = 10_000
"""Rows from which on a search leaves the event loop to others meanwhile."""

Made = TypeVar("Made")


@dataclass(slots=True)
class _Chain:
    """The scopes of a search as far as they are in memory, what the store says of them, and the texts at hand for it.

    `behind` are those that are known to have changed, `unread` the rows whose texts are not at hand, each with its scope's id.
    """

    search: Search
    slot: Slot
    epoch: int
    residents: dict[int, Resident] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    told: dict[tuple[int, RowKey], Told] = field(default_factory=dict)
    behind: list[Scope] = field(default_factory=list)
    unread: list[tuple[int, RowKey]] = field(default_factory=list)

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


async def answer_resident(
    database: Database, residents: Residents, search: Search, slot: Slot, make: Callable[[Recall], Made]
) -> Made | None:
    """Return what `make` makes of what a search finds, worked out in memory; None where the database has to answer it.

    That is a search without a query or for what was believed at another moment, and one that reads a scope which is
    too big to be read at once and not in memory yet: such a scope is then read for the next ones.

    Args:
        database: Where to read.
        residents: What is in memory.
        search: What to look for.
        slot: The vector column searched.
        make: A pure function. It is called before the database has confirmed that nothing has changed, and again where
            something has; what it makes of what is over is dropped.
    """
    if search.as_of is not None or not search.queries or not residents.capacity:
        return None
    chain = _held(residents, search, slot)
    if chain is None:
        residents.use.misses += 1
        return None
    ranked = None if chain.missing or chain.behind else await _ranked(chain)
    if ranked is not None:
        _lay_out(chain, ranked)
    if ranked is not None and not chain.unread:
        made = await _confirmed(database, chain, ranked, make)
        if not chain.stale:
            residents.use.hits += 1
            residents.use.told += 1
            return made
    asked = bool(chain.unread)
    ranked = await _exchanged(database, residents, chain, ranked)
    if ranked is None:
        residents.use.misses += 1
        return None
    if asked or (chain.behind and len(chain.unread) > _FEW):
        # Asked again: whoever asks a second time will ask a third time.
        for scope in search.chain:
            read_ahead(database, residents, scope, slot)
    return make(_recall(chain, ranked))


async def _confirmed(database: Database, chain: _Chain, ranked: Ranked, make: Callable[[Recall], Made]) -> Made:
    """Return what is made of the chain as it is in memory, and bring its versions as they are in the database.

    The versions that the answer tells are those it was made at, so it is right wherever the chain turns out not to be stale.
    """
    at = {scope: kept.version for scope, kept in chain.residents.items() if kept.version is not None}
    asking = asyncio.create_task(versions_now(database, chain.search.chain))
    try:
        # Let it go out: the database then works while this process does.
        await asyncio.sleep(0)
        made = make(_recall(chain, ranked, at))
    except BaseException:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        raise
    chain.versions = await asking
    return made


async def _exchanged(database: Database, residents: Residents, chain: _Chain, ranked: Ranked | None) -> Ranked | None:
    """Bring the chain up to date, and return what the search finds then, its texts kept; None where a scope is too big for now.

    Args:
        database: Where to read.
        residents: Where to keep what is read.
        chain: The scopes as they are in memory.
        ranked: What the search finds in them, if all are there.
    """
    search, slot = chain.search, chain.slot
    texts: list[AsyncCursor[DictRow]] = []
    async with database.transaction(search.chain, pipelined=True, plan_once=True) as connection:
        asked = await ask_versions(connection, search.chain)
        loads = {scope: await _ask_rows(connection, scope, slot) for scope in chain.missing}
        changes = {scope: await _ask_changes(connection, chain, scope) for scope in chain.behind}
        texts = await ask_texts(connection, search.chain, chain.unread)
        chain.versions = await read_versions(asked, search.chain)
        big = await _load(chain, residents, loads)
        stale = chain.stale
        for scope in stale:
            if scope not in changes:
                changes[scope] = await _ask_changes(connection, chain, scope)
        big += await _refresh(connection, chain, residents, {scope: changes[scope] for scope in stale})
        if not big:
            if ranked is None or stale:
                ranked = await _ranked(chain)
                _lay_out(chain, ranked)
                texts = await ask_texts(connection, search.chain, chain.unread)
            else:
                residents.use.hits += 1
    for scope in big:
        _load_later(database, residents, scope, slot)
    if big:
        return None
    # After the end of the transaction, so that the texts and the commit are one exchange.
    _keep_texts(chain, residents, [row for cursor in texts for row in await cursor.fetchall()])
    return ranked


def _held(residents: Residents, search: Search, slot: Slot) -> _Chain | None:
    """Return the scopes as far as they are in memory; None where the database has to answer for one of them."""
    chain = _Chain(search=search, slot=slot, epoch=residents.epoch)
    for scope in search.chain:
        kept = residents.get(scope, slot)
        if kept is not None:
            chain.residents[scope.id] = kept
        elif residents.away(scope, slot):
            return None
    chain.behind = [scope for scope in search.chain if residents.is_behind(scope, chain.residents.get(scope.id))]
    return chain


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


async def _ask_changes(
    connection: Connection, chain: _Chain, scope: Scope
) -> tuple[AsyncCursor[DictRow], AsyncCursor[DictRow] | None]:
    """Send what reads the rows that writes touched since a scope was read, and the notes of those; all its rows where it never was."""
    since = chain.residents[scope.id].version
    if since is None:
        return await _ask_rows(connection, scope, chain.slot), None
    params = place(scope) | {"since": since}
    return (
        await execute(connection, "resident_changes", params, shared=scope.shared, slot=chain.slot, binary=True),
        await execute(connection, "writes_since", params, shared=scope.shared),
    )


async def _refresh(
    connection: Connection,
    chain: _Chain,
    residents: Residents,
    asked: Mapping[Scope, tuple[AsyncCursor[DictRow], AsyncCursor[DictRow] | None]],
) -> list[Scope]:
    """Bring scopes up to date by what writes touched since; return those that would have to be read whole and are big."""
    lost = {}
    for scope, (rows, writes) in asked.items():
        told = [] if writes is None else await writes.fetchall()
        if (
            writes is None
            or scope.id not in chain.versions
            or not told_whole(told, chain.residents[scope.id].version, chain.versions[scope.id])
        ):
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


def _keep(chain: _Chain, residents: Residents, scope: Scope, resident: Resident) -> None:
    chain.residents[scope.id] = resident
    residents.put(scope, chain.slot, resident, epoch=chain.epoch)


def _load_later(database: Database, residents: Residents, scope: Scope, slot: Slot) -> None:
    epoch = residents.epoch

    async def load() -> None:
        async with database.transaction([scope], pipelined=True) as connection:
            asked = await ask_versions(connection, [scope])
            cursor = await _ask_rows(connection, scope, slot, most=MOST_ROWS + 1)
            versions = await read_versions(asked, [scope])
            rows = await cursor.fetchall()
        version = versions.get(scope.id)
        if version is None:
            return
        if any(row["count"] > MOST_ROWS for row in rows):
            residents.refuse(scope, slot)
            return
        block = await asyncio.to_thread(unpacked, rows)
        residents.put(scope, slot, whole(block, version=version), epoch=epoch)
        residents.use.loads += 1

    residents.load_later(scope, slot, load)


def _lay_out(chain: _Chain, ranked: Ranked) -> None:
    """Lay out the texts that are in memory, and note the rows that lack theirs."""
    chain.told, chain.unread = {}, []
    for scope, key in _keys(ranked):
        told = chain.residents[scope].texts.get(key)
        if told is None:
            chain.unread.append((scope, key))
        else:
            chain.told[scope, key] = told


def _keys(ranked: Ranked) -> list[tuple[int, RowKey]]:
    told = ranked.told
    rows = zip(ranked.parts[told].tolist(), ranked.ids[told].tolist(), strict=True)
    return list(zip(ranked.scopes[told].tolist(), rows, strict=True))


def _keep_texts(chain: _Chain, residents: Residents, rows: Sequence[Mapping[str, Any]]) -> None:
    """Lay out the texts read for this search, and keep them beside the rows that they belong to."""
    for scope in chain.search.chain:
        kept = chain.residents.get(scope.id)
        fresh = {} if kept is None else texts_of(scope, rows)
        chain.told |= {(scope.id, key): told for key, told in fresh.items()}
        if kept is not None and fresh:
            kept.texts.add(fresh)
            _keep(chain, residents, scope, kept)


def _recall(chain: _Chain, ranked: Ranked, versions: Mapping[int, int] | None = None) -> Recall:
    candidates = tuple(_candidates(chain, ranked))
    return Recall(
        candidates=candidates,
        untold=_untold(ranked),
        versions=chain.versions if versions is None else versions,
        learnt={scope: resident.learnt for scope, resident in chain.residents.items()},
    )


def _candidates(chain: _Chain, ranked: Ranked) -> Iterator[Candidate]:
    scores = zip(_optional(ranked.cosines[ranked.told]), _optional(ranked.lexicals[ranked.told]), strict=True)
    for key, given in zip(_keys(ranked), scores, strict=True):
        told = chain.told.get(key)
        if told is not None:
            candidate = candidate_of(told, given)
            if serves(candidate, chain.search.types):
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
