"""Change told by naming what ended: `switched from Oakridge to Hillview`, `sold the Canyon`, `replaced the van with a bus`.

Everyday habits (`goes to Oakridge`, `rides a Canyon`, `tracks their stock in a spreadsheet`) fill slots that need no
shipped name: the verb with its preposition. They are loose: two values of one stand side by side until somebody says
that one of them ended. Which slot such a change belongs to is told by the value that ended (`adopted`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from synap.domain.attributes import NOT
from synap.domain.memories import Slot
from synap.domain.normal_forms import UNRESOLVED, USER, is_clause, normalise_value, owned, phrase_stems, subject_of
from synap.domain.terms import stem
from synap.domain.values import Kind, read_values
from synap.domain.wordlists import listed

HABIT = "habit"
"""Slot of something done as a rule, qualified by the verb, its preposition and its object."""

CHANGED = "changed"
"""Slot of a change that does not say what changed; it is known by the value that ended."""

_LONGEST_VALUE = 5
_SUBJECT = r"^(?:(?P<s>[^,;:]{1,40}?)\s)??"
_OFTEN = r"(?:(?:now|currently|also|still|just|recently|finally|usually|always|normally|mostly|often|only|have|has|had|was|were|is|are|am|got|been)\s)*"
_WHAT = r"(?P<{}>(?:(?:my|our|their|his|her|the|an?|some)\s)?[^\s,;:]+(?:\s[^\s,;:]+){{0,4}}?)"
_OLD, _NEW = _WHAT.format("old"), _WHAT.format("new")
_END = r"(?=$|[,;.!]|\s(?:for|in|at|because|since|last|this|on|as|when|after|now|instead|today|yesterday|and|with)\b)"
_DROPPED = (
    r"(?:sold|gave up|given up|quit|left|dropped|cancel(?:l)?ed|ditched|abandoned|got rid of|stopped using|no longer uses?|"
    r"no longer goes? to|stopped going to|retired|scrapped|traded in|unsubscribed from|moved out of|moved away from|"
    r"switched away from|stepped down from|retired from|resigned from|do not use|does not use)"
)
_TAKEN = (
    r"(?:joined|started (?:at|with)|started|went to|moved to|bought|got|adopted|switched to|changed to|took up|chose|use|uses|"
    r"signed up (?:at|for|with)|subscribed to|moved into|go to|goes to|drives?|rides?)"
)
_OVER = r"(?:switched|changed|moved|went|transferred|converted|migrated|transitioned|upgraded|downgraded|shifted)"
_CHANGES = tuple(
    re.compile(_SUBJECT + _OFTEN + phrase, re.IGNORECASE)
    for phrase in (
        rf"{_OVER}(?: (?!to\b|from\b)[\w' -]{{1,30}}?)?(?: over)? from {_OLD} (?:over )?to {_NEW}{_END}",
        rf"{_OVER}(?: (?!to\b|from\b)[\w' -]{{1,30}}?)?(?: over)? to {_NEW} from {_OLD}{_END}",
        rf"(?:replaced|substituted|superseded) {_OLD} (?:with|by) {_NEW}{_END}",
        rf"(?:swapped|traded|exchanged|left|quit|dropped|ditched|abandoned|gave up|traded in) {_OLD} (?:for|in favou?r of) {_NEW}{_END}",
        rf"{_DROPPED} {_OLD}(?:,| and| so)?(?: (?:i|we|they|he|she|the user))?(?: (?:have|has|now|then|just|instead))* {_TAKEN} {_NEW}{_END}",
        rf"(?:uses?|takes?|drives?|rides?|goes to|go to|works? with|chose|picked) {_NEW} (?:instead of|rather than|in place of) {_OLD}{_END}",
        rf"{_DROPPED} {_OLD}{_END}",
    )
)
_REPLACED = re.compile(
    rf"^{_OLD} (?:was|were|has been|have been|is|got) (?:now )?(?:replaced|superseded|succeeded) (?:by|with) {_NEW}{_END}",
    re.IGNORECASE,
)
_CHANGING = re.compile(
    rf"\b(?:{_OVER}|replaced|substituted|superseded|succeeded|swapped|traded|exchanged|left|quit|dropped|ditched|abandoned|"
    r"gave up|given up|sold|cancel(?:l)?ed|got rid of|stopped|no longer|retired|scrapped|unsubscribed|stepped down|resigned|"
    r"instead of|rather than|in place of|(?:do|does) not use)\b",
    re.IGNORECASE,
)
"""Words without which no pattern of a change can match, so that most clauses are spared the search."""

_PREPOSITION = r"(?:at|in|to|with|from|through|via|into|on|for|by)"
_ITS_VALUE = (
    r"(?P<v>(?:(?:the )?(?-i:[A-Z])[\w.&'\u2019+-]*(?: (?!LATER)(?:of |the |de |& |and )?[\w.&'\u2019+-]+){0,3}"
    r"|(?:an?|the) [\w'\u2019-]+(?: (?!LATER)[\w'\u2019-]+){0,2}))"
).replace("LATER", r"(?:now|these|nowadays|again|instead|today|every|each|on|in|at|with|for)\b")
_WHOSE = (
    r"^(?P<s>i|we|the user(?: and others)?|(?:my|our|the user's) [\w-]+|(?-i:[A-Z])[\w'\u2019-]*(?: (?-i:[A-Z])\w+)?) "
)
_HABITS = (
    re.compile(
        rf"{_WHOSE}(?:(?:now|currently|also|still|usually|always|normally|mostly|often|only) )*"
        rf"(?P<verb>[a-z]{{2,14}})(?: (?P<what>(?:my|our|their|his|her|the|all) [\w-]+(?: [\w-]+)?|[a-z]{{3,14}}))? "
        rf"(?P<prep>{_PREPOSITION}) {_ITS_VALUE}(?P<later> now| these days| nowadays| instead)?(?: again)?$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_WHOSE}(?:(?:now|currently|also|still|usually|always|normally|mostly|often|only) )*"
        r"(?P<verb>rides?|drives?|wears?|owns?|plays?|rents?|leases?|flies|fly|smokes?|drinks?|takes?|carries|carry|reads?|uses?) "
        rf"{_ITS_VALUE}(?P<later> now| these days| nowadays| instead)?(?: again)?$",
        re.IGNORECASE,
    ),
)
_NO_HABITS = frozenset(
    listed(
        """
        is are am was were be been has have had does do did went came come got get will would can could may might must
        should shall let make made said say told tell asked ask want wants wish hope like likes love loves hate hates
        need needs seem seems feel feels look looks mean means think thinks know knows met ate saw sat ran drove flew
        wrote bought sold built caught taught thought found felt held kept left lost paid sent slept spent spoke stood
        took understood wore won began broke brought chose drew fell forgot gave grew heard hid knew lay led lent rang
        rode rose sang shook shot showed stole swam threw woke
        """
    )
)
_WHERE = frozenset({"", "at", "in", "to", "from"})
"""Prepositions of a place that one has at a time, so that `now` tells that it took another's place."""
_EVENTFUL = frozenset({Kind.CLOCK, Kind.HOURS, Kind.WEEKDAY, Kind.DATE, Kind.MONTH, Kind.YEAR, Kind.DURATION})
_NAMES = frozenset({CHANGED, "tool", "employer"})
"""Slots under which a change may be entered that turns out to be one of another slot."""


