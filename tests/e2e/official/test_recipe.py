"""The multi-tenant recipe of the published guide runs on the published client and keeps what the guide promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from served import Server

PROGRAM = Path(__file__).with_name("recipe.py")


def test_the_multi_tenant_recipe_keeps_customers_and_users_apart(
    server: Server, names: Callable[[str], str], tmp_path: Path
) -> None:
    people = (names("acme"), names("alice"), names("bob"), names("globex"))

    printed = server.run(PROGRAM, server.instance("b2b"), tmp_path, *people)

    *turns, refused = (json.loads(line) for line in printed.splitlines())
    first, (alice, bob, elsewhere) = turns[:3], (turn["told"] for turn in turns[3:])
    assert all(turn["told"].count("(none)") == 2 for turn in first)
    assert "team lead" in alice.split("User:")[0]
    assert "Nordic" in alice.split("User:")[1]
    assert "team lead" in bob.split("User:")[0]
    assert "Nordic" not in bob
    assert "team lead" not in elsewhere
    assert "Nordic" not in elsewhere
    assert "customer_id" in refused["refused"]
