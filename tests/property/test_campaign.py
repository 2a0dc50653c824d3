"""The isolation campaign: small and green with all walls standing, red when one is taken away.

Two walls stand between tenants in the database: the scope predicates of the statements, and row-level security. Here each
is removed while the other is away, one statement at a time, and so are the walls that have no second one: by which ids are
told apart, refused and found again. A campaign that did not see that would prove nothing.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

import synap.store.search as searching
from synap.domain import scopes
from synap.engine import checks as engine_checks
from synap.engine import contexts, lookups
from synap.engine.cache import AnswerCache
from synap.engine.data import delete
from synap.store import resident_search, statements
from synap.store.checks import ServerFacts
from synap.verify.installations import InProcess
from synap.verify.isolation import Wanted, verify_isolation

CHECKS = int(os.environ.get("SYNAP_ISOLATION_CHECKS", "1200"))
SEED = int(os.environ.get("SYNAP_ISOLATION_SEED", "7"))

PREDICATES = re.compile(rb"(\b\w+\.)?scope_id = (any \(%\(\w+\)s::bigint\[\]\)|%\(scope\)s|\w+\.scope_id\b)")

Report = dict[str, Any]


async def tried(house: Any, *, checks: int = CHECKS, first: bool = False, again: Any = None) -> Report:
    """Return the report of a campaign in a house."""
    installation = InProcess(house.engine, again, kind="test")
    wanted = Wanted(checks=checks, seed=SEED, statements=150, first=first)
    try:
        return await verify_isolation(installation, wanted)
    finally:
        await installation.close()


async def until_red(house: Any) -> Report:
    return await tried(house, checks=2500, first=True)


def wrong(report: Report) -> str:
    return "; ".join(f"{one['what']}: {one['kind']}: {one['detail']}" for one in report["failures"][:5])


async def test_with_all_walls_standing_nothing_leaks(open_house: Any, dsn: str) -> None:
    house = await open_house(dsn)

    async def again() -> Any:
        return (await open_house(dsn)).engine

    report = await tried(house, again=again)

    assert report["passed"], f"{report['problems']}: {wrong(report)}"
    assert report["checks"] >= CHECKS
    assert {"batch", "converse", "create", "delete_user", "replace_text", "restart"} <= set(report["operations"])
