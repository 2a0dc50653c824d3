from __future__ import annotations

import asyncio
import subprocess
import sys

import psutil
import pytest

from synap.server import heap

CHUNKS, CHUNK = 1_000, 64 * 1024
WAIT_SECONDS = 30.0

BIG_BUFFERS = """
import asyncio, psutil
from synap.server import heap

async def main():
    stop = asyncio.Event()
    trimming = asyncio.create_task(heap.trim(stop))
    await asyncio.sleep(0)
    first = bytearray(b"x") * (30 << 20)
    del first
    big = [bytearray(b"x") * (20 << 20) for _ in range(4)]
    pins = [bytearray(b"x") * (100 << 10)]
    before = psutil.Process().memory_info().rss
    big.clear()
    print(before - psutil.Process().memory_info().rss)
    stop.set()
    await trimming

asyncio.run(main())
"""
"""Frees a big buffer, then four smaller ones behind which another is kept; prints how much went back at once, in bytes."""


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


@pytest.mark.skipif(heap.trimmer() is None, reason="the C library of this system is not glibc")
def test_big_buffers_go_back_at_once_although_bigger_ones_were_freed_before() -> None:
    program = [sys.executable, "-c", BIG_BUFFERS]
    told = subprocess.run(program, capture_output=True, check=True, text=True)  # noqa: S603 - our own words

    assert int(told.stdout) > 60 << 20


async def test_without_such_a_library_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "trimmer", lambda: None)

    await asyncio.wait_for(heap.trim(asyncio.Event(), every=0.01), WAIT_SECONDS)
