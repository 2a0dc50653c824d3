from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from synap.domain.scopes import LADDER
from synap.retrieval.order import Placed, arrange, arrange_unasked, fill_order
from synap.retrieval.scored import Settled


def ids(placed: Sequence[Placed]) -> list[str]:
    return [one.id for one in placed]


def test_inside_a_band_the_narrower_scope_comes_first(make: Any) -> None:
    broad = make.settled("broad", 0.9, rung="client")
    middle = make.settled("middle", 0.8, rung="customer")
    narrow = make.settled("narrow", 0.7, rung="user")

    assert ids(arrange([broad, middle, narrow], LADDER)) == ["narrow", "middle", "broad"]


def test_an_irrelevant_narrow_memory_never_passes_a_relevant_broad_one(make: Any) -> None:
    broad = make.settled("broad", 0.9, rung="client")
    narrow = make.settled("narrow", 0.4, rung="user")

    placed = arrange([narrow, broad], LADDER)

    assert ids(placed) == ["broad", "narrow"]
    assert [one.relevant for one in placed] == [True, False]


def test_a_winner_worded_otherwise_is_as_relevant_as_what_it_overrides(make: Any) -> None:
    broad = make.settled("broad", 0.9, rung="client", overridden_by="narrow")
    narrow = make.settled("narrow", 0.1, rung="user")
    other = make.settled("other", 0.5, rung="user")

    assert ids(arrange([broad, other, narrow], LADDER)) == ["narrow", "broad", "other"]


def test_the_winner_of_a_winner_leads_the_chain(make: Any) -> None:
    chain = [
        make.settled("client", 0.9, rung="client", overridden_by="customer"),
        make.settled("customer", 0.3, rung="customer", overridden_by="user"),
        make.settled("user", 0.1, rung="user"),
    ]

    assert ids(arrange(chain, LADDER)) == ["user", "customer", "client"]


def test_a_newer_memory_of_the_same_scope_precedes_the_one_it_overrides(make: Any) -> None:
    old = make.settled("old", 0.9, overridden_by="recent")
    recent = make.settled("recent", 0.4)

    assert ids(arrange([old, recent], LADDER)) == ["recent", "old"]


def test_contradictory_marks_lose_nothing(make: Any) -> None:
    ring = [make.settled("a", 0.9, overridden_by="b"), make.settled("b", 0.8, overridden_by="a")]

    assert sorted(ids(arrange(ring, LADDER))) == ["a", "b"]


def test_nothing_is_arranged_into_nothing(make: Any) -> None:
    assert arrange([], LADDER) == []
    assert arrange_unasked([], LADDER, favoured="user", limit=5, now=make.now) == []
    assert fill_order([], LADDER) == []


def test_the_budget_takes_relevant_narrow_ones_before_relevant_broad_ones_and_the_rest_last(make: Any) -> None:
    settled = [
        make.settled("top", 1.0, rung="client"),
        make.settled("near", 0.7, rung="user"),
        make.settled("far", 0.3, rung="user"),
        make.settled("farther", 0.2, rung="client"),
    ]
    placed = arrange(settled, LADDER)

    assert ids(placed) == ["top", "near", "far", "farther"]
    assert [placed[position].id for position in fill_order(placed, LADDER)] == ["near", "top", "far", "farther"]


def test_without_a_question_rungs_follow_in_turn_newest_and_surest_first(make: Any) -> None:
    month = timedelta(days=30)
    settled = [
        make.settled("w", rung="world"),
        make.settled("c", rung="client"),
        make.settled("older", said_at=make.now - month),
        make.settled("unsure", confidence=0.1),
        make.settled("sure", confidence=1.0),
        make.settled("k", rung="customer"),
    ]

    placed = arrange_unasked(settled, LADDER, favoured="user", limit=10, now=make.now)

    assert ids(placed) == ["sure", "unsure", "older", "k", "c", "w"]


def test_without_a_question_every_rung_gives_at_least_one(make: Any) -> None:
    settled = [make.settled(f"u{n}") for n in range(9)] + [
        make.settled("k", rung="customer"),
        make.settled("c", rung="client"),
    ]

    placed = arrange_unasked(settled, LADDER, favoured="user", limit=4, now=make.now)

    assert ids(placed) == ["u0", "u1", "k", "c"]
    assert ids(arrange_unasked(settled, LADDER, favoured="user", limit=2, now=make.now)) == ["u0", "k"]
    assert arrange_unasked(settled, LADDER, favoured="user", limit=0, now=make.now) == []


def test_without_a_question_the_favoured_rung_comes_first(make: Any) -> None:
    settled = [make.settled("u"), make.settled("k", rung="customer"), make.settled("c", rung="client")]

    placed = arrange_unasked(settled, LADDER, favoured="customer", limit=9, now=make.now)

    assert ids(placed) == ["k", "u", "c"]
    assert fill_order(placed, LADDER, favoured="customer") == [0, 1, 2]


def test_without_a_question_the_overridden_wait_for_their_winner_even_in_the_favoured_rung(make: Any) -> None:
    settled = [make.settled("u"), make.settled("c", rung="client", overridden_by="u")]

    assert ids(arrange_unasked(settled, LADDER, favoured="client", limit=9, now=make.now)) == ["u", "c"]


def test_without_a_question_excerpts_stand_in_only_for_a_rung_without_memories(make: Any) -> None:
    settled = [make.settled("u"), make.settled("ue", excerpt=True), make.settled("ce", rung="client", excerpt=True)]

    assert ids(arrange_unasked(settled, LADDER, favoured="user", limit=9, now=make.now)) == ["u", "ce"]


def test_a_passage_overridden_in_part_stands_behind_the_winner(make: Any) -> None:
    broad = Settled(scored=make.scored("broad", 0.9, rung="client"), partly_overridden_by="narrow")
    narrow = make.settled("narrow", 0.1)
    other = make.settled("other", 0.5)

    assert ids(arrange([broad, other, narrow], LADDER)) == ["narrow", "broad", "other"]


def test_without_a_question_a_winner_has_at_least_the_merit_of_what_it_overrides(make: Any) -> None:
    broad = make.settled("broad", rung="client", overridden_by="narrow")
    narrow = make.settled("narrow", said_at=make.now - timedelta(days=90))

    first, second = arrange_unasked([broad, narrow], LADDER, favoured="client", limit=9, now=make.now)

    assert (first.id, second.id) == ("narrow", "broad")
    assert first.relevance >= second.relevance
