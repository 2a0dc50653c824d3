"""Idle listeners in a process of their own, so that what they hold counts apart from the server's memory.

`python -m benchmarks.speed.listeners ADDRESS KEY COUNT` says `open` once each has had an answer, and ends with its
standard input.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import grpc

from synap.server.grpc.messages import SERVICE, StreamEvent, StreamResponse

OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)


def listen(channel: Any, key: str) -> Any:
    """Open a stream."""
    call = channel.stream_stream(
        f"/{SERVICE}/Listen",
        request_serializer=StreamEvent.SerializeToString,
        response_deserializer=StreamResponse.FromString,
    )
    return call(metadata=[("authorization", f"Bearer {key}")])


async def hold(address: str, key: str, count: int) -> None:
    """Hold `count` idle streams, each on a connection of its own."""
    calls = []
    for _ in range(count):
        channel = grpc.aio.insecure_channel(address, options=OWN_CONNECTION)
        call = listen(channel, key)
        await call.write(StreamEvent(heartbeat_ping={"timestamp_ms": 1}))
        await call.read()
        calls.append((channel, call))
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for channel, call in calls:
        await call.done_writing()
        await channel.close()


if __name__ == "__main__":
    asyncio.run(hold(sys.argv[1], sys.argv[2], int(sys.argv[3])))
