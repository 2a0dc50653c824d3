"""Stretches of time as `When` values: days, weeks, months, quarters, seasons, years, and moments on a day."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from synap.domain.memories import Precision, When
from synap.ingestion.lexicon.calendar import US_ZONES, ZONES

_SECOND = timedelta(seconds=1)
_SUNDAY = 6
_NOVEMBER, _MARCH, _DECEMBER = 11, 3, 12
FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Years that the grammar takes for years; other four-digit numbers are amounts."""


def span_of(first: date, last: date, precision: Precision, recurrence: str | None = None) -> When:
    """Return the stretch from the start of `first` to the last second of `last`, both in UTC."""
    start = datetime.combine(first, time(), UTC)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1) - _SECOND
    return When(start=start, end=end, precision=precision, recurrence=recurrence)


def day(value: date, recurrence: str | None = None) -> When:
    """Return one whole day."""
    return span_of(value, value, Precision.DAY, recurrence)


def week(value: date) -> When:
    """Return the week, Monday to Sunday, that holds `value`."""
    monday = value - timedelta(days=value.weekday())
    return span_of(monday, monday + timedelta(days=6), Precision.WEEK)


def weekend(value: date) -> When:
    """Return Saturday and Sunday of the week that holds `value`."""
    saturday = value + timedelta(days=5 - value.weekday())
    return span_of(saturday, saturday + timedelta(days=1), Precision.DAY)


def month(year_number: int, number: int) -> When:
    """Return a whole month; `number` may run outside 1..12 and carries over into the year."""
    year_number, number = shift_month(year_number, number, 0)
    last = monthrange(year_number, number)[1]
    return span_of(date(year_number, number, 1), date(year_number, number, last), Precision.MONTH)


def months(year_number: int, first: int, count: int, precision: Precision) -> When:
    """Return `count` months in a row, beginning with month `first`."""
    start, end = month(year_number, first), month(year_number, first + count - 1)
    return When(start=start.start, end=end.end, precision=precision)


def quarter(year_number: int, number: int) -> When:
    """Return a quarter of the calendar year, 1..4."""
    return months(year_number, 3 * number - 2, 3, Precision.QUARTER)


def year(number: int, count: int = 1) -> When:
    """Return a whole year, or `count` of them."""
    return span_of(date(number, 1, 1), date(number + count - 1, 12, 31), Precision.YEAR)


def season(year_number: int, first_month: int) -> When:
    """Return a season, named by the year in which it begins."""
    return months(year_number, first_month, 3, Precision.QUARTER)


def shift_month(year_number: int, number: int, by: int) -> tuple[int, int]:
    """Return (year, month) moved by `by` months."""
    index = year_number * 12 + number - 1 + by
    return index // 12, index % 12 + 1


def add_months(value: date, by: int) -> date:
    """Return the day moved by `by` months, cut to the end of a shorter month."""
    year_number, number = shift_month(value.year, value.month, by)
    return date(year_number, number, min(value.day, monthrange(year_number, number)[1]))


def nth_weekday(year_number: int, number: int, weekday: int, position: int) -> date:
    """Return the day of the `position`-th weekday of a month; -1 is the last one."""
    if position > 0:
        first = date(year_number, number, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (position - 1))
    last = date(year_number, number, monthrange(year_number, number)[1])
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def easter(year_number: int) -> date:
    """Return Easter Sunday of the Gregorian calendar.

    Source: the anonymous algorithm printed in Nature, 20 April 1876, as given by Meeus, "Astronomical Algorithms", 1991.
    """
    golden = year_number % 19
    century, rest = divmod(year_number, 100)
    lunar = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    offset = (32 + 2 * (century % 4) + 2 * (rest // 4) - lunar - rest % 4) % 7
    correction = (golden + 11 * lunar + 22 * offset) // 451
    number, day_number = divmod(lunar + offset - 7 * correction + 114, 31)
    return date(year_number, number, day_number + 1)


def moving_feast(name: str, year_number: int) -> date:
    """Return the day of a feast of `MOVING_FEASTS` in a year (United States usage for the civil ones)."""
    if name == "good friday":
        return easter(year_number) - timedelta(days=2)
    if name == "thanksgiving":
        return nth_weekday(year_number, _NOVEMBER, 3, 4)
    if name == "mother's day":
        return nth_weekday(year_number, 5, _SUNDAY, 2)
    if name == "labor day":
        return nth_weekday(year_number, 9, 0, 1)
    if name == "memorial day":
        return nth_weekday(year_number, 5, 0, -1)
    return easter(year_number)


def moment(value: date, hour: int, minute: int, zone: str | tzinfo | None, recurrence: str | None = None) -> When:
    """Return the instant of a clock time on a day, in a zone named or known; without one the time is taken as UTC."""
    if isinstance(zone, tzinfo):
        start = datetime.combine(value, time(hour, minute), zone).astimezone(UTC)
        return When(start=start, precision=Precision.INSTANT, recurrence=recurrence)
    local = datetime.combine(value, time(hour, minute), UTC)
    return When(
        start=local - timedelta(minutes=_offset(value, zone)), precision=Precision.INSTANT, recurrence=recurrence
    )


def _offset(value: date, zone: str | None) -> int:
    name = (zone or "utc").casefold()
    if name in US_ZONES:
        return US_ZONES[name] + (60 if _us_summer(value) else 0)
    return ZONES.get(name, 0)


def _us_summer(value: date) -> bool:
    begins = nth_weekday(value.year, _MARCH, _SUNDAY, 2)
    ends = nth_weekday(value.year, _NOVEMBER, _SUNDAY, 1)
    return begins <= value < ends
