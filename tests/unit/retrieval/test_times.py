from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from synap.domain.contexts import Search
from synap.domain.memories import Precision, When
from synap.retrieval.fuse import fuse
from synap.retrieval.plan import plan_queries
from synap.retrieval.times import asks_when, periods, timely
from synap.retrieval.weights import Balance

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("Who came on 7 May 2026?", "2026-05-07", "2026-05-08"),
        ("Who came on May 7th, 2026?", "2026-05-07", "2026-05-08"),
        ("What was signed on 2026-03-01?", "2026-03-01", "2026-03-02"),
        ("What did we ship in May?", "2026-05-01", "2026-06-01"),
        ("What did we ship in December?", "2025-12-01", "2026-01-01"),
        ("What did we ship in December 2024?", "2024-12-01", "2025-01-01"),
        ("Revenue of Q3 2025", "2025-07-01", "2025-10-01"),
        ("Where were they in the winter of 2024?", "2024-12-01", "2025-03-01"),
        ("Where did she work in 2019?", "2019-01-01", "2020-01-01"),
        ("What happened yesterday?", "2026-11-19", "2026-11-20"),
        ("What was decided last week?", "2026-11-09", "2026-11-16"),
        ("What was decided last month?", "2026-10-01", "2026-11-01"),
        ("Who called last weekend?", "2026-11-14", "2026-11-16"),
        ("What broke two weeks ago?", "2026-11-03", "2026-11-10"),
        ("What broke in the past 3 days?", "2026-11-17", "2026-11-21"),
        ("Whom did I meet on Monday?", "2026-11-16", "2026-11-17"),
    ],
)
def test_a_question_names_a_period(question: str, start: str, end: str) -> None:
    (period,) = periods(question, FRIDAY)

    assert (period.start.date().isoformat(), period.end.date().isoformat()) == (start, end)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "May I see the plan?",
        "Does April march on?",
        "What about the second draft?",
        "Room 2500, please",
    ],
)
def test_other_words_name_none(question: str) -> None:
    assert periods(question, FRIDAY) == ()


@pytest.mark.parametrize(
    "question", ["When is the exam?", "How long did it last?", "Which year was that?", "Wann war das?"]
)
def test_a_question_may_ask_for_a_time(question: str) -> None:
    assert asks_when(question)


def test_other_questions_do_not_ask_for_a_time() -> None:
    assert not any(map(asks_when, ["Who came on 7 May?", "What does Ana like?", "Whenever"]))


def test_what_happened_in_the_period_counts_more_than_what_was_said_in_it(make: Any) -> None:
    asked = periods("What did she do in May 2026?", FRIDAY)
    may = datetime(2026, 5, 20, tzinfo=UTC)

    happened = make.candidate(
        "a", when=When(start=may, precision=Precision.DAY), said_at=datetime(2026, 7, 1, tzinfo=UTC)
    )
    said = make.candidate("b", said_at=may)
    elsewhere = make.candidate("c", when=When(start=datetime(2026, 7, 1, tzinfo=UTC)), said_at=may)

    assert [timely(one, asked) for one in (happened, said, elsewhere)] == [1.0, 0.5, 0.0]


def test_the_time_asked_about_parts_equals(make: Any) -> None:
    candidates = [
        make.candidate("a", "A trip.", lexical=(5.0,), when=When(start=datetime(2026, 3, 2, tzinfo=UTC))),
        make.candidate("b", "A trip.", lexical=(5.0,), when=When(start=datetime(2026, 5, 2, tzinfo=UTC))),
    ]
    search = Search(chain=make.chain(), queries=plan_queries(["Which trip was in May 2026?"]), now=FRIDAY)

    lifted = fuse(candidates, search, semantic=True)
    level = fuse(candidates, search, semantic=True, balance=Balance(time=0.0))

    assert [one.candidate.memory.id for one in lifted.scored] == ["b", "a"]
    assert level.scored[0].score.total == level.scored[1].score.total
