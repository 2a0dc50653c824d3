"""The engine mends what is stuck, shows what it cannot mend, and keeps its accounts over all processes."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from synap.api.admin import CreateInstance
from synap.api.contexts import FetchContext
from synap.api.data import DeleteData
from synap.api.memories import CreateMemory
from synap.bootstrap import Opening, open_engine
from synap.domain.ids import RowRef, decode_public_id, encode_public_id
from synap.engine.api import EngineApi
from synap.engine.engine import Engine
from synap.engine.stocktaking import ALL_BUCKETS, EVERY
from synap.errors import ServiceUnavailableError
from synap.settings import Settings
from synap.testing import FixedEmbedder


class Works:
    """An engine without workers, an instance of its own, and the owner's hand in the tables."""

    def __init__(self, engine: Engine, api: EngineApi, connection: psycopg.Connection[Any]) -> None:
        self.engine = engine
        self.api = api
        self.connection = connection

    async def remember(self, text: str, customer: str = "acme") -> RowRef:
        """Hand in a document, wait until it has been worked through; return the place of its ingestion."""
        ref = await self.accept(text, customer)
        await self.work()
        return ref

    async def accept(self, text: str, customer: str = "acme") -> RowRef:
        made = await self.api.create_memory(
            CreateMemory(document=text, document_type="ai-chat-conversation", customer_id=customer, user_id="ida")
        )
        ref = decode_public_id(made.ingestion_id)
        assert ref is not None
        return ref

    async def work(self) -> None:
        """Work until nothing is left to do."""
        other = await _open(self.engine_settings, workers=1)
        try:
            assert await other.worker.drain(seconds=20)
        finally:
            await other.stop()

    engine_settings: Settings = Settings()

    def break_(self, statement: str, *params: Any) -> None:
        assert self.connection.execute(statement.encode(), params).rowcount > 0

    def value(self, query: str, *params: Any) -> Any:
        row = self.connection.execute(query.encode(), params).fetchone()
        return None if row is None else row[0]

    async def found(self, customer: str = "acme") -> list[str]:
        context = await self.api.fetch_context(
            FetchContext(target="user", user_id="ida", customer_id=customer, search_query=("Where is the wine kept?",))
        )
        return [item.content for item in context.items]


async def _open(settings: Settings, *, workers: int = 0) -> Engine:
    return await open_engine(settings, Opening(workers=workers, embedder=FixedEmbedder(dim=16)))


@pytest.fixture
async def works(fresh_dsn: str, fresh_owner_dsn: str) -> AsyncIterator[Works]:
    settings = Settings(database_url=fresh_dsn, migration_url=fresh_owner_dsn)
    engine = await _open(settings)
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    instance = await operator.create_instance(CreateInstance(client_id=client.client_id, name="bot"))
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as connection:
        made = Works(engine, engine.api_for(await engine.caller_of(instance.id)), connection)
        made.engine_settings = settings
        yield made
    await engine.stop()


async def test_in_a_store_in_order_every_document_is_in_one_state_and_nothing_is_found(works: Works) -> None:
    await works.remember("User: I keep the wine in the cellar.")
    await works.accept("User: I moved to Lyon.", customer="globex")

    stock = await works.engine.take_stock(seconds=60)

    assert (stock.buckets, stock.working, stock.ended, stock.failed) == (len(ALL_BUCKETS), 1, 1, 0)
    assert stock.found == {}


async def test_a_document_whose_job_was_lost_is_worked_through_after_all(works: Works) -> None:
    ref = await works.accept("User: I keep the wine in the cellar.")
    works.break_("delete from job where ingestion_id = %s", ref.row_id)

    looked = await works.engine.take_stock(seconds=60)
    mended = await works.engine.take_stock(seconds=60, mend=True)
    await works.work()

    assert looked.found == {"unworked_ingestion": 1}
    assert mended.found == {}
    assert works.value("select status from ingestion where id = %s", ref.row_id) == "completed"
    assert any("wine" in one for one in await works.found())


@pytest.mark.parametrize(
    "damage",
    [
        "update memory set emb = null",
        "update segment set emb = null",
        "update memory set emb = '[1, 0, 1]'",
        "update segment set emb = '[1, 0, 1]'",
    ],
)
async def test_vectors_that_are_missing_or_of_another_embedder_are_made_anew(works: Works, damage: str) -> None:
    await works.remember("User: I keep the wine in the cellar.")
    works.break_(damage)

    stock = await works.engine.take_stock(seconds=60, mend=True)

    assert stock.found == {}
    assert works.value("select bool_and(emb is not null and vector_dims(emb) = 16) from memory")
    assert works.value("select bool_and(emb is not null and vector_dims(emb) = 16) from segment")
    assert any("wine" in one for one in await works.found())


