"""Whether a question names who said something, whom it is about, what it mentions, or the record that it asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synap.domain.contexts import Candidate, Query
from synap.domain.memories import Memory
from synap.domain.terms import tokenize

SPOKEN_BY = 1.0
MENTIONED = 0.5
"""Also for the asker's own memories in a question about `me` or `my`."""

_WORD = re.compile(r"[^\W_]+(?:[-.&][^\W_]+)*")
_FIRST_PERSON = re.compile(r"\b(?:i|i['\u2019]m|me|my|mine|myself)\b", re.IGNORECASE)
_THE_USER = "the user"


def named(candidate: Candidate, query: Query) -> float:
    """Return 1 where the question names the speaker or the subject, 0.5 where it names an entity or means the asker, else 0.

    A person is named by any one word of their name, an entity by all of its words.
    """
    statement = candidate.memory.statement
    if query.names:
        names = frozenset(query.names)
        if _words(candidate.speaker or "") & names or _words(_person(statement.subject)) & names:
            return SPOKEN_BY
        if any((words := _words(entity)) and words <= names for entity in statement.entities):
            return MENTIONED
    if statement.subject == _THE_USER and candidate.memory.scope.user_id is not None and _about_the_asker(query.text):
        return MENTIONED
    return 0.0


def names_found(candidates: Sequence[Candidate], queries: Sequence[Query]) -> NDArray[np.float64]:
    """Return what `named` gives for each candidate and query, `(n, queries)`."""
    found = np.zeros((len(candidates), len(queries)))
    for column, query in enumerate(queries):
        if query.names or _about_the_asker(query.text):
            found[:, column] = [named(candidate, query) for candidate in candidates]
    return found


def record_name(memory: Memory) -> str:
    """Return what names a record, its metadata, as text; equal for the versions of one thing."""
    return json.dumps(memory.metadata, sort_keys=True, default=str, ensure_ascii=False)


def names_record(query: frozenset[str], name: frozenset[str]) -> bool:
    """Whether a question of these terms asks for a record by its name: every one of them is a term of the name."""
    return bool(query) and query <= name


def records_named(candidates: Sequence[Candidate], queries: Sequence[Query]) -> NDArray[np.bool_]:
    """Return which candidates are records that a query asks for by name, `(n, queries)`."""
    found = np.zeros((len(candidates), len(queries)), np.bool_)
    records = [row for row, candidate in enumerate(candidates) if candidate.memory.record]
    if records:
        asked = [frozenset(tokenize(query.text)) for query in queries]
        for row in records:
            name = frozenset(tokenize(record_name(candidates[row].memory)))
            found[row] = [names_record(words, name) for words in asked]
    return found


def _person(subject: str) -> str:
    return "" if subject.startswith("the ") else subject


def _words(name: str) -> frozenset[str]:
    return frozenset(_WORD.findall(name.casefold().removesuffix("'s")))


@lru_cache(maxsize=256)
def _about_the_asker(question: str) -> bool:
    return _FIRST_PERSON.search(question) is not None
