from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synap.domain.conflicts import Relation, relation, scope_relation
from synap.domain.gists import Gist
from synap.domain.memories import MemoryType, Statement
from synap.domain.overriding import may_meet
from synap.domain.readings import Reading, readings


def test_different_words_for_one_matter_share_a_topic() -> None:
    assert "#rate" in Gist("Throttling is switched off").topic_terms & Gist("The rate limit is 100").topic_terms


def test_names_and_values_are_not_topics() -> None:
    assert Reading("Halden's jobs may take 2 hours").terms.isdisjoint({"halden", "2", "hour"})


def test_block_terms_miss_no_common_topic() -> None:
    first, second = "Invoices are due in 30 days", "Halden pays its invoices after 60 days"

    assert Gist(first).topic_terms & Gist(second).topic_terms
    assert Gist(first).block_terms & Gist(second).block_terms


@pytest.mark.parametrize(
    ("text", "bygone"),
    [
        ("The user deployed the service last Tuesday", True),
        ("I paid the invoice after 45 days", True),
        ("The digest is sent on Mondays", False),
        ("The budget was raised to 4,000 euros", False),
        ("The user bought the large plan", False),
    ],
)
def test_past_events_are_told_from_settings(text: str, bygone: bool) -> None:  # noqa: FBT001 -- a table of cases
    assert Reading(text).bygone is bygone


def test_relatives_and_the_user_are_told_apart() -> None:
    assert Reading("My brother wants a light theme").foreign
    assert not Reading("I want a light theme").foreign
    assert Reading("I want a light theme").own


def test_plans_environments_and_years_restrict() -> None:
    assert ("plan", "free") in Reading("The free plan stores 10 files").restrictions
    assert ("environment", "stag") in Reading("The staging server is small").restrictions
    assert ("year", "2023") in Reading("In 2023 the fee was low").restrictions


def test_every_clause_has_a_reading_and_an_empty_text_one() -> None:
    assert len(readings("The code is 12. The office is open.")) == 2
    assert len(readings("")) == 1


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("Potters gather at dawn around the kiln", "A red bench stands beside the kiln", False),
        ("The kiln was fired at dawn by Oda", "A heron nests near the weir", False),
        ("The kiln takes two loads of bowls", "A kiln takes three loads of bowls", True),
        ("Each order needs two signatures from senior potters", "Acme contracts carry five signatures", True),
        ("Support answers within a day", "Acme has priority support around the clock", True),
        ("Glazing is outdoors", "No glazing", True),
    ],
)
def test_texts_that_cannot_bear_on_each_other_are_told_by_their_terms(one: str, other: str, *, may: bool) -> None:
    assert may_meet(Gist(one), Gist(other)) is may
    assert may_meet(Gist(other), Gist(one)) is may


_WHO = ("The user", "Acme", "The kiln", "Our shop", "Every order", "Priya's team", "I", "Weekend deliveries")
_SAYS = ("opens", "ships", "doesn't ship", "has", "never needs", "must have", "prefers", "can't use", "we've got")
_WHAT = (
    "two approvals",
    "three approvals",
    "parcels",
    "free support",
    "a blue glaze",
    "dark mode",
    "nothing",
    "Oslo",
    "all parcels",
)
_REST = (
    "",
    " on Mondays",
    " for bowls",
    " and it's fine",
    ". It closes at noon",
    " (since May)",
    " in staging",
    " when parcels arrive",
)


@given(*[st.tuples(*map(st.sampled_from, (_WHO, _SAYS, _WHAT, _REST)))] * 2)
def test_no_pair_is_passed_over_that_says_the_same_or_otherwise(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    first, second = (f"{who} {says} {what}{rest}" for who, says, what, rest in (one, other))
    if may_meet(Gist(first), Gist(second)):
        return
    statements = [Statement(type=MemoryType.FACT, content=text) for text in (first, second)]

    for tell in (relation, scope_relation):
        assert tell(*statements) not in {Relation.SAME, Relation.CONFLICT}