async def test_while_the_embedder_is_away_the_damage_stays_known(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> Any:
        raise ServiceUnavailableError("away")

    await works.remember("User: I keep the wine in the cellar.")
    works.break_("update memory set emb = null")
    with monkeypatch.context() as patched:
        patched.setattr(FixedEmbedder, "embed_documents", away)
        during = await works.engine.take_stock(seconds=60, mend=True)
    after = await works.engine.take_stock(seconds=60, mend=True)

    assert during.found["memory_without_vector"] > 0
    assert after.found == {}


async def test_what_cannot_be_mended_is_told_until_it_is_put_right(works: Works) -> None:
    await works.remember("User: I keep the wine in the cellar.")
    works.break_("delete from memory")
    works.connection.execute("delete from mention")

    stock = await works.engine.take_stock(seconds=60, mend=True)
    text = works.engine.metrics.text().decode()

    assert list(stock.found) == ["lost_memory"]
    assert f'synap_stock_found{{kind="lost_memory"}} {float(stock.found["lost_memory"])}' in text
    assert 'synap_stock_found{kind="unworked_ingestion"} 0.0' in text
    assert 'synap_stock_ingestions{state="ended"} 1.0' in text


async def test_one_process_shows_what_another_found(works: Works) -> None:
    await works.remember("User: I keep the wine in the cellar.")
    works.break_("delete from memory")
    other = await _open(works.engine_settings)
    try:
        mine = await works.engine.take_stock(seconds=60)
        theirs = await other.take_stock(seconds=0)
    finally:
        await other.stop()

    assert theirs == replace(mine, oldest=theirs.oldest)


async def test_a_bucket_that_was_looked_at_is_left_alone_for_a_while(works: Works) -> None:
    stocktaking = works.engine.stocktaking

    first = await stocktaking.look(7)
    again = await stocktaking.look(7, before=first.looked_at.replace(year=2000) if first else None)

    assert first is not None
    assert again is None


@pytest.mark.parametrize("before", ["never looked at", "looked at long ago"])
async def test_however_often_one_only_looks_a_bucket_stays_due_for_whoever_mends(works: Works, before: str) -> None:
    ref = await works.accept("User: I keep the wine in the cellar.")
    if before == "looked at long ago":
        await works.engine.take_stock(seconds=60, mend=True)
        works.break_("update stock set looked_at = looked_at - interval '2 hours'")
    works.break_("delete from job where ingestion_id = %s", ref.row_id)
    for _ in range(2):
        await works.engine.take_stock(seconds=60)

    due = works.engine.core.clock.now() - EVERY
    mended = await works.engine.stocktaking.look(ref.bucket, before=due)

    assert mended is not None
    assert mended.found == {}
    assert works.value("select state from job where ingestion_id = %s", ref.row_id) == "ready"


async def test_who_only_looks_writes_over_nothing_that_whoever_mends_found_just_now(works: Works) -> None:
    ref = await works.accept("User: I keep the wine in the cellar.")
    await works.engine.take_stock(seconds=60, mend=True)
    works.break_("delete from job where ingestion_id = %s", ref.row_id)

    seen = await works.engine.take_stock(seconds=60)

    assert seen.found == {"unworked_ingestion": 1}
    assert works.value("select found::text from stock where bucket = %s", ref.bucket) == "{}"


async def test_a_deleted_memory_and_a_deleted_user_leave_nothing_to_be_found(works: Works) -> None:
    await works.remember("User: I keep the wine in the cellar.")
    await works.remember("User: I keep bees in the garden.", customer="globex")
    memory = works.value("select id from memory where content like '%%wine%%' limit 1")
    bucket = works.value("select bucket from memory where id = %s", memory)
    await works.api.delete_memory(encode_public_id(RowRef("memory", bucket, memory)))
    await works.api.delete_data(DeleteData(scope="user", user_id="ida", customer_id="globex", confirm="ida"))

    stock = await works.engine.take_stock(seconds=60)

    # The passage that stays beside the deleted one has lost its vector with it, and is given a new one.
    assert set(stock.found) <= {"segment_without_vector"}
    assert (await works.engine.take_stock(seconds=60, mend=True)).found == {}
