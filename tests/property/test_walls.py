"""Two walls stand between tenants, and each holds alone: the scope predicate in the SQL, and row-level security.

Tearing both down must be seen by the very check that the isolation test makes, or that test would prove nothing. The
reader of the search results compares owners once more; it is switched off here, so that nothing helps the walls.
"""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import synap.store.search as searching
from synap.store import statements

PREDICATES = re.compile(rb"(\b\w+\.)?scope_id = (any \(%\(\w+\)s::bigint\[\]\)|%\(scope\)s|\w\.scope_id\b)")
READING = (
    "recall", "newest", "newest_shared", "list_memories", "count_memories", "resident_rows", "resident_changes",
    "memory_texts", "segment_texts",
)  # fmt: skip

WAYS: dict[str, Callable[[Any, Any], Awaitable[None]]] = {
    "a question": lambda place, viewer: place.look(viewer, "What does the team keep in the store room?"),
    "no question": lambda place, viewer: place.look(viewer, None),
    "a list": lambda place, viewer: place.leaf(viewer),
}


@pytest.fixture
def database_name(fresh_name: str) -> str:
    """A database of the test's own: with both walls gone, a question would meet the vectors of every test before it."""
    return fresh_name


@pytest.fixture(params=["memory", "database"], autouse=True)
def searched_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where questions are answered: by rows in memory, or by the statement in the database."""

    async def nothing(*_: Any) -> None:
        return None

    if request.param == "database":
        monkeypatch.setattr(searching, "answer_resident", nothing)


@pytest.fixture
def tear_down(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function that removes the predicates from all statements that read."""

    def torn() -> None:
        genuine = statements.statement

        def bare(name: str, **which: Any) -> bytes:
            text = genuine(name, **which)
            return PREDICATES.sub(b"true", text) if name in READING else text

        monkeypatch.setattr(statements, "statement", bare)

    return torn


async def neighbours(house: Any, settle: Any, owner: Any) -> tuple[Any, Any]:
    """Return a neighbourhood of users of one customer, who share a bucket, and one of them."""
    owners = [owner(0, "acme", "ana"), owner(0, "acme", "ben"), owner(0, "acme"), owner(0), owner(1)]
    place = await settle(house, owners, random.Random(3))  # noqa: S311 - repeatable
    for one in owners:
        place.learn(await place.plant(one, direct=True))
    return place, owners[0]


@pytest.mark.usefixtures("careless_reader")
@pytest.mark.parametrize("way", WAYS)
async def test_the_predicate_holds_without_row_level_security(
    unguarded: Any, settle: Any, owner_of: Any, way: str
) -> None:
    place, ana = await neighbours(unguarded, settle, owner_of)

    await WAYS[way](place, ana)


@pytest.mark.usefixtures("careless_reader")
@pytest.mark.parametrize("way", WAYS)
async def test_row_level_security_holds_without_the_predicate(
    house: Any, settle: Any, owner_of: Any, tear_down: Callable[[], None], way: str
) -> None:
    place, ana = await neighbours(house, settle, owner_of)
    tear_down()

    await WAYS[way](place, ana)


@pytest.mark.usefixtures("careless_reader")
@pytest.mark.parametrize("way", WAYS)
async def test_with_both_walls_gone_the_leak_is_seen(
    unguarded: Any, settle: Any, owner_of: Any, *, leak: type[Exception], tear_down: Callable[[], None], way: str
) -> None:
    place, ana = await neighbours(unguarded, settle, owner_of)
    tear_down()

    with pytest.raises(leak):
        await WAYS[way](place, ana)


async def test_an_engine_refuses_a_login_that_row_level_security_does_not_bind(open_house: Any, owner_dsn: str) -> None:
    with pytest.raises(Exception, match="synap_app"):
        await open_house(owner_dsn)
