"""Dates in running text: found, resolved against the day on which they were said, and written out in full.

The grammar is our own (`date_grammar`): it takes no date out of versions, ports, prices or scores. Anchored weekdays
and months without a year look back after a past verb and ahead otherwise. All times are UTC; whole days are days of
the anchor's calendar.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise

from synap.domain.memories import Precision, When
from synap.ingestion import periods
from synap.ingestion.counted_dates import COUNTED, counted
from synap.ingestion.date_grammar import RULES
from synap.ingestion.date_rules import Anchor
from synap.ingestion.lexicon.calendar import (
    FIXED_FEASTS,
    MONTH_NAMES,
    MONTHS,
    MOVING_FEASTS,
    SEASONS,
    US_ZONES,
    WEEKDAY_NAMES,
    WEEKDAYS,
    ZONES,
)
from synap.ingestion.tenses import Tense

LONGEST_PHRASE = 20_000
"""Texts beyond this many code points are not scanned: no clause is that long."""

_ZONE = "|".join(sorted((*ZONES, *US_ZONES), key=len, reverse=True))
_CLOCK = (
    r"(?:(?P<h12>1[0-2]|0?[1-9])(?:[:.](?P<m12>[0-5]\d))?\s?(?P<half>[ap])\.?m\b\.?|(?P<h24>[01]?\d|2[0-3]):(?P<m24>[0-5]\d)"
    r"|(?P<word>noon|midnight))"
)
_CLOCK_AFTER = re.compile(
    rf"(?:,|\s*\()?\s*(?:at|@|from|around|by)?\s*{_CLOCK}(?:\s*(?P<zone>{_ZONE})\b)?", re.IGNORECASE
)
_CLOCK_BEFORE = re.compile(rf"\b{_CLOCK}(?:\s*(?P<zone>{_ZONE})\b)?\s*(?:,|on)?\s*$", re.IGNORECASE)
_WORDS = "|".join(
    sorted(
        {*MONTHS, *WEEKDAYS, *SEASONS, *(f.split()[0] for f in (*FIXED_FEASTS, *MOVING_FEASTS))}, key=len, reverse=True
    ),
)
_HINT = re.compile(
    r"(?:19|20)\d\d|\d[./-]\d|\d(?:st|nd|rd|th)|[2-9]0['\u2019]?s|"
    rf"\b(?:{_WORDS}|today|tonight|yesterday|tomorrow|ago|back|week|month|year|quarter|decade|day|night|morning|"
    r"afternoon|evening|weekend|fortnight|half|hour|minute|eo[mywq]|q[1-4]|\w+ties)",
    re.IGNORECASE,
)
"""What every date has one of; nothing is looked for in a text without any."""
_PREPOSITION = re.compile(
    r"\b(on|in|at|by|until|till|since|from|before|after|for|during|of|to|through|over|around|between|due|back in)\s+$",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"(on|in|at|by|to|until|till|through|thru|since|starting|beginning|from|before|after|for|during|of|over|around|back\s+in)\s+",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['\u2019]s?\b")
_SIDE = re.compile(r"(?:before|after|following)\s+", re.IGNORECASE)
_LONGEST_COUNT = 40
_EDGES = ("end", "the end", "start", "the start", "beginning", "the beginning", "early", "late", "mid", "the mid", "eo")
_FEASTS = (*FIXED_FEASTS, *MOVING_FEASTS)
_BARE_WEEKDAY = re.compile(
    rf"(?:on\s+)?(?:{'|'.join(WEEKDAYS)})(?:\s+(?:morning|afternoon|evening|night))?", re.IGNORECASE
)
_BARE_DAY = re.compile(r"\w+\s+the\s+(?P<d>\d{1,2})(?:st|nd|rd|th)", re.IGNORECASE)
_SINCE = re.compile(r"\bsince\s+(?:the\s+)?$", re.IGNORECASE)
_UP_TO = re.compile(r"\s*(?:to|until|till|through|thru|-|\u2013)\s*", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|between)\b", re.IGNORECASE)
_PART_OF_DAY = re.compile(r"\b(morning|afternoon|evening|night)\b|\b(tonight)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateSpan:
    """A date found in a text.

    Attributes:
        start, end: Code points of the whole phrase, a clock time included.
        core_end: Where the words for the day end and the clock time, if any, begins.
        core_start: Where the words for the day begin.
        when: The time meant.
        whole: The day, month or year around it, without the clock time.
        relative: Whether the words only make sense beside the day on which they were said.
        tense: Tense of the verb that it was read with.
    """

    start: int
    end: int
    core_start: int
    core_end: int
    when: When
    whole: When
    relative: bool
    tense: Tense = Tense.PRESENT


def find_dates(
    text: str,
    anchor: datetime | None,
    tense: Tense | Sequence[tuple[int, Tense]] = Tense.PRESENT,
    *,
    after: When | None = None,
) -> list[DateSpan]:
    """Return the dates of a text in order, without overlaps; of overlapping readings the longest, then the first, counts.

    Args:
        text: A clause or sentence.
        anchor: When it was said, by the speaker's clock where that is known; without it only dates with a year are found.
        tense: Tense of its verb; or, for a text with several verbs, the places from which each tense holds, from 0
            on in order. What follows "since" lies in the past whatever the tense.
        after: The day told just before, whose month a bare "on the 21st" belongs to.
    """
    if len(text) > LONGEST_PHRASE or not _HINT.search(text):
        return []
    tenses = ((0, tense),) if isinstance(tense, Tense) else tuple(tense)
    found = _matches(text, None if anchor is None else anchor.date(), tenses)
    found.sort(key=lambda span: (span.start - span.end, span.start))
    kept: list[DateSpan] = []
    for span in found:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    kept.sort(key=lambda span: span.start)
    kept = _counted(text, _in_order(text, _same_month(text, kept, after)))
    return _with_clocks(text, _repeated(text, kept), None if anchor is None else anchor.tzinfo)


def parse_moment(text: str, anchor: datetime | None) -> datetime | None:
    """Return the moment that a caller's date means, or None: ISO forms, everything the grammar knows, year alone.

    Naive moments are taken as UTC. A stretch of time yields its start.
    """
    text = text.strip()
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        spans = find_dates(text, anchor, Tense.PRESENT) or find_dates(f"in {text}", anchor, Tense.PRESENT)
        return spans[0].when.start if spans else None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def readable(when: When) -> str:
    """Return the day, month, quarter or year of a time as an English reader writes it: `7 May 2023`, `June 2024`."""
    start = when.start
    if when.precision is Precision.YEAR:
        return _readable_years(when)
    if when.precision is Precision.MONTH:
        return _readable_months(when)
    if when.precision is Precision.QUARTER:
        return _readable_quarter(when)
    name = f"{start.day} {MONTH_NAMES[start.month - 1]} {start.year}"
    if when.precision is Precision.WEEK:
        return f"the week of {name}"
    if when.end is not None and when.end.date() != start.date():
        last = when.end
        same_month = (last.year, last.month) == (start.year, start.month)
        first = str(start.day) if same_month else name
        return f"{first} to {last.day} {MONTH_NAMES[last.month - 1]} {last.year}"
    return name


def write_dates(text: str, spans: list[DateSpan]) -> str:
    """Return the text with every relative or incomplete date written out, so that it reads the same on any day.

    `yesterday` becomes `on 19 November 2026`; what names its year already stays as it is; a repetition keeps its words.
    """
    for span in reversed(spans):
        phrase = text[span.core_start : span.core_end]
        if span.when.recurrence is not None or _complete(phrase, span):
            continue
        before, after = text[: span.core_start], text[span.core_end :]
        possessive = _POSSESSIVE.match(after)
        if possessive:
            text = f"{before}{phrase}{possessive[0]} ({readable(span.whole)}){after[possessive.end() :]}"
        else:
            text = before + _written(phrase, span.whole, before) + after
    return text


def _matches(text: str, day: date | None, tenses: Sequence[tuple[int, Tense]]) -> list[DateSpan]:
    starts = [start for start, _ in tenses]
    found = []
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            tense = tenses[max(0, bisect_right(starts, match.start()) - 1)][1]
            if match[0][:5].casefold() == "since" or _SINCE.search(text, max(0, match.start() - 12), match.start()):
                tense = Tense.PAST
            try:
                when = rule.build(match, Anchor(day=day, tense=tense))
            except (ValueError, OverflowError):
                continue  # 31 February, or a year that no calendar has: not a date
            if when is not None:
                found.append(_span(match, when, relative=rule.relative, tense=tense))
    return found


def _span(match: re.Match[str], when: When, *, relative: bool, tense: Tense) -> DateSpan:
    start, end = match.span()
    return DateSpan(
        start=start, end=end, core_start=start, core_end=end, when=when, whole=when, relative=relative, tense=tense
    )


def _counted(text: str, spans: list[DateSpan]) -> list[DateSpan]:
    """Return the dates with those that are counted from another one in its place: `the week before 14 May`."""
    found: list[DateSpan] = []
    for span in spans:
        leading = _SIDE.match(text, span.core_start, span.core_end)
        place = leading.end() if leading else span.core_start
        match = COUNTED.search(text, max(0, place - _LONGEST_COUNT), place)
        when = counted(match, span.when) if match is not None and span.when.recurrence is None else None
        if match is None or when is None:
            found.append(span)
            continue
        found = [other for other in found if other.end <= match.start()]
        moved = replace(span, start=match.start(), core_start=match.start(), when=when, whole=when, relative=True)
        found.append(moved)
    return found


def _in_order(text: str, spans: list[DateSpan]) -> list[DateSpan]:
    """Return the dates with the first month of "from April to March" a year back where it would lie behind the second."""
    for place, (first, last) in enumerate(pairwise(spans)):
        opening = _LEADING.match(text[last.start : last.end])
        gap = text[first.end : last.start] + (opening[0] if opening else "")
        if (
            first.when.precision is last.when.precision is Precision.MONTH
            and first.when.start > last.when.start
            and str(first.when.start.year) not in text[first.start : first.end]
            and _UP_TO.fullmatch(gap)
            and _FROM.search(text, 0, first.end)
        ):
            when = periods.month(first.when.start.year - 1, first.when.start.month)
            spans[place] = replace(first, when=when, whole=when)
    return spans


def _same_month(text: str, spans: list[DateSpan], after: When | None) -> list[DateSpan]:
    """Return the dates with a bare day of the month in the month of the day before it: `from 14 May, back on the 21st`."""
    for place, span in enumerate(spans):
        before = spans[place - 1].when if place else after
        bare = _BARE_DAY.fullmatch(text[span.start : span.end])
        if bare is None or before is None or before.precision is not Precision.DAY or before.recurrence is not None:
            continue
        first, wanted = before.start.date(), int(bare["d"])
        year, month = periods.shift_month(first.year, first.month, int(wanted < first.day))
        if wanted <= monthrange(year, month)[1]:
            when = periods.day(date(year, month, wanted))
            spans[place] = replace(span, when=when, whole=when)
    return spans


def _repeated(text: str, spans: list[DateSpan]) -> list[DateSpan]:
    """Return the dates with bare weekdays beside a repetition repeating as well: `open every day, closed on Friday`."""
    if all(span.when.recurrence is None for span in spans):
        return spans
    return [
        replace(span, when=replace(span.when, recurrence=text[span.start : span.end]))
        if span.when.recurrence is None and _BARE_WEEKDAY.fullmatch(text[span.start : span.end])
        else span
        for span in spans
    ]


def _with_clocks(text: str, spans: list[DateSpan], zone: tzinfo | None) -> list[DateSpan]:
    """Join clock times to their days; a time that another day has taken already stays with that one."""
    joined: list[DateSpan] = []
    for place, span in enumerate(spans):
        clocked = _with_clock(text, span, zone)
        begins_after = joined[-1].end if joined else 0
        ends_before = spans[place + 1].start if place + 1 < len(spans) else len(text)
        joined.append(clocked if clocked.start >= begins_after and clocked.end <= ends_before else span)
    return joined


def _with_clock(text: str, span: DateSpan, zone: tzinfo | None) -> DateSpan:
    whole_day = span.when.end is not None and span.when.end.date() == span.when.start.date()
    if span.when.precision is not Precision.DAY or not whole_day:
        return span
    after = _CLOCK_AFTER.match(text, span.end)
    if after is not None:
        return replace(span, end=after.end(), when=_at(span.when, after, zone))
    before = _CLOCK_BEFORE.search(text[max(0, span.start - 24) : span.start])
    if before is not None:
        start = max(0, span.start - 24) + before.start()
        return replace(span, start=start, when=_at(span.when, before, zone))
    return span


def _at(when: When, match: re.Match[str], zone: tzinfo | None) -> When:
    if match["word"]:
        hour, minute = (12, 0) if match["word"].casefold() == "noon" else (0, 0)
    elif match["h12"]:
        hour, minute = int(match["h12"]) % 12 + (12 if match["half"] in "pP" else 0), int(match["m12"] or 0)
    else:
        hour, minute = int(match["h24"]), int(match["m24"])
    return periods.moment(when.start.date(), hour, minute, match["zone"] or zone, when.recurrence)


def _complete(phrase: str, span: DateSpan) -> bool:
    """Whether the words already name the year, so that they read the same on any day."""
    named = str(span.whole.start.year) in phrase or span.whole.precision is Precision.YEAR
    return named and (not span.relative or span.whole.precision is Precision.QUARTER)


def _written(phrase: str, when: When, before: str) -> str:
    """Return the phrase's replacement; with its own preposition unless one stands before it already."""
    lowered = phrase.casefold().replace("\u2019", "'")
    if lowered.startswith(_EDGES) or any(feast in lowered for feast in _FEASTS):
        return f"{phrase} ({readable(when)})"
    leading = _LEADING.match(phrase)
    own = leading[0] if leading else ""
    named = _named(phrase[len(own) :], when)
    if own.strip().casefold() in ("", "in", "on"):
        wide = when.precision not in (Precision.DAY, Precision.INSTANT)
        own = "" if not own and _PREPOSITION.search(before) else "in " if wide else "on "
    joined = f"{own}{named}"
    return joined[0].upper() + joined[1:] if phrase[:1].isupper() and not before.strip() else joined


