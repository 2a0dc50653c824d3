"""What names of days and seasons mean: weekdays, feasts, repetitions, years and decades; the other half of `date_rules`."""

from __future__ import annotations

import re
from datetime import date, timedelta

from synap.domain.memories import Precision, When
from synap.ingestion import periods
from synap.ingestion.date_rules import (
    Anchor,
    count_of,
    month_number,
    moved,
    step,
    weekday_after,
    weekday_number,
    year_of,
)
from synap.ingestion.lexicon import calendar as names

_CENTURY = 100
_THIS_CENTURY_UNTIL = 30
_ABBREVIATED = 4


_NOUN_AFTER = re.compile(
    r"\s+(?!(?:and|or|but|so|then|with|at|in|on|to|from|for|by|as|if|because|when|while|this|that|the|a|an|my|our|his|"
    r"her|their|i|we|he|she|they|you|it|is|was|are|were|will|would|has|have|had|day|eve|again|too|instead|last|next)\b)"
    r"[a-z]{3,}",
)


def season(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "last summer", "by spring", "winter 2022"; a season alone is a habit unless the verb looks back."""
    first = names.SEASONS[match["season"].casefold()]
    if match["y"]:
        return periods.season(int(match["y"]), first)
    if anchor.day is None:
        return None
    today, which = anchor.day, (match["which"] or "").casefold()
    if not which and not anchor.past:
        return None
    began = today.year if today.month >= first else today.year - 1
    if which == "this":
        inside = periods.season(began, first)
        current = inside.end is not None and today <= inside.end.date()
        return inside if current or anchor.past else periods.season(began + 1, first)
    if which in ("last", "") or "since" in which:
        latest = periods.season(began, first)
        running = latest.end is not None and latest.end.date() >= today
        return periods.season(began - 1, first) if running and which == "last" else latest
    return periods.season(began + 1, first)


def weekday(match: re.Match[str], anchor: Anchor) -> When | None:  # noqa: PLR0911 - one case of usage each
    """Read a weekday: after a past verb the last one, else the next."""
    name = match["day"]
    if name.casefold().endswith("days"):
        return None
    looks_like_a_word = len(name) <= _ABBREVIATED and not (name[0].isupper() and name.casefold() not in ("sun", "sat"))
    if anchor.day is None or looks_like_a_word:
        return None
    number = weekday_number(name)
    which = (match.groupdict().get("late") or match["which"] or "").casefold()
    if "last" in which or "past" in which or "previous" in which:
        return periods.day(_weekday_before(anchor.day, number))
    if "next week" in which or which == "next":
        return periods.day(_weekday_next_week(anchor.day, number))
    if anchor.past and which not in ("this", "coming", "upcoming", "by", "until", "till"):
        return periods.day(_weekday_before(anchor.day, number))
    if which == "this" and anchor.day.weekday() == number:
        return periods.day(anchor.day)
    return periods.day(weekday_after(anchor.day, number))


def weekday_of_next_week(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "next week on Tuesday"."""
    return None if anchor.day is None else periods.day(_weekday_next_week(anchor.day, weekday_number(match["day"])))


def weekday_of_last_week(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "last week on Tuesday", "Tuesday of last week", "Tuesday of this week"."""
    if anchor.day is None:
        return None
    weeks = -1 if match["week"].casefold() in ("last", "previous") else 0
    monday = anchor.day - timedelta(days=anchor.day.weekday()) + timedelta(days=7 * weeks)
    return periods.day(monday + timedelta(days=weekday_number(match["day"])))


def weekdays_ago(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "two Fridays ago", "the Friday before last"."""
    if anchor.day is None:
        return None
    weeks = count_of(match["n"]) - 1 if match.groupdict().get("n") else 1
    return periods.day(_weekday_before(anchor.day, weekday_number(match["day"])) - timedelta(days=7 * weeks))


def weekday_after_next(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "the Monday after next"."""
    if anchor.day is None:
        return None
    return periods.day(weekday_after(anchor.day, weekday_number(match["day"])) + timedelta(days=7))


def half(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "the first half of 2026", "the second half of the year", "H1 2026"."""
    found = match.groupdict()
    number = int(found["h"]) if found.get("h") else names.ORDINALS[match["ordinal"].casefold()]
    if found.get("y"):
        value = int(match["y"])
    elif anchor.day is None:
        return None
    else:
        value = anchor.day.year + step(found.get("which") or "this")
    return periods.months(value, 1 if number == 1 else 7, 6, Precision.MONTH)


def _weekday_before(today: date, number: int) -> date:
    return today - timedelta(days=(today.weekday() - number - 1) % 7 + 1)


def _weekday_next_week(today: date, number: int) -> date:
    """Return the weekday in the calendar week after this one; on a Sunday "next Monday" is tomorrow."""
    return today + timedelta(days=7 - today.weekday() + number)


def nth_weekday(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "the first Monday of December"."""
    position, weekday = names.ORDINALS[match["ordinal"].casefold()], weekday_number(match["day"])
    if match["unit"]:
        if anchor.day is None:
            return None
        year_number, number = periods.shift_month(anchor.day.year, anchor.day.month, step(match["which"] or "this"))
    else:
        named = month_number(match["month"], needs_capital=False)
        explicit = year_of(match, anchor, named, 1) if named else None
        if named is None or explicit is None:
            return None
        year_number, number = explicit, named
    return periods.day(periods.nth_weekday(year_number, number, weekday, position))


def nth_of_month(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "on the 15th"."""
    if anchor.day is None:
        return None
    wanted = int(match["d"])
    shift = step(match["which"]) if match["which"] else None
    if shift is None:
        shift = (
            -1 if anchor.past and wanted > anchor.day.day else 1 if not anchor.past and wanted < anchor.day.day else 0
        )
    year_number, number = periods.shift_month(anchor.day.year, anchor.day.month, shift)
    return periods.day(date(year_number, number, wanted))


def bare_year(match: re.Match[str], _anchor: Anchor) -> When | None:
    """Read "in 2019"."""
    return periods.year(int(match["y"]))


def decade(match: re.Match[str], _anchor: Anchor) -> When | None:
    """Read "the nineties", "the 1990s"."""
    if match["word"]:
        return periods.year(names.DECADES[match["word"].casefold()], 10)
    number = int(match["n"])
    if number >= _CENTURY:
        return periods.year(number, 10)
    return periods.year((2000 if number < _THIS_CENTURY_UNTIL else 1900) + number, 10)


def feast(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "last Christmas", "Easter 2024"."""
    name = match["feast"].casefold().replace("\u2019", "'")
    if not match["y"] and (not match["which"] or _NOUN_AFTER.match(match.string, match.end())):
        return None  # "I love Christmas", "the Easter sale": a feast every year, no day
    if match["y"]:
        return periods.day(_feast_day(name, int(match["y"])))
    if anchor.day is None:
        return None
    which = (match["which"] or "").casefold()
    this_year = _feast_day(name, anchor.day.year)
    back = which == "last" or (anchor.past and which not in ("next", "by", "until"))
    if back:
        return periods.day(this_year if this_year < anchor.day else _feast_day(name, anchor.day.year - 1))
    return periods.day(this_year if this_year >= anchor.day else _feast_day(name, anchor.day.year + 1))


def _feast_day(name: str, year_number: int) -> date:
    if name in names.FIXED_FEASTS:
        return date(year_number, *names.FIXED_FEASTS[name])
    return periods.moving_feast(name, year_number)


def recurring(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "every other Friday", "Mondays and Thursdays": the next such day, with the source's words kept."""
    if anchor.day is None:
        return None
    weekday = match.groupdict().get("day")
    if weekday is None:
        return periods.day(anchor.day, recurrence=match[0].strip())
    number = weekday_number(weekday)
    return periods.day(weekday_after(anchor.day - timedelta(days=1), number), recurrence=match[0].strip())


def weekdays_in_a_row(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "Monday to Thursday"; what was moved from Monday to Thursday does not repeat."""
    return None if moved(match.string[: match.start()]) else recurring(match, anchor)


def recurring_nth(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "the first Monday of every month", "the 15th of each month", "the last day of every month"."""
    if anchor.day is None:
        return None
    for ahead in (0, 1):
        year_number, number = periods.shift_month(anchor.day.year, anchor.day.month, ahead)
        position = int(match["d"] or 0) or names.ORDINALS[match["ordinal"].casefold()]
        if not match["day"]:
            value = date(year_number, number, min(position, 28) if position > 0 else 28)
        else:
            value = periods.nth_weekday(year_number, number, weekday_number(match["day"]), position)
        if value >= anchor.day:
            return periods.day(value, recurrence=match[0].strip())
    return None
