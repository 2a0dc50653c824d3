"""The worker fails what is at fault and nothing else, and never ends by itself."""

from __future__ import annotations

import asyncio
import errno
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray

from synap.api.admin import CreateInstance
from synap.api.memories import CreateMemory
from synap.bootstrap import Opening, open_engine
from synap.engine.api import EngineApi
from synap.engine.engine import Engine
from synap.engine.worker import Pace
from synap.errors import ServiceUnavailableError
from synap.settings import Settings
from synap.testing import FixedEmbedder

QUICK = Pace(
    lease_seconds=5,
    poll_seconds=0.05,
    reap_seconds=0.1,
    tries=2,
    transient_tries=4,
    backoff_seconds=0.01,
    pause_seconds=0.05,
)
UNREADABLE = "mandrake"


class Squeamish(FixedEmbedder):
    """Cannot embed a text with a certain word; every call with it fails as a whole, the first `times` at most."""

    def __init__(self, error: Exception) -> None:
        super().__init__(dim=384)
        self.error = error
        self.times = 1000

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.times and any(UNREADABLE in text for text in texts):
            self.times -= 1
            raise self.error
        return await super().embed_documents(texts)


class Shop:
    """An engine with an instance of its own whose worker is started by hand."""

    def __init__(self, engine: Engine, api: EngineApi) -> None:
        self.engine = engine
        self.api = api

    async def accept(self, *texts: str) -> list[str]:
        """Hand in documents of one customer; return their ingestions."""
        accepted = [
            await self.api.create_memory(CreateMemory(document=text, document_type="document", customer_id="acme"))
            for text in texts
        ]
        return [one.ingestion_id for one in accepted]

    async def ends(self, ingestions: Sequence[str]) -> list[str]:
        """Work until the documents have come to an end; return their statuses."""
        work = asyncio.create_task(self.engine.worker.run(concurrency=1))
        try:
            async with asyncio.timeout(20):
                while True:
                    statuses = [(await self.api.ingestion(one)).status for one in ingestions]
                    if all(status in ("completed", "failed") for status in statuses):
                        return statuses
                    await asyncio.sleep(0.05)
        finally:
            self.engine.worker.stop()
            await work


@pytest.fixture
def embedder() -> FixedEmbedder:
    return Squeamish(ServiceUnavailableError("it did not answer in time"))


@pytest.fixture
async def shop(fresh_dsn: str, fresh_owner_dsn: str, embedder: FixedEmbedder) -> AsyncIterator[Shop]:
    settings = Settings(database_url=fresh_dsn, migration_url=fresh_owner_dsn)
    engine = await open_engine(settings, Opening(workers=0, embedder=embedder, pace=QUICK))
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    instance = await operator.create_instance(CreateInstance(client_id=client.client_id, name="bot"))
    yield Shop(engine, engine.api_for(await engine.caller_of(instance.id)))
    await engine.stop()


async def test_one_document_that_cannot_be_embedded_takes_no_other_along(shop: Shop) -> None:
    ingestions = await shop.accept(
        "The cellar holds the wine.", f"The {UNREADABLE} grows in the yard.", "The attic holds the maps."
    )

    statuses = await shop.ends(ingestions)

    assert statuses == ["completed", "failed", "completed"]
    dead = (await shop.engine.core.store.queue.depth()).dead
    assert dead == 1


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (ServiceUnavailableError("it is away"), "completed"),
        (OSError(errno.EMFILE, "too many open files"), "completed"),
        (ValueError("it is broken"), "failed"),
    ],
)
async def test_an_embedder_that_is_away_is_waited_for_longer_than_one_that_is_broken(
    shop: Shop, embedder: Squeamish, error: Exception, end: str
) -> None:
    embedder.error, embedder.times = error, QUICK.tries + 1

    statuses = await shop.ends(await shop.accept(f"The {UNREADABLE} grows in the yard."))

    assert statuses == [end]


async def test_nothing_is_claimed_while_no_embedder_fits_the_vectors_in_use(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = asyncio.Event()

    async def live() -> Any:
        looked.set()
        raise ServiceUnavailableError("the stored vectors are of another embedder")

    (ingestion,) = await shop.accept("The cellar holds the wine.")
    monkeypatch.setattr(shop.engine.core.spaces, "live", live)
    work = asyncio.create_task(shop.engine.worker.run(concurrency=1))

    await looked.wait()
    shop.engine.worker.stop()
    await work

    assert (await shop.api.ingestion(ingestion)).status == "queued"


async def test_what_the_store_can_never_hold_is_given_up_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def apply(*_: Any) -> list[str]:
        raise psycopg.errors.ProgramLimitExceeded

    monkeypatch.setattr(shop.engine.core.store.memories, "apply", apply)
    (ingestion,) = await shop.accept("The cellar holds the wine.")

    statuses = await shop.ends([ingestion])

    found = await shop.api.ingestion(ingestion)
    assert statuses == ["failed"]
    assert "fail again" in (found.error_message or "")


async def test_an_error_that_nobody_expected_is_shown_and_does_not_end_the_worker(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = shop.engine.core.store.queue
    discover, health = queue.discover, []

    async def once(*_: Any, **__: Any) -> list[int]:
        monkeypatch.setattr(queue, "discover", told)
        raise ZeroDivisionError

    async def told(*arguments: Any, **named: Any) -> list[int]:
        health.append(await shop.engine.health())
        monkeypatch.setattr(queue, "discover", discover)
        return await discover(*arguments, **named)

    monkeypatch.setattr(queue, "discover", once)
    ingestions = await shop.accept("The cellar holds the wine.")

    statuses = await shop.ends(ingestions)

    assert statuses == ["completed"]
    assert health[0].status == "degraded"
    assert any("worker 1 failed (ZeroDivisionError)" in warning for warning in health[0].warnings)
    assert (await shop.engine.health()).status == "ok"
