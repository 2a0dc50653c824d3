"""One score per candidate: the channels' scores scaled and added, helped by neighbours, names and, a little, by age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from synap.domain.contexts import Candidate, Query, ScoreParts, Search, SegmentRef, Untold
from synap.domain.memories import Memory, MemoryType
from synap.retrieval.governing import governs
from synap.retrieval.naming import names_found, records_named
from synap.retrieval.passages import WordsAsked, headed, own_words
from synap.retrieval.scored import Scored
from synap.retrieval.times import asks_of_now, of_the_past, periods, timely
from synap.retrieval.weights import (
    CONFIDENCE_WEIGHT,
    EXCERPT_DISCOUNT,
    FORMER,
    GOVERNING_SHARES,
    HEADING_SHARE,
    NAME_WEIGHT,
    NEIGHBOUR_WEIGHT,
    NEIGHBOUR_WEIGHT_OUTSIDE_DIALOGUE,
    RECENCY_WEIGHT,
    TIME_WEIGHT,
    Balance,
)

_Scores = NDArray[np.float64]

_DEFAULT = Balance()

SURE = 0.5
"""Cosine of the best candidate from which on scores count in full, so that a weak best one does not pass for a good answer.

Measured with MiniLM on 20 questions about a person, each answered by one of 20 sentences in other words, and 20 general
questions: half of the answers reach 0.36 and no general question 0.3.
"""

HALF_LIFE_DAYS = {MemoryType.EMOTION: 7.0, MemoryType.EPISODE: 90.0, MemoryType.TEMPORAL_EVENT: 90.0}
"""Types that fade; the others do not while they are valid, so that their age says nothing either way."""

_SHRINKAGE = 32
_MATCH_SHARE = 0.5
_Place = tuple[int, int]
"""A document, negative for a shared one, and the ordinal of a segment in it."""

_NOWHERE: _Place = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """Candidates that have a text with their scores, best first (ties: by id), and by memory id the queries that found each.

    With several queries, `scores` has for each memory the queries that found it with its score for each.
    """

    scored: tuple[Scored, ...] = ()
    matched: Mapping[str, tuple[str, ...]]
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def fuse(
    candidates: Sequence[Candidate],
    search: Search,
    *,
    untold: Untold | None = None,
    semantic: bool,
    balance: Balance = _DEFAULT,
) -> Fused:
    """Score `candidates` against the queries of `search`; with several queries the best of them counts.

    Per query both channels are scaled to 0..1 over the union of the candidates and summed by weight; what has no vector
    yet rests on its words alone, and so does a record that a query asks for by name: what it says besides must not part
    those that one name finds. A speaker, subject or entity named in the question adds up to 0.2; the best score next
    door (the turn before or after; for a memory also its own turn) adds 0.3 of itself, since questions and answers are
    adjacent; what happened in the time that the question names is lifted, what used to be stays behind the best of what is where it asks that;
    age and confidence only part what is otherwise level. The total is that sum as a share of the highest there is, less where even the best cosine is weak (`SURE`); an
    excerpt is discounted slightly. All weights stand in `synap.retrieval.weights`.

    Args:
        candidates: What the store found and brought the text of.
        search: What was asked, with one vector per query where an embedder answered.
        untold: What else it found; this sets the range of the scores and lends to the places beside it.
        semantic: Whether the embedder knows paraphrase; otherwise its vectors weigh less.
        balance: How much each signal counts.

    Source: Bruch, Gai, Ingber, "An analysis of fusion functions for hybrid retrieval", TOIS 2023.
    """
    if not candidates or not search.queries:
        return Fused(matched={})
    queries, count = search.queries, len(candidates)
    raw = _raw(candidates, untold, queries)
    scaled = scale(raw, shrink=np.arange(raw.shape[1]) < len(queries))
    cosines, vector, lexical = raw[:, : len(queries)], scaled[:, : len(queries)], scaled[:, len(queries) :]
    entity = names_found(candidates, queries)
    timed = _timed(candidates, queries, search.as_of or search.now)
    dense = balance.dense(semantic=semantic)
    by_words = np.isnan(cosines)
    by_words[:count] |= records_named(candidates, queries)
    base = balance.similarity * _relevance(vector, lexical, by_words=by_words, dense=dense)
    base[:count] += NAME_WEIGHT * balance.centrality * entity
    neighbour = _beside(candidates, untold, base)
    recency = np.array([freshness(c.memory, search.now) for c in candidates])
    total = base[:count] + TIME_WEIGHT * balance.time * timed
    total += balance.neighbours * _neighbour_weights(candidates) * neighbour
    total += _settled(candidates, recency, balance)
    _judge(total, candidates, queries, balance)
    columns = {
        "total": total * _surety(cosines, semantic=semantic),
        "vector": vector[:count],
        "lexical": lexical[:count],
        "neighbour": np.minimum(neighbour, 1.0),
        "entity": entity,
        "time": timed,
    }
    found = (columns["vector"] > 0) | (columns["lexical"] > 0)
    matched = _matched(candidates, queries, total, found)
    return Fused(
        scored=_best_first(candidates, columns, recency=recency),
        matched=matched,
        scores=_each(candidates, queries, total, matched) if len(queries) > 1 else {},
    )


def _judge(total: _Scores, candidates: Sequence[Candidate], queries: Sequence[Query], balance: Balance) -> None:
    """Turn sums into shares of the highest there is, and put back what is an excerpt, what used to be and what was derived."""
    total *= np.array([[EXCERPT_DISCOUNT if c.excerpt else 1.0] for c in candidates]) / balance.full
    _hold_back_former(total, candidates, queries)
    total *= np.array([query.weight for query in queries])
    _place_governing(total, candidates, queries)


def _best_first(
    candidates: Sequence[Candidate],
    columns: Mapping[str, _Scores],
    *,
    recency: NDArray[np.float64],
) -> tuple[Scored, ...]:
    """Return `candidates` with their scores for the query that suits each best; `columns` are `(n, queries)`."""
    rows = np.arange(len(candidates))
    best = columns["total"].argmax(axis=1)
    names = ("total", "vector", "lexical", "neighbour", "entity", "time")
    parts = zip(*(columns[name][rows, best].tolist() for name in names), recency.tolist(), strict=True)
    scored = [
        Scored(
            candidate=candidate,
            score=ScoreParts(
                total=total, vector=vector, lexical=lexical, neighbour=beside, entity=entity, time=time, recency=age
            ),
        )
        for candidate, (total, vector, lexical, beside, entity, time, age) in zip(candidates, parts, strict=True)
    ]
    scored.sort(key=lambda s: (-s.score.total, s.candidate.memory.id))
    return tuple(scored)


def scale(raw: _Scores, *, shrink: bool | NDArray[np.bool_]) -> _Scores:
    """Return each column of raw scores in 0..1; missing ones (NaN) are 0.

    The best of a column is 1, and so are all where all are equal. The lower end is 0, which is the least that BM25 can give.
    Where it is to `shrink`, it moves up towards the column's least score the more of them there are: the worst of two hundred
    cosines tells what irrelevance looks like in this vector space, the worst of two says nothing.
    """
    count = len(raw) - np.isnan(raw).sum(axis=0)
    high, least = np.fmax.reduce(raw, axis=0), np.fmin.reduce(raw, axis=0)
    low = np.fmax(least, 0.0) * (count / (count + _SHRINKAGE) * shrink)
    span = high - low
    span[~(span > 0.0)] = 1.0
    scaled = np.fmin((np.maximum(raw, low) - low) / span, 1.0)
    return np.where(np.isnan(raw), 0.0, scaled)


def freshness(memory: Memory, now: datetime) -> float:
    """Return how recent a memory is, 0..1: halved every half-life of its type since it was last said; 0 where none applies."""
    half_life = HALF_LIFE_DAYS.get(memory.statement.type)
    if half_life is None:
        return 0.0
    days = max(0.0, (now - last_said(memory)).total_seconds() / 86_400)
    return float(0.5 ** (days / half_life))


def last_said(memory: Memory) -> datetime:
    """Return when a memory was last said, or recorded where that is unknown."""
    said = memory.statement.said_at
    return max(said, memory.seen_at) if said and memory.seen_at else memory.seen_at or said or memory.recorded_at


def in_dialogue(candidate: Candidate) -> bool:
    """Whether a candidate comes from a conversation: someone is known to have said it, or it lies in a turn."""
    if candidate.speaker is not None:
        return True
    for evidence in candidate.memory.evidence:  # noqa: SIM110 - asked of every candidate, and `any` takes twice the time
        if evidence.turn_id is not None:
            return True
    return False


def _raw(candidates: Sequence[Candidate], untold: Untold | None, queries: Sequence[Query]) -> _Scores:
    """Return the raw scores, `(n, 2 * queries)` with NaN for every missing one: cosines, then lexical scores.

    Passages that match by the headings above them alone have a share of their lexical score.
    """
    width = len(queries)
    raw = np.array([_padded(c.vector_scores, width) + _padded(c.lexical_scores, width) for c in candidates], np.float64)
    beneath = [position for position, candidate in enumerate(candidates) if headed(candidate)]
    if beneath:
        asked = [WordsAsked([query]) for query in queries]
        for position in beneath:
            own = own_words(candidates[position])
            raw[position, width:] *= [1.0 if not words or words.found_in(own) else HEADING_SHARE for words in asked]
    if untold is None:
        return raw
    return np.vstack([raw, np.hstack([untold.vector_scores, untold.lexical_scores])])


def _padded(scores: tuple[float | None, ...], width: int) -> tuple[float | None, ...]:
    return scores if len(scores) == width else (*scores, *(None,) * width)[:width]


def _timed(candidates: Sequence[Candidate], queries: Sequence[Query], moment: datetime) -> _Scores:
    """Return how far each candidate meets the time that each query names, `(n, queries)`."""
    asked = [periods(query.text, moment) for query in queries]
    if not any(asked):
        return np.zeros((len(candidates), len(queries)))
    return np.array([[timely(candidate, named) for named in asked] for candidate in candidates])


def _hold_back_former(total: _Scores, candidates: Sequence[Candidate], queries: Sequence[Query]) -> None:
    """Put what used to be clearly behind the best of what is, for each query that asks how things are."""
    columns = [column for column, query in enumerate(queries) if asks_of_now(query.text)]
    past = np.array([of_the_past(c.memory.statement.content) for c in candidates]) if columns else np.zeros(0, bool)
    if not past.any() or past.all():
        return
    for column in columns:
        most = FORMER * total[~past, column].max()
        total[past, column] = np.minimum(total[past, column], most)


def _place_governing(total: _Scores, candidates: Sequence[Candidate], queries: Sequence[Query]) -> None:
    """Leave of what a query for standing requests found the best of these alone, right behind the best answer."""
    for column, query in enumerate(queries):
        if not query.governing:
            continue
        found = np.where([governs(candidate) for candidate in candidates], total[:, column], 0.0)
        best = np.delete(total, column, axis=1).max(initial=0.0)
        total[:, column] = 0.0
        for row, share in zip(np.argsort(-found, kind="stable").tolist(), GOVERNING_SHARES, strict=False):
            total[row, column] = share * query.weight * best if found[row] > 0.0 else 0.0


def _relevance(vector: _Scores, lexical: _Scores, *, by_words: NDArray[np.bool_], dense: float) -> _Scores:
    """Return the weighted sum; words alone count for what is `by_words`, or where no vector is near.

    Where no word was found at all, vectors alone count.
    """
    weights = np.where(vector.any(axis=0), np.where(lexical.any(axis=0), dense, 1.0), 0.0)
    both: _Scores = weights * vector + (1.0 - weights) * lexical
    return np.where(by_words, lexical, both)


def _settled(candidates: Sequence[Candidate], recency: NDArray[np.float64], balance: Balance) -> _Scores:
    """Return what age and confidence add, `(n, 1)`."""
    confidence = np.array([c.memory.statement.confidence for c in candidates])
    parts = RECENCY_WEIGHT * balance.recency * recency + CONFIDENCE_WEIGHT * balance.confidence * confidence
    return parts[:, None]


def _surety(cosines: _Scores, *, semantic: bool) -> NDArray[np.float64] | float:
    """Return per query how far its scores count, 0..1: in full from `SURE` on, and where no vector tells."""
    if not semantic:
        return 1.0
    best = np.fmax.reduce(cosines, axis=0)
    return np.where(np.isnan(best), 1.0, np.clip(best / SURE, 0.0, 1.0))


def _beside(candidates: Sequence[Candidate], untold: Untold | None, base: _Scores) -> _Scores:
    """Return for each candidate and query the best score of the places next door, and for a memory of its own place."""
    places = [_NOWHERE if (p := c.place) is None else (_document(p), p.ordinal) for c in candidates]
    segments: list[_Place] = []
    if untold is not None:
        documents = np.where(untold.shared, -untold.documents, untold.documents)
        segments = list(zip(documents.tolist(), untold.ordinals.tolist(), strict=True))
    count, columns = len(candidates), base.T.tolist()
    beside = [
        _best_beside(
            [(place, c.excerpt, score) for place, c, score in zip(places, candidates, column[:count], strict=True)],
            dict(zip(segments, column[count:], strict=True)),
        )
        for column in columns
    ]
    return np.array(beside).T


def _best_beside(candidates: Sequence[tuple[_Place, bool, float]], segments: dict[_Place, float]) -> list[float]:
    """Return for each candidate, given with its place and score, the best score beside it; `segments` have the others' scores."""
    memories: dict[_Place, float] = {}
    for place, excerpt, score in candidates:
        known = segments if excerpt else memories
        if score > known.get(place, 0.0):
            known[place] = score
    for scores in (segments, memories):
        scores.pop(_NOWHERE, None)
    found = []
    for place, excerpt, _ in candidates:
        document, ordinal = place
        before, after = (document, ordinal - 1), (document, ordinal + 1)
        found.append(
            max(
                segments.get(before, 0.0),
                segments.get(after, 0.0),
                memories.get(before, 0.0),
                memories.get(after, 0.0),
                0.0 if excerpt else segments.get(place, 0.0),
                0.0,
            )
        )
    return found


