from __future__ import annotations

import asyncio

import psutil
import pytest

from synap.server import heap

CHUNKS, CHUNK = 1_000, 64 * 1024
WAIT_SECONDS = 30.0


@pytest.mark.skipif(heap.trimmer() is None, reason="the C library of this system is not glibc")
async def test_empty_pages_between_others_go_back_to_the_system() -> None:
    process, stop = psutil.Process(), asyncio.Event()
    blocks = [bytearray(b"x" * CHUNK) for _ in range(2 * CHUNKS)]
    held, pinned = process.memory_info().rss, blocks[::2]
    del blocks
    trimming = asyncio.create_task(heap.trim(stop, every=0.01))

    async with asyncio.timeout(WAIT_SECONDS):
        while held - process.memory_info().rss < CHUNKS * CHUNK // 2:  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(0.01)

    assert len(pinned) == CHUNKS
    stop.set()
    await asyncio.wait_for(trimming, WAIT_SECONDS)


async def test_without_such_a_library_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "trimmer", lambda: None)

    await asyncio.wait_for(heap.trim(asyncio.Event(), every=0.01), WAIT_SECONDS)
