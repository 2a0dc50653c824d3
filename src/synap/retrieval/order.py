"""The order of an answer: relevance in bands, the narrower scope first inside a band, whoever is overridden behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from synap.domain.scopes import Ladder
from synap.domain.terms import tokenize
from synap.retrieval.fuse import last_said
from synap.retrieval.naming import names_record, record_name
from synap.retrieval.scored import Settled

BAND = 0.75
"""A band reaches down to this share of the score of its best member."""

FLOOR = 0.6
"""Share of the best score from which on an item counts as relevant, so that its scope decides what a budget keeps."""

_FADING_DAYS = 30.0
_RECENCY_SHARE = 0.7


class Placed(Struct, frozen=True, kw_only=True):
    """A settled candidate with its position in the order.

    Attributes:
        settled: The candidate.
        relevance: Its total score, or that of the best candidate it overrides where that is higher.
        band: Number of its band, 0 is the best.
        relevant: Whether it reaches the relevance floor.
    """

    settled: Settled
    relevance: float
    band: int
    relevant: bool

    @property
    def id(self) -> str:
        """Id of the memory."""
        return self.settled.scored.candidate.memory.id

    @property
    def rung(self) -> str:
        """Name of the rung it comes from."""
        return self.settled.scored.candidate.memory.scope.rung


def arrange(settled: Sequence[Settled], ladder: Ladder) -> list[Placed]:
    """Return the answer to a question, best first.

    Items are grouped into bands: the best score not yet in a band opens one, which takes in all scores down to 0.75 of
    it. Inside a band those that stand come before the overridden, then the narrower scope before the broader, then the
    better score, then what was recorded later, then the smaller id. A memory that overrides another is as relevant to the question as that one, since
    it settles the same matter, however differently it is worded.
    """
    relevance = _lifted(settled, {_id(one): one.scored.score.total for one in settled})
    by_score = sorted(settled, key=lambda one: (-relevance[_id(one)], -_recorded(one), _id(one)))
    floor = FLOOR * relevance[_id(by_score[0])] if by_score else 0.0
    placed: list[Placed] = []
    band, leader = -1, float("inf")
    for one in by_score:
        score = relevance[_id(one)]
        if band < 0 or score < BAND * leader:
            band, leader = band + 1, score
        placed.append(Placed(settled=one, relevance=score, band=band, relevant=score >= floor > 0.0))
    ranks = _ranks(ladder)
    placed.sort(
        key=lambda p: (p.band, p.settled.winner is not None, ranks[p.rung], -p.relevance, -_recorded(p.settled), p.id)
    )
    return _behind_winners(placed)


def arrange_unasked(
    settled: Sequence[Settled], ladder: Ladder, *, favoured: str, limit: int, now: datetime
) -> list[Placed]:
    """Return the answer to a fetch without a question, at most `limit` items: rung by rung, newest and surest first.

    The favoured rung comes first, the others from narrow to broad. Each rung that has something gives at least one item
    while `limit` allows; what remains goes to the rungs in their order. Excerpts stand in only for a rung that has no
    memory. Recency halves every 30 days and weighs 0.7 against 0.3 of confidence; whoever overrides another comes with
    that one's merit where it is higher.
    """
    ranks = _ranks(ladder)
    relevance = _lifted(settled, {_id(one): _merit(one, now) for one in settled})
    rungs: defaultdict[str, list[Placed]] = defaultdict(list)
    for one in settled:
        placed = Placed(settled=one, relevance=relevance[_id(one)], band=0, relevant=True)
        rungs[placed.rung].append(placed)
    order = sorted(rungs, key=lambda rung: (rung != favoured, ranks[rung]))
    queues = {rung: _best_of_rung(rungs[rung]) for rung in order}
    room = max(0, limit)
    chosen: list[Placed] = []
    for position, rung in enumerate(order):
        kept_for_others = len(order) - position - 1
        share = max(1 if room else 0, room - kept_for_others)
        taken = queues[rung][:share]
        chosen += taken
        room -= len(taken)
    return _behind_winners(chosen)


def newest_of_each_name(placed: Sequence[Placed], queries: Iterable[str]) -> list[Placed]:
    """Return `placed` with the versions of a record that a query names newest first.

    A query names a record where the record's metadata holds all of its words; versions of one thing have equal metadata
    and one scope. They keep the places that they have together: only which of them stands in which changes.
    """
    asked = [frozenset(tokenize(query)) for query in queries]
    versions: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for position, one in enumerate(placed):
        memory = one.settled.scored.candidate.memory
        if memory.record:
            versions[memory.scope.id, record_name(memory)].append(position)
    result = list(placed)
    for (_, name), positions in versions.items():
        words = frozenset(tokenize(name))
        if len(positions) == 1 or not any(names_record(query, words) for query in asked):
            continue
        newest = sorted((placed[position] for position in positions), key=lambda one: -_recorded(one.settled))
        for position, one in zip(positions, newest, strict=True):
            there = placed[position]
            result[position] = replace(one, band=there.band, relevance=there.relevance, relevant=there.relevant)
    return result


def fill_order(placed: Sequence[Placed], ladder: Ladder, *, favoured: str | None = None) -> list[int]:
    """Return the positions of `placed` in the order in which a budget is filled.

    First the relevant ones, narrow before broad, those that stand before the overridden; then the rest by relevance, so
    that nothing irrelevant, however narrow, takes the room of something relevant. The budget itself plays no part.
    """
    ranks = _ranks(ladder)

    def key(position: int) -> tuple[bool, int, bool, int]:
        one = placed[position]
        if not one.relevant:
            return (True, 0, False, position)
        rank = -1 if one.rung == favoured else ranks[one.rung]
        return (False, rank, one.settled.overridden_by is not None, position)

    return sorted(range(len(placed)), key=key)


def _best_of_rung(placed: Iterable[Placed]) -> list[Placed]:
    """Return memories by score; excerpts only where there is no memory."""
    memories = sorted(placed, key=lambda p: (p.settled.scored.candidate.excerpt, -p.relevance, p.id))
    if memories and not memories[0].settled.scored.candidate.excerpt:
        return [p for p in memories if not p.settled.scored.candidate.excerpt]
    return memories


def _merit(one: Settled, now: datetime) -> float:
    """Return how new and how sure a memory is, 0..1."""
    memory = one.scored.candidate.memory
    days = max(0.0, (now - last_said(memory)).total_seconds() / 86_400)
    recency = float(0.5 ** (days / _FADING_DAYS))
    return _RECENCY_SHARE * recency + (1 - _RECENCY_SHARE) * memory.statement.confidence


def _lifted(settled: Sequence[Settled], scores: Mapping[str, float]) -> dict[str, float]:
    """Return `scores` by id with each winner raised to what it overrides, along whole chains of winners."""
    relevance = dict(scores)
    winner = {_id(one): one.winner for one in settled if one.winner in relevance}
    for loser, first in winner.items():
        seen = {loser}
        current: str | None = first
        while current is not None and current not in seen:
            relevance[current] = max(relevance[current], relevance[loser])
            seen.add(current)
            current = winner.get(current)
    return relevance


def _behind_winners(placed: Sequence[Placed]) -> list[Placed]:
    """Return `placed` with everyone overridden who stands before the winner moved right behind it."""
    if not any(one.settled.winner for one in placed):
        return list(placed)
    present = {one.id for one in placed}
    waiting: defaultdict[str, list[Placed]] = defaultdict(list)
    result: list[Placed] = []
    done: set[str] = set()
    for one in placed:
        winner = one.settled.winner
        if winner in present and winner not in done and winner is not None:
            waiting[winner].append(one)
            continue
        queue = [one]
        while queue:
            current = queue.pop(0)
            result.append(current)
            done.add(current.id)
            queue += waiting.pop(current.id, [])
    # Whoever still waits does so in a ring of winners, which only contradictory marks can make.
    return result + [one for one in placed if one.id not in done]


def _ranks(ladder: Ladder) -> Mapping[str, int]:
    broadest = len(ladder.rungs)
    ranks = defaultdict[str, int](lambda: broadest)
    ranks.update((rung.name, position) for position, rung in enumerate(ladder.rungs))
    return ranks


def _recorded(one: Settled) -> float:
    return one.scored.candidate.memory.recorded_at.timestamp()


def _id(one: Settled) -> str:
    return one.scored.candidate.memory.id
