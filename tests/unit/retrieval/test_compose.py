from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from msgspec import structs

from synap.domain.contexts import Candidate, Context, Query, Recall, Search
from synap.domain.memories import MemoryType
from synap.domain.tokens import count_tokens
from synap.retrieval.compose import Wanted, compose


def answer(make: Any, candidates: list[Candidate], *questions: str, **wanted: Any) -> Context:
    search = Search(chain=make.chain(), queries=tuple(Query(text=text) for text in questions), now=make.now)
    return compose(Recall(candidates=tuple(candidates)), search, Wanted(**wanted))


def ids(context: Context) -> list[str]:
    return [item.memory.id for item in context.items]


def test_a_relevant_narrow_memory_comes_first_and_an_irrelevant_one_does_not(make: Any) -> None:
    candidates = [
        make.candidate("broad", "Parcels leave at noon.", vector=(0.8,), lexical=(9.0,), rung="client"),
        make.candidate("narrow", "Parcels of Acme leave at three.", vector=(0.75,), lexical=(8.0,), rung="customer"),
        make.candidate("chatter", "The cat sleeps on parcels.", vector=(0.2,), lexical=(3.0,), rung="user"),
    ]

    context = answer(make, candidates, "When do parcels leave?")

    assert ids(context) == ["narrow", "broad", "chatter"]
    assert [item.rank for item in context.items] == [0, 1, 2]
    assert context.scopes == ("user", "customer", "client", "world")
    assert context.candidates == 3


def test_results_are_cut_by_relevance_and_the_budget_by_scope(make: Any) -> None:
    candidates = [
        make.candidate("broad", "The parcel service leaves the yard at noon.", lexical=(9.0,), rung="client"),
        make.candidate("narrow", "The user sends parcels with the evening van.", lexical=(6.2,), rung="user"),
    ]

    assert ids(answer(make, candidates, "parcels", max_results=1)) == ["broad"]
    tight = answer(make, candidates, "parcels", budget=18)
    assert ids(tight) == ["narrow"]
    assert tight.budget_exceeded


def test_the_formatted_text_is_what_is_counted(make: Any) -> None:
    candidates = [
        make.candidate("a", "Parcels leave at noon.", lexical=(2.0,)),
        make.candidate("b", "Mangoes are ripe.", lexical=(1.0,)),
    ]

    context = answer(make, candidates, "known")

    assert context.formatted == "## Facts\n- [user] Parcels leave at noon.\n- [user] Mangoes are ripe."
    assert context.tokens == count_tokens(context.formatted) <= context.budget
    assert not context.budget_exceeded


def test_no_results_or_no_budget_give_an_empty_answer(make: Any) -> None:
    candidates = [make.candidate("a", lexical=(1.0,))]

    for empty in (
        answer(make, candidates, "known", max_results=0),
        answer(make, candidates, "known", budget=0),
        answer(make, candidates, max_results=0, budget=0),
        answer(make, [], "known"),
        answer(make, []),
    ):
        assert (empty.items, empty.formatted, empty.tokens) == ((), "", 0)


def test_types_and_confidence_decide_what_may_be_served(make: Any) -> None:
    candidates = [
        make.candidate("fact", lexical=(3.0,), confidence=0.9),
        make.candidate("vague", lexical=(3.0,), confidence=0.4),
        make.candidate("passage", lexical=(3.0,), confidence=0.4, excerpt=True),
        make.candidate("mood", lexical=(3.0,), type=MemoryType.EMOTION, confidence=0.9),
    ]

    assert set(ids(answer(make, candidates, "known", confidence_threshold=0.5))) == {"fact", "mood", "passage"}
    assert ids(answer(make, candidates, "known", types=frozenset({MemoryType.EMOTION}))) == ["mood"]


def test_an_answer_can_be_narrowed_to_rungs(make: Any) -> None:
    candidates = [make.candidate("u", lexical=(1.0,)), make.candidate("c", lexical=(1.0,), rung="client")]

    context = answer(make, candidates, "known", rungs=frozenset({"client"}))

    assert ids(context) == ["c"]
    assert context.scopes == ("client",)


def test_what_came_without_its_text_counts_for_the_rungs_asked_for_alone(make: Any) -> None:
    turn = make.candidate("m", "It is known.", lexical=(1.0,), place=(1, 1), excerpt=True)
    beside = {rung: make.untold(lexical=4.0, place=(1, 2), rung=rung) for rung in ("user", "client")}
    search = Search(chain=make.chain(), queries=(Query(text="known"),), now=make.now)

    whole, without = (
        compose(Recall(candidates=(turn,), untold=beside[rung]), search, Wanted(rungs=frozenset({"user"})))
        for rung in ("user", "client")
    )

    assert (whole.items[0].score.lexical, without.items[0].score.lexical) == (0.25, 1.0)


def test_without_a_question_the_rungs_follow_in_turn(make: Any) -> None:
    candidates = [
        make.candidate("c", "Parcels leave at noon.", rung="client"),
        make.candidate("u", "Mangoes are ripe."),
        make.candidate("k", "The gate opens with a blue card.", rung="customer"),
    ]

    context = answer(make, candidates)

    assert ids(context) == ["u", "k", "c"]
    assert all(item.score.total > 0 for item in context.items)
    assert ids(answer(make, candidates, favoured="client")) == ["c", "u", "k"]


