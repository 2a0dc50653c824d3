"""The second hop: whom and what the best hits name, asked about again with the words of the question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from synap.domain.contexts import Item, Query
from synap.domain.words import STOP_WORDS

READ = 5
"""Hits, the best ones, whose names are followed."""
MOST = 3
"""Names followed at most."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


def bridges(query: Query, hits: Sequence[Item]) -> tuple[str, ...]:
    """Return questions about what the best `hits` name and the question does not, the most often named first.

    `Where does Ana's sister work?` finds that the sister is Ines; the second hop asks for Ines and work.
    """
    asked = {word.casefold().removesuffix("'s") for word in _WORD.findall(query.text)}
    named: Counter[str] = Counter()
    for item in hits[:READ]:
        statement = item.memory.statement
        names = (*statement.entities, *statement.participants, statement.subject)
        named.update({name for name in names if _new(name, asked)})
    words = [word for word in _WORD.findall(query.text) if _topical(word, query)]
    order = sorted(named, key=lambda name: (-named[name], name))
    return tuple(" ".join((name, *words)) for name in order[:MOST])


def _new(name: str, asked: set[str]) -> bool:
    """Whether a name is somebody's or something's, and none of its words was asked for."""
    words = {word.casefold().removesuffix("'s") for word in _WORD.findall(name)}
    return bool(words) and name[:1].isupper() and words.isdisjoint(asked) and not words <= STOP_WORDS


def _topical(word: str, query: Query) -> bool:
    plain = word.casefold()
    return plain not in STOP_WORDS and plain.removesuffix("'s") not in query.names
