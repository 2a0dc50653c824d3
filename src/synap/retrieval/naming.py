"""Whether a question names who said something, whom it is about, or what it mentions."""

from __future__ import annotations

import re
from functools import lru_cache

from synap.domain.contexts import Candidate, Query

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


def _person(subject: str) -> str:
    return "" if subject.startswith("the ") else subject


def _words(name: str) -> frozenset[str]:
    return frozenset(_WORD.findall(name.casefold().removesuffix("'s")))


@lru_cache(maxsize=256)
def _about_the_asker(question: str) -> bool:
    return _FIRST_PERSON.search(question) is not None
