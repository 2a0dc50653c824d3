"""Let the narrower scope win where candidates conflict, and say equal facts once.

Nothing contradicted is dropped: it is marked with the id of what wins, and whoever orders the answer puts it behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from heapq import nsmallest
from itertools import combinations

from msgspec import Struct

from synap.domain.conflicts import Relation, relation, scope_relation, settles
from synap.domain.gists import gist_of
from synap.domain.memories import MemoryType, Modality, Statement
from synap.domain.overriding import may_meet
from synap.domain.scopes import Ladder
from synap.retrieval.fuse import last_said
from synap.retrieval.passages import own_words, several_sentences
from synap.retrieval.scored import Scored, Settled

_COMMON = 12
"""A topic word that more candidates share than this pairs nobody by itself: it is what the question is about."""

_MOST_COMPARED = 30
"""Candidates compared at most, the best ranked; the rest is merged only where the words are equal."""

_MOST_PAIRS = 40
"""Pairs compared per answer at most, the best ranked first, so that a crowded topic cannot hold up a fetch."""


class _Role(Enum):
    """What a candidate can do to another: settle the same matter otherwise, tell of what ended it, or nothing."""

    SETTLES = auto()
    CHANGES = auto()
    NONE = auto()


class _Standing(Struct):
    """A candidate in the comparison: its place in the ranking, how narrow its scope is, what it can do, what became of it."""

    scored: Scored
    position: int
    rank: int
    precedence: tuple[int, bool, float, int]
    """Smaller wins: narrower scope, memory before excerpt, said later, ranked better."""
    role: _Role
    winner: _Standing | None = None
    merged_into: _Standing | None = None

    @property
    def id(self) -> str:
        return self.scored.candidate.memory.id


def settle(ranked: Sequence[Scored], ladder: Ladder) -> list[Settled]:
    """Return `ranked` in the same order, equal facts once, those that a narrower or newer one contradicts marked.

    Of equal facts the narrowest is kept, in the place of the best ranked of them, and the newest within one scope. Of
    two in conflict the narrower wins, however old; within one scope the one said later, and there memories and excerpts
    do not override each other. A candidate overridden by several names the one that takes precedence; since marks
    always point that way, they form no rings. A passage of several sentences is overridden in part only, as the others
    still hold.
    """
    ranks = {rung.name: position for position, rung in enumerate(ladder.rungs)}
    standings = [
        _standing(one, position, ranks.get(one.candidate.memory.scope.rung, len(ranks)))
        for position, one in enumerate(ranked)
    ]
    by_precedence = sorted(standings, key=lambda one: one.precedence)
    _merge_equal(by_precedence)
    for first, second in _pairs(standings):
        winner, loser = (first, second) if first.precedence < second.precedence else (second, first)
        _compare(winner, loser)
    return _settled(standings)


def _standing(one: Scored, position: int, rank: int) -> _Standing:
    memory = one.candidate.memory
    precedence = (rank, one.candidate.excerpt, -last_said(memory).timestamp(), position)
    return _Standing(one, position, rank, precedence, _role(memory.statement))


def _merge_equal(by_precedence: Sequence[_Standing]) -> None:
    """Merge verbatim repetitions into the one that takes precedence."""
    first_of: dict[bytes, _Standing] = {}
    for one in by_precedence:
        statement = one.scored.candidate.memory.statement
        keeper = first_of.setdefault(gist_of(statement).hash, one)
        if keeper is not one and not _dated_apart(keeper, one):
            one.merged_into = keeper


def _dated_apart(a: _Standing, b: _Standing) -> bool:
    """Whether two equal texts speak of different times, and so of different events."""
    return a.scored.candidate.memory.statement.when != b.scored.candidate.memory.statement.when


def _pairs(standings: Sequence[_Standing]) -> Iterator[tuple[_Standing, _Standing]]:
    """Yield pairs that share a slot or a telling topic word and may bear on each other, each once, the best ranked first."""
    compared = [one for one in standings[:_MOST_COMPARED] if one.merged_into is None and one.role is not _Role.NONE]
    placed = [(one, blocks) for one, blocks in zip(compared, _blocks(compared), strict=True) if blocks]
    found = [
        ((first.position + 1) * (second.position + 1) / (ours & theirs).bit_count(), first.position, second.position)
        for (first, ours), (second, theirs) in combinations(placed, 2)
        if ours & theirs and _may_bear(first, second)
    ]
    # How far down a pair stands comes first: small where either member is near the top, since either may be the answer.
    for _, first_position, second_position in nsmallest(_MOST_PAIRS, found):
        first, second = standings[first_position], standings[second_position]
        if _may_meet(first, second):
            yield first, second


def _blocks(standings: Sequence[_Standing]) -> list[int]:
    """Return for each the blocks that it is in, as the bits of a number; blocks of one are left out."""
    members: defaultdict[object, list[int]] = defaultdict(list)
    for number, one in enumerate(standings):
        statement = one.scored.candidate.memory.statement
        for term in gist_of(statement).block_terms:
            members[term].append(number)
        for name in {slot.name for slot in statement.slots}:
            members[name,].append(number)
    bits = [0] * len(standings)
    bit = 1
    for mark, numbers in members.items():
        if len(numbers) > 1:
            crowded = len(numbers) > _COMMON and isinstance(mark, str) and not mark.startswith("#")
            for number in numbers[:_COMMON] if crowded else numbers:
                bits[number] |= bit
            bit <<= 1
    return bits


def _may_bear(first: _Standing, second: _Standing) -> bool:
    """Whether the relations can tell anything about two: if not, they are complements or unrelated.

    Inside a scope both must settle something, and both be memories or both excerpts. Across scopes the broader must
    settle something; the narrower may be an event as well, since that can end what held.
    """
    if first.rank != second.rank:
        return max(first, second, key=lambda one: one.rank).role is _Role.SETTLES
    alike = first.scored.candidate.excerpt is second.scored.candidate.excerpt
    return alike and first.role is _Role.SETTLES and second.role is _Role.SETTLES


def _may_meet(first: _Standing, second: _Standing) -> bool:
    """Whether two have a slot in common, or enough of a topic."""
    one, other = (standing.scored.candidate.memory.statement for standing in (first, second))
    if one.slots and other.slots and not {s.name for s in one.slots}.isdisjoint(s.name for s in other.slots):
        return True
    return may_meet(gist_of(one), gist_of(other))


def _role(statement: Statement) -> _Role:
    if settles(statement):
        return _Role.SETTLES
    event = statement.type is MemoryType.EPISODE and statement.modality is Modality.ASSERTED
    return _Role.CHANGES if event else _Role.NONE


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
        _outcome(standings[position], tuple(one.id for one in members if one.position != position))
        for position, members in groups.items()
    ]


def _outcome(one: _Standing, merged: tuple[str, ...]) -> Settled:
    winner, candidate = _winner_of(one), one.scored.candidate
    if winner is not None and candidate.excerpt and several_sentences(own_words(candidate)):
        return Settled(scored=one.scored, partly_overridden_by=winner, merged=merged)
    return Settled(scored=one.scored, overridden_by=winner, merged=merged)


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
