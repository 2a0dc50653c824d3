"""Which embedder fills which vector column, and the change from one to another while reads go on.

There are two columns, `emb` and `emb_alt`. One is live: reads use it. To change the embedder the other one is filled in
the background, scope by scope; when nothing lacks a vector any more its covering indexes are built and it becomes live.
Vectors of different embedders therefore never meet. The column left behind stays as it is until it is cleared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from synap.domain.scopes import Scope
from synap.errors import SetupError
from synap.ports.embedder import MAX_DIM
from synap.store.database import Database
from synap.store.rows import place, role_for, scope_of, vector_of
from synap.store.scopes import bump
from synap.store.statements import Slot, execute
from synap.store.writes import note_write

SLOTS: tuple[Slot, Slot] = ("emb", "emb_alt")

_PAGE = 500
_SUFFIX: Mapping[Slot, str] = {"emb": "", "emb_alt": "_alt"}
_COVERED = {
    "memory": "id, type, len, terms, {slot}, valid_from, valid_until, event_at, slots",
    "segment": "id, document_row, ordinal, len, terms, {slot}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A vector column in use: the embedder whose vectors it holds; `live` if reads use it, else it is being filled."""

    slot: Slot
    embedder: str
    dim: int
    live: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unembedded:
    """Rows of one scope that lack a vector: texts by row id."""

    memories: Mapping[int, str]
    segments: Mapping[int, str]

    @property
    def empty(self) -> bool:
        """Whether nothing is lacking."""
        return not self.memories and not self.segments

    @property
    def texts(self) -> list[str]:
        """All the texts, those of memories first."""
        return [*self.memories.values(), *self.segments.values()]


