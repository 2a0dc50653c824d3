"""Which remarks a later one corrects: the newer holds, and the older is left out.

A correction needs more than another number near the same words: the same attribute with a value that excludes the first
(`synap.domain.conflicts`), or a word of change together with another value of the same kind about the same thing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

from synap.compaction import cues
from synap.compaction.remarks import Remark
from synap.domain.compactions import PointKind
from synap.domain.conflicts import Relation, relation
from synap.domain.memories import MemoryType, Statement
from synap.domain.terms import tokenize
from synap.domain.values import Kind, Value, read_values

_CANDIDATES = 12
"""Earlier remarks that one remark is compared with: those with most words in common, the latest first."""

_COMMON = 400
"""A word in more remarks than this says nothing about which of them belong together."""

_SHARE = 0.5
_DAYS = frozenset({(Kind.WEEKDAY, ""), (Kind.DATE, "")})
_ABOUT_CHANGE = frozenset(
    tokenize(
        """
        move moved moving switch switched change changed changing postpone postponed reschedule rescheduled push pushed
        delay delayed replace replaced update updated raise raised lower lowered increase increased reduce reduced become
        became cancel cancelled extend extended shift shifted actually correction instead sorry wait mistake new meant
        longer today tomorrow week next
        """
    )
)
"""Words that say that something changed, not what."""


def corrected(remarks: Sequence[Remark]) -> dict[int, int]:
    """Return which remarks a later one corrects: positions in `remarks`, of the older and of the newer."""
    where: defaultdict[str, list[int]] = defaultdict(list)
    gone: dict[int, int] = {}
    for number, remark in enumerate(remarks):
        if not _asserts(remark):
            continue
        topic = _topic(remark)
        if number and (remark.items or cues.changes(remark.content)):
            found = (at for at in _candidates(topic, where) if at not in gone and _corrects(remark, remarks[at]))
            gone.update(dict.fromkeys(found, number))
        for word in topic:
            where[word].append(number)
    return gone


def _asserts(remark: Remark) -> bool:
    return remark.kind not in {PointKind.QUESTION, PointKind.REMARK} and not remark.asked


def _candidates(topic: frozenset[str], where: defaultdict[str, list[int]]) -> list[int]:
    counts: Counter[int] = Counter()
    for word in topic:
        if len(where[word]) <= _COMMON:
            counts.update(where[word])
    best = sorted(counts, key=lambda at: (-counts[at], -at))
    return best[:_CANDIDATES]


def _corrects(later: Remark, earlier: Remark) -> bool:
    if later.message.id == earlier.message.id and not cues.changes(later.content):
        return False
    # What people say stands over what the machine says, never the other way round.
    if later.message.role == "assistant" and earlier.message.role != "assistant":
        return False
    if _same_speaker_kind(later, earlier) and relation(_statement(earlier), _statement(later)) is Relation.CONFLICT:
        return True
    return cues.changes(later.content) and _other_value(later, earlier)


def _same_speaker_kind(later: Remark, earlier: Remark) -> bool:
    return later.message.name == earlier.message.name or cues.changes(later.content)


def _other_value(later: Remark, earlier: Remark) -> bool:
    ours, theirs = _topic(later) - _ABOUT_CHANGE, _topic(earlier) - _ABOUT_CHANGE
    shared = ours & theirs
    if not shared or len(shared) < _SHARE * min(len(ours), len(theirs)):
        return False
    if _values_differ(_values(later.content), _values(earlier.content)):
        return True
    mine, other = _names(later), _names(earlier)
    return bool(
        cues.switches(later.content)
        and len(shared) > 1
        and mine - other
        and other - mine
        and not cues.denies(earlier.content)
    )


def _values_differ(ours: Sequence[Value], theirs: Sequence[Value]) -> bool:
    """Whether values of one kind stand on both sides and none of them is equal; days meet days, by date or by name."""
    mine, other = _by_kind(ours), _by_kind(theirs)
    common = mine.keys() & other.keys()
    if common:
        return any(not mine[kind] & other[kind] for kind in common)
    return bool(mine.keys() & _DAYS and other.keys() & _DAYS)


def _by_kind(values: Sequence[Value]) -> dict[tuple[Kind, str], set[str]]:
    found: defaultdict[tuple[Kind, str], set[str]] = defaultdict(set)
    for value in values:
        found[value.kind, value.noun].add(value.value)
    return dict(found)


def _values(text: str) -> Sequence[Value]:
    return read_values(text)[0]


def _names(remark: Remark) -> frozenset[str]:
    return frozenset(item.value for item in remark.items if item.kind == "name")


def _topic(remark: Remark) -> frozenset[str]:
    """Return the words that tell what a remark is about: no values, no names of what was chosen."""
    return _topic_of(remark.content)


@lru_cache(maxsize=4096)
def _topic_of(text: str) -> frozenset[str]:
    return frozenset(word for word in tokenize(read_values(text)[1]) if not word[:1].isdigit())


def _statement(remark: Remark) -> Statement:
    kind = MemoryType.PREFERENCE if remark.kind is PointKind.PREFERENCE else MemoryType.FACT
    return Statement(type=kind, content=remark.content, subject=remark.message.name)
