from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.terms import term_hashes
from synap.retrieval.plan import names_in, plan_queries, read_query_date

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_a_query_carries_its_terms_and_the_names_in_it() -> None:
    (query,) = plan_queries(["  When did Orla visit Lake Bled? "])

    assert query.text == "When did Orla visit Lake Bled?"
    assert query.terms == term_hashes(query.text)
    assert query.names == ("orla", "lake", "bled")
    assert query.vector is None


def test_blank_and_repeated_queries_are_left_out() -> None:
    assert [query.text for query in plan_queries(["budget", " ", "", "budget ", "plan"])] == ["budget", "plan"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What are Tomás's plans?", ("tomás",)),
        ("Tell me about Globex.", ("globex",)),
        ("Priya likes what?", ("priya",)),
        ("what did priya cook", ("priya", "cook")),
        ("Where is it?", ()),
        ("", ()),
    ],
)
def test_names_are_capitalised_words_or_any_content_word_of_a_casual_question(
    question: str, expected: tuple[str, ...]
) -> None:
    assert names_in(question) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-07-01", datetime(2025, 7, 1, tzinfo=UTC)),
        ("2025-07-01T10:00:00Z", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ("2025-07-01T10:00:00+02:00", datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ("Tue, 01 Jul 2025 10:00:00 +0000", datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ("1:56 pm on 8 May, 2023", datetime(2023, 5, 8, 13, 56, tzinfo=UTC)),
        ("12:05 AM, 3 March 2024", datetime(2024, 3, 3, 0, 5, tzinfo=UTC)),
        ("May 8th, 2023", datetime(2023, 5, 8, tzinfo=UTC)),
        ("the 8th of May 2023", datetime(2023, 5, 8, tzinfo=UTC)),
        ("2023/05/20 (Sat) 02:21", datetime(2023, 5, 20, 2, 21, tzinfo=UTC)),
        ("08.05.2023", datetime(2023, 5, 8, tzinfo=UTC)),
        ("05/08/2023 14:00", datetime(2023, 5, 8, 14, tzinfo=UTC)),
        ("May 2023", datetime(2023, 5, 1, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ],
)
def test_query_dates_are_read_leniently(text: str, expected: datetime) -> None:
    assert read_query_date(text, NOW) == (expected, None)


@pytest.mark.parametrize("text", ["soon", "31 February 2024", "99999999999", "0001-01-01", "25:61", "٣"])
def test_an_unreadable_query_date_means_now_with_a_warning(text: str) -> None:
    moment, warning = read_query_date(text, NOW)

    assert moment == NOW
    assert warning is not None
    assert "query_date" in warning


@pytest.mark.parametrize("text", [None, "", "  ", "now", "Today"])
def test_no_query_date_means_now_without_a_warning(text: str | None) -> None:
    assert read_query_date(text, NOW) == (NOW, None)
