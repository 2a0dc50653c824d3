"""How two statements stand to each other: the same, in conflict, both true, or about different things.

Similarity of vectors never decides alone: both-true pairs and contradictions overlap in cosine. What counts is the same
attribute (a slot, or topics in common) with another value of the same kind, or the opposite polarity; and no restriction
(another subject, plan, environment, year) that lets both be true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from synap.domain.attributes import NOT
from synap.domain.exclusion import loose, values_exclude
from synap.domain.gists import gist_of
from synap.domain.memories import MemoryType, Modality, Slot, Statement
from synap.domain.normal_forms import USER, normalise_subject
from synap.domain.overriding import overrides, restricted_apart, values_differ
from synap.domain.readings import Reading
from synap.domain.slot_table import BY_NAME
from synap.domain.slots import slots_of


class Relation(StrEnum):
    """How two statements stand to each other."""

    SAME = "same"
    """Equal facts: one of them suffices."""
    CONFLICT = "conflict"
    """Both cannot hold for the same viewer at the same time."""
    COMPLEMENT = "complement"
    """Related, and both may be true."""
    UNRELATED = "unrelated"


NEAR_DUPLICATE = 0.9
"""Cosine from which equal numbers, polarity and names make two statements the same; both-true pairs reach .85."""

_SETTLING = frozenset({MemoryType.FACT, MemoryType.PREFERENCE, MemoryType.TEMPORAL_EVENT})
_RECEIVED = re.compile(
    r"\b(?:was|were|got|(?:has|have) been) (?:given|issued|assigned|granted|allotted|allocated|promised|handed)\b|"
    r"\b(?:gave|granted|assigned|issued|allotted|promised|handed) (?:the user|them|us)\b",
    re.IGNORECASE,
)
_TOPIC_SHARE = 0.5
_CLOSE_SHARE = 0.6
_SAME_SHARE = 0.85


def relation(a: Statement, b: Statement, *, similarity: float | None = None) -> Relation:
    """Return how two statements of one scope stand to each other; the order of the two does not matter.

    Statements that a document tells under other headings are about other things.

    Args:
        a: One statement.
        b: The other.
        similarity: Cosine of their vectors, where known; it can only turn near duplicates into `SAME`.
    """
    if gist_of(a).hash == gist_of(b).hash:
        return Relation.SAME
    if not (settles(a) and settles(b)):
        return _loosely(a, b)
    if gist_of(a).note != gist_of(b).note:
        return _loosely(a, b)
    if _contradict(a, b):
        return Relation.CONFLICT
    return Relation.SAME if _near_duplicates(a, b, similarity) and _same_subject(a, b) else _loosely(a, b)


def scope_relation(narrow: Statement, broad: Statement, *, similarity: float | None = None) -> Relation:
    """Return how a statement of a narrower scope stands to one of a broader scope, for a viewer of the narrower.

    The broad one is generic (`Support hours are 9am-5pm`), the narrow one tells how it is for the viewer (`Acme has 24/7
    support`): subjects differ by nature, so they need not be equal here. A narrow statement about somebody else, a past
    event or a hypothesis overrides nothing.
    """
    if gist_of(narrow).hash == gist_of(broad).hash:
        return Relation.SAME
    if not ((_may_change(narrow) or _wishes(narrow)) and settles(broad)) or _told_apart(narrow, broad):
        return _loosely(narrow, broad)
    overruled = _overrule(narrow, broad)
    # Asked last: of an event only its slots tell whether it changed something, and those take long to read.
    if not (overruled or _near_duplicates(narrow, broad, similarity)):
        return _loosely(narrow, broad)
    if not (changes(narrow) or _wishes(narrow) or _received(narrow)):
        return _loosely(narrow, broad)
    return Relation.CONFLICT if overruled else Relation.SAME


def settles(statement: Statement) -> bool:
    """Whether a statement can contradict another at all: asserted, and neither an episode nor an emotion.

    A preference may be worded as a wish.
    """
    wish = statement.modality is Modality.WISHED and statement.type is MemoryType.PREFERENCE
    return statement.type in _SETTLING and (statement.modality is Modality.ASSERTED or wish)


def changes(statement: Statement) -> bool:
    """Whether a statement can end or overrule one that settles something.

    That is one that settles something itself, or tells of the event that changed it ("moved to", "was raised to").
    """
    return settles(statement) or (
        _may_change(statement) and any(slot.single or slot.value.startswith(NOT) for slot in all_slots(statement))
    )


def _may_change(statement: Statement) -> bool:
    event = statement.type is MemoryType.EPISODE and statement.modality is Modality.ASSERTED
    return event or settles(statement)


_WANTS = re.compile(r"\bwants? (?:(?!to\b)|to (?:be|get|have|see|receive)\b)", re.IGNORECASE)


def _received(statement: Statement) -> bool:
    """Whether a statement tells of the event since which somebody has something: `was given a Mac`."""
    return _may_change(statement) and _RECEIVED.search(statement.content) is not None


def _wishes(statement: Statement) -> bool:
    """Whether a statement says how somebody wants something to be, and not what they would like to do one day."""
    return statement.modality is Modality.WISHED and _WANTS.search(statement.content) is not None


def all_slots(statement: Statement) -> tuple[Slot, ...]:
    """Return the slots that a statement carries, or those read from its content where it carries none."""
    return statement.slots or slots_of(statement.content, subject=statement.subject)


def slot_relation(first: Iterable[Slot], second: Iterable[Slot]) -> Relation:
    """Return `CONFLICT` if some slot is filled differently, `COMPLEMENT` if one is shared, else `UNRELATED`.

    A value that only says more than the other (`Bonn`, `Bonn Germany`) agrees with it. A value that does not hold
    conflicts with exactly that value.
    """
    theirs = tuple(second)
    shared = False
    for mine in first:
        for other in theirs:
            if mine.key != other.key:
                continue
            if values_exclude(mine, other):
                return Relation.CONFLICT
            shared = shared or not loose(mine)
    return Relation.COMPLEMENT if shared else Relation.UNRELATED


def _contradict(a: Statement, b: Statement) -> bool:
    """Whether two statements of one scope contradict each other: by a slot, else on close topics."""
    ours, theirs = _slots_of_both(a, b)
    by_slot = slot_relation(ours, theirs)
    if by_slot is not Relation.UNRELATED:
        return by_slot is Relation.CONFLICT
    return _opposed(a, b) and _same_subject(a, b) and not _qualified_apart(ours, theirs)


def _overrule(narrow: Statement, broad: Statement) -> bool:
    """Whether a narrow statement says otherwise than a broad one: by a slot of the viewer's, else on a common topic."""
    ours, theirs = _slots_of_both(narrow, broad)
    alike = [(mine, other) for mine in ours for other in theirs if mine.name == other.name and not loose(mine)]
    shared = [(mine, other) for mine, other in alike if _meets(mine, other)]
    if alike and not shared and all(_siblings(mine, other) for mine, other in alike):
        return False
    if shared:
        aside = all(reading.foreign or reading.aside for reading in gist_of(narrow).readings)
        if aside or any(values_exclude(mine, other) for mine, other in shared):
            return not aside
        if any(mine.single or mine.attribute in BY_NAME for mine, _ in shared):
            return False
    return overrides(narrow, broad) and not _qualified_apart(ours, theirs)


