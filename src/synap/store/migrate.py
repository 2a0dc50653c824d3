"""Brings a database to the schema of this version: numbered SQL files, forward only, each in a transaction of its own."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources

import psycopg

from synap.errors import SetupError
from synap.store.checks import (
    MINIMUM_VECTOR,
    available_vector,
    check_server,
    check_vector,
    connect,
    read_schema_version,
)
from synap.store.splitting import split_statements

logger = logging.getLogger(__name__)

PARTITIONS = 4
"""Number of hash partitions of each table in the tests' partitioned mode."""

_LOCK = 7_306_011_552_213_442_137
"""Key of the advisory lock under which migrations run; any number, never to be changed."""

_FILE_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
_MARKER = "/* partition:bucket */"
_CREATED = re.compile(r"create\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)", re.IGNORECASE)
_PLACING = re.compile(r"\s*select\s+synap_place\(", re.IGNORECASE)
_HISTORY = """
    create table if not exists schema_migration (
        number int primary key,
        name text not null,
        sha256 text not null,
        applied_at timestamptz not null
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered file.

    Attributes:
        number: Position, from 1, without gaps.
        name: What it does, from the file's name.
        sql: Its text.
    """

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of the text: a file that was applied somewhere never changes again."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """Return the migrations of this version, in order."""
    found = []
    for file in resources.files("synap.store").joinpath("migrations").iterdir():
        if (match := _FILE_NAME.fullmatch(file.name)) is not None:
            text = file.read_text(encoding="utf-8")
            found.append(Migration(number=int(match[1]), name=match[2], sql=text))
    return tuple(sorted(found, key=lambda migration: migration.number))


SCHEMA_VERSION = max(migration.number for migration in migrations())
"""Number of the newest migration of this version."""


def migrate(dsn: str, *, partitioned: bool = False) -> list[int]:
    """Apply what is missing and return the numbers applied, in order; an empty list if nothing was.

    Safe to run by several processes at once: they take turns. A migration that fails leaves the database as it was
    after the one before.

    Args:
        dsn: Where the owner of the schema logs in; on Citus, the coordinator.
        partitioned: For tests: divide every table with a bucket into `PARTITIONS` partitions, so that a plain server
            refuses what a distributed one would.

    Raises:
        SetupError: The server or pgvector is missing, too old or not durable; the database is newer than this version;
            or an applied migration differs from its file.
    """
    applied = []
    with connect(dsn) as connection:
        check_server(connection)
        with _turn(connection):
            _install_vector(connection)
        for migration in migrations():
            with _turn(connection):
                if _is_applied(connection, migration):
                    continue
                _apply(connection, migration, partitioned=partitioned)
            applied.append(migration.number)
            logger.info("migration applied", extra={"number": migration.number, "migration": migration.name})
        if not applied:
            with _turn(connection):
                place_tables(connection)
    return applied


def place_tables(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Tell Citus once more where each table belongs, as it may have come under data that was there before it.

    Returns what became of each: `plain` without Citus, `already`, or how it is placed now.
    """
    calls = [call for migration in migrations() for call in split_statements(migration.sql) if _PLACING.match(call)]
    rows = [connection.execute(call.encode()).fetchone() for call in calls]
    return [str(row[0]) for row in rows if row is not None]


def schema_version(dsn: str) -> int:
    """Return the number of the newest migration applied to a database; 0 if it has no schema.

    Raises:
        SetupError: The server cannot be reached.
    """
    with connect(dsn) as connection:
        return read_schema_version(connection)


def partition(statement: str) -> list[str]:
    """Return the statements that stand for `statement` in partitioned mode: itself unless it carries the marker."""
    created = _CREATED.search(statement)
    if _MARKER not in statement or created is None:
        return [statement]
    table = created[1]
    parts = [
        f"create table {table}_p{number} partition of {table} "
        f"for values with (modulus {PARTITIONS}, remainder {number})"
        for number in range(PARTITIONS)
    ]
    return [statement.replace(_MARKER, "partition by hash (bucket)"), *parts]


@contextmanager
def _turn(connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[None]:
    """Hold a transaction that no other migrating process has beside this one."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        yield


def _apply(connection: psycopg.Connection[tuple[object, ...]], migration: Migration, *, partitioned: bool) -> None:
    for statement in split_statements(migration.sql):
        for part in partition(statement) if partitioned else [statement]:
            # Without parameters, and one statement per message: Citus refuses several in one string.
            connection.execute(part.encode())
    connection.execute(
        "insert into schema_migration (number, name, sha256, applied_at) values (%s, %s, %s, now())",
        [migration.number, migration.name, migration.sha256],
    )


def _is_applied(connection: psycopg.Connection[tuple[object, ...]], migration: Migration) -> bool:
    """Return whether the database has `migration` already, after checking that its history fits this version."""
    connection.execute(_HISTORY)
    found = read_schema_version(connection)
    if found > SCHEMA_VERSION:
        raise SetupError(
            f"the database has schema version {found}, newer than the {SCHEMA_VERSION} this version of synap knows: "
            "upgrade synap-memory"
        )
    row = connection.execute("select sha256 from schema_migration where number = %s", [migration.number]).fetchone()
    if row is not None and row[0] != migration.sha256:
        raise SetupError(
            f"migration {migration.number:04d}_{migration.name} was applied with another text than this version's: "
            "the database comes from a changed or unreleased version of synap"
        )
    return row is not None


def _install_vector(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Create the extension if it is not there."""
    if connection.execute("select from pg_extension where extname = 'vector'").fetchone() is None:
        offered = available_vector(connection)
        if offered is None:
            major = connection.info.server_version // 10_000
            raise SetupError(
                f"pgvector {'.'.join(map(str, MINIMUM_VECTOR))} or newer is not installed on the server: install its "
                f"package there (on Debian and Ubuntu: postgresql-{major}-pgvector) and migrate again"
            )
        try:
            connection.execute("create extension if not exists vector")
        except psycopg.errors.InsufficientPrivilege as error:
            raise SetupError(
                "this login may not install pgvector: let a superuser run `create extension vector` in the database"
            ) from error
    check_vector(connection)
