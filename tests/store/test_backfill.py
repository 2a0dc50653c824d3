"""Entities as the version before 0007 left them, brought to this schema: one name each, tied to their memories by a row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from tests.by_url import AnyServer
from tests.store.conftest import Desk

from synap.domain.entities import EntityKind
from synap.domain.ids import decode_public_id
from synap.domain.memories import MemoryType, Statement
from synap.domain.scopes import Scope
from synap.domain.slots import content_hash
from synap.domain.terms import term_hashes
from synap.domain.tokens import count_tokens
from synap.store import migrate as runner
from synap.store.database import Database
from synap.store.migrate import migrate, migrations
from synap.store.rows import TYPES, encode_detail, entity_ref, memory_ref, terms_text
from synap.store.server import Role

BEFORE = 6
THEN = datetime(2026, 3, 2, tzinfo=UTC)
ENTITIES = {11: ("person", "Ingrid Falk"), 12: ("organisation", "Orrery Labs")}
MEMORIES = {21: ("Ingrid Falk teaches pottery", (11,)), 22: ("Ingrid Falk works at Orrery Labs", (11, 12))}
"""What each scope holds: entities by row, and memories by row with the entities that they name. Rows are told apart below."""


@dataclass(frozen=True)
class Upgraded:
    """The store of the upgraded database, and what it held before, by scope."""

    desk: Desk
    scopes: tuple[Scope, ...]
    dsn: str

    def entity(self, scope: Scope, number: int) -> int:
        """The row of an entity in a scope: the same number stands for another row in each."""
        return number + 100 * self.scopes.index(scope)

    memory = entity


@pytest.fixture(params=[False, True], ids=["plain", "partitioned"])
async def upgraded(
    request: pytest.FixtureRequest, server: AnyServer, empty_name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Upgraded]:
    owner = server.dsn(Role.OWNER, database=empty_name)
    everything = migrations()
    monkeypatch.setattr(runner, "migrations", lambda: everything[:BEFORE])
    assert migrate(owner, partitioned=request.param) == [one.number for one in everything[:BEFORE]]
    monkeypatch.undo()
    async with await Database.open(server.dsn(Role.APP, database=empty_name)) as database:
        desk = Desk(database)
        scopes = (desk.scope("ana", "fern"), desk.scope("bo", "fern"), desk.scope(None, "fern"), desk.client)
        made = Upgraded(desk=desk, scopes=scopes, dsn=owner)
        with psycopg.connect(owner) as connection:
            for scope in scopes:
                fill(connection, made, scope)
        migrate(owner, partitioned=request.param)
        await desk.register()
        yield made


def fill(connection: psycopg.Connection, made: Upgraded, scope: Scope) -> None:
    """Write what the version before wrote: no names beside the entity's own, no keys, no places of entities."""
    suffix = "_shared" if scope.shared else ""

    def execute(text: str, params: Mapping[str, Any] | None = None) -> None:
        connection.execute(text.replace("{t}", suffix).encode(), params)

    walled = [f"{table}{suffix}" for table in ("scope", "memory", "entity", "mention")]
    for table in (*walled, "locator"):
        execute(f"alter table {table} no force row level security")
    values = {
        "bucket": scope.bucket,
        "scope": scope.id,
        "digest": scope.digest,
        "instance": made.desk.place.instance_id,
        "space": scope.space,
        "rung": scope.rung,
        "then": THEN,
    }
    if scope.shared:
        execute(
            "insert into scope_shared (id, digest, instance_id, space, rung, created_at)"
            " values (%(scope)s, %(digest)s, %(instance)s, %(space)s, %(rung)s, %(then)s)",
            values,
        )
    else:
        execute(
            "insert into scope (bucket, id, digest, instance_id, space, rung, customer_id, user_id, created_at)"
            " values (%(bucket)s, %(scope)s, %(digest)s, %(instance)s, %(space)s, %(rung)s, %(customer)s, %(user)s, %(then)s)",
            values | {"customer": scope.customer_id, "user": scope.user_id},
        )
    for number, (kind, name) in ENTITIES.items():
        execute(
            "insert into entity{t} (bucket, id, scope_id, kind, name, normal, first_seen, last_seen) values"
            " (%(bucket)s, %(id)s, %(scope)s, %(kind)s, %(name)s, %(normal)s, %(then)s, %(then)s)",
            values | {"id": made.entity(scope, number), "kind": kind, "name": name, "normal": name.casefold()},
        )
    for number, (content, named) in MEMORIES.items():
        statement = fact(content, *(ENTITIES[one][1] for one in named))
        terms = term_hashes(content)
        row = values | {
            "id": made.memory(scope, number),
            "type": TYPES.index(statement.type),
            "content": content,
            "detail": encode_detail(statement, []),
            "hash": content_hash(content),
            "tokens": count_tokens(content),
            "len": len(terms),
            "terms": terms_text(terms),
        }
        execute(
            "insert into memory{t} (bucket, id, scope_id, type, content, detail, content_hash, confidence, score,"
            " recorded_at, extractor, tokens, len, terms) values (%(bucket)s, %(id)s, %(scope)s, %(type)s, %(content)s,"
            " %(detail)s, %(hash)s, 0.9, 0.9, %(then)s, 'rules@1', %(tokens)s, %(len)s, %(terms)s::sparsevec)",
            row,
        )
        execute(
            "insert into locator (bucket, id, instance_id, scope_id, shared)"
            " values (%(bucket)s, %(id)s, %(instance)s, %(scope)s, %(shared)s)",
            row | {"shared": scope.shared},
        )
        for one in named:
            execute(
                "insert into mention{t} (bucket, entity_id, memory_id, scope_id)"
                " values (%(bucket)s, %(entity)s, %(id)s, %(scope)s)",
                row | {"entity": made.entity(scope, one)},
            )
    for table in (*walled, "locator"):
        execute(f"alter table {table} force row level security")