def _slots_of_both(a: Statement, b: Statement) -> tuple[tuple[Slot, ...], tuple[Slot, ...]]:
    """Return the slots of two statements; where one carries none, they are read if a common topic makes that worth while."""
    if bool(a.slots) is bool(b.slots) or not _topical(a, b):
        return a.slots, b.slots
    return all_slots(a), all_slots(b)


def _topical(a: Statement, b: Statement) -> bool:
    ours, theirs = gist_of(a).block_terms, gist_of(b).block_terms
    return len(ours & theirs) >= _TOPIC_SHARE * min(len(ours), len(theirs))


def _meets(narrow: Slot, broad: Slot) -> bool:
    """Whether slots of two scopes are about the same for the viewer: one is the viewer's own, or they name one subject."""
    if USER in (narrow.subject, broad.subject):
        return True
    ours, theirs = set(narrow.subject.split()), set(broad.subject.split())
    return ours <= theirs or theirs <= ours


def _siblings(mine: Slot, other: Slot) -> bool:
    """Whether the subjects are two of one kind (`staging database`, `billing database`)."""
    return mine.subject.split()[-1:] == other.subject.split()[-1:] != []


def _told_apart(a: Statement, b: Statement) -> bool:
    """Whether two documents tell their statements of two things of one kind (`Berlin office`, `Paris office`)."""
    ours, theirs = gist_of(a).note, gist_of(b).note
    return bool(ours & theirs and ours - theirs and theirs - ours)


