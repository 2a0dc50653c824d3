"""Where a quotation stands in a text."""

from __future__ import annotations

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
        "repair " * LONGEST_QUOTE,
        "...",
    ],
)
def test_other_words_are_not(quote: str) -> None:
    assert cited(quote, TEXT) is None


def test_words_of_scripts_without_blanks_are_found() -> None:
    assert cited("養蜂は屋上", "毎年、養蜂は屋上で行われています。") == (3, 8)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_texts_give_a_place_inside_or_none(quote: str, text: str) -> None:
    place = cited(quote, text)

    assert place is None or 0 <= place.start < place.end <= len(text)
