"""Changes that share no slot with what they end: `refinanced the mortgage with Y` after `the mortgage is with X`.

A statement that tells a change (a verb of change, `now`, `instead`, `again`) takes the place of one that settles a value of
the same kind on the same topic. Kinds are figures, codes, ordinals, colours, alternatives and names; the topic is what
remains of both without values, verbs of change and who brought the change about. Between two known statements that fit
nothing is assumed: that is for the caller to see.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from synap.domain.attributes import NOT
from synap.domain.clauses import believed
from synap.domain.conflicts import all_slots
from synap.domain.exclusion import loose, values_exclude
from synap.domain.gists import gist_of
from synap.domain.givens import tail
from synap.domain.memories import MemoryType, Modality, Statement
from synap.domain.readings import Reading
from synap.domain.slot_table import ACQUAINTANCES, BY_NAME, KIN_AND_PEOPLE
from synap.domain.terms import stem
from synap.domain.values import Kind
from synap.domain.wordlists import listed

_CHANGES = frozenset(
    listed(
        """
        changed switched swapped moved relocated transferred migrated upgraded downgraded raised increased lowered reduced
        cut bumped doubled tripled halved quadrupled extended shortened postponed rescheduled reassigned assigned renamed
        repainted painted dyed refinanced replaced elected appointed promoted demoted became grew shrank rose fell dropped
        climbed updated reset set adjusted converted put shifted rebranded revised renegotiated named passed jumped slid
        expanded redecorated rewrote went gone grown risen fallen put sank slimmed advanced reached hit
        """
    )
)
"""Past forms: a change that is only meant to happen ends nothing."""
_MARKER = re.compile(
    r"\b(?:now(?! and)|nowadays|these days|instead|from now on|from here on|meanwhile|again|(?:is|are|am) back|"
    r"(?:is|are|am|at) (?:up|down) to|(?:is|are|am) at(?= [\d.,]+\b)|took over|has taken over|new|(?:had|got) (?:their|the|my|our) [\w' -]{2,30}? \w{3,}ed)\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"^(?!the user|i\b|we\b).{3,60}? will (?:be|take place|start|begin|happen)\b(?=.* instead\b)", re.IGNORECASE
)
"""What is arranged anew for something that is to come is settled, as the old arrangement was."""
_NOT_TOLD = re.compile(
    r"\b(?:not|never|no|nobody|refused?|declined|failed|tried|tries|offered|almost|nearly|wants?|wanted|plans?|planned|hopes?|will|"
    r"also|too|as well|besides|another|(?:an?|my|our|their|the user's) second|additional|extra|temporarily|for (?:now|a while|the moment|today|tonight)|"
    r"this (?:week|month|weekend)|today|tonight|next to|compared|used to|each|every|once|sometimes|usually)\b",
    re.IGNORECASE,
)
_AGENT = re.compile(
    r"^(?:(?:the user's|my|our|the|a|an) )?(?P<who>[\w-]+(?: [\w-]+)?) (?:has |have |just |recently )*$", re.IGNORECASE
)
_IS = re.compile(
    r"^(?P<s>[^,;:]{3,60}?) (?:is|are)(?: (?P<prep>about|in|on|at|under|with|from|called|named))? (?P<v>[^,;:]{2,40})$",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\b(?:now|nowadays|these days|again|back|instead)\b ?| +$", re.IGNORECASE)
_PERSON = re.compile(r"(?!The\b|Our\b|My\b)[^\W\d_a-z][\w'\u2019-]*(?: [^\W\d_a-z][\w'\u2019-]*)*\b")
_KIN = frozenset(map(stem, KIN_AND_PEOPLE | ACQUAINTANCES))
_LIGHT = frozenset(
    map(
        stem,
        listed(
            """
            be is are am was were have has had do does did take takes took keep keeps kept run runs ran go goes went make
            makes made get gets got put puts use uses live lives work works pay pays paid cost costs other others call
            called stand stands stood lie lies say rate total amount number figure price level date day month year week
            currently around exactly about whole current old previous new same all whole day daily decide decided
            """
        ),
    )
)


def turned(newer: Statement, older: Statement) -> bool:
    """Whether a statement tells that what another one says has changed to another value, though they share no slot."""
    if newer.valid_until is not None or not (_tells(newer) and _settled(older)):
        return False
    changing = [reading for reading in gist_of(newer).readings if _changes(reading.text)]
    if not changing or any(slot.value.startswith(NOT) for slot in newer.slots):
        return False  # what says itself what ended is known by that
    deeds = older.type is MemoryType.EPISODE  # of which each may have its own figures
    return _same_attribute(newer, older) or any(
        _turned(mine, other, counted=not deeds) for mine in changing for other in gist_of(older).readings
    )


def _same_attribute(newer: Statement, older: Statement) -> bool:
    """Whether both fill one plain attribute, of which nobody said that there is one value, differently."""
    return any(
        mine.key == other.key
        and not loose(mine)
        and mine.attribute not in BY_NAME
        and values_exclude(replace(mine, single=True), replace(other, single=True))
        for mine in all_slots(newer)
        for other in all_slots(older)
    )


def _tells(statement: Statement) -> bool:
    kinds = (MemoryType.FACT, MemoryType.EPISODE, MemoryType.PREFERENCE, MemoryType.TEMPORAL_EVENT)
    arranged = statement.modality is Modality.PLANNED and _INSTEAD.search(statement.content) is not None
    return (statement.modality is Modality.ASSERTED or arranged) and statement.type in kinds and statement.positive


def _settled(statement: Statement) -> bool:
    """Whether a statement says how things are, or how they became before."""
    if statement.modality is not Modality.ASSERTED or statement.verbatim:
        return False
    became = statement.type is MemoryType.EPISODE and any(_changes(one.text) for one in gist_of(statement).readings)
    return statement.type in (MemoryType.FACT, MemoryType.PREFERENCE) or became


@lru_cache(maxsize=4096)
def _changes(clause: str) -> bool:
    """Whether a clause tells a change that took place."""
    if not believed(clause) or _NOT_TOLD.search(_INSTEAD.sub("", clause)):
        return False
    return bool(_MARKER.search(clause)) or any(word in _CHANGES for word in clause.casefold().split())


def _turned(mine: Reading, other: Reading, *, counted: bool) -> bool:
    if mine.foreign is not other.foreign or other.aside or _NOT_TOLD.search(other.text) or _restricted(mine, other):
        return False
    ours, theirs = mine.given, other.given
    if (said := _predicate(mine.text)) and (before := _predicate(other.text)):
        people = mine.foreign or other.foreign
        alike = said[1] == before[1] and (not people or said[2].split()[-1:] == before[2].split()[-1:])
        if alike and said[2] != before[2] and _one_within(_stems(said[0]), _stems(before[0])):
            return True
    if _elsewhere(mine, other):
        return True
    for kind in ours.keys() & theirs.keys():
        new, old = ours[kind] - theirs[kind], theirs[kind] - ours[kind]
        if not new or not old or (kind != "name" and ours[kind] & theirs[kind]):
            continue
        if kind == "figure" and not (counted and _counted_alike(mine, other)):
            continue
        if _same_topic(mine, other, new=new, old=old):
            return True
    return False


def _elsewhere(mine: Reading, other: Reading) -> bool:
    """Whether the one thing that both tell of is in another place, or done by somebody else, than it was."""
    ours, theirs = tail(_ASIDE.sub("", mine.text).strip()), other.tail
    if ours is None or theirs is None or ours[0] != theirs[0] or ours[1] & theirs[1]:
        return False
    return _same_topic(mine, other, new=ours[1], old=theirs[1])


def _predicate(clause: str) -> tuple[str, str, str] | None:
    """Return subject, preposition and the rest of `the thesis is about lichens`, or None."""
    match = _IS.match(_ASIDE.sub("", clause))
    if match is None:
        return None
    where = (match["prep"] or "").casefold()
    return match["s"], "in" if where in ("on", "at", "in", "under") else where, match["v"].casefold().strip()


def _stems(phrase: str) -> frozenset[str]:
    return Reading(phrase).stems | Reading(f"x {phrase}").named


def _one_within(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return bool(ours and theirs) and (ours <= theirs or theirs <= ours)


def _counted_alike(mine: Reading, other: Reading) -> bool:
    """Whether two clauses count or measure one thing: their nouns agree, or one clause names what the other counts."""
    ours = {value.noun for value in mine.values if value.kind is Kind.NUMBER and value.noun}
    theirs = {value.noun for value in other.values if value.kind is Kind.NUMBER and value.noun}
    if not ours or not theirs or ours & theirs:
        return True
    return bool({stem(noun) for noun in theirs} & mine.stems or {stem(noun) for noun in ours} & other.stems)


def _restricted(mine: Reading, other: Reading) -> bool:
    ours, theirs = dict(mine.restrictions), dict(other.restrictions)
    return any(ours[key] != theirs[key] for key in ours.keys() & theirs.keys())


def _same_topic(mine: Reading, other: Reading, *, new: frozenset[str], old: frozenset[str]) -> bool:
    """Whether all that one of two clauses is about, the other is about as well: at least one thing."""
    ours, theirs = _topic(mine, new), _topic(other, old)
    shared = ours & theirs
    if not shared - _who(mine.text) - _who(other.text):
        return False
    return not (theirs - ours) or not (ours - _agents(mine.text) - theirs)


def _topic(reading: Reading, values: frozenset[str]) -> frozenset[str]:
    said = {stem(word) for value in values for word in value.split()} | values
    changing = {root for word, root in reading.words if word in _CHANGES}
    return (reading.stems | reading.named) - said - changing - _LIGHT


@lru_cache(maxsize=4096)
def _who(clause: str) -> frozenset[str]:
    """Return the stems of the person that a clause is about: to have one person in common is no common topic."""
    match = _PERSON.match(clause)
    return frozenset(map(stem, match[0].casefold().split())) | _KIN if match else _KIN


@lru_cache(maxsize=4096)
def _agents(clause: str) -> frozenset[str]:
    """Return the stems of who brought the change about (`my doctor doubled the dose`)."""
    place = next((m.start() for m in re.finditer(r"[\w-]+", clause) if m[0].casefold() in _CHANGES), None)
    agent = _AGENT.match(clause[:place]) if place else None
    return frozenset(map(stem, agent["who"].casefold().split())) if agent else frozenset()
