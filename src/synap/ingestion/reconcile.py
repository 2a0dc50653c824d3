"""Compare what a document says with what is known, and decide: add, refresh, supersede, retract.

Only strong evidence ends an older statement: same subject, same single-valued slot, another value, said later, asserted
(or an explicit correction or ending). Everything else is added beside it; retrieval collapses and ranks. Pure: the store
looks up what is related and applies the changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from synap.domain.clauses import ends
from synap.domain.conflicts import Relation, all_slots, changes, relation, settles, values_exclude
from synap.domain.memories import (
    Changes,
    Draft,
    Memory,
    MemoryStatus,
    MemoryType,
    NewMemory,
    Refresh,
    Retraction,
    Slot,
    Statement,
    Supersession,
)
from synap.domain.readings import readings, topic_terms
from synap.domain.slots import content_hash
from synap.ingestion.ellipsis import completed
from synap.ingestion.retractions import Verdict, meant

EXTRACTOR = "rules@1"
"""Extractor noted on new memories; whoever knows better replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What the store knows about the drafts and retractions of one ingestion, all of it of the ingestion's own scope.

    Attributes:
        neighbours: By a draft's position: memories with one of its slots or the same content hash, and the nearest
            ones, each with its cosine to the draft (None where there is no vector).
        topics: By a retraction's position: memories that its topic finds lexically, with their BM25 score, best first.
    """

    neighbours: Mapping[int, Sequence[tuple[Memory, float | None]]] = field(default_factory=dict)
    topics: Mapping[int, Sequence[tuple[Memory, float]]] = field(default_factory=dict)


@dataclass(slots=True)
class _Known:
    """A statement that is believed at this point of the run: stored (`memory`) or new (`key`)."""

    statement: Statement
    said: datetime
    memory: Memory | None = None
    key: int | None = None
    ended: bool = False

    @property
    def since(self) -> datetime:
        """Since when it holds: as it says itself, else since it was said."""
        return self.statement.valid_from or self.said


_Neighbour = tuple[_Known, float | None]
_DATED = frozenset({MemoryType.EPISODE, MemoryType.TEMPORAL_EVENT, MemoryType.EMOTION})


@dataclass(slots=True)
class _Run:
    """The changes so far, and the new statements by what they can be found by."""

    now: datetime
    added: dict[int, NewMemory] = field(default_factory=dict)
    known: dict[int, _Known] = field(default_factory=dict)
    by_mark: dict[object, list[_Known]] = field(default_factory=lambda: defaultdict(list))
    supersede: list[Supersession] = field(default_factory=list)
    refresh: dict[str, Refresh] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)


def reconcile(
    drafts: Sequence[Draft], retractions: Sequence[Retraction], related: Related, *, now: datetime
) -> Changes:
    """Return what an ingestion changes.

    Drafts are taken in the order in which they were said (by time, then by position), so that duplicates and changes
    inside one document settle as well. Where a newer value holds only from a later day on, the older stays `ACTIVE` with
    that day as `valid_until`; a value that holds only for a while ends nothing; a statement that arrives late is added
    as already superseded.

    Args:
        drafts: What was found; the key of a new memory is its draft's position.
        retractions: What the user wants dropped.
        related: What is stored about both.
        now: Stands in where nobody knows when something was said.
    """
    run = _Run(now=now)
    stored = _stored(related, now)
    for key, draft in sorted(enumerate(drafts), key=lambda one: (_said(one[1].statement, now), one[0])):
        _take(run, key, draft, stored.get(key, ()))
    for position, retraction in enumerate(retractions):
        _retract(run, retraction, [memory for memory, _ in related.topics.get(position, ())])
    return Changes(
        add=tuple(run.added[key] for key in sorted(run.added)),
        supersede=tuple(run.supersede),
        refresh=tuple(run.refresh.values()),
        messages=tuple(run.messages),
    )


def _stored(related: Related, now: datetime) -> Mapping[int, Sequence[_Neighbour]]:
    """Return the neighbours as one object per memory, so that what one draft ends stays ended for the next."""
    once: dict[str, _Known] = {}
    return {
        key: [(once.setdefault(memory.id, _stored_one(memory, now)), similarity) for memory, similarity in neighbours]
        for key, neighbours in related.neighbours.items()
    }


def _stored_one(memory: Memory, now: datetime) -> _Known:
    said = max(filter(None, (memory.statement.said_at, memory.seen_at)), default=None)
    ended = memory.status is not MemoryStatus.ACTIVE
    return _Known(statement=memory.statement, said=said or min(memory.recorded_at, now), memory=memory, ended=ended)


def _take(run: _Run, key: int, draft: Draft, neighbours: Sequence[_Neighbour]) -> None:
    """Add one draft, or count it as said again; then settle what it and the others say of the same slots."""
    believed = (known for known in chain((known for known, _ in neighbours), run.known.values()) if not known.ended)
    statement = completed(draft.statement, (slot for known in believed for slot in known.statement.slots))
    draft = replace(draft, statement=statement)
    fresh = _Known(statement=statement, said=_said(statement, run.now), key=key)
    others = [*neighbours, *_said_here(run, statement)]
    twin = _twin(fresh, others)
    if twin is None:
        run.added[key] = NewMemory(key=key, draft=draft, extractor=EXTRACTOR)
        run.known[key] = fresh
        for mark in _marks(statement):
            run.by_mark[mark].append(fresh)
    else:
        _count(run, twin, draft)
        twin.said = max(twin.said, fresh.said)
    winner = twin or fresh
    if not winner.ended:
        _settle(run, winner, [other for other, _ in others if other is not winner and not other.ended])


def _said_here(run: _Run, statement: Statement) -> Iterator[_Neighbour]:
    """Yield what the same ingestion already said about it, each once, in order."""
    found = {id(known): known for mark in _marks(statement) for known in run.by_mark.get(mark, ())}
    for known in sorted(found.values(), key=lambda one: one.key or 0):
        yield known, None


def _marks(statement: Statement) -> set[object]:
    """Return what a statement can be found by inside one ingestion: text, slots, topic words."""
    return {
        content_hash(statement.content),
        topic_terms(statement.content),
        *(slot.key for slot in all_slots(statement)),
    }


def _twin(draft: _Known, others: Sequence[_Neighbour]) -> _Known | None:
    """Return the statement that already says the same, if any.

    A superseded one counts only for what was said before it ended: said again afterwards, it is news, and becomes current
    as a new memory. What was retracted or deleted never comes back by being counted again.
    """
    for other, similarity in others:
        if _same(draft.statement, other.statement, similarity) and not (other.ended and _after_end(draft, other)):
            return other
    return None


def _same(mine: Statement, theirs: Statement, similarity: float | None) -> bool:
    if mine.type is not theirs.type or mine.modality is not theirs.modality or mine.positive is not theirs.positive:
        return False
    if mine.when != theirs.when and mine.type in _DATED:
        return False
    return relation(mine, theirs, similarity=similarity) is Relation.SAME


def _after_end(draft: _Known, other: _Known) -> bool:
    if other.memory is not None and other.memory.status is not MemoryStatus.SUPERSEDED:
        return True
    end = other.statement.valid_until
    return end is None or draft.said >= end


def _count(run: _Run, twin: _Known, draft: Draft) -> None:
    """Count a statement that was made again."""
    evidence = draft.evidence
    if twin.key is not None:
        first = run.added[twin.key]
        merged = replace(first.draft, evidence=tuple(dict.fromkeys((*first.draft.evidence, *evidence))))
        run.added[twin.key] = replace(first, draft=merged, seen_count=first.seen_count + 1)
    elif twin.memory is not None:
        said = draft.statement.said_at
        before = run.refresh.get(twin.memory.id)
        if before is not None:
            said = max(filter(None, (said, before.said_at)), default=None)
            evidence = (*before.evidence, *evidence)
        run.refresh[twin.memory.id] = Refresh(memory_id=twin.memory.id, said_at=said, evidence=evidence)


def _settle(run: _Run, winner: _Known, others: Sequence[_Known]) -> None:
    """End the older ones that `winner` contradicts, or `winner` itself where a newer one is known."""
    for other in others:
        reason = _why(winner, other)
        if reason is None:
            continue
        if _later(winner, other):
            _end(run, other, winner, reason)
        elif not winner.ended:
            _end(run, winner, other, reason)


def _later(first: _Known, second: _Known) -> bool:
    """Whether `first` is the newer: said later, or in the same breath further on."""
    if first.said != second.said:
        return first.said > second.said
    return first.key is not None and (second.key is None or first.key > second.key)


def _why(first: _Known, second: _Known) -> str | None:
    """Return in a few words why the newer of two ends the older, or None where both may stand."""
    newer, older = (first, second) if _later(first, second) else (second, first)
    if not (changes(newer.statement) and settles(older.statement)) or newer.statement.valid_until is not None:
        return None
    mine, theirs = all_slots(newer.statement), all_slots(older.statement)
    name = next((slot.name for slot in mine for other in theirs if _replaces(slot, other)), None)
    if name is not None and not _says_more(older.statement, {slot.key for slot in mine}):
        return f"{'corrected' if newer.statement.correction else 'newer value of'} {name.replace('_', ' ')}"
    explicit = newer.statement.correction or ends(newer.statement.content)
    if name is None and explicit and relation(newer.statement, older.statement) is Relation.CONFLICT:
        return "corrected" if newer.statement.correction else "no longer holds"
    return None


def _replaces(newer: Slot, older: Slot) -> bool:
    return newer.key == older.key and values_exclude(newer, older)


def _says_more(older: Statement, keys: set[tuple[str, str]]) -> bool:
    """Whether an older statement of several clauses also settles what the newer one leaves alone."""
    return len(readings(older.content)) > 1 and any(slot.key not in keys for slot in all_slots(older))


def _end(run: _Run, older: _Known, newer: _Known, reason: str) -> None:
    """Record that `older` holds only until `newer` begins to."""
    until = newer.since
    announced = until > newer.said
    run.supersede.append(
        Supersession(
            memory_id=older.memory.id if older.memory else None,
            older_key=older.key,
            by_key=newer.key,
            by_id=newer.memory.id if newer.memory else None,
            valid_until=until,
            status=MemoryStatus.ACTIVE if announced else MemoryStatus.SUPERSEDED,
            reason=reason,
        )
    )
    older.ended = True


def _retract(run: _Run, retraction: Retraction, memories: Sequence[Memory]) -> None:
    """Retract what the user means, or say that it is not clear."""
    said = retraction.said_at or run.now
    ended = {
        change.memory_id for change in run.supersede if change.memory_id and change.status is not MemoryStatus.ACTIVE
    }
    earlier = [
        known
        for known in (*(_stored_one(memory, run.now) for memory in memories), *run.known.values())
        if not known.ended
        and known.said <= said
        and not (known.memory and known.memory.id in ended)
        and _before(known, run, retraction)
    ]
    found = meant(retraction.topic, [known.statement for known in earlier])
    if found.verdict is not Verdict.CLEAR:
        matches = "nothing said before" if found.verdict is Verdict.UNKNOWN else "several unrelated memories"
        run.messages.append(
            f"retraction pending ({retraction.evidence.reference}): it matches {matches}; nothing was retracted"
        )
        return
    for known in (earlier[position] for position in found.positions):
        run.supersede.append(
            Supersession(
                memory_id=known.memory.id if known.memory else None,
                older_key=known.key,
                valid_until=said,
                status=MemoryStatus.RETRACTED,
                reason="retracted by the user",
            )
        )
        known.ended = True


def _before(known: _Known, run: _Run, retraction: Retraction) -> bool:
    """Whether a statement of the same document stands before the retraction."""
    if known.key is None:
        return True
    first = run.added[known.key].draft.evidence[:1]
    here = retraction.evidence
    return not first or first[0].document_id != here.document_id or first[0].start < here.start


def _said(statement: Statement, now: datetime) -> datetime:
    return statement.said_at or now
