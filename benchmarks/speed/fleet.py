"""Worker processes beside each other: documents per second, from the first job that is due until the queue is empty."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psycopg

from benchmarks.bench_engine import bench_engine_at, fresh_instance
from benchmarks.speed.texts import BATCH, turn
from synap.api.memories import CreateMemory
from synap.engine.api import EngineApi
from synap.engine.engine import Engine

PROCESSES = (1, 2, 3, 4)
CUSTOMERS = 40
_START_SECONDS = 120
_DRAIN_SECONDS = 1800


async def run(*, documents: int, repeats: int = 2) -> None:
    """Let one to four processes work through as many documents each, forth and back again, and print one table."""
    rates: dict[int, list[float]] = {number: [] for number in PROCESSES}
    async with bench_engine_at(workers=0) as (engine, data):
        api = await fresh_instance(engine, "fleet")
        run_number = 0
        for repeat in range(repeats):
            for processes in PROCESSES if repeat % 2 == 0 else PROCESSES[::-1]:
                await _hand_in(api, documents, run_number)
                rates[processes].append(await _drained(engine, data, documents, processes))
                run_number += 1
    print(
        f"\n{f'worker processes, {documents} documents, {os.cpu_count()} CPUs':46}{'documents/s':>13}{'x of 1':>8}{'runs':>20}"
    )
    alone = sum(rates[1]) / len(rates[1])
    for processes, some in rates.items():
        mean = sum(some) / len(some)
        runs = " ".join(f"{rate:.1f}" for rate in some)
        print(f"{processes:<46}{mean:>13.1f}{mean / alone:>8.2f}{runs:>20}")


async def _hand_in(api: EngineApi, documents: int, run_number: int) -> None:
    for start in range(0, documents, BATCH):
        await api.create_batch(
            [
                CreateMemory(
                    document=turn(n, shelf=run_number),
                    customer_id=f"customer-{n % CUSTOMERS}",
                    user_id=f"user-{n % (4 * CUSTOMERS)}",
                )
                for n in range(start, min(start + BATCH, documents))
            ]
        )


async def _drained(engine: Engine, data: Path, documents: int, processes: int) -> float:
    """Return the documents per second of so many processes, which all stand ready before the first job is due."""
    owner = engine.core.spaces.owner_dsn or ""
    await _due(owner, timedelta(days=1))
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.TaskGroup() as group:
            for _ in range(processes):
                group.create_task(stack.enter_async_context(_worker(data)))
        started = time.perf_counter()
        await _due(owner, timedelta())
        if not await engine.worker.drain(seconds=_DRAIN_SECONDS):
            raise RuntimeError(f"{processes} workers did not work through {documents} documents in {_DRAIN_SECONDS} s")
        return documents / (time.perf_counter() - started)


async def _due(owner: str, wait: timedelta) -> None:
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
        await connection.execute("update job set run_at = now() + %s", [wait])


@contextlib.asynccontextmanager
async def _worker(data: Path) -> AsyncIterator[None]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("SYNAP_") or name == "SYNAP_EMBEDDER"
    }
    command = (sys.executable, "-c", "from synap.cli.main import main; main()")
    process = await asyncio.create_subprocess_exec(
        *(*command, "worker", "--data-dir", str(data), "--json"), stdout=asyncio.subprocess.PIPE, env=kept
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            line = await process.stdout.readline() if process.stdout else b""
        if not line or json.loads(line)["event"] != "working":
            raise RuntimeError("synap worker did not start")
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
