"""The application's connections: pooled, and each transaction inside the scopes that it names.

Nothing is kept in a session, so that a pooler in transaction mode may stand between: what the roles need is set on the
roles by the migration, and the scopes are set for one transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Self, TypeAlias

import psycopg
from psycopg import sql
from psycopg.pq import PipelineStatus
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from synap.domain.scopes import Scope
from synap.errors import SetupError
from synap.store.errors import retriable, translated
from synap.store.vectors import vector_adapters

Connection: TypeAlias = psycopg.AsyncConnection[TupleRow]

OPERATOR = "synap_operator"
"""Role that may write the WORLD scope."""

_ENTER = "select synap_enter(%s::bigint[])"
_PLAN_ONCE = "set local plan_cache_mode = force_generic_plan"
_APPLICATION = "synap"
_IDLE_SECONDS = 300.0

_WIDE = 4 * 2**20
"""Size of a message, in bytes, after which its connection is not used again."""

_RECONNECT_SECONDS = 10.0
"""How long a connection is tried for with growing pauses before its place is free for a caller to try anew, at once."""

_LIMIT = "select extract(epoch from current_setting('statement_timeout')::interval)::float8"
_GRACE_SECONDS = 10.0
"""How long after its own limit for a statement the server may take to say so."""

_LOST_PEER = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Lets the system give up a connection to a machine that is gone, which by default it does after a quarter of an hour."""


class PatientConnection(psycopg.AsyncConnection[TupleRow]):
    """A connection that is given up where its server is silent: one that hangs would hold its caller, and its place, for ever.

    Attributes:
        silence: Seconds to wait for the server to say anything; None for as long as it takes.
    """

    silence: float | None = None
    _abandoned: tuple[Any, ...] = ()

    async def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
        """Wait for the server.

        Raises:
            psycopg.OperationalError: It was silent for too long; the connection is of no use any more.
        """
        try:
            async with asyncio.timeout(self.silence):
                return await super().wait(gen, *arguments, **options)
        except BaseException as error:
            if getattr(gen, "gi_frame", None) is not None:
                self._abandoned += (gen,)
            if not isinstance(error, TimeoutError):
                raise
            self.pgconn.finish()
            self._end_abandoned()
            raise psycopg.OperationalError("the server did not answer in time") from error

    async def close(self) -> None:
        """Close the connection, with the exchanges that were called off before their end."""
        await super().close()
        self._end_abandoned()

    def _end_abandoned(self) -> None:
        """End exchanges that were called off: whoever frees them later would find the connection gone, and be noisy."""
        abandoned, self._abandoned = self._abandoned, ()
        for gen in abandoned:
            with contextlib.suppress(psycopg.Error, RuntimeError):
                gen.close()


