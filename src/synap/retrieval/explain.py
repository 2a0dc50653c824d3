"""Why a candidate is not in the answer: the first stage on its way that it did not pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synap.domain.contexts import Candidate, Item, LeftOut, Reason, Search
from synap.domain.memories import MemoryType
from synap.retrieval.order import Placed
from synap.retrieval.passages import own_words, says_something
from synap.retrieval.standing import standing, tenses

if TYPE_CHECKING:
    from synap.retrieval.compose import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What the stages of an answer let through.

    Attributes:
        candidates: What the store brought, with its text.
        placed: What was worth serving, in the order of the answer.
        kept: What of it `max_results` and the floor let through.
        served: What fits the budget.
    """

    candidates: Sequence[Candidate]
    placed: Sequence[Placed]
    kept: Sequence[Placed]
    served: Sequence[Item]


def left_out(way: Way, search: Search, wanted: Wanted) -> tuple[LeftOut, ...]:
    """Return every candidate that is not served with the reason: those that were placed in their order, then by id."""
    served = {item.memory.id for item in way.served}
    places = {one.id: (position, one) for position, one in enumerate(way.placed)}
    kept = {one.id for one in way.kept}
    merged = {other: one.id for one in way.placed for other in one.settled.merged}
    voices = _voices(way.placed)
    found = []
    for candidate in way.candidates:
        id_ = candidate.memory.id
        if id_ in served:
            continue
        position, placed = places.get(id_, (len(places), None))
        if placed is not None:
            reason, by = _cut(placed, kept, wanted), placed.settled.overridden_by or ""
            found.append((position, _note(candidate, reason, by=by, score=placed.relevance)))
            continue
        reason, by = _dropped(candidate, search, wanted, merged=merged, voices=voices)
        found.append((position, _note(candidate, reason, by=by)))
    found.sort(key=lambda one: (one[0], one[1].id))
    return tuple(note for _, note in found)


def _cut(placed: Placed, kept: set[str], wanted: Wanted) -> Reason:
    if placed.id in kept:
        return Reason.BUDGET
    return Reason.FLOOR if placed.relevance < wanted.floor else Reason.MAX_RESULTS


def _dropped(
    candidate: Candidate,
    search: Search,
    wanted: Wanted,
    *,
    merged: Mapping[str, str],
    voices: Mapping[object, str],
) -> tuple[Reason, str]:
    """Return why a candidate was not placed, the stages in their order, and what stands in its stead."""
    memory = candidate.memory
    moment = search.as_of or search.now
    asked = tenses((query.text for query in search.queries), moment)
    stages = (
        (Reason.SCOPE, wanted.rungs is not None and memory.scope.rung not in wanted.rungs),
        (Reason.RETENTION, wanted.kept_from is not None and memory.recorded_at < wanted.kept_from),
        (Reason.TYPE, memory.statement.type not in (wanted.types or frozenset(MemoryType))),
        (Reason.SAYS_NOTHING, candidate.excerpt and not memory.record and not says_something(own_words(candidate))),
        (Reason.CONFIDENCE, _unsure(candidate, wanted)),
        (Reason.MERGED, memory.id in merged),
        (Reason.NOT_VALID, standing(memory, moment, asked, history=search.as_of is not None) == 0.0),
        (Reason.SPOKEN_FOR, candidate.excerpt and candidate.place in voices),
    )
    reason = next((reason for reason, applies in stages if applies), Reason.MAX_RESULTS)
    stead = {Reason.MERGED: merged.get(memory.id, ""), Reason.SPOKEN_FOR: voices.get(candidate.place, "")}
    return reason, stead.get(reason, "")


def _unsure(candidate: Candidate, wanted: Wanted) -> bool:
    memory = candidate.memory
    return not (candidate.excerpt or memory.record) and memory.statement.confidence < wanted.confidence_threshold


def _voices(placed: Sequence[Placed]) -> dict[object, str]:
    """Return by place the best memory drawn from it."""
    voices: dict[object, str] = {}
    for one in placed:
        candidate = one.settled.scored.candidate
        if candidate.place is not None and not candidate.excerpt:
            voices.setdefault(candidate.place, one.id)
    return voices


def _note(candidate: Candidate, reason: Reason, *, by: str = "", score: float | None = None) -> LeftOut:
    return LeftOut(
        id=candidate.memory.id,
        content=candidate.memory.statement.content,
        scope=candidate.memory.scope.rung,
        reason=reason,
        by=by,
        score=None if score is None else min(1.0, score),
        excerpt=candidate.excerpt,
    )
