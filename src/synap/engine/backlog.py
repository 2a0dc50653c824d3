"""How much may wait in the queue: beyond it writes are refused with a time to come again, fairly between instances.

While the queue is too long, an instance is refused that has its share of it in there already; one that has less is let in.
So nobody is shut out by somebody else's flood. At twice the limit everybody is refused.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from synap.errors import RateLimitError, TransientError

RETRY_SECONDS = 10
HARD = 2
"""How many times the limit may wait when many instances each have less than their share."""

COUNT_SECONDS = 5.0
"""The longest that whoever counts is kept from its write."""

FRESH_SECONDS = 1.0
FRESH_SHARE = 20
"""Counts are used for so many times as long as it took to count: at most a twentieth of the time goes into counting."""


class Backlog:
    """Counts what waits per instance, now and then, and what this process has let in since. Bound to one event loop."""

    def __init__(
        self,
        count: Callable[[], Awaitable[Mapping[str, int]]],
        *,
        limit: int,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without knowing anything.

        Args:
            count: Counts the jobs that wait or are worked on, by instance.
            limit: Jobs from which on the queue is too long; 0 for no limit.
            timer: Seconds that only grow.
        """
        self._count = count
        self._limit = limit
        self._timer = timer
        self._waiting: dict[str, int] = {}
        self._stale_at = -1.0
        self._counting = False
        self._told: Callable[[], None] = lambda: None

    def observe(self, told: Callable[[], None]) -> None:
        """Call `told` at each refusal."""
        self._told = told

    async def admit(self, instance_id: str, jobs: int = 1) -> None:
        """Let an instance add to the queue.

        Raises:
            RateLimitError: The queue is too long, and the instance has its share of it already; nothing was added.
        """
        if not self._limit:
            return
        await self._refresh()
        own, total = self._waiting.get(instance_id, 0), sum(self._waiting.values())
        share = self._limit / len(self._waiting.keys() | {instance_id})
        if total >= HARD * self._limit or (total >= self._limit and own >= share):
            self._told()
            raise RateLimitError(
                f"{total} documents wait to be worked through, {own} of them of this instance: come again in "
                f"{RETRY_SECONDS} seconds",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._waiting[instance_id] = own + jobs

    async def _refresh(self) -> None:
        """Count again where the counts are old; others go on with the old ones meanwhile."""
        started = self._timer()
        if self._counting or started < self._stale_at:
            return
        self._counting = True
        try:
            async with asyncio.timeout(COUNT_SECONDS):
                self._waiting = dict(await self._count())
        except (TransientError, TimeoutError):  # the write that follows tells it better
            pass
        finally:
            self._counting = False
            ended = self._timer()
            self._stale_at = ended + max(FRESH_SECONDS, FRESH_SHARE * (ended - started))


def unlimited() -> Backlog:
    """Return a backlog that lets everybody in."""

    async def nothing() -> dict[str, int]:
        return {}

    return Backlog(nothing, limit=0)
