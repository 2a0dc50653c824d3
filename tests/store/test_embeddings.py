"""The embedder can be changed while reads go on: the other column is filled, then the two change places."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest

from synap.domain.contexts import Query
from synap.domain.scopes import Scope
from synap.errors import SetupError
from synap.store.database import Database
from synap.store.rows import row_id_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def unit(position: int, dim: int = 4) -> Any:
    vector = np.zeros(dim, dtype=np.float32)
    vector[position] = 1
    return vector


@pytest.fixture
def database(fresh_database: Database) -> Database:
    """A database of the test's own: which embedder is live is a fact about all of it."""
    return fresh_database


async def test_the_first_embedder_is_live_and_the_next_one_fills_the_other_column(desk: Any) -> None:
    embeddings = desk.store.embeddings

    first = await embeddings.open("one", 4, now=NOW)
    again = await embeddings.open("one", 4, now=NOW)
    second = await embeddings.open("two", 3, now=NOW)

    assert (first.slot, first.live) == ("emb", True)
    assert again == first
    assert (second.slot, second.live) == ("emb_alt", False)
    with pytest.raises(SetupError):
        await embeddings.open("three", 3, now=NOW)
    with pytest.raises(SetupError):
        await embeddings.open("huge", 4096, now=NOW)


async def test_reads_change_over_when_everything_is_embedded_again(desk: Any, fresh_owner_dsn: str) -> None:
    embeddings, alice = desk.store.embeddings, desk.scope("alice", "acme")
    await embeddings.open("one", 4, now=NOW)
    for scope in (alice, desk.client):
        await desk.remember(scope, "Apples.", vectors=[unit(0)])
    second = await embeddings.open("two", 3, now=NOW)

    async for scope in embeddings.scopes():
        lacking = await embeddings.unembedded(scope, slot=second.slot)
        await embeddings.write(scope, lacking, [unit(1, 3)] * len(lacking.texts), slot=second.slot)
        assert (await embeddings.unembedded(scope, slot=second.slot)).empty
    await embeddings.switch(second.slot, owner_dsn=fresh_owner_dsn, now=NOW)

    recall = await desk.find(alice, queries=(Query(text="x", vector=unit(1, 3)),), slot="emb_alt")
    assert [one.vector_scores for one in recall.candidates] == [(pytest.approx(1),)] * 4
    assert {space.embedder: space.live for space in await embeddings.spaces()} == {"one": False, "two": True}
    with psycopg.connect(fresh_owner_dsn) as connection:
        cursor = connection.execute("select indexname from pg_indexes where indexname like '%search%' order by 1")
        names = [name for (name,) in cursor.fetchall() if "_p" not in name]
    assert names == ["memory_search_alt", "memory_shared_search_alt", "segment_search_alt", "segment_shared_search_alt"]


async def test_a_column_left_behind_can_be_cleared_for_a_third_embedder(desk: Any, fresh_owner_dsn: str) -> None:
    embeddings, alice = desk.store.embeddings, desk.scope("alice")
    await embeddings.open("one", 4, now=NOW)
    await desk.remember(alice, "Apples.", vectors=[unit(0)])
    await embeddings.open("two", 3, now=NOW)
    await embeddings.switch("emb_alt", owner_dsn=fresh_owner_dsn, now=NOW)

    await embeddings.clear([scope async for scope in embeddings.scopes()], slot="emb")
    await embeddings.forget("emb")
    third = await embeddings.open("three", 5, now=NOW)

    assert third.slot == "emb"
    assert len((await embeddings.unembedded(alice, slot="emb")).memories) == 1


async def test_the_scopes_of_an_instance_leave_out_what_instances_share(desk: Any) -> None:
    alice, shared = desk.scope("alice"), Scope(rung="client", space=desk.place.client_id)
    for scope in (alice, desk.client, shared):
        await desk.accept(scope, "Apples.")
    embeddings, instance_id = desk.store.embeddings, desk.place.instance_id

    own = [scope async for scope in embeddings.scopes(instance_id)]
    every = [scope async for scope in embeddings.scopes()]

    assert set(own) == {alice, desk.client}
    assert set(every) >= {alice, desk.client, shared}


async def test_what_was_erased_while_its_vector_was_made_gets_none(desk: Any) -> None:
    embeddings, alice = desk.store.embeddings, desk.scope("alice", "acme")
    (known, _) = await desk.remember(alice, "The gate code is 4711.", "The door is blue.")
    lacking = await embeddings.unembedded(alice, slot="emb")

    assert await desk.store.memories.erase(alice, row_id_of(known), now=desk.later())
    await embeddings.write(alice, lacking, [unit(0)] * len(lacking.texts), slot="emb")

    assert await vectors(desk, alice, "memory") == [(False, 3), (True, 0)]
    assert await vectors(desk, alice, "segment") == [(False, 2), (True, 0)]


async def test_what_was_erased_while_its_document_was_worked_through_gets_no_vector(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    (known,) = await desk.remember(alice, "The gate code is 4711.")
    lacking = await desk.store.embeddings.unembedded(alice, slot="emb")
    await desk.accept(alice, "The door is blue.")
    (job,) = await desk.claim(alice)

    assert await desk.store.memories.erase(alice, row_id_of(known), now=desk.later())
    await desk.apply(job, "The door is blue.", segments=dict.fromkeys(lacking.segments, unit(0)))

    assert await vectors(desk, alice, "segment") == [(False, 2), (False, 0)]


async def test_what_says_something_else_by_now_does_not_get_the_vector_of_what_it_said(desk: Any) -> None:
    embeddings, alice = desk.store.embeddings, desk.scope("alice", "acme")
    (known,) = await desk.remember(alice, "The gate code is 4711.")
    lacking = await embeddings.unembedded(alice, slot="emb")

    updated = await desk.store.memories.update(
        alice,
        row_id_of(known),
        desk.bare("The gate code is 1234."),
        instance_id=desk.place.instance_id,
        now=desk.later(),
    )
    await embeddings.write(alice, lacking, [unit(0)] * len(lacking.texts), slot="emb")

    assert updated == known
    left = await embeddings.unembedded(alice, slot="emb")
    assert left.memories[row_id_of(known)] == "The gate code is 1234."
    assert not left.segments


async def vectors(desk: Any, scope: Scope, table: str) -> list[tuple[bool, int]]:
    """Return whether each row of a scope has a vector, and its status, by row id."""
    async with desk.database.transaction([scope]) as connection:
        query = f"select emb is not null, status from {table} where bucket = %s and scope_id = %s order by id"  # noqa: S608 - fixed names
        rows = await (await connection.execute(query.encode(), [scope.bucket, scope.id])).fetchall()
    return [(bool(there), int(status)) for there, status in rows]
