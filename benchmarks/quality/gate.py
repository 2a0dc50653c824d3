"""Whether a listener answers a question from the bundles it was sent: the rule of the published Python client 0.6.9.

The client keeps the items of all bundles of a conversation and scores the question's words against them (Okapi BM25).
Without a local embedding model, an item whose score reaches the bar makes the client answer at once, with the best items,
and nothing asks the engine. So an item that merely shares a rare word with a question keeps the evidence away.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from synap.api.bundles import ContextBundle
from synap.api.contexts import ContextItem
from synap.domain.terms import tokenize

K1, B = 1.5, 0.75
LEAST_IDF = 0.5
BAR, LOWEST_BAR, BAR_PER_WORD = 1.5, 0.6, 0.3
NOVEL_SHARE, NOVEL_FROM = 0.45, 200
"""A question is passed on when this share of its words is unknown to a vocabulary of this size."""

SAME_TEXT = 120
"""Characters at the beginning by which two items count as one."""


class Listener:
    """What one client keeps of one conversation's bundles."""

    def __init__(self) -> None:
        self._items: dict[str, tuple[ContextItem, Counter[str]]] = {}

    def take(self, bundle: ContextBundle) -> None:
        """Keep a bundle's items; one that begins like another is kept once."""
        for item in bundle.items:
            key = item.content.lower().strip()[:SAME_TEXT]
            self._items.setdefault(key, (item, Counter(tokenize(item.content))))

    def answer(self, question: str, *, limit: int = 10) -> list[ContextItem] | None:
        """Return the items served for a question, best first, or None where the client asks the engine."""
        asked = tokenize(question)
        held = list(self._items.values())
        known = Counter(word for _, words in held for word in words)
        novel = sum(word not in known for word in set(asked))
        if not held or not asked or (len(known) >= NOVEL_FROM and novel >= NOVEL_SHARE * len(set(asked))):
            return None
        bar = max(LOWEST_BAR, min(BAR, BAR_PER_WORD * len(asked)))
        average = sum(words.total() for _, words in held) / len(held)
        scored = [(_score(asked, words, known, len(held), average), item) for item, words in held]
        passed = sorted((one for one in scored if one[0] >= bar), key=lambda one: -one[0])
        return [item for _, item in passed[:limit]] or None


def _score(asked: Sequence[str], words: Counter[str], known: Counter[str], count: int, average: float) -> float:
    length = K1 * (1 - B + B * words.total() / average)
    return sum(
        max(math.log((count - known[word] + 0.5) / (known[word] + 0.5) + 1), LEAST_IDF)
        * words[word]
        * (K1 + 1)
        / (words[word] + length)
        for word in asked
        if words[word]
    )
