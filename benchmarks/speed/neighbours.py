"""Fetches of others while one customer pours in many documents, beside the same fetches on the quiet server.

One `synap serve` with its own workers; who pours is another process (`pouring.py`), and this one fetches over HTTP, a
question at a time with a pause between, each never asked before. Quiet and busy stretches alternate; a busy one lasts from
the first document handed in until the last is worked through.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.speed.clients import Served, key_for, served
from benchmarks.speed.corpus import Owner
from benchmarks.speed.fetching import House, asking
from benchmarks.speed.timing import Times
from synap.sdk.http import HttpApi
from synap.sdk.transport import Transport

STRETCHES = 3
PAUSE = 0.1
"""Seconds between an answer and the next question."""

WORST = 2.0
"""How many times its quiet 95th percentile a fetch of others may take at most."""

POURER = "customer-pouring"
_DRAIN_SECONDS = 7200
_LOOK_SECONDS = 0.5


@dataclass(slots=True)
class Stretches:
    """What was measured: fetches by what the server had to do meanwhile, and seconds that the pouring took."""

    quiet: Times = field(default_factory=lambda: Times("quiet"))
    poured: Times = field(default_factory=lambda: Times("while documents are handed in"))
    worked: Times = field(default_factory=lambda: Times("while they are worked through"))
    handing_in: float = 0.0
    until_done: float = 0.0

    @property
    def busy(self) -> Times:
        """Fetches of both kinds of busy time."""
        return Times("both", seconds=[*self.poured.seconds, *self.worked.seconds])


async def run(house: House, data: Path, *, documents: int, rounds: int) -> None:
    """Measure and print one table."""
    keys = [await key_for(house.engine, api.caller) for api in house.apis]
    some = random.sample(house.users, min(len(house.users), 50))
    async with served(house.engine, data) as server, contextlib.AsyncExitStack() as stack:
        apis = []
        for key in keys:
            api = HttpApi(Transport(server.url, key, timeout=60.0))
            stack.push_async_callback(api.close)
            apis.append(api)
        await _empty(server)
        found = await _stretches(apis, some, server, keys[0], documents=documents, rounds=rounds)
    _print(found, documents)


async def _stretches(
    apis: Sequence[HttpApi], users: Sequence[Owner], server: Served, key: str, *, documents: int, rounds: int
) -> Stretches:
    found, asked = Stretches(), 0

    def viewer_of(salt: str) -> Callable[[int], Awaitable[None]]:
        return asking(apis, [users[number % len(users)] for number in range(100_000)], salt=salt)

    fetch = viewer_of("near")
    for number in range(len(users)):
        # Once for everybody, so that it is not the first stretch that reads them all into memory.
        await fetch(number)
    asked += len(users)
    each = max(1, documents // STRETCHES)
    for stretch in range(STRETCHES):
        asked = await _ask(fetch, asked, found.quiet, until=_after(rounds))
        async with _pourer(server, count=each, first=stretch * each) as process:
            started = time.perf_counter()
            pouring = asyncio.create_task(_pour(process, key))
            asked = await _ask(fetch, asked, found.poured, until=_once(pouring))
            await pouring
            found.handing_in += time.perf_counter() - started
        worked = asyncio.create_task(_empty(server))
        asked = await _ask(fetch, asked, found.worked, until=_once(worked))
        await worked
        found.until_done += time.perf_counter() - started
    return found


async def _ask(
    fetch: Callable[[int], Awaitable[None]], first: int, times: Times, *, until: Callable[[int], bool]
) -> int:
    """Fetch one after another until told; return the number of the next question."""
    number = first
    while not until(number - first):
        started = time.perf_counter()
        await fetch(number % 100_000)
        times.seconds.append(time.perf_counter() - started)
        number += 1
        await asyncio.sleep(PAUSE)
    return number


def _after(rounds: int) -> Callable[[int], bool]:
    return lambda done: done >= rounds


def _once(task: asyncio.Task[None]) -> Callable[[int], bool]:
    return lambda _: task.done()


@contextlib.asynccontextmanager
async def _pourer(server: Served, *, count: int, first: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a process that stands ready to pour, once it is given the key."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.speed.pouring", server.url, POURER, str(count), str(first)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None or await process.stdout.readline() != b"ready\n":
            raise RuntimeError("who pours did not start")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _pour(process: asyncio.subprocess.Process, key: str) -> None:
    await process.communicate(key.encode())
    if process.returncode != 0:
        raise RuntimeError(f"pouring ended with {process.returncode}")


async def _empty(server: Served) -> None:
    """Wait until no document waits or is worked on."""
    async with asyncio.timeout(_DRAIN_SECONDS), httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        while True:
            queue = (await http.get("/health", timeout=60)).json()["queue"]
            if queue and not queue["ready"] and not queue["running"]:
                return
            await asyncio.sleep(_LOOK_SECONDS)


def _print(found: Stretches, documents: int) -> None:
    head = f"fetches of others, {documents:,} documents of one customer"
    print(f"\n{head:60}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'n':>7}{'p95 x quiet':>13}")
    busy = found.busy
    for row in (found.quiet, found.poured, found.worked, busy):
        if row.seconds:
            print(
                f"{row.name:60}{row.p50:>9.2f}{row.p95:>9.2f}{row.p99:>9.2f}{len(row.seconds):>7}"
                f"{row.p95 / found.quiet.p95:>13.2f}"
            )
    verdict = "pass" if busy.p95 <= WORST * found.quiet.p95 else "miss"
    print(
        f"bar: at most {WORST:g} times the quiet p95: {verdict}; handed in at {documents / found.handing_in:.0f} documents/s, "
        f"worked through at {documents / found.until_done:.0f} documents/s from the first on"
    )
