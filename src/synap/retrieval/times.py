"""The time that a question is about: whether it asks when, the periods that it names, and what of them a memory meets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from synap.domain.contexts import Candidate
from synap.domain.memories import Precision, When

HAPPENED = 1.0
SAID = 0.5
"""What was said then need not have happened then."""

_DAY = timedelta(days=1)
_MONTHS_A_YEAR = 12
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""First month of each, in the northern hemisphere; they last three months."""
_WEEKDAYS = {
    day: number
    for number, day in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
}
_NUMBERS = {
    word: number
    for number, word in enumerate(
        ("a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=1
    )
} | {"an": 1, "one": 1, "couple of": 2, "a couple of": 2}
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}

_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_OF_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_UNIT = r"(?P<unit>day|week|month|year)s?"

_ASKS_WHEN = re.compile(
    r"\b(?:when|how long|how old|how recently|what time|(?:what|which) (?:date|day|week|weekend|month|year|season)s?|"
    r"how many (?:days|weeks|months|years)|wann|quand|cu[aá]ndo|quando)\b|什么时候|何时|いつ|几月|哪天|哪年",
    re.IGNORECASE,
)


_ASKS_OF_NOW = re.compile(
    r"^(?:[\w' -]{0,40}?\b)?(?:do|does|is|are|am|have|has)\b|^(?:who|what|where|how|when)['\u2019]s\b|^(?:who|what|which(?: [\w-]+){1,2}) (?!was)\w+[^\Ws]s\b",
    re.IGNORECASE,
)
_ASKS_OF_THE_PAST = re.compile(
    r"\b(?:did|was|were|had|been|used to|ever|before|former|formerly|previous|previously|first|earlier|back then|once|history|over the years|"
    r"ago|last|past|started|began|since when|born|grow up|grew|as a|young|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_FORMER = re.compile(
    r"\b(?:used to|formerly|previously|back then|in those days|in former times|years before|as an? (?:child|kid|boy|girl|student|pupil|teenager|"
    r"teen|apprentice|trainee|young (?:man|woman))|when (?:i|they|he|she|the user|[A-Z]\w+) (?:was|were) (?:a |an |in |at |still |little|young|\d))",
    re.IGNORECASE,
)


def asks_of_now(text: str) -> bool:
    """Whether a question asks how things are, and not how they were."""
    return _ASKS_OF_NOW.search(text) is not None and _ASKS_OF_THE_PAST.search(text) is None


