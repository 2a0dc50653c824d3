"""Let the narrower scope win where candidates conflict, and say equal facts once.

Nothing contradicted is dropped: it is marked with the id of what wins, and whoever orders the answer puts it behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from synap.domain.conflicts import Relation, relation, scope_relation
from synap.domain.readings import topic_terms
from synap.domain.scopes import Ladder
from synap.domain.slots import content_hash
from synap.retrieval.scored import Scored, Settled

_COMMON = 12
"""A topic word that more candidates share than this pairs nobody by itself: it is what the question is about."""

_MOST_PAIRS = 400
"""Pairs compared per answer at most, the best ranked first, so that a crowded topic cannot hold up a fetch."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Standing:
    """A candidate in the comparison: its place in the ranking, how narrow its scope is, and what became of it."""

    scored: Scored
    position: int
    rank: int
    said: datetime
    overridden_by: str | None = None
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
    two in conflict the narrower wins, however old; within one scope the one said later, and an excerpt never overrides
    a memory there. A candidate overridden by several names the narrowest of them. Who was overridden overrides nobody
    else's broader statement any less: the marks form no rings, since they always point to what takes precedence.
    """
    standings = [_standing(one, position, ladder) for position, one in enumerate(ranked)]
    by_precedence = sorted(standings, key=lambda one: one.precedence)
    _merge_equal(by_precedence)
    for first, second in _pairs(standings):
        _compare(*sorted((first, second), key=lambda one: one.precedence))
    return _settled(standings)


def _standing(one: Scored, position: int, ladder: Ladder) -> _Standing:
    memory = one.candidate.memory
    statement = memory.statement
    moments = [moment for moment in (statement.said_at, memory.seen_at) if moment is not None]
    said = max(moments, default=memory.recorded_at or _BEGINNING)
    return _Standing(scored=one, position=position, rank=ladder.rank(memory.scope.rung), said=said)


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
    for one in standings:
        if one.merged_into is None:
            for mark in _marks(one):
                blocks[mark].append(one)
    seen: set[tuple[int, int]] = set()
    for mark, members in blocks.items():
        if len(members) > _COMMON and isinstance(mark, str) and not mark.startswith("#"):
            members = members[:_COMMON]  # noqa: PLW2901 -- a crowded word compares its best ranked only
        for index, first in enumerate(members):
            seen.update((first.position, second.position) for second in members[index + 1 :])
    for first_position, second_position in sorted(seen, key=lambda pair: (pair[1], pair[0]))[:_MOST_PAIRS]:
        yield standings[first_position], standings[second_position]


def _marks(one: _Standing) -> set[object]:
    statement = one.scored.candidate.memory.statement
    return {*topic_terms(statement.content), *((slot.name,) for slot in statement.slots)}


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
    elif found is Relation.CONFLICT and loser.overridden_by is None:
        loser.overridden_by = winner.id


def _settled(standings: Sequence[_Standing]) -> list[Settled]:
    """Return those kept, each in the place of the best ranked among itself and what was merged into it."""
    groups: defaultdict[str, list[_Standing]] = defaultdict(list)
    for one in standings:
        groups[_keeper(one).id].append(one)
    kept = {one.id: one for one in standings if one.merged_into is None}
    return [
        Settled(
            scored=kept[keeper].scored,
            overridden_by=_upright(kept[keeper].overridden_by, kept, standings),
            merged=tuple(one.id for one in members if one.id != keeper),
        )
        for keeper, members in groups.items()
    ]


def _keeper(one: _Standing) -> _Standing:
    while one.merged_into is not None:
        one = one.merged_into
    return one


def _upright(winner: str | None, kept: dict[str, _Standing], standings: Sequence[_Standing]) -> str | None:
    """Return the winner's id, or that of what it was merged into."""
    if winner is None or winner in kept:
        return winner
    return _keeper(next(one for one in standings if one.id == winner)).id
