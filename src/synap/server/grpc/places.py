"""Places for events on one stream: so many, and so many bytes, may be in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Places:
    """Counts what is in hand. Only one task may wait for a place: the one that reads."""

    def __init__(self, *, events: int, size: int) -> None:
        """Make free places.

        Args:
            events: How many events.
            size: How many bytes together; one that is larger is let in alone.
        """
        self._events = events
        self._size = size
        self._held = 0
        self._held_size = 0
        self._freed = asyncio.Event()

    async def take(self, size: int) -> Callable[[], None]:
        """Wait for a place for `size` bytes; returns what gives it free."""
        while self._held >= self._events or (self._held and self._held_size + size > self._size):
            self._freed.clear()
            await self._freed.wait()
        self._held += 1
        self._held_size += size
        return lambda: self._free(size)

    def _free(self, size: int) -> None:
        self._held -= 1
        self._held_size -= size
        self._freed.set()
