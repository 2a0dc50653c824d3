"""Memory that was freed goes back to the system: glibc keeps it in its heaps unless asked.

With every write a server copies what searches read of a scope and frees the old rows; empty pages between others that are in
use stay with the process, some 4 KB for each document. https://www.gnu.org/software/libc/manual/html_node/Freeing-after-Malloc.html
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

EVERY_SECONDS = 60.0

HEAPS, _HEAPS = 2, -8
"""Heaps that threads share, and the number of that setting (`M_ARENA_MAX`): glibc gives a thread one of its own, up to eight for
each core, where room that another has freed is of no use. Threads of Python take turns anyway."""


async def trim(stop: asyncio.Event, *, every: float = EVERY_SECONDS) -> None:
    """Have threads share heaps, and give empty pages back every so many seconds, until `stop`; a no-op without glibc."""
    give_back = trimmer()
    if give_back is None:
        return
    ctypes.CDLL(None).mallopt(_HEAPS, HEAPS)
    while True:
        try:
            await asyncio.wait_for(stop.wait(), every)
        except TimeoutError:
            await asyncio.to_thread(give_back, 0)
        else:
            return


def trimmer() -> Callable[[int], int] | None:
    """Return glibc's `malloc_trim`, or None where the process has another C library."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
