"""What a PostgreSQL server must be for the store to keep its promises, checked before anything is written to it."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from synap.errors import SetupError
from synap.store.binaries import MINIMUM_MAJOR

MINIMUM_VECTOR = (0, 7)
"""Oldest pgvector with `halfvec`."""

_DURABILITY = ("fsync", "full_page_writes")
_MIGRATE = "run `synap migrate` (with SYNAP_MIGRATION_URL naming the schema's owner, if that is another login)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What start-up learned about the server, for logs and `synap doctor`.

    Attributes:
        version: PostgreSQL's version, such as `18.4`.
        vector: pgvector's version.
        citus: Citus' version, or None on a plain server.
        schema: Number of the newest migration applied.
    """

    version: str
    vector: str
    citus: str | None
    schema: int


def check_server(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Check what any server must be, before a schema is put on it.

    Raises:
        SetupError: Too old a server, or one that may lose acknowledged writes.
    """
    major = connection.info.server_version // 10_000
    if major < MINIMUM_MAJOR:
        raise SetupError(f"PostgreSQL {MINIMUM_MAJOR} or newer is required, the server runs {major}")
    for name in _DURABILITY:
        if _setting(connection, name) != "on":
            raise SetupError(
                f"the server runs with {name}=off and may lose or damage acknowledged data: "
                f"set {name}=on in postgresql.conf and reload"
            )


def check_vector(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Check that pgvector is installed in the database, and new enough.

    Raises:
        SetupError: It is not; the message says what to do.
    """
    installed = _extension(connection, "vector")
    wanted = ".".join(map(str, MINIMUM_VECTOR))
    if installed is None:
        raise SetupError(f"the database has no pgvector: {_MIGRATE}")
    if _version(installed) < MINIMUM_VECTOR:
        raise SetupError(
            f"pgvector {wanted} or newer is required, the database has {installed}: upgrade its package on the server, "
            "then run: alter extension vector update"
        )


def check_login(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Check that row-level security binds this login, and that its commits are durable.

    Raises:
        SetupError: It would see every tenant's rows, or its commits could be lost.
    """
    row = connection.execute(
        "select rolname, rolsuper, rolbypassrls, "
        "exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = current_schema() and c.relname = 'memory' and pg_has_role(r.oid, c.relowner, 'usage')) "
        "from pg_roles r where rolname = current_user"
    ).fetchone()
    name, superuser, bypass, owner = row if row is not None else ("?", False, False, False)
    if superuser or bypass or owner:
        why = "is a superuser" if superuser else "bypasses row-level security" if bypass else "owns the schema"
        raise SetupError(
            f"the login {name!r} {why}: row-level security would not bind it. Give SYNAP_DATABASE_URL the login "
            "synap_app (after: alter role synap_app password '...'), and SYNAP_MIGRATION_URL the owner's"
        )
    if _setting(connection, "synchronous_commit") == "off":
        raise SetupError(f"the login {name!r} commits with synchronous_commit=off: acknowledged data could be lost")


def check_schema(connection: psycopg.Connection[tuple[object, ...]], *, expected: int) -> int:
    """Return the schema's version after checking that it is the `expected` one.

    Raises:
        SetupError: It is older or newer.
    """
    found = read_schema_version(connection)
    if found < expected:
        state = "has no schema yet" if found == 0 else f"has schema version {found}, older than the {expected} needed"
        raise SetupError(f"the database {state}: {_MIGRATE}")
    if found > expected:
        raise SetupError(
            f"the database has schema version {found}, newer than the {expected} this version of synap knows: "
            "upgrade synap-memory"
        )
    return found


def check_store(dsn: str, *, schema: int) -> ServerFacts:
    """Check everything that serving from `dsn` needs, and return what the server is.

    Args:
        dsn: Where the application logs in.
        schema: The schema's version that the code expects.

    Raises:
        SetupError: Something is missing or wrong; the message says what to do.
    """
    with connect(dsn) as connection:
        check_server(connection)
        check_vector(connection)
        found = check_schema(connection, expected=schema)
        check_login(connection)
        return ServerFacts(
            version=connection.info.parameter_status("server_version") or "",
            vector=_extension(connection, "vector") or "",
            citus=_extension(connection, "citus"),
            schema=found,
        )


def connect(dsn: str) -> psycopg.Connection[tuple[object, ...]]:
    """Return a connection in autocommit, without prepared statements.

    Raises:
        SetupError: The server cannot be reached, or refuses the login.
    """
    try:
        return psycopg.connect(dsn, autocommit=True, connect_timeout=15, prepare_threshold=None)
    except psycopg.OperationalError as error:
        raise SetupError(f"the database cannot be reached: {str(error).strip()}") from error


def read_schema_version(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Return the number of the newest migration applied; 0 for a database without a schema."""
    known = connection.execute("select to_regclass('schema_migration')").fetchone()
    if known is None or known[0] is None:
        return 0
    row = connection.execute("select coalesce(max(number), 0) from schema_migration").fetchone()
    return int(str(row[0])) if row is not None else 0


def available_vector(connection: psycopg.Connection[tuple[object, ...]]) -> str | None:
    """Return the version of pgvector that the server could install, or None."""
    row = connection.execute("select default_version from pg_available_extensions where name = 'vector'").fetchone()
    return None if row is None else str(row[0])


def _extension(connection: psycopg.Connection[tuple[object, ...]], name: str) -> str | None:
    row = connection.execute("select extversion from pg_extension where extname = %s", [name]).fetchone()
    return None if row is None else str(row[0])


def _setting(connection: psycopg.Connection[tuple[object, ...]], name: str) -> str:
    row = connection.execute(sql.SQL("show {}").format(sql.Identifier(name))).fetchone()
    return str(row[0]) if row is not None else ""


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
