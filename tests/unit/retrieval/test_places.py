from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from synap.domain.contexts import Query
from synap.domain.memories import When
from synap.retrieval.passages import WordsAsked
from synap.retrieval.places import content_words, refine

HERE = (1, 3)


def test_a_passage_is_dropped_where_its_memory_says_the_same(make: Any, names: Callable[[Any], list[str]]) -> None:
    memory = make.scored("memory", 0.4, "Orla adopted a grey kitten named Pixel.", place=HERE)
    passage = make.scored("passage", 0.8, "Orla: I adopted a grey kitten named Pixel!", place=HERE, excerpt=True)

    refined = refine([passage, memory])

    assert names(refined) == ["memory"]
    assert refined[0].score.total > 0.7


def test_several_memories_together_replace_their_passage(make: Any, names: Callable[[Any], list[str]]) -> None:
    first = make.scored("first", 0.5, "Orla adopted a grey kitten.", place=HERE)
    second = make.scored("second", 0.3, "Orla sold her motorbike.", place=HERE)
    passage = make.scored("passage", 0.4, "I adopted a grey kitten and sold my motorbike.", place=HERE, excerpt=True)

    assert names(refine([first, second, passage])) == ["first", "second"]


def test_a_passage_that_answers_better_leads_its_memories(make: Any, names: Callable[[Any], list[str]]) -> None:
    memory = make.scored("memory", 0.2, "Orla adopted a kitten.", place=HERE)
    passage = make.scored(
        "passage",
        0.8,
        "I adopted a kitten, and the vet in Harbour Street charged forty pounds.",
        place=HERE,
        excerpt=True,
    )

    refined = refine([passage, memory])

    assert names(refined) == ["passage", "memory"]
    assert refined[1].score.total < 0.2


def test_a_passage_that_answers_no_better_ranks_behind(make: Any, names: Callable[[Any], list[str]]) -> None:
    memory = make.scored("memory", 0.7, "Orla adopted a kitten.", place=HERE)
    passage = make.scored(
        "passage",
        0.8,
        "I adopted a kitten, and the vet in Harbour Street charged forty pounds.",
        place=HERE,
        excerpt=True,
    )

    refined = refine([passage, memory])

    assert names(refined) == ["memory", "passage"]
    assert refined[1].score.total < 0.65


def test_a_resolved_date_is_never_redundant(make: Any) -> None:
    when = When(start=datetime(2026, 5, 7, tzinfo=UTC))
    memory = make.scored("memory", 0.2, "Orla adopted a kitten on 7 May 2026.", place=HERE, when=when)
    passage = make.scored(
        "passage", 0.8, "Yesterday the vet in Harbour Street was expensive.", place=HERE, excerpt=True
    )

    assert refine([passage, memory])[1].score.total == 0.2


def test_a_passage_without_memories_stays_as_it_is(make: Any, names: Callable[[Any], list[str]]) -> None:
    passage = make.scored("passage", 0.8, place=HERE, excerpt=True)
    memory = make.scored("memory", 0.79, place=(1, 4))
    unplaced = make.scored("unplaced", 0.1)

    assert names(refine([passage, memory, unplaced])) == ["passage", "memory", "unplaced"]


def test_content_words_are_beginnings_of_telling_words_and_numbers() -> None:
    assert content_words("With 40 kittens, kitten-sitting is hard") == {"40", "kitte", "sitti", "hard"}


def test_the_half_that_no_memory_carries_is_still_served(make: Any, names: Callable[[Any], list[str]]) -> None:
    said = "User: My cat is called Miso and she is a Maine Coon"
    memory = make.scored("memory", 0.5, "The user's cat is called Miso.", place=HERE)
    passage = make.scored("passage", 0.6, said, place=HERE, excerpt=True)

    assert "passage" in names(refine([passage, memory], WordsAsked([Query(text="What breed is my cat?")])))


def test_a_passage_with_a_word_asked_for_is_not_spoken_for_by_memories_without_it(
    make: Any, names: Callable[[Any], list[str]]
) -> None:
    memory = make.scored("memory", 0.5, "Orla adopted a grey kitten named Pixel.", place=HERE)
    passage = make.scored("passage", 0.6, "I adopted a grey kitten named Pixel in Cork.", place=HERE, excerpt=True)

    asked = refine([passage, memory], WordsAsked([Query(text="What happened in Cork?")]))
    unasked = refine([passage, memory], WordsAsked([Query(text="Which kitten?")]))

    assert (names(asked), names(unasked)) == (["memory", "passage"], ["memory"])
