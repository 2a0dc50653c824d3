from __future__ import annotations

from typing import Any

from synap.domain.scopes import LADDER
from synap.retrieval.order import arrange
from synap.retrieval.share import share_out

SCORES = {
    "a1": {"a": 0.9},
    "a2": {"a": 0.8},
    "a3": {"a": 0.7},
    "b1": {"b": 0.5},
    "b2": {"b": 0.4},
    "both": {"a": 0.6, "b": 0.6},
}


def placed(make: Any, *names: str) -> Any:
    return arrange([make.settled(name, max(SCORES[name].values())) for name in names], LADDER)


def ids(chosen: Any) -> list[str]:
    return [one.id for one in chosen]


def test_the_queries_take_turns_and_none_is_crowded_out(make: Any) -> None:
    answer = placed(make, "a1", "a2", "a3", "b1", "b2")

    assert ids(share_out(answer, SCORES, ["a", "b"], each=2, most=4)) == ["a1", "a2", "b1", "b2"]
    assert ids(share_out(answer, SCORES, ["a", "b"], each=1, most=2)) == ["a1", "b1"]


def test_the_callers_order_decides_who_takes_first(make: Any) -> None:
    answer = placed(make, "a1", "b1")

    assert ids(share_out(answer, SCORES, ["b", "a"], each=1, most=1)) == ["b1"]


def test_an_item_that_several_found_counts_for_each(make: Any) -> None:
    answer = placed(make, "both", "b1", "b2")

    chosen = share_out(answer, SCORES, ["b", "a"], each=1, most=2)

    # `both` is what b takes and is a's share too; the room left goes to the best of the rest.
    assert ids(chosen) == ["both", "b1"]


def test_room_that_is_left_is_filled_best_first_up_to_the_ceiling(make: Any) -> None:
    answer = placed(make, "a1", "a2", "a3", "b1")

    assert ids(share_out(answer, SCORES, ["a", "b"], each=1, most=3)) == ["a1", "a2", "b1"]
    assert ids(share_out(answer, SCORES, ["a", "b"], each=1, most=0)) == []
