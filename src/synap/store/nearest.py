"""The nearest memories of a big scope, chosen in memory: reconciling asks for them with every new memory.

The database looks through all vectors of a scope for each memory anew. Where they are many, the process that works through a
scope's documents keeps them in blocks, a byte for each number, brings them up to date by what writes note, and checks
the scope's version with every use: docs/decisions/0039-nearest-memories-in-memory.md.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from cachetools import LRUCache, TTLCache
from numpy.typing import NDArray

from synap.domain.memories import NewMemory
from synap.domain.scopes import Scope
from synap.store.blocks import Ints, halves_of, numbers
from synap.store.database import Connection
from synap.store.rows import place
from synap.store.scopes import versions_of
from synap.store.statements import Slot, execute
from synap.store.writes import told_whole

KEPT_FROM = 4096
"""Vectors of a scope from which on they are kept: of fewer the database makes as short work."""

UNUSED_SECONDS = 900.0
"""How long what nobody asks for is kept."""

_ROWS = 1024
"""Rows of a block, and rows that are read at a time."""

_FIRST_COUNT = 8
"""New memories of a scope before its vectors are counted."""

_AT_ONCE = 128
"""Vectors that are looked for at a time."""

_LEVELS = 127

_SCOPES = 4096
_GONE = 0
"""In place of the id of a row that is not there any more."""

Key: TypeAlias = tuple[int, bytes, Slot]
"""What is kept of a scope is found by its whole digest and the vector column: nothing is shared between owners or embedders."""


class Block(NamedTuple):
    """Vectors of `(rows,)` memories, each as `(dim,)` whole numbers from -127 to 127 and what they are multiplied by."""

    ids: Ints
    levels: NDArray[np.int8]
    steps: NDArray[np.float32]


class Vectors:
    """The vectors of a scope's active memories at one version, none at first, told to a 250th of their largest number."""

    def __init__(self, dim: int) -> None:
        self.lock = asyncio.Lock()
        self._dim = dim
        self.clear()

    def clear(self) -> None:
        """Drop all vectors; what is left is the scope at no version."""
        self.version: int | None = None
        self._blocks: list[Block] = []
        self._filled = 0
        self._gone = 0

    def __len__(self) -> int:
        return max(0, len(self._blocks) - 1) * _ROWS + self._filled

    @property
    def size(self) -> int:
        """Bytes that they take."""
        return sum(column.nbytes for block in self._blocks for column in block)

    def change(self, touched: Iterable[int], ids: Ints, vectors: NDArray[Any]) -> None:
        """Leave out the rows that were touched, and add rows: `(n,)` ids and `(n, dim)` vectors."""
        old = np.union1d(np.fromiter(touched, np.int64), ids)
        for known, _, _ in self._blocks:
            gone = np.isin(known, old) & (known != _GONE)
            known[gone] = _GONE
            self._gone += int(gone.sum())
        if 2 * self._gone > len(self) > _ROWS:
            self._tidy()
        wide = vectors.astype(np.float32)
        steps = np.maximum(np.abs(wide).max(axis=1, initial=0.0), np.finfo(np.float32).tiny) / _LEVELS
        self._add(Block(ids, np.rint(wide / steps[:, None]).astype(np.int8), steps))

    def nearest(self, sought: NDArray[np.float32], most: int) -> Ints:
        """Return the ids of the `most` memories with about the greatest inner products, for each of `(n, dim)` vectors.

        Returns:
            `(n, most)` ids, nearest first; 0 where there are no more.
        """
        ids, products = np.full((len(sought), most), _GONE), np.full((len(sought), most), -np.inf, np.float32)
        wide = np.empty((_ROWS, self._dim), np.float32)
        for known, levels, steps in self._blocks:
            np.copyto(wide, levels)
            for start in range(0, len(sought), _AT_ONCE):
                some = slice(start, start + _AT_ONCE)
                found = sought[some] @ wide.T * steps
                found[:, known == _GONE] = -np.inf
                at = np.argpartition(found, -min(most, _ROWS), axis=1)[:, -most:]
                among = np.concatenate((ids[some], known[at]), axis=1)
                worth = np.concatenate((products[some], np.take_along_axis(found, at, axis=1)), axis=1)
                best = np.argsort(-worth, axis=1, kind="stable")[:, :most]
                ids[some], products[some] = (
                    np.take_along_axis(among, best, axis=1),
                    np.take_along_axis(worth, best, axis=1),
                )
        ids[np.isneginf(products)] = _GONE
        return ids

    def _add(self, rows: Block) -> None:
        start = 0
        while start < len(rows.ids):
            if not self._blocks or self._filled == _ROWS:
                levels = np.zeros((_ROWS, self._dim), np.int8)
                self._blocks.append(Block(np.full(_ROWS, _GONE), levels, np.zeros(_ROWS, np.float32)))
                self._filled = 0
            count = min(_ROWS - self._filled, len(rows.ids) - start)
            there, here = slice(start, start + count), slice(self._filled, self._filled + count)
            last = self._blocks[-1]
            last.ids[here], last.levels[here], last.steps[here] = rows.ids[there], rows.levels[there], rows.steps[there]
            self._filled += count
            start += count

    def _tidy(self) -> None:
        """Close the gaps, block by block."""
        blocks, self._blocks, self._filled, self._gone = self._blocks, [], 0, 0
        for block in blocks:
            there = block.ids != _GONE
            self._add(Block(*(column[there] for column in block)))


