from __future__ import annotations

import pytest

from synap.domain.clauses import believed, clauses, ends, past, without_time


def test_contractions_are_written_out_and_notes_taken_off() -> None:
    assert clauses("I'm not sure it's open. (Team Handbook)") == ("I am not sure it is open",)


def test_a_sentence_is_cut_where_a_new_statement_begins() -> None:
    assert clauses("I am in the data team but I report to Olga; she lives in Voss") == (
        "I am in the data team",
        "I report to Olga",
        "she lives in Voss",
    )


def test_interjections_in_front_are_taken_off_but_not_denials() -> None:
    assert clauses("Sorry, actually the code is 12") == ("the code is 12",)
    assert clauses("No coffee for me") == ("No coffee for me",)


def test_a_question_keeps_its_mark() -> None:
    assert clauses("Do I live in Voss? I moved to Bergen.") == ("Do I live in Voss?", "I moved to Bergen")


def test_a_time_in_front_can_be_taken_off() -> None:
    assert without_time("From 1 May the office is in Voss") == "the office is in Voss"


@pytest.mark.parametrize(
    "clause", ["Is it open?", "If it rains we stay", "Nils says it is open", "I might go", "I was only joking"]
)
def test_what_asserts_nothing_is_not_believed(clause: str) -> None:
    assert not believed(clause)


def test_a_plain_statement_is_believed() -> None:
    assert believed("The user lives in Voss")


def test_former_times_are_past_unless_something_changed() -> None:
    assert past("Ten years ago I lived in Voss")
    assert not past("Two weeks ago I moved to Voss")


def test_an_end_is_recognised() -> None:
    assert ends("The user no longer eats fish")
    assert not ends("The user eats fish")
