"""Relative dates in the other languages: `letzte Woche`, `el lunes pasado`, `dans trois jours`, `去年`, `3日前`."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

from synap.domain.memories import When
from synap.ingestion import periods
from synap.ingestion.lexicon.foreign_periods import AGO_AHEAD, BESIDE, NUMBERS, UNITS, WEEKDAY_BESIDE, WEEKDAYS

_EASTERN = frozenset({"zh", "ja"})
_MONTHS = 12
_MOST = 400
_WEEK = 7


def relative(text: str, language: str, today: date, *, past: bool) -> When | None:
    """Return the period or day that a sentence tells by its distance from today, or None.

    A sentence that tells what happened has no moment ahead: "in zwei Wochen" is then how long it took. A number of days or weeks gives a day, of months a month, of years a year: it is told no closer than that.
    """
    for (unit, step), pattern in _beside(language):
        if pattern.search(text):
            return _moved(today, unit, step, named=True)
    for weekday, step, pattern in _weekdays(language):
        if pattern.search(text):
            ahead = (weekday - today.weekday()) % _WEEK
            return periods.day(today + timedelta(days=(ahead or _WEEK) if step > 0 else ahead - _WEEK))
    for unit, sign, pattern in _counted(language):
        if (match := pattern.search(text)) and not (past and sign > 0):
            count = _count(match["n"], language)
            return _moved(today, unit, sign * count) if 0 < count <= _MOST else None
    return None


def _moved(today: date, unit: str, step: int, *, named: bool = False) -> When:
    if unit == "year":
        return periods.year(today.year + step)
    if unit == "month":
        months = today.year * _MONTHS + today.month - 1 + step
        return periods.month(months // _MONTHS, months % _MONTHS + 1)
    if unit == "week" and named:
        return periods.week(today + timedelta(days=step * _WEEK))
    return periods.day(today + timedelta(days=step * (_WEEK if unit == "week" else 1)))


def _count(text: str, language: str) -> int:
    if text.isdecimal():
        return int(text)
    names = NUMBERS[language].split()
    return next((place for place, name in enumerate(names, 1) if text.casefold() in name.split("|")), 0)


def _bounded(words: str, language: str) -> re.Pattern[str]:
    return re.compile(words if language in _EASTERN else rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=8)
def _beside(language: str) -> list[tuple[tuple[str, int], re.Pattern[str]]]:
    return [(key, _bounded(words, language)) for key, words in BESIDE[language].items()]


@lru_cache(maxsize=8)
def _weekdays(language: str) -> list[tuple[int, int, re.Pattern[str]]]:
    if language not in WEEKDAYS:
        return []
    last, following = WEEKDAY_BESIDE[language]
    return [
        (weekday, step, _bounded(told.replace("{day}", f"(?:{name})"), language))
        for weekday, name in enumerate(WEEKDAYS[language].split())
        for step, told in ((-1, last), (1, following))
    ]


@lru_cache(maxsize=8)
def _counted(language: str) -> list[tuple[str, int, re.Pattern[str]]]:
    number = rf"(?P<n>\d{{1,3}}|{'|'.join(NUMBERS[language].split())})"
    blank = r"\s*" if language in _EASTERN else r"\s+"
    found = []
    for unit, words in UNITS[language].items():
        for sign, told in zip((-1, 1), AGO_AHEAD[language], strict=True):
            # A name stands once in a pattern: every way of telling it is a pattern of its own.
            found += [
                (unit, sign, _bounded(way.replace("{count}", f"{number}{blank}(?:{words})"), language))
                for way in _ways(told)
            ]
    return found


def _ways(told: str) -> list[str]:
    """Return the alternatives at the top of a pattern."""
    return [told] if told.count("{count}") == 1 else told.split("|")
