"""Let the narrower scope win where candidates conflict, and say equal facts once.

Nothing contradicted is dropped: it is marked with the id of what wins, and whoever orders the answer puts it behind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from synap.domain.conflicts import Relation, relation, scope_relation
from synap.domain.readings import block_terms
from synap.domain.scopes import Ladder
from synap.domain.slots import content_hash
from synap.retrieval.scored import Scored, Settled

_COMMON = 12
"""A topic word that more candidates share than this pairs nobody by itself: it is what the question is about."""

_MOST_COMPARED = 60
"""Candidates compared at most, the best ranked; the rest is merged only where the words are equal."""

_MOST_PAIRS = 150
"""Pairs compared per answer at most, the best ranked first, so that a crowded topic cannot hold up a fetch."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Standing:
    """A candidate in the comparison: its place in the ranking, how narrow its scope is, and what became of it."""

    scored: Scored
    position: int
    rank: int
    said: datetime
    winner: _Standing | None = None
    merged_into: _Standing | None = None

    @property
    def id(self) -> str:
        return self.scored.candidate.memory.id

    @property
    def precedence(self) -> tuple[int, bool, float, int]:
        """Smaller wins: narrower scope, memory before excerpt, said later, ranked better."""
        return (self.rank, self.scored.candidate.excerpt, -self.said.timestamp(), self.position)


def settle(ranked: Sequence[Scored], ladder: Ladder) -> list[Settled]:
    """Return `ranked` in the same order, equal facts once, those that a narrower or newer one contradicts marked.

    Of equal facts the narrowest is kept, in the place of the best ranked of them, and the newest within one scope. Of
    two in conflict the narrower wins, however old; within one scope the one said later, and there memories and excerpts
    do not override each other. A candidate overridden by several names the one that takes precedence; since marks
    always point that way, they form no rings.
    """
    ranks = {rung.name: position for position, rung in enumerate(ladder.rungs)}
    standings = [
        _standing(one, position, ranks.get(one.candidate.memory.scope.rung, len(ranks)))
        for position, one in enumerate(ranked)
    ]
    by_precedence = sorted(standings, key=lambda one: one.precedence)
    _merge_equal(by_precedence)
    for first, second in _pairs(standings):
        _compare(*sorted((first, second), key=lambda one: one.precedence))
    return _settled(standings)


def _standing(one: Scored, position: int, rank: int) -> _Standing:
    memory = one.candidate.memory
    statement = memory.statement
    moments = [moment for moment in (statement.said_at, memory.seen_at) if moment is not None]
    said = max(moments, default=memory.recorded_at or _BEGINNING)
    return _Standing(scored=one, position=position, rank=rank, said=said)


def _merge_equal(by_precedence: Sequence[_Standing]) -> None:
    """Merge verbatim repetitions into the one that takes precedence."""
    first_of: dict[bytes, _Standing] = {}
    for one in by_precedence:
        statement = one.scored.candidate.memory.statement
        keeper = first_of.setdefault(content_hash(statement.content), one)
        if keeper is not one and not _dated_apart(keeper, one):
            one.merged_into = keeper


def _dated_apart(a: _Standing, b: _Standing) -> bool:
    """Whether two equal texts speak of different times, and so of different events."""
    return a.scored.candidate.memory.statement.when != b.scored.candidate.memory.statement.when


def _pairs(standings: Sequence[_Standing]) -> Iterator[tuple[_Standing, _Standing]]:
    """Yield pairs that share a slot or a telling topic word, each once, the best ranked first."""
    blocks: defaultdict[object, list[_Standing]] = defaultdict(list)
    for one in standings[:_MOST_COMPARED]:
        if one.merged_into is None:
            for mark in _marks(one):
                blocks[mark].append(one)
    shared: Counter[tuple[int, int]] = Counter()
    for mark, members in blocks.items():
        crowded = len(members) > _COMMON and isinstance(mark, str) and not mark.startswith("#")
        compared = members[:_COMMON] if crowded else members
        shared.update((first.position, second.position) for first, second in combinations(compared, 2))
    for first_position, second_position in sorted(shared, key=lambda pair: (_distance(pair) / shared[pair], pair))[
        :_MOST_PAIRS
    ]:
        yield standings[first_position], standings[second_position]


def _distance(pair: tuple[int, int]) -> int:
    """How far down a pair stands: small where either member is near the top, since either may be the answer."""
    return (pair[0] + 1) * (pair[1] + 1)


def _marks(one: _Standing) -> set[object]:
    statement = one.scored.candidate.memory.statement
    return {*block_terms(statement.content), *((slot.name,) for slot in statement.slots)}


def _compare(winner: _Standing, loser: _Standing) -> None:
    """Mark or merge the one that takes second place, if the two say the same or contradict each other."""
    if winner.merged_into is not None or loser.merged_into is not None:
        return
    across = winner.rank != loser.rank
    if not across and winner.scored.candidate.excerpt is not loser.scored.candidate.excerpt:
        return
    first, second = winner.scored.candidate.memory.statement, loser.scored.candidate.memory.statement
    found = scope_relation(first, second) if across else relation(first, second)
    if found is Relation.SAME and not _dated_apart(winner, loser):
        loser.merged_into = winner
    elif found is Relation.CONFLICT and (loser.winner is None or winner.precedence < loser.winner.precedence):
        loser.winner = winner


def _settled(standings: Sequence[_Standing]) -> list[Settled]:
    """Return those kept, each in the place of the best ranked among itself and what was merged into it."""
    groups: defaultdict[int, list[_Standing]] = defaultdict(list)
    for one in standings:
        groups[_keeper(one).position].append(one)
    return [
        Settled(
            scored=standings[position].scored,
            overridden_by=_winner_of(standings[position]),
            merged=tuple(one.id for one in members if one.position != position),
        )
        for position, members in groups.items()
    ]


def _winner_of(one: _Standing) -> str | None:
    """Return the id of what overrides a candidate, or of what that was merged into; None if that is itself."""
    if one.winner is None:
        return None
    winner = _keeper(one.winner)
    return None if winner is one else winner.id


def _keeper(one: _Standing) -> _Standing:
    while one.merged_into is not None:
        one = one.merged_into
    return one
