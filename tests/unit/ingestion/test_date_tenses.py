from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.ingestion.date_tenses import reschedules, tenses_of
from synap.ingestion.dates import find_dates
from synap.ingestion.shapes import analyse

TUESDAY = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)


def days(text: str) -> list[str]:
    return [span.when.start.date().isoformat() for span in find_dates(text, TUESDAY, tenses_of(analyse(text)))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I moved to Ghent in January", ["2027-01-01"]),
        ("my aunt changed dentists in December", ["2026-12-01"]),
        ("I booked a kayak in May", ["2026-05-01"]),
        ("we extended the shelf on Thursday", ["2027-03-04"]),
        ("I brought soup on Sunday", ["2027-03-07"]),
        ("I put the bins out on Friday", ["2027-03-05"]),
    ],
)
def test_a_verb_of_moving_keeps_its_own_tense(text: str, found: list[str]) -> None:
    assert days(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the hearing was moved from April to June", ["2026-04-01", "2027-06-01"]),
        ("the rehearsal slipped to Friday", ["2027-03-12"]),
        ("our audit has been postponed until 4 May", ["2027-05-04"]),
        ("I rescheduled my scan for Monday", ["2027-03-15"]),
        ("on Monday we pushed the demo to Thursday", ["2027-03-08", "2027-03-11"]),
    ],
)
def test_an_event_with_a_new_time_lies_ahead_of_the_move(text: str, found: list[str]) -> None:
    assert days(text) == found


def test_what_something_was_moved_from_is_no_repetition() -> None:
    assert days("the seminar got moved from Monday to Thursday")[-1] == "2027-03-11"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the lift squeaks since Friday", ["2027-03-05"]),
        ("I have decided: the sale will be on 2 May", ["2027-05-02"]),
        ("we agreed on Monday that the trial will be on Friday", ["2027-03-08", "2027-03-12"]),
        ("I told Ola the plumber is coming on Thursday", ["2027-03-11"]),
        ("I was in Rome on Sunday and on Saturday I fly to Oslo", ["2027-03-07", "2027-03-13"]),
        ("we opened the shop on 2 May", ["2026-05-02"]),
        ("I booked a berth for 2 May", ["2027-05-02"]),
        ("I rent the hut from November to February", ["2027-11-01", "2028-02-01"]),
        ("I rent the hut from February to November", ["2027-02-01", "2027-11-01"]),
    ],
)
def test_each_date_is_read_with_its_own_verb(text: str, found: list[str]) -> None:
    assert days(text) == found


@pytest.mark.parametrize("text", ["my niece was born in August", "Per was born on 2 June", "I was born in Oslo in May"])
def test_a_birth_without_a_year_has_no_date(text: str) -> None:
    assert days(text) == []


def test_only_what_has_a_time_is_rescheduled() -> None:
    assert reschedules(analyse("they moved the launch to July"))
    assert not reschedules(analyse("they moved the sofa to the attic"))
