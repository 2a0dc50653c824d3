from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

import synap
from synap import InvalidInputError, MaximemSynapSDK, SetupError, Synap
from synap.errors import AuthenticationError
from synap.sdk.connection import DEFAULT_BASE_URL, Connection, Line, LocalLine, OpenLine, remote


@dataclass
class Opening:
    """Opens lines to nowhere, slowly, and counts."""

    opened: int = 0
    closed: int = 0
    failures: list[Exception] = field(default_factory=list)

    async def __call__(self) -> Line:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop()
        self.opened += 1
        return OpenLine(operations=cast("Any", self), management=None, release=self.release)

    async def release(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SYNAP_API_KEY", "SYNAP_BASE_URL", "SYNAP_MANAGEMENT_KEY"):
        monkeypatch.delenv(name, raising=False)


def opening_of(client: Synap) -> Any:
    return cast("Any", client)._connection._opening  # noqa: SLF001 - the choice shows nowhere else before it is opened


def test_importing_the_package_loads_neither_engine_nor_store_nor_numpy() -> None:
    code = (
        "import sys, synap; print([m for m in ('synap.engine', 'synap.store', 'numpy', 'httpx', 'psycopg', 'litestar')"
        " if m in sys.modules])"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own words

    assert shown.stdout.strip() == "[]"


def test_public_names_are_sorted_and_all_there() -> None:
    assert list(synap.__all__) == sorted(synap.__all__)
    assert all(getattr(synap, name) is not None for name in synap.__all__)
    with pytest.raises(AttributeError):
        _ = synap.nothing


def test_the_alias_is_the_class_itself() -> None:
    assert MaximemSynapSDK is Synap


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("ContextNotFoundError", "NotFoundError"),
        ("SynapPermanentError", "PermanentError"),
        ("SynapTransientError", "TransientError"),
    ],
)
def test_errors_go_by_the_official_names_as_well(theirs: str, ours: str) -> None:
    assert getattr(synap, theirs) is getattr(synap, ours)


def test_without_key_and_url_the_engine_runs_in_this_process() -> None:
    assert opening_of(Synap()).func.__name__ == "embedded"


@pytest.mark.parametrize("name", ["SYNAP_API_KEY", "SYNAP_BASE_URL"])
def test_a_variable_means_a_server(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://there:1")

    assert opening_of(Synap()).func is remote


def test_an_empty_variable_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAP_API_KEY", " ")

    assert opening_of(Synap()).func.__name__ == "embedded"


def test_a_key_without_a_url_means_the_local_server() -> None:
    assert opening_of(Synap(api_key="synap_k")).args == (DEFAULT_BASE_URL,)


def test_embedded_ignores_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAP_API_KEY", "synap_k")

    assert opening_of(Synap.embedded("/data")).func.__name__ == "embedded"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"api_key": "k", "data_dir": "/data"}, "data_dir"),
        ({"base_url": "synap.local"}, "base_url"),
        ({"base_url": "ftp://x"}, "base_url"),
    ],
)
def test_contradictions_are_refused(arguments: dict[str, str], name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        Synap(**arguments)  # type: ignore[arg-type]  # only strings are given

    assert refusal.value.field == name


async def test_a_missing_key_is_told_on_the_first_call() -> None:
    async with Synap(base_url="http://127.0.0.1:1") as client:
        with pytest.raises(AuthenticationError, match="SYNAP_API_KEY"):
            await client.whoami()
        with pytest.raises(AuthenticationError, match="SYNAP_MANAGEMENT_KEY"):
            await client.admin.clients.list()


async def test_many_tasks_open_one_line() -> None:
    opening = Opening()
    client = Synap(connection=Connection(opening))

    await asyncio.gather(*(client.initialize() for _ in range(10)))

    assert opening.opened == 1


async def test_shutting_down_twice_is_fine_and_initialize_opens_again() -> None:
    opening = Opening()
    client = Synap(connection=Connection(opening))

    await client.shutdown()
    await client.initialize()
    await client.shutdown()
    await client.shutdown()
    async with client:
        pass

    assert (opening.opened, opening.closed) == (2, 2)


async def test_a_call_after_shutdown_is_refused_instead_of_opening_an_engine_unnoticed() -> None:
    opening = Opening()
    client = Synap(connection=Connection(opening))
    await client.initialize()
    await client.shutdown()

    for call in (client.health, client.whoami, client.admin.clients.list, lambda: client.memories.get("m")):
        with pytest.raises(SetupError, match="initialize"):
            await call()

    assert opening.opened == 1


async def test_a_failed_opening_is_tried_again() -> None:
    opening = Opening(failures=[SetupError("no model")])
    client = Synap(connection=Connection(opening))

    with pytest.raises(SetupError):
        await client.initialize()
    await client.initialize()

    assert opening.opened == 1


def test_a_new_loop_gets_a_line_of_its_own() -> None:
    opening = Opening()
    client = Synap(connection=Connection(opening))

    asyncio.run(client.initialize())
    asyncio.run(client.initialize())

    assert opening.opened == 2


async def test_two_running_loops_are_refused() -> None:
    client = Synap(connection=Connection(Opening()))
    await client.initialize()

    with pytest.raises(SetupError, match="another event loop"):
        await asyncio.to_thread(asyncio.run, client.initialize())


async def test_an_engine_of_this_process_is_asked_with_every_call_who_calls() -> None:
    asked: list[str] = []

    async def operations() -> Any:
        asked.append(f"configuration {len(asked)}")
        return asked[-1]

    async def release() -> None:
        asked.append("released")

    async def opening() -> Line:
        return LocalLine(operations=operations, management=cast("Any", "operator"), release=release)

    connection = Connection(opening)

    calls: list[Any] = [await connection.api(), await connection.api()]
    await connection.close()

    assert calls == ["configuration 0", "configuration 1"]
    assert asked[-1] == "released"
