"""Work in lanes: one piece after another within a lane, different lanes at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Piece = TypeVar("Piece")


class Lanes(Generic[Piece]):
    """Does pieces of work. A lane is there while it has work; an idle one costs nothing."""

    def __init__(self, work: Callable[[Piece], Awaitable[None]]) -> None:
        """Make lanes without work.

        Args:
            work: Does one piece; it deals with its own errors.
        """
        self._work = work
        self._waiting: dict[str, deque[Piece]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether there is work."""
        return bool(self._tasks)

    def put(self, lane: str, piece: Piece) -> None:
        """Do a piece after what its lane has to do already."""
        if lane in self._waiting:
            self._waiting[lane].append(piece)
            return
        self._waiting[lane] = deque([piece])
        task = asyncio.create_task(self._run(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float) -> None:
        """Wait until all is done, at most so long."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    async def cancel(self) -> None:
        """Give up what is not done."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, lane: str) -> None:
        queue = self._waiting[lane]
        try:
            while queue:
                await self._work(queue[0])
                queue.popleft()
        finally:
            del self._waiting[lane]
