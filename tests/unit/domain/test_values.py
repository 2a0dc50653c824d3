from __future__ import annotations

from decimal import Decimal

import pytest

from synap.domain.values import ALWAYS, Kind, Value, canonical, number_of, read_values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open 9am-5pm", Value(Kind.HOURS, "09:00-17:00")),
        ("between 8am and 6pm", Value(Kind.HOURS, "08:00-18:00")),
        ("24/7 support", Value(Kind.HOURS, ALWAYS)),
        ("around the clock", Value(Kind.HOURS, ALWAYS)),
        ("at 7:45", Value(Kind.CLOCK, "07:45")),
        ("at 12am", Value(Kind.CLOCK, "00:00")),
        ("at noon", Value(Kind.CLOCK, "12:00")),
        ("5k euros", Value(Kind.MONEY, "5000", "eur")),
        ("$1,200.50", Value(Kind.MONEY, "1200.5", "usd")),
        ("99.95 percent", Value(Kind.PERCENT, "99.95")),
        ("2 GB", Value(Kind.SIZE, "2000000000")),
        ("half an hour", Value(Kind.DURATION, "1800")),
        ("ten business days", Value(Kind.DURATION, "864000")),
        ("on 9 April 1984", Value(Kind.DATE, "1984-04-09")),
        ("April 9th", Value(Kind.DATE, "--04-09")),
        ("on Thursdays", Value(Kind.WEEKDAY, "thursday")),
        ("release v3.1", Value(Kind.VERSION, "3.1")),
        ("write to a.b@example.org.", Value(Kind.ADDRESS, "a.b@example.org")),
        ("order KX-7719", Value(Kind.CODE, "kx-7719")),
        ("signed 'Yours, M.'", Value(Kind.QUOTE, "yours, m")),
        ("twenty-five guests", Value(Kind.NUMBER, "25", "guest")),
        ("1,000 requests", Value(Kind.NUMBER, "1000", "request")),
    ],
)
def test_a_value_is_read_in_its_normal_form(text: str, expected: Value) -> None:
    values, _ = read_values(text)

    assert expected in values


@pytest.mark.parametrize("text", ["one of them left", "no values at all", "we may go", "a book a week"])
def test_words_that_only_look_like_values_are_none(text: str) -> None:
    assert read_values(text)[0] == ()


def test_equal_durations_in_other_units_are_equal() -> None:
    assert read_values("48 hours")[0] == read_values("2 days")[0]


def test_the_rest_keeps_the_words_around_the_values() -> None:
    _, rest = read_values("invoices are due after 30 days in full")

    assert rest.split() == ["invoices", "are", "due", "after", "in", "full"]


def test_canonical_text_has_values_replaced_in_place() -> None:
    assert canonical("every other Friday at 2pm").split() == ["every", "other", "friday", "at", "14:00"]


@pytest.mark.parametrize(
    ("text", "number"), [("1,000", 1000), ("5k", 5000), ("two hundred", 200), ("half a", Decimal("0.5"))]
)
def test_numbers_in_digits_or_words(text: str, number: Decimal) -> None:
    assert number_of(text) == number


def test_other_words_are_no_number() -> None:
    assert number_of("several") is None


@pytest.mark.parametrize(
    "text",
    [
        "around the clock", "on Weekends", "half an hour", "for a night", "EUR 5", "mail me: o.k+1@post.example", "v2",
        "www.post.example", "“as is”", "room AB-12", "'so so' is it", "+49 30 1234567", "by noon", "24/7", "every day", "at any time",
        "twenty-five", "May 2024", "seats: 5", "¥5", "https://post.example",
    ],
)  # fmt: skip
def test_a_value_is_found_wherever_it_begins(text: str) -> None:
    found = read_values(text)[0]
    assert found
    assert read_values(f"Well - {text}")[0] == found


def test_a_unit_inside_a_word_measures_nothing() -> None:
    assert read_values("Redis AMS and a quartet")[0] == ()
