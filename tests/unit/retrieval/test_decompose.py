from __future__ import annotations

from typing import Any

import pytest

from synap.domain.contexts import Item, ScoreParts
from synap.retrieval.decompose import decompose
from synap.retrieval.diverse import diverse
from synap.retrieval.hops import bridges
from synap.retrieval.judged import by_judgement
from synap.retrieval.order import Placed
from synap.retrieval.plan import plan_queries
from synap.retrieval.scored import Scored, Settled


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Where does Ana live? What does she do?", ("Where does Ana live", "What does she do?")),
        ("Where does Ana live and what does she do?", ("Where does Ana live", "what does she do?")),
        ("What hobbies do Ana and Ben share?", ("What hobbies do Ana share?", "What hobbies do Ben share?")),
        ("Compare Basel with Porto", ("Basel", "Porto")),
        ("What did Ana do after she moved to Oslo?", ("she moved to Oslo",)),
    ],
)
def test_a_compound_question_is_taken_apart(question: str, parts: tuple[str, ...]) -> None:
    found = decompose(question)

    assert found == tuple(part for part in parts if len(part.split()) > 1)


@pytest.mark.parametrize(
    "question", ["", "Where does Ana live?", "salt and pepper", "Who wrote to Dr. Weber?", "?" * 500]
)
def test_a_simple_question_stays_whole(question: str) -> None:
    assert decompose(question) == ()


def test_the_second_hop_asks_for_whom_the_best_hits_name(make: Any) -> None:
    (query,) = plan_queries(["Where does Ana's sister work?"])
    hit = Item(
        memory=make.memory("a", "Ana's sister is Ines.", subject="Ana", entities=("Ines",)),
        content="Ana's sister is Ines.",
        rank=0,
        score=ScoreParts(total=1.0),
    )

    assert bridges(query, [hit]) == ("Ines work",)


def hit_of(make: Any, content: str, *names: str) -> Item:
    memory = make.memory("a", content, subject=names[0] if names else "the user", entities=names[1:])
    return Item(memory=memory, content=content, rank=0, score=ScoreParts(total=1.0))


@pytest.mark.parametrize(
    "question",
    [
        "Where does Ana work?",  # names whom it is about
        "Does Ana's sister Ines teach?",  # explained as a whole by what is found
        "Where does Ben's sister work?",  # is about somebody else
    ],
)
def test_a_question_that_needs_no_name_is_not_asked_again(question: str, make: Any) -> None:
    (query,) = plan_queries([question])

    assert bridges(query, [hit_of(make, "Ana's sister Ines teaches.", "Ana", "Ines")]) == ()


def test_what_explains_most_of_a_question_names_whom_to_ask_for(make: Any) -> None:
    (query,) = plan_queries(["What does the baker of the wedding cake charge?"])
    hits = [
        hit_of(make, "Lorcan charges sixty euros.", "Lorcan"),
        hit_of(make, "The wedding cake was baked by Zdenka.", "the wedding cake", "Zdenka"),
    ]

    assert bridges(query, hits) == ("Zdenka baker charge", "Lorcan baker wedding cake")


def placed(make: Any, name: str, relevance: float, content: str, **candidate: Any) -> Placed:
    settled = make.settled(name, relevance, content=content, **candidate)
    return Placed(settled=settled, relevance=relevance, band=0, relevant=True)


def test_what_adds_something_comes_before_what_repeats(make: Any) -> None:
    first = placed(make, "a", 0.9, "Ana plays the violin in the city orchestra")
    again = placed(make, "b", 0.88, "Ana plays violin with the city orchestra")
    other = placed(make, "c", 0.8, "Ana bakes bread every Sunday morning")

    assert [one.id for one in diverse([first, again, other])] == ["a", "c", "b"]


def test_records_that_hold_much_the_same_keep_their_order(make: Any) -> None:
    same = '{"state": "open", "owner": "the night shift"}'
    records = [
        Placed(
            settled=Settled(
                scored=Scored(candidate=make.record(name, content, metadata={}), score=ScoreParts(total=0.9))
            ),
            relevance=0.9,
            band=0,
            relevant=True,
        )
        for name, content in (("a", same), ("b", same), ("c", '{"colour": "green"}'))
    ]

    assert [one.id for one in diverse(records)] == ["a", "b", "c"]


def test_variety_never_puts_a_broader_scope_first_nor_parts_a_winner_from_what_it_overrides(make: Any) -> None:
    winner = placed(make, "a", 0.9, "Tea is served at noon")
    loser = placed(make, "b", 0.9, "Tea is served at four", overridden_by="a")
    broad = placed(make, "c", 0.9, "Bread comes from the bakery", rung="client")

    assert [one.id for one in diverse([winner, loser, broad])] == ["a", "b", "c"]


def test_a_judgement_is_most_of_the_score(make: Any) -> None:
    scored = [make.scored("a", 0.9), make.scored("b", 0.6), make.scored("c", 0.5)]

    judged = by_judgement(scored, {"a": 0.1, "b": 0.9})

    assert [one.candidate.memory.id for one in judged] == ["b", "a", "c"]
