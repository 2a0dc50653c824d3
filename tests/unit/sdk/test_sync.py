from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

import pytest

from synap import SetupError, Synap, SynapSync
from synap.api.admin import WhoAmI
from synap.sdk.connection import Connection, Line, OpenLine
from synap.sdk.sync import LoopThread

WHO = WhoAmI(client_id="cli", instance_id="inst", user_context_isolation=None, credential_id="", tenancy="open")


class Nowhere:
    """An `Api` that knows who it is, and on which thread it was asked."""

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.closed = 0

    async def open(self) -> Line:
        return OpenLine(operations=cast("Any", self), management=cast("Any", self), release=self.close)

    async def close(self) -> None:
        self.closed += 1

    async def whoami(self) -> WhoAmI:
        self.threads.add(threading.current_thread().name)
        return WHO

    async def invalidate_client_cache(self) -> int:
        await asyncio.sleep(0)
        return 3

    async def clients(self) -> tuple[()]:
        return ()


@pytest.fixture
def nowhere() -> Nowhere:
    return Nowhere()


@pytest.fixture
def client(nowhere: Nowhere) -> Any:
    made = Synap(connection=Connection(nowhere.open)).sync()
    yield made
    made.shutdown()


def test_calls_return_when_they_are_done(client: SynapSync, nowhere: Nowhere) -> None:
    assert client.whoami() == WHO
    assert nowhere.threads == {"synap-loop"}


def test_groups_within_groups_are_blocking_too(client: SynapSync) -> None:
    assert client.client.context.invalidate() == 3
    assert client.admin.clients.list() == ()


def test_errors_come_through_as_they_are(client: SynapSync) -> None:
    with pytest.raises(Exception, match="memory_id must not be empty"):
        client.memories.get("")


def test_what_is_not_there_is_an_attribute_error(client: SynapSync) -> None:
    with pytest.raises(AttributeError):
        _ = client.memories.nothing
    assert "create" in dir(client.memories)


def test_many_threads_may_share_it(client: SynapSync) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(client.client.context.invalidate())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [3] * 8


async def test_it_works_under_a_running_loop(client: SynapSync) -> None:
    assert client.whoami() == WHO


def test_shutting_down_twice_is_fine_and_later_calls_say_so(nowhere: Nowhere) -> None:
    with SynapSync(twin=Synap(connection=Connection(nowhere.open))) as client:
        client.whoami()
    client.shutdown()

    assert nowhere.closed == 1
    with pytest.raises(SetupError, match="shut down"):
        client.whoami()


def test_it_can_be_initialized_again_after_it_was_shut_down(nowhere: Nowhere) -> None:
    client = SynapSync(twin=Synap(connection=Connection(nowhere.open)))
    client.whoami()
    client.shutdown()

    client.initialize()

    assert client.whoami() == WHO
    client.shutdown()
    assert nowhere.closed == 2


def test_a_forgotten_one_ends_its_thread() -> None:
    thread = LoopThread()
    stop = thread.stop

    del thread

    assert not stop.alive
