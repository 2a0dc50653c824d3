"""The isolation campaign: small and green with all walls standing, red when one is taken away.

Two walls stand between tenants in the database: the scope predicates of the statements, and row-level security. Here each
is removed while the other is away, one statement at a time, and so are the walls that have no second one: by which ids are
told apart, refused and found again. A campaign that did not see that would prove nothing.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

import synap.store.search as searching
from synap import NotFoundError
from synap.api.contexts import ContextAnswer
from synap.domain import scopes
from synap.domain.ids import check_caller_id
from synap.engine import contexts, ingest, lookups
from synap.engine.api import EngineApi
from synap.engine.cache import AnswerCache, cache_key
from synap.store import statements
from synap.store.memories import Memories
from synap.verify.installations import InProcess
from synap.verify.isolation import Wanted, verify_isolation

CHECKS = int(os.environ.get("SYNAP_ISOLATION_CHECKS", "1200"))
SEED = int(os.environ.get("SYNAP_ISOLATION_SEED", "7"))

PREDICATES = re.compile(rb"(\b\w+\.)?scope_id = (any \(%\(\w+\)s::bigint\[\]\)|%\(scope\)s|\w+\.scope_id\b)")

Report = dict[str, Any]


async def tried(house: Any, *, checks: int = CHECKS, until: str = "", again: Any = None) -> Report:
    """Return the report of a campaign in a house."""
    installation = InProcess(house.engine, again, kind="test")
    wanted = Wanted(checks=checks, seed=SEED, statements=150, until=until)
    try:
        return await verify_isolation(installation, wanted)
    finally:
        await installation.close()


async def until_red(house: Any, what: str) -> Report:
    return await tried(house, checks=2500, until=what)


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


# ---------------------------------------------------------------- walls that are removed

STATEMENTS: dict[str, tuple[str, ...]] = {
    "questions answered in memory": ("resident_rows", "resident_changes", "memory_texts", "segment_texts"),
    "questions answered in the database": ("recall",),
    "fetches without a question": ("newest", "newest_shared"),
    "lists": ("list_memories", "count_memories"),
    "messages": ("read_messages",),
    "prompts": ("recent_messages", "uncovered"),
    "entities": ("page_of_entities", "count_entities"),
}
"""Statements whose predicates are removed together: each of those that answer in memory holds without the others."""

IN_DATABASE = ("questions answered in the database", "fetches without a question")


@pytest.fixture
def database_name(fresh_name: str) -> str:
    """A database of the test's own: with walls gone, a question would meet what every test before it left."""
    return fresh_name


def strip(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Remove the scope predicate from statements."""
    genuine = statements.statement

    def bare(name: str, **which: Any) -> bytes:
        text = genuine(name, **which)
        return PREDICATES.sub(b"true", text) if name in names else text

    monkeypatch.setattr(statements, "statement", bare)


def search_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(searching, "answer_resident", nothing)


@pytest.mark.usefixtures("careless_reader")
@pytest.mark.parametrize("answering", STATEMENTS)
async def test_without_row_level_security_a_missing_predicate_is_seen(
    unguarded: Any, monkeypatch: pytest.MonkeyPatch, answering: str
) -> None:
    if answering in IN_DATABASE:
        search_the_database(monkeypatch)
    strip(monkeypatch, *STATEMENTS[answering])

    report = await until_red(unguarded, "leak")

    assert report["leaks"], f"{report['problems']}: {wrong(report)}"


def ids_are_folded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        scopes, "check_caller_id", lambda value, *, field: check_caller_id(value, field=field).strip().casefold()
    )


def ids_are_cut(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scopes, "check_caller_id", lambda value, *, field: check_caller_id(value, field=field)[:255])


def ids_are_joined(patch: pytest.MonkeyPatch) -> None:
    def joined(parts: list[str]) -> bytes:
        return ":".join(part for part in parts if part not in ("customer", "user")).encode()

    patch.setattr(scopes, "_length_prefixed", joined)


def any_id_will_do(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scopes, "check_caller_id", lambda value, **_: value)


def no_tenancy(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scopes, "_check_tenancy", lambda *_, **__: None)


def rows_are_anybodys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lookups, "check_owner", lambda *_, **__: None)


def rows_are_any_instances(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lookups, "reachable", lambda *_: True)


def refusals_tell(patch: pytest.MonkeyPatch) -> None:
    genuine = lookups.check_owner

    def telling(scope: Any, ids: Any, *, field: str, value: str) -> None:
        try:
            genuine(scope, ids, field=field, value=value)
        except NotFoundError as error:
            raise NotFoundError(f"{value} is somebody else's", field=field) from error

    patch.setattr(lookups, "check_owner", telling)


def one_cache_for_all(patch: pytest.MonkeyPatch) -> None:
    get = AnswerCache.get

    def without_owner(instance_id: str, revision: int, _: Any, request: Any, embedder: str) -> bytes:
        plain = msgspec.structs.replace(request, customer_id=None, user_id=None)
        return cache_key(instance_id, revision, (), plain, embedder)

    def unchecked(self: AnswerCache, key: bytes, _: Any) -> Any:
        kept = self._entries.get(key)
        return get(self, key, {} if kept is None else kept.versions)

    patch.setattr(contexts, "cache_key", without_owner)
    patch.setattr(AnswerCache, "get", unchecked)


def deleted_stays(patch: pytest.MonkeyPatch) -> None:
    async def kept(*_: Any, **__: Any) -> bool:
        return True

    patch.setattr(Memories, "erase", kept)


def content_is_logged(patch: pytest.MonkeyPatch) -> None:
    genuine = ingest.finish

    async def told(core: Any, space: Any, work: Any, vectors: Any, faults: Any) -> Any:
        changes = await genuine(core, space, work, vectors, faults)
        logging.getLogger("synap.engine.ingest").warning("done", extra={"memories": [str(one) for one in changes.add]})
        return changes

    patch.setattr(ingest, "finish", told)


def ids_are_labels(patch: pytest.MonkeyPatch) -> None:
    genuine = EngineApi.fetch_context

    async def told(self: EngineApi, request: Any) -> Any:
        self.metrics.failed(f"{request.customer_id} {request.user_id}")
        return await genuine(self, request)

    patch.setattr(EngineApi, "fetch_context", told)


def nothing_is_served(patch: pytest.MonkeyPatch) -> None:
    async def empty(*_: Any, **__: Any) -> ContextAnswer:
        return ContextAnswer()

    patch.setattr(contexts, "fetch", empty)


WALLS: tuple[tuple[Callable[[pytest.MonkeyPatch], None], str], ...] = (
    (ids_are_folded, "leak"),
    (ids_are_cut, "leak"),
    (ids_are_joined, "leak"),
    (any_id_will_do, "told"),
    (no_tenancy, "accepted"),
    (rows_are_anybodys, "leak"),
    (rows_are_any_instances, "leak"),
    (refusals_tell, "told"),
    (one_cache_for_all, "leak"),
    (deleted_stays, "remains"),
    (content_is_logged, "leak"),
    (ids_are_labels, "leak"),
    (nothing_is_served, "missing"),
)


@pytest.mark.parametrize(("remove", "seen_as"), WALLS, ids=lambda one: getattr(one, "__name__", one))
async def test_a_wall_that_has_no_second_one_is_missed(
    house: Any, monkeypatch: pytest.MonkeyPatch, remove: Callable[[pytest.MonkeyPatch], None], seen_as: str
) -> None:
    remove(monkeypatch)

    report = await until_red(house, seen_as)

    assert seen_as in report["wrong"], report["problems"]
