from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from synap.domain.contexts import Item, ScoreParts
from synap.domain.memories import MemoryType, Modality, When
from synap.domain.terms import tokenize
from synap.domain.tokens import count_tokens
from synap.retrieval.foresee import QUERY_CHARACTERS, Foresight, Said, choose, due, foresee, keywords, portray


@pytest.fixture
def item(make: Any) -> Any:
    def made(name: str, content: str, score: float = 1.0, **more: Any) -> Item:
        own = {key: more.pop(key) for key in ("overridden_by", "excerpt") if key in more}
        memory = make.memory(name, content, **more)
        return Item(memory=memory, content=content, rank=0, score=ScoreParts(total=score), **own)

    return made


def said(*texts: str) -> list[Said]:
    return [Said(role="user", text=text, id=f"m{number}") for number, text in enumerate(texts)]


def ids(items: tuple[Item, ...]) -> list[str]:
    return [one.memory.id for one in items]


def test_what_was_said_last_is_asked_with_the_topics_before_it() -> None:
    foresight = foresee(said("Dana comes to dinner on Saturday.", "What will you cook?", "Something light."))

    (query,) = foresight.queries
    assert query.startswith("Something light.")
    assert {"Dana", "dinner"} <= set(query.split())


def test_names_weigh_more_than_other_words() -> None:
    foresight = foresee(said("Perhaps we could invite our neighbour Odalys to the garden."))

    assert foresight.topics[0] == "Odalys"


def test_small_talk_foresees_nothing() -> None:
    assert foresee(said("Hi!", "Thanks, you too.")).queries == ()
    assert foresee([]) == Foresight()


def test_a_thank_you_does_not_change_the_subject() -> None:
    foresight = foresee(said("The garage called about the brakes.", "Thanks!"))

    assert "garage" in foresight.queries[0]


def test_of_a_long_turn_the_questions_are_asked() -> None:
    filler = " ".join(f"Sentence {number} elaborates on the matter at length." for number in range(60))

    foresight = foresee(said(f"{filler} Which airport do you prefer?"))

    assert "Which airport do you prefer?" in foresight.queries[0]
    assert len(foresight.queries[0]) < QUERY_CHARACTERS + 600


def test_one_endless_word_makes_a_short_question() -> None:
    foresight = foresee(said("x" * 100_000))

    assert all(len(query) <= QUERY_CHARACTERS for query in foresight.queries)


def test_what_the_turns_became_is_left_out_and_so_is_what_repeats_them(item: Any, make: Any) -> None:
    foresight = Foresight(stems=frozenset(tokenize("Dana comes on Saturday")), sources=frozenset({"doc"}))
    own = item("own", "The user grows orchids.")
    foresight_elsewhere = Foresight(stems=foresight.stems)

    assert choose([own], foresight, now=make.now, budget=100, limit=5) == ()
    echo = item("echo", "Dana comes Saturday.")
    assert ids(choose([own, echo], foresight_elsewhere, now=make.now, budget=100, limit=5)) == ["own"]


def test_what_is_overridden_or_over_is_left_out(item: Any, make: Any) -> None:
    past = make.now - timedelta(days=1)
    found = [
        item("loser", "Support closes at six.", overridden_by="winner"),
        item("over", "The user lives in Lisbon.", valid_until=past),
        item("trip", "The user went to Lisbon by train.", type=MemoryType.EPISODE, valid_until=past),
    ]

    assert ids(choose(found, Foresight(), now=make.now, budget=100, limit=5)) == ["trip"]


def test_what_is_far_less_relevant_than_the_best_is_left_out(item: Any, make: Any) -> None:
    found = [item("near", "Dana is vegetarian.", 0.8), item("far", "The lamp hums.", 0.2)]

    assert ids(choose(found, Foresight(), now=make.now, budget=100, limit=5)) == ["near"]


def test_the_same_is_not_said_twice(item: Any, make: Any) -> None:
    found = [
        item("a", "Dana is a strict vegetarian.", 1.0),
        item("b", "Dana is a vegetarian, a strict one.", 0.99),
        item("c", "Dana moved to Oslo in spring.", 0.7),
    ]

    assert ids(choose(found, Foresight(), now=make.now, budget=100, limit=5)) == ["a", "c"]


def test_budget_and_limit_hold_and_what_is_smaller_still_fits(item: Any, make: Any) -> None:
    long = "The cellar holds " + ", ".join(f"crate {number}" for number in range(40)) + "."
    found = [item("long", long, 1.0), item("short", "Dana is vegetarian.", 0.9), item("more", "The rent is due.", 0.8)]

    assert ids(choose(found, Foresight(), now=make.now, budget=count_tokens(long) - 1, limit=1)) == ["short"]
    assert choose(found, Foresight(), now=make.now, budget=0, limit=5) == ()


def test_open_threads_come_first_among_equals(item: Any, make: Any) -> None:
    soon = When(start=make.now + timedelta(days=2))
    found = [
        item("a", "Dana plays chess at the club.", 0.9),
        item("b", "Dana has an audition.", 0.9, type=MemoryType.TEMPORAL_EVENT, when=soon),
    ]

    assert ids(choose(found, Foresight(), now=make.now, budget=100, limit=5))[0] == "b"


def test_due_is_what_is_planned_or_about_now(item: Any, make: Any) -> None:
    def on(days: int, **more: Any) -> Item:
        when = When(start=make.now + timedelta(days=days), **more)
        made: Item = item("e", "An event.", type=MemoryType.TEMPORAL_EVENT, when=when)
        return made

    assert due(on(3), make.now)
    assert not due(on(30), make.now)
    assert not due(on(-3), make.now)
    assert due(on(-3, end=make.now), make.now)
    assert due(item("p", "The user will send the slides.", modality=Modality.PLANNED), make.now)
    assert not due(item("f", "The user has slides."), make.now)


def test_a_portrait_holds_the_surest_about_the_user_alone(item: Any, make: Any) -> None:
    found = [
        item("weak", "The user may like tea.", confidence=0.5, score=0.4),
        item("sure", "The user loves rye bread.", confidence=0.9, score=0.95),
        item("dana", "Dana loves herring.", subject="Dana", confidence=1.0, score=1.0),
        item("said", "I love cake, said somebody.", excerpt=True),
    ]

    assert ids(portray(found, now=make.now, budget=100, limit=5)) == ["sure", "weak"]


def test_keywords_are_the_topics_that_the_items_hold_and_then_their_own_words(item: Any) -> None:
    foresight = Foresight(topics=("Zanzibar", "Dana"))

    found = keywords(foresight, [item("a", "Dana is vegetarian."), item("b", "Dana bakes.")])

    assert found[0] == "dana"
    assert "vegetarian" in found
    assert "zanzibar" not in found
