from __future__ import annotations

import pytest

from synap.ingestion.naming import introduction, name_told, own_name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("My name is Tove Berg.", "Tove Berg"),
        ("Hi there, I'm Tove, how are you?", "Tove"),
        ("I'm Tove Berg and I fix clocks.", "Tove Berg"),
        ("I'm Norwegian.", None),
        ("I'm South African and proud.", None),
        ("Hello, I'm Vegan", None),
        ("I'm Team Lead at a bank", None),
        ("I'm tired", None),
    ],
)
def test_a_speaker_tells_a_name_and_no_origin_or_title(said: str, name: str | None) -> None:
    assert own_name(said) == name


def test_one_word_is_a_name_only_where_it_is_known() -> None:
    assert name_told("I am Tove", "Tove Berg") == "Tove"
    assert name_told("I am Tove", "The user") is None
    assert name_told("My name is Tove", "The user") == "Tove"


def test_an_introduction_with_more_is_two_statements() -> None:
    assert introduction("I am Tove Berg, a potter from Voss", "The user") == (
        "I am Tove Berg",
        "I am a potter from Voss",
    )
    assert introduction("I am a potter", "The user") is None
