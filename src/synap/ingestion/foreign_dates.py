"""Dates in the other languages: `3. Mai 2026`, `3 de mayo de 2026`, `2026年5月3日`, and the days around today.

Days, months and years in the forms that name them; what leaves its year out is the nearest one that the sentence can mean.
Weeks, months, years and counts of them are read by `foreign_periods`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from synap.domain.memories import When
from synap.ingestion import periods
from synap.ingestion.foreign_periods import relative
from synap.ingestion.lexicon.foreign_calendar import DAYS_AWAY, FOREIGN_MONTHS, PAST_CUES

_OF = r"(?:\s+(?:de|del|do)\s+|\s+)"
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_EAST = re.compile(
    rf"{_YEAR}\s*年(?:\s*(?P<m>1[0-2]|0?[1-9])\s*月(?:\s*(?P<d>[12]\d|3[01]|0?[1-9])\s*[日号])?)?"
    r"|(?P<m2>1[0-2]|0?[1-9])\s*月\s*(?P<d2>[12]\d|3[01]|0?[1-9])\s*[日号]"
)
_EASTERN = frozenset({"zh", "ja"})
_NUMERIC = re.compile(
    rf"(?<![\d.,])(?P<d>0?[1-9]|[12]\d|3[01])(?P<s>[./-])(?P<m>0?[1-9]|1[0-2])(?P=s){_YEAR}(?![\d.,]\d)"
)
_ISO = re.compile(rf"(?<!\d){_YEAR}-(?P<m>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12]\d|3[01])(?!\d)")
_IN_YEAR = re.compile(
    rf"\b(?:im jahre?|in|en|em|nel|seit|desde|depuis|dal|del año|ano de)\s+{_YEAR}\b(?![.,]?\d)", re.IGNORECASE
)


def foreign_date(text: str, language: str, said_at: datetime | None, *, past: bool) -> When | None:
    """Return the first date that a sentence names, or None.

    Args:
        text: The sentence.
        language: ISO code of its language.
        said_at: When it was said; without it a date needs its year.
        past: Whether it is known to tell what happened, so that a day without a year lies behind.
    """
    past = past or past_told(text, language)
    today = None if said_at is None else said_at.date()
    try:
        named = _eastern(text, today, past=past) if language in _EASTERN else _western(text, language, today, past=past)
        if named is not None or today is None:
            return named
        near = _near(text, language)
        return relative(text, language, today, past=past) if near is None else periods.day(today + timedelta(days=near))
    except (ValueError, OverflowError):  # a day that no month has, or that lies outside the years that are counted
        return None


def past_told(text: str, language: str) -> bool:
    """Whether a sentence is put in the past."""
    return re.search(PAST_CUES[language], text, re.IGNORECASE) is not None


def _eastern(text: str, today: date | None, *, past: bool) -> When | None:
    match = _EAST.search(text)
    if match is None:
        return None
    if match["m2"]:
        return _without_year(int(match["m2"]), int(match["d2"]), today, past=past)
    return _when(int(match["y"]), _number(match["m"]), _number(match["d"]))


def _western(text: str, language: str, today: date | None, *, past: bool) -> When | None:
    for pattern in (_ISO, _NUMERIC):
        if match := pattern.search(text):
            return _when(int(match["y"]), int(match["m"]), int(match["d"]))
    pattern, months = _named(language)
    for match in pattern.finditer(text):
        month = months[match["month"].casefold()]
        day = _number(match["d"])
        if match["y"]:
            return _when(int(match["y"]), month, day)
        if day:
            return _without_year(month, day, today, past=past)
    found = _IN_YEAR.search(text)
    return _when(int(found["y"]), None, None) if found else None


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _when(year: int, month: int | None, day: int | None) -> When:
    if not month:
        return periods.year(year)
    return periods.day(date(year, month, day)) if day else periods.month(year, month)


def _without_year(month: int, day: int, today: date | None, *, past: bool) -> When | None:
    """Return the last such day for what happened, else the next."""
    if today is None:
        return None
    this = date(today.year, month, day)
    if past and this > today:
        return periods.day(date(today.year - 1, month, day))
    return periods.day(date(today.year + 1, month, day) if not past and this < today else this)


def _near(text: str, language: str) -> int | None:
    for words, away in DAYS_AWAY[language].items():
        bounded = words if language in _EASTERN else rf"(?<!\w)(?:{words})(?!\w)"
        if re.search(bounded, text, re.IGNORECASE):
            return away
    return None


@lru_cache(maxsize=8)
def _named(language: str) -> tuple[re.Pattern[str], dict[str, int]]:
    """Return the pattern of a day or year with the name of its month, and the number of every name."""
    months = {
        name: number
        for number, names in enumerate(FOREIGN_MONTHS[language].split(", "), start=1)
        for name in names.replace("|", " ").split()
    }
    name = "|".join(sorted(months, key=len, reverse=True))
    day = r"(?:(?P<d>[12]\d|3[01]|0?[1-9])(?:\.|er|º|°|ª)?(?!\d)" + _OF + r"?)?"
    return re.compile(rf"(?<![\w\d]){day}(?<!\w)(?P<month>{name})\.?(?!\w)(?:{_OF}{_YEAR})?", re.IGNORECASE), months
