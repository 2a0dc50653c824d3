"""Plain clauses of a statement: contractions written out, interjections taken off, and what is not to be believed."""

from __future__ import annotations

import re
from functools import lru_cache

_CONTRACTIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), full)
    for pattern, full in (
        (r"\bcan['\u2019]t\b", "can not"),
        (r"\bcannot\b", "can not"),
        (r"\bwon['\u2019]t\b", "will not"),
        (r"\bain['\u2019]t\b", "is not"),
        (r"(\w)n['\u2019]t\b", r"\1 not"),
        (r"\b(I)['\u2019]m\b", r"\1 am"),
        (r"\b(you|we|they)['\u2019]re\b", r"\1 are"),
        (r"\b(I|you|we|they)['\u2019]ve\b", r"\1 have"),
        (r"\b(I|you|he|she|we|they|it)['\u2019]ll\b", r"\1 will"),
        (r"\b(I|you|he|she|we|they|it)['\u2019]d\b", r"\1 would"),
        (r"\b(he|she|it|that|there|what|who|where)['\u2019]s\b", r"\1 is"),
    )
)
_BARE = r"joined|started|moved|left|quit|became|works?|lives?|speaks?|drives?|reports?|is now|has now|now"
"""Verbs with which a clause goes on about whom the one before it told of."""
_BREAKS = re.compile(
    r"(?=[.!;,\s])(?:(?<=[a-z\d)'\"%])(?<!\bDr)(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bProf)(?<!\bSt)(?<!\bNo)(?<!\bvs)[.!](?=\s+[A-Z'\"\u201c]|\s*$)|;(?=\s|$)|(?<=\?)\s+(?=[A-Z])|(?<=[\w)])(?:,\s+|\s+)(?:but|and "
    r"so|whereas|while|yet)\s+|\s+[—\u2013]\s+"
    rf"|,?\s+and\s+(?=(?:i|he|she|they|we|the user|{_BARE})\s))"
)
_STARTS_BARE = re.compile(rf"(?:{_BARE})\s")
_OF_ANOTHER = re.compile(
    r"(?P<who>(?:(?:[Mm]y|[Oo]ur|[Tt]he user's) (?:[\w-]+ ){1,3}?|(?:(?!I )[A-Z][\w'\u2019-]* ){1,3}?))"
    r"(?:(?:has|have|had|was|is|just|recently|finally|also|now|never|no longer) )*"
    r"(?:joined|started|moved|left|quit|became|sold|bought|resigned|retired|works?|lives?|speaks?|drives?|reports?|\w+ed|is|"
    r"was|has)\b"
)
_LEAD_IN = re.compile(
    r"^(?:(?:sorry|actually|well|also|and|so|oh|hey|btw|by the way|fyi|in fact|i mean|correction|update|please note "
    r"that|note that|"
    r"remember that|just to let you know|for your information|i misspoke)[,:]?\s+|(?:ok|okay|yes|no|right|"
    r"sure)[,:.!]\s+)+",
    re.IGNORECASE,
)
_SINCE_WHEN = re.compile(
    r"^(?:(?:since|as of|starting|beginning|from|effective|because of|thanks to|after|on|in|with)\s(?!the user|"
    r"my)[^,]{2,30},\s+"
    r"|(?:since|as of|starting|beginning|from|effective)(?: on)?(?: the)?(?: (?:mon|tues|wednes|thurs|fri|satur|sun)day(?= \d))?"
    r"(?: \d{1,2}(?:st|nd|rd|th)?(?: of)?)?"
    r" (?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|(?:mon|tues|wednes|thurs|fri|satur|sun)day|next "
    r"\w+|\d{4})"
    r"(?: \d{1,2}(?:st|nd|rd|th)?)?(?:,? \d{4})? )+",
    re.IGNORECASE,
)
_UNBELIEVED = re.compile(
    r"\?\s*$"
    r"|\b(?:if|unless|suppose|supposing|imagine|pretend|whether|in case)\b"
    r"|\b(?:would|might|could|maybe|perhaps|possibly|wish(?:es)?|wished|dreams? of|hopes?|hoping|thinking (?:of|about)|"
    r"considering|considers?|plans?(?= to\b)|planning|intends?|wonders?|thinks?|thought|almost|nearly|used to think|"
    r"feels?|felt|as if|as though|jok(?:e|es|ed|ing)|kidding|pretends?|rumou?rs?|supposedly|allegedly|probably|"
    r"what about|how about|should i|looks? like|seems?|never said)\b"
    r"|\b(?:says?|said|claims?|claimed|told|tells|believes?|believed|heard|guess(?:es|ed)?|wrote|quoted?|according "
    r"to|suggest(?:s|ed)?|"
    r"recommend(?:s|ed)?|asked|asks)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:ago|formerly|previously|back then|at the time|in those days|as a (?:child|kid|student|teenager)|years? "
    r"earlier|"
    r"when (?:i|he|she|they|the user) (?:was|were))\b|\bin (?:19|20)\d\d\b|\b(?:lived|worked|reported)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:moved|moving|relocated|emigrated|switched|switching|swapped|changed|joined|started|left|quit|resigned|no "
    r"longer|"
    r"not any ?more|stopped|used to|raised|lowered|increased|reduced|cut|renamed|migrated|sold|bought|taken over|"
    r"took over|"
    r"promoted|upgraded|downgraded|became|become|replaced|extended|postponed|rescheduled|from now on|now|instead|"
    r"anymore|"
    r"make it|turned|got (?:married|divorced|engaged)|new|cancel(?:l)?ed|any longer|these days|meanwhile)\b",
    re.IGNORECASE,
)
_END = re.compile(
    r"\b(?:no longer|not any ?more|any ?more|any longer|stopped|gave up|given up|quit|used to|cancel(?:l)?ed|ended|"
    r"ceased)\b",
    re.IGNORECASE,
)
_REWRITTEN = re.compile(r"\(|\band (?:i|he|she|they|we)['\u2019]", re.IGNORECASE)
_TRAILING_NOTE = re.compile(r"\s*\(([^()]{2,80})\)\s*[.!]?\s*$")


