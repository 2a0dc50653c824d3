"""Cases of extraction: how they are read, and when one counts as met."""

from __future__ import annotations

import json

import pytest

from synap.errors import InvalidInputError
from synap.ingestion.scoring import Case, Expected, Found, Score, checks_of, read_cases, satisfies

WANTED = Expected(type="fact|preference", must_contain=("oboe|harp", "Noor"), must_not_contain=("I", "her"))


@pytest.mark.parametrize(
    ("memory", "holds"),
    [
        (Found("fact", "noor plays the Harp"), True),
        (Found("preference", "Noor prefers the oboe"), True),
        (Found("episode", "Noor plays the harp"), False),
        (Found("fact", "Noor plays the drum"), False),
        (Found("fact", "I hear Noor plays the harp"), False),
        (Found("fact", "Noor plays her harp"), False),
        (Found("fact", "Noor plays the harp over there, i. e. often"), True),
    ],
)
def test_a_memory_is_the_one_wanted_by_type_and_words(memory: Found, *, holds: bool) -> None:
    assert satisfies(WANTED, memory) is holds


@pytest.mark.parametrize(("date", "holds"), [("2026-10-04T00:00:00+00:00", True), ("2026-11-04", False), ("", False)])
def test_a_date_is_compared_from_its_beginning(date: str, *, holds: bool) -> None:
    assert satisfies(Expected(type="fact", event_date="2026-10"), Found("fact", "x", date)) is holds


def test_a_case_fails_for_what_is_missing_forbidden_or_too_much() -> None:
    case = Case(id="a-1", input="x", expected=(WANTED,), forbidden_anywhere=("secret",), max_memories=1)

    checks = checks_of(case, [Found("fact", "A Secret of the harp"), Found("fact", "Another one")])

    assert list(checks.values()) == [False, False, False]


def test_recall_and_precision_are_counted_by_type() -> None:
    score = Score()

    score.add(Case(id="third-01", input="x", expected=(WANTED,)), [Found("fact", "Noor plays the harp")])
    score.add(
        Case(id="third-02", input="x", expected=(WANTED,)), [Found("episode", "My harp fell"), Found("fact", "x")]
    )

    assert (score.cases["third"], score.passed["third"]) == (2, 1)
    assert (score.strict, score.recall) == (0.5, 0.5)
    assert score.precision == pytest.approx(1 / 3)
    assert (score.made["episode"], score.right["fact"], score.flaws["first person"]) == (1, 1, 1)
    assert [failure.id for failure in score.failures] == ["third-02"]


def test_lines_that_are_no_cases_are_named() -> None:
    good = json.dumps({"id": "a-1", "input": "x", "reference_time": "2026-11-20T10:00:00", "unknown": 1})

    (case,) = read_cases(["", good])

    assert case.said_at is not None
    assert case.said_at.tzinfo is not None
    with pytest.raises(InvalidInputError, match=r"line 2 .*`input`"):
        list(read_cases([good, '{"id": "a-2"}']))
