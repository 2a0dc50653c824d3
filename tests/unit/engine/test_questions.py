"""A fetch's request is checked once, and takes from the instance what it does not say itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synap.api.contexts import FetchContext
from synap.domain.contexts import RetrievalMode
from synap.domain.scopes import Place
from synap.engine.cache import cache_key
from synap.engine.callers import Instance
from synap.engine.questions import MAX_QUERIES, MAX_QUERY_CHARACTERS, MOST_TOKENS, Asked, check, settled
from synap.errors import InvalidInputError
from synap.maca.load import load

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def instance(**config: Any) -> Instance:
    place = Place(instance_id="inst_1", client_id="cli_1")
    return Instance(place=place, maca=load(config), revision=1)


def asked(config: dict[str, Any] | None = None, **request: Any) -> Asked:
    return check(instance(**(config or {})), FetchContext(target="client", **request), now=NOW)


def test_a_budget_may_be_as_large_as_wished() -> None:
    request = FetchContext(target="client", max_tokens=2**70)
    checked = check(instance(), request, now=NOW)

    assert checked.budget == MOST_TOKENS
    assert cache_key("i", 0, (), settled(request, checked), "e")


def test_shares_and_results_may_be_as_many_as_wished() -> None:
    request = FetchContext(target="client", max_results=2**70, max_results_per_query=2**70)

    assert cache_key("i", 0, (), settled(request, check(instance(), request, now=NOW)), "e")


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="max_tokens"):
        asked(max_tokens=-1)


def test_equal_queries_count_once() -> None:
    assert len(asked(search_query=("When?",) * 20).queries) == 1
    assert len(asked(search_query=("When?", " When? ")).queries) == 1


def test_beyond_the_most_queries_the_first_are_asked_and_the_answer_says_so() -> None:
    many = asked(search_query=tuple(map(str, range(MAX_QUERIES + 1))))

    assert [query.text for query in many.queries] == [str(number) for number in range(MAX_QUERIES)]
    assert [f"first {MAX_QUERIES} of {MAX_QUERIES + 1}" in warning for warning in many.warnings] == [True]
    assert asked(search_query=tuple(map(str, range(MAX_QUERIES)))).warnings == ()


def test_a_long_query_is_read_as_far_as_the_limit_and_the_answer_says_so() -> None:
    long = asked(search_query=("w " * MAX_QUERY_CHARACTERS, "w " * MAX_QUERY_CHARACTERS * 2))

    assert [len(query.text) for query in long.queries] == [MAX_QUERY_CHARACTERS - 1]
    assert [str(MAX_QUERY_CHARACTERS) in warning for warning in long.warnings] == [True]
    assert asked(search_query=("w" * MAX_QUERY_CHARACTERS,)).warnings == ()


def test_beyond_the_most_results_the_most_are_given_and_the_answer_says_so() -> None:
    assert (asked(max_results=50).max_results, asked(max_results=50).warnings) == (50, ())

    many = asked(max_results=100, max_results_per_query=100)

    assert many.max_results == 50
    assert ["not 100" in warning for warning in many.warnings] == [True]
    with pytest.raises(InvalidInputError, match="max_results"):
        asked(max_results=-1)
    with pytest.raises(InvalidInputError, match="max_results_per_query"):
        asked(max_results_per_query=0)


def test_the_instance_gives_the_mode_that_a_request_does_not_name() -> None:
    config = {"retrieval.default_mode": "accurate"}

    assert asked(config).mode is RetrievalMode.ACCURATE
    assert asked(config, mode="fast").mode is RetrievalMode.FAST
    assert asked().mode is RetrievalMode.FAST
    with pytest.raises(InvalidInputError, match="mode must be one of"):
        asked(mode="")


def test_retention_tells_from_when_on_things_are_kept() -> None:
    assert asked().kept_from is None
    assert asked({"storage.retention.max_memory_age_days": 7}).kept_from == NOW - timedelta(days=7)


def test_what_comes_to_the_same_is_the_same_request() -> None:
    plain = FetchContext(target="customer", customer_id="acme", search_query=("When?",))
    wordy = FetchContext(
        target="customer",
        customer_id="acme",
        user_id="ann",
        search_query=("When? ", "When?"),
        mode="fast",
        max_tokens=4096,
    )

    assert settled(plain, check(instance(), plain, now=NOW)) == settled(wordy, check(instance(), wordy, now=NOW))
