from __future__ import annotations

import pytest

from synap.domain.memories import MemoryType, Statement
from synap.domain.slots import slots_of
from synap.ingestion.retractions import Verdict, meant


def _said(text: str, *entities: str) -> Statement:
    return Statement(
        type=MemoryType.FACT, content=text, slots=slots_of(text, subject="the user"), entities=tuple(entities)
    )


STATEMENTS = (
    _said("The user's roof budget is 5,000"),
    _said("The user's travel budget is 900"),
    _said("The user wants the light theme"),
    _said("Selma leads the data team", "Selma"),
    _said("The user prefers Selma as a reviewer", "Selma"),
    _said("The user's cat has a kidney disease"),
)


@pytest.mark.parametrize(
    ("topic", "positions"),
    [
        ("my roof budget", (0,)),
        ("the budget for the roof", (0,)),
        ("my theme setting", (2,)),
        ("Selma", (3, 4)),
        ("the cat's kidneys", (5,)),
        ("everything about the budget", (0, 1)),
    ],
)
def test_a_topic_finds_what_it_means(topic: str, positions: tuple[int, ...]) -> None:
    found = meant(topic, STATEMENTS)

    assert (found.verdict, found.positions) == (Verdict.CLEAR, positions)


def test_several_slots_under_one_word_are_ambiguous() -> None:
    assert meant("the budget", STATEMENTS).verdict is Verdict.AMBIGUOUS


def test_a_topic_nobody_spoke_of_is_unknown() -> None:
    assert meant("the sailing boat", STATEMENTS).verdict is Verdict.UNKNOWN


def test_a_topic_without_a_telling_word_is_not_guessed() -> None:
    assert meant("that", STATEMENTS).verdict is Verdict.AMBIGUOUS


def test_whose_matter_a_topic_is_decides_between_equal_ones() -> None:
    said = (
        _said("The user's rent is 900"),
        _said("The user's sister's rent is 700"),
        _said("Dana's rent is 500", "Dana"),
    )

    assert meant("my rent", said).positions == (0,)
    assert meant("my sister's rent", said).positions == (1,)
    assert meant("Dana's rent", said).positions == (2,)
    assert meant("the rent", said).verdict is Verdict.AMBIGUOUS


def test_what_i_do_is_never_what_a_relative_does() -> None:
    said = (_said("The user's uncle lives in Bari"),)

    assert meant("I live in Bari", said).verdict is Verdict.UNKNOWN
    assert meant("my uncle lives in Bari", said).positions == (0,)
    assert meant("his home in Bari", said).verdict is not Verdict.AMBIGUOUS
