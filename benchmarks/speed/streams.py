"""Streams: memory of idle ones, latency of a turn and of the bundle after it, and turns per second of many at once.

The acknowledgement's delay, a courtesy to clients, is turned off here, so that the figures are the server's own.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from typing import Any

import grpc
import psutil
from prometheus_client import CollectorRegistry

from benchmarks.bench_engine import bench_engine, fresh_instance
from benchmarks.speed.listeners import listen
from benchmarks.speed.timing import Times, print_times
from synap.api.conversations import RecordMessage
from synap.engine.engine import Engine
from synap.server.backend import Gate
from synap.server.grpc.door import Door
from synap.server.grpc.limits import StreamLimits
from synap.server.grpc.messages import StreamEvent
from synap.server.grpc.metrics import StreamMetrics

IDLE = 500
PUSH_MS = 50.0
WRITERS, TURNS = 20, 20
PATIENCE = 0.25
"""Seconds to wait for a bundle before a turn counts as one that brought none."""


async def streams(*, rounds: int, idle: int = IDLE) -> None:
    """Measure and print."""
    async with bench_engine(workers=1) as engine:
        api = await fresh_instance(engine, "streams")
        place = engine.core.instance_of(api.caller).place
        operator = engine.admin_for(await engine.local_caller(kind="management"))
        key = (await operator.create_key(place.instance_id, label="bench")).api_key
        metrics = StreamMetrics(CollectorRegistry())
        door = Door(
            Gate(engine),
            metrics,
            reported=lambda _: None,
            max_document_bytes=10 * 1024 * 1024,
            limits=StreamLimits(ack_seconds=0.0),
        )
        address = f"127.0.0.1:{await door.start('127.0.0.1', 0)}"
        try:
            await _turns(engine, address, key, rounds=rounds)
            await _many(address, key, api)
            await engine.worker.drain(seconds=120)
            await _idle(address, key, count=idle)
        finally:
            await door.stop()


async def _turns(engine: Engine, address: str, key: str, *, rounds: int) -> None:
    recorded, pushed = Times("turn to its acknowledgement"), Times("assistant turn to its bundle", PUSH_MS)
    silent = 0
    async with grpc.aio.insecure_channel(address) as channel:
        call = listen(channel, key)
        ear = Ear(call)
        for number in range(rounds):
            for kind in ("user_message", "assistant_message"):
                started = time.perf_counter()
                await call.write(_turn("pat", f"{kind}-{number}", kind, f"We meet at pier {number} on Monday."))
                at = await ear.next("conversation_state")
                recorded.seconds.append((at or time.perf_counter()) - started)
                bundle = await ear.next("context_bundle", seconds=PATIENCE)
            silent += bundle is None
            if bundle is not None:
                pushed.seconds.append(bundle - started)
            await engine.worker.drain(seconds=30)
        await call.done_writing()
        await ear.close()
    print("\nstreams, acknowledgements not delayed")
    print_times([recorded, *([pushed] if pushed.seconds else [])], base=recorded)
    print(f"turns after which no bundle came within {PATIENCE} s: {silent} of {rounds}")


async def _many(address: str, key: str, api: Any) -> None:
    async def stream(writer: int) -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            call = listen(channel, key)
            for number in range(TURNS):
                await call.write(_turn(f"s{writer}", f"s{writer}-{number}", "user_message", f"Parcel {number} came."))
            acknowledged = 0
            while acknowledged < TURNS:
                message = await call.read()
                acknowledged += len(message.event_ack.event_ids)
            await call.done_writing()

    async def alone(writer: int) -> None:
        for number in range(TURNS):
            request = RecordMessage(
                conversation_id=f"a{writer}", user_id=f"a{writer}", role="user", content=f"Parcel {number} came."
            )
            await api.record_message(request)

    for name, work in (("streams", stream), ("callers in process", alone)):
        started = time.perf_counter()
        await asyncio.gather(*(work(writer) for writer in range(WRITERS)))
        seconds = time.perf_counter() - started
        print(f"{WRITERS} {name} at once, {TURNS} turns each: {WRITERS * TURNS / seconds:.0f} turns/s")


async def _idle(address: str, key: str, *, count: int) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    listeners = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.speed.listeners",
        address,
        key,
        str(count),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert listeners.stdout is not None  # noqa: S101 - it was asked for
    said = await asyncio.wait_for(listeners.stdout.readline(), 120)
    after = process.memory_info().rss
    busy = process.cpu_percent(interval=None)
    await asyncio.sleep(5)
    busy = process.cpu_percent(interval=None)
    print(
        f"{count} idle streams, each on its own connection ({said.decode().strip()}): "
        f"{(after - before) / count / 1024:.0f} KiB per stream, {busy:.1f} % of a CPU"
    )
    await listeners.communicate(b"")


def _turn(user: str, event_id: str, kind: str, content: str) -> Any:
    told = {"event_type": kind, "conversation_id": f"c-{user}", "user_id": user}
    return StreamEvent(conversation_event={**told, "event_id": event_id, "content": content})


class Ear:
    """Reads a stream, and keeps by kind when messages came."""

    def __init__(self, call: Any) -> None:
        self._came: defaultdict[str, asyncio.Queue[float]] = defaultdict(asyncio.Queue)
        self._reading = asyncio.create_task(self._read(call))

    async def _read(self, call: Any) -> None:
        while (message := await call.read()) is not grpc.aio.EOF:
            self._came[message.WhichOneof("payload")].put_nowait(time.perf_counter())

    async def next(self, kind: str, *, seconds: float = 30.0) -> float | None:
        """Return when the next message of a kind came; None where none does in time."""
        try:
            return await asyncio.wait_for(self._came[kind].get(), seconds)
        except TimeoutError:
            return None

    async def close(self) -> None:
        """Read to the end."""
        await asyncio.wait([self._reading], timeout=5)


if __name__ == "__main__":
    asyncio.run(streams(rounds=50))