def _same_subject(a: Statement, b: Statement) -> bool:
    return normalise_subject(a.subject) == normalise_subject(b.subject) and (
        any(r.foreign for r in gist_of(a).readings) is any(r.foreign for r in gist_of(b).readings)
    )


def _qualified_apart(ours: Sequence[Slot], theirs: Sequence[Slot]) -> bool:
    """Whether both fill one attribute, but of different things (`kitchen budget`, `travel budget`)."""
    first = [slot.name.partition(":") for slot in ours]
    second = [slot.name.partition(":") for slot in theirs]
    return any(
        base == other and base in BY_NAME and mine and yours and not set(mine.split()) & set(yours.split())
        for base, _, mine in first
        for other, _, yours in second
    )


def _near_duplicates(a: Statement, b: Statement, similarity: float | None) -> bool:
    """Whether two statements say the same in nearly the same words, with equal numbers, polarity and names."""
    ours, theirs = gist_of(a).readings, gist_of(b).readings
    if len(ours) != len(theirs) or a.positive is not b.positive:
        return False
    if a.slots and b.slots and {s.attribute for s in a.slots}.isdisjoint(s.attribute for s in b.slots):
        return False
    pairs = tuple(zip(ours, theirs, strict=True))
    close = similarity is not None and similarity >= NEAR_DUPLICATE
    if not close and not all(mine.terms and _jaccard(mine.terms, other.terms) >= _SAME_SHARE for mine, other in pairs):
        return False
    return all(mine.frame == other.frame and not _swapped(mine, other) for mine, other in pairs)


def _swapped(mine: Reading, other: Reading) -> bool:
    """Whether the two differ only by words in each other's places: `the red parcel`, `the blue parcel`."""
    ours, theirs = [root for _, root in mine.words], [root for _, root in other.words]
    return len(ours) == len(theirs) and ours != theirs


def _opposed(a: Statement, b: Statement) -> bool:
    """Whether two statements of one scope contradict each other without sharing a slot."""
    for mine in gist_of(a).readings:
        for other in gist_of(b).readings:
            if _jaccard(mine.terms, other.terms) < _CLOSE_SHARE or mine.named != other.named:
                continue
            if mine.aside or other.aside or restricted_apart(mine, other):
                continue
            if values_differ(mine, other) or (mine.stems & other.stems and _opposite(a, b, mine, other)):
                return True
    return False


def _opposite(a: Statement, b: Statement, mine: Reading, other: Reading) -> bool:
    """Whether one of two clauses, or of the statements they stand in, denies; words in common make it the same that is denied."""
    return mine.negative is not other.negative or a.positive is not b.positive


def _loosely(a: Statement, b: Statement) -> Relation:
    """Return `COMPLEMENT` where a slot or a topic is shared, else `UNRELATED`."""
    keys = {slot.key for slot in a.slots} & {slot.key for slot in b.slots}
    return Relation.COMPLEMENT if keys or gist_of(a).block_terms & gist_of(b).block_terms else Relation.UNRELATED


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0