def _document(place: SegmentRef) -> int:
    """Return the row of a document, such that those of two tables differ."""
    return -place.document_row if place.shared else place.document_row


def _neighbour_weights(candidates: Sequence[Candidate]) -> _Scores:
    return np.array([[NEIGHBOUR_WEIGHT if in_dialogue(c) else NEIGHBOUR_WEIGHT_OUTSIDE_DIALOGUE] for c in candidates])


def _matched(
    candidates: Sequence[Candidate], queries: Sequence[Query], total: _Scores, found: NDArray[np.bool_]
) -> dict[str, tuple[str, ...]]:
    """Return by memory id the queries that found it: a channel returned it, at no less than half of the query's best score."""
    hits = found & (total >= _MATCH_SHARE * total.max(axis=0))
    texts = [None if query.derived else query.text for query in queries]
    rows = hits.tolist()
    return {
        candidates[row].memory.id: tuple(
            [text for text, hit in zip(texts, rows[row], strict=True) if hit and text is not None]
        )
        for row in np.flatnonzero(hits.any(axis=1)).tolist()
    }


def _each(
    candidates: Sequence[Candidate], queries: Sequence[Query], total: _Scores, matched: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, float]]:
    """Return by memory id its score for each query that found it."""
    texts = [query.text for query in queries]
    rows = total.tolist()
    return {
        (key := candidate.memory.id): {
            text: score for text, score in zip(texts, row, strict=True) if text in matched.get(key, ())
        }
        for candidate, row in zip(candidates, rows, strict=True)
    }
