"""Many official clients at once, in one process, against `synap serve` in another.

The published package lives in an environment of its own (see the Makefile); `official_clients.py` runs there. Every
client talks: it records a question, fetches what is known about it for the conversation, records an answer, and begins
anew, each time with words nobody has used before. What is recorded is made into memory by the server's own workers
meanwhile. A fetch whose answer is degraded is counted as such and may not happen, nor may an error; what the server
refused is told even where the client came again by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.speed.fetching import SENTENCES, House
from benchmarks.speed.timing import Times
from synap.engine.accounts import new_key, new_key_id
from synap.engine.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = ROOT / ".venv-official"
PROGRAM = Path(__file__).with_name("official_clients.py")
GUARD = ROOT / "tests/e2e/guard"
"""Keeps the published package on this machine."""

CLIENTS = 200
PAUSE = 10.0
"""Seconds between the turns of a client in the run that is paced as people are."""

_WARM_UP = 5.0
_START_SECONDS = 60
_REFUSED = re.compile(r'^synap_request_seconds_count\{.*status="([45]\d\d)".*\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running `synap serve`."""

    url: str
    process: psutil.Process
    database: psutil.Process

    def cpu(self) -> tuple[float, float]:
        """Return the seconds of processor that the server and its database have used, connections gone left out."""
        return _cpu(self.process), sum(map(_cpu, (self.database, *self.database.children(recursive=True))))


async def run(house: House, data: Path, *, base: Times, seconds: float) -> None:
    """Print one table; where the package is not installed, say how to install it and mark the rows as not run.

    Args:
        house: The loaded engine; it does nothing meanwhile.
        data: The data folder that it is on.
        base: A bare round trip to the same PostgreSQL.
        seconds: How long each run is measured.
    """
    print("\nofficial clients, one process each side")
    python = OFFICIAL / "bin/python"
    if not (OFFICIAL / ".ready").exists():
        print(f"NOT RUN: the published client is not installed; `make {OFFICIAL.name}/.ready` does")
        return
    keys = [await key_for(house.engine, api.caller) for api in house.apis]
    viewers = [
        {"key": keys[owner.instance], "customer": owner.customer, "user": owner.user} for owner in house.users[:CLIENTS]
    ]
    print(
        f"{'':30}{'requests/s':>11}{'fetch p50':>11}{'p95 ms':>9}{'x base':>8}{'record p50':>12}{'p95 ms':>9}{'x base':>8}"
        f"{'errors':>8}{'degraded':>10}{'refused':>9}"
    )
    async with served(house.engine, data) as server:
        for name, some, pause in (
            ("1 client", viewers[:1], 0.0),
            (f"{len(viewers)} clients, every {PAUSE:g} s", viewers, PAUSE),
            (f"{len(viewers)} clients, no pause", viewers, 0.0),
        ):
            plan = {
                "url": server.url,
                "viewers": some,
                "pause": pause,
                "warm_up": max(_WARM_UP, pause),
                "seconds": seconds,
                "questions": SENTENCES,
            }
            await _measured(name, python, plan, server, base)


async def _measured(name: str, python: Path, plan: dict[str, Any], served: Served, base: Times) -> None:
    """Let the clients of a plan talk, and print their row."""
    async with httpx.AsyncClient(base_url=served.url, trust_env=False, timeout=60) as http:
        refused_before, cpu_before = await _refused(http), served.cpu()
        met = await _talk(python, plan)
        refused, cpu = await _refused(http) - refused_before, served.cpu()
        waiting = (await http.get("/health")).json()["queue"]["ready"]
    fetch, record = (Times(what, seconds=met["times"][what]) for what in ("fetch", "record"))
    rate = (len(fetch.seconds) + len(record.seconds)) / met["seconds"]
    errors, degraded = sum(met["errors"].values()), sum(met["degraded"].values())
    print(
        f"{name:30}{rate:>11.1f}{fetch.p50:>11.1f}{fetch.p95:>9.1f}{fetch.p50 / base.p50:>8.1f}"
        f"{record.p50:>12.1f}{record.p95:>9.1f}{record.p50 / base.p50:>8.1f}{errors:>8}{degraded:>10}{refused:>9}"
    )
    for what, number in [*met["errors"].items(), *met["degraded"].items()]:
        print(f"    {number} x {what}")
    print(
        f"    {len(fetch.seconds)} fetches ({met['empty']} found nothing), {len(record.seconds)} records; processor seconds "
        f"from first to last: server {cpu[0] - cpu_before[0]:.0f}, PostgreSQL {cpu[1] - cpu_before[1]:.0f}; clients while "
        f"measured {met['cpu']:.0f} of {met['seconds']:.0f}; {waiting} jobs left; maximem-synap {met['version']}"
    )


async def _talk(python: Path, plan: dict[str, Any]) -> Any:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SYNAP_", "PYTHON"))}
    process = await asyncio.create_subprocess_exec(
        python,
        PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**kept, "PYTHONPATH": str(GUARD)},
    )
    out, _ = await process.communicate(json.dumps(plan).encode())
    if process.returncode != 0:
        raise RuntimeError(f"{PROGRAM.name} ended with {process.returncode}")
    return json.loads(out)


@contextlib.asynccontextmanager
async def served(engine: Engine, data: Path) -> AsyncIterator[Served]:
    """Run `synap serve` on the data folder of an engine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNAP_")}
    command = (sys.executable, "-c", "from synap.cli.main import main; main()")
    process = await asyncio.create_subprocess_exec(
        *(*command, "serve", "--http", "127.0.0.1:0", "--grpc", "off", "--data-dir", str(data), "--json"),
        stdout=asyncio.subprocess.PIPE,
        env=kept,
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            told = await _ready(process)
        pid = engine.server_pid
        if pid is None:
            raise RuntimeError("the embedded PostgreSQL does not run")
        yield Served(url=told["url"], process=psutil.Process(process.pid), database=psutil.Process(pid))
    finally:
        process.terminate()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> dict[str, Any]:
    told: dict[str, Any] = {}
    while told.get("event") != "ready":
        line = await process.stdout.readline() if process.stdout else b""
        if not line:
            raise RuntimeError("synap serve did not start")
        told |= json.loads(line)
    return told


async def key_for(engine: Engine, caller: Any) -> str:
    """Return a new application key of the caller's instance."""
    key = new_key()
    instance = engine.core.instance_of(caller).id
    await engine.core.store.accounts.create_key(
        instance, new_key_id(), secret=key, label="bench", now=engine.core.clock.now()
    )
    return key


async def _refused(http: httpx.AsyncClient) -> int:
    text = (await http.get("/metrics")).text
    return round(sum(float(count) for _, count in _REFUSED.findall(text)))


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
