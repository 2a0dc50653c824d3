"""The application's connections: what a transaction sees, what it fails on, and how errors come out."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator

import numpy as np
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import PipelineStatus
from psycopg.waiting import Wait
from tests.campaign.relay import relay

from synap.domain.scopes import Scope, world_scope
from synap.errors import ServiceUnavailableError, SetupError
from synap.store.database import OPERATOR, Connection, Database, PatientConnection, carries
from synap.store.errors import retry

ALICE = Scope(rung="user", space="inst_database_tests", ids=(("user", "alice"),))
BOB = Scope(rung="user", space="inst_database_tests", ids=(("user", "bob"),))
FOREIGN = "42501"


async def add_entity(connection: Connection, scope: Scope, name: str, *, number: int) -> None:
    table = "entity_shared" if scope.shared else "entity"
    await connection.execute(
        f"insert into {table} (bucket, id, scope_id, name, normal, root, first_seen, last_seen) "  # noqa: S608 - fixed names
        "values (%s, %s, %s, %s, %s, 1, now(), now())",
        [scope.bucket, number, scope.id, name, f"{name}-{number}"],
    )


async def names(connection: Connection, table: str = "entity") -> list[str]:
    cursor = await connection.execute(f"select name from {table} order by name")  # noqa: S608 - fixed names
    return [str(row[0]) for row in await cursor.fetchall()]


async def test_content_without_a_scope_fails(fresh_database: Database) -> None:
    with pytest.raises(psycopg.Error):
        async with fresh_database.control() as connection:
            await connection.execute("select count(*) from memory")


async def test_content_fails_again_on_a_connection_that_had_entered_a_scope(fresh_dsn: str) -> None:
    async with await Database.open(fresh_dsn, size=1) as database:
        async with database.transaction([ALICE]) as connection:
            assert await names(connection) == []

        with pytest.raises(psycopg.Error):
            async with database.control() as connection:
                await names(connection)


async def test_an_unfiltered_read_sees_the_entered_scopes_alone(fresh_database: Database) -> None:
    for number, (scope, name) in enumerate(((ALICE, "of alice"), (BOB, "of bob")), start=1):
        async with fresh_database.transaction([scope]) as connection:
            await add_entity(connection, scope, name, number=number)

    async with fresh_database.transaction([ALICE]) as connection:
        assert await names(connection) == ["of alice"]
    async with fresh_database.transaction([ALICE, BOB]) as connection:
        assert await names(connection) == ["of alice", "of bob"]
    async with fresh_database.transaction([]) as connection:
        assert await names(connection) == []


async def test_an_unfiltered_write_touches_the_entered_scope_alone(fresh_database: Database) -> None:
    for number, scope in enumerate((ALICE, BOB), start=1):
        async with fresh_database.transaction([scope]) as connection:
            await add_entity(connection, scope, "before", number=number)

    async with fresh_database.transaction([ALICE]) as connection:
        changed = await connection.execute("update entity set name = 'after'")

    assert changed.rowcount == 1
    async with fresh_database.transaction([BOB]) as connection:
        assert await names(connection) == ["before"]


async def test_a_row_of_a_foreign_scope_is_refused(database: Database) -> None:
    with pytest.raises(psycopg.Error) as refused:
        async with database.transaction([ALICE]) as connection:
            await add_entity(connection, BOB, "smuggled", number=1)

    assert refused.value.sqlstate == FOREIGN


async def test_a_row_cannot_be_moved_to_a_foreign_scope(fresh_database: Database) -> None:
    async with fresh_database.transaction([ALICE]) as connection:
        await add_entity(connection, ALICE, "own", number=1)

    with pytest.raises(psycopg.Error) as refused:
        async with fresh_database.transaction([ALICE]) as connection:
            await connection.execute("update entity set scope_id = %s", [BOB.id])

    assert refused.value.sqlstate == FOREIGN


async def test_world_is_read_by_all_and_written_by_the_operator(fresh_database: Database) -> None:
    world = world_scope()
    async with fresh_database.transaction([world], role=OPERATOR) as connection:
        await add_entity(connection, world, "everyone's", number=1)

    with pytest.raises(psycopg.Error) as refused:
        async with fresh_database.transaction([world]) as connection:
            await add_entity(connection, world, "intruder", number=2)
    async with fresh_database.transaction([ALICE, world]) as connection:
        deleted = await connection.execute("delete from entity_shared")
        left = await names(connection, "entity_shared")

    assert refused.value.sqlstate == FOREIGN
    assert deleted.rowcount == 0
    assert left == ["everyone's"]


async def test_what_is_everyones_cannot_be_taken_into_another_scope(fresh_database: Database) -> None:
    world, client = world_scope(), Scope(rung="client", space="inst_0")
    async with fresh_database.transaction([world], role=OPERATOR) as connection:
        await add_entity(connection, world, "everyone's", number=1)

    async with fresh_database.transaction([client, world]) as connection:
        taken = await connection.execute(
            "update entity_shared set scope_id = %s where scope_id = %s", [client.id, world.id]
        )
        changed = await connection.execute("update entity_shared set name = 'ours'")
        left = await names(connection, "entity_shared")
    async with fresh_database.transaction([world], role=OPERATOR) as connection:
        renamed = await connection.execute("update entity_shared set name = 'new'")

    assert (taken.rowcount, changed.rowcount, renamed.rowcount) == (0, 0, 1)
    assert left == ["everyone's"]


async def test_the_operator_is_a_role_of_one_transaction(fresh_dsn: str) -> None:
    async with await Database.open(fresh_dsn, size=1) as database:
        async with database.control(role=OPERATOR) as connection:
            inside = await (await connection.execute("select current_user")).fetchone()
        async with database.control() as connection:
            after = await (await connection.execute("select current_user")).fetchone()

    assert (inside, after) == (("synap_operator",), ("synap_app",))


async def backend(database: Database, *, message: int = 0) -> int:
    async with database.control() as connection:
        carries(connection, message)
        return connection.info.backend_pid


async def test_a_connection_is_not_used_again_after_a_very_big_message(fresh_dsn: str) -> None:
    async with await Database.open(fresh_dsn, size=1) as database:
        first = await backend(database)
        kept = await backend(database, message=2**20)
        last = await backend(database, message=2**23)
        fresh = await backend(database)

    assert first == kept == last
    assert fresh != last


async def test_an_error_rolls_everything_back(fresh_database: Database) -> None:
    async def write_and_fail() -> None:
        async with fresh_database.transaction([ALICE]) as connection:
            await add_entity(connection, ALICE, "never", number=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()

    async with fresh_database.transaction([ALICE]) as connection:
        assert await names(connection) == []


async def test_a_pipelined_transaction_commits_and_answers_after_its_block(fresh_database: Database) -> None:
    async with fresh_database.transaction([ALICE], pipelined=True) as connection:
        await add_entity(connection, ALICE, "first", number=1)
        await add_entity(connection, ALICE, "second", number=2)
        counted = await connection.execute("select count(*) from entity")

    assert await counted.fetchone() == (2,)
    async with fresh_database.transaction([ALICE]) as connection:
        assert await names(connection) == ["first", "second"]


async def test_the_error_of_an_unfetched_pipelined_statement_rolls_back(fresh_database: Database) -> None:
    async def write_and_fail() -> None:
        async with fresh_database.transaction([ALICE], pipelined=True) as connection:
            await add_entity(connection, ALICE, "never", number=1)
            await connection.execute("select 1 / 0")

    with pytest.raises(psycopg.errors.DivisionByZero):
        await write_and_fail()

    async with fresh_database.transaction([ALICE]) as connection:
        assert await names(connection) == []


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
async def test_vectors_go_out_and_come_back(database: Database, *, binary: bool) -> None:
    vector = np.array([0.5, -1.25, 0.0, 3.0], dtype=np.float32)

    async with database.control() as connection, connection.cursor(binary=binary) as cursor:
        await cursor.execute("select %s::halfvec, %s::halfvec[]", [vector, [vector, vector * 2]])
        row = await cursor.fetchone()

    assert row is not None
    one, several = row
    assert one.dtype == np.float32
    assert np.array_equal(one, vector)
    assert [item.tolist() for item in several] == [vector.tolist(), (vector * 2).tolist()]


async def test_the_text_form_of_a_vector_equals_the_binary_one(database: Database) -> None:
    vector = np.array([0.1, -2.0], dtype=np.float32)

    async with database.control() as connection:
        cursor = await connection.execute("select %t::halfvec = %b::halfvec", [vector, vector])
        assert await cursor.fetchone() == (True,)


async def test_plans_are_made_for_their_parameters_and_repeat_their_answer(database: Database) -> None:
    async with database.control() as connection:
        setting = await (await connection.execute("show plan_cache_mode")).fetchone()
        answers = set()
        for _ in range(10):
            cursor = await connection.execute("select count(*) from job where bucket = %s", [7], prepare=True)
            answers.add(await cursor.fetchone())

    assert setting == ("force_custom_plan",)
    assert len(answers) == 1


async def test_it_works_without_prepared_statements(dsn: str) -> None:
    async with await Database.open(dsn, prepared=False, size=1) as database:
        for _ in range(8):
            async with database.transaction([ALICE]) as connection:
                await connection.execute("select count(*) from memory where bucket = %s", [1])
        async with database.control() as connection:
            cursor = await connection.execute("select count(*) from pg_prepared_statements")
            assert await cursor.fetchone() == (0,)


async def test_an_unknown_server_is_a_setup_error() -> None:
    with pytest.raises(SetupError, match="cannot be reached"):
        await Database.open("host=/nonexistent dbname=synap user=synap_app")


async def test_after_a_loss_of_all_connections_one_call_fails_and_the_next_ones_work(
    fresh_dsn: str, fresh_owner_dsn: str
) -> None:
    async def use(database: Database) -> None:
        async with database.transaction([ALICE]) as connection:
            await connection.execute("select pg_sleep(0.05)")

    async with await Database.open(fresh_dsn, size=4) as database:
        await asyncio.gather(*(use(database) for _ in range(4)))
        with psycopg.connect(fresh_owner_dsn) as owner:
            owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'synap_app'")

        with pytest.raises(ServiceUnavailableError):
            await use(database)

        await asyncio.gather(*(use(database) for _ in range(4)))


async def connected(database: Database) -> None:
    """Wait until the first connection stands, which may take longer than a call waits: over TCP a password is checked."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(ServiceUnavailableError):
                async with database.control():
                    return


