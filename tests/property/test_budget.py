from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from synap.domain.contexts import Candidate, Context, Item, Query, Recall, Search, SegmentRef
from synap.domain.memories import Memory, MemoryType, Statement, When
from synap.domain.scopes import LADDER, Scope
from synap.domain.tokens import count_tokens
from synap.retrieval.compose import Wanted, compose
from synap.retrieval.format import render

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CHAIN = (
    Scope(rung="user", space="i", ids=(("customer", "c"), ("user", "u"))),
    Scope(rung="customer", space="i", ids=(("customer", "c"),)),
    Scope(rung="client", space="i"),
    Scope(rung="world", space="world"),
)
laws = settings(deadline=None, max_examples=60)
BUDGETS = st.sampled_from([0, 1, 5, 16, 100, 1_000, 100_000]) | st.integers(0, 400)

words = st.sampled_from(
    ["parcel", "noon", "Ann's", "24/7", "naïve", "寿司を食べた。", "van.", "Yes!", "1,500", "\n", "user_id", "-", "…"]
)
contents = st.lists(words, min_size=1, max_size=40).map(" ".join)
scores = st.none() | st.floats(0, 20)


@st.composite
def recalls(draw: st.DrawFn) -> Recall:
    candidates = []
    for number in range(draw(st.integers(0, 14))):
        statement = Statement(
            type=draw(st.sampled_from(MemoryType)),
            content=draw(contents),
            confidence=draw(st.floats(0, 1)),
            when=draw(st.none() | st.just(When(start=NOW))),
            said_at=NOW - timedelta(days=draw(st.integers(0, 400))),
            valid_until=draw(st.none() | st.just(NOW + timedelta(days=9))),
        )
        memory = Memory(id=f"m{number:02}", scope=draw(st.sampled_from(CHAIN)), statement=statement, recorded_at=NOW)
        place = SegmentRef(document_row=draw(st.integers(1, 3)), ordinal=draw(st.integers(0, 4)))
        candidates.append(
            Candidate(
                memory=memory,
                excerpt=draw(st.booleans()),
                place=draw(st.none() | st.just(place)),
                vector_scores=(draw(st.none() | st.floats(-1, 1)),),
                lexical_scores=(draw(scores),),
            )
        )
    return Recall(candidates=tuple(candidates))


def answer(recall: Recall, budget: int, *, asked: bool = True, results: int = 50) -> Context:
    queries = (Query(text="When do parcels leave?"),) if asked else ()
    search = Search(chain=CHAIN, queries=queries, now=NOW)
    return compose(recall, search, Wanted(max_results=results, budget=budget, ladder=LADDER))


def own_text(item: Item) -> str:
    """Return an item's text without the day of saying that an answer to a question for a time adds."""
    return re.sub(r" \(said \d+ \w+ \d{4}\)$", "", item.content)


@laws
@given(recalls(), BUDGETS, st.booleans())
def test_an_answer_never_exceeds_its_budget(recall: Recall, budget: int, asked: bool) -> None:  # noqa: FBT001 - drawn
    context = answer(recall, budget, asked=asked)

    assert count_tokens(context.formatted) == context.tokens <= budget
    assert sum(item.tokens for item in context.items) <= budget


@laws
@given(recalls(), BUDGETS, BUDGETS, st.booleans())
def test_a_bigger_budget_never_loses_an_item(recall: Recall, one: int, two: int, asked: bool) -> None:  # noqa: FBT001 - drawn
    small, large = (answer(recall, budget, asked=asked) for budget in sorted((one, two)))

    kept = {item.memory.id: item for item in large.items}
    assert {item.memory.id for item in small.items} <= kept.keys()
    assert all(
        len(own_text(item)) <= len(own_text(kept[item.memory.id])) or kept[item.memory.id].cut for item in small.items
    )


@laws
@given(recalls(), st.integers(0, 14), st.integers(0, 14))
def test_more_results_never_lose_an_item(recall: Recall, one: int, two: int) -> None:
    few, many = (answer(recall, 100_000, results=limit) for limit in sorted((one, two)))

    assert [item.memory.id for item in few.items] == [item.memory.id for item in many.items][: len(few.items)]


@laws
@given(recalls(), BUDGETS)
def test_the_same_input_gives_the_same_bytes_whatever_the_order_of_arrival(recall: Recall, budget: int) -> None:
    shuffled = Recall(candidates=recall.candidates[::-1])

    assert answer(recall, budget) == answer(recall, budget)
    assert answer(shuffled, budget).formatted == answer(recall, budget).formatted


@laws
@given(recalls(), BUDGETS)
def test_a_cut_item_ends_with_a_mark_and_every_other_is_whole(recall: Recall, budget: int) -> None:
    for item in answer(recall, budget).items:
        whole = item.memory.statement.content
        if item.cut:
            assert item.content.endswith("…")
            assert whole.startswith(item.content.removesuffix(" …"))
        else:
            assert own_text(item) == whole


@laws
@given(recalls(), st.integers(0, 300))
def test_other_counters_agree_on_the_bound_of_whole_words(recall: Recall, budget: int) -> None:
    formatted = answer(recall, budget).formatted

    assert len(re.findall(r"[A-Za-z]+", formatted)) <= budget


@laws
@given(recalls())
def test_every_item_of_an_answer_stands_in_its_text(recall: Recall) -> None:
    context = answer(recall, 100_000)

    assert render(context.items) == context.formatted
    assert len(context.formatted.splitlines()) >= len(context.items) or not context.items
