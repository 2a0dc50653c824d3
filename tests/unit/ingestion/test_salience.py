from __future__ import annotations

import pytest

from synap.ingestion.contractions import expand
from synap.ingestion.salience import salient
from synap.ingestion.shapes import analyse


def passes(clause: str, *, people: bool = True) -> bool:
    return salient(analyse(expand(clause)), dated=False, felt=False, dialogue_of_people=people)


@pytest.mark.parametrize(
    "clause",
    [
        "I collect old maps",
        "My aunt bakes pretzels",
        "Ludo moved to Graz",
        "We adopted a kitten",
        "Our boiler broke twice",
    ],
)
def test_what_tells_about_somebody_passes(clause: str) -> None:
    assert passes(clause)


@pytest.mark.parametrize(
    "clause",
    ["I totally agree", "I hope you like it", "You did great", "That sounds fun", "The view was gorgeous", "I love it", "It is what it is", "I'm so proud of you"],
)  # fmt: skip
def test_small_talk_does_not(clause: str) -> None:
    assert not passes(clause)


def test_talk_about_things_counts_only_towards_a_machine() -> None:
    assert passes("The cache runs on two nodes", people=False)
    assert not passes("The lake looks calm", people=True)
