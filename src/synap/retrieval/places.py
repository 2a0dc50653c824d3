"""One place, one voice: a memory and the excerpt it was drawn from are not both served for the same words.

A memory refines its passage: it stands alone, its dates are resolved and it is shorter. The passage stays in reserve for
what extraction missed. So where the memories of a passage say what it says, the passage is dropped and the best of them
takes its score; where they answer as well as it does, it ranks behind them; where it answers better, it leads and they
rank behind.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from synap.domain.contexts import ScoreParts, SegmentRef
from synap.domain.words import STOP_WORDS
from synap.retrieval.passages import WordsAsked, own_words
from synap.retrieval.scored import Scored
from synap.retrieval.weights import REDUNDANT

DEPTH = 128
"""Places are compared if one of their members is among this many best; no answer reaches deeper."""
COVERED = 0.6
"""Share of a passage's content words that its memories must carry to say as much."""
AS_GOOD = 0.8
"""Share of the passage's score from which on a memory answers as well."""

NOTHING_ASKED = WordsAsked()

_TELLING = re.compile(r"[^\W_]{4,}|\d+")
_THE_USER = re.compile(r"\bthe user(?:['\u2019]s)?\b", re.IGNORECASE)
_STEM = 5


def refine(scored: Sequence[Scored], asked: WordsAsked = NOTHING_ASKED) -> list[Scored]:
    """Return `scored`, which comes best first, with each place spoken for once, best first again (ties: by id).

    A passage that holds a word asked for which its memories lack is never spoken for by them.
    """
    places: defaultdict[SegmentRef, list[Scored]] = defaultdict(list)
    result: list[Scored] = []
    for position, one in enumerate(scored):
        place = one.candidate.place
        if place is None or (position >= DEPTH and place not in places):
            result.append(one)
        else:
            places[place].append(one)
    for group in places.values():
        result.extend(group if len(group) == 1 else _spoken_for(group, asked))
    result.sort(key=lambda one: (-one.score.total, one.candidate.memory.id))
    return result


def with_total(one: Scored, total: float, *, band: int = 0) -> Scored:
    """Return `one` with another total, and in a band. For every candidate of an answer, which `replace` takes too long for."""
    old = one.score
    score = ScoreParts(
        total=total,
        vector=old.vector,
        lexical=old.lexical,
        neighbour=old.neighbour,
        entity=old.entity,
        time=old.time,
        recency=old.recency,
        band=band,
    )
    return Scored(candidate=one.candidate, score=score)


def content_words(text: str) -> frozenset[str]:
    """Return the beginnings, five letters long, of the words that carry the text's meaning, and its numbers.

    A cheap stand-in for terms: it runs over every pair of passage and memory while the caller waits.
    """
    return frozenset({word[:_STEM] for word in _TELLING.findall(text.casefold()) if word not in STOP_WORDS})


def _spoken_for(group: Sequence[Scored], asked: WordsAsked) -> list[Scored]:
    memories = [one for one in group if not one.candidate.excerpt]
    excerpt = next((one for one in group if one.candidate.excerpt), None)
    if excerpt is None or not memories:
        return list(group)
    score = excerpt.score.total
    best = max(memories, key=lambda one: (one.score.total, one.candidate.memory.id))
    if _covered(own_words(excerpt.candidate), " ".join(own_words(one.candidate) for one in memories), asked):
        return [with_total(one, max(score, one.score.total)) if one is best else one for one in memories]
    if best.score.total >= AS_GOOD * score:
        return [*memories, with_total(excerpt, score * REDUNDANT)]
    return [
        excerpt,
        *(with_total(one, one.score.total * REDUNDANT) if _adds_nothing(one) else one for one in memories),
    ]


def _covered(passage: str, carried: str, asked: WordsAsked) -> bool:
    """Whether the text of the memories carries most of what a passage says, and all of it that was asked for."""
    telling = content_words(passage)
    shared = telling & content_words(_THE_USER.sub("", carried))
    if len(shared) < COVERED * len(telling):
        return False
    return passage == carried or asked.found_in(passage) <= asked.found_in(carried)


def _adds_nothing(one: Scored) -> bool:
    """Whether a memory says no more than the passage around it; one with a resolved date always does."""
    return one.candidate.memory.statement.when is None
