"""Variety among equals: items that repeat what stands before them give way to those that add something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from synap.retrieval.order import Placed
from synap.retrieval.places import content_words

DEPTH = 100
"""Items looked at, the best ones: twice as many as an answer holds at most, so that something new can come in."""
RELEVANCE = 0.7
"""Share of relevance beside novelty."""


def diverse(placed: Sequence[Placed]) -> list[Placed]:
    """Return `placed` with the best reordered for variety, inside each band and rung only.

    So the narrower scope still comes first in a band, and whoever is overridden stays behind the winner: such a pair
    moves as one. Records are like nothing: what two pieces of data have in common tells nothing of their worth.

    Source: Carbonell, Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998; likeness is the share of the
    content words that two texts have in common.
    """
    groups: defaultdict[tuple[int, str], list[list[Placed]]] = defaultdict(list)
    for block in _blocks(placed[:DEPTH]):
        groups[block[0].band, block[0].rung].append(block)
    result: list[Placed] = []
    seen: list[frozenset[str]] = []
    for group in groups.values():
        result += _by_novelty(group, seen)
    return [*result, *placed[DEPTH:]]


def _blocks(placed: Sequence[Placed]) -> Iterator[list[Placed]]:
    """Yield each item with those right behind it that it overrides."""
    block: list[Placed] = []
    for one in placed:
        if block and one.settled.winner is not None:
            block.append(one)
            continue
        if block:
            yield block
        block = [one]
    if block:
        yield block


def _by_novelty(blocks: Sequence[list[Placed]], seen: list[frozenset[str]]) -> Iterator[Placed]:
    """Yield the items of `blocks`, the most relevant and novel first, and add their words to `seen`."""
    waiting = [(block, _words(block[0])) for block in blocks]
    like = [max((_likeness(words, other) for other in seen), default=0.0) for _, words in waiting]
    while waiting:
        best = max(
            range(len(waiting)), key=lambda n: (RELEVANCE * waiting[n][0][0].relevance - (1 - RELEVANCE) * like[n], -n)
        )
        block, words = waiting.pop(best)
        like.pop(best)
        seen.append(words)
        like = [max(known, _likeness(other, words)) for known, (_, other) in zip(like, waiting, strict=True)]
        yield from block


def _words(placed: Placed) -> frozenset[str]:
    memory = placed.settled.scored.candidate.memory
    return frozenset() if memory.record else content_words(memory.statement.content)


def _likeness(first: frozenset[str], second: frozenset[str]) -> float:
    union = len(first | second)
    return len(first & second) / union if union else 0.0