def change_of(clause: str, owner: str) -> Iterator[Slot]:
    """Yield what a clause says that ended, and what took its place, where it names both or at least the first."""
    if _CHANGING.search(clause) is None:
        return
    passive = _REPLACED.match(clause)
    match = passive or next(filter(None, (pattern.match(clause) for pattern in _CHANGES)), None)
    if match is None:
        return
    told = match.groupdict()
    subject = owner if passive else subject_of(told.get("s"), owner)
    old, new = _value(told["old"]), _value(told.get("new") or "")
    if subject is None or not old or old == new:
        return
    if owned(told.get("s") or ""):
        subject = subject_of(owned(told["s"]), owner) or owner
    if new:
        yield Slot(subject=subject, name=CHANGED, value=new)
    yield Slot(subject=subject, name=CHANGED, value=NOT + old)


def habit_of(clause: str, owner: str) -> Iterator[Slot]:
    """Yield what a clause tells that somebody does as a rule, with whom, where or with what."""
    match = next(filter(None, (pattern.match(clause) for pattern in _HABITS)), None)
    if match is None or match["verb"].casefold() in _NO_HABITS or match["verb"].casefold().endswith(("ed", "ing")):
        return
    subject, value = subject_of(match["s"], owner), _value(match["v"])
    told = match.groupdict()
    if subject is None or not value or {found.kind for found in read_values(match["v"])[0]} & _EVENTFUL:
        return
    parts = (stem(match["verb"].casefold()), told.get("prep") or "", phrase_stems(told.get("what") or ""))
    changed = bool(told["later"]) and parts[1] in _WHERE
    yield Slot(subject=subject, name=f"{HABIT}:{' '.join(filter(None, parts))}", value=value, single=changed)


