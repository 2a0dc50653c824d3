"""Two walls keep owners apart, and each holds alone: the predicates in our SQL, and row-level security behind them.

The probe looks through every read of content with the eyes of one user. To show that it can see at all, both walls are
taken away, and it must turn red.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import psycopg
import pytest

from synap.domain.scopes import world_scope
from synap.domain.terms import term_hashes
from synap.store import statements
from synap.store.database import Database
from synap.store.rows import mask_texts, place

MARKER = "zqforeign"
_PREDICATE = re.compile(r"(?:\w+\.)?scope_id = (?:any \(%\(\w+_scopes\)s::bigint\[\]\)|%\(scope\)s|o\.scope_id)")


@pytest.fixture
def database_name(fresh_name: str) -> str:
    """A database of the test's own: with both walls gone, a probe would meet the vectors of every test before it."""
    return fresh_name


@pytest.fixture
async def unwalled(owner_dsn: str) -> AsyncIterator[Database]:
    """The same database, by a login that row-level security does not bind."""
    async with await Database.open(owner_dsn) as opened:
        yield opened


@pytest.fixture
def stripped(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Takes every scope predicate out of our SQL until the test ends."""
    bare = {name: _PREDICATE.sub("true", text) for name, text in statements._statements().items()}  # noqa: SLF001 - see it
    monkeypatch.setattr(statements, "_statements", lambda: bare)
    statements.statement.cache_clear()
    yield
    statements.statement.cache_clear()


async def plant(desk: Any) -> dict[str, Any]:
    """Give two users of one customer, who share a bucket, the same words; only the other one's hold the marker."""
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    vector = np.array([1, 0], dtype=np.float32)
    for scope, word in ((alice, "own"), (bob, MARKER)):
        await desk.remember(scope, f"The budget is {word}.", vectors=[vector])
    for scope, word in ((alice, "own"), (bob, MARKER)):
        await desk.say(scope, "c", word)
    async with desk.database.transaction([bob]) as connection:
        cursor = await connection.execute(
            "select id, document_row from memory where bucket = %s and scope_id = %s", [bob.bucket, bob.id]
        )
        memory, document = await cursor.fetchone()
    return {"scope": alice, "memory": memory, "document": document, "vector": vector}


async def seen(database: Database, planted: dict[str, Any]) -> set[str]:
    """Return the names of the statements that show the marker to the user who must not see it."""
    scope = planted["scope"]
    params = (
        place(scope)
        | planted
        | {
            "scope": scope.id,
            "owned_scopes": [scope.id],
            "shared_scopes": [],
            "ids": [planted["memory"]],
            "types": None,
            "terms": mask_texts(term_hashes("budget"), chunks=1)[0],
            "more_terms": None,
            "bits": 1,
            "query": mask_texts(term_hashes("budget"), chunks=1)[0],
            "limit": 50,
            "texts": 50,
            "offset": 0,
            "type": None,
            "status": None,
            "neighbours": True,
            "excerpts": True,
            "conversation": "c",
            "start": 1,
            "keys": [0],
            "hashes": [b""],
            "vectors": [planted["vector"]],
            "slot_keys": [],
            "slots": [],
            "nearest": 5,
            "sought": [0],
            "chosen_keys": [0],
            "chosen": [planted["memory"]],
            "after": 0,
            "since": 0,
            "most": 50,
            "known": None,
            "starts": [0],
            "ends": [1000],
            "refreshed": [planted["memory"]],
            "previous": None,
            "documents": [planted["document"]],
            "sources": [],
            "rows": [planted["document"]],
            "ingestions": [],
            "key": "x",
            "by_content": False,
            "hash": b"",
        }
    )
    shown = set()
    for name in READS:
        async with database.transaction([scope]) as connection:
            rows = await (await statements.execute(connection, name, params)).fetchall()
        # Vectors and rows for searches come without text, but with packed ids.
        traces = (MARKER.encode(), planted["memory"].to_bytes(8))
        values = [value for row in rows for value in row.values()]
        if any(MARKER in str(one) or any(trace in bytes_of(one) for trace in traces) for one in values):
            shown.add(name)
    return shown


def bytes_of(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


READS = (
    "recall",
    "newest",
    "related",
    "resident_rows",
    "resident_changes",
    "vectors_after",
    "vector_changes",
    "on_topic",
    "get_memories",
    "list_memories",
    "apply_targets",
    "lock_memory",
    "load_document",
    "load_segments",
    "documents_of_evidence",
    "segments_of_evidence",
    "memories_of_passages",
    "unembedded_memories",
    "unembedded_segments",
    "read_messages",
    "recent_messages",
)
BLIND = {"unembedded_memories"}
"""Reads that find nothing of the other user here even with both walls gone: its memory has a vector already."""


async def test_no_read_shows_another_users_words(desk: Any) -> None:
    planted = await plant(desk)

    assert await seen(desk.database, planted) == set()


async def test_the_predicates_hold_without_row_level_security(desk: Any, unwalled: Database) -> None:
    planted = await plant(desk)

    assert await seen(unwalled, planted) == set()


@pytest.mark.usefixtures("stripped")
async def test_row_level_security_holds_without_the_predicates(desk: Any) -> None:
    planted = await plant(desk)

    assert await seen(desk.database, planted) == set()


@pytest.mark.usefixtures("stripped")
async def test_without_both_walls_the_probe_turns_red(desk: Any, unwalled: Database) -> None:
    planted = await plant(desk)

    assert await seen(unwalled, planted) == set(READS) - BLIND


async def test_a_foreign_row_cannot_be_written(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with desk.database.transaction([alice]) as connection:
            await connection.execute(
                "insert into entity (bucket, id, scope_id, name, normal, root, first_seen, last_seen) "
                "values (%s, 1, %s, 'x', 'x', 1, now(), now())",
                [bob.bucket, bob.id],
            )


async def test_the_application_cannot_write_to_the_world(desk: Any) -> None:
    world = world_scope()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with desk.database.transaction([world]) as connection:
            await connection.execute(
                "insert into entity_shared (bucket, id, scope_id, name, normal, root, first_seen, last_seen) "
                "values (0, 1, %s, 'x', 'x', 1, now(), now())",
                [world.id],
            )
