"""Each framework's program runs by environment variables alone: what was told comes back, another user's does not."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from served import ROOT, Server

PROGRAMS = sorted(path.stem for path in (ROOT / "examples/official").glob("with_*.py"))
FACT, QUESTION = "I am allergic to peanuts.", "Is there any food I am allergic to?"
OTHER_FACT = "I am allergic to shellfish."


def split(printed: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what each way of reading gave before and after, by the way's name."""
    before, after = {}, {}
    for line in printed.splitlines():
        when, _, rest = line.partition(": ")
        if when in {"before", "after"}:
            way = next(
                word
                for word in (
                    "history",
                    "retriever",
                    "search",
                    "get",
                    "memory",
                    "recall",
                    "conversation",
                    "agent",
                    "manager",
                )
                if rest.startswith(word)
            )
            (before if when == "before" else after)[way] = rest
    assert before.keys() == after.keys() != set(), printed
    return before, after


@pytest.mark.parametrize("mode", ["b2b", "b2c"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_told_comes_back_to_its_user_alone(
    server: Server, names: Callable[[str], str], tmp_path: Path, name: str, mode: str
) -> None:
    program, instance = ROOT / f"examples/official/{name}.py", server.instance(mode)
    customer = names("acme") if mode == "b2b" else ""
    talk, other_talk = str(uuid.uuid4()), str(uuid.uuid4())

    first = server.run(program, instance, tmp_path, names("alice"), customer, talk, FACT, QUESTION)
    other = server.run(program, instance, tmp_path, names("bob"), customer, other_talk, OTHER_FACT, QUESTION)
    again = server.run(program, instance, tmp_path, names("alice"), customer, talk, FACT, QUESTION)

    before, after = split(first)
    assert not any("peanuts" in found for found in before.values()), first
    assert all("peanuts" in found for found in after.values()), first
    others_before, others_after = split(other)
    assert not any("peanuts" in found for found in (*others_before.values(), *others_after.values())), other
    assert all("shellfish" in found for found in others_after.values()), other
    before_again, after_again = split(again)
    assert all("peanuts" in found for found in (*before_again.values(), *after_again.values())), again
    assert "shellfish" not in again
