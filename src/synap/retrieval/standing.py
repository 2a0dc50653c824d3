"""What still holds: memories whose validity is over, or has yet to begin, against the moment and tense of the question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from synap.domain.contexts import Search
from synap.domain.memories import Memory, MemoryType
from synap.retrieval.places import with_total
from synap.retrieval.scored import Scored

PASSED = 0.9
"""Factor for an event that is over: it did happen, but it is history."""
PENDING = 0.7
"""Factor for what does not hold yet."""

_STATES = frozenset({MemoryType.FACT, MemoryType.PREFERENCE})
_PAST = re.compile(
    r"\b(?:was|were|did|had|been|used to|previous(?:ly)?|former(?:ly)?|before|earlier|originally|initial(?:ly)?|ago|past|"
    r"histor(?:y|ical|ically)|back (?:then|in)|at the time|once|ever|no longer|any ?more|over the years|chang(?:e|ed|es)|"
    r"expired?|ended|stopped|last (?:night|week|month|quarter|year|spring|summer|autumn|fall|winter|time))\b",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\b(?:will|going to|upcoming|next|soon|plan(?:s|ned|ning)?|future|from \w+ on|starting|about to|scheduled|later)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


class Tense(StrEnum):
    """Which time a question is about."""

    PAST = "past"
    PRESENT = "present"
    FUTURE = "future"


def tenses(questions: Iterable[str], moment: datetime) -> frozenset[Tense]:
    """Return the times that `questions` are about: the present always, the others where a word or a year says so."""
    found = {Tense.PRESENT}
    for question in questions:
        years = [int(year) for year in _YEAR.findall(question)]
        if _PAST.search(question) or any(year < moment.year for year in years):
            found.add(Tense.PAST)
        if _FUTURE.search(question) or any(year > moment.year for year in years):
            found.add(Tense.FUTURE)
    return frozenset(found)


def uphold(scored: Sequence[Scored], search: Search) -> list[Scored]:
    """Return `scored` judged by validity at the search's moment (`as_of`, else now), best first (ties: by id).

    Facts and preferences that have ceased to hold are left out, unless the question is about the past or `as_of` asks
    for it; events that are over stay, a little behind. What does not hold yet stays, behind what does.
    """
    moment = search.as_of or search.now
    asked = tenses((query.text for query in search.queries), moment)
    kept = []
    for one in scored:
        factor = standing(one.candidate.memory, moment, asked, history=search.as_of is not None)
        if factor > 0.0:
            kept.append(one if factor == 1.0 else with_total(one, one.score.total * factor))
    kept.sort(key=lambda one: (-one.score.total, one.candidate.memory.id))
    return kept


def standing(memory: Memory, moment: datetime, asked: frozenset[Tense], *, history: bool = False) -> float:
    """Return how a memory stands at `moment`, as a factor 0..1: 1 where it holds, 0 where it is to be left out."""
    statement = memory.statement
    if statement.valid_until is not None and statement.valid_until < moment:
        if Tense.PAST in asked:
            return 1.0
        return PASSED if history or statement.type not in _STATES else 0.0
    if statement.valid_from is not None and statement.valid_from > moment and Tense.FUTURE not in asked:
        return PENDING
    return 1.0