@lru_cache(maxsize=4096)
def clauses(text: str) -> tuple[str, ...]:
    """Return the clauses of `text`, contractions written out, without interjections and a trailing note in brackets."""
    plain = _TRAILING_NOTE.sub("", text.strip())
    if "'" in plain or "\u2019" in plain:
        for pattern, full in _CONTRACTIONS:
            plain = pattern.sub(full, plain)
    parts = (part.strip(" \t\n.,;!-*•") for part in _BREAKS.split(plain))
    found = [_LEAD_IN.sub("", part).strip() for part in parts if part]
    for place, before in enumerate(found[:-1]):
        if _STARTS_BARE.match(found[place + 1]) and (another := _OF_ANOTHER.match(before)):
            found[place + 1] = another["who"] + found[place + 1]
    return tuple(found)


def stands_as_written(text: str) -> bool:
    """Whether `clauses` gives `text` back as one clause, but for contractions and marks around it; False also where unsure."""
    return not (_REWRITTEN.search(text) or _BREAKS.search(text.strip(" .!")) or _LEAD_IN.match(text))


def without_time(clause: str) -> str:
    """Return a clause without a time or reason in front (`From 1 May the office …` → `the office …`)."""
    return _SINCE_WHEN.sub("", clause)


def believed(clause: str) -> bool:
    """Whether a clause asserts something: no question, hypothesis, wish, plan, joke, guess or hearsay."""
    return _UNBELIEVED.search(clause) is None


def past(clause: str) -> bool:
    """Whether a clause tells how things were, so that it settles nothing about the present."""
    return _PAST.search(clause) is not None and _CHANGE.search(clause) is None


def ends(text: str) -> bool:
    """Whether a text says that something ceased (`no longer`, `stopped`, `gave up`)."""
    return _END.search(text) is not None
