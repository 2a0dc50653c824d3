"""Searches read the covering index alone, as the application and behind row-level security.

This also guards the trap that an index on an operator which is not leakproof would set: behind row-level security
PostgreSQL would leave it unused and read the table.
"""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import psycopg
import pytest
from tests.by_url import AnyServer

from synap.domain.scopes import Scope, world_scope
from synap.store.database import Connection, Database
from synap.store.erasure import BATCH_ROWS, tables_of
from synap.store.rows import place
from synap.store.server import Role
from synap.store.statements import statement

ALICE = Scope(rung="user", space="inst_plan_tests", ids=(("user", "alice"),))
WORLD = world_scope()
DIM = 8
ROWS = 300
TABLES = ["memory", "segment", "memory_shared", "segment_shared"]

VECTOR_ARM = "select id, emb <#> %(vector)s::halfvec from {table} where {at} and status = 0 order by 2 limit 20"
TERM_ARM = "select id, len, terms from {table} where {at} and status = 0"


def fill(owner_dsn: str, table: str) -> None:
    """Fill `table` with rows of one scope as the owner, and vacuum it."""
    scope = WORLD if table.endswith("_shared") else ALICE
    shared = {"bucket": scope.bucket, "scope": scope.id, "rows": ROWS, "dim": DIM}
    memory = (
        "(bucket, id, scope_id, type, content, detail, content_hash, confidence, score, recorded_at, extractor, "
        "tokens, len, terms, emb) select %(bucket)s, n, %(scope)s, 0, 'x', '', '', 1, 1, now(), 'test', 1, 5,"
    )
    segment = (
        "(bucket, id, scope_id, document_row, ordinal, text, start_at, end_at, role, recorded_at, tokens, len, "
        "terms, emb) select %(bucket)s, n, %(scope)s, 1, n, 'x', 0, 1, 'user', now(), 1, 5,"
    )
    columns = memory if table.startswith("memory") else segment
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute(
            f"insert into {table} {columns} '{{1:1,7:1}}/1000000000', "  # noqa: S608 - fixed names
            "(select array_agg(random()) from generate_series(1, %(dim)s) where n > 0)::halfvec "
            "from generate_series(1, %(rows)s) n",
            shared,
        )
        # Freezing waits for pages that autovacuum has pinned, which would else not count as visible to all; what autovacuum
        # looks at meanwhile is not visible to all either, until it has ended.
        for _ in range(100):
            connection.execute(f"vacuum (freeze, analyze) {table}")
            seen = connection.execute(
                "select relallvisible >= relpages from pg_class where oid = %s::regclass", [table]
            ).fetchone()
            if seen == (True,):
                return
            time.sleep(0.1)
        pytest.fail(f"the pages of {table} do not become visible to all")


async def plan_of(connection: Connection, query: str) -> list[dict[str, Any]]:
    vector = np.ones(DIM, dtype=np.float32)
    cursor = await connection.execute(
        "explain (analyze, format json) " + query, {"vector": vector, "bucket": ALICE.bucket, "scope": ALICE.id}
    )
    row = await cursor.fetchone()
    assert row is not None
    return list(scans(row[0] if isinstance(row[0], list) else json.loads(row[0])))


def scans(plan: Any) -> list[dict[str, Any]]:
    if isinstance(plan, list):
        return [scan for part in plan for scan in scans(part)]
    if not isinstance(plan, dict):
        return []
    own = [plan] if "Scan" in str(plan.get("Node Type")) and "Relation Name" in plan else []
    return own + [scan for part in plan.values() for scan in scans(part)]


@pytest.mark.parametrize("arm", [VECTOR_ARM, TERM_ARM], ids=["vector", "terms"])
@pytest.mark.parametrize("table", TABLES)
async def test_both_arms_read_the_covering_index_alone(
    server: AnyServer, fresh_name: str, fresh_database: Database, table: str, arm: str
) -> None:
    fill(server.dsn(Role.OWNER, database=fresh_name), table)
    at = f"scope_id = {WORLD.id}" if table.endswith("_shared") else "bucket = %(bucket)s and scope_id = %(scope)s"

    async with fresh_database.transaction([ALICE, WORLD]) as connection:
        await connection.execute("set local enable_seqscan = off")
        found = await plan_of(connection, arm.format(table=table, at=at))

    assert [scan["Node Type"] for scan in found] == ["Index Only Scan"]
    assert found[0]["Heap Fetches"] == 0
    assert found[0]["Actual Rows"] == ROWS


async def test_an_unfiltered_count_is_the_callers_own(
    server: AnyServer, fresh_name: str, fresh_database: Database
) -> None:
    owner = server.dsn(Role.OWNER, database=fresh_name)
    fill(owner, "memory")
    with psycopg.connect(owner) as connection:
        connection.execute("update memory set scope_id = 1 where id > 10")

    async with fresh_database.transaction([ALICE]) as session:
        counted = await (await session.execute("select count(*) from memory")).fetchone()

    assert counted == (10,)


@pytest.mark.parametrize("limit", [BATCH_ROWS, None])
@pytest.mark.parametrize("scope", [ALICE, WORLD], ids=["own", "shared"])
async def test_what_an_erasure_takes_is_chosen_once_and_joined_with_nothing(
    fresh_database: Database, scope: Scope, limit: int | None
) -> None:
    params = place(scope) | {"shared": scope.shared, "instance": "inst_plan_tests", "limit": limit}
    joins: dict[str, list[str]] = {}

    async with fresh_database.transaction([scope]) as connection:
        for what in tables_of(scope):
            query = b"explain " + statement(f"erase_scope_{what}", shared=scope.shared)
            lines = [line for (line,) in await (await connection.execute(query, params)).fetchall()]
            joins[what] = [line for line in lines if "Join" in line or "Nested Loop" in line]

    assert joins
    assert not any(joins.values()), "of a scope that no statistics know, a join costs the square of its rows"
