from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synap.domain.memories import Draft, Evidence, MemoryType, Statement
from synap.ingestion.gate import LABELS, certain, head, judged
from synap.ingestion.hints import CONFIDENCE, MOST, hints_of, with_hints


def draft(content: str, confidence: float = 0.6, *, doubtful: bool = False) -> Draft:
    return Draft(
        statement=Statement(type=MemoryType.FACT, content=content, confidence=confidence),
        evidence=(Evidence(document_id="d", start=0, end=len(content), quote=content),),
        cues=frozenset({"kind fact"}),
        doubtful=doubtful,
    )


@pytest.mark.parametrize(
    "analysis",
    [
        {"gist": "Wants a refund for the cracked kettle."},
        {"facts": [{"text": "cracked kettle refund"}]},
        {"a": {"b": ["all fine", "The kettle arrived cracked."]}},
    ],
)
def test_what_an_analysis_says_too_is_sure(analysis: dict[str, object]) -> None:
    found = with_hints([draft("The kettle arrived cracked"), draft("The parcel was late")], hints_of(analysis))

    assert [one.hinted for one in found] == [True, False]
    assert [one.statement.confidence for one in found] == [CONFIDENCE, 0.6]


def test_nothing_is_made_of_an_analysis_alone() -> None:
    found = with_hints([draft("The parcel was late")], hints_of({"facts": ["The user lives in Lisbon."]}))

    assert found == (draft("The parcel was late"),)
    assert with_hints([], hints_of({"facts": ["The user lives in Lisbon."]})) == ()


@pytest.mark.parametrize(
    "analysis", [{"category": "kettle"}, {"kettle arrived cracked": 5}, {"score": [1, None, True]}, {}]
)
def test_labels_numbers_and_names_of_fields_are_no_hints(analysis: dict[str, object]) -> None:
    assert hints_of(analysis) == ()


def test_what_was_surer_before_stays_so() -> None:
    (found,) = with_hints([draft("The kettle arrived cracked", 0.97)], hints_of({"gist": "cracked kettle"}))

    assert found.statement.confidence == 0.97


def test_hints_are_bounded() -> None:
    assert len(hints_of({"all": [f"thing{number} broke" for number in range(10 * MOST)]})) == MOST


def test_an_analysis_may_be_nested_deeply() -> None:
    deep: object = "The kettle arrived cracked."
    for _ in range(5000):
        deep = [deep]

    assert len(hints_of({"deep": deep})) == 1


def test_the_gate_keeps_what_is_hinted_however_doubtful() -> None:
    unlikely = np.array([[0.02] * (len(LABELS) - 1) + [0.9]])
    doubted = draft("The kettle arrived cracked", doubtful=True)
    hinted = replace(doubted, hinted=True)

    assert judged(head(), [doubted], unlikely) == []
    assert [one.statement.content for _, one in judged(head(), [hinted], unlikely)] == ["The kettle arrived cracked"]
    assert (certain([doubted]), certain([hinted])) == ([], [(0, hinted)])
