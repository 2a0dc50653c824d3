"""A server that dies is started again, and a start that fails is tried again."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from synap.engine import watch
from synap.errors import SetupError


class Server:
    """A server that runs or not, and fails to start as often as told."""

    def __init__(self, *, pid: int | None, failures: int = 0, error: Exception | None = None) -> None:
        self.pid = pid
        self.starts = 0
        self._failures = failures
        self._error = error or SetupError("no room on the disk")

    def ensure_running(self) -> None:
        self.starts += 1
        if self.starts <= self._failures:
            raise self._error
        self.pid = 2


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0.001)


async def watched(server: Server) -> None:
    """Watch until the server runs, and for some looks more."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10) as limit, asyncio.TaskGroup() as group:
            group.create_task(watch.keep_running(server))
            while server.pid is None:  # noqa: ASYNC110 - it is set by another thread
                await asyncio.sleep(0.001)
            limit.reschedule(asyncio.get_running_loop().time() + 0.05)


async def test_a_dead_server_is_started_again() -> None:
    server = Server(pid=None)

    await watched(server)

    assert (server.pid, server.starts) == (2, 1)


@pytest.mark.parametrize("error", [SetupError("no room on the disk"), OSError(28, "No space left on device")])
async def test_a_start_that_fails_is_tried_again(error: Exception) -> None:
    server = Server(pid=None, failures=2, error=error)

    await watched(server)

    assert (server.pid, server.starts) == (2, 3)


async def test_a_server_that_runs_is_left_alone() -> None:
    server = Server(pid=1)

    await watched(server)

    assert (server.pid, server.starts) == (1, 0)
