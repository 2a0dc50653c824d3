"""Where a quotation stands in a text: exactly, with other marks and spaces between its words, or nearly word for word."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

NEARLY = 0.9
"""Share of a quotation's letters that must stand in the text in their order for it to count as quoted, figures whole."""

LONGEST_QUOTE = 600
SHORTEST_QUOTE = 2
_WORD = re.compile(r"\w+")
_ELISION = re.compile(r"\s*(?:\.\.\.|\u2026|\[\u2026\]|\[\.\.\.\])\s*")
_SLACK = 2
_MOST_WORDS = 2000


class Span(NamedTuple):
    """Code points from, to (exclusive)."""

    start: int
    end: int


def cited(quote: str, text: str) -> Span | None:
    """Return where a text holds a quotation, or None.

    Capitals, width, spaces and what is no letter or digit do not count. A quotation with an elision runs from its first
    part to its last, which must follow one another.
    """
    wanted = quote.strip().strip("\"'\u201c\u201d\u2018\u2019\u00ab\u00bb")
    if not SHORTEST_QUOTE <= len(wanted) <= LONGEST_QUOTE:
        return None
    parts = [part for part in _ELISION.split(wanted) if part]
    spans: list[Span] = []
    for part in parts:
        after = spans[-1].end if spans else 0
        found = _found(part, text[after:])
        if found is None:
            return None
        spans.append(Span(found.start + after, found.end + after))
    return Span(spans[0].start, spans[-1].end) if spans else None


def _found(quote: str, text: str) -> Span | None:
    exact = re.search(re.escape(quote), text, re.IGNORECASE)
    if exact is not None:
        return Span(*exact.span())
    wanted = [_plain(word) for word in _WORD.findall(quote)]
    places = [Span(*match.span()) for match in _WORD.finditer(text)][:_MOST_WORDS]
    words = [_plain(text[place.start : place.end]) for place in places]
    if not wanted or not words:
        return None
    count = len(wanted)
    for first in range(len(words) - count + 1):
        if words[first : first + count] == wanted:
            return Span(places[first].start, places[first + count - 1].end)
    return _nearly(wanted, words, places)


def _nearly(wanted: list[str], words: list[str], places: list[Span]) -> Span | None:
    """Return the run of words that is most like the wanted ones, where it is like enough; figures must be the same."""
    least = (1 - NEARLY) * len(" ".join(wanted))
    span = None
    for first in range(len(words)):
        distance, count = _distance(wanted, words[first : first + len(wanted) + _SLACK], within=least)
        if count and (distance < least or span is None):
            least, span = distance, Span(places[first].start, places[first + count - 1].end)
    return span


def _distance(wanted: list[str], words: list[str], *, within: float) -> tuple[float, int]:
    """Return how many letters must change to make wanted words of the first of others, and of how many; 0 of them for too many.

    At most `_SLACK` words more or fewer are compared, so the work grows with the number of words alone.
    """
    row = {0: 0.0}
    for done, word in enumerate(wanted, 1):
        costs: dict[int, float] = {}
        for used in range(max(0, done - _SLACK), min(len(words), done + _SLACK) + 1):
            ways = [row[used] + len(word)] if used in row else []
            if used - 1 in row:
                ways.append(row[used - 1] + _changed(word, words[used - 1]))
            if used - 1 in costs:
                ways.append(costs[used - 1] + len(words[used - 1]))
            if ways:
                costs[used] = min(ways)
        row = costs
        if not row or min(row.values()) > within:
            return within, 0
    used = min(row, key=lambda count: (row[count], count))
    return row[used], used


@lru_cache(maxsize=4096)
def _changed(wanted: str, word: str) -> float:
    """Return how many letters must change to make one word of another; all and more where they are figures."""
    if wanted == word:
        return 0.0
    longer = max(len(wanted), len(word))
    if any(letter.isdigit() for letter in wanted + word):
        return 4.0 * longer
    return longer * (1 - SequenceMatcher(None, wanted, word, autojunk=False).ratio())


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()
