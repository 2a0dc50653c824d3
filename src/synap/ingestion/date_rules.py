"""What the ways of naming a time mean: one function per rule of the date grammar, from its match to a `When`.

Each returns None where the words are no date after all, or cannot be placed without an anchor. A day that does not
exist raises ValueError, which the caller takes as "no date".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from synap.domain.memories import Precision, When
from synap.ingestion import periods
from synap.ingestion.lexicon import calendar as names
from synap.ingestion.tenses import Tense

_CENTURY = 100
_DECEMBER = 12
_SATURDAY = 5
_SOON = 60
_MOVED = re.compile(
    r"\b(?:mov|slip|reschedul|postpon|shift|push|delay|chang|brought|bring|extend|put)\w*\b[^.;!?]{0,80}$",
    re.IGNORECASE,
)
_OPEN_RANGE = re.compile(r"\b(?:from|between)\b[^.;!?]{1,40}$", re.IGNORECASE)
_AIMED = re.compile(
    r"\b(?:for|to|until|till|by)\s+(?:(?:the|an?|my|our|his|her|their)\s+(?:[\w'\u2019-]+\s+){1,4}(?:on|at)\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
_BORN = re.compile(r"\bborn\b[^.;,!?]{0,40}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Anchor:
    """What relative dates count from.

    Attributes:
        day: The day of the turn or document, or None where nothing is known.
        tense: Tense of the clause: decides between the last and the next of a weekday or month.
    """

    day: date | None
    tense: Tense

    @property
    def past(self) -> bool:
        """Whether the clause looks back."""
        return self.tense is Tense.PAST


def iso_day(match: re.Match[str], _anchor: Anchor) -> When | None:
    """Read 2023-05-07."""
    return periods.day(date(int(match["y"]), int(match["m"]), int(match["d"])))


def iso_month(match: re.Match[str], _anchor: Anchor) -> When | None:
    """Read 2024-06."""
    return periods.month(int(match["y"]), int(match["m"]))


def numeric(match: re.Match[str], _anchor: Anchor) -> When | None:
    """Read 31/12/2026 and 15.3.2024 day first and 12/31/2026 month first; an undecided slash date is month first."""
    first, second, number = int(match["a"]), int(match["b"]), int(match["y"])
    year_number = number if number >= _CENTURY else 2000 + number
    day_first = match["s"] in ".-" or first > _DECEMBER
    day_number, month_number = (first, second) if day_first else (second, first)
    return periods.day(date(year_number, month_number, day_number))


def day_of_month(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read a day and a month in either order, with or without a year or a last day ("7-9 May")."""
    number, day_number = month_number(match["month"], needs_capital=_may_be_a_verb(match)), int(match["d"])
    year_number = year_of(match, anchor, number, day_number)
    if number is None or year_number is None:
        return None
    first = date(year_number, number, day_number)
    last_day = match.groupdict().get("last")
    if last_day is None:
        return periods.day(first)
    return periods.span_of(first, date(year_number, number, int(last_day)), periods.day(first).precision)


def _may_be_a_verb(match: re.Match[str]) -> bool:
    """Whether a lower-case "may 3" could mean a verb: an ordinal ("may 3rd", "on may 3") or the day in front says no."""
    clear = re.search(r"\d(?:st|nd|rd|th)\b", match[0], re.IGNORECASE) or match.start("d") < match.start("month")
    return not clear and re.search(r"\b(?:on|by|until|till|since|from|of)\s+$", match.string[: match.start()]) is None


