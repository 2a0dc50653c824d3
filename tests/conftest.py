"""What the tests share: one embedded server a run, and databases on it.

* `database` is a migrated database that all tests share; a test makes a fresh instance in it and meets nobody.
* `partitioned_database` is the same with every bucket table divided, as on a distributed server.
* `fresh_dsn` is a migrated database of the test's own, for tests that break or count things.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from synap.store.database import Database
from synap.store.migrate import migrate
from synap.store.privileges import blocking_ancestor, server_account
from synap.store.server import EmbeddedServer, Role

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server_folder() -> Callable[[], Path]:
    """A function that makes an empty folder, removed by the system, which the server's account can reach.

    As root the server runs under another uid, which may not pass pytest's own temporary folders.
    """
    account = server_account()
    parents = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/tmp")]  # noqa: S108 - mkdtemp makes it private
    parent = next(folder for folder in parents if folder.is_dir() and blocking_ancestor(folder / "x", account) is None)
    return lambda: Path(tempfile.mkdtemp(prefix="synap-test-", dir=parent))


@pytest.fixture(scope="session")
def server(server_folder: Callable[[], Path]) -> Iterator[EmbeddedServer]:
    """The server of this test run."""
    folder = server_folder()
    try:
        with EmbeddedServer.start(folder) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """Name of a migrated database to copy; nobody connects to it."""
    return _migrated(server, "template_plain", partitioned=False)


@pytest.fixture(scope="session")
def partitioned_template(server: EmbeddedServer) -> str:
    """Name of a database migrated in partitioned mode, to copy; nobody connects to it."""
    return _migrated(server, "template_partitioned", partitioned=True)


@pytest.fixture(scope="session")
def database_name(server: EmbeddedServer, template: str) -> str:
    """Name of the migrated database that all tests share."""
    return _create(server, "shared_plain", template=template)


@pytest.fixture(scope="session")
def dsn(server: EmbeddedServer, database_name: str) -> str:
    """Where the application logs in to the shared database."""
    return server.dsn(Role.APP, database=database_name)


@pytest.fixture(scope="session")
def worker_dsn(server: EmbeddedServer, database_name: str) -> str:
    """Where the worker logs in to the shared database."""
    return server.dsn(Role.WORKER, database=database_name)


@pytest.fixture(scope="session")
def owner_dsn(server: EmbeddedServer, database_name: str) -> str:
    """Where the owner logs in to the shared database; row-level security does not bind it."""
    return server.dsn(Role.OWNER, database=database_name)


@pytest.fixture(scope="session")
def partitioned_name(server: EmbeddedServer, partitioned_template: str) -> str:
    """Name of the partitioned database that all tests share."""
    return _create(server, "shared_partitioned", template=partitioned_template)


@pytest.fixture(scope="session")
def partitioned_dsn(server: EmbeddedServer, partitioned_name: str) -> str:
    """Where the application logs in to the shared partitioned database."""
    return server.dsn(Role.APP, database=partitioned_name)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """The shared database, open as the application."""
    async with await Database.open(dsn) as opened:
        yield opened


@pytest.fixture
async def partitioned_database(partitioned_dsn: str) -> AsyncIterator[Database]:
    """The shared partitioned database, open as the application."""
    async with await Database.open(partitioned_dsn) as opened:
        yield opened


@pytest.fixture
def empty_name(server: EmbeddedServer) -> Iterator[str]:
    """Name of a database without a schema, of this test's own."""
    name = _create(server, f"empty_{next(_numbers)}")
    yield name
    _drop(server, name)


@pytest.fixture
def fresh_name(server: EmbeddedServer, template: str) -> Iterator[str]:
    """Name of a migrated database of this test's own."""
    name = _create(server, f"fresh_{next(_numbers)}", template=template)
    yield name
    _drop(server, name)


@pytest.fixture
def fresh_dsn(server: EmbeddedServer, fresh_name: str) -> str:
    """Where the application logs in to a migrated database of this test's own."""
    return server.dsn(Role.APP, database=fresh_name)


@pytest.fixture
async def fresh_database(fresh_dsn: str) -> AsyncIterator[Database]:
    """A migrated database of this test's own, open as the application."""
    async with await Database.open(fresh_dsn) as opened:
        yield opened


def _migrated(server: EmbeddedServer, name: str, *, partitioned: bool) -> str:
    migrate(server.dsn(Role.OWNER, database=_create(server, name)), partitioned=partitioned)
    return name


def _create(server: EmbeddedServer, name: str, *, template: str = "template1") -> str:
    statement = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
    _administer(server, statement)
    return name


def _drop(server: EmbeddedServer, name: str) -> None:
    _administer(server, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _administer(server: EmbeddedServer, statement: sql.Composed) -> None:
    with psycopg.connect(server.dsn(Role.OWNER, database="postgres"), autocommit=True) as connection:
        connection.execute(statement)
