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
from synap.engine.questions import MAX_QUERIES, MOST_TOKENS, Asked, check, settled
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


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="max_tokens"):
        asked(max_tokens=-1)


def test_equal_queries_count_once() -> None:
    assert len(asked(search_query=("When?",) * 20).queries) == 1
    assert len(asked(search_query=("When?", " When? ")).queries) == 1
    with pytest.raises(InvalidInputError, match=f"at most {MAX_QUERIES} different"):
        asked(search_query=tuple(map(str, range(MAX_QUERIES + 1))))


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
