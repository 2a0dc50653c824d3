"""The ways of naming a time, one example each: what is found, and how exactly. Said on Wednesday, 10 March 2027."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.ingestion.dates import find_dates
from synap.ingestion.tenses import Tense

WEDNESDAY = datetime(2027, 3, 10, 8, 30, tzinfo=UTC)
P, N, F = Tense.PAST, Tense.PRESENT, Tense.FUTURE

FOUND = [
    ("I saw her today", P, "2027-03-10"),
    ("we met yesterday evening", P, "2027-03-09"),
    ("I leave tomorrow morning", N, "2027-03-11"),
    ("they came the day before yesterday", P, "2027-03-08"),
    ("it broke last night", P, "2027-03-09"),
    ("we eat out tonight", N, "2027-03-10"),
    ("I called this morning", P, "2027-03-10"),
    ("we left three days ago", P, "2027-03-07"),
    ("I quit a week ago", P, "2027-03-01/2027-03-07"),
    ("we bought it two weeks ago", P, "2027-02-22/2027-02-28"),
    ("I moved six months ago", P, "2026-09"),
    ("she died five years ago", P, "2022"),
    ("we met a couple of days ago", P, "2027-03-08"),
    ("he called an hour ago", P, "2027-03-10"),
    ("it opened a decade ago", P, "2017"),
    ("we spoke 10 days ago", P, "2027-02-28"),
    ("I started one month ago", P, "2027-02"),
    ("I ran it exactly two weeks ago", P, "2027-02-24"),
    ("we moved here over a year ago", P, "2026"),
    ("it happened half a year ago", P, "2026-09"),
    ("I quit two Fridays ago", P, "2027-02-26"),
    ("we met three Sundays ago", P, "2027-02-21"),
    ("it starts in three days", N, "2027-03-13"),
    ("I fly in two weeks", N, "2027-03-24"),
    ("the lease ends in a month", N, "2027-04"),
    ("she is due in six weeks' time", N, "2027-04-21"),
    ("the shop closes two days from now", N, "2027-03-12"),
    ("we marry a week from Saturday", N, "2027-03-20"),
    ("they arrive a week on Monday", N, "2027-03-22"),
    ("the exam is Tuesday week", N, "2027-03-23"),
    ("we leave in a fortnight", N, "2027-03-24"),
    ("I saw him on Friday", P, "2027-03-05"),
    ("I see him on Friday", N, "2027-03-12"),
    ("I see him next Friday", F, "2027-03-19"),
    ("I saw him last Wednesday", P, "2027-03-03"),
    ("the talk is this Wednesday", N, "2027-03-10"),
    ("the talk is this coming Saturday", N, "2027-03-13"),
    ("we met this past Sunday", P, "2027-03-07"),
    ("we met the Sunday before last", P, "2027-02-28"),
    ("it is the Monday after next", N, "2027-03-22"),
    ("I return by Thursday", N, "2027-03-11"),
    ("Sunday before last we hiked", P, "2027-02-28"),
    ("we went on Tuesday of last week", P, "2027-03-02"),
    ("it is on Tuesday of next week", N, "2027-03-16"),
    ("we meet on Thursday next week", N, "2027-03-18"),
    ("I was there last week on Monday", P, "2027-03-01"),
    ("I was ill last week", P, "2027-03-01/2027-03-07"),
    ("I am away next week", N, "2027-03-15/2027-03-21"),
    ("we moved last month", P, "2027-02"),
    ("I finish next month", N, "2027-04"),
    ("we married last year", P, "2026"),
    ("it opens next year", N, "2028"),
    ("this year I run", N, "2027"),
    ("I was sick the week before last", P, "2027-02-22/2027-02-28"),
    ("it is the month after next", N, "2027-05"),
    ("we hiked last weekend", P, "2027-03-06/2027-03-07"),
    ("we hike next weekend", N, "2027-03-20/2027-03-21"),
    ("we hike this weekend", N, "2027-03-13/2027-03-14"),
    ("I moved earlier this month", P, "2027-03"),
    ("I moved earlier this year", P, "2027"),
    ("it happened later last year", P, "2026"),
    ("it ran in late January", P, "2027-01"),
    ("we moved in January", P, "2027-01"),
    ("we moved in November", P, "2026-11"),
    ("we move in November", F, "2027-11"),
    ("we move in February", F, "2028-02"),
    ("I have been here since June", N, "2026-06"),
    ("we met last June", P, "2026-06"),
    ("we meet next June", F, "2027-06"),
    ("in June 2019 I left", P, "2019-06"),
    ("it was June of 2019", P, "2019-06"),
    ("in early May", F, "2027-05"),
    ("by the end of May", F, "2027-05-31"),
    ("in mid-April", F, "2027-04"),
    ("at the beginning of April", F, "2027-04-01"),
    ("on 7 May 2023", P, "2023-05-07"),
    ("on May 7, 2023", P, "2023-05-07"),
    ("on May 7th", P, "2026-05-07"),
    ("on May 7th", F, "2027-05-07"),
    ("on the 7th of May", F, "2027-05-07"),
    ("on 2023-05-07", P, "2023-05-07"),
    ("on 07.05.2023", P, "2023-05-07"),
    ("on 5/7/2023", P, "2023-05-07"),
    ("on the 3rd", P, "2027-03-03"),
    ("on the 28th", F, "2027-03-28"),
    ("on Friday the 12th", F, "2027-03-12"),
    ("on Friday, 12 March", F, "2027-03-12"),
    ("on the 15th of next month", F, "2027-04-15"),
    ("from 3 to 9 June", F, "2027-06-03/2027-06-09"),
    ("between 3 and 9 June", F, "2027-06-03/2027-06-09"),
    ("June 3-9", F, "2027-06-03/2027-06-09"),
    ("in summer 2024", P, "2024-06/2024-08"),
    ("last summer", P, "2026-06/2026-08"),
    ("next spring", F, "2028-03/2028-05"),
    ("this summer", F, "2027-06/2027-08"),
    ("in Q3", F, "2027-07/2027-09"),
    ("in Q4 of 2025", P, "2025-10/2025-12"),
    ("in the second quarter of 2026", P, "2026-04/2026-06"),
    ("last quarter", P, "2026-10/2026-12"),
    ("next quarter", F, "2027-04/2027-06"),
    ("by the end of Q2", F, "2027-06-30"),
    ("at the end of the year", F, "2027-12-31"),
    ("in 2015", P, "2015"),
    ("back in 1999", P, "1999"),
    ("in the nineties", P, "1990/1999"),
    ("in the 1980s", P, "1980/1989"),
    ("in the early 2000s", P, "2000/2009"),
    ("in the first half of 2026", P, "2026-01/2026-06"),
    ("in the second half of the year", F, "2027-07/2027-12"),
    ("last Christmas", P, "2026-12-25"),
    ("on Christmas Eve", P, "2026-12-24"),
    ("at Easter 2027", F, "2027-03-28"),
    ("next Halloween", F, "2027-10-31"),
    ("on New Year's Eve", P, "2026-12-31"),
    ("the week before Easter", F, "2027-03-21/2027-03-27"),
    ("the day after Christmas", P, "2026-12-26"),
    ("two days before Easter", F, "2027-03-26"),
    ("the week after Thanksgiving", P, "2026-11-27/2026-12-03"),
    ("the week before 14 May", F, "2027-05-07/2027-05-13"),
    ("the day before 14 May", F, "2027-05-13"),
    ("three days after 14 May", F, "2027-05-17"),
    ("the weekend before 14 May", F, "2027-05-08/2027-05-09"),
    ("the Friday before 14 May 2023", P, "2023-05-12"),
    ("the Sunday after 25 May 2023", P, "2023-05-28"),
    ("two weeks before 14 May", F, "2027-04-30"),
    ("the month before June 2023", P, "2023-05"),
]
"""Phrase, tense, first and last day (one where they agree), as far as known."""

REPEATED = [
    "every Monday",
    "every other Tuesday",
    "every second Friday",
    "on Mondays and Thursdays",
    "each morning",
    "every two weeks",
    "twice a week",
    "once a month",
    "on the first Monday of every month",
    "on the 15th of each month",
    "Monday to Friday",
    "every summer",
    "every three months",
    "on weekdays",
    "on weekends",
    "three times a week",
]

NO_DATES = [
    "I joined a few days ago",
    "I arrived two days earlier",
    "version 3.11 is out",
    "it costs 2,019 euros",
    "port 8080",
    "I may go",
    "we march on",
    "I scored 7-5",
    "the Sun newspaper",
    "10 years of experience",
    "room 12",
]


@pytest.mark.parametrize(("text", "tense", "days"), FOUND)
def test_a_time_is_found_with_its_first_and_last_day(text: str, tense: Tense, days: str) -> None:
    (span,) = find_dates(text, WEDNESDAY, tense)

    first, _, last = days.partition("/")
    assert span.when.recurrence is None
    assert span.when.start.date().isoformat().startswith(first)
    assert (span.when.end or span.when.start).date().isoformat().startswith(last or first)


@pytest.mark.parametrize("text", REPEATED)
def test_a_repetition_keeps_the_words_that_tell_it(text: str) -> None:
    (span,) = find_dates(text, WEDNESDAY, Tense.PRESENT)

    assert span.when.recurrence is not None
    assert span.when.recurrence.strip() in text


@pytest.mark.parametrize("text", NO_DATES)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert find_dates(text, WEDNESDAY, Tense.PRESENT) == []
