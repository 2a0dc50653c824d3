from __future__ import annotations

import pytest

from synap.domain.readings import Reading, block_terms, readings, topic_terms


def test_different_words_for_one_matter_share_a_topic() -> None:
    assert "#rate" in topic_terms("Throttling is switched off") & topic_terms("The rate limit is 100")


def test_names_and_values_are_not_topics() -> None:
    assert Reading("Halden's jobs may take 2 hours").terms.isdisjoint({"halden", "2", "hour"})


def test_block_terms_miss_no_common_topic() -> None:
    first, second = "Invoices are due in 30 days", "Halden pays its invoices after 60 days"

    assert topic_terms(first) & topic_terms(second)
    assert block_terms(first) & block_terms(second)


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
