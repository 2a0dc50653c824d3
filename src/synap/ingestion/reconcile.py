"""Compare what a document says with what is known, and decide: add, refresh, supersede, retract.

Only strong evidence ends an older statement: same subject, same single-valued slot, another value, said later, asserted
(or an explicit correction or ending). Everything else is added beside it; retrieval collapses and ranks. Pure: the store
looks up what is related and applies the changes.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from synap.domain.attributes import NOT
from synap.domain.changeovers import adopted
from synap.domain.conflicts import Relation, all_slots, relation
from synap.domain.gists import gist_of, gist_of_text
from synap.domain.memories import (
    Changes,
    Draft,
    Memory,
    MemoryStatus,
    MemoryType,
    NewMemory,
    PendingRetraction,
    Refresh,
    Retraction,
    Slot,
    Statement,
    Supersession,
)
from synap.domain.slots import slots_of
from synap.ingestion.corrections import corrected, fragment_of
from synap.ingestion.ellipsis import completed, requalified
from synap.ingestion.retractions import Verdict, meant
from synap.ingestion.verdicts import Known, announced, later, overtaken, told_together, why


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


_Neighbour = tuple[Known, float | None]
_NEWEST = 8
"""Statements of one document that are remembered under one mark; older ones have been compared with these already."""
_NEAREST = 8
"""Stored memories that are compared for their vector alone, and as many of the newest of the same attributes."""
_DATED = frozenset({MemoryType.EPISODE, MemoryType.TEMPORAL_EVENT, MemoryType.EMOTION})


@dataclass(slots=True)
class _Run:
    """The changes so far, and the new statements by what they can be found by."""

    now: datetime
    came: datetime
    added: dict[int, NewMemory] = field(default_factory=dict)
    known: dict[int, Known] = field(default_factory=dict)
    by_mark: dict[object, deque[Known]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=_NEWEST)))
    latest: deque[Known] = field(default_factory=lambda: deque(maxlen=_NEWEST))
    supersede: list[Supersession] = field(default_factory=list)
    refresh: dict[str, Refresh] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    pending: list[PendingRetraction] = field(default_factory=list)


def reconcile(
    drafts: Sequence[Draft],
    retractions: Sequence[Retraction],
    related: Related,
    *,
    now: datetime,
    came: datetime | None = None,
) -> Changes:
    """Return what an ingestion changes.

    Drafts are taken in the order in which they were said (by time, then by position), so that duplicates and changes
    inside one document settle as well. Each is compared with what has the same text or gives a slot the same value, with
    the nearest and the newest stored memories of its slots, and with the newest few statements of the document on the same
    slots or topic; so the work grows with the number of drafts, not with its square. Where a newer value holds only from a later day on, the older stays `ACTIVE` with
    that day as `valid_until`; a value that holds only for a while ends nothing; a statement that arrives late is added
    as already superseded.

    Args:
        drafts: What was found; the key of a new memory is its draft's position.
        retractions: What the user wants dropped.
        related: What is stored about both.
        now: Stands in where nobody knows when something was said.
        came: When the document came in, by our clock; as a rule that is when it says that it was said. Now where None.
    """
    run = _Run(now=now, came=came or now)
    stored = _stored(drafts, related, run)
    for key, draft in sorted(enumerate(drafts), key=lambda one: (_said(one[1].statement, now), one[0])):
        _take(run, key, draft, stored.get(key, ()))
    for position, retraction in enumerate(retractions):
        _retract(run, retraction, [memory for memory, _ in related.topics.get(position, ())])
    return Changes(
        add=tuple(run.added[key] for key in sorted(run.added)),
        supersede=tuple(run.supersede),
        refresh=tuple(run.refresh.values()),
        messages=tuple(run.messages),
        pending=tuple(run.pending),
    )


def without_recanted(changes: Changes, recanted: Sequence[Memory], *, now: datetime) -> Changes:
    """Return changes that also end what an earlier slice of the document gave and a later one took back.

    What the later one says again all the same stays.
    """
    settled = {one.memory_id for one in changes.supersede} | {one.memory_id for one in changes.refresh}
    ends = [
        Supersession(
            memory_id=memory.id,
            older_key=None,
            valid_until=memory.statement.said_at or now,
            status=MemoryStatus.RETRACTED,
            reason="taken back later in the document",
        )
        for memory in recanted
        if memory.id not in settled
    ]
    return replace(changes, supersede=(*changes.supersede, *ends)) if ends else changes


def _stored(drafts: Sequence[Draft], related: Related, run: _Run) -> Mapping[int, Sequence[_Neighbour]]:
    """Return the neighbours as one object per memory, so that what one draft ends stays ended for the next."""
    once: dict[str, Known] = {}
    known: dict[int, Sequence[_Neighbour]] = {}
    for key, neighbours in related.neighbours.items():
        found = [(once.get(memory.id) or _stored_one(memory, run), similarity) for memory, similarity in neighbours]
        once.update((one.memory.id, one) for one, _ in found if one.memory is not None)
        known[key] = found if key >= len(drafts) else _worth_comparing(drafts[key].statement, found)
    return known


def _worth_comparing(statement: Statement, found: Sequence[_Neighbour]) -> Sequence[_Neighbour]:
    """Return the neighbours with the same text or value, the nearest, and the newest, in the order given."""
    if len(found) <= 2 * _NEAREST:
        return found
    marks = _firm_marks(statement)
    newest = sorted(found, key=lambda one: one[0].said, reverse=True)[:_NEAREST]
    chosen = {id(known) for known, _ in (*found[:_NEAREST], *newest)}
    return [one for one in found if id(one[0]) in chosen or marks & _firm_marks(one[0].statement)]


def _stored_one(memory: Memory, run: _Run) -> Known:
    """Return a memory with when it was said last.

    One that was recorded after now shows that the clock has been set back since: whatever time it bears, it came before.
    """
    said = max(filter(None, (memory.statement.said_at, memory.seen_at)), default=memory.recorded_at)
    if memory.recorded_at > run.now:
        said = min(said, run.came)
    return Known(statement=memory.statement, said=said, memory=memory, ended=memory.status is not MemoryStatus.ACTIVE)


def _take(run: _Run, key: int, draft: Draft, neighbours: Sequence[_Neighbour]) -> None:
    """Add one draft, or count it as said again; then settle what it and the others say of the same slots."""
    statement = _in_known_slots(draft.statement, [known for known, _ in neighbours], run)
    statement = announced(statement, run.now)
    statement, meant_by = _restated(statement, draft, [known for known, _ in neighbours], run)
    draft = replace(draft, statement=statement)
    fresh = Known(statement=statement, said=_said(statement, run.now), key=key)
    marks = _marks(statement)
    others = [*neighbours, *_said_here(run, marks)]
    lately = tuple(run.latest)
    twin = _twin(fresh, others)
    if twin is None:
        run.added[key] = NewMemory(key=key, draft=draft, extractor=draft.extractor)
        run.known[key] = fresh
        run.latest.append(fresh)
        for mark in marks:
            run.by_mark[mark].append(fresh)
    else:
        _count(run, twin, draft)
        if fresh.said >= twin.said:
            twin.said, twin.repeated = fresh.said, key
    winner = twin or fresh
    if meant_by is not None and twin is None:
        _end(run, meant_by, fresh, "corrected")
    near = {id(other): other for other in (*(other for other, _ in others), *lately) if other is not winner}
    if not winner.ended:
        _settle(run, winner, [other for other in near.values() if not other.ended])
    if not winner.ended and (ending := overtaken(winner, list(near.values()))):
        _end(run, *ending, "changed")


def _in_known_slots(statement: Statement, stored: Sequence[Known], run: _Run) -> Statement:
    """Return a statement that tells a change of something known as filling the slot of that."""

    def known() -> Iterator[Slot]:
        believed = (one for one in chain(stored, run.known.values()) if not one.ended)
        return (slot for one in believed for slot in one.statement.slots)

    statement = completed(statement, known())
    slots = requalified(statement, adopted(statement.slots, known()), known())
    return statement if slots == statement.slots else replace(statement, slots=slots)


def _restated(statement: Statement, draft: Draft, stored: Sequence[Known], run: _Run) -> tuple[Statement, Known | None]:
    """Return a bare correction (`I meant Vietnamese food`) as the statement that it corrects with the right value.

    That is the newest earlier one that shares a word with it and has exactly one such value; where there is none, the
    correction stays as it was said.
    """
    fragment = fragment_of(draft.evidence[-1].quote) if statement.correction and statement.verbatim else ""
    if not fragment:
        return statement, None
    words, said = gist_of_text(fragment).block_terms, _said(statement, run.now)
    earlier = [known for known in (*stored, *run.known.values()) if not known.ended and known.said <= said]
    for known in sorted(earlier, key=lambda one: one.said, reverse=True):
        told = known.statement
        if told.when is not None or told.verbatim or not words & gist_of(told).block_terms:
            continue
        content = corrected(told.content, fragment, None)
        if content is not None and content != told.content:
            slots = slots_of(content, subject=told.subject)
            entities = tuple(name for name in told.entities if name in content)
            right = replace(told, content=content, slots=slots, entities=entities, correction=True)
            return replace(right, said_at=statement.said_at, valid_from=None), known
    return statement, None


def _said_here(run: _Run, marks: set[object]) -> Iterator[_Neighbour]:
    """Yield what the same ingestion already said about it, each once, in order."""
    found = {id(known): known for mark in marks for known in run.by_mark.get(mark, ())}
    for known in sorted(found.values(), key=lambda one: one.key or 0):
        yield known, None


def _marks(statement: Statement) -> set[object]:
    """Return what a statement can be found by inside one ingestion: text, slots and their values, topic words."""
    return {
        *_firm_marks(statement),
        gist_of(statement).topic_terms,
        *(slot.key for slot in all_slots(statement)),
    }


def _firm_marks(statement: Statement) -> set[object]:
    """Return the marks that few statements share: the text, and each slot with its value, held or denied."""
    values = ((*slot.key, slot.value.removeprefix(NOT)) for slot in all_slots(statement))
    return {gist_of(statement).hash, *values}


def _twin(draft: Known, others: Sequence[_Neighbour]) -> Known | None:
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


def _after_end(draft: Known, other: Known) -> bool:
    if other.memory is not None and other.memory.status is not MemoryStatus.SUPERSEDED:
        return True
    end = other.statement.valid_until
    return end is None or draft.said >= end


def _count(run: _Run, twin: Known, draft: Draft) -> None:
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
        run.refresh[twin.memory.id] = Refresh(
            memory_id=twin.memory.id, said_at=said, evidence=evidence, statement=draft.statement
        )


def _settle(run: _Run, winner: Known, others: Sequence[Known]) -> None:
    """End the older ones that `winner` contradicts, or `winner` itself where a newer one is known."""
    for other in others:
        reason = None if told_together(winner, other) else why(winner, other)
        if reason is None:
            continue
        if later(winner, other):
            _end(run, other, winner, reason)
        elif not winner.ended:
            _end(run, winner, other, reason)


def _end(run: _Run, older: Known, newer: Known, reason: str) -> None:
    """Record that `older` holds only until `newer` begins to."""
    until = newer.since
    announced = until > newer.said
    if announced and older.statement.valid_until == until:
        return
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
        for known in (*(_stored_one(memory, run) for memory in memories), *run.known.values())
        if not known.ended
        and known.said <= said
        and not (known.memory and known.memory.id in ended)
        and _before(known, run, retraction)
    ]
    found = meant(retraction.topic, [known.statement for known in earlier], subject=retraction.subject)
    if found.verdict is not Verdict.CLEAR:
        matches = "nothing said before" if found.verdict is Verdict.UNKNOWN else "several unrelated memories"
        run.messages.append(
            f"retraction pending ({retraction.evidence.reference}): it matches {matches}; nothing was retracted"
        )
        candidates = [earlier[position] for position in found.positions]
        run.pending.append(
            PendingRetraction(
                retraction=retraction,
                memory_ids=tuple(one.memory.id for one in candidates if one.memory is not None),
                keys=tuple(one.key for one in candidates if one.key is not None),
            )
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


def _before(known: Known, run: _Run, retraction: Retraction) -> bool:
    """Whether a statement was made before the retraction: nothing in the same document says it, or says it again, later."""
    if known.key is not None:
        evidence = run.added[known.key].draft.evidence
    else:
        refresh = run.refresh.get(known.memory.id) if known.memory else None
        evidence = refresh.evidence if refresh else ()
    here = retraction.evidence
    return all(one.document_id != here.document_id or one.start < here.start for one in evidence)


def _said(statement: Statement, now: datetime) -> datetime:
    return statement.said_at or now