def bare_month(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read a month that stands alone ("since March", "June 2024")."""
    number = month_number(match["month"])
    if number is None:
        return None
    if match["y"]:
        return periods.month(int(match["y"]), number)
    if anchor.day is None or (_birth(match) and match["which"].casefold() in ("in", "during")):
        return None
    return periods.month(_month_year(anchor, number, (match["which"] or "").casefold()), number)


def month_reached(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "to March" where it ends a stretch ("from October to March") or is what something was moved to."""
    before = match.string[: match.start()]
    return bare_month(match, anchor) if _OPEN_RANGE.search(before) or moved(before) else None


def moved(before: str) -> bool:
    """Whether the words before a date tell that something was given a new time."""
    return _MOVED.search(before) is not None


def _birth(match: re.Match[str]) -> bool:
    """Whether a date without a year tells a birthday, whose year nobody said."""
    return _BORN.search(match.string, 0, match.start()) is not None


def _month_year(anchor: Anchor, number: int, which: str) -> int:
    today = _today(anchor)
    if "last" in which or "previous" in which:
        return today.year if number < today.month else today.year - 1
    if "next" in which:
        return today.year if number > today.month else today.year + 1
    if "this" in which:
        return today.year
    if "since" in which or (anchor.past and "by" not in which and "until" not in which):
        return today.year if number <= today.month else today.year - 1
    return today.year if number >= today.month else today.year + 1


def relative_day(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read yesterday, today, tomorrow and their parts."""
    words = match[0].casefold()
    if anchor.day is None:
        return None
    if "day after tomorrow" in words:
        shift = 2
    elif "day before yesterday" in words:
        shift = -2
    elif "tomorrow" in words:
        shift = 1
    elif "yesterday" in words or "last night" in words:
        shift = -1
    else:
        shift = 0
    return periods.day(anchor.day + timedelta(days=shift))


def ago(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "two weeks ago"."""
    if anchor.day is None:
        return None
    moved = _moved(anchor.day, -count_of(match["n"]), match["unit"])
    exact = match["exact"] and moved.precision is Precision.WEEK
    return periods.day(_exactly(anchor.day, -count_of(match["n"]), match["unit"])) if exact else moved


def just_ago(_match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "an hour ago", "twenty minutes ago": the day of the turn."""
    return None if anchor.day is None else periods.day(anchor.day)


def half_a_year(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "half a year ago", "in half a year"."""
    if anchor.day is None:
        return None
    return _moved(anchor.day, 6 if match["ahead"] else -6, "month")


def _exactly(today: date, count: int, unit: str) -> date:
    return today + timedelta(days=count * (14 if unit.casefold().startswith("fortnight") else 7))


def ahead(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "in three days"; after a past verb the same words tell how long something took."""
    if anchor.day is None or anchor.past:
        return None
    return _moved(anchor.day, count_of(match["n"]), match["unit"])


def from_day(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "a week from Friday", "a week on Friday", "Friday week"."""
    if anchor.day is None:
        return None
    base = match["base"].casefold()
    count = count_of(match["n"]) if match["n"] else 1
    if base.removesuffix("s") in names.WEEKDAYS:
        start = weekday_after(anchor.day, weekday_number(base))
    else:
        start = anchor.day + timedelta(days=1 if base == "tomorrow" else 0)
    return periods.day(start + timedelta(days=7 * count))


def _moved(today: date, count: int, unit: str) -> When:
    unit = unit.casefold().rstrip("s")
    if unit in ("day", "night"):
        return periods.day(today + timedelta(days=count))
    if unit in ("week", "fortnight"):
        exact = today + timedelta(days=count * (14 if unit == "fortnight" else 7))
        return periods.day(exact) if count > 0 else periods.week(exact)
    if unit in ("month", "quarter"):
        moved = periods.add_months(today, count * (3 if unit == "quarter" else 1))
        return periods.month(moved.year, moved.month)
    return periods.year(today.year + count * (10 if unit == "decade" else 1))


def which_unit(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "next month", "last weekend"."""
    if anchor.day is None:
        return None
    return _unit(match["unit"].casefold(), anchor.day, step(match["which"]))


def after_next(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "the week after next"."""
    if anchor.day is None:
        return None
    return _unit(match["unit"].casefold(), anchor.day, 2 if match["side"].casefold() == "after" else -2)


def _unit(unit: str, today: date, step: int) -> When | None:
    if unit == "week":
        return periods.week(today + timedelta(days=7 * step))
    if unit == "weekend":
        return periods.weekend(today + timedelta(days=7 * step))
    if unit == "month":
        return periods.month(*periods.shift_month(today.year, today.month, step))
    if unit == "quarter":
        moved = periods.shift_month(today.year, today.month, 3 * step)
        return periods.quarter(moved[0], (moved[1] + 2) // 3)
    if unit == "decade":
        return periods.year((today.year // 10 + step) * 10, 10)
    return periods.year(today.year + step)


def bare_weekend(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "on the weekend"."""
    if anchor.day is None:
        return None
    back = anchor.past and anchor.day.weekday() < _SATURDAY
    return _unit("weekend", anchor.day, -1 if back and match["place"].casefold() != "this" else 0)


def weekday_number(name: str) -> int:
    """Return the number of a weekday, 0..6 from Monday; the name may be short or plural."""
    name = name.casefold()
    return names.WEEKDAYS[name if name in names.WEEKDAYS else name.removesuffix("s")]


def weekday_after(today: date, number: int) -> date:
    """Return the next such weekday after a day."""
    return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def edge(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read the end, start or middle of a week, month, quarter or year; the answer is a day, or the month's part."""
    whole = _whole(match, anchor)
    if whole is None or whole.end is None:
        return None
    edge = match["edge"].casefold()
    first, last = whole.start.date(), whole.end.date()
    if edge.startswith(("end", "eo", "close")):
        return periods.day(last)
    if edge.startswith(("start", "begin")):
        return periods.day(first)
    third = (last - first + timedelta(days=1)) // 3
    if edge.startswith("early"):
        return periods.span_of(first, first + third, whole.precision)
    if edge.startswith("late"):
        return periods.span_of(last - third, last, whole.precision)
    return periods.span_of(first + third, last - third, whole.precision)


def _whole(match: re.Match[str], anchor: Anchor) -> When | None:  # noqa: PLR0911 - one case of usage each
    found, explicit = match.groupdict(), match["y"]
    if found["month"]:
        number = month_number(found["month"], needs_capital=False)
        if number is None or (anchor.day is None and not explicit):
            return None
        return periods.month(int(explicit) if explicit else _month_year(anchor, number, found["which"] or ""), number)
    if found["q"]:
        return _quarter_of(found["q"], explicit, anchor)
    if found["bare"]:
        return periods.year(int(found["bare"]))
    if anchor.day is None:
        return None
    unit = (
        found["unit"] or {"m": "month", "y": "year", "w": "week", "q": "quarter"}[match["edge"][-1].casefold()]
    ).casefold()
    if unit in names.SEASONS:
        return None
    return _unit(unit, anchor.day, step(found["which"] or "this"))


def quarter(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "Q2", "the first quarter of 2024"."""
    if match["q"] is None:
        position = names.ORDINALS[match["ordinal"].casefold()]
        return _quarter_of(f"q{4 if position < 0 else position}", match["y2"], anchor)
    return _quarter_of(match["q"], match["y"], anchor)


def bare_quarter(match: re.Match[str], anchor: Anchor) -> When | None:
    """Read "in Q2"; a quarter that belongs to a noun ("the Q1 budget") is a name."""
    return _quarter_of(match["q"] or match["q0"], None, anchor)


def _quarter_of(name: str, explicit: str | None, anchor: Anchor) -> When | None:
    number = names.QUARTERS[name.casefold()]
    if explicit:
        value = int(explicit)
        return periods.quarter(value if value >= _CENTURY else 2000 + value, number)
    if anchor.day is None:
        return None
    current = (anchor.day.month + 2) // 3
    if anchor.past:
        return periods.quarter(anchor.day.year - (number > current), number)
    return periods.quarter(anchor.day.year + (number < current), number)


def month_number(name: str, *, needs_capital: bool = True) -> int | None:
    """Return the month's number; "may" and "march" are verbs unless written with a capital letter."""
    if needs_capital and name in ("may", "march", "mar", "sep", "dec", "jan"):
        return None
    return names.MONTHS[name.casefold()]


def year_of(match: re.Match[str], anchor: Anchor, number: int | None, day_number: int) -> int | None:
    """Return the year that a month and day without one belong to, or None without an anchor."""
    if number is None:
        return None
    if match["y"]:
        return int(match["y"])
    if anchor.day is None or _birth(match):
        return None
    if (number, day_number) == (anchor.day.month, anchor.day.day):
        return anchor.day.year
    earlier = (number, day_number) < (anchor.day.month, anchor.day.day)
    ahead = (date(anchor.day.year, number, day_number) - anchor.day).days
    if 0 < ahead <= _SOON and _AIMED.search(match.string, 0, match.start()):
        return anchor.day.year  # "I booked a table for December 4" in November: the table's date, not the booking's
    return anchor.day.year - (anchor.past and not earlier) + (earlier and not anchor.past)


def _today(anchor: Anchor) -> date:
    return anchor.day or date(2000, 1, 1)


def count_of(words: str) -> int:
    """Return the number that a figure or a number word means."""
    return int(words) if words.isdigit() else names.NUMBERS[words.casefold()]


def step(which: str) -> int:
    """Return +1 for "next", -1 for "last", 0 for "this"."""
    which = which.casefold()
    return {"next": 1, "coming": 1, "upcoming": 1, "last": -1, "previous": -1, "past": -1}.get(which, 0)
