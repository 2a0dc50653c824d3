from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from synap.domain.contexts import Candidate, Query, Search, Untold
from synap.domain.memories import MemoryType
from synap.retrieval.fuse import Fused, freshness, fuse, in_dialogue, scale
from synap.retrieval.weights import Balance


def ask(
    make: Any,
    candidates: list[Candidate],
    *texts: str,
    semantic: bool = True,
    untold: Untold | None = None,
    **balance: float,
) -> Fused:
    queries = tuple(Query(text=text, names=tuple(w.lower() for w in text.split() if w.istitle())) for text in texts)
    search = Search(chain=make.chain(), queries=queries, now=make.now)
    return fuse(candidates, search, untold=untold, semantic=semantic, balance=Balance(**balance))


def ids(fused: Fused) -> list[str]:
    return [one.candidate.memory.id for one in fused.scored]


def test_the_best_of_a_channel_is_one_and_what_it_misses_is_zero() -> None:
    scaled = scale(np.array([[8.0], [2.0], [np.nan]]), shrink=False)

    assert scaled[:, 0].tolist() == [1.0, 0.25, 0.0]


def test_equal_scores_all_contribute_fully() -> None:
    assert scale(np.array([[3.0], [3.0]]), shrink=False)[:, 0].tolist() == [1.0, 1.0]
    assert scale(np.array([[0.4]]), shrink=True)[:, 0].tolist() == [1.0]


def test_an_empty_channel_contributes_nothing() -> None:
    assert scale(np.array([[np.nan], [np.nan]]), shrink=True)[:, 0].tolist() == [0.0, 0.0]


def test_the_worst_of_few_vectors_keeps_its_share_and_the_worst_of_many_loses_it() -> None:
    few = scale(np.array([[0.8], [0.7]]), shrink=True)
    many = scale(np.linspace(0.8, 0.7, 300)[:, None], shrink=True)

    assert few[-1, 0] > 0.8
    assert many[-1, 0] < 0.6


def test_what_records_say_besides_does_not_part_those_that_one_name_finds(make: Any) -> None:
    near = make.record("near", metadata={"thread": "t-9", "step": 1}, vector=(0.9,), lexical=(4.0,))
    far = make.record("far", metadata={"thread": "t-9", "step": 2}, vector=(0.1,), lexical=(4.0,))
    new = make.record("new", metadata={"thread": "t-9", "step": 3}, vector=(None,), lexical=(4.0,))

    totals = {one.score.total for one in ask(make, [near, far, new], "t-9").scored}

    assert len(totals) == 1


def test_a_record_that_a_question_does_not_name_is_judged_by_its_meaning_too(make: Any) -> None:
    near = make.record("near", metadata={"thread": "t-9"}, vector=(0.9,), lexical=(4.0,))
    far = make.record("far", metadata={"thread": "t-9"}, vector=(0.1,), lexical=(4.0,))

    assert ids(ask(make, [far, near], "what does t-9 say of tea")) == ["near", "far"]


def test_both_channels_count_half(make: Any) -> None:
    both = make.candidate("both", vector=(0.6,), lexical=(5.0,))
    words = make.candidate("words", vector=(0.0,), lexical=(10.0,))
    meaning = make.candidate("meaning", vector=(0.9,), lexical=(0.0,))

    fused = ask(make, [both, words, meaning], "anything")

    assert {one.candidate.memory.id: one.score.lexical for one in fused.scored}["words"] == 1.0
    assert ids(fused)[0] == "both"


def test_a_hashing_embedder_weighs_less(make: Any) -> None:
    words = make.candidate("words", vector=(0.1,), lexical=(10.0,))
    meaning = make.candidate("meaning", vector=(0.9,), lexical=(3.0,))

    assert ids(ask(make, [words, meaning], "anything")) == ["meaning", "words"]
    assert ids(ask(make, [words, meaning], "anything", semantic=False)) == ["words", "meaning"]


