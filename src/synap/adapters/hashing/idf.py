"""How telling a term is, from a frozen list of common words: no corpus of any tenant has a part in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from synap.domain.terms import tokenize

UNLISTED_RANK = 8000
"""Rank that a word outside the list counts as."""

_TERMS_PER_TEXT = 15
_ZIPF_SHARE = 0.1
"""Share of all running words that the commonest takes; the word of rank r takes `0.1 / r` (Zipf's law)."""


def weight(term: str) -> float:
    """Return how telling a term is, above 0 and at most 1, the weight of any term outside the list.

    It is the inverse document frequency (Spärck Jones, 1972) in texts of fifteen words under Zipf's law.
    """
    return _weights().get(term, 1.0)


@cache
def _weights() -> Mapping[str, float]:
    listed: dict[str, float] = {}
    for rank, words in _bands():
        value = _idf(rank) / _idf(UNLISTED_RANK)
        for term in tokenize(words):
            listed[term] = min(value, listed.get(term, 1.0))
    return MappingProxyType(listed)


def _bands() -> list[tuple[int, str]]:
    text = resources.files(__package__).joinpath("common_words.txt").read_text("utf-8")
    lines = (line.partition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return [(int(rank), words) for rank, _, words in lines]


def _idf(rank: int) -> float:
    share_of_texts = 1 - (1 - _ZIPF_SHARE / rank) ** _TERMS_PER_TEXT
    return -math.log(share_of_texts)
