"""Turns the driver's errors into ours at the store's edge, and repeats what may succeed when repeated.

Decided by SQLSTATE alone (PostgreSQL manual, appendix A): messages are translated and names of constraints differ on a
distributed server. What is left untranslated is a fault of our own SQL or a constraint that its caller knows, and stays
the driver's error, loud.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from synap.errors import NetworkTimeoutError, ServiceUnavailableError, SynapError

_T = TypeVar("_T")

_CONFLICT = frozenset({"40001", "40P01"})
"""Serialisation failure and deadlock: one of the parties tries again."""

_CONNECTION_CLASS = "08"
_RESOURCES_CLASS = "53"
"""Insufficient resources: disk full (53100), out of memory (53200), too many connections (53300)."""

_SHUTDOWN = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03"})
"""The server is stopping or starting, or closed a connection that had been idle."""

_TIMEOUT = frozenset({"57014", "55P03"})
"""The statement or a lock took longer than its role's limit."""

_IO_ERROR = "58030"

_HOPELESS_CLASSES = ("22", "54")
"""Data that no column holds (such as a number out of range), or above a limit of the server (such as an index row)."""

_HOPELESS = frozenset({"23502", "23514"})
"""A value that is missing, or that a check refuses."""

_ATTEMPTS = 5
_FIRST_DELAY = 0.05


def translate(error: psycopg.Error) -> SynapError | None:
    """Return our error for one of the driver's that comes from the surroundings, or None for one to be left as it is."""
    if isinstance(error, PoolTimeout | TooManyRequests):
        return ServiceUnavailableError(
            "no connection to the database was to be had in time: it is busy or away", retry_after_seconds=1
        )
    if isinstance(error, PoolClosed):
        return ServiceUnavailableError("the engine is shutting down")
    if error.sqlstate is not None:
        return _from_state(error.sqlstate)
    if isinstance(error, psycopg.OperationalError):
        return ServiceUnavailableError("the connection to the database was lost", retry_after_seconds=1)
    return None


def _from_state(state: str) -> SynapError | None:
    if state in _TIMEOUT:
        return NetworkTimeoutError("the database did not finish in time", retry_after_seconds=1)
    if state in _CONFLICT:
        return ServiceUnavailableError("the write collided with another one", retry_after_seconds=1)
    if state.startswith(_RESOURCES_CLASS) or state == _IO_ERROR:
        return ServiceUnavailableError(f"the database has run out of resources ({state})", retry_after_seconds=5)
    if state.startswith(_CONNECTION_CLASS) or state in _SHUTDOWN:
        return ServiceUnavailableError("the database is not available", retry_after_seconds=1)
    return None


def retriable(error: BaseException) -> bool:
    """Return whether the same work, with the same ids, may succeed at once: a collision or a lost connection.

    A full disk or a slow statement is not helped by repeating it now.
    """
    cause = error.__cause__ if isinstance(error, SynapError) else error
    if not isinstance(cause, psycopg.Error):
        return False
    if isinstance(cause, PoolTimeout | TooManyRequests | PoolClosed):
        return False
    state = cause.sqlstate
    if state is None:
        return isinstance(cause, psycopg.OperationalError)
    return state in _CONFLICT or state in _SHUTDOWN or state.startswith(_CONNECTION_CLASS)


def hopeless(error: BaseException) -> bool:
    """Return whether the same work must fail again, however often and wherever it is tried: its data cannot be stored."""
    if not isinstance(error, psycopg.Error) or error.sqlstate is None:
        return False
    return error.sqlstate in _HOPELESS or error.sqlstate.startswith(_HOPELESS_CLASSES)


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors for the driver's, as `translate` tells."""
    try:
        yield
    except psycopg.Error as error:
        ours = translate(error)
        if ours is None:
            raise
        raise ours from error


async def retry(operation: Callable[[], Awaitable[_T]], *, attempts: int = _ATTEMPTS) -> _T:
    """Return what `operation` returns, repeating it after a collision or a lost connection.

    A lost connection leaves open whether its commit arrived, so the operation must have the same effect once or twice:
    the same row ids, the same idempotency key. Pauses double from 50 ms.

    Raises:
        SynapError: The last attempt's error, once `attempts` are used up; any other error at once.
    """
    delay = _FIRST_DELAY
    for _ in range(attempts - 1):
        try:
            return await operation()
        except (SynapError, psycopg.Error) as error:
            if not retriable(error):
                raise
        await asyncio.sleep(delay)
        delay *= 2
    return await operation()
