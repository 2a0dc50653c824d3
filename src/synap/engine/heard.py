"""The last turns of conversations, handed from the recording of a turn to the foresight that follows it at once.

They are read in the transaction that records the turn, which costs no exchange of its own; who comes too late reads them again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from cachetools import TTLCache

from synap.domain.scopes import Scope
from synap.store.conversations import StoredMessage

KEPT_SECONDS = 2.0
MOST = 256
"""Conversations whose turns wait to be taken."""

MOST_CHARACTERS = 20_000
"""Of the turns of one conversation together; longer ones are read again."""


class Heard:
    """Keeps what was read, for a moment and for one taker."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._turns: TTLCache[tuple[Scope, str], tuple[StoredMessage, ...]] = TTLCache(MOST, KEPT_SECONDS, timer=timer)

    def put(self, scope: Scope, conversation: str, turns: Sequence[StoredMessage]) -> None:
        """Keep the last turns of a conversation (UUID form) of a scope, in order, the one just recorded among them."""
        if sum(len(turn.content) for turn in turns) <= MOST_CHARACTERS:
            self._turns[scope, conversation] = tuple(turns)

    def take(self, scope: Scope, conversation: str) -> tuple[StoredMessage, ...]:
        """Return the last turns of a conversation and forget them; nothing where none wait."""
        return self._turns.pop((scope, conversation), ())
