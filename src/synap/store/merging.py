"""Merging and splitting: the two changes that are made to a registry by hand, each of which can be undone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from synap.domain.entities import SELF, Action, Entity, EntityKind, Rung
from synap.domain.ids import RowIds
from synap.domain.names import normal_name
from synap.domain.resolution import Choice
from synap.domain.scopes import Scope
from synap.errors import ConflictError, InvalidInputError, NotFoundError
from synap.store.database import Connection, Database
from synap.store.entities import entity_in
from synap.store.linking import MOST_NEAR, log, rename
from synap.store.rows import entity_ref, place, role_for
from synap.store.scopes import bump, confirm
from synap.store.statements import execute

_Rows = Mapping[int, Mapping[str, Any]]


class Merges:
    """Merges and splits entities."""

    def __init__(self, database: Database, ids: RowIds) -> None:
        self._database = database
        self._ids = ids

    async def merge(self, scope: Scope, row_id: int, other: int, *, now: datetime, actor: str) -> Entity:
        """Let `other` be one with an entity of the same scope, which keeps its id; nothing of either is lost.

        One that was split off before goes back to where it was.

        Raises:
            NotFoundError: One of them is not there.
            ConflictError: One of them has been merged into a third.
            InvalidInputError: They are the same, or one is a role and the other is not.
        """

        async def work(connection: Connection, rows: _Rows) -> None:
            mine, theirs = rows[row_id], rows[other]
            if row_id == other:
                raise InvalidInputError("other_id must be another entity", field="other_id")
            for row, field in ((mine, "entity_id"), (theirs, "other_id")):
                if row["merged_into"] is not None:
                    into = entity_ref(scope, row["merged_into"])
                    raise ConflictError(
                        f"{field} was merged into {into}: name that one, or split it first", field=field
                    )
            if (mine["kind"] == EntityKind.ROLE) != (theirs["kind"] == EntityKind.ROLE):
                raise InvalidInputError("a role is filled by somebody, not merged with anybody", field="other_id")
            if theirs["name"] == SELF:
                raise InvalidInputError("others are merged into the user, not the user into others", field="other_id")
            choice = Choice(
                entity=row_id, action=Action.MERGED, rung=Rung.HAND, name=theirs["name"], memory=0, others=(other,)
            )
            if theirs["split_from"] == row_id and await self._rejoin(connection, scope, row_id, theirs):
                choice = Choice(entity=row_id, action=Action.REJOINED, rung=Rung.HAND, name=theirs["name"], memory=0)
            else:
                params = place(scope) | {"entity": other, "root": row_id, "into": row_id}
                await execute(connection, "merge_entity", params, shared=scope.shared)
            await log(connection, scope, [choice], now=now, ids=self._ids, actor=actor)

        return await self._change(scope, row_id, [row_id, other], work)

    async def separate(self, scope: Scope, row_id: int, merged: int, *, now: datetime, actor: str) -> Entity:
        """Undo a merge: `merged` stands for itself again, with all it had; return it.

        Raises:
            NotFoundError: One of them is not there.
            ConflictError: It was not merged into the entity.
        """

        async def work(connection: Connection, rows: _Rows) -> None:
            if rows[merged]["merged_into"] is None or rows[merged]["root"] != rows[row_id]["root"] or merged == row_id:
                raise ConflictError("merged_id was not merged into this entity", field="merged_id")
            params = place(scope) | {"entities": [merged]}
            await execute(connection, "separate_entities", params, shared=scope.shared)
            choice = Choice(
                entity=row_id,
                action=Action.SEPARATED,
                rung=Rung.HAND,
                name=rows[merged]["name"],
                memory=0,
                others=(merged,),
            )
            await log(connection, scope, [choice], now=now, ids=self._ids, actor=actor)

        return await self._change(scope, merged, [row_id, merged], work)

    async def split(
        self, scope: Scope, row_id: int, alias: str, *, instance_id: str, now: datetime, actor: str
    ) -> Entity:
        """Make an entity of its own out of one name of an entity, with the mentions under it; return the new one.

        Raises:
            NotFoundError: The entity is not there, or has no such name.
            ConflictError: It has no other name, or another entity is called so.
        """
        into = self._ids.next()
        normal = normal_name(alias)

        async def work(connection: Connection, rows: _Rows) -> None:
            params = place(scope) | {"entities": [row_id], "normals": [normal]}
            cursor = await execute(connection, "aliases_of", params, shared=scope.shared)
            aliases = {row["normal"]: row for row in await cursor.fetchall()}
            if normal not in aliases:
                raise NotFoundError(f"the entity has no name {alias[:64]!r} of its own", field="alias")
            if len(aliases) == 1:
                raise ConflictError("the entity has no other name: there is nothing to split", field="alias")
            cursor = await execute(
                connection, "entities_near", params | {"keys": [], "most": MOST_NEAR}, shared=scope.shared
            )
            if any(row["id"] != row_id and row["normal"] == normal for row in await cursor.fetchall()):
                raise ConflictError("another entity has this name: merge the two instead", field="alias")
            named = aliases[normal]
            fresh: dict[str, Any] = {"fresh": [into], "ids": [into], "names": [named["name"]], "normals": [normal]}
            fresh |= {"kinds": [rows[row_id]["kind"]], "now": now, "instance": instance_id, "shared": scope.shared}
            await execute(connection, "insert_entities", place(scope) | fresh, shared=scope.shared)
            await execute(connection, "insert_locators", place(scope) | fresh)
            marked = {"entity": row_id, "into": into}
            await execute(connection, "mark_split", place(scope) | marked, shared=scope.shared)
            await _move_name(connection, scope, row_id, into, normal, rung=Rung.HAND)
            await rename(connection, scope, [row_id])
            choice = Choice(
                entity=row_id,
                action=Action.SPLIT,
                rung=Rung(named["rung"]),
                name=named["name"],
                memory=0,
                others=(into,),
            )
            await log(connection, scope, [choice], now=now, ids=self._ids, actor=actor)

        return await self._change(scope, into, [row_id], work)

    async def _change(
        self,
        scope: Scope,
        shown: int,
        touched: Sequence[int],
        work: Callable[[Connection, _Rows], Awaitable[None]],
    ) -> Entity:
        """Do `work` on locked entities of a scope, and return one of them as it is then."""
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            # Without a note of what it touches, so that whoever holds the scope reads it anew, its names too.
            await confirm(await bump(connection, scope, writes=True), scope)
            params = place(scope) | {"entities": sorted(set(touched))}
            cursor = await execute(connection, "lock_entities", params, shared=scope.shared)
            rows = {row["id"]: row for row in await cursor.fetchall()}
            for row in touched:
                if row not in rows:
                    raise NotFoundError(f"nothing is known under {entity_ref(scope, row)!r}", field="entity_id")
            await work(connection, rows)
            found = await entity_in(connection, scope, shown)
        if found is None:
            raise NotFoundError("the entity is gone", field="entity_id")
        return found

    async def _rejoin(self, connection: Connection, scope: Scope, row_id: int, theirs: Mapping[str, Any]) -> bool:
        """Undo a split as long as nothing else has come to the entity that was split off; False where it has."""
        params = place(scope) | {"entity": row_id, "into": theirs["id"], "entities": [theirs["id"]]}
        split = await (await execute(connection, "split_of", params, shared=scope.shared)).fetchone()
        aliases = await (await execute(connection, "aliases_of", params, shared=scope.shared)).fetchall()
        below = await (await execute(connection, "entities_merged_into", params, shared=scope.shared)).fetchall()
        if split is None or len(aliases) != 1 or below:
            return False
        normal = aliases[0]["normal"]
        await _move_name(connection, scope, theirs["id"], row_id, normal, rung=Rung(split["rung"]))
        params |= {"shared": scope.shared}
        for name in ("decisions_of_entities", "locators_of_entities", "entities"):
            await execute(connection, f"erase_{name}", params, shared=scope.shared)
        await rename(connection, scope, [row_id])
        return True


async def _move_name(connection: Connection, scope: Scope, entity: int, into: int, normal: str, *, rung: Rung) -> None:
    """Give a name of one entity to another, with the mentions under it and what these alone are evidence for."""
    params = place(scope) | {"entity": entity, "into": into, "normal": normal, "rung": rung.value}
    for name in ("move_name_of_mentions", "drop_name_from_mentions"):
        await execute(connection, name, params, shared=scope.shared)
    cursor = await execute(connection, "drop_empty_mentions", params, shared=scope.shared)
    params |= {"memories": [row["memory_id"] for row in await cursor.fetchall()]}
    for name in ("move_relations_of_subject", "move_relations_of_object", "move_alias"):
        await execute(connection, name, params, shared=scope.shared)