def adopted(slots: Sequence[Slot], known: Iterable[Slot]) -> tuple[Slot, ...]:
    """Return the slots of a change under the name of the one known slot whose value they say ended; else unchanged.

    A slot is the one meant where its subject is the same and its value is what ended, more or less exactly told; with
    none or several such slots nothing is assumed.
    """
    ended = [slot for slot in slots if slot.name in _NAMES and slot.value.startswith(NOT)]
    if not ended:
        return tuple(slots)
    believed = [slot for slot in known if not slot.value.startswith(NOT)]
    for end in ended:
        value = end.value.removeprefix(NOT)
        fitting = {
            slot.key: slot for slot in believed if _may_be(slot.subject, end.subject) and _same(slot.value, value)
        }
        if any(key == end.key for key in fitting) or len(fitting) != 1:
            continue
        found = next(iter(fitting.values()))
        return tuple(_renamed(slot, found) if slot.key == end.key else slot for slot in slots)
    return tuple(slots)


def _may_be(subject: str, other: str) -> bool:
    return subject == other or {subject, other} <= {USER, "team", "family"}


def _renamed(slot: Slot, found: Slot) -> Slot:
    if slot.value.startswith(NOT):
        return replace(slot, subject=found.subject, name=found.name, section=found.section)
    return replace(slot, subject=found.subject, name=found.name, section=found.section, single=True)


def _same(known: str, told: str) -> bool:
    """Whether a value is the one told: its words, or some of them (`oakridge` of `oakridge primary school`)."""
    ours, theirs = set(known.split()), set(told.split())
    return bool(theirs) and (theirs <= ours or ours <= theirs)


def _value(text: str) -> str:
    plain = owned(text) or re.sub(r"^(?:their|his|her|its)\s+", "", text.strip(), flags=re.IGNORECASE)
    value = normalise_value(plain)
    words = value.split()
    if not words or len(words) > _LONGEST_VALUE or words[0] in UNRESOLVED or is_clause(text):
        return ""
    return value


_STOPPED = re.compile(
    r"^(?P<s>[^,;:]{1,40}?) (?:(?:has|have|had|also|finally|just|recently) )*"
    r"(?:(?:no longer|stopped|quit|gave up|given up|is done with|are done with) |(?P<denied>(?:does|do) not ))"
    r"(?P<verb>(?-i:[a-z])[a-z]{2,20})\b(?P<what>[^,;:.!?]*)",
    re.IGNORECASE,
)
_ANY_MORE = re.compile(r"\b(?:any ?more|any longer)\b", re.IGNORECASE)
_DOES = re.compile(
    r"(?: and others)? (?:(?:now|currently|also|still|usually|always|normally|mostly|often|regularly|sometimes) )*"
    r"(?P<verb>(?-i:[a-z])[a-z]{2,20})\b",
    re.IGNORECASE,
)


_GAVE_UP = re.compile(
    r"^(?P<s>[^,;:]{1,40}?) (?:(?:has|have|had|also|finally|just|recently) )*"
    r"(?:gave up|given up|quit|swore off|sworn off|cut out|came off|went off|is done with|are done with|is off|is through with)"
    r" (?:(?:on|all|the|their) )*(?P<what>[^,;:.!?]{2,40}?)(?: (?:entirely|altogether|completely|for good|last \w+|in \w+|\w+ ago))*$",
    re.IGNORECASE,
)
_PRACTISED = frozenset(
    map(
        stem,
        listed(
            "drinks eats smokes plays takes uses does practises practices watches follows orders chews vapes trains runs reads buys"
        ),
    )
)
"""What one does with what one can give up; who gives up coffee may still own a coffee shop."""


def _gave_up(newer: str, older: str) -> bool:
    """Whether a text says that somebody gave up something that another text says they do or take as a rule."""
    end = _GAVE_UP.match(newer)
    if end is None:
        return False
    who = end["s"].casefold().removesuffix(" and others")
    does = _DOES.match(older, len(who)) if older.casefold().startswith(who) else None
    if does is None or stem(does["verb"].casefold()) not in _PRACTISED:
        return False
    named = set(phrase_stems(end["what"]).split())
    return bool(named) and named <= set(phrase_stems(older[does.end() :]).split())


def stopped(newer: str, older: str) -> bool:
    """Whether a text says that somebody ceased to do what another text says they do (`no longer smokes`, `smokes a pipe`).

    Who it is must be said in the same words, the verb be the same, and everything the end names be part of what was
    done: who stopped drinking coffee may still drink tea.
    """
    if _gave_up(newer, older):
        return True
    end = _STOPPED.match(newer)
    if end is None or (end["denied"] and not _ANY_MORE.search(newer)) or _STOPPED.match(older):
        return False
    who = end["s"].casefold().removesuffix(" and others")
    does = _DOES.match(older, len(who)) if older.casefold().startswith(who) else None
    if does is None or stem(does["verb"].casefold()) != stem(end["verb"].casefold()):
        return False
    named = phrase_stems(_ANY_MORE.sub("", end["what"])).split()
    return set(named) <= set(phrase_stems(older).split())