class Database:
    """A pool of connections under one login. Bound to the event loop that opened it."""

    def __init__(self, pool: AsyncConnectionPool[PatientConnection], *, distributed: bool = False) -> None:
        self._pool = pool
        self._distributed = distributed

    @classmethod
    async def open(
        cls,
        dsn: str,
        *,
        size: int = 16,
        wait: float = 10.0,
        prepared: bool = True,
        silence: float | None = None,
        cursor_factory: type[psycopg.AsyncCursor[Any]] = psycopg.AsyncCursor,
    ) -> Self:
        """Return a database whose first connection stands.

        Args:
            dsn: Where to log in, as a role without power over row-level security.
            size: Most connections at a time.
            wait: Seconds to wait for a free connection, after which a call fails as unavailable.
            prepared: Whether often repeated statements are prepared on the server; False behind a pooler in
                transaction mode that does not carry prepared statements.
            silence: Seconds after which a server that says nothing counts as lost; where None, ten more than the role
                lets a statement take.
            cursor_factory: Class of the connections' cursors; a test may watch statements with it.

        Raises:
            SetupError: The server cannot be reached, refuses the login, or has no pgvector.
        """
        options: dict[str, Any] = {
            "autocommit": True,
            "application_name": _APPLICATION,
            "connect_timeout": max(2, round(wait)),
            "prepare_threshold": 5 if prepared else None,
            **_LOST_PEER,
        }
        try:
            async with await psycopg.AsyncConnection.connect(dsn, **options) as connection:
                adapters = await vector_adapters(connection)
                distributed = await _distributed(connection)
                limit = await _statement_limit(connection) if silence is None else silence
        except psycopg.OperationalError as error:
            raise SetupError(f"the database cannot be reached: {str(error).strip()}") from error

        async def configure(connection: PatientConnection) -> None:
            connection.silence = limit

        pool: AsyncConnectionPool[PatientConnection] = AsyncConnectionPool(
            dsn,
            connection_class=PatientConnection,
            configure=configure,
            reset=_refuse_unended,
            reconnect_timeout=_RECONNECT_SECONDS,
            kwargs={**options, "context": adapters, "cursor_factory": cursor_factory},
            min_size=1,
            max_size=size,
            timeout=wait,
            max_idle=_IDLE_SECONDS,
            open=False,
            name=_APPLICATION,
        )
        await pool.open()
        return cls(pool, distributed=distributed)

    async def close(self) -> None:
        """Close all connections; transactions still open are rolled back."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def transaction(
        self, scopes: Sequence[Scope], *, role: str | None = None, pipelined: bool = False, plan_once: bool = False
    ) -> AbstractAsyncContextManager[Connection]:
        """Return a transaction that sees and writes the rows of `scopes` and no others; commits unless an error leaves it.

        A write enters its target scope alone, a read its chain.

        Args:
            scopes: What to enter; none means that content tables show nothing.
            role: Role to take for this transaction (`OPERATOR`), or None.
            pipelined: Let statements go out without waiting for their answers, the entering ones and the commit
                included. An answer waits for its `fetch`, `rowcount` is not known before it, and the error of a
                statement that is never fetched comes at the end of the block. Results may be fetched after the block.
            plan_once: Keep the plan of a statement from one transaction to the next, where planning costs as much as
                running it. Does nothing on a distributed database, whose router needs the bucket's value to plan.

        Raises:
            ServiceUnavailableError: The database is away, busy, or another write won; see `synap.store.errors`.
        """
        entered = [scope.id for scope in scopes]
        return self._transaction(entered, role=role, pipelined=pipelined, plan_once=plan_once)

    def control(self, *, role: str | None = None, pipelined: bool = False) -> AbstractAsyncContextManager[Connection]:
        """Return a transaction over control and account tables; reading or writing content in it fails.

        Takes the same arguments as `transaction`, and raises the same errors.
        """
        return self._transaction(None, role=role, pipelined=pipelined)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Connection]:
        """Yield a connection whose statements are each a transaction of their own, over control tables alone.

        For single reads of numbers, which are then one round trip and no more.

        Raises:
            ServiceUnavailableError: The database is away or busy; see `synap.store.errors`.
        """
        with translated():
            try:
                async with self._pool.connection() as connection:
                    yield connection
            except psycopg.OperationalError as error:
                if retriable(error):
                    # Where one connection was lost, the idle ones probably were too: replace them before they are used.
                    await self._pool.check()
                raise

    @asynccontextmanager
    async def _transaction(
        self, entered: list[int] | None, *, role: str | None, pipelined: bool, plan_once: bool = False
    ) -> AsyncIterator[Connection]:
        async with self.alone() as connection, AsyncExitStack() as stack:
            if pipelined:
                await stack.enter_async_context(connection.pipeline())
            # Not inside a passing pipeline: a transaction that begins in one keeps it open until its own end.
            await stack.enter_async_context(connection.transaction())
            await _enter(connection, entered, role)
            if plan_once and not self._distributed:
                await connection.execute(_PLAN_ONCE)
            yield connection


def carries(connection: Connection, size: int) -> None:
    """Tell the size of a message, in bytes or about as many: behind a very big one the pool gets a fresh connection.

    A connection keeps the room that its biggest message took for as long as it lives (libpq never shrinks its buffers).
    """
    if size > _WIDE:
        connection._expire_at = 0.0  # noqa: SLF001 - what the pool's own `max_lifetime` sets; nothing public ends one connection


async def _refuse_unended(connection: PatientConnection) -> None:
    """Refuse a connection for the pool whose pipeline was called off before its end: the next caller would be inside it.

    psycopg leaves it so where a task is cancelled on entering or leaving a pipeline, with nothing else to be seen.

    Raises:
        psycopg.OperationalError: It is inside one; the pool closes it.
    """
    if connection.pgconn.pipeline_status != PipelineStatus.OFF:
        raise psycopg.OperationalError("the connection was left inside a pipeline")


async def _enter(connection: Connection, entered: list[int] | None, role: str | None) -> None:
    if role is not None:
        await connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
    if entered is not None:
        await connection.execute(_ENTER, [entered])


async def _distributed(connection: psycopg.AsyncConnection[TupleRow]) -> bool:
    cursor = await connection.execute("select exists (select from pg_extension where extname = 'citus')")
    return bool(await cursor.fetchone() == (True,))


async def _statement_limit(connection: psycopg.AsyncConnection[TupleRow]) -> float | None:
    """Return how long the server may be silent: a while longer than its role lets a statement take; None without a limit."""
    row = await (await connection.execute(_LIMIT)).fetchone()
    return None if row is None or not row[0] else float(row[0]) + _GRACE_SECONDS
