"""The watch over statements that would not stay on one node of a distributed server, proven on both sides."""

from __future__ import annotations

import pytest

from synap.domain.scopes import Scope
from synap.store.database import Database

ALICE = Scope(rung="user", space="inst_routing_tests", ids=(("user", "alice"),))


async def read(database: Database, statement: str, parameters: list[object]) -> None:
    async with database.transaction([ALICE]) as connection:
        await connection.execute(statement, parameters)


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("select content from memory where bucket = %s and scope_id = %s", [ALICE.bucket, ALICE.id]),
        (
            "select 1 from memory m join document d on d.bucket = m.bucket and d.id = m.document_row where m.bucket = %s",
            [ALICE.bucket],
        ),
        (
            "select id from memory where bucket = %s union all select id from memory_shared where scope_id = %s",
            [ALICE.bucket, ALICE.id],
        ),
        ("update memory set reason = 'none' where bucket = %s and id = %s", [ALICE.bucket, 1]),
        ("delete from job where bucket = %s and id in (select id from job where bucket = %s)", [ALICE.bucket] * 2),
    ],
)
async def test_a_statement_of_one_bucket_passes(database: Database, statement: str, parameters: list[object]) -> None:
    await read(database, statement, parameters)


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("select content from memory where scope_id = %s", [ALICE.id]),
        ("select d.id from memory m join document d on d.id = m.document_row where m.bucket = %s", [ALICE.bucket]),
        ("select id from job where state = 'ready' limit 1 for update skip locked", []),
        ("delete from memory where scope_id = %s", [ALICE.id]),
    ],
)
async def test_a_statement_of_all_buckets_is_refused(
    database: Database, statement: str, parameters: list[object], *, partitioned: bool
) -> None:
    if not partitioned:
        pytest.skip("plain tables have no partitions to tell apart")

    with pytest.raises(AssertionError, match="touches the partitions"):
        await read(database, statement, parameters)
