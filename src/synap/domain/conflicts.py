"""How two statements stand to each other: the same, in conflict, both true, or about different things.

Similarity of vectors never decides alone: both-true pairs and contradictions overlap in cosine. What counts is the same
attribute (a slot, or topics in common) with another value of the same kind, or the opposite polarity; and no restriction
(another subject, plan, environment, year) that lets both be true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from synap.domain.concepts import word_stems
from synap.domain.exclusion import loose, values_exclude
from synap.domain.givens import given, tail
from synap.domain.memories import MemoryType, Modality, Slot, Statement
from synap.domain.normal_forms import USER, normalise_subject
from synap.domain.readings import COMPARABLE, Reading, block_terms, readings
from synap.domain.slot_table import BY_NAME
from synap.domain.slots import content_hash, slots_of
from synap.domain.titles import note_of
from synap.domain.values import Kind, Value


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
_TOPIC_SHARE = 0.5
_CLOSE_SHARE = 0.6
_SAME_SHARE = 0.85
_SURE_TERMS = 2
"""Topic words in common, besides those that both begin with, from which on two sentences are about one matter."""


def relation(a: Statement, b: Statement, *, similarity: float | None = None) -> Relation:
    """Return how two statements of one scope stand to each other; the order of the two does not matter.

    Statements that a document tells under other headings are about other things.

    Args:
        a: One statement.
        b: The other.
        similarity: Cosine of their vectors, where known; it can only turn near duplicates into `SAME`.
    """
    if content_hash(a.content) == content_hash(b.content):
        return Relation.SAME
    if not (settles(a) and settles(b)):
        return _loosely(a, b)
    if note_of(a.content) != note_of(b.content):
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
    if content_hash(narrow.content) == content_hash(broad.content):
        return Relation.SAME
    if not ((_may_change(narrow) or _wishes(narrow)) and settles(broad)) or _told_apart(narrow, broad):
        return _loosely(narrow, broad)
    overruled = _overrule(narrow, broad)
    # Asked last: of an event only its slots tell whether it changed something, and those take long to read.
    if not (overruled or _near_duplicates(narrow, broad, similarity)) or not (changes(narrow) or _wishes(narrow)):
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
    return settles(statement) or (_may_change(statement) and any(slot.single for slot in all_slots(statement)))


def _may_change(statement: Statement) -> bool:
    event = statement.type is MemoryType.EPISODE and statement.modality is Modality.ASSERTED
    return event or settles(statement)


_WANTS = re.compile(r"\bwants? (?:(?!to\b)|to (?:be|get|have|see|receive)\b)", re.IGNORECASE)


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
        aside = all(reading.foreign or reading.aside for reading in readings(narrow.content))
        return not aside and any(values_exclude(mine, other) for mine, other in shared)
    return _overrides(narrow, broad) and not _qualified_apart(ours, theirs)


def _slots_of_both(a: Statement, b: Statement) -> tuple[tuple[Slot, ...], tuple[Slot, ...]]:
    """Return the slots of two statements; where one carries none, they are read if a common topic makes that worth while."""
    if bool(a.slots) is bool(b.slots) or not _topical(a, b):
        return a.slots, b.slots
    return all_slots(a), all_slots(b)


def _topical(a: Statement, b: Statement) -> bool:
    ours, theirs = block_terms(a.content), block_terms(b.content)
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
    ours, theirs = note_of(a.content), note_of(b.content)
    return bool(ours & theirs and ours - theirs and theirs - ours)


def _same_subject(a: Statement, b: Statement) -> bool:
    return normalise_subject(a.subject) == normalise_subject(b.subject) and (
        any(r.foreign for r in readings(a.content)) is any(r.foreign for r in readings(b.content))
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
    ours, theirs = readings(a.content), readings(b.content)
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
    for mine in readings(a.content):
        for other in readings(b.content):
            if _jaccard(mine.terms, other.terms) < _CLOSE_SHARE or mine.named != other.named:
                continue
            if mine.aside or other.aside or _restricted_apart(mine, other):
                continue
            if _values_differ(mine, other) or (mine.stems & other.stems and _opposite(a, b, mine, other)):
                return True
    return False


def _opposite(a: Statement, b: Statement, mine: Reading, other: Reading) -> bool:
    """Whether one of two clauses, or of the statements they stand in, denies; words in common make it the same that is denied."""
    return mine.negative is not other.negative or a.positive is not b.positive


def _overrides(narrow: Statement, broad: Statement) -> bool:
    names = (_leading_names(narrow) - _common(broad)) | (_leading_names(broad) - _common(narrow))
    return any(
        _overrides_reading(mine, other, names)
        and not (mine.aside or mine.foreign or other.aside or _restricted_apart(mine, other, own=mine.own))
        for mine in readings(narrow.content)
        for other in readings(broad.content)
    )


def _leading_names(statement: Statement) -> frozenset[str]:
    """Return the stems of the entity or subject that a statement begins with: who it is about, not what."""
    start = statement.content.casefold()
    # A document's subject is a noun phrase in lower case: what it is about, unless somebody is named.
    named = (*statement.entities, statement.subject if statement.subject[:1].isupper() else "")
    whose = [name for name in named if name and start.startswith(name.casefold()) and _opens(name, statement.content)]
    return frozenset(stem for name in whose for stem in word_stems(name))


_COMMON = re.compile(r"(?<=\s)[a-z][a-z-]+(?:\s[a-z][a-z-]+)*")


def _common(statement: Statement) -> frozenset[str]:
    """Return the stems of the words written in lower case: what one text takes for a name may be none (`Drones are …`)."""
    return frozenset(word_stems(" ".join(_COMMON.findall(statement.content))))


_NAME_ENDS = re.compile(
    r"['\u2019]|$|[,:;.]|\s(?:is|are|was|were|has|have|had|does|do|did|may|can|must|should|will|would|gets?|uses?|wants?|pays?|"
    r"sees?|needs?|offers?|allows?|runs?|keeps?|sells?|takes?|gives?|prefers?|works?|lives?|requires?|also|now|only|no)\b"
)


def _opens(name: str, content: str) -> bool:
    """Whether a name at the start of a text is one, and no common word in front of its noun (`Weekend deliveries are`)."""
    return " " in name or _NAME_ENDS.match(content, len(name)) is not None


def _overrides_reading(narrow: Reading, broad: Reading, names: frozenset[str]) -> bool:
    """Whether a sentence about the viewer says otherwise than a general one on the same topic.

    Other values or alternatives weigh most, then opposite polarity, then one side speaking of all where the other
    counts, last a wish beside a rule on the same things.
    """
    shared = (narrow.terms & broad.terms) - names
    if not shared:
        return False
    share = len(shared) / min(len(narrow.terms), len(broad.terms))
    topical = share >= _TOPIC_SHARE or len(shared) > 1
    if _choices_differ(narrow, broad):
        return topical or any(term.startswith("#") for term in shared)
    if _values_differ(narrow, broad):
        measured = {value.noun for value in narrow.values}
        heads = narrow.heading.terms & broad.heading.terms
        beside = {term for term in shared - heads - measured if not term.startswith("#")}
        same = topical or _counts_alike(narrow, broad)
        return same and not (_headed_apart(narrow, broad, names) and len(beside) < _SURE_TERMS)
    if not topical:
        return _exempted(narrow, broad, shared)
    if _answer_otherwise(narrow, broad, names):
        return True
    polar = _polar(narrow, broad, shared) and (share > _TOPIC_SHARE or narrow.sweeping or broad.sweeping)
    against = _counts_against_all(narrow, broad) or _exempted(narrow, broad, shared)
    return polar or against or _instead(narrow, broad, shared)


_EXEMPT = re.compile(
    r"\b(?:does not apply to|do not apply to|exempt(?:ed)? from|excused from|excluded from|not subject to|need not|(?:does|do) not (?:have|need) to|"
    r"no need to|not (?:required|obliged|bound) to)\b",
    re.IGNORECASE,
)
_OBLIGES = re.compile(
    r"\b(?:must|has to|have to|shall|obliged|required|every|all|everyone|everybody|needs? to)\b", re.IGNORECASE
)


def _exempted(narrow: Reading, broad: Reading, shared: frozenset[str]) -> bool:
    """Whether one side is freed of what the other demands of all."""
    return bool(shared) and _EXEMPT.search(narrow.text) is not None and _OBLIGES.search(broad.text) is not None


def _answer_otherwise(narrow: Reading, broad: Reading, names: frozenset[str]) -> bool:
    """Whether both give an answer of one kind on their topic, and different ones: a name, a colour, a place, by whom."""
    if _headed_apart(narrow, broad, names):
        return False
    ours, theirs = given(narrow.text), given(broad.text)
    for kind in ours.keys() & theirs.keys() & _ANSWERS:
        if not ours[kind] & theirs[kind] and not all(frozenset(word_stems(one)) <= names for one in ours[kind]):
            return True
    mine, other = tail(narrow.text), tail(broad.text)
    return mine is not None and other is not None and mine[0] == other[0] and not mine[1] & other[1]


_ANSWERS = frozenset({"name", "colour", "code", "ordinal", "earliness"})


def _polar(narrow: Reading, broad: Reading, shared: frozenset[str]) -> bool:
    """Whether one side denies what the other says: two words in common, or the topic of a measured rule.

    What the viewer happens to do (`smokes`) is no exception from a ban; only a permission is.
    """
    firm = len(shared) > 1 or (any(term.startswith("#") for term in shared) and bool(narrow.values or broad.values))
    habit = broad.negative and narrow.own and not (narrow.permits or narrow.wish)
    return firm and narrow.negative is not broad.negative and not habit


def _headed_apart(narrow: Reading, broad: Reading, names: frozenset[str]) -> bool:
    """Whether both begin with a thing of their own (`the motor is …`, `the axle is …`), neither of them the viewer."""
    if narrow.own or broad.sweeping:
        return False
    ours, theirs = narrow.heading, broad.heading
    return bool(ours.terms - theirs.terms - theirs.stems - names) and bool(
        theirs.terms - ours.terms - ours.stems - names
    )


def _counts_against_all(narrow: Reading, broad: Reading) -> bool:
    """Whether one side names a measure and the other speaks of all or none."""
    return (bool(broad.values) and not narrow.values and narrow.sweeping) or (
        bool(narrow.values) and not broad.values and broad.sweeping
    )


def _instead(narrow: Reading, broad: Reading, shared: frozenset[str]) -> bool:
    """Whether a narrow wish, or another person to turn to, takes the place of a broad rule on the same things."""
    if "#contact" in shared and broad.values and narrow.named - broad.named:
        return True
    return narrow.wish and len(shared) > 1 and bool(narrow.terms - shared) and bool(broad.terms - shared)


def _restricted_apart(mine: Reading, other: Reading, *, own: bool = False) -> bool:
    """Whether both name a plan, environment or time, and different ones.

    What plan the viewer is on is no restriction but part of the viewer's own facts (`own`).
    """
    ours, theirs = dict(mine.restrictions), dict(other.restrictions)
    return any(
        ours[dimension] != theirs[dimension]
        for dimension in ours.keys() & theirs.keys()
        if not (own and dimension == "plan")
    )


def _values_differ(mine: Reading, other: Reading) -> bool:
    """Whether values of one kind stand on both sides, and none of them is equal."""
    pairs = [(v, w) for v in mine.values for w in other.values if _comparable(v, w)]
    return bool(pairs) and not any(v.value == w.value for v, w in pairs)


def _counts_alike(mine: Reading, other: Reading) -> bool:
    """Whether both count the same things (`one approval`, `two approvals`)."""
    return bool({v.noun for v in mine.values if v.kind is Kind.NUMBER and v.noun} & {v.noun for v in other.values})


def _comparable(v: Value, w: Value) -> bool:
    if v.kind in {Kind.YEAR, Kind.MONTH} or w.kind in {Kind.YEAR, Kind.MONTH}:
        return False
    kinds = {v.kind, w.kind}
    if kinds == {Kind.NUMBER, Kind.CLOCK}:
        number = v if v.kind is Kind.NUMBER else w
        return not number.noun
    if kinds == {Kind.NUMBER, Kind.MONEY}:
        return not (v if v.kind is Kind.NUMBER else w).noun
    if v.kind is Kind.NUMBER and w.kind is Kind.NUMBER:
        return v.noun == w.noun or not v.noun or not w.noun
    return w.kind in COMPARABLE[v.kind]


def _choices_differ(mine: Reading, other: Reading) -> bool:
    """Whether both name an alternative of one family, and no common one; of one person's, to deny one leaves the others open."""
    if mine.own and other.own and mine.negative is not other.negative:
        return False
    families = {family for family, _ in mine.choices} & {family for family, _ in other.choices}
    return any(
        not {w for f, w in mine.choices if f == family} & {w for f, w in other.choices if f == family}
        for family in families
    )


def _loosely(a: Statement, b: Statement) -> Relation:
    """Return `COMPLEMENT` where a slot or a topic is shared, else `UNRELATED`."""
    keys = {slot.key for slot in a.slots} & {slot.key for slot in b.slots}
    return Relation.COMPLEMENT if keys or block_terms(a.content) & block_terms(b.content) else Relation.UNRELATED


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0
