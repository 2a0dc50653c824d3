"""One customer that pours in documents over HTTP, in a process of its own: batch after batch, coming again where refused.

`python -m benchmarks.speed.pouring URL CUSTOMER COUNT FIRST` says `ready`, and begins when it is given the key on its standard
input.
"""

from __future__ import annotations

import asyncio
import sys

from benchmarks.speed.texts import BATCH, turn
from synap.errors import RateLimitError
from synap.sdk.client import Synap

USERS = 50
"""Of the customer."""

_LONGEST_REFUSAL = 30.0


async def pour(url: str, key: str, customer: str, *, count: int, first: int) -> None:
    """Hand in `count` documents, each another, numbered from `first` on."""
    async with Synap(key, url, timeout=120.0) as sdk:
        for start in range(first, first + count, BATCH):
            numbers = range(start, min(start + BATCH, first + count))
            rows = [
                {
                    "document": turn(n, shelf="p"),
                    "customer_id": customer,
                    "user_id": f"{customer}-{n % USERS}",
                }
                for n in numbers
            ]
            while True:
                try:
                    await sdk.memories.batch_create(rows, wait=False)
                    break
                except RateLimitError as refused:
                    await asyncio.sleep(min(refused.retry_after_seconds or 1.0, _LONGEST_REFUSAL))


if __name__ == "__main__":
    print("ready", flush=True)
    asyncio.run(pour(sys.argv[1], sys.stdin.read(), sys.argv[2], count=int(sys.argv[3]), first=int(sys.argv[4])))
