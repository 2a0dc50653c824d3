"""Speakers who tell their names: `my name is Ada Byron`, `I'm Ada Byron`, `Hi, this is Ada`.

A capitalised complement of `I am` is only taken for a name where it cannot be an origin, a belief, a sign of the zodiac
or a job title; one word alone counts after a greeting only.
"""

from __future__ import annotations

import re

from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import TELEGRAPHIC_ADJECTIVES
from synap.ingestion.lexicon.feelings import FEELINGS
from synap.ingestion.lexicon.sets import word_set

_NAME = r"[A-Z][\w'\u2019-]+(?:\s(?:(?:van|von|de|da|di|del|der|bin|al|la|le)\s)*[A-Z][\w'\u2019-]+){0,3}"
_ENDS = r"(?=\s*(?:[.,;!\n\u2013—(]|and\b|but\b|from\b|with\b|here\b|by the way\b|$))"
_AM = r"(?:I['\u2019]?m|I am)"
_GREETED = re.compile(
    rf"(?:\b(?:[Mm]y (?:full |first )?name(?: is|['\u2019]s)|[Nn]ame['\u2019]s)|(?:^|\n)(?:[Hh]i|[Hh]ello|[Hh]ey)"
    rf"(?: there| all| everyone)?[,!. ]+(?:{_AM}|this is|it['\u2019]s))\s+(?P<name>{_NAME}){_ENDS}"
)
_INTRODUCED = re.compile(rf"(?:^|[\n.!?]\s*){_AM}\s+(?P<name>{_NAME}){_ENDS}")
_NAMING = re.compile(
    rf"(?P<own>(?:[Mm]y (?:full |first )?|(?:[Tt]he )?)[Nn]ame(?: is|['\u2019]s)|I am (?:called|named)|(?:[Tt]his|[Ii]t) is|I am)\s+"
    rf"(?P<name>{_NAME})[\s.!]*"
)
_WITH_MORE = re.compile(rf"I am (?P<name>{_NAME}),?\s+(?P<more>(?:an?|the|from|in|at|with|your|one of)\b.+)", re.DOTALL)
_ORIGINS = word_set("""
    african american asian european australian austrian belgian brazilian british canadian chilean cuban egyptian
    ethiopian filipino georgian ghanaian indian iranian iraqi israeli jamaican jordanian kenyan lebanese mexican moroccan
    nepali nigerian pakistani palestinian peruvian polynesian scottish singaporean swiss syrian taiwanese tunisian
    ugandan venezuelan colombian argentinian argentine texan californian londoner parisian berliner yorker zealander
    lankan rican arab arabian caribbean hispanic latino latina kiwi aussie brit scot
    catholic christian jewish muslim buddhist hindu sikh protestant lutheran methodist baptist anglican orthodox mormon
    quaker atheist agnostic roman greek south north east west central southern northern eastern western native saudi
    aries taurus gemini cancer leo virgo libra scorpio sagittarius capricorn aquarius pisces gen millennial boomer
    """)
_TITLES = word_set("""
    lead head chief vice president manager director engineer officer chair founder co-founder owner partner captain
    ceo cto cfo coo vp team senior junior assistant associate professor doctor nurse teacher developer designer analyst
    consultant architect coordinator specialist editor producer treasurer secretary supervisor sergeant lieutenant
    republican democrat slytherin gryffindor hufflepuff ravenclaw batman santa
    """)
_NO_NAMES = _ORIGINS | _TITLES | lexicon.LANGUAGES | TELEGRAPHIC_ADJECTIVES | lexicon.NOT_NAMES


def own_name(text: str) -> str | None:
    """Return the name that a speaker gives in a turn, or None."""
    greeted = _GREETED.search(text)
    if greeted:
        return greeted["name"] if _plausible(greeted["name"]) else None
    introduced = _INTRODUCED.search(text)
    return introduced["name"] if introduced and _full(introduced["name"]) else None


def name_told(clause: str, known: str) -> str | None:
    """Return the name that a clause consists in telling, or None.

    Args:
        clause: It, contractions written out.
        known: The speaker's name as far as it is known; what it already holds counts with one word as well.
    """
    told = _NAMING.fullmatch(clause)
    if told is None:
        return None
    name, own = told["name"], told["own"].casefold()
    familiar = set(name.casefold().split()) <= set(known.casefold().split())
    if own.endswith(("name is", "name's", "name\u2019s", "called", "named")):
        return name if _plausible(name) or familiar else None
    return name if familiar or (own == "i am" and _full(name)) else None


def introduction(clause: str, known: str) -> tuple[str, str] | None:
    """Return `I am Ada Byron, a potter from Taos` as the two statements that it makes, or None for other clauses."""
    found = _WITH_MORE.fullmatch(clause)
    if found is None or name_told(f"I am {found['name']}", known) is None:
        return None
    return f"I am {found['name']}", f"I am {found['more']}"


def _full(name: str) -> bool:
    return len(name.split()) > 1 and _plausible(name)


def _plausible(name: str) -> bool:
    words = [word.casefold() for word in name.split()]
    return not any(word in _NO_NAMES or word in FEELINGS for word in words)
