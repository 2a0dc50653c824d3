"""Which of the driver's errors come from the surroundings, and which of them are worth another attempt."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout

from synap.errors import NetworkTimeoutError, ServiceUnavailableError
from synap.store import errors as edge


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("server closed the connection unexpectedly"),
        PoolTimeout("no connection"),
        errors.AdminShutdown("57P01"),
        errors.ConnectionFailure("08006"),
        errors.DeadlockDetected("40P01"),
        errors.SerializationFailure("40001"),
        errors.DiskFull("53100"),
        errors.TooManyConnections("53300"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_trouble_around_the_server_is_an_unavailable_service(error: psycopg.Error) -> None:
    assert isinstance(edge.translate(error), ServiceUnavailableError)


def test_a_statement_above_its_time_is_a_timeout() -> None:
    assert isinstance(edge.translate(errors.QueryCanceled("57014")), NetworkTimeoutError)


@pytest.mark.parametrize(
    "error",
    [
        errors.InsufficientPrivilege("42501"),
        errors.FeatureNotSupported("0A000"),
        errors.InternalError_("XX000"),
        errors.UniqueViolation("23505"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_fault_of_our_own_stays_loud(error: psycopg.Error) -> None:
    assert edge.translate(error) is None
    with pytest.raises(type(error)), edge.translated():
        raise error


def test_our_error_keeps_the_drivers_as_its_cause() -> None:
    cause = errors.DeadlockDetected("40P01")

    with pytest.raises(ServiceUnavailableError) as raised, edge.translated():
        raise cause

    assert raised.value.__cause__ is cause


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (errors.DeadlockDetected("40P01"), True),
        (errors.AdminShutdown("57P01"), True),
        (psycopg.OperationalError("connection lost"), True),
        (errors.DiskFull("53100"), False),
        (errors.UniqueViolation("23505"), False),
        (PoolTimeout("busy"), False),
        (ValueError("ours"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_collisions_and_lost_connections_are_worth_another_attempt(error: Exception, *, again: bool) -> None:
    assert edge.retriable(error) is again


async def test_a_collision_is_repeated_until_it_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "_FIRST_DELAY", 0.0)
    failures = [errors.DeadlockDetected("40P01"), errors.SerializationFailure("40001")]

    async def work() -> str:
        if failures:
            with edge.translated():
                raise failures.pop()
        return "done"

    assert await edge.retry(work) == "done"


async def test_attempts_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "_FIRST_DELAY", 0.0)
    calls = []

    async def work() -> None:
        calls.append(1)
        with edge.translated():
            raise errors.DeadlockDetected("40P01")

    with pytest.raises(ServiceUnavailableError):
        await edge.retry(work, attempts=3)

    assert len(calls) == 3


async def test_any_other_error_is_not_repeated() -> None:
    calls = []

    async def work() -> None:
        calls.append(1)
        raise errors.UniqueViolation("23505")

    with pytest.raises(errors.UniqueViolation):
        await edge.retry(work)

    assert len(calls) == 1
