from __future__ import annotations

import tracemalloc

import pytest

from synap.domain.terms import hash_term, stem, term_hashes, tokenize


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("We run 24/7 on k8s with Python 3.11", ["run", "24/7", "k8s", "python", "3.11"]),
        ("C++ or C#", ["c++", "c#"]),
        ("1,000 rows", ["1000", "row"]),
        ("an e-mail", ["email", "mail"]),
        ("Alice's café", ["alic", "café"]),
        ("user_id", ["user_id", "user", "id"]),
        ("東京に", ["東京", "京に"]),
        ("한국어", ["한국", "국어"]),
        ("हिन्दी", ["हिन्दी"]),
        ("\uff26\uff35\uff2c\uff2c \ufb01le", ["ful", "fil"]),
    ],
)
def test_words_numbers_and_scripts_become_terms(text: str, terms: list[str]) -> None:
    assert tokenize(text) == terms


def test_stop_words_are_left_out_unless_nothing_else_remains() -> None:
    assert tokenize("the budget of the year") == ["budget", "year"]
    assert tokenize("to be or not to be") == ["to", "be", "or", "not", "to", "be"]


@pytest.mark.parametrize(
    "family",
    [
        ("plan", "plans", "planned", "planning"),
        ("hike", "hikes", "hiked", "hiking"),
        ("study", "studies", "studied", "studying"),
        ("control", "controlled", "controls"),
        ("prefer", "preferred", "prefers"),
        ("box", "boxes"),
        ("child", "children"),
    ],
)
def test_inflected_forms_share_a_stem(family: tuple[str, ...]) -> None:
    assert len({stem(word) for word in family}) == 1


@pytest.mark.parametrize("word", ["string", "bed", "news", "morning", "evening", "bus", "is", "speed"])
def test_words_that_only_look_inflected_stay_apart(word: str) -> None:
    assert stem(word) == word


def test_hashes_are_frozen_distinct_and_signed() -> None:
    hashes = term_hashes("tea, coffee, tea")

    assert hashes == (hash_term("tea"), hash_term("coffe"))
    assert all(-(2**63) <= value < 2**63 for value in hashes)
    assert hash_term("tea") == GOLDEN_TEA


GOLDEN_TEA = 4426705134372107745
"""Changing this value orphans every stored term."""


def test_a_word_of_a_million_letters_takes_little_memory() -> None:
    word = "a" * 1_000_000
    tracemalloc.start()
    try:
        terms = tokenize(word)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert terms == [word]
    assert peak < 20 * len(word)
