from __future__ import annotations

import asyncio
import contextlib

import pytest

from synap.engine import guard
from synap.errors import NetworkTimeoutError


async def test_a_task_that_loses_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "CANCEL_SECONDS", 0.01)
    lost = asyncio.Event()

    async def loop() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        lost.set()
        await asyncio.sleep(3600)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)

    await asyncio.wait_for(guard.end(task), 5)

    assert lost.is_set()
    assert task.cancelled()


async def test_what_a_task_failed_with_is_told_at_its_end() -> None:
    async def loop() -> None:
        raise ValueError("broken")

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)

    with pytest.raises(ValueError, match="broken"):
        await guard.end(task)


async def test_a_write_that_takes_too_long_is_told_to_be_of_unknown_outcome() -> None:
    with pytest.raises(NetworkTimeoutError, match="hand it in again"):
        await guard.in_time(asyncio.sleep(3600), seconds=0.01)


async def test_a_write_in_time_gives_its_result_and_its_own_errors() -> None:
    async def write(error: Exception | None) -> int:
        if error is not None:
            raise error
        return 7

    assert await guard.in_time(write(None), seconds=5) == 7
    with pytest.raises(NetworkTimeoutError, match="its own"):
        await guard.in_time(write(NetworkTimeoutError("its own")), seconds=5)
