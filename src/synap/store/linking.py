"""Linking: what new memories add to their scope's registry of entities, and what goes from it with a memory.

All inside the transaction that writes or erases the memories, which holds the scope's row: so of two ingestions that name
the same for the first time, the second finds what the first has registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from synap.domain.claims import claims_of
from synap.domain.entities import Action, Alias, EntityKind, Rung, canonical
from synap.domain.ids import RowIds
from synap.domain.memories import Statement
from synap.domain.names import name_of, normal_name
from synap.domain.registry import Registered
from synap.domain.resolution import Choice, Linking, Links, names_looked_up, resolve
from synap.domain.scopes import Scope
from synap.store.database import Connection
from synap.store.rows import entity_ref, place
from synap.store.statements import aside, execute

MOST_NEAR, MOST_NEAR_EACH = 400, 100
"""Entities that the names of an ingestion are compared with at most: so many, or so many for each name where that is more.

In a scope of many names thousands share a first name, or its first letters. The nearest are enough: what shares with a name
what thousands share is neither the same nor the only one meant.
"""

MOST_UNCLEAR = 5
"""Entities with an unclear name that an ingestion's message lists."""


async def link(
    connection: Connection,
    scope: Scope,
    statements: Mapping[int, Statement],
    linking: Linking,
    *,
    instance_id: str,
    now: datetime,
    ids: RowIds,
) -> list[str]:
    """Tie the names in new memories, by row, to the entities of their scope; sends nothing where nobody is named.

    Returns the public ids of the new entities whose names may be those of several others.
    """
    claims = await aside(len(statements), lambda: {row: claims_of(said) for row, said in statements.items()})
    names = names_looked_up(claims.values(), linking)
    if len(names) == 1 and not any(claim.names or claim.roles or claim.relations for claim in claims.values()):
        return []
    params = place(scope) | {"most": max(MOST_NEAR, MOST_NEAR_EACH * len(names))}
    params |= {"normals": [name.normal for name in names], "keys": []}
    if linking.deep:
        params["keys"] = sorted({key for name in names for key in name.keys})
    cursor = await execute(connection, "entities_near", params, shared=scope.shared)
    rows = await cursor.fetchall()
    known = registered(rows)
    links = await aside(len(statements) + len(known), lambda: resolve(claims, known, linking, new_id=ids.next))
    links.aliases += _named_again(rows, links)
    await _enter(connection, scope, links, instance_id=instance_id, now=now)
    await log(connection, scope, links.log, now=now, ids=ids)
    return [entity_ref(scope, one.entity) for one in links.log if one.action is Action.AMBIGUOUS]


def registered(rows: Iterable[Mapping[str, Any]]) -> list[Registered]:
    """Return the entities of rows of the statement `entities_near`."""
    found = []
    for _, group in groupby(rows, key=lambda row: row["id"]):
        named = list(group)
        aliases = tuple(Alias(name=row["alias"], normal=row["normal"], rung=Rung(row["rung"])) for row in named)
        first = named[0]
        found.append(
            Registered(
                id=first["id"],
                kind=EntityKind(first["kind"]),
                name=first["name"],
                aliases=aliases,
                merged_into=first["merged_into"],
            )
        )
    return found


def _named_again(rows: Iterable[Mapping[str, Any]], links: Links) -> list[tuple[int, Alias]]:
    """Return the mentioned names that have no keys yet, as those of an upgraded store: written once more they get them."""
    used = {(entity, normal) for (entity, _), normals in links.mentions.items() for normal in normals}
    return [
        (row["id"], Alias(name=row["alias"], normal=row["normal"], rung=Rung(row["rung"])))
        for row in rows
        if row["bare"] and (row["id"], row["normal"]) in used
    ]


async def _enter(connection: Connection, scope: Scope, links: Links, *, instance_id: str, now: datetime) -> None:
    params = place(scope) | {"now": now, "instance": instance_id, "shared": scope.shared}
    fresh = set(links.fresh)
    new = [links.entities[row] for row in links.fresh]
    old = [entity for row, entity in links.entities.items() if row not in fresh]
    if new:
        columns = {"fresh": links.fresh, "ids": links.fresh} | _columns(new)
        await execute(connection, "insert_entities", params | columns, shared=scope.shared)
        await execute(connection, "insert_locators", params | columns)
    if old:
        columns = {"touched": [entity.id for entity in old]} | _columns(old)
        await execute(connection, "touch_entities", params | columns, shared=scope.shared)
    if links.aliases:
        await execute(connection, "insert_aliases", params | _alias_columns(links.aliases), shared=scope.shared)
    if links.mentions:
        mentions = {
            "entities": [entity for entity, _ in links.mentions],
            "memories": [memory for _, memory in links.mentions],
            "normals": [text_array(sorted(normals)) for normals in links.mentions.values()],
        }
        await execute(connection, "insert_mentions", params | mentions, shared=scope.shared)
    if links.relations:
        subjects, names, objects, memories = map(list, zip(*links.relations, strict=True))
        relations = {"subjects": subjects, "names": names, "objects": objects, "memories": memories}
        relations["holds"] = list(links.relations.values())
        await execute(connection, "insert_relations", params | relations, shared=scope.shared)
    for entity, into in links.merged:
        await execute(
            connection, "merge_entity", params | {"entity": entity, "root": into, "into": into}, shared=scope.shared
        )


