"""Where a quotation stands in a text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synap.ingestion.citations import LONGEST_QUOTE, cited

TEXT = "On Monday Noor's **oboe** broke,\n and the repair will cost 90 euros — she was furious about it."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("the repair will cost 90 euros", "the repair will cost 90 euros"),
        ("THE REPAIR", "the repair"),
        ('"Noor\u2019s oboe broke"', "Noor's **oboe** broke"),
        ("oboe broke and the repair", "oboe** broke,\n and the repair"),
        ("the repair would cost 90 euros", "the repair will cost 90 euros"),
        ("and the repair of will cost 90 euros she was furious", "and the repair will cost 90 euros — she was furious"),
        (
            "and the repair will cost 90 euros she furious about it",
            "and the repair will cost 90 euros — she was furious about it",
        ),
        (
            "On Monday ... she was furious",
            "On Monday Noor's **oboe** broke,\n and the repair will cost 90 euros — she was furious",
        ),
    ],
)
def test_words_are_found_whatever_stands_between_them(quote: str, found: str) -> None:
    place = cited(quote, TEXT)

    assert place is not None
    assert TEXT[place.start : place.end] == found


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "x",
        "the repair was free of charge for members",
        "she was furious ... On Monday",
        "the repair will cost 9000 pounds",
        "the repair will cost 91 euros",
        "repair " * LONGEST_QUOTE,
        "...",
    ],
)
def test_other_words_are_not(quote: str) -> None:
    assert cited(quote, TEXT) is None


def test_words_of_scripts_without_blanks_are_found() -> None:
    assert cited("養蜂は屋上", "毎年、養蜂は屋上で行われています。") == (3, 8)


def test_texts_that_repeat_themselves_take_no_longer() -> None:
    words = ("the", "then", "them", "these", "there", "thee")
    text = " ".join(words[n * n % 6] for n in range(250))
    quote = " ".join(words[(n * n + n) % 6] for n in range(110))
    began = time.process_time()

    cited(quote, text)

    assert time.process_time() - began < 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_texts_give_a_place_inside_or_none(quote: str, text: str) -> None:
    place = cited(quote, text)

    assert place is None or 0 <= place.start < place.end <= len(text)
