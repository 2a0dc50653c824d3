from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from synap.domain.contexts import Query, Search
from synap.domain.memories import MemoryType
from synap.retrieval.standing import Tense, tenses, uphold


def search(make: Any, question: str, as_of: datetime | None = None) -> Search:
    return Search(chain=make.chain(), queries=(Query(text=question),), now=make.now, as_of=as_of)


def test_a_fact_that_ceased_to_hold_is_left_out(make: Any, names: Callable[[Any], list[str]]) -> None:
    ended = make.scored("ended", 0.9, valid_until=make.now - timedelta(days=1))
    holds = make.scored("holds", 0.5, valid_until=make.now + timedelta(days=1))

    assert names(uphold([ended, holds], search(make, "What is the promo price?"))) == ["holds"]


@pytest.mark.parametrize("question", ["What was the price?", "What is the 2024 price?", "Where did I live before?"])
def test_a_question_about_the_past_gets_what_ceased_to_hold(
    make: Any, names: Callable[[Any], list[str]], question: str
) -> None:
    ended = make.scored("ended", 0.9, valid_until=make.now - timedelta(days=1))

    assert names(uphold([ended], search(make, question))) == ["ended"]


def test_as_of_judges_by_its_own_moment(make: Any, names: Callable[[Any], list[str]]) -> None:
    ended = make.scored("ended", 0.9, valid_until=make.now - timedelta(days=30))

    kept = uphold([ended], search(make, "What is the price?", as_of=make.now - timedelta(days=60)))

    assert names(kept) == ["ended"]
    assert kept[0].score.total == 0.9


def test_an_event_that_is_over_stays_a_little_behind(make: Any, names: Callable[[Any], list[str]]) -> None:
    over = make.scored("over", 0.5, type=MemoryType.TEMPORAL_EVENT, valid_until=make.now - timedelta(days=1))
    other = make.scored("other", 0.48)

    assert names(uphold([over, other], search(make, "Which meetings are there?"))) == ["other", "over"]


def test_what_does_not_hold_yet_follows_what_does(make: Any, names: Callable[[Any], list[str]]) -> None:
    pending = make.scored("pending", 0.6, valid_from=make.now + timedelta(days=30))
    present = make.scored("present", 0.5)

    assert names(uphold([pending, present], search(make, "Who leads the team?"))) == ["present", "pending"]
    assert names(uphold([pending, present], search(make, "Who will lead the team?"))) == ["pending", "present"]


def test_years_tell_the_tense(make: Any) -> None:
    assert Tense.PAST in tenses(["the budget of 2019"], make.now)
    assert Tense.FUTURE in tenses(["the budget of 2030"], make.now)
    assert tenses(["the budget of 2026"], make.now) == {Tense.PRESENT}
    assert tenses([], make.now) == {Tense.PRESENT}
