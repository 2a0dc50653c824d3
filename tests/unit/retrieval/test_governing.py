from __future__ import annotations

from typing import Any

import pytest

from synap.domain.contexts import Search
from synap.domain.memories import MemoryType
from synap.retrieval.fuse import fuse
from synap.retrieval.governing import task_of, with_governing
from synap.retrieval.plan import plan_queries


@pytest.mark.parametrize(
    ("question", "task"),
    [
        ("Write a summary of the meeting.", "Write a summary of the meeting."),
        ("Could you please draft a reply to Dana?", "draft a reply to Dana?"),
        ("What should I cook tonight?", "What should I cook tonight?"),
    ],
)
def test_a_question_may_set_a_task(question: str, task: str) -> None:
    assert task_of(question) == task


@pytest.mark.parametrize("question", ["Where does my sister live?", "When did Ana write the report?", "The plan", ""])
def test_a_question_about_what_is_known_sets_none(question: str) -> None:
    assert task_of(question) is None
    assert with_governing(plan_queries([question])) == plan_queries([question])


def scores(make: Any, candidates: list[Any]) -> dict[str, float]:
    queries = with_governing(plan_queries(["Write a summary of the meeting."]))
    fused = fuse(candidates, Search(chain=make.chain(), queries=queries, now=make.now), semantic=True)
    return {one.candidate.memory.id: one.score.total for one in fused.scored}


def test_a_standing_request_is_lifted_by_the_task_and_nothing_else_is(make: Any) -> None:
    request = make.candidate(
        "request", "The user wants the assistant to leave out emojis", vector=(0.1, 0.8), type=MemoryType.PREFERENCE
    )
    liking = make.candidate("liking", "The user likes jam", vector=(0.1, 0.8), type=MemoryType.PREFERENCE)
    answer = make.candidate("answer", "The meeting moved the launch", vector=(0.9, 0.2))

    found = scores(make, [request, liking, answer])

    assert found["answer"] > found["request"] > 2 * found["liking"]


def test_a_task_is_not_flooded_with_requests(make: Any) -> None:
    requests = [
        make.candidate(
            f"r{n}", f"The user wants the assistant to do {n}", vector=(0.0, 0.9 - n / 100), type=MemoryType.PREFERENCE
        )
        for n in range(9)
    ]
    answer = make.candidate("answer", "The meeting moved the launch", vector=(0.9, 0.2))

    found = scores(make, [*requests, answer])

    assert sum(score > 0.25 for name, score in found.items() if name != "answer") == 3


def test_an_instance_may_turn_it_off() -> None:
    queries = plan_queries(["Write a summary of the meeting."])

    assert with_governing(queries, weight=0.0) == queries