def test_each_item_tells_which_queries_found_it(make: Any) -> None:
    candidates = [
        make.candidate("a", "Parcels leave at noon.", lexical=(4.0, None)),
        make.candidate("b", "Mangoes are ripe.", lexical=(3.9, 4.0)),
    ]

    found = {item.memory.id: item.matched_queries for item in answer(make, candidates, "one", "two").items}

    assert found == {"a": ("one",), "b": ("one", "two")}


def test_the_one_answer_to_a_question_has_room_beside_the_many_to_another(make: Any) -> None:
    many = [make.candidate(f"n{number:02}", lexical=(2.0, 1.0)) for number in range(30)]
    only = make.candidate("only", lexical=(1.0, 4.0), rung="client")

    answered = [ids(answer(make, [*many, only], "q1", "q2", max_results=most)) for most in (2, 10, 20)]

    assert [len(found) for found in answered] == [2, 10, 20]
    assert all("only" in found for found in answered)
    assert all(set(fewer) < set(more) for fewer, more in itertools.pairwise(answered))


def test_a_turn_is_served_once_as_its_memory(make: Any) -> None:
    candidates = [
        make.candidate("passage", "Bo: I planted tomatoes!", vector=(0.8,), lexical=(5.0,), place=(1, 1), excerpt=True),
        make.candidate("memory", "Bo planted tomatoes.", vector=(0.7,), lexical=(5.0,), place=(1, 1)),
    ]

    assert ids(answer(make, candidates, "What did Bo plant?")) == ["memory"]


def test_of_equal_memories_the_narrowest_speaks_with_the_best_score(make: Any) -> None:
    candidates = [
        make.candidate("broad", "Parcels leave at noon.", lexical=(9.0,), rung="client"),
        make.candidate("narrow", "Parcels leave at noon.", lexical=(2.0,), rung="user"),
        make.candidate("other", "Mangoes are ripe.", lexical=(6.0,), rung="user"),
    ]

    assert ids(answer(make, candidates, "When do parcels leave?")) == ["narrow", "other"]


def test_a_conflict_is_won_by_the_narrower_however_it_is_worded(make: Any) -> None:
    candidates = [
        make.candidate("broad", "Support hours are 9am to 5pm.", vector=(0.8,), lexical=(9.0,), rung="client"),
        make.candidate("narrow", "Support hours of Acme are 24/7.", vector=(0.5,), lexical=(4.0,), rung="customer"),
        make.candidate("noise", "The lamp in the hall flickers.", vector=(0.6,), lexical=(5.0,), rung="user"),
    ]

    context = answer(make, candidates, "What are the support hours?")

    assert ids(context)[:2] == ["narrow", "broad"]
    assert context.items[1].overridden_by == "narrow"
    assert "(overridden)" in context.formatted


def test_a_winner_shows_no_lower_score_than_what_it_overrides(make: Any) -> None:
    candidates = [
        make.candidate("broad", "Support hours are 9am to 5pm.", vector=(0.8,), lexical=(9.0,), rung="client"),
        make.candidate("narrow", "Support hours of Acme are 24/7.", vector=(0.5,), lexical=(4.0,), rung="customer"),
    ]

    for context in (answer(make, candidates, "What are the support hours?"), answer(make, candidates)):
        narrow, broad = context.items
        assert broad.overridden_by == narrow.memory.id
        assert 1.0 >= narrow.score.total >= broad.score.total


def test_a_type_weight_moves_its_type(make: Any) -> None:
    candidates = [
        make.candidate("fact", "Parcels leave at noon.", lexical=(5.0,)),
        make.candidate("episode", "Mangoes ripened.", lexical=(4.8,), type=MemoryType.EPISODE),
    ]

    assert ids(answer(make, candidates, "known", type_weights={MemoryType.EPISODE: 1.5})) == ["episode", "fact"]


def test_a_memory_does_not_take_the_weight_of_its_passage(make: Any) -> None:
    passage = make.candidate(
        "passage", "Bo: I planted tomatoes!", lexical=(5.0,), place=(1, 1), excerpt=True, type=MemoryType.EPISODE
    )
    candidates = [passage, make.candidate("memory", "Bo planted tomatoes.", lexical=(5.0,), place=(1, 1))]

    plain = answer(make, candidates, "What did Bo plant?")
    weighed = answer(make, candidates, "What did Bo plant?", type_weights={MemoryType.EPISODE: 3.0})

    assert [item.score.total for item in weighed.items] == [item.score.total for item in plain.items]


def test_what_has_expired_is_not_served(make: Any) -> None:
    fields: dict[str, Any] = {"lexical": (5.0,)}
    old = make.candidate("old", "Mangoes are ripe.", **fields)
    old = structs.replace(old, memory=replace(old.memory, recorded_at=make.now - timedelta(days=8)))
    candidates = [old, make.candidate("new", "Parcels leave at noon.", **fields)]

    for questions in ((), ("known",)):
        assert ids(answer(make, candidates, *questions, kept_from=make.now - timedelta(days=7))) == ["new"]


def test_a_passage_that_says_nothing_lends_its_score_and_is_not_served(make: Any) -> None:
    candidates = [
        make.candidate("noted", "Assistant: Noted, I will.", vector=(0.9,), lexical=(9.0,), place=(1, 2), excerpt=True),
        make.candidate("said", "Mangoes are ripe in May.", vector=(0.2,), lexical=(1.0,), place=(1, 1), excerpt=True),
    ]

    (said,) = answer(make, candidates, "mangoes").items

    assert said.memory.id == "said"
    assert said.score.neighbour > 0