def _named(phrase: str, when: When) -> str:
    """Return the time in full, with the words that add something to it (weekday, part of day) kept."""
    lowered = phrase.casefold()
    name = readable(when)
    if when.precision is Precision.DAY and any(
        word.rstrip("s") in WEEKDAYS for word in lowered.replace(",", " ").split()
    ):
        name = f"{WEEKDAY_NAMES[when.start.weekday()]} {name}"
    part = _PART_OF_DAY.search(phrase)
    if part:
        return f"the {(part[1] or 'evening').casefold()} of {name}"
    if "weekend" in lowered:
        return f"the weekend of {readable(periods.day(when.start.date()))}"
    return name


def _readable_months(when: When) -> str:
    first, last = MONTH_NAMES[when.start.month - 1], when.end or when.start
    several = f" to {MONTH_NAMES[last.month - 1]}" if last.month != when.start.month else ""
    return f"{first}{several} {last.year}"


def _readable_years(when: When) -> str:
    last = when.start.year if when.end is None else when.end.year
    if last == when.start.year:
        return str(last)
    decade = last - when.start.year == 9  # noqa: PLR2004 - from its first year to its last
    return f"the {when.start.year}s" if decade else f"{when.start.year} to {last}"


def _readable_quarter(when: When) -> str:
    month, year = when.start.month, when.start.year
    for name, first in SEASONS.items():
        if first == month and name != "fall":
            return f"{name} {year}" if month != SEASONS["winter"] else f"winter {year}/{(year + 1) % 100:02d}"
    return f"Q{(month + 2) // 3} {year}"
