"""Corrections inside a document: "Sorry, I meant Tuesday", "8, not 6", "not in May but in June"."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from synap.domain.attributes import NOT
from synap.domain.memories import Statement
from synap.domain.normal_forms import normalise_value
from synap.ingestion import verbs
from synap.ingestion.dates import find_dates
from synap.ingestion.shapes import analyse, is_name, words_of
from synap.ingestion.tenses import Tense

_NOT_BUT = re.compile(r"\bnot\s+(?P<old>[^,.;]{1,40}?),?\s+but\s+(?:rather\s+)?(?P<new>[^,.;]{1,60})", re.IGNORECASE)
_DID_NOT_BUT = re.compile(
    r"(?P<who>.{1,60}?) (?P<do>do|does|did) not (?P<verb>[a-z]+) (?P<where>(?:in|at|on|for|to|with|from|by) )?(?P<old>[^,.;]{1,40}?),? but "
    r"(?:rather )?(?P<new>[^,.;]{1,60})(?P<rest>.*)",
    re.IGNORECASE,
)
_COMMA_NOT = re.compile(
    r"(?:,\s*|\s+(?=not\b))(?:and\s+)?(?:not|rather than)\s+(?P<old>(?:the |a |an |in |on |at |for )?[\w$€£%.:'\u2019-]+(?:\s[\w%'\u2019-]+){0,2})\s*[.!]*$",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"[$€£]?\d[\d,.]*\s?(?:%|k\b|m\b|kg|km|cm|am\b|pm\b)?"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|hundred)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 7
_TOPIC = r"(?P<topic>(?:my|our|the) [^,;:]{2,60}?)"
_APPOSED = re.compile(
    rf"(?:it|that|this) (?:is|was|will be|should be|has to be) (?P<value>[^,;:]{{1,60}}?)\s*(?:,|\s[\u2013—-])\s*{_TOPIC}[\s.!]*",
    re.IGNORECASE,
)
_FOR_TOPIC = re.compile(
    rf"(?:(?:it|that) (?:is|was|should be) )?(?P<value>[^,;:]{{1,40}}?) for {_TOPIC}[\s.!]*", re.IGNORECASE
)
_MEANT = re.compile(
    r"\b(?:I (?:meant|mean)|I (?:was|am) talking about|make that|that should (?:be|have been)|it should (?:be|have been))"
    r"(?: to say)? (?P<what>(?!it\b|that\b|to\b|well\b|no\b|what\b)[^,;:?]+?)[\s.!]*$",
    re.IGNORECASE,
)
_MOST_VALUE_WORDS = 6
_ADMITTING = re.compile(
    r"(?:(?:sorry|oops|well|so|and|oh|actually|I think),? )*I (?:(?:was|am|got it|had it) (?:wrong|mistaken)|(?:gave|told|sent|have given|have told) you (?:the|a) wrong"
    r"|(?:got|had|mixed up|confused|misremembered|misstated|mistyped|misspelled) (?:the|my|our|that|it)\b|made (?:a|an) (?:mistake|error|typo))",
    re.IGNORECASE,
)


def without_old_value(clause: str) -> tuple[str, str]:
    """Return the clause with the value it denies taken out, and that value ("" where it denies none).

    `my team has 8 engineers, not 6` gives `my team has 8 engineers` and `6`; `it starts not in May but in June` gives
    `it starts in June` and `in May`.
    """
    contrast = _NOT_BUT.search(clause)
    done = _DID_NOT_BUT.match(clause)
    if done and verbs.is_base(done["verb"].casefold()) and analyse(done["new"]).verb < 0:
        verb = done["verb"].casefold()
        told = {"do": verb, "does": verbs.third_person(verb), "did": verbs.past(verb)}[done["do"].casefold()]
        where = done["where"] or ""
        again = where if where and not done["new"].casefold().startswith(where.casefold().strip()) else ""
        return f"{done['who']} {told} {again}{done['new']}{done['rest']}", f"{where}{done['old']}".strip()
    if (
        contrast
        and not re.match(r"(?:only|just|merely|simply)\b", contrast["old"], re.IGNORECASE)
        and analyse(contrast["new"]).verb < 0
    ):
        return clause[: contrast.start()] + contrast["new"] + clause[contrast.end() :], contrast["old"]
    denied = _COMMA_NOT.search(clause)
    if denied and "," in denied[0] and len(words_of(clause[: denied.start()])) >= 3:  # noqa: PLR2004 - subject, verb, value
        return clause[: denied.start()], denied["old"]
    return clause, ""


def contrasts(text: str) -> bool:
    """Whether a text puts a right value against a wrong one (`not Tuesday but Thursday`)."""
    return _NOT_BUT.search(text) is not None


def says_a_value(sentence: str) -> bool:
    """Whether a correction that fits no statement at hand still tells what is right: a figure, or what was meant."""
    return any(word.text[0].isdigit() for word in words_of(sentence)) or bool(fragment_of(sentence))


def admits(clause: str) -> bool:
    """Whether a clause only says that something said before was wrong ("I gave you the wrong number")."""
    return _ADMITTING.match(clause) is not None


def fragment_of(sentence: str) -> str:
    """Return what a sentence says was meant (`Vietnamese food`), or ""."""
    meant = _MEANT.search(sentence)
    return meant["what"].strip(" .!") if meant and len(words_of(meant["what"])) <= _MOST_VALUE_WORDS else ""


def denying(statement: Statement, denied: str) -> Statement:
    """Return a statement that also says of its slots that they do not have the value it denies ("" for none)."""
    old = normalise_value(denied)
    if not old:
        return statement
    ended = tuple(
        replace(slot, value=NOT + old, single=False)
        for slot in statement.slots
        if not slot.value.startswith(NOT) and slot.value != old
    )
    return replace(statement, slots=(*statement.slots, *ended))


def topic_and_value(fragment: str) -> tuple[str, str] | None:
    """Return what a correction is about and the right value, where it says both; contractions written out.

    `it is 13 May, my daughter's birthday` gives `my daughter's birthday` and `13 May`, and so does `it is not 3 but 13
    May, my daughter's birthday`.
    """
    fragment, _ = without_old_value(fragment)
    match = _APPOSED.fullmatch(fragment) or _FOR_TOPIC.fullmatch(fragment)
    if match is None or len(words_of(match["value"])) > _MOST_VALUE_WORDS or analyse(match["value"]).verb >= 0:
        return None
    return match["topic"], match["value"]


def value_and_reason(fragment: str) -> tuple[str, str]:
    """Return the right value and what is told besides: `three, I forgot the stray`; the second "" where there is nothing.

    A value is a few words without a verb.
    """
    value, comma, rest = fragment.partition(",")
    told = comma and len(words_of(rest)) > 2 and analyse(rest.strip()).verb >= 0  # noqa: PLR2004 - subject, verb, more
    bare = len(words_of(value)) <= _MOST_VALUE_WORDS and analyse(value).verb < 0
    return (value.strip(), rest.strip()) if told and bare else (fragment, "")


def corrected(earlier: str, fragment: str, anchor: datetime | None) -> str | None:
    """Return the earlier clause with the value that a fragment corrects, or None where it is not certain which one.

    A date takes the place of a date, an amount of an amount, a name of a name; there must be just one of its kind.
    """
    fragment, _ = without_old_value(f"x x x {fragment}")
    fragment = fragment.removeprefix("x x x ").strip(" .!,")
    if not fragment or len(words_of(fragment)) > _MOST_WORDS:
        return None
    for places in (_dates, _amounts, _names):
        new, old = places(fragment, anchor), places(earlier, anchor)
        if len(new) == 1 and old:
            if len(old) > 1:
                return None
            (start, end), (new_start, new_end) = old[0], new[0]
            return earlier[:start] + fragment[new_start:new_end] + earlier[end:]
    return None


def _dates(text: str, anchor: datetime | None) -> list[tuple[int, int]]:
    return [(span.core_start, span.core_end) for span in find_dates(text, anchor, Tense.PRESENT)]


def _amounts(text: str, _anchor: datetime | None) -> list[tuple[int, int]]:
    return [(m.start(), m.end() - (len(m[0]) - len(m[0].rstrip(" .,")))) for m in _AMOUNT.finditer(text)]


def _names(text: str, _anchor: datetime | None) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for word in words_of(text):
        if not is_name(word.text):
            continue
        if runs and not text[runs[-1][1] : word.start].strip():
            runs[-1] = (runs[-1][0], word.end)
        else:
            runs.append((word.start, word.end))
    return runs
