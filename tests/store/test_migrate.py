"""Bringing databases to this version's schema, and refusing those that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from tests.by_url import AnyServer

from synap.errors import SetupError
from synap.store import migrate as runner
from synap.store.checks import check_store
from synap.store.migrate import SCHEMA_VERSION, Migration, migrate, migrations, schema_version
from synap.store.server import Role

NAMED_BATCHES = 14
"""The migration since which batches name no documents."""

EVERYTHING = [migration.number for migration in migrations()]


@pytest.fixture
def empty(server: AnyServer, empty_name: str) -> Callable[[Role], str]:
    """The login of a role to a database without a schema."""
    return lambda role: server.dsn(role, database=empty_name)


def append(monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    extra = Migration(number=SCHEMA_VERSION + 1, name="extra", sql=sql)
    known = migrations()
    monkeypatch.setattr(runner, "migrations", lambda: (*known, extra))
    monkeypatch.setattr(runner, "SCHEMA_VERSION", extra.number)


@pytest.mark.parametrize("partitioned", [False, True], ids=["plain", "partitioned"])
def test_an_empty_database_gets_everything_once(empty: Callable[[Role], str], *, partitioned: bool) -> None:
    assert schema_version(empty(Role.OWNER)) == 0

    first = migrate(empty(Role.OWNER), partitioned=partitioned)
    second = migrate(empty(Role.OWNER), partitioned=partitioned)

    assert (first, second) == (EVERYTHING, [])
    assert schema_version(empty(Role.OWNER)) == SCHEMA_VERSION


@pytest.mark.parametrize("partitioned", [False, True], ids=["plain", "partitioned"])
def test_batches_of_before_lose_the_names_of_their_documents_and_nothing_else(
    empty: Callable[[Role], str], monkeypatch: pytest.MonkeyPatch, *, partitioned: bool
) -> None:
    known = [one for one in migrations() if one.number < NAMED_BATCHES]
    monkeypatch.setattr(runner, "migrations", lambda: known)
    migrate(empty(Role.OWNER), partitioned=partitioned)
    monkeypatch.undo()
    odd = 'a "quoted" \\ "document_id": "name" \\\\" ü'
    rows: list[dict[str, Any]] = [
        {"ingestion_id": str(number), "record": {"document_id": name, "error_message": odd, "status": "queued"}}
        for number, name in enumerate(("zoe-smith.md", odd, "", "\\"))
    ]
    with psycopg.connect(empty(Role.OWNER)) as connection:
        connection.execute("alter table batch no force row level security")
        connection.execute("insert into batch values (3, 7, 'inst', 4, %s, now())", [Jsonb(rows)])
        connection.execute("alter table batch force row level security")

    migrate(empty(Role.OWNER), partitioned=partitioned)

    with psycopg.connect(empty(Role.APP)) as connection:
        (kept,) = connection.execute("select rows from batch").fetchone() or ()
    assert kept == [{**row, "record": {**row["record"], "document_id": ""}} for row in rows]


def test_several_at_once_take_turns(empty: Callable[[Role], str]) -> None:
    with ThreadPoolExecutor(3) as threads:
        applied = list(threads.map(migrate, [empty(Role.OWNER)] * 3))

    assert sorted(number for numbers in applied for number in numbers) == EVERYTHING


def test_a_migration_that_fails_leaves_nothing_behind(
    empty: Callable[[Role], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty(Role.OWNER))
    append(monkeypatch, "create table half (id int primary key); select 1 / 0;")

    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty(Role.OWNER))

    assert schema_version(empty(Role.OWNER)) == SCHEMA_VERSION
    with psycopg.connect(empty(Role.OWNER)) as connection:
        assert connection.execute("select to_regclass('half')").fetchone() == (None,)


def test_a_later_migration_is_added_to_a_database_with_data(
    empty: Callable[[Role], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty(Role.OWNER))
    with psycopg.connect(empty(Role.OWNER)) as connection:
        connection.execute("insert into client (id, name, created_at) values ('cli_1', 'one', now())")
    append(monkeypatch, "alter table client add column motto text not null default '';")

    assert migrate(empty(Role.OWNER)) == [SCHEMA_VERSION + 1]
    with psycopg.connect(empty(Role.OWNER)) as connection:
        assert connection.execute("select id, motto from client").fetchone() == ("cli_1", "")


def test_a_changed_migration_is_refused(fresh_owner_dsn: str) -> None:
    with psycopg.connect(fresh_owner_dsn) as connection:
        connection.execute("update schema_migration set sha256 = 'other' where number = 1")

    with pytest.raises(SetupError, match="another text"):
        migrate(fresh_owner_dsn)


def test_a_newer_database_is_refused(fresh_owner_dsn: str, fresh_dsn: str) -> None:
    with psycopg.connect(fresh_owner_dsn) as connection:
        connection.execute("insert into schema_migration values (9999, 'future', '', now())")

    with pytest.raises(SetupError, match="newer"):
        migrate(fresh_owner_dsn)
    with pytest.raises(SetupError, match="upgrade synap-memory"):
        check_store(fresh_dsn, schema=SCHEMA_VERSION)


def test_a_server_without_pgvector_is_told_what_to_install(
    empty: Callable[[Role], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "available_vector", lambda _: None)

    with pytest.raises(SetupError, match=r"postgresql-\d+-pgvector"):
        migrate(empty(Role.OWNER))


def test_a_login_that_may_not_install_pgvector_is_told_who_may(
    empty: Callable[[Role], str], database_name: str
) -> None:
    assert database_name, "the roles exist once any database was migrated"

    with pytest.raises(SetupError, match="superuser"):
        migrate(empty(Role.APP))


def test_a_server_that_cannot_be_reached_is_named() -> None:
    with pytest.raises(SetupError, match="cannot be reached"):
        migrate("host=/nonexistent dbname=synap")


def test_a_store_that_is_ready_tells_what_it_is(fresh_dsn: str) -> None:
    facts = check_store(fresh_dsn, schema=SCHEMA_VERSION)

    assert facts.schema == SCHEMA_VERSION
    assert facts.citus is None
    assert facts.version[:2].isdigit()


def test_a_store_without_a_schema_is_told_to_migrate(empty: Callable[[Role], str], database_name: str) -> None:
    assert database_name, "the roles exist once any database was migrated"
    with psycopg.connect(empty(Role.OWNER)) as connection:
        connection.execute("create extension vector")

    with pytest.raises(SetupError, match="synap migrate"):
        check_store(empty(Role.APP), schema=SCHEMA_VERSION)


def test_an_older_schema_is_told_to_migrate(fresh_dsn: str) -> None:
    with pytest.raises(SetupError, match="older than the 9999"):
        check_store(fresh_dsn, schema=9999)


def test_an_old_pgvector_is_refused(empty: Callable[[Role], str]) -> None:
    with psycopg.connect(empty(Role.OWNER), autocommit=True) as connection:
        connection.execute("create extension vector")
        connection.execute("update pg_extension set extversion = '0.6.2' where extname = 'vector'")

    with pytest.raises(SetupError, match=r"0\.7 or newer"):
        migrate(empty(Role.OWNER))


def test_a_login_above_row_level_security_may_not_serve(fresh_owner_dsn: str) -> None:
    with pytest.raises(SetupError, match="superuser"):
        check_store(fresh_owner_dsn, schema=SCHEMA_VERSION)


def test_the_owner_of_the_schema_may_not_serve(server: AnyServer, fresh_name: str, fresh_owner_dsn: str) -> None:
    with psycopg.connect(fresh_owner_dsn) as connection:
        connection.execute("alter table memory owner to synap_worker")

    with pytest.raises(SetupError, match="owns the schema"):
        check_store(server.dsn(Role.WORKER, database=fresh_name), schema=SCHEMA_VERSION)
