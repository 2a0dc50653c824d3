from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.memories import Precision
from synap.ingestion.dates import find_dates, parse_moment, readable, write_dates
from synap.ingestion.tenses import Tense

WEDNESDAY = datetime(2027, 3, 10, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "tense", "day"),
    [
        ("we moved yesterday", Tense.PAST, "2027-03-09"),
        ("she arrives the day after tomorrow", Tense.PRESENT, "2027-03-12"),
        ("the parcel comes in five days", Tense.PRESENT, "2027-03-15"),
        ("I sold it last Monday", Tense.PAST, "2027-03-08"),
        ("I sold it on Monday", Tense.PAST, "2027-03-08"),
        ("I sell it on Monday", Tense.PRESENT, "2027-03-15"),
        ("the audit is on the first Tuesday of May", Tense.PRESENT, "2027-05-04"),
        ("rent is due at the end of the month", Tense.PRESENT, "2027-03-31"),
        ("it ran on 3 Feb 2022", Tense.PAST, "2022-02-03"),
        ("it ran on February 3rd, 2022", Tense.PAST, "2022-02-03"),
        ("it ran on 2022-02-03", Tense.PAST, "2022-02-03"),
        ("it ran on 23.2.2022", Tense.PAST, "2022-02-23"),
        ("it ran on 23/02/2022", Tense.PAST, "2022-02-23"),
        ("a week from Friday", Tense.FUTURE, "2027-03-19"),
        ("we eat together on Easter", Tense.FUTURE, "2027-03-28"),
        ("until the 28th", Tense.FUTURE, "2027-03-28"),
    ],
)
def test_a_day_is_found_and_anchored(text: str, tense: Tense, day: str) -> None:
    spans = find_dates(text, WEDNESDAY, tense)

    assert [span.when.start.date().isoformat() for span in spans] == [day]


@pytest.mark.parametrize(
    ("text", "precision", "start", "end"),
    [
        ("two weeks ago", Precision.WEEK, "2027-02-22", "2027-02-28"),
        ("in August 2019", Precision.MONTH, "2019-08-01", "2019-08-31"),
        ("in Q4 2025", Precision.QUARTER, "2025-10-01", "2025-12-31"),
        ("back in 2008", Precision.YEAR, "2008-01-01", "2008-12-31"),
        ("in the nineties", Precision.YEAR, "1990-01-01", "1999-12-31"),
        ("from 4 to 9 June", Precision.DAY, "2027-06-04", "2027-06-09"),
        ("next summer", Precision.QUARTER, "2027-06-01", "2027-08-31"),
    ],
)
def test_a_stretch_has_its_precision_and_its_ends(text: str, precision: Precision, start: str, end: str) -> None:
    (span,) = find_dates(text, WEDNESDAY, Tense.FUTURE)

    assert span.when.end is not None
    assert (span.when.precision, span.when.start.date().isoformat(), span.when.end.date().isoformat()) == (
        precision,
        start,
        end,
    )


@pytest.mark.parametrize(
    "text",
    [
        "we run Redis 7.2.4 on port 6379",
        "build 2025.3.12.1 failed",
        "they won 3-2 on 10.0.0.1",
        "it costs $1999 or 24.12",
        "may I march on",
        "the Q3 plan is thin",
        "it took three weeks",
        "the 4th floor",
    ],
)
def test_numbers_that_are_no_dates_stay_numbers(text: str) -> None:
    assert find_dates(text, WEDNESDAY, Tense.PAST) == []


def test_a_clock_time_with_its_zone_is_an_instant_in_utc() -> None:
    (span,) = find_dates("the call is tomorrow at 4:15pm PT", WEDNESDAY, Tense.PRESENT)

    assert span.when.start == datetime(2027, 3, 12, 0, 15, tzinfo=UTC)


def test_summer_time_of_the_united_states_is_honoured() -> None:
    (span,) = find_dates("the call is on 1 July 2027 at 9am ET", WEDNESDAY, Tense.PRESENT)

    assert span.when.start == datetime(2027, 7, 1, 13, 0, tzinfo=UTC)


def test_a_repetition_keeps_its_words_and_starts_at_its_next_day() -> None:
    (span,) = find_dates("choir is every second Thursday at 7pm", WEDNESDAY, Tense.PRESENT)

    assert span.when.recurrence == "every second Thursday"
    assert span.when.start == datetime(2027, 3, 11, 19, 0, tzinfo=UTC)


def test_without_an_anchor_only_full_dates_are_found() -> None:
    spans = find_dates("on Friday, in May, tomorrow and on 5 May 2021", None)

    assert [readable(span.when) for span in spans] == ["5 May 2021"]


def test_a_day_that_does_not_exist_is_no_date() -> None:
    assert find_dates("on 31 February 2024", WEDNESDAY) == []


@pytest.mark.parametrize(
    ("text", "tense", "written"),
    [
        ("Yesterday I fell", Tense.PAST, "On 9 March 2027 I fell"),
        ("I leave next month", Tense.FUTURE, "I leave in April 2027"),
        ("it is due by Friday", Tense.PRESENT, "it is due by Friday 12 March 2027"),
        ("I saw yesterday's game", Tense.PAST, "I saw yesterday's (9 March 2027) game"),
        ("born on 5 May 1990", Tense.PAST, "born on 5 May 1990"),
        ("we meet every Monday", Tense.PRESENT, "we meet every Monday"),
        ("we biked last night", Tense.PAST, "we biked on the night of 9 March 2027"),
        ("done by the end of next month", Tense.FUTURE, "done by the end of next month (30 April 2027)"),
    ],
)
def test_relative_dates_are_written_out(text: str, tense: Tense, written: str) -> None:
    assert write_dates(text, find_dates(text, WEDNESDAY, tense)) == written


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2024-06-01", datetime(2024, 6, 1, tzinfo=UTC)),
        ("2024-06-01T10:00:00+02:00", datetime(2024, 6, 1, 8, tzinfo=UTC)),
        ("June 2024", datetime(2024, 6, 1, tzinfo=UTC)),
        ("1 June, 2024", datetime(2024, 6, 1, tzinfo=UTC)),
        ("2024", datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_callers_date_is_read_leniently(text: str, start: datetime) -> None:
    assert parse_moment(text, WEDNESDAY) == start


def test_a_callers_text_without_a_date_is_none() -> None:
    assert parse_moment("soonish", WEDNESDAY) is None


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("I row every Friday evening", "every Friday evening"),
        ("each Monday morning we pray", "each Monday morning"),
        ("I swim on Sunday mornings", "Sunday mornings"),
        ("rent is due on the first of every month", "the first of every month"),
        ("I am paid on the last day of each month", "the last day of each month"),
        ("we audit every quarter", "every quarter"),
        ("fees rise every January", "every January"),
    ],
)
def test_a_repetition_takes_in_all_its_words(text: str, repeated: str) -> None:
    (span,) = find_dates(text, WEDNESDAY, Tense.PRESENT)

    assert span.when.recurrence == repeated
    assert write_dates(text, [span]) == text
