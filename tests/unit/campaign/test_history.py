"""The history checker of the durability campaign sees what it is there to see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.campaign.history import Acknowledgements, State, violations


def state(**changed: Any) -> State:
    whole: dict[str, Any] = {
        "documents": {"a": 1, "b": 1}, "contents": ["Box a.", "Box b."], "unfinished": 0, "orphans": 0, "doubles": 0, "jobs": 0,
    }  # fmt: skip
    return State(**{**whole, **changed})


def test_what_is_there_once_and_whole_is_no_violation() -> None:
    assert violations({"a"}, {"a", "b", "c"}, state()) == []


@pytest.mark.parametrize(
    ("changed", "seen"),
    [
        ({"documents": {"b": 1}}, "a was acknowledged and is lost"),
        ({"documents": {"a": 2, "b": 1}}, "a is there 2 times"),
        ({"contents": ["Box a."]}, "b has no memory although nothing is left to do"),
        ({"documents": {"a": 1, "z": 1}, "contents": ["Box a.", "Box z."]}, "z was never sent"),
        ({"unfinished": 1}, "1 unfinished"),
        ({"orphans": 2}, "2 orphans"),
        ({"doubles": 3}, "3 doubles"),
        ({"jobs": 4}, "4 jobs"),
    ],
)
def test_each_violation_is_seen(changed: dict[str, Any], seen: str) -> None:
    assert violations({"a"}, {"a", "b"}, state(**changed)) == [seen]


def test_the_log_of_acknowledgements_is_read_from_disk(tmp_path: Path) -> None:
    log = Acknowledgements(tmp_path / "log")
    assert log.read() == set()
    for marker in ("a", "b", "a"):
        log.note(marker)

    assert Acknowledgements(tmp_path / "log").read() == {"a", "b"}
