"""Where a quotation stands in a text: exactly, with other marks and spaces between its words, or nearly word for word."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import NamedTuple

NEARLY = 0.9
"""Likeness, 0..1 (`difflib.SequenceMatcher.ratio`), from which words count as quoted."""

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
    """Return the run of words that is most like the wanted ones, where it is like enough."""
    matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
    matcher.set_seq2(" ".join(wanted))
    best, span = NEARLY, None
    starts = [at for at, word in enumerate(words) if word in set(wanted[: _SLACK + 1])]
    for first in starts:
        for count in range(max(1, len(wanted) - _SLACK), len(wanted) + _SLACK + 1):
            last = first + count - 1
            if last >= len(words):
                break
            matcher.set_seq1(" ".join(words[first : last + 1]))
            if matcher.real_quick_ratio() >= best and matcher.quick_ratio() >= best and matcher.ratio() >= best:
                best, span = matcher.ratio(), Span(places[first].start, places[last].end)
    return span


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()