@pytest.mark.parametrize("partitioned", [False])
async def test_a_connection_that_hangs_is_given_up_and_the_next_call_works(dsn: str) -> None:
    parts = conninfo_to_dict(dsn)
    with relay(str(parts["host"]), int(parts["port"] or 5432)) as between:
        through = make_conninfo(dsn, host="127.0.0.1", port=between.port)
        async with await Database.open(through, size=1, silence=0.5) as database:
            async with database.control() as connection:
                await connection.execute("select 1")
            between.strand()

            with pytest.raises(ServiceUnavailableError):
                async with database.control() as connection:
                    await connection.execute("select 1")
            async with database.control() as connection:
                row = await (await connection.execute("select 1")).fetchone()

    assert row == (1,)


@pytest.mark.parametrize("partitioned", [False])
async def test_an_exchange_that_was_called_off_ends_with_its_connection(dsn: str) -> None:
    connection = await PatientConnection.connect(dsn, autocommit=True)

    def exchange() -> Iterator[Wait]:
        try:
            yield Wait.R
        finally:
            connection.pgconn.send_flush_request()  # as the end of a pipeline does; fails where the connection is gone

    called_off = exchange()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await connection.wait(called_off)
    await connection.close()

    del called_off
    gc.collect()  # what is noisy when it is freed fails the test


