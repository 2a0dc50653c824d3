from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from synap.engine.enhancing import share_of
from synap.maca.schema import ExtractionRules, Ingestion, ModelBudget


def rules(calls: int, tokens: int) -> Ingestion:
    return Ingestion(extraction=ExtractionRules(budget=ModelBudget(max_calls=calls, max_tokens=tokens)))


@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=30), st.integers(0, 1000), st.integers(0, 10_000_000))
def test_the_slices_of_a_document_may_use_its_budget_together(lengths: list[int], calls: int, tokens: int) -> None:
    places = [sum(lengths[:count]) for count in range(len(lengths) + 1)]

    shares = [
        share_of(rules(calls, tokens), begin, end, last=end == places[-1]).extraction.budget
        for begin, end in pairwise(places)
    ]

    assert sum(share.max_calls for share in shares) == calls
    assert sum(share.max_tokens for share in shares) == tokens
    assert min(share.max_calls for share in shares) >= 0
    assert min(share.max_tokens for share in shares) >= 0


def test_the_first_slices_are_served_first() -> None:
    first, second = (share_of(rules(12, 60_000), at, at + 40_000, last=False) for at in (0, 40_000))

    assert (first.extraction.budget.max_calls, first.extraction.budget.max_tokens) == (12, 60_000)
    assert (second.extraction.budget.max_calls, second.extraction.budget.max_tokens) == (0, 0)
