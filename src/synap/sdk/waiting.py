"""Waiting for what is worked through in the background: looks, further and further apart, until it is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from synap.errors import NetworkTimeoutError

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0

Answer = TypeVar("Answer")


async def until(
    look: Callable[[], Awaitable[Answer]],
    done: Callable[[Answer], bool],
    *,
    deadline: float,
    pauses: Iterator[float],
    what: str,
) -> Answer:
    """Return the first answer of `look` that is `done`.

    Args:
        look: Asks how far it is.
        done: Whether that is the end.
        deadline: On the monotonic clock, in seconds.
        pauses: Seconds between two looks.
        what: What is waited for, as the error names it.

    Raises:
        NetworkTimeoutError: The deadline has passed.
    """
    while True:
        answer = await look()
        if done(answer):
            return answer
        left = deadline - time.monotonic()
        if left <= 0:
            raise NetworkTimeoutError(f"{what} was not worked through in time; it still will be, ask again later")
        await asyncio.sleep(min(next(pauses), left))


def deadline(timeout_seconds: float | None) -> float:
    """Return the moment on the monotonic clock that lies so far ahead; without a bound, no moment at all."""
    return float("inf") if timeout_seconds is None else time.monotonic() + timeout_seconds


def pauses(interval: float | None) -> Iterator[float]:
    """Yield seconds to wait, without end: always `interval`, or for None longer and longer ones."""
    pause = FIRST_PAUSE_SECONDS if interval is None else interval
    while True:
        yield pause
        if interval is None:
            pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)