def test_without_vectors_words_alone_decide(make: Any) -> None:
    fused = ask(make, [make.candidate("a", lexical=(1.0,)), make.candidate("b", lexical=(4.0,))], "anything")

    assert ids(fused) == ["b", "a"]
    assert fused.scored[0].score.total > 0.6


def test_a_named_speaker_outranks_another_with_the_same_words(make: Any) -> None:
    same: dict[str, Any] = {"vector": (0.5,), "lexical": (5.0,), "excerpt": True}
    candidates = [make.candidate("a", speaker="Igor", **same), make.candidate("b", speaker="Orla Byrne", **same)]

    fused = ask(make, candidates, "what did Orla say")

    assert ids(fused) == ["b", "a"]
    assert fused.scored[0].score.entity == 1.0


def test_a_turn_beside_the_best_one_is_lifted(make: Any) -> None:
    question = make.candidate("question", vector=(0.9,), lexical=(9.0,), place=(1, 4), excerpt=True, speaker="Igor")
    answer = make.candidate("answer", vector=(0.2,), lexical=(0.0,), place=(1, 5), excerpt=True, speaker="Orla")
    elsewhere = make.candidate("elsewhere", vector=(0.3,), lexical=(0.0,), place=(2, 5), excerpt=True, speaker="Orla")

    assert ids(ask(make, [elsewhere, answer, question], "anything")) == ["question", "answer", "elsewhere"]


def test_a_memory_is_lifted_by_its_own_passage(make: Any) -> None:
    passage = make.candidate("passage", vector=(0.9,), lexical=(9.0,), place=(1, 4), excerpt=True)
    memory = make.candidate("memory", vector=(0.3,), lexical=(0.0,), place=(1, 4))
    stranger = make.candidate("stranger", vector=(0.35,), lexical=(0.0,), place=(3, 1))

    assert ids(ask(make, [stranger, memory, passage], "anything")) == ["passage", "memory", "stranger"]


def test_the_best_query_counts_and_those_that_found_it_are_told(make: Any) -> None:
    first = make.candidate("first", lexical=(5.0, None))
    second = make.candidate("second", lexical=(0.5, 7.0))

    fused = ask(make, [first, second], "one", "two")

    assert fused.matched == {"first": ("one",), "second": ("two",)}
    assert fused.scored[0].score.total == pytest.approx(fused.scored[1].score.total)


def test_only_fading_types_lose_by_age(make: Any) -> None:
    week_ago = make.now - timedelta(days=7)

    emotion = make.memory("a", type=MemoryType.EMOTION, said_at=week_ago)
    assert freshness(emotion, make.now) == pytest.approx(0.5)
    assert freshness(replace(emotion, seen_at=make.now), make.now) == 1.0
    assert freshness(make.memory("b", said_at=week_ago), make.now) == 0.0


def test_ties_go_by_id_whatever_the_order_of_arrival(make: Any) -> None:
    candidates = [make.candidate(name, lexical=(1.0,)) for name in "cab"]

    assert ids(ask(make, candidates, "anything")) == ["a", "b", "c"]


def test_nothing_to_score_gives_nothing(make: Any) -> None:
    assert ids(ask(make, [], "anything", untold=make.untold(lexical=4.0, place=(1, 2)))) == []
    assert ids(ask(make, [make.candidate("a")])) == []


def test_a_turn_or_a_speaker_makes_a_dialogue(make: Any) -> None:
    document = make.candidate("a")
    plain = structs.replace(document, memory=replace(document.memory, evidence=()))

    assert in_dialogue(document)
    assert not in_dialogue(plain)
    assert in_dialogue(structs.replace(plain, speaker="Orla"))


def test_an_excerpt_comes_second_to_a_memory_that_says_as_much(make: Any) -> None:
    candidates = [make.candidate("a", lexical=(5.0,), excerpt=True), make.candidate("b", lexical=(5.0,))]

    assert ids(ask(make, candidates, "anything")) == ["b", "a"]