def fact(content: str, *names: str) -> Statement:
    return Statement(type=MemoryType.FACT, content=content, entities=names)


async def test_every_entity_is_its_own_root_with_its_name_and_its_memories(upgraded: Upgraded) -> None:
    for scope in upgraded.scopes:
        for number, (kind, name) in ENTITIES.items():
            entity = await upgraded.desk.store.entities.get(scope, upgraded.entity(scope, number))

            assert entity is not None
            assert (entity.name, entity.kind, entity.merged_into) == (name, EntityKind(kind), None)
            assert (entity.first_seen, entity.last_seen) == (THEN, THEN)
            (alias,) = entity.aliases
            assert (alias.name, alias.rung) == (name, "new")
            assert set(alias.memories) == {
                memory_ref(scope, upgraded.memory(scope, one))
                for one, (_, named) in MEMORIES.items()
                if number in named
            }


async def test_every_entity_is_found_by_its_id_and_by_its_name_in_its_own_scope_alone(upgraded: Upgraded) -> None:
    entities = upgraded.desk.store.entities
    for scope in upgraded.scopes:
        mine = {upgraded.entity(scope, number): name for number, (_, name) in ENTITIES.items()}
        page = await entities.page(scope, page_size=100)
        assert {entity.id for entity in page.entities} == {entity_ref(scope, row) for row in mine}
        for row, name in mine.items():
            ref = decode_public_id(entity_ref(scope, row))
            assert ref is not None
            located = await entities.locate(ref)
            assert located is not None
            assert (located.instance_id, located.scope) == (upgraded.desk.place.instance_id, scope)
            assert await entities.called(scope, [name]) == [row]
        told = await entities.memories(scope, upgraded.entity(scope, 12), now=THEN, limit=10)
        assert [memory.statement.content for memory in told] == [MEMORIES[22][0]]


async def test_a_memory_that_names_them_again_is_tied_to_them_and_part_of_the_name_finds_them_then(
    upgraded: Upgraded,
) -> None:
    desk, scope = upgraded.desk, upgraded.scopes[0]
    again, short = fact("Ingrid Falk sells jars", "Ingrid Falk"), fact("Ingrid plays the oboe", "Ingrid")

    for statement in (again, short):
        await desk.accept(scope, statement.content)
        await desk.work(scope, statement)

    ingrid = await desk.store.entities.get(scope, upgraded.entity(scope, 11))
    assert ingrid is not None
    assert ingrid.mentions == 4
    assert [alias.name for alias in ingrid.aliases] == ["Ingrid Falk", "Ingrid"]
    other = await desk.store.entities.get(upgraded.scopes[1], upgraded.entity(upgraded.scopes[1], 11))
    assert other is not None
    assert other.mentions == 2


async def test_with_its_memories_an_entity_goes(upgraded: Upgraded) -> None:
    desk = upgraded.desk
    for scope in upgraded.scopes:
        await desk.store.memories.erase(scope, upgraded.memory(scope, 22), now=desk.clock.now())

        page = await desk.store.entities.page(scope, page_size=100)
        assert [(entity.name, entity.mentions) for entity in page.entities] == [("Ingrid Falk", 1)]
