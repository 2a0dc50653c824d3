"""Memory that was freed goes back to the system: glibc keeps it in its heaps unless asked.

With every write a server copies what searches read of a scope and frees the old rows; empty pages between others that are in
use stay with the process, some 4 KB for each document. https://www.gnu.org/software/libc/manual/html_node/Freeing-after-Malloc.html
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

EVERY_SECONDS = 60.0

_SETTINGS = {
    -8: 2,  # M_ARENA_MAX: heaps that threads share
    -3: 4 * 2**20,  # M_MMAP_THRESHOLD: bytes from which a buffer is mapped for itself, and given back with its end
    -1: 8 * 2**20,  # M_TRIM_THRESHOLD: bytes that may be free at a heap's end before they are given back
}
"""What is set of glibc. Left alone, it gives a thread a heap of its own, up to eight for each core, where room that another has
freed is of no use, though threads of Python take turns anyway; and it raises the second to the biggest buffer that was ever
freed, up to 32 MiB, so that the text of a long document is a hole in a heap afterwards."""


async def trim(stop: asyncio.Event, *, every: float = EVERY_SECONDS) -> None:
    """Set up glibc's heaps, and give empty pages back every so many seconds, until `stop`; a no-op without glibc."""
    give_back = trimmer()
    if give_back is None:
        return
    for setting, value in _SETTINGS.items():
        ctypes.CDLL(None).mallopt(setting, value)
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
