from __future__ import annotations

import asyncio
import contextlib

import pytest

from synap.engine import guard


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
