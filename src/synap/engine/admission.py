"""How many may work at once: the rest waits in line, by turns among the instances, and is refused when the line is too long.

More searches at once than the machine has cores for do not come out faster, only all of them late; and what waits for a
connection of the store, or for the embedder, while its timeout runs, is answered worse than it had to be. So a call's
timeouts begin once it is let in.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from synap.errors import RateLimitError

CALLS = 10
"""Less than the store's connections, so that workers and looks at a key do not wait behind them. Reads and writes stand in
one line: in two, those of the dearer kind would wait for all whom the cheaper line lets past."""

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
        self._here = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
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
        with self.noticed():
            await self._enter(instance_id)
            try:
                yield
            finally:
                self._leave()

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Let `quiet` know that somebody is being answered, who takes no place."""
        self._here += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._here -= 1
            if not self._here:
                self._quiet.set()

    async def quiet(self, seconds: float) -> None:
        """Wait until nobody is inside or in line, at most so long: what can wait gives way by this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._quiet.wait()

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