def test_what_came_without_its_text_lends_its_score_and_is_not_served(make: Any) -> None:
    served = make.candidate("a", lexical=(1.0,), place=(1, 1), excerpt=True)
    fused = ask(make, [served], "anything", untold=make.untold(lexical=4.0, place=(1, 2)))
    apart = ask(make, [served], "anything", untold=make.untold(lexical=4.0, place=(1, 2), shared=True))

    assert ids(fused) == ["a"]
    assert fused.scored[0].score.lexical == pytest.approx(0.25)
    assert fused.scored[0].score.neighbour == pytest.approx(1.0)
    assert apart.scored[0].score.neighbour == 0


def test_nothing_with_a_text_gives_nothing(make: Any) -> None:
    assert ids(ask(make, [], "anything", untold=make.untold(lexical=4.0, place=(1, 2)))) == []


def test_what_has_no_vector_yet_is_judged_by_its_words_alone(make: Any) -> None:
    fresh = make.candidate("fresh", lexical=(10.0,))
    noise = make.candidate("noise", vector=(0.4,), lexical=(6.0,))

    fused = ask(make, [noise, fresh], "anything")

    assert ids(fused) == ["fresh", "noise"]
    assert fused.scored[0].score.total == pytest.approx(ask(make, [fresh], "anything").scored[0].score.total * 0.8)


def test_scores_are_modest_where_even_the_best_is_far_off(make: Any) -> None:
    weak = ask(make, [make.candidate("a", vector=(0.25,), lexical=(0.0,))], "anything").scored[0].score.total
    strong = ask(make, [make.candidate("a", vector=(0.8,), lexical=(0.0,))], "anything").scored[0].score.total

    assert weak == pytest.approx(strong / 2)


def test_a_heading_alone_counts_for_less_than_the_words_below_it(make: Any) -> None:
    fields: dict[str, Any] = {"vector": (0.5,), "lexical": (5.0,), "excerpt": True}
    titled = make.candidate(
        "a", "Travel budget\nThe meeting starts at noon.", quote="The meeting starts at noon.", **fields
    )
    says_so = make.candidate("b", "Plans\nThe budget is two hundred.", quote="The budget is two hundred.", **fields)

    fused = ask(make, [undated(titled), undated(says_so)], "budget")

    assert ids(fused) == ["b", "a"]
    assert [one.score.lexical for one in fused.scored] == [1.0, 0.5]


def undated(candidate: Candidate) -> Candidate:
    """The same as a passage of a document, which lies in no turn."""
    evidence = tuple(replace(piece, turn_id=None) for piece in candidate.memory.evidence)
    return structs.replace(candidate, memory=replace(candidate.memory, evidence=evidence))


def test_the_balance_moves_what_counts(make: Any) -> None:
    old = make.now - timedelta(days=900)
    named = make.candidate("named", vector=(0.4,), lexical=(4.0,), subject="Orla", type=MemoryType.EPISODE, said_at=old)
    fresh = make.candidate("fresh", vector=(0.4,), lexical=(4.0,), type=MemoryType.EPISODE)

    assert ids(ask(make, [named, fresh], "what about Orla")) == ["named", "fresh"]
    assert ids(ask(make, [named, fresh], "what about Orla", centrality=0.0)) == ["fresh", "named"]
    assert ids(ask(make, [named, fresh], "what about Orla", recency=10.0)) == ["fresh", "named"]


def test_no_balance_leads_out_of_bounds(make: Any) -> None:
    best = make.candidate("a", vector=(0.9,), lexical=(9.0,), subject="Orla")

    for weight in (0.0, 10.0):
        fused = ask(make, [best], "Orla", similarity=weight, recency=weight, centrality=weight, confidence=weight)
        assert 0.0 <= fused.scored[0].score.total <= 1.0
