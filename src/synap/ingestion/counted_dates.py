"""Days that are counted from another day of the text: `the week before Easter`, `three days after 14 May`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from synap.domain.memories import Precision, When
from synap.ingestion import periods
from synap.ingestion.date_rules import count_of, weekday_after, weekday_number
from synap.ingestion.lexicon import calendar as names

_WEEKDAY = "|".join(sorted(names.WEEKDAYS, key=len, reverse=True))
_NUMBER = r"\d{1,3}|" + "|".join(sorted((re.escape(n) for n in names.NUMBERS), key=len, reverse=True))
_SIDE = r"(?P<side>before|after|following|preceding|prior\s+to)"
COUNTED = re.compile(
    rf"\b(?:on\s+|in\s+|during\s+|over\s+)?(?:(?P<n>{_NUMBER})\s+(?P<unit>days?|weeks?|months?|years?)"
    rf"|(?:the\s+)?(?P<one>day|week|weekend|month|year|{_WEEKDAY}))\s+{_SIDE}\s+(?:the\s+)?$",
    re.IGNORECASE,
)
"""What stands directly in front of the day from which is counted."""

_WEEK = 7
_SATURDAY = 5


def counted(match: re.Match[str], other: When) -> When | None:
    """Return the time that is counted from `other`, or None where that is too wide to count from.

    The week before a day are the seven days before it; months and years are those of the calendar.
    """
    after = match["side"].casefold() in ("after", "following")
    first = other.start.date()
    last = (other.end or other.start).date()
    edge = last if after else first
    sign = 1 if after else -1
    if match["one"] is not None:
        return _one(match["one"].casefold(), edge, sign)
    unit, count = match["unit"].casefold().rstrip("s"), count_of(match["n"]) * sign
    if unit in ("day", "week"):
        exact = other.precision in (Precision.DAY, Precision.INSTANT)
        return periods.day(edge + timedelta(days=count * (_WEEK if unit == "week" else 1))) if exact else None
    if unit == "month":
        return periods.month(*periods.shift_month(edge.year, edge.month, count))
    return periods.year(edge.year + count)


def _one(unit: str, edge: date, sign: int) -> When:
    made: dict[str, Callable[[], When]] = {
        "day": lambda: periods.day(edge + timedelta(days=sign)),
        "week": lambda: periods.span_of(
            min(edge + timedelta(days=sign), edge + timedelta(days=sign * _WEEK)),
            max(edge + timedelta(days=sign), edge + timedelta(days=sign * _WEEK)),
            Precision.WEEK,
        ),
        "weekend": lambda: _weekend(edge, sign),
        "month": lambda: periods.month(*periods.shift_month(edge.year, edge.month, sign)),
        "year": lambda: periods.year(edge.year + sign),
    }
    if unit in made:
        return made[unit]()
    number = weekday_number(unit)
    if sign > 0:
        return periods.day(weekday_after(edge, number))
    return periods.day(edge - timedelta(days=(edge.weekday() - number - 1) % _WEEK + 1))


def _weekend(edge: date, sign: int) -> When:
    """Return the whole weekend next to a day, on the side wanted."""
    if sign > 0:
        return periods.weekend(weekday_after(edge, _SATURDAY))
    saturday = edge - timedelta(days=(edge.weekday() - _SATURDAY - 1) % _WEEK + 1)
    return periods.weekend(saturday if saturday + timedelta(days=1) < edge else saturday - timedelta(days=_WEEK))
