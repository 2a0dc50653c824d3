from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.ingestion.dates import find_dates
from synap.ingestion.shapes import analyse
from synap.ingestion.validity import holds, opening_moved, validity_of, without_validity

NOW = datetime(2027, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clause", "start", "end"),
    [
        ("the depot is in Kiruna from 1 June", "2027-06-01", None),
        ("the fee is 12 euros starting next Monday", "2027-03-15", None),
        ("the gate code is 8841 as of May 2027", "2027-05-01", None),
        ("the toll is 4 euros effective 2 May 2027", "2027-05-02", None),
        ("I work at Solveig since January", "2027-01-01", None),
        ("the pool is closed until Friday", None, "2027-03-12"),
        ("the pool is closed through June", None, "2027-06-30"),
        ("the pool is closed until June", None, "2027-06-01"),
        ("the ferry is free for this April", "2027-04-01", "2027-04-30"),
        ("the kiosk is open from 3 May to 9 August", "2027-05-03", "2027-08-09"),
        ("the concert is on 4 May", None, None),
        ("I have choir from Monday to Thursday", None, None),
    ],
)
def test_a_clause_says_since_when_and_until_when_it_holds(clause: str, start: str | None, end: str | None) -> None:
    found = validity_of(clause, find_dates(clause, NOW))

    days = [moment and moment.date().isoformat() for moment in (found.start, found.end)]
    assert days == [start, end]


def test_a_phrase_in_front_moves_behind_the_value() -> None:
    assert opening_moved("From 1 June the depot is in Kiruna.", NOW) == "the depot is in Kiruna from 1 June."
    assert opening_moved("Since we met, I sleep well", NOW) == "Since we met, I sleep well"


def test_the_value_can_be_read_without_its_validity() -> None:
    clause = "our rent is 700 euros as of May 2027, heating included"

    assert (
        without_validity(clause, validity_of(clause, find_dates(clause, NOW)))
        == "our rent is 700 euros heating included"
    )


@pytest.mark.parametrize(
    ("clause", "lasting"),
    [
        ("the rent is 700 euros", True),
        ("I work at Solveig", True),
        ("the concert is in Malmo", False),
        ("I stayed in Malmo", False),
        ("we are sailing to Malmo", False),
    ],
)
def test_only_states_hold_from_a_day_on(clause: str, lasting: bool) -> None:  # noqa: FBT001 - a table's column
    assert holds(analyse(clause)) is lasting