def of_the_past(text: str) -> bool:
    """Whether a text tells how things used to be."""
    return _FORMER.search(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time, from its first moment to the first after it."""

    start: datetime
    end: datetime

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether it shares a moment with what lasts from `start` to `end`."""
        return (start < self.end and end > self.start) or self.start <= start == end < self.end


def asks_when(text: str) -> bool:
    """Whether a question is answered by a date or a span of time."""
    return _ASKS_WHEN.search(text) is not None


def periods(text: str, moment: datetime) -> tuple[Period, ...]:
    """Return the periods that a question names, in order; what is relative counts from `moment`.

    Reads days, months, quarters, seasons and years, `yesterday`, `last week`, `two months ago`, `the past 3 days`, `on
    Friday`. What names no year is the latest that had begun by then. Text that names none gives none.
    """
    found: list[tuple[int, Period]] = []
    taken: list[range] = []
    for pattern, read in _GRAMMARS:
        for match in pattern.finditer(text):
            if any(match.start() in span or match.end() - 1 in span for span in taken):
                continue
            try:
                period = read(match, moment)
            except (ValueError, OverflowError):
                continue
            taken.append(range(match.start(), match.end()))
            found.append((match.start(), period))
    return tuple(period for _, period in sorted(found, key=lambda one: one[0]))


def timely(candidate: Candidate, asked: Sequence[Period]) -> float:
    """Return 1 where a memory happened in one of the periods asked about, 0.5 where it was said in one, else 0."""
    statement = candidate.memory.statement
    if statement.when is not None:
        start, end = _lasting(statement.when)
        return HAPPENED if any(period.meets(start, end) for period in asked) else 0.0
    said = statement.said_at
    return SAID if said is not None and any(period.meets(said, said) for period in asked) else 0.0


def _lasting(when: When) -> tuple[datetime, datetime]:
    """Return from when to when something lasts as far as is known."""
    if when.end is not None and when.end > when.start:
        return when.start, when.end
    lengths = {Precision.INSTANT: 0, Precision.DAY: 1, Precision.WEEK: 7, Precision.MONTH: 28, Precision.QUARTER: 90}
    return when.start, when.start + _DAY * lengths.get(when.precision, 365)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _months(year: int, month: int, length: int) -> Period:
    """Return the period of `length` months from the first of one on."""
    last = year * _MONTHS_A_YEAR + month - 1 + length
    start = datetime(year, month, 1, tzinfo=UTC)
    return Period(start=start, end=datetime(last // _MONTHS_A_YEAR, last % _MONTHS_A_YEAR + 1, 1, tzinfo=UTC))


def _year_of(match: re.Match[str], moment: datetime, month: int, day: int = 1) -> int:
    """Return the year named, else the latest in which the date had come by `moment`."""
    named = match.groupdict().get("year")
    if named:
        return int(named)
    return moment.year if (month, day) <= (moment.month, moment.day) else moment.year - 1


def _iso(match: re.Match[str], _: datetime) -> Period:
    start = datetime.fromisoformat(match.group()).replace(tzinfo=UTC)
    return Period(start=start, end=start + _DAY)


def _on_day(match: re.Match[str], moment: datetime) -> Period:
    month, day = _MONTHS[match["month"].casefold()], int(match["day"])
    start = datetime(_year_of(match, moment, month, day), month, day, tzinfo=UTC)
    return Period(start=start, end=start + _DAY)


def _in_month(match: re.Match[str], moment: datetime) -> Period:
    month = _MONTHS[match["month"].casefold()]
    return _months(_year_of(match, moment, month), month, 1)


def _in_quarter(match: re.Match[str], moment: datetime) -> Period:
    month = 3 * int(match["quarter"]) - 2
    return _months(_year_of(match, moment, month), month, 3)


def _in_season(match: re.Match[str], moment: datetime) -> Period:
    month = _SEASONS[match["season"].casefold()]
    return _months(_year_of(match, moment, month), month, 3)


def _in_year(match: re.Match[str], _: datetime) -> Period:
    return _months(int(match["year"]), 1, _MONTHS_A_YEAR)


def _near(match: re.Match[str], moment: datetime) -> Period:
    today = _midnight(moment)
    steps = {"yesterday": -1, "today": 0, "tomorrow": 1, "last night": -1, "tonight": 0}
    start = today + _DAY * steps[match.group().casefold()]
    return Period(start=start, end=start + _DAY)


def _relative(match: re.Match[str], moment: datetime) -> Period:
    step = {"last": -1, "previous": -1, "past": -1, "this": 0, "next": 1}[match["which"].casefold()]
    unit, today = match["unit"].casefold(), _midnight(moment)
    monday = today - _DAY * today.weekday()
    if unit == "week":
        return Period(start=monday + 7 * step * _DAY, end=monday + 7 * (step + 1) * _DAY)
    if unit == "weekend":
        saturday = monday + (5 + 7 * step) * _DAY
        return Period(start=saturday, end=saturday + 2 * _DAY)
    if unit == "year":
        return _months(today.year + step, 1, _MONTHS_A_YEAR)
    month = today.year * _MONTHS_A_YEAR + today.month - 1 + step
    return _months(month // _MONTHS_A_YEAR, month % _MONTHS_A_YEAR + 1, 1)


def _ago(match: re.Match[str], moment: datetime) -> Period:
    """Return the time so long ago, as exactly as its unit says: `two weeks ago` is a week, more or less."""
    length = _UNITS[match["unit"].casefold()]
    middle = _midnight(moment) - _DAY * length * _count(match)
    half = length // 2
    return Period(start=middle - half * _DAY, end=middle + (half + 1) * _DAY)


def _lately(match: re.Match[str], moment: datetime) -> Period:
    days = _UNITS[match["unit"].casefold()] * _count(match)
    return Period(start=_midnight(moment) - days * _DAY, end=_midnight(moment) + _DAY)


def _weekday(match: re.Match[str], moment: datetime) -> Period:
    today = _midnight(moment)
    back = (today.weekday() - _WEEKDAYS[match["weekday"].casefold()]) % 7 or 7
    return Period(start=today - back * _DAY, end=today - (back - 1) * _DAY)


def _count(match: re.Match[str]) -> int:
    text = match["count"].casefold()
    return int(text) if text.isdigit() else _NUMBERS[text]


def _grammars() -> Iterator[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], Period]]]:
    """Yield what is looked for, the most exact first; a stretch of text read once is not read again."""
    flags = re.IGNORECASE
    yield re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b"), _iso
    yield re.compile(rf"\b{_OF_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+(?:of\s+)?{_YEAR})?\b", flags), _on_day
    yield re.compile(rf"\b{_MONTH}\s+(?:the\s+)?{_OF_DAY}\b(?:,?\s+{_YEAR}\b)?", flags), _on_day
    yield re.compile(rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}\b", flags), _in_month
    # A month alone needs a word before it: `may` and `march` are verbs, and April is somebody's name.
    yield (
        re.compile(rf"\b(?:in|during|of|since|by|early|late|mid|last|this|until)[\s-]+{_MONTH}(?!\w)", flags),
        _in_month,
    )
    yield re.compile(rf"\b(?:q(?P<quarter>[1-4]))(?:\s+(?:of\s+)?{_YEAR})?\b", flags), _in_quarter
    yield re.compile(rf"\b(?P<season>{'|'.join(_SEASONS)})(?:\s+of)?\s+{_YEAR}\b", flags), _in_season
    yield (
        re.compile(rf"\b(?:last|this|in|in the|during the|over the)\s+(?P<season>{'|'.join(_SEASONS)})\b", flags),
        _in_season,
    )
    yield re.compile(rf"\b{_YEAR}\b"), _in_year
    yield re.compile(r"\b(?:yesterday|today|tomorrow|last night|tonight)\b", flags), _near
    yield re.compile(rf"\b(?:last|past|previous)\s+{_COUNT}\s+{_UNIT}\b", flags), _lately
    yield (
        re.compile(r"\b(?P<which>last|previous|past|this|next)\s+(?P<unit>weekend|week|month|year)\b", flags),
        _relative,
    )
    yield re.compile(rf"\b{_COUNT}\s+{_UNIT}\s+ago\b", flags), _ago
    yield re.compile(rf"\b(?:on|last)\s+(?P<weekday>{'|'.join(_WEEKDAYS)})\b", flags), _weekday


_GRAMMARS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], Period]]] = tuple(_grammars())


def any_asks_when(texts: Iterable[str]) -> bool:
    """Whether one of several questions is answered by a date or a span of time."""
    return any(map(asks_when, texts))