class NearestCache:
    """The vectors of the big scopes that were written to lately, least recently used first to go; bounded in bytes."""

    def __init__(self, capacity: int, *, timer: Callable[[], float] = time.monotonic) -> None:
        """Keep at most `capacity` bytes; with 0 nothing is kept, and the database is asked every time."""
        self.capacity = capacity
        self._epoch = 0
        self._held: TTLCache[Key, Vectors] = TTLCache(capacity, UNUSED_SECONDS, timer, getsizeof=lambda one: one.size)
        self._left: LRUCache[Key, int] = LRUCache(_SCOPES)
        """New memories that a scope may still get before its vectors are counted."""

    @property
    def size(self) -> int:
        """Bytes held."""
        return int(self._held.currsize)

    async def choose(
        self, connection: Connection, scope: Scope, drafts: Sequence[NewMemory], *, most: int, slot: Slot
    ) -> Mapping[int, Sequence[int]] | None:
        """Return the rows of the `most` nearest memories of a scope by the drafts' keys; None where the database must choose.

        Args:
            connection: A transaction that has entered the scope.
            scope: Where to look.
            drafts: New memories; those without a vector have nothing near.
            most: How many for each.
            slot: The vector column.
        """
        sought = {draft.key: draft.vector for draft in drafts if draft.vector is not None}
        if not sought or not self.capacity:
            return None
        key, epoch, dim = key_of(scope, slot), self._epoch, len(next(iter(sought.values())))
        held = self._held.get(key)
        if held is None and not await self._worth_while(connection, scope, key, count=len(sought), dim=dim):
            return None
        version = (await versions_of(connection, [scope])).get(scope.id)
        if version is None:
            return None
        held = Vectors(dim) if held is None else held
        matrix = np.asarray(list(sought.values()), np.float32)
        async with held.lock:
            if held.version != version and not await _refreshed(connection, scope, held, version, slot=slot):
                await _load(connection, scope, held, version, slot=slot)
            if epoch == self._epoch:
                self._keep(key, held)
            rows = await asyncio.to_thread(held.nearest, matrix, most)
        return {draft: [row for row in near if row != _GONE] for draft, near in zip(sought, rows.tolist(), strict=True)}

    def forget(self, scope: Scope) -> None:
        """Drop what is kept of a scope, and what is just being read of it. Called once its rows are gone."""
        self._epoch += 1
        for key in [key for key in self._held if key[:2] == (scope.id, scope.digest)]:
            del self._held[key]

    def clear(self) -> None:
        """Drop everything."""
        self._held.clear()

    def _keep(self, key: Key, held: Vectors) -> None:
        self._held.pop(key, None)
        if held.size <= self.capacity:
            self._held[key] = held

    async def _worth_while(self, connection: Connection, scope: Scope, key: Key, *, count: int, dim: int) -> bool:
        """Whether a scope that gets `count` memories has so many vectors that they are better kept, and not more than fit."""
        left = self._left.get(key, _FIRST_COUNT) - count
        if left <= 0:
            params = place(scope)
            cursor = await execute(connection, "count_vectors", params, shared=scope.shared, slot=key[2])
            (row,) = await cursor.fetchall()
            if row["count"] >= KEPT_FROM and row["count"] * dim < self.capacity:
                return True
            left = max(_FIRST_COUNT, abs(KEPT_FROM - row["count"]))
        self._left[key] = left
        return False


def key_of(scope: Scope, slot: Slot) -> Key:
    """Return what the rows or vectors of a scope are kept under."""
    return scope.id, scope.digest, slot


async def _load(connection: Connection, scope: Scope, held: Vectors, version: int, *, slot: Slot) -> None:
    """Read all vectors of a scope at a version, in place of those that are there: both at once would be twice the memory."""
    held.clear()
    after = 0
    while True:
        params = place(scope) | {"after": after, "most": _ROWS}
        cursor = await execute(connection, "vectors_after", params, shared=scope.shared, slot=slot, binary=True)
        (row,) = await cursor.fetchall()
        if not row["count"]:
            held.version = version
            return
        held.change((), *_unpacked(row))
        after = row["last"]


async def _refreshed(connection: Connection, scope: Scope, held: Vectors, version: int, *, slot: Slot) -> bool:
    """Bring vectors to a version by what writes have touched since; False where that is not known."""
    if held.version is None:
        return False
    params = place(scope) | {"since": held.version}
    writes = await (await execute(connection, "writes_since", params, shared=scope.shared)).fetchall()
    if not told_whole(writes, held.version, version):
        return False
    cursor = await execute(connection, "vector_changes", params, shared=scope.shared, slot=slot, binary=True)
    (row,) = await cursor.fetchall()
    held.change((row for write in writes for row in write["memories"]), *_unpacked(row))
    held.version = version
    return True


def _unpacked(row: Mapping[str, Any]) -> tuple[Ints, NDArray[Any]]:
    return numbers(row["ids"], ">i8").astype(np.int64), halves_of(row["vectors"], row["count"])
