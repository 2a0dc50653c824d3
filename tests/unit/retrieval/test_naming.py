from __future__ import annotations

from typing import Any

import pytest

from synap.domain.contexts import Query
from synap.retrieval.naming import named


@pytest.mark.parametrize(
    ("question", "names", "statement", "expected"),
    [
        ("Where does Dana live?", ("dana",), {"subject": "Dana Wirth"}, 1.0),
        ("Where does Dana live?", ("dana",), {"subject": "Igor"}, 0.0),
        ("Who runs Delta Bank?", ("delta", "bank"), {"entities": ("Delta Bank",)}, 0.5),
        ("Who runs Delta?", ("delta",), {"entities": ("Delta Bank",)}, 0.0),
        ("What is my budget?", (), {}, 0.5),
        ("What is the budget?", (), {}, 0.0),
        ("user settings", ("user", "settings"), {}, 0.0),
    ],
)
def test_a_question_names_the_subject_an_entity_or_the_asker(
    make: Any, question: str, names: tuple[str, ...], statement: dict[str, Any], expected: float
) -> None:
    candidate = make.candidate("a", **statement)

    assert named(candidate, Query(text=question, names=names)) == expected


def test_only_the_askers_own_memories_are_meant_by_my(make: Any) -> None:
    candidate = make.candidate("a", rung="customer")

    assert named(candidate, Query(text="What is my budget?")) == 0.0
