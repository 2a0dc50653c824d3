"""Statements that leave out what they are about: `make it 300 for the party` after `the party budget is 250`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from synap.domain.clauses import believed, clauses
from synap.domain.memories import Slot, Statement
from synap.domain.normal_forms import phrase_stems
from synap.domain.values import Kind, Value, read_values

_NEW_VALUE = re.compile(
    r"\b(?:make|raise|change|set|increase|lower|reduce|cut|move|push|update|put) (?:it|that|this|them)(?: to| at| up "
    r"to)?\b"
    r"|\b(?:can|could|will) (?:now )?(?:go|stretch) (?:up |down )?to\b|\b(?:it|that) is now\b|\blet us (?:say|make "
    r"it)\b"
    r"|\bup to\b",
    re.IGNORECASE,
)
_AMOUNTS = frozenset({Kind.NUMBER, Kind.MONEY})


def completed(statement: Statement, known: Iterable[Slot]) -> Statement:
    """Return `statement` with the slot that it gives a new value, if exactly one known slot fits; else unchanged.

    `known` is read only where the wording calls for it. A slot fits where the statement names what the slot is
    restricted to (`party`), and its value is of the same kind.
    """
    if statement.slots or not _NEW_VALUE.search(statement.content):
        return statement
    slots = tuple(known)
    for clause in clauses(statement.content):
        values = read_values(clause)[0]
        if len(values) != 1 or not _NEW_VALUE.search(clause) or not believed(clause.replace("could", "can")):
            continue
        words = set(phrase_stems(clause).split())
        fitting = {slot.key: slot for slot in slots if _fits(slot, words, values[0])}
        if len(fitting) == 1:
            slot = next(iter(fitting.values()))
            value = f"{values[0].value} {values[0].noun}".strip()
            return replace(statement, slots=(replace(slot, value=value),))
    return statement


_MOVED = re.compile(
    r"\b(?:extended|moved|postponed|rescheduled|shifted|brought forward|pushed|delayed|raised|increased|lowered|reduced|cut|"
    r"changed|set|went up|went down|rose|fell|dropped|grew|is now|are now|now)\b",
    re.IGNORECASE,
)


def requalified(statement: Statement, slots: tuple[Slot, ...], known: Iterable[Slot]) -> tuple[Slot, ...]:
    """Return slots to which a change gives a new value under the fuller or shorter name by which one of them is known.

    `the grant deadline was extended` means the deadline of the grant application where no other deadline of a grant is
    known. `known` is read only where the wording tells a change.
    """
    told = [slot for slot in slots if slot.single and ":" in slot.name]
    if not told or not _MOVED.search(statement.content):
        return slots
    single = {slot.key: slot for slot in known if slot.attribute in {one.attribute for one in told}}
    found = {slot.key: name for slot in told if (name := _known_name(slot, single.values())) is not None}
    return tuple(replace(slot, name=found.get(slot.key, slot.name)) for slot in slots)


def _known_name(slot: Slot, known: Iterable[Slot]) -> str | None:
    mine = set(slot.name.partition(":")[2].split())
    names: set[str] = set()
    for other in known:
        if (other.subject, other.section, other.attribute) != (slot.subject, slot.section, slot.attribute):
            continue
        if other.name == slot.name:
            return None
        theirs = set(other.name.partition(":")[2].split())
        if theirs and (mine <= theirs or theirs <= mine):
            names.add(other.name)
    return names.pop() if len(names) == 1 else None


def _fits(slot: Slot, words: set[str], value: Value) -> bool:
    """Whether a slot is the one meant: single, restricted to something the words name, and of the value's kind."""
    qualifier = set(slot.name.partition(":")[2].split())
    if not slot.single or not qualifier or not qualifier <= words:
        return False
    now = slot.value.split()
    if value.kind in _AMOUNTS:
        return now[0].replace(".", "", 1).isdecimal() and (not value.noun or len(now) == 1 or now[1] == value.noun)
    return any(other.kind is value.kind for other in read_values(slot.value)[0])