class Embeddings:
    """Reads and changes the vector spaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spaces(self) -> list[Space]:
        """Return the columns in use; empty on a new store."""
        async with self._database.control() as connection:
            rows = await (await execute(connection, "vector_spaces", {})).fetchall()
        return [
            Space(
                slot=row["slot"],
                embedder=row["embedder"],
                dim=row["dim"],
                live=row["state"] == "live",
                changed_at=row["changed_at"],
            )
            for row in rows
        ]

    async def open(self, embedder: str, dim: int, *, now: datetime) -> Space:
        """Return the space of `embedder`: made live on a new store, else the one it has, else the other one, to be filled.

        Raises:
            SetupError: The vectors are too long, or the other column is still being filled for a third embedder or
                holds one's vectors; clear it first.
        """
        if dim > MAX_DIM:
            raise SetupError(f"embedder {embedder} has {dim} dimensions; the store takes at most {MAX_DIM}")
        params: dict[str, Any] = {"embedder": embedder, "dim": dim, "now": now}
        spaces = await self.spaces()
        if not spaces:
            async with self._database.control() as connection:
                await execute(connection, "first_space", params)
            spaces = await self.spaces()
        for space in spaces:
            if space.embedder == embedder:
                return space
        if len(spaces) == len(SLOTS):
            raise SetupError(f"both vector columns are taken: {', '.join(space.embedder for space in spaces)}")
        other = next(slot for slot in SLOTS if slot not in {space.slot for space in spaces})
        async with self._database.control() as connection:
            await execute(connection, "fill_space", params | {"slot": other})
        return Space(slot=other, embedder=embedder, dim=dim, live=False, changed_at=now)

    async def scopes(self, instance_id: str | None = None) -> AsyncIterator[Scope]:
        """Yield every scope that was ever written (of all instances, or of one), in pages; for background work only.

        The CLIENT memories that the instances of a client share are nobody's own: they come only with all instances.
        """
        async with self._database.control() as connection:
            rows = await (await execute(connection, "scopes_page_shared", {})).fetchall()
        for row in rows:  # no transaction stays open meanwhile: what is done for one scope may take long
            if instance_id in (None, row["space"]):
                yield scope_of(row)
        last = {"bucket": -1, "scope": 0}
        while True:
            async with self._database.control() as connection:
                rows = await (await execute(connection, "scopes_page", {**last, "limit": _PAGE})).fetchall()
            for row in rows:
                if instance_id in (None, row["space"]):
                    yield scope_of(row)
            if len(rows) < _PAGE:
                return
            last = {"bucket": rows[-1]["bucket"], "scope": rows[-1]["id"]}

    async def unembedded(self, scope: Scope, *, slot: Slot, limit: int = 256) -> Unembedded:
        """Return at most `limit` memories and as many segments of a scope that lack a vector in `slot`."""
        params = place(scope) | {"limit": limit}
        async with self._database.transaction([scope], pipelined=True) as connection:
            memories = await execute(connection, "unembedded_memories", params, shared=scope.shared, slot=slot)
            segments = await execute(connection, "unembedded_segments", params, shared=scope.shared, slot=slot)
            return Unembedded(
                memories={row["id"]: row["text"] for row in await memories.fetchall()},
                segments={row["id"]: row["text"] for row in await segments.fetchall()},
            )

    async def write(self, scope: Scope, rows: Unembedded, vectors: Iterable[Any], *, slot: Slot) -> None:
        """Store the vectors of `rows.texts`; the scope's version rises, as answers may change.

        A row that was erased, or says something else, since its text was read, gets none.
        """
        made = [vector_of(vector) for _, vector in zip(rows.texts, vectors, strict=True)]
        count = len(rows.memories)
        memories = {"ids": list(rows.memories), "texts": list(rows.memories.values()), "vectors": made[:count]}
        segments = {"ids": list(rows.segments), "vectors": made[count:]}
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        async with transaction as connection:
            bumped = await (await bump(connection, scope)).version.fetchone()
            for name, columns in (("embed_memories", memories), ("embed_segments", segments)):
                await execute(connection, name, place(scope) | columns, shared=scope.shared, slot=slot)
            if bumped is not None:
                version: int = bumped["version"]
                await note_write(connection, scope, version, memories=list(rows.memories), segments=list(rows.segments))

    async def switch(self, slot: Slot, *, owner_dsn: str, now: datetime) -> None:
        """Make a filled column live: build its covering indexes, let reads use it, drop the indexes of the other.

        Args:
            slot: The column; the caller has seen to it that nothing lacks a vector in it.
            owner_dsn: Login of the role that owns the tables.
            now: The moment of the change.
        """
        other = next(one for one in SLOTS if one != slot)
        await _build_indexes(owner_dsn, slot)
        async with self._database.control() as connection:
            await execute(connection, "switch_space", {"slot": slot, "now": now})
        await _drop_indexes(owner_dsn, other)

    async def clear(self, scopes: Sequence[Scope], *, slot: Slot) -> None:
        """Empty a column that is not live, in the given scopes."""
        for scope in scopes:
            async with self._database.transaction([scope], role=role_for(scope), pipelined=True) as connection:
                await bump(connection, scope)
                for name in ("clear_memory_vectors", "clear_segment_vectors"):
                    await execute(connection, name, place(scope), shared=scope.shared, slot=slot)

    async def forget(self, slot: Slot) -> None:
        """Free a column that is not live, so that another embedder can have it; clear all scopes before."""
        async with self._database.control() as connection:
            await execute(connection, "drop_space", {"slot": slot})


async def _build_indexes(owner_dsn: str, slot: Slot) -> None:
    """Build the covering indexes of a column; without locking writers out where the table allows it."""
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as connection:
        for table, covered, shared in _tables():
            cursor = await connection.execute("select relkind = 'p' from pg_class where oid = %s::regclass", [table])
            row = await cursor.fetchone()
            query = sql.SQL(
                "create index {how} if not exists {name} on {table} ({key}) include ({columns}) where status = 0"
            )
            await connection.execute(
                query.format(
                    how=sql.SQL("" if row and row[0] else "concurrently"),
                    name=sql.Identifier(f"{table}_search{_SUFFIX[slot]}"),
                    table=sql.Identifier(table),
                    key=sql.SQL("scope_id" if shared else "bucket, scope_id"),
                    columns=sql.SQL(covered).format(slot=sql.Identifier(slot)),
                )
            )


async def _drop_indexes(owner_dsn: str, slot: Slot) -> None:
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as connection:
        for table, _, _ in _tables():
            name = sql.Identifier(f"{table}_search{_SUFFIX[slot]}")
            await connection.execute(sql.SQL("drop index if exists {}").format(name))


def _tables() -> list[tuple[str, Any, bool]]:
    return [
        (table + suffix, columns, bool(suffix)) for table, columns in _COVERED.items() for suffix in ("_shared", "")
    ]
