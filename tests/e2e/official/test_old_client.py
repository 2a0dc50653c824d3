"""The oldest published client in an environment of its own, pointed here by environment variables alone."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from served import Server

PROGRAM = Path(__file__).with_name("old_client.py")


@pytest.mark.parametrize("mode", ["any", "b2b", "b2c"])
def test_the_basics_work_by_the_oldest_client(
    server: Server, names: Callable[[str], str], tmp_path: Path, mode: str
) -> None:
    customer = names("acme") if mode == "b2b" else ""

    printed = server.run(
        PROGRAM,
        server.instance(mode),
        tmp_path,
        *(names("alice"), customer, names("bob")),
        python=os.environ["OLD_CLIENT"],
    )

    told = json.loads(printed.splitlines()[-1])
    assert told["version"] == "0.4.4"
    assert (told["status"], told["memories"], told["deleted"], told["updated"], told["refused"]) == (
        *("completed", 1),
        *(True, True, True),
    )
    assert "Biscuit" in told["content"]
    for way in ("fetched", "unasked"):
        assert any("Biscuit" in fact for fact in told[way]), (way, told)
    assert not any("Biscuit" in fact for fact in told["others"])
    assert any("CSV import" in fact for fact in told["client"])
    assert any("Waffle" in fact for fact in told["renamed"])
    assert not any("Biscuit" in fact or "Waffle" in fact for fact in told["gone"])
    assert told["turns"] == [["user", "I am moving to Porto."], ["assistant", "Good luck in Porto."]]


def test_the_environment_holds_no_newer_client() -> None:
    done = subprocess.run(  # noqa: S603 - the interpreter of that environment
        [os.environ["OLD_CLIENT"], "-m", "pip", "list", "--format", "json"], capture_output=True, text=True, check=True
    )

    packages = {package["name"]: package["version"] for package in json.loads(done.stdout)}
    assert packages["maximem-synap"] == "0.4.4"