async def test_whoever_is_called_off_leaves_nobody_inside_a_pipeline(
    fresh_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, left = PatientConnection.wait, [0]

    async def counted(connection: PatientConnection, *arguments: object, **options: object) -> object:
        left[0] -= 1
        if left[0] == 0 and (task := asyncio.current_task()) is not None:
            task.cancel()
        return await wait(connection, *arguments, **options)

    async def read(database: Database) -> None:
        async with database.transaction([ALICE], pipelined=True) as connection:
            await names(connection)

    monkeypatch.setattr(PatientConnection, "wait", counted)
    found, steps = [], range(1, 13)
    async with await Database.open(fresh_dsn, size=1) as database:
        for step in steps:
            left[0] = step
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.create_task(read(database))
            left[0] = 0
            async with database.control() as connection:
                pipeline = connection.pgconn.pipeline_status
                cursor = await connection.execute("update job set tries = tries where id = 0")
                found.append((pipeline, cursor.rowcount))

    assert found == [(PipelineStatus.OFF, 0) for _ in steps]


async def test_a_call_that_finds_no_free_connection_in_time_is_told_so(fresh_dsn: str) -> None:
    async with await Database.open(fresh_dsn, size=1, wait=0.1) as database:
        await connected(database)
        async with database.control():
            with pytest.raises(ServiceUnavailableError, match="busy"):
                async with database.control():
                    pass


async def test_of_two_transactions_that_lock_each_other_out_one_is_repeated(fresh_database: Database) -> None:
    async with fresh_database.control() as connection:
        for name in ("one", "two"):
            await connection.execute("insert into client (id, name, created_at) values (%s, '', now())", [name])
    met = asyncio.Barrier(2)

    async def rename(first: str, second: str) -> None:
        async with fresh_database.control() as connection:
            await connection.execute("update client set name = name || 'x' where id = %s", [first])
            if not met.broken and met.n_waiting < met.parties:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await met.wait()
            await connection.execute("update client set name = name || 'x' where id = %s", [second])

    await asyncio.gather(retry(lambda: rename("one", "two")), retry(lambda: rename("two", "one")))

    async with fresh_database.control() as connection:
        cursor = await connection.execute("select distinct name from client")
        assert await cursor.fetchall() == [("xx",)]
