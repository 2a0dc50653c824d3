"""What the tests share: one server a run, and databases on it.

The server is an embedded one, or with `SYNAP_TEST_STORE=url` one that is reached by URL.

* `database` is a migrated database that all tests share; a test makes a fresh instance in it and meets nobody.
* `partitioned_database` is the same with every bucket table divided, as on a distributed server.
* `fresh_dsn` is a migrated database of the test's own, for tests that break or count things.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from tests.by_url import BY_URL, AnyServer, url_server

from synap.store.database import Database
from synap.store.migrate import migrate
from synap.store.privileges import blocking_ancestor, server_account
from synap.store.server import EmbeddedServer, Role

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("searching", print_blob=True, deadline=None)
settings.load_profile("fixed")
"""Everyone's run sees the same examples; `pytest --hypothesis-profile=searching` looks for new ones. On a busy machine any
example may take long, which is no fault of what it tries.
"""


PARTITIONED = os.environ.get("SYNAP_TEST_PARTITIONED") == "1"
"""Whether all databases of this run are in partitioned mode (`make test-partitioned`)."""

LONG = (
    "tests/e2e",
    "tests/property/test_campaign.py",
    "tests/architecture/test_examples.py",
    "tests/contract",
    "tests/architecture/test_docs.py",
    "tests/property",
    "tests/store",
)
"""Where tests take long, longest first."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take long: one that comes last would keep one process busy while the others have ended."""

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(config.rootpath).as_posix()
        return next((number for number, start in enumerate(LONG) if folder.startswith(start)), len(LONG))

    items.sort(key=rank)


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
def server(server_folder: Callable[[], Path]) -> Iterator[AnyServer]:
    """The server of this test run."""
    folder = server_folder()
    try:
        with url_server(folder) if BY_URL else EmbeddedServer.start(folder) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Databases on the server of this run. A template is migrated once and copied, which takes a fifth of the time."""

    def __init__(self, server: AnyServer) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        self._templates: dict[bool, str] = {}
        self._shared: dict[bool, str] = {}

    def dsn(self, role: Role, name: str) -> str:
        """Where `role` logs in to the database called `name`."""
        return self._server.dsn(role, database=name)

    def shared(self, *, partitioned: bool) -> str:
        """Name of the migrated database that all tests share."""
        if partitioned not in self._shared:
            self._shared[partitioned] = self.fresh(partitioned=partitioned)
        return self._shared[partitioned]

    def fresh(self, *, partitioned: bool) -> str:
        """Name of a new migrated database."""
        if partitioned not in self._templates:
            template = self._templates[partitioned] = self.empty()
            migrate(self.dsn(Role.OWNER, template), partitioned=partitioned)
        return self.empty(template=self._templates[partitioned])

    def empty(self, *, template: str = "template1") -> str:
        """Name of a new database, empty or a copy of `template`."""
        name = f"test_{next(self._numbers)}"
        names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        self._administer(sql.SQL("create database {name} template {template}").format(**names))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, with the connections to it."""
        self._administer(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.dsn(Role.OWNER, "postgres"), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def databases(server: AnyServer) -> Databases:
    """Makes databases on the server of this run."""
    return Databases(server)


@pytest.fixture
def partitioned() -> bool:
    """Whether the databases of this test are in partitioned mode; the store's own tests run with both."""
    return PARTITIONED


@pytest.fixture
def cursor_factory() -> type[psycopg.AsyncCursor[Any]]:
    """Class of the cursors of `database`; the store's own tests watch statements with it."""
    return psycopg.AsyncCursor


@pytest.fixture(scope="module")
def own_database(databases: Databases) -> Iterator[str]:
    """Name of a migrated database of one file's tests: by a clock that stands still, jobs left by others are never due."""
    name = databases.fresh(partitioned=PARTITIONED)
    yield name
    databases.drop(name)


@pytest.fixture
def database_name(databases: Databases, *, partitioned: bool) -> str:
    """Name of the migrated database that all tests share."""
    return databases.shared(partitioned=partitioned)


@pytest.fixture
def dsn(databases: Databases, database_name: str) -> str:
    """Where the application logs in to the shared database."""
    return databases.dsn(Role.APP, database_name)


@pytest.fixture
def worker_dsn(databases: Databases, database_name: str) -> str:
    """Where the worker logs in to the shared database."""
    return databases.dsn(Role.WORKER, database_name)


@pytest.fixture
def owner_dsn(databases: Databases, database_name: str) -> str:
    """Where the owner logs in to the shared database; row-level security does not bind it."""
    return databases.dsn(Role.OWNER, database_name)


@pytest.fixture
async def database(dsn: str, cursor_factory: type[psycopg.AsyncCursor[Any]]) -> AsyncIterator[Database]:
    """The shared database, open as the application."""
    async with await Database.open(dsn, cursor_factory=cursor_factory) as opened:
        yield opened


@pytest.fixture
async def partitioned_database(databases: Databases) -> AsyncIterator[Database]:
    """The shared partitioned database, open as the application."""
    name = databases.shared(partitioned=True)
    async with await Database.open(databases.dsn(Role.APP, name)) as opened:
        yield opened


@pytest.fixture
def empty_name(databases: Databases) -> Iterator[str]:
    """Name of a database without a schema, of this test's own."""
    name = databases.empty()
    yield name
    databases.drop(name)


@pytest.fixture
def fresh_name(databases: Databases, *, partitioned: bool) -> Iterator[str]:
    """Name of a migrated database of this test's own."""
    name = databases.fresh(partitioned=partitioned)
    yield name
    databases.drop(name)


@pytest.fixture
def fresh_dsn(databases: Databases, fresh_name: str) -> str:
    """Where the application logs in to a migrated database of this test's own."""
    return databases.dsn(Role.APP, fresh_name)


@pytest.fixture
def fresh_owner_dsn(databases: Databases, fresh_name: str) -> str:
    """Where the owner logs in to a migrated database of this test's own."""
    return databases.dsn(Role.OWNER, fresh_name)


@pytest.fixture
async def fresh_database(fresh_dsn: str) -> AsyncIterator[Database]:
    """A migrated database of this test's own, open as the application."""
    async with await Database.open(fresh_dsn) as opened:
        yield opened
