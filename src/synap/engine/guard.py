"""What keeps a background loop going: an error that nobody expected is logged, shown in `/health`, and waited out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

from synap.errors import NetworkTimeoutError, ServiceUnavailableError

logger = logging.getLogger(__name__)
T = TypeVar("T")

CANCEL_SECONDS = 0.5
"""How long a task may take to end before it is cancelled once more."""

PAUSE_SECONDS = 5.0


class Guard:
    """Stands around each round of one loop.

    Attributes:
        name: What the loop does, for people.
        trouble: What the last round failed with, or None.
    """

    def __init__(self, name: str, *, pause: float = PAUSE_SECONDS) -> None:
        self.name = name
        self.trouble: str | None = None
        self._pause = pause
        self._failed: str | None = None

    @asynccontextmanager
    async def round(self) -> AsyncIterator[None]:
        """Let a round fail without ending its loop; the next one begins after a pause."""
        self._failed = None
        try:
            yield
            self.trouble = self._failed
        except Exception as error:
            self.trouble = type(error).__name__
            logger.exception("a background loop failed and goes on", extra={"loop": self.name})
            await asyncio.sleep(self._pause)

    @contextmanager
    def part(self, **facts: object) -> Iterator[None]:
        """Let a part of a round fail without ending the round, which has failed for it when it ends.

        Args:
            facts: What the log is to tell of the part.
        """
        try:
            yield
        except Exception as error:
            self._failed = type(error).__name__
            logger.exception("a part of a round failed, the others go on", extra={"loop": self.name, **facts})


async def unless(stopping: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, which is cancelled where the process is asked to stop meanwhile.

    Raises:
        ServiceUnavailableError: It was, and nothing of it may be left.
    """
    working, stopped = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        cut_short = not working.done()
        for task in (working, stopped):
            task.cancel()
        await asyncio.wait({working, stopped})
    if cut_short:
        raise ServiceUnavailableError("the process stops; the work is done later", retry_after_seconds=1)
    return working.result()


async def in_time(work: Coroutine[Any, Any, T], *, seconds: float) -> T:
    """Return what a write returns.

    Raises:
        NetworkTimeoutError: It took longer than so many seconds; whether it took effect is not known.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await work
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise NetworkTimeoutError(
            "the store did not answer in time, and may or may not have taken it: hand it in again",
            retry_after_seconds=1,
        ) from error


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it has ended: `asyncio.wait_for` loses a cancellation that meets its result (Python 3.11)."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_SECONDS)
    with suppress(asyncio.CancelledError):
        await task
