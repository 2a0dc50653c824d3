"""What of an ordered answer fits a token budget: the longest prefix of a fill order that was fixed before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from synap.domain.contexts import Item
from synap.domain.memories import MemoryType
from synap.domain.tokens import count_line, count_tokens, cut
from synap.retrieval.format import HEADINGS, line_of

_LINE_BREAK = count_tokens("\n")
_HEADING_TOKENS: Mapping[MemoryType, int] = {kind: count_tokens(f"\n{text}") for kind, text in HEADINGS.items()}


def fit(items: Sequence[Item], order: Sequence[int], *, budget: int) -> list[Item]:
    """Return the items that fit, in the order of `items`, each with its rank and the size of its line; the last may be cut.

    Items are taken in `order`, a permutation of the positions of `items`, up to the first that does not fit. That one is
    cut at a sentence or left out, and nothing follows it. The order knows nothing of the budget, so a bigger budget
    never loses an item. A record is given whole, whatever its size: only its line is counted, and it is never cut. Counted are the lines and headings that `render` writes; each is counted on its own and rounded
    up, so the sum is never less than the size of the whole.
    """
    taken: dict[int, tuple[Item, int]] = {}
    lines = 0
    sections: set[MemoryType] = set()
    for position in order:
        item = items[position]
        sections.add(item.memory.statement.type)
        headings = sum(_HEADING_TOKENS[kind] for kind in sections) if taken else 0
        size = count_line(line_of(item))
        if lines + headings + size + (_LINE_BREAK if taken else 0) <= budget:
            taken[position] = item, size
            lines += size + _LINE_BREAK
            continue
        shortened = _shorten(item, budget - lines - headings - (_LINE_BREAK if taken else 0))
        if shortened is not None:
            taken[position] = shortened, shortened.tokens
        break
    return [
        replace(item, rank=rank, tokens=size)
        for rank, (item, size) in enumerate(taken[position] for position in sorted(taken))
    ]


def _shorten(item: Item, room: int) -> Item | None:
    """Return `item` cut at a sentence so that its line takes at most `room` tokens, or None where not even one fits."""
    if item.memory.record:
        return None
    frame = count_tokens(line_of(replace(item, content="")))
    content = cut(item.content, room - frame) if room > frame else ""
    if not content:
        return None
    shortened = replace(item, content=content, cut=True)
    size = count_line(line_of(shortened))
    return replace(shortened, tokens=size) if size <= room else None
