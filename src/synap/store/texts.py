"""Memories and segments of a scope with their text, kept beside its searched rows for the questions that follow.

They are read behind row-level security, in a transaction that has entered the scope, and serve no other one. As the rows do,
they hold for the scope's version: what a later write touched is left out of the next version's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from synap.domain.contexts import SegmentRef
from synap.domain.memories import Memory

SEGMENT = 2
"""Parts from here on are segments; odd parts are shared."""

MOST_TEXTS = 4096
"""Texts kept of a scope, the latest read."""

_OVERHEAD_BYTES = 3584
"""What a memory takes besides its texts, about."""

_GIST_BYTES = 60
"""What its gist takes for each code point, about, once it was read over (`synap.domain.gists`)."""

RowKey: TypeAlias = tuple[int, int]
"""Part and id of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A row with its text, as a search serves it, whatever the question.

    Attributes:
        memory: The memory, or the segment as one.
        excerpt: Whether it is a segment.
        place: Where in its document it stands.
        speaker: Who said a segment.
    """

    memory: Memory
    excerpt: bool
    place: SegmentRef | None
    speaker: str | None

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        length, quotes = len(self.memory.statement.content), sum(len(piece.quote) for piece in self.memory.evidence)
        return _OVERHEAD_BYTES + _GIST_BYTES * length + 2 * (length + quotes)


class Texts:
    """The texts known of a scope at one version; the longest known go first."""

    def __init__(self) -> None:
        self.size = 0
        self._told: dict[RowKey, Told] = {}

    def __len__(self) -> int:
        return len(self._told)

    def get(self, key: RowKey) -> Told | None:
        """Return a row with its text, or None where it was not read yet."""
        return self._told.get(key)

    def add(self, told: Mapping[RowKey, Told]) -> None:
        """Keep rows with their texts."""
        for key, one in told.items():
            self._drop(key)
            self._told[key] = one
            self.size += one.size
        while len(self._told) > MOST_TEXTS:
            self._drop(next(iter(self._told)))

    def without(self, memories: Collection[int], segments: Collection[int]) -> Texts:
        """Return the same texts but those of the given rows."""
        kept = Texts()
        gone = {True: segments, False: memories}
        kept.add({key: told for key, told in self._told.items() if key[1] not in gone[key[0] >= SEGMENT]})
        return kept

    def _drop(self, key: RowKey) -> None:
        gone = self._told.pop(key, None)
        if gone is not None:
            self.size -= gone.size
