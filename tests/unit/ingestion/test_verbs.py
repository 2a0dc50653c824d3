from __future__ import annotations

import pytest

from synap.ingestion import verbs


@pytest.mark.parametrize(
    ("base", "third"),
    [("go", "goes"), ("try", "tries"), ("play", "plays"), ("watch", "watches"), ("have", "has"), ("be", "is")],
)
def test_the_third_person(base: str, third: str) -> None:
    assert verbs.third_person(base) == third


@pytest.mark.parametrize(
    ("word", "base"),
    [("went", "go"), ("stopped", "stop"), ("tried", "try"), ("running", "run"), ("makes", "make"), ("taken", "take")],
)
def test_any_form_leads_to_its_base(word: str, base: str) -> None:
    assert verbs.base_of(word) == base


def test_unchanged_pasts_do_not_look_past() -> None:
    assert verbs.looks_past("sold")
    assert not verbs.looks_past("put")
    assert not verbs.looks_past("need")
