"""Turns that a door has received and not recorded yet: a fetch that comes after such a turn waits for it, within bounds.

A client may send a turn on its stream and ask by another connection at once. It was promised that what it has said is
found, and the turn may still stand behind others, or wait for the store, when its question arrives.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable

PATIENCE = 3.0
"""Seconds that a fetch waits for turns in hand, at most. A busy machine needs them; nobody waits for a turn that the store
did not take at the first attempt, as it may be away for long.
"""


class InHand:
    """Knows by owner what is in hand. Bound to one event loop."""

    def __init__(self) -> None:
        self._turns: defaultdict[Hashable, set[asyncio.Future[None]]] = defaultdict(set)

    def __bool__(self) -> bool:
        """Whether anything is in hand."""
        return bool(self._turns)

    def take(self, owners: Iterable[Hashable]) -> Callable[[], None]:
        """Note a turn of these owners; returns what tells that it is dealt with, which may be called again."""
        dealt = asyncio.get_running_loop().create_future()
        names = tuple(owners)
        for owner in names:
            self._turns[owner].add(dealt)

        def done() -> None:
            if dealt.done():
                return
            dealt.set_result(None)
            for owner in names:
                self._turns[owner].discard(dealt)
                if not self._turns[owner]:
                    del self._turns[owner]

        return done

    async def dealt_with(self, owners: Iterable[Hashable], *, seconds: float = PATIENCE) -> bool:
        """Wait until the turns of these owners that are in hand now are dealt with; False where that takes longer."""
        waiting = {turn for owner in owners for turn in self._turns.get(owner, ())}
        if not waiting:
            return True
        _, late = await asyncio.wait(waiting, timeout=seconds)
        return not late
