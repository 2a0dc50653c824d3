"""Entities: what is known of them in a scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from synap.domain.entities import (
    Action,
    Alias,
    Decision,
    Entity,
    EntityKind,
    Filling,
    Relationship,
    Rung,
    fillers_at,
    terms_of,
)
from synap.domain.ids import RowRef
from synap.domain.memories import Memory
from synap.domain.names import Name, name_of, normal_name, part_of, same
from synap.domain.registry import Registry
from synap.domain.roles import SHARED, role_of
from synap.domain.scopes import Scope
from synap.store.database import Connection, Database
from synap.store.linking import MOST_NEAR, registered
from synap.store.memories import Located
from synap.store.rows import entity_ref, memory_of, memory_ref, place, scope_of
from synap.store.scopes import ask_versions, read_versions
from synap.store.statements import execute

MOST_LISTED = 200
"""Relationships, lines of the log, and memories per alias that one entity is shown with at most."""

MOST_NAMES = 2000
"""Names of a scope that questions are compared with, those of the entities mentioned last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPage:
    """A page of entities, the most mentioned first, and how many there are in all."""

    entities: tuple[Entity, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownName:
    """A name that a question may use: whose it is, and what that is called otherwise."""

    entity: int
    kind: EntityKind
    canonical: str
    normal: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesKnown:
    """What a scope knows by several names, and who fills its roles, by the role's row; None for a scope nobody wrote."""

    version: int | None = None
    names: tuple[KnownName, ...] = ()
    fillings: Mapping[int, tuple[Filling, ...]] = field(default_factory=dict)


class Entities:
    """Reads entities."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def locate(self, ref: RowRef) -> Located | None:
        """Return whose an entity is, by its decoded public id, or None if there is no such entity."""
        if ref.kind != "entity":
            return None
        async with self._database.control() as connection:
            params = {"bucket": ref.bucket, "memory": ref.row_id}
            row = await (await execute(connection, "locate", params)).fetchone()
        if row is None or row["space"] is None:
            return None
        return Located(instance_id=row["instance_id"], scope=scope_of(row))

    async def page(
        self, scope: Scope, *, page: int = 1, page_size: int = 20, kind: EntityKind | None = None, named: str = ""
    ) -> EntityPage:
        """Return a page (from 1) of the entities of exactly this scope; `named` is part of one of their names."""
        params = place(scope) | {"limit": page_size, "offset": (page - 1) * page_size}
        params |= {"kind": None if kind is None else kind.value, "normal": normal_name(named) or None}
        async with self._database.transaction([scope], pipelined=True) as connection:
            listed = await execute(connection, "page_of_entities", params, shared=scope.shared)
            counted = await execute(connection, "count_entities", params, shared=scope.shared)
            rows, total = await listed.fetchall(), await counted.fetchone()
        return EntityPage(entities=tuple(_entity(row, scope) for row in rows), total=total["total"] if total else 0)

    async def get(self, scope: Scope, row_id: int) -> Entity | None:
        """Return an entity of exactly this scope with its names, relationships and log, or None.

        One that was merged into another is shown by itself, with `merged_into`.
        """
        async with self._database.transaction([scope]) as connection:
            return await entity_in(connection, scope, row_id)

    async def called(self, scope: Scope, names: Sequence[str], *, exactly: bool = False) -> list[int]:
        """Return the rows of the entities of exactly this scope that these names may mean, merged ones under their root.

        Those with the very name come first; where there are none, those whose name is the same but for spelling, then
        those of whose name it is part.
        """
        wanted = [name_of(name) for name in names]
        params = place(scope) | {"normals": [name.normal for name in wanted], "most": MOST_NEAR}
        params |= {"keys": [] if exactly else sorted({key for name in wanted for key in name.keys})}
        async with self._database.transaction([scope], pipelined=True) as connection:
            cursor = await execute(connection, "entities_near", params, shared=scope.shared)
            known = Registry(registered(await cursor.fetchall()))
        for fits in (_is, same, part_of):
            rows = {known.root(row) for name in wanted for row, alias in known.all() if fits(name, name_of(alias.name))}
            if rows or exactly:
                return sorted(rows)
        return []

    async def memories(self, scope: Scope, entity: int, *, now: datetime, limit: int) -> list[Memory]:
        """Return the believed memories of exactly this scope that mention an entity under any name, last said first.

        What is said about a role belongs to whoever filled it when it was said; to a role belongs what is said about whoever
        fills it now.
        """
        async with self._database.transaction([scope]) as connection:
            found = await _about(connection, scope, entity, now=now, limit=limit)
        return sorted(found.values(), key=lambda memory: (_said(memory), memory.id), reverse=True)[:limit]

    async def names_known(self, chain: Sequence[Scope]) -> dict[Scope, NamesKnown]:
        """Return what each scope of a chain knows by several names, and its roles; of scopes that nobody wrote, nothing.

        The versions are read first: where something is written meanwhile, what is known looks older than it is.
        """
        async with self._database.transaction(chain, pipelined=True) as connection:
            asked = await ask_versions(connection, chain)
            cursors = [(scope, await _ask_names(connection, scope)) for scope in chain]
        versions = await read_versions(asked, chain)
        return {scope: await _names_in(found, versions.get(scope.id)) for scope, found in cursors}


async def _ask_names(connection: Connection, scope: Scope) -> tuple[AsyncCursor[DictRow], AsyncCursor[DictRow]]:
    params = place(scope) | {"limit": MOST_NAMES}
    return (
        await execute(connection, "names_known", params, shared=scope.shared),
        await execute(connection, "fillings", params, shared=scope.shared),
    )


async def _names_in(cursors: tuple[AsyncCursor[DictRow], AsyncCursor[DictRow]], version: int | None) -> NamesKnown:
    rows, fillings = await cursors[0].fetchall(), await cursors[1].fetchall()
    names = tuple(
        KnownName(
            entity=row["root"],
            kind=EntityKind(row["kind"]),
            canonical=row["root_name"],
            normal=row["normal"],
            name=row["alias"],
        )
        for row in rows
    )
    return NamesKnown(version=version, names=names, fillings=_fillings(fillings)) if version else NamesKnown()


async def entity_in(connection: Connection, scope: Scope, row_id: int) -> Entity | None:
    """See `Entities.get`; inside a transaction that entered the scope."""
    params = place(scope) | {"entity": row_id, "limit": MOST_LISTED}
    group = await (await execute(connection, "group_of_entity", params, shared=scope.shared)).fetchall()
    mine = next((row for row in group if row["id"] == row_id), None)
    if mine is None:
        return None
    rows = [row["id"] for row in group] if mine["root"] == row_id else [row_id]
    params |= {"entities": rows}
    async with connection.pipeline():
        cursors = [
            await execute(connection, name, params, shared=scope.shared)
            for name in ("aliases_of", "mentions_of", "relations_of", "decisions_of")
        ]
        aliases, mentions, relations, decisions = [await cursor.fetchall() for cursor in cursors]
    active = {row["memory_id"] for row in mentions if row["status"] == 0}
    return _entity(
        mine | {"mentions": len(active), "last_seen": max(row["last_seen"] for row in group if row["id"] in rows)},
        scope,
        merged=[row["id"] for row in group if row["merged_into"] in rows],
        aliases=_aliases(aliases, mentions, scope),
        relationships=[_relationship(row, scope) for row in relations],
        decisions=[_decision(row, scope) for row in decisions],
    )


async def _about(connection: Connection, scope: Scope, entity: int, *, now: datetime, limit: int) -> dict[int, Memory]:
    """Return the memories, by row, of an entity and of those that its roles tie to it."""
    cursor = await execute(connection, "fillings", place(scope) | {"limit": MOST_NAMES}, shared=scope.shared)
    rows = await cursor.fetchall()
    names = {row["role"]: row["role_name"] for row in rows}
    terms = {
        role: terms_of(fillings, several=role_of(names[role]) in SHARED) for role, fillings in _fillings(rows).items()
    }
    found = await _mentioning(connection, scope, entity, limit=limit)
    filled = fillers_at(terms[entity], now) if entity in terms else frozenset()
    for filler in filled:
        found |= await _mentioning(connection, scope, filler, limit=limit)
    for role, known in terms.items():
        if any(term.filler == entity for term in known):
            told = await _mentioning(connection, scope, role, limit=limit)
            found |= {row: memory for row, memory in told.items() if fillers_at(known, _said(memory)) == {entity}}
    return found


async def _mentioning(connection: Connection, scope: Scope, entity: int, *, limit: int) -> dict[int, Memory]:
    params = place(scope) | {"roots": [entity], "limit": limit}
    group = await (await execute(connection, "group_of_roots", params, shared=scope.shared)).fetchall()
    params |= {"entities": [row["id"] for row in group]}
    cursor = await execute(connection, "memories_about", params, shared=scope.shared)
    return {row["id"]: memory_of(row, scope) for row in await cursor.fetchall()}


def _said(memory: Memory) -> datetime:
    return memory.statement.said_at or memory.recorded_at


def _is(mine: Name, theirs: Name) -> bool:
    return mine.normal == theirs.normal


def _fillings(rows: Iterable[Mapping[str, Any]]) -> dict[int, tuple[Filling, ...]]:
    found: dict[int, list[Filling]] = {}
    for row in rows:
        found.setdefault(row["role"], []).append(filling_of(row, row["filler"]))
    return {role: tuple(fillings) for role, fillings in found.items()}


def filling_of(row: Mapping[str, Any], filler: int) -> Filling:
    """Return what a row about a role and its evidence says of who fills it."""
    said = row["valid_from"] or row["said_at"] or row["recorded_at"]
    return Filling(filler=filler, said=said, until=row["valid_until"], holds=row["holds"])


def _entity(
    row: Mapping[str, Any],
    scope: Scope,
    *,
    merged: Sequence[int] = (),
    aliases: Sequence[Alias] = (),
    relationships: Sequence[Relationship] = (),
    decisions: Sequence[Decision] = (),
) -> Entity:
    into = row["merged_into"]
    return Entity(
        id=entity_ref(scope, row["id"]),
        name=row["name"],
        kind=EntityKind(row["kind"]),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        mentions=row["mentions"],
        merged=tuple(entity_ref(scope, one) for one in merged),
        merged_into=None if into is None else entity_ref(scope, into),
        aliases=tuple(aliases),
        relationships=tuple(relationships),
        decisions=tuple(decisions),
    )


def _aliases(rows: Sequence[Mapping[str, Any]], mentions: Sequence[Mapping[str, Any]], scope: Scope) -> list[Alias]:
    """Return each name once, the longest first, with the memories that use it."""
    used: dict[str, dict[int, None]] = {}
    for mention in mentions:
        for normal in mention["normals"]:
            used.setdefault(normal, {}).setdefault(mention["memory_id"])
    found: dict[str, Alias] = {}
    for row in rows:
        memories = tuple(memory_ref(scope, memory) for memory in used.get(row["normal"], ()))
        alias = Alias(name=row["name"], normal=row["normal"], rung=Rung(row["rung"]), memories=memories)
        found.setdefault(row["normal"], alias)
    return sorted(found.values(), key=lambda alias: (-len(name_of(alias.name).tokens), alias.normal))


def _relationship(row: Mapping[str, Any], scope: Scope) -> Relationship:
    return Relationship(
        subject_id=entity_ref(scope, row["subject_root"]),
        subject=row["subject"],
        name=row["name"],
        object_id=entity_ref(scope, row["object_root"]),
        object=row["object"],
        memory_id=memory_ref(scope, row["memory_id"]),
        holds=row["holds"],
        since=row["valid_from"] or row["said_at"] or row["recorded_at"],
        until=row["valid_until"],
        active=row["status"] == 0,
    )


def _decision(row: Mapping[str, Any], scope: Scope) -> Decision:
    return Decision(
        action=Action(row["action"]),
        rung=Rung(row["rung"]),
        at=row["at"],
        name=row["name"],
        confidence=row["confidence"],
        memory_id=None if row["memory_id"] is None else memory_ref(scope, row["memory_id"]),
        others=tuple(entity_ref(scope, other) for other in row["others"]),
        actor=row["actor"],
    )
