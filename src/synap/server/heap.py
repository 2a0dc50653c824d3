"""Memory that was freed goes back to the system: glibc keeps it in its heaps unless asked.

With every write a server copies what searches read of a scope and frees the old rows; empty pages between others that are in
use stay with the process, some 4 KB for each document. https://www.gnu.org/software/libc/manual/html_node/Freeing-after-Malloc.html
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

EVERY_SECONDS = 60.0


async def trim(stop: asyncio.Event, *, every: float = EVERY_SECONDS) -> None:
    """Give empty pages back every so many seconds, until `stop`; a no-op where the C library is not glibc."""
    give_back = trimmer()
    if give_back is None:
        return
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
