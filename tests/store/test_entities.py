"""Entities in the store: nobody finds, names or changes those of another scope, and erasure leaves none."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from synap.domain.contexts import Query, Search
from synap.domain.entities import Entity, EntityKind
from synap.domain.ids import decode_public_id
from synap.domain.memories import MemoryType, Statement
from synap.domain.scopes import Scope
from synap.domain.terms import term_hashes
from synap.errors import NotFoundError
from synap.store.linking import MOST_NEAR

TABLES = ("entity", "alias", "mention", "relation", "decision")


def fact(content: str, *names: str) -> Statement:
    return Statement(type=MemoryType.FACT, content=content, entities=names)


def row(public_id: str) -> int:
    ref = decode_public_id(public_id)
    assert ref is not None
    return ref.row_id


async def say(desk: Any, scope: Scope, content: str, *names: str) -> str:
    await desk.accept(scope, content)
    (memory,) = await desk.work(scope, fact(content, *names))
    return str(memory)


async def known(desk: Any, scope: Scope) -> dict[str, int]:
    page = await desk.store.entities.page(scope, page_size=100)
    return {entity.name: row(entity.id) for entity in page.entities}


async def rows(desk: Any, scope: Scope) -> dict[str, int]:
    """How many rows of each table a scope has."""
    found = {}
    suffix = "_shared" if scope.shared else ""
    for table in TABLES:
        async with desk.database.transaction([scope]) as connection:
            cursor = await connection.execute(
                f"select count(*) from {table}{suffix} where bucket = %s and scope_id = %s",  # noqa: S608 - fixed names
                [scope.bucket, scope.id],
            )
            (found[table],) = await cursor.fetchone()
    return found


def scopes(desk: Any) -> list[Scope]:
    """A user, another of the same customer, one of another customer of the same name, and the two shared owners."""
    return [
        desk.scope("ana", "fern"),
        desk.scope("bo", "fern"),
        desk.scope("ana", "moss"),
        desk.scope(None, "fern"),
        desk.client,
    ]


async def test_each_scope_has_a_registry_of_its_own(desk: Any) -> None:
    for number, scope in enumerate(scopes(desk)):
        await say(desk, scope, f"Ingrid Falk painted {number} boats.", "Ingrid Falk")

    found = [await known(desk, scope) for scope in scopes(desk)]

    assert [set(one) for one in found] == [{"Ingrid Falk"}] * 5
    assert len({one["Ingrid Falk"] for one in found}) == 5


async def test_no_read_and_no_change_reaches_another_scope(desk: Any) -> None:
    mine, *others = scopes(desk)
    await say(desk, mine, "Ingrid Falk teaches pottery.", "Ingrid Falk")
    await say(desk, mine, "Ingrid works at Orrery Labs.", "Ingrid", "Orrery Labs")
    falk, labs = (await known(desk, mine))["Ingrid Falk"], (await known(desk, mine))["Orrery Labs"]
    before = await desk.store.entities.get(mine, falk)
    now = desk.clock.now()

    for scope in others:
        await say(desk, scope, "The fountain is dry.")
        assert await desk.store.entities.get(scope, falk) is None
        assert await desk.store.entities.called(scope, ["Ingrid Falk", "Ingrid"]) == []
        assert await desk.store.entities.memories(scope, falk, now=now, limit=10) == []
        assert (await desk.store.entities.names_known([scope]))[scope].names == ()
        for change in (
            desk.store.merges.merge(scope, falk, labs, now=now, actor="x"),
            desk.store.merges.separate(scope, falk, labs, now=now, actor="x"),
            desk.store.merges.split(scope, falk, "Ingrid", instance_id=desk.place.instance_id, now=now, actor="x"),
        ):
            with pytest.raises(NotFoundError):
                await change

    assert await desk.store.entities.get(mine, falk) == before


async def test_names_given_by_hand_are_news_to_whoever_searches(desk: Any) -> None:
    ana = desk.scope("ana")
    search = Search(chain=(ana,), queries=(Query(text="pottery", terms=term_hashes("pottery")),), now=desk.clock.now())
    await say(desk, ana, "Ingrid Falk teaches pottery.", "Ingrid Falk")
    await say(desk, ana, "Teun visited Orrery Labs.", "Teun", "Orrery Labs")
    before = (await desk.store.search.recall(search)).learnt[ana.id]
    found = await known(desk, ana)

    await desk.store.merges.merge(ana, found["Teun"], found["Ingrid Falk"], now=desk.clock.now(), actor="x")

    assert (await desk.store.search.recall(search)).learnt[ana.id] > before


async def test_entities_are_paged_by_kind_and_name(desk: Any) -> None:
    ana = desk.scope("ana")
    await say(desk, ana, "Ingrid Falk teaches pottery.", "Ingrid Falk")
    await say(desk, ana, "Ingrid Falk and Teun visited Orrery Labs.", "Ingrid Falk", "Teun", "Orrery Labs")

    whole = await desk.store.entities.page(ana, page_size=2)
    rest = await desk.store.entities.page(ana, page=2, page_size=2)
    labs = await desk.store.entities.page(ana, kind=EntityKind.ORGANISATION)
    named = await desk.store.entities.page(ana, named="FALK")

    assert whole.total == rest.total == 3
    assert (whole.entities[0].name, whole.entities[0].mentions) == ("Ingrid Falk", 2)
    assert len(rest.entities) == 1
    assert [entity.name for entity in labs.entities] == ["Orrery Labs"]
    assert [entity.name for entity in named.entities] == ["Ingrid Falk"]


async def test_an_erased_scope_has_no_row_left_and_others_keep_theirs(desk: Any) -> None:
    ana, bo = desk.scope("ana", "fern"), desk.scope("bo", "fern")
    for scope in (ana, bo):
        await say(desk, scope, "The user's manager is Dagny", "Dagny")
    kept = await rows(desk, bo)

    await desk.store.erasure.scope(ana, instance_id=desk.place.instance_id)

    assert all(kept.values())
    assert await rows(desk, ana) == dict.fromkeys(TABLES, 0)
    assert await rows(desk, bo) == kept


async def test_a_memory_that_is_erased_leaves_no_row_behind(desk: Any) -> None:
    for scope in (desk.scope("ana"), desk.client):
        first = await say(desk, scope, "Kubernetes (K8s) runs Orrery Labs.", "Kubernetes", "K8s", "Orrery Labs")
        second = await say(desk, scope, "The user's manager is Dagny", "Dagny")

        for memory in (first, second):
            await desk.store.memories.erase(scope, row(memory), now=desk.clock.now())

        assert await rows(desk, scope) == dict.fromkeys(TABLES, 0)


async def test_who_fills_a_role_follows_what_is_believed(desk: Any) -> None:
    ana = desk.scope("ana")
    memory = await say(desk, ana, "The user's manager is Dagny", "Dagny")
    dagny = (await known(desk, ana))["Dagny"]
    desk.later()
    await say(desk, ana, "The user's manager hates voicemail")

    async def about() -> set[str]:
        found = await desk.store.entities.memories(ana, dagny, now=desk.clock.now(), limit=10)
        return {one.statement.content for one in found}

    both = await about()
    await desk.store.memories.erase(ana, row(memory), now=desk.clock.now())

    assert both == {"The user's manager is Dagny", "The user's manager hates voicemail"}
    assert await about() == set()
    assert set(await known(desk, ana)) == {"the user's manager"}


async def test_the_second_wall_stands_behind_the_new_tables(desk: Any) -> None:
    ana, bo = desk.scope("ana", "fern"), desk.scope("bo", "fern")
    await say(desk, bo, "The user's manager is Dagny", "Dagny")

    for table in TABLES:
        async with desk.database.transaction([ana]) as connection:
            cursor = await connection.execute(
                f"select count(*) from {table} where bucket = %s and scope_id = %s",  # noqa: S608 - fixed names
                [bo.bucket, bo.id],
            )
            assert await cursor.fetchone() == (0,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with desk.database.transaction([ana]) as connection:
            await connection.execute(
                "insert into alias (bucket, entity_id, scope_id, normal, name, rung) values (%s, 1, %s, 'x', 'x', 'new')",
                [bo.bucket, bo.id],
            )


async def test_merges_and_splits_are_undone_in_shared_scopes_too(desk: Any) -> None:
    for scope in (desk.scope("ana"), desk.client):
        await say(desk, scope, "Ingrid Falk teaches pottery.", "Ingrid Falk")
        await say(desk, scope, "Ingrid works at Orrery Labs.", "Ingrid", "Orrery Labs")
        await say(desk, scope, "Teun works at Orrery Labs.", "Teun", "Orrery Labs")
        before, counts = await known(desk, scope), await rows(desk, scope)
        falk, teun, now = before["Ingrid Falk"], before["Teun"], desk.clock.now()

        merged = await desk.store.merges.merge(scope, falk, teun, now=now, actor="x")
        await desk.store.merges.separate(scope, falk, teun, now=now, actor="x")
        apart = await desk.store.merges.split(
            scope, falk, "Ingrid", instance_id=desk.place.instance_id, now=now, actor="x"
        )
        again = await desk.store.merges.merge(scope, falk, row(apart.id), now=now, actor="x")

        assert {alias.name for alias in merged.aliases} == {"Ingrid Falk", "Ingrid", "Teun"}
        assert (apart.name, apart.mentions) == ("Ingrid", 1)
        assert {alias.name for alias in again.aliases} == {"Ingrid Falk", "Ingrid"}
        assert await known(desk, scope) == before
        left = await rows(desk, scope)
        assert {table: left[table] for table in TABLES[:4]} == {table: counts[table] for table in TABLES[:4]}


async def test_among_thousands_that_share_a_name_the_nearest_are_compared(desk: Any) -> None:
    scope = desk.scope("ana", "fern")
    crowd = [f"Ingrid {first}{second}" for first in ("Bol", "Tam", "Ruk", "Vos") for second in _endings(MOST_NEAR // 3)]
    for start in range(0, len(crowd), 20):
        await say(desk, scope, f"Ingrids {start}", *crowd[start : start + 20])
    await say(desk, scope, "Robert Zimmer sells jars.", "Robert Zimmer")

    last = await say(desk, scope, "Ingrid Vosaa and Bob Zimmer play.", "Ingrid Vosaa", "Bob Zimmer")
    short = await say(desk, scope, "Ingrid plays.", "Ingrid")

    assert len(crowd) > MOST_NEAR
    assert len(await desk.store.entities.called(scope, ["Ingrid"])) == 1
    tied = {entity.name: entity for entity in await entities_of(desk, scope)}
    assert "Bob Zimmer" not in tied
    assert [alias.name for alias in tied["Robert Zimmer"].aliases if last in alias.memories] == ["Bob Zimmer"]
    assert tied["Ingrid Vosaa"].mentions == 2
    (decision,) = tied["Ingrid"].decisions
    assert (decision.action, decision.memory_id) == ("ambiguous", short)


def _endings(count: int) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [first + second for first in letters for second in letters][:count]


async def entities_of(desk: Any, scope: Scope) -> list[Entity]:
    """The entities of a scope that are mentioned most or go by a short name, whole."""
    found = []
    for name in ("Robert Zimmer", "Bob Zimmer", "Ingrid Vosaa", "Ingrid"):
        for one in await desk.store.entities.called(scope, [name], exactly=True):
            entity = await desk.store.entities.get(scope, one)
            found += [] if entity is None else [entity]
    return found
