"""Slots that an instance's configuration adds to the shipped ones: what they are called, what they take, how many at a time.

They are read as the shipped ones are: `my mooring is B14`, `Ana's mooring moved to C2`, `Mooring: B14`, and by their cues
(`is moored at B14`). Their names carry `own:`, so that they never mix with a shipped slot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from synap.domain.attributes import NOT
from synap.domain.clauses import believed, clauses, past, without_time
from synap.domain.memories import Slot, Statement
from synap.domain.normal_forms import UNRESOLVED, normalise_name, normalise_subject, normalise_value, subject_of
from synap.domain.slot_table import ADVERBS
from synap.domain.slot_values import Takes, fits, name_in

OWN = "own"
"""What the name of such a slot begins with, before a colon."""

_LONGEST_CLAUSE = 300
_LONGEST_VALUE = 10
_CHANGED = (
    r"(?:was|were|has been|have been|got|is being)? ?(?:changed|moved|set|raised|lowered|reduced|increased|extended|renamed|"
    r"switched|postponed|cut)(?: from [^,;]{1,60}?)? to"
)
_IS = rf"(?::|\s(?:is|are|became|becomes|remains?|{_CHANGED})(?:\s(?:{ADVERBS}|called|named|set to))*)"
_END = re.compile(
    r"\s(?:because|which|who|since|so that|as of|until|when|if|unless|but|although|though|instead|these days|nowadays)\b"
    r"|[;(]|,\s(?!\d)|\s(?:now|again)$",
    re.IGNORECASE,
)
_NOT = re.compile(r"not\s+", re.IGNORECASE)
_NO_LONGER = re.compile(r"\sno longer\s", re.IGNORECASE)


class Cardinality(StrEnum):
    """How many values a subject has at a time."""

    ONE = "one"
    MANY = "many"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSlot:
    """A slot that a configuration adds.

    Attributes:
        name: Its name: lower case, words joined by `_`.
        aliases: What else people call it (`berth`).
        cues: Words that stand between whose it is and its value (`is moored at`).
        cardinality: Whether a newer value takes the place of the older one.
        values: What its values look like; other ones do not fill it.
    """

    name: str
    aliases: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    cardinality: Cardinality = Cardinality.ONE
    values: Takes = Takes.ANY


def with_own_slots(statement: Statement, own: Sequence[OwnSlot]) -> Statement:
    """Return a statement that also settles what it says of the configured slots.

    A general attribute that was read off the same words gives way to the configured slot.
    """
    found = tuple(slot for one in own for slot in _read(statement.content, statement.subject, one))
    if not found:
        return statement
    taken = {(slot.subject, slot.value) for slot in found}
    kept = [slot for slot in statement.slots if (slot.subject, slot.value) not in taken]
    return replace(statement, slots=(*kept, *dict.fromkeys(found)))


@lru_cache(maxsize=1024)
def _patterns(own: OwnSlot) -> tuple[re.Pattern[str], ...]:
    nouns = sorted({own.name.replace("_", " "), *own.aliases}, key=len, reverse=True)
    noun = "|".join(rf"{re.escape(one.casefold())}s?" for one in nouns)
    named = (
        rf"^(?:(?P<s>[^,;:]{{1,60}}?)(?:['\u2019]s|(?<=s)['\u2019]) )?(?:(?:the|my|our|his|her|their|new|current|own) )*(?:{noun})"
        rf"(?: (?:of|for) (?P<o>[^,;:]{{1,50}}?))?{_IS}\s(?P<v>.+)$"
    )
    cues = "|".join(re.escape(one.casefold()) for one in sorted(own.cues, key=len, reverse=True))
    cued = rf"^(?P<s>[^,;:]{{1,60}}?) (?:(?:{ADVERBS}) )*(?:{cues}) (?P<v>.+)$"
    texts = (named, cued) if cues else (named,)
    return tuple(re.compile(text, re.IGNORECASE) for text in texts)


@lru_cache(maxsize=8192)
def _read(text: str, subject: str, own: OwnSlot) -> tuple[Slot, ...]:
    owner = normalise_subject(subject)
    return tuple(
        slot
        for clause in clauses(text)
        if len(clause) <= _LONGEST_CLAUSE and believed(clause) and not past(clause)
        for slot in _of_clause(without_time(clause), owner, own)
    )


def _of_clause(clause: str, owner: str, own: OwnSlot) -> Iterator[Slot]:
    plain = _NO_LONGER.sub(" ", clause)
    match = next(filter(None, (pattern.match(plain) for pattern in _patterns(own))), None)
    if match is None:
        return
    told = match.groupdict()
    whose = subject_of(told.get("s") or told.get("o"), owner)
    denied = _NOT.match(told["v"])
    value = _END.split(told["v"][denied.end() :] if denied else told["v"], maxsplit=1)[0].strip()
    normal = normalise_name(name_in(value)) if own.values is Takes.NAME else normalise_value(value)
    if whose is None or not normal or normal in UNRESOLVED or len(normal.split()) > _LONGEST_VALUE:
        return
    if not fits(own.values, value):
        return
    off = denied is not None or plain != clause
    yield Slot(
        subject=whose,
        name=f"{OWN}:{own.name}",
        value=NOT + normal if off else normal,
        single=own.cardinality is Cardinality.ONE,
    )
