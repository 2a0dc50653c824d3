"""The scopes that are kept in memory, least recently used first to go; bounded in bytes, safe to lose.

What is kept of a row is what its search needs: ids, hashed terms, the vector; and its text once a search has read it. An entry
is found by the whole digest of its scope and by the vector column, so nothing can be shared between owners or embedders.
Every use is checked against the scope's version by the reader.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from synap.domain.contexts import Candidate
from synap.domain.scopes import Scope
from synap.store.blocks import Resident
from synap.store.nearest import UNUSED_SECONDS, Key, NearestCache, key_of
from synap.store.statements import Slot
from synap.store.stored_documents import InHand

RESIDENT_BYTES = 256 * 1024 * 1024
"""Memory for searched rows of a process, where nothing else is said."""

_ENTRY_BYTES = 2048
"""What an entry takes besides its arrays, about."""

_SLOTS: tuple[Slot, ...] = ("emb", "emb_alt")


@dataclass(slots=True)
class ResidentUse:
    """How the memory has been used: bytes and scopes now, the rest since the start.

    Attributes:
        size: Bytes held.
        scopes: Scopes held.
        hits: Searches that found all of their scopes as they are.
        told: Those of them that found all of their texts as well.
        misses: Searches that the database answered, for a scope too big to be read at once.
        loads: Scopes read whole.
        refreshes: Scopes brought up to date by what had changed.
    """

    size: int = 0
    scopes: int = 0
    hits: int = 0
    told: int = 0
    misses: int = 0
    loads: int = 0
    refreshes: int = 0


class Residents:
    """Scopes in memory, for one event loop."""

    def __init__(
        self,
        *,
        capacity: int = RESIDENT_BYTES,
        timer: Callable[[], float] = time.monotonic,
        prepare: Callable[[Candidate], object] | None = None,
        give_way: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Keep at most `capacity` bytes; with 0 nothing is kept, and every search goes to the database.

        Args:
            capacity: Bytes.
            timer: Tells what was not used for long.
            prepare: Called with each row whose text was read ahead, without scores, so that whoever makes answers can work
                out beforehand what every answer asks of a text.
            give_way: Awaited before each piece of what is read or prepared ahead; it may wait while others are answered.
        """
        self.capacity = capacity
        self.nearest = NearestCache(capacity // 2, timer=timer)
        """What big scopes that are written to need besides, at most half as much again."""
        self.in_hand = InHand(timer=timer)
        self.prepare = prepare
        self.give_way = give_way
        self.use = ResidentUse()
        self.epoch = 0
        """Raised by every `forget`: what was read before it is not kept after it."""
        self._timer = timer
        self._entries: OrderedDict[Key, tuple[Resident, int, float]] = OrderedDict()
        self._refused: dict[Key, float] = {}
        self._loading: dict[Key, asyncio.Task[None]] = {}
        self._reading: dict[Key, asyncio.Task[None]] = {}
        self._written: dict[tuple[int, bytes], int] = {}

    def get(self, scope: Scope, slot: Slot) -> Resident | None:
        """Return what is kept of a scope, as it was at some version; None for nothing."""
        self._drop_unused()
        found = self._entries.get(key_of(scope, slot))
        if found is None:
            return None
        resident, size, _ = found
        self._entries[key_of(scope, slot)] = (resident, size, self._timer())
        self._entries.move_to_end(key_of(scope, slot))
        return resident

    def behind(self, scope: Scope, version: int) -> None:
        """Note that this process has written a version of a scope, so that a search need not find out what it lacks."""
        if any(key_of(scope, slot) in self._entries for slot in _SLOTS):
            written = self._written.get((scope.id, scope.digest), 0)
            self._written[scope.id, scope.digest] = max(version, written)

    def is_behind(self, scope: Scope, resident: Resident | None) -> bool:
        """Whether what is kept of a scope is known to lack something."""
        return resident is not None and (resident.version or 0) < self._written.get((scope.id, scope.digest), 0)

    def away(self, scope: Scope, slot: Slot) -> bool:
        """Whether a scope is just being read, or was found too big a while ago: the database answers for it."""
        key = key_of(scope, slot)
        return key in self._loading or self._timer() - self._refused.get(key, -UNUSED_SECONDS) < UNUSED_SECONDS

    def put(self, scope: Scope, slot: Slot, resident: Resident, *, epoch: int) -> None:
        """Keep a scope, unless it is too big or was read before an `epoch` that is over; the least recently used make room."""
        if epoch != self.epoch:
            return
        key, size = key_of(scope, slot), resident.size + _ENTRY_BYTES
        written = self._written.get(key[:2], 0)
        self._remove(key)
        if size > self.capacity // 2:
            self.refuse(scope, slot)
            return
        self._entries[key] = (resident, size, self._timer())
        self.behind(scope, written)
        self.use.size += size
        while self.use.size > self.capacity:
            self._remove(next(iter(self._entries)))
        self.use.scopes = len(self._entries)

    def refuse(self, scope: Scope, slot: Slot) -> None:
        """Leave a scope to the database for a while."""
        now = self._timer()
        self._refused = {key: since for key, since in self._refused.items() if now - since < UNUSED_SECONDS}
        self._refused[key_of(scope, slot)] = now

    def forget(self, scope: Scope) -> None:
        """Drop all that is kept of a scope, and what is just being read of it. Called once its rows are gone."""
        self.epoch += 1
        self.nearest.forget(scope)
        self.in_hand.forget(scope)
        known = (*self._entries, *self._loading, *self._reading)
        for key in [key for key in known if key[:2] == (scope.id, scope.digest)]:
            self._remove(key)
            for tasks in (self._loading, self._reading):
                task = tasks.pop(key, None)
                if task is not None:
                    task.cancel()

    def load_later(self, scope: Scope, slot: Slot, load: Callable[[], Awaitable[None]]) -> None:
        """Read a scope while others go on, unless that is under way, or it was found too big a while ago."""
        if not self.away(scope, slot):
            _start(self._loading, key_of(scope, slot), load)

    def read_ahead(self, scope: Scope, slot: Slot, read: Callable[[], Awaitable[None]]) -> None:
        """Read texts of a scope while others go on and its searches are answered, unless that is under way."""
        if key_of(scope, slot) not in self._reading:
            _start(self._reading, key_of(scope, slot), read)

    async def settle(self) -> None:
        """Wait for what is being read."""
        await asyncio.gather(*self._loading.values(), *self._reading.values(), return_exceptions=True)

    async def close(self) -> None:
        """Give up what is being read, and forget everything."""
        tasks = [*self._loading.values(), *self._reading.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for key in list(self._entries):
            self._remove(key)
        self.nearest.clear()

    def _drop_unused(self) -> None:
        while self._entries:
            key, (_, _, used) = next(iter(self._entries.items()))
            if self._timer() - used < UNUSED_SECONDS:
                return
            self._remove(key)

    def _remove(self, key: Key) -> None:
        found = self._entries.pop(key, None)
        if found is not None:
            self.use.size -= found[1]
            self._written.pop(key[:2], None)
        self.use.scopes = len(self._entries)


def _start(tasks: dict[Key, asyncio.Task[None]], key: Key, work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        try:
            await work()
        finally:
            if tasks.get(key) is asyncio.current_task():
                del tasks[key]

    tasks[key] = asyncio.create_task(run(), name="synap-resident")
    tasks[key].add_done_callback(_seen)


def _seen(task: asyncio.Task[None]) -> None:
    """Take note of how a background read ended: whatever went wrong, the database answers the next search again."""
    if not task.cancelled():
        task.exception()