def _columns(entities: Sequence[Registered]) -> dict[str, list[Any]]:
    return {
        "kinds": [entity.kind.value for entity in entities],
        "names": [entity.name for entity in entities],
        "normals": [normal_name(entity.name) for entity in entities],
    }


def _alias_columns(aliases: Sequence[tuple[int, Alias]]) -> dict[str, list[Any]]:
    return {
        "entities": [entity for entity, _ in aliases],
        "normals": [alias.normal for _, alias in aliases],
        "names": [alias.name for _, alias in aliases],
        "keys": [number_array(sorted(name_of(alias.name).keys)) for _, alias in aliases],
        "rungs": [alias.rung.value for _, alias in aliases],
    }


async def log(
    connection: Connection, scope: Scope, choices: Sequence[Choice], *, now: datetime, ids: RowIds, actor: str = ""
) -> None:
    """Write lines of the log of decisions; a choice whose memory is 0 was made by hand."""
    if not choices:
        return
    params = place(scope) | {
        "now": now,
        "actor": actor,
        "ids": [ids.next() for _ in choices],
        "entities": [one.entity for one in choices],
        "actions": [one.action.value for one in choices],
        "rungs": [one.rung.value for one in choices],
        "names": [one.name for one in choices],
        "confidences": [one.confidence for one in choices],
        "memory_ids": [one.memory or None for one in choices],
        "others": [number_array(one.others) for one in choices],
    }
    await execute(connection, "insert_decisions", params, shared=scope.shared)


def with_unclear(message: str | None, unclear: Sequence[str]) -> str | None:
    """Return an ingestion's message; which names are not clear it tells by ids, as it is kept apart from content."""
    if not unclear:
        return message
    more = f" and {len(unclear) - MOST_UNCLEAR} more" if len(unclear) > MOST_UNCLEAR else ""
    told = f"a name may be that of several entities and was tied to none: {', '.join(unclear[:MOST_UNCLEAR])}{more}"
    return told if message is None else f"{message}; {told}"


async def unlink(connection: Connection, scope: Scope, memory: int) -> None:
    """Take from the registry what a memory that is erased gave rise to.

    Its mentions, names that nothing else gives, relationships, merges and the lines of the log; entities that nothing
    mentions any more go with them, and one that loses the name it goes by takes another of its names.
    """
    params = place(scope) | {"memory": memory, "shared": scope.shared}

    async def ids_of(name: str, column: str, more: Mapping[str, Any]) -> list[int]:
        cursor = await execute(connection, name, {**params, **more}, shared=scope.shared)
        return [row[column] for row in await cursor.fetchall()]

    separated = await ids_of("merged_by_memory", "entity_id", {})
    if separated:
        await execute(connection, "separate_entities", params | {"entities": separated}, shared=scope.shared)
    await execute(connection, "erase_relations_of_memory", params, shared=scope.shared)
    await execute(connection, "erase_decisions_of_memory", params, shared=scope.shared)
    mentioned = await ids_of("erase_mentions", "entity_id", {})
    if not mentioned:
        return
    await execute(connection, "erase_unused_aliases", params | {"entities": mentioned}, shared=scope.shared)
    unused = await ids_of("unused_entities", "id", {"entities": mentioned})
    if unused:
        below = await ids_of("entities_merged_into", "id", {"entities": unused})
        if below:
            await execute(connection, "separate_entities", params | {"entities": below}, shared=scope.shared)
        for name in ("relations_of_entities", "decisions_of_entities", "locators_of_entities", "entities"):
            await execute(connection, f"erase_{name}", params | {"entities": unused}, shared=scope.shared)
    await rename(connection, scope, [row for row in mentioned if row not in unused])


async def rename(connection: Connection, scope: Scope, entities: Sequence[int]) -> None:
    """Let entities go by the best of the names they have, and take names they have no more out of their log."""
    if not entities:
        return
    params = place(scope) | {"entities": list(entities)}
    cursor = await execute(connection, "aliases_of", params, shared=scope.shared)
    best = {
        entity: canonical([Alias(name=row["name"], normal=row["normal"], rung=Rung(row["rung"])) for row in rows])
        for entity, rows in groupby(await cursor.fetchall(), key=lambda row: row["entity_id"])
    }
    renamed = {"renamed": list(best), "names": [one.name for one in best.values()]}
    renamed["normals"] = [one.normal for one in best.values()]
    await execute(connection, "rename_entities", params | renamed, shared=scope.shared)
    await execute(connection, "erase_decisions_about_names", params, shared=scope.shared)


def number_array(values: Iterable[int]) -> str:
    """Return numbers in the text form of an array, as arrays of unequal length cannot travel inside an array."""
    return "{" + ",".join(map(str, values)) + "}"


def text_array(values: Iterable[str]) -> str:
    """Return texts in the text form of an array."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"
