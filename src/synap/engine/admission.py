"""How many may work at once: the rest waits in line, by turns among the instances, and is refused when the line is too long.

More searches at once than the machine has cores for do not come out faster, only all of them late; and what waits for a
connection of the store, or for the embedder, while its timeout runs, is answered worse than it had to be. So a call's
timeouts begin once it is let in.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synap.errors import RateLimitError

READS = 6
WRITES = 6
"""Together less than the store's connections, so that workers and looks at a key do not wait behind them."""

LONGEST_WAIT = 20.0
"""Seconds in line, at most: with the timeouts of embedder and store (2 and 5) less than the 30 of published clients."""

RETRY_SECONDS = 2


class Admission:
    """Lets a number of calls in at once. Those in line come in the order of their coming, one instance after the other.

    Bound to one event loop.
    """

    def __init__(self, at_once: int, *, wait: float = LONGEST_WAIT) -> None:
        """Begin with nobody inside.

        Args:
            at_once: Calls inside at a time.
            wait: Seconds that a call may stand in line.
        """
        self._free = at_once
        self._wait = wait
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return sum(map(len, self._lines.values()))

    @asynccontextmanager
    async def entered(self, instance_id: str) -> AsyncIterator[None]:
        """Wait in the line of an instance until it is this call's turn, and be inside for the block.

        Raises:
            RateLimitError: It was not within the longest wait.
        """
        await self._enter(instance_id)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, instance_id: str) -> None:
        if self._free:
            self._free -= 1
            return
        let_in: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(instance_id, deque()).append(let_in)
        try:
            async with asyncio.timeout(self._wait):
                await let_in
        except BaseException as error:
            self._give_up(instance_id, let_in)
            if isinstance(error, TimeoutError):
                raise RateLimitError(
                    f"the server has more calls than it can answer; come again in {RETRY_SECONDS} seconds",
                    retry_after_seconds=RETRY_SECONDS,
                ) from error
            raise

    def _give_up(self, instance_id: str, let_in: asyncio.Future[None]) -> None:
        if let_in.done() and not let_in.cancelled():
            # Let in and called off in the same moment: the place goes to the next.
            self._leave()
            return
        line = self._lines.get(instance_id, deque())
        if let_in in line:
            line.remove(let_in)
        if not line:
            self._lines.pop(instance_id, None)

    def _leave(self) -> None:
        while self._lines:
            instance_id, line = self._lines.popitem(last=False)
            let_in = line.popleft()
            if line:
                self._lines[instance_id] = line
            if not let_in.done():
                let_in.set_result(None)
                return
        self._free += 1
