"""The purge of an embedded store: after it, no file of the store holds a byte of what was erased before it.

A row that was deleted or overwritten lies in its table's file until PostgreSQL needs the room, in the write-ahead log for a
while, and in the planner's statistics as a frequent value. The purge, in this order:

1. waits for transactions that began before it, which may still see what was erased;
2. deletes the statistics of the tables, rewrites every table with its indexes (`vacuum full`), and samples it anew;
3. rewrites the table of the statistics;
4. switches the log past every segment there was, those that were kept for reuse included, with recycling turned off, so
   that the checkpoints at the end remove them instead of renaming them.

Each table is locked while it is rewritten, and the rewrite needs room for a second copy of the largest one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from synap.errors import ConflictError, SetupError

WAIT_SECONDS = 60.0
LOCK_SECONDS = 60
MOST_SWITCHES = 2000
SETTLE_SECONDS = 0.5
"""Time for the server's processes to take up a setting."""

Session = psycopg.Connection[tuple[object, ...]]

_TABLES = """
select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and n.nspname = 'public' order by c.oid
"""
_OLDER = """
select min(pid) from pg_stat_activity
where pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start < %s
"""
_SEGMENTS = "select name from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$' order by name"
_FORGET_STATISTICS = """
delete from pg_statistic where starelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
"""
_STATISTICS = ("pg_catalog.pg_statistic", "pg_catalog.pg_statistic_ext_data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What a purge did: tables rewritten, segments of the log removed, seconds."""

    tables: int
    segments: int
    seconds: float


def purge(dsn: str) -> Purged:
    """Rewrite what a store holds so that nothing is left of what was erased; blocks, and needs the superuser's login.

    Raises:
        SetupError: The login is no superuser, or a replication slot keeps the log.
        ConflictError: Somebody's transaction, or lock, does not end.
    """
    began = time.monotonic()
    with psycopg.connect(dsn, autocommit=True) as connection:
        _check(connection)
        _wait_for_others(connection)
        connection.execute(f"set lock_timeout = '{LOCK_SECONDS}s'")
        tables = [str(row[0]) for row in connection.execute(_TABLES).fetchall()]
        connection.execute(_FORGET_STATISTICS)
        try:
            for table in tables:
                connection.execute(sql.SQL("vacuum (full, analyze) {}").format(sql.Identifier(table)))
            for table in _STATISTICS:
                connection.execute(f"vacuum full {table}".encode())
        except psycopg.errors.LockNotAvailable as error:
            raise ConflictError(
                "a table is in use all the time: stop the processes that use the store, and purge again"
            ) from error
        with _without_recycling(connection):
            # Twice: the checkpointer learns of a setting when it gets to it, and may have renamed segments until then.
            segments = _leave_log(connection)
            time.sleep(SETTLE_SECONDS)
            _leave_log(connection)
    return Purged(tables=len(tables), segments=segments, seconds=time.monotonic() - began)


def _check(connection: Session) -> None:
    row = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if row is None or not row[0]:
        raise SetupError(
            "the purge needs the login that owns an embedded store; for a database given by URL see docs/howto/erase-and-prove.md"
        )
    slot = connection.execute("select slot_name from pg_replication_slots limit 1").fetchone()
    if slot is not None:
        raise SetupError(
            f"the replication slot {slot[0]} keeps the write-ahead log: drop it, or let its reader catch up"
        )


def _wait_for_others(connection: Session) -> None:
    row = connection.execute("select clock_timestamp()").fetchone()
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        older = connection.execute(_OLDER, [None if row is None else row[0]]).fetchone()
        if older is None or older[0] is None:
            return
        if time.monotonic() >= deadline:
            raise ConflictError(
                f"the transaction of server process {older[0]} does not end, and may still see what was erased"
            )
        time.sleep(0.1)


@contextmanager
def _without_recycling(connection: Session) -> Iterator[None]:
    connection.execute("alter system set wal_recycle = off")
    connection.execute("select pg_reload_conf()")
    try:
        yield
    finally:
        connection.execute("alter system reset wal_recycle")
        connection.execute("select pg_reload_conf()")


def _leave_log(connection: Session) -> int:
    """Go past every segment that is there now, and let a checkpoint remove them; return how many they were."""
    before = [str(row[0]) for row in connection.execute(_SEGMENTS).fetchall()]
    for _ in range(MOST_SWITCHES):
        connection.execute("select pg_logical_emit_message(false, 'synap', 'purge')")
        connection.execute("select pg_switch_wal()")
        row = connection.execute("select pg_walfile_name(pg_current_wal_insert_lsn())").fetchone()
        if row is not None and str(row[0]) > before[-1]:
            break
        connection.execute("checkpoint")
    for _ in range(3):
        connection.execute("select pg_logical_emit_message(false, 'synap', 'purge')")
        connection.execute("checkpoint")
        left = {str(row[0]) for row in connection.execute(_SEGMENTS).fetchall()} & set(before)
        if not left:
            return len(before)
    raise ConflictError(f"the write-ahead log keeps {len(left)} old segments: is something archiving or copying it?")
