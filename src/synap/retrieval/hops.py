"""The second hop: a question about somebody or something that it describes and does not name, asked again with the name.

`Where does Ana's sister work?` finds that the sister is Ines; the second hop asks for Ines and work. Asked are only questions
that reach their subject through another (`Ana's sister`, `the firm that delivered the pump`, `the designer of the mural`),
and only by names from hits that explain a part of the question: of the others every name would be as good as the next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from synap.domain.contexts import Item, Query
from synap.domain.terms import tokenize
from synap.domain.words import STOP_WORDS

READ = 5
"""Hits, the best ones, whose names are followed."""
MOST = 2
"""Names followed at most."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_THROUGH = re.compile(
    r"\w['\u2019]s?\s+\w|\b(?:my|our|his|her|their|your)\s+\w|(?<=\w)\s+(?:who|whom|whose|that|which|whoever)\s+\w|\b(?:of|by|with|for)\s+the\s+\w",
    re.IGNORECASE,
)


def bridges(query: Query, hits: Sequence[Item]) -> tuple[str, ...]:
    """Return the question with names in place of what the best `hits` explain of it, the best explained first.

    A hit explains the words that it shares with the question, the names in it too where the question has any; what it names
    besides is asked about with the words that are left. A question that is explained as a whole needs no second hop.
    """
    if _THROUGH.search(query.text) is None:
        return ()
    words = [word for word in _WORD.findall(query.text) if word.casefold() not in STOP_WORDS]
    asked = {word: frozenset(tokenize(word.removesuffix("'s").removesuffix("\u2019s"))) for word in words}
    found: dict[str, tuple[int, int, str]] = {}
    for rank, item in enumerate(hits[:READ]):
        told = frozenset(tokenize(item.content))
        explained = [word for word in words if asked[word] & told]
        left = [word for word in words if not asked[word] & told]
        if not explained or not left or not (query.names == () or _names_one_of(query, explained)):
            continue
        statement = item.memory.statement
        for name in dict.fromkeys((*statement.entities, *statement.participants, statement.subject)):
            if _new(name, query.text):
                found.setdefault(name, (-len(explained), rank, " ".join((name, *left))))
    return tuple(text for *_, text in sorted(found.values())[:MOST])


def _names_one_of(query: Query, words: Sequence[str]) -> bool:
    return any(_plain(word) in query.names for word in words)


def _new(name: str, question: str) -> bool:
    """Whether a name is somebody's or something's, and none of its words was asked for."""
    words = {_plain(word) for word in _WORD.findall(name)}
    asked = {_plain(word) for word in _WORD.findall(question)}
    return bool(words) and name[:1].isupper() and words.isdisjoint(asked) and not words <= STOP_WORDS


def _plain(word: str) -> str:
    return word.casefold().removesuffix("'s").removesuffix("\u2019s")
