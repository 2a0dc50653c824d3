"""A large document is worked through in slices: bounded, in turn with others, without loss or doubling, and with one answer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import psycopg
import pytest

from synap.api.admin import CreateInstance
from synap.api.memories import CreateMemory, Ingestion, ListMemories, UndoIngestion
from synap.bootstrap import Opening, open_engine
from synap.domain.documents import Turn
from synap.engine.api import EngineApi
from synap.engine.engine import Engine
from synap.engine.faults import Fault, Faults
from synap.engine.worker import Pace
from synap.ingestion.pieces import Slice
from synap.settings import Settings
from synap.testing import FixedEmbedder

QUICK = Pace(lease_seconds=5, poll_seconds=0.05, reap_seconds=0.1, backoff_seconds=0.01, pause_seconds=0.05)
SMALL, ENDLESS, AT_ONCE = 12, 10**9, 5


class Desk:
    """An engine with an instance whose worker is started by hand, and what it was asked to embed at a time."""

    def __init__(self, engine: Engine, api: EngineApi) -> None:
        self.engine = engine
        self.api = api

    async def hand_in(
        self, document: str | Sequence[Turn], user: str, *, kind: str = "ai-chat-conversation", name: str | None = None
    ) -> str:
        """Hand in a document of a user, who is a tenant of their own; return its ingestion."""
        request = CreateMemory(
            document=document if isinstance(document, str) else tuple(document),
            customer_id=f"of-{user}",
            user_id=user,
            document_type=kind,
            document_id=name,
        )
        return (await self.api.create_memory(request)).ingestion_id

    async def work(self, ingestions: Sequence[str]) -> list[dict[str, Any]]:
        """Work until they have come to an end; return how far each was whenever somebody looked."""
        work, seen = asyncio.create_task(self.engine.worker.run(concurrency=1)), []
        try:
            async with asyncio.timeout(60):
                while True:
                    now = {one: await self.api.ingestion(one) for one in ingestions}
                    seen.append(now)
                    if all(found.status in ("completed", "failed") for found in now.values()):
                        return seen
                    await asyncio.sleep(0.01)
        finally:
            self.engine.worker.stop()
            await work
            self.engine.worker._stopping.clear()  # noqa: SLF001 - the same worker goes on in the next call

    async def until(self, ingestion: str, true: Callable[[Ingestion], bool]) -> None:
        """Wait until something holds of an ingestion that is being worked on."""
        async with asyncio.timeout(60):
            while True:
                if true(await self.api.ingestion(ingestion)):
                    return
                await asyncio.sleep(0.01)

    async def contents(self, user: str) -> list[str]:
        """Return what is believed of a user, sorted."""
        page = await self.api.memories(ListMemories(customer_id=f"of-{user}", user_id=user, page_size=100))
        return sorted(memory.content for memory in page.data)

    async def sources(self, dsn: str, user: str) -> dict[str, list[int]]:
        """Return what is believed of a user with the places of the segments on which it rests."""
        believed = set(await self.contents(user))
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            cursor = await connection.execute(
                "select m.content, array_agg(s.ordinal order by s.ordinal) from memory m join segment s on s.id = any(m.sources)"
                " where s.bucket = m.bucket and m.scope_id = (select id from scope where user_id = %s and rung = 'user') group by 1",
                [user],
            )
            return {content: places for content, places in await cursor.fetchall() if content in believed}


@pytest.fixture
async def desk(fresh_dsn: str, fresh_owner_dsn: str) -> AsyncIterator[Desk]:
    settings = Settings(database_url=fresh_dsn, migration_url=fresh_owner_dsn)
    engine = await open_engine(settings, Opening(workers=0, embedder=FixedEmbedder(dim=384), pace=QUICK))
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    instance = await operator.create_instance(CreateInstance(client_id=client.client_id, name="bot"))
    yield Desk(engine, engine.api_for(await engine.caller_of(instance.id)))
    await engine.stop()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synap.ingestion.pieces.SLICE", SMALL)
    monkeypatch.setattr("synap.store.stored_documents.AT_ONCE", AT_ONCE)


TRADES = "baker cooper dyer glazier joiner mason nailer potter roper saddler tanner turner weaver wright".split()  # noqa: SIM905 - read as prose


def talk() -> list[Turn]:
    """Return a talk of several slices, in which later turns correct and take back what others have said."""
    told = [f"I bought a {trade}'s bench from the old {trade} in {trade.title()}ham." for trade in TRADES]
    told.insert(3, "I live in Ghent.")
    told.insert(9, "My budget is 400 euros.")
    told += ["I moved to Bruges.", "Actually my budget is 650 euros.", "I am allergic to walnuts."]
    return [turn for text in told for turn in (Turn(content=text), Turn(content="I see.", role="assistant"))]


async def test_the_answer_is_the_same_as_of_a_document_worked_through_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sliced = await desk.hand_in(talk(), "ada")
    seen = await desk.work([sliced])
    monkeypatch.setattr("synap.ingestion.pieces.SLICE", ENDLESS)
    whole = await desk.hand_in(talk(), "bea")
    await desk.work([whole])

    contents = await desk.contents("ada")

    assert contents == await desk.contents("bea")
    assert len(contents) > len(TRADES)
    assert not any("Ghent" in content or "400" in content for content in contents)
    record = seen[-1][sliced]
    assert record.progress == 1
    assert len(set(record.memory_ids)) == record.memories_created
    assert (await desk.api.ingestion(whole)).progress is None


async def test_each_memory_rests_on_the_same_segments(
    desk: Desk, fresh_owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.work([await desk.hand_in(talk(), "ada")])
    monkeypatch.setattr("synap.ingestion.pieces.SLICE", ENDLESS)
    monkeypatch.setattr("synap.store.stored_documents.AT_ONCE", ENDLESS)
    await desk.work([await desk.hand_in(talk(), "bea")])

    sources = await desk.sources(fresh_owner_dsn, "ada")

    assert sources == await desk.sources(fresh_owner_dsn, "bea")
    assert set(sources) == set(await desk.contents("ada"))
    assert len({place for places in sources.values() for place in places}) > len(TRADES)


async def test_the_status_tells_how_far_it_is(desk: Desk) -> None:
    ingestion = await desk.hand_in(talk(), "ada")

    seen = [now[ingestion] for now in await desk.work([ingestion])]

    under_way = [one.progress for one in seen if one.status == "processing" and one.progress is not None]
    assert under_way == sorted(under_way)
    assert any(0 < progress < 1 for progress in under_way)


async def test_no_step_holds_more_than_a_slice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, sizes = desk.engine.core.spaces, []
    space = await embedder.live()
    embed = space.embedder.embed_documents

    async def counted(texts: Sequence[str]) -> Any:
        sizes.append(len(texts))
        return await embed(texts)

    monkeypatch.setattr(space.embedder, "embed_documents", counted)
    load, read = desk.engine.core.store.documents.load, []

    async def loaded(*given: Any, **named: Any) -> Any:
        document = await load(*given, **named)
        read.append(len(document.prepared.segments))
        return document

    monkeypatch.setattr(desk.engine.core.store.documents, "load", loaded)
    text = " ".join(f"I keep a {trade}'s apron number {number}." for number in range(40) for trade in TRADES)
    assert len(text) > 15_000

    ingestion = await desk.hand_in(text, "ada")
    await desk.work([ingestion])

    assert len(sizes) >= len(text) // 2_500
    assert max(sizes) < 150
    assert max(read) < 20


async def test_other_tenants_are_served_between_the_slices(desk: Desk) -> None:
    large = await desk.hand_in([*talk(), *talk(), *talk()], "ada")
    work = asyncio.create_task(desk.work([large]))
    await desk.until(large, lambda found: found.progress is not None)

    small = await desk.hand_in("I keep bees.", "bea")
    await desk.until(small, lambda found: found.status == "completed")
    meanwhile = await desk.api.ingestion(large)
    await work

    assert meanwhile.status == "processing"
    assert meanwhile.progress is not None
    assert meanwhile.progress < 1
    assert await desk.contents("bea") == ["The user keeps bees"]


async def test_what_comes_after_it_in_bulk_waits_for_its_end(desk: Desk) -> None:
    first = await desk.hand_in(talk(), "ada")
    second = await desk.hand_in([Turn(content="I live in Namur."), *talk()[:30]], "ada")

    seen = await desk.work([first, second])

    assert not any(now[second].status != "queued" and now[first].status != "completed" for now in seen)


@pytest.mark.parametrize("stage", ["extract", "embed", "reconcile", "apply", "applied"])
async def test_a_slice_that_fails_is_done_again_and_no_other(desk: Desk, stage: str) -> None:
    failing = Faults(tuple(Fault(stage, "error", passage) for passage in (2, 3)))
    desk.engine.worker._faults = failing  # noqa: SLF001 - as a process is started with
    ingestion = await desk.hand_in(talk(), "ada")
    untouched = await desk.hand_in(talk(), "bea")

    seen = await desk.work([ingestion, untouched])

    assert seen[-1][ingestion].status == "completed"
    assert await desk.contents("ada") == await desk.contents("bea")
    assert seen[-1][ingestion].memories_created == seen[-1][untouched].memories_created


async def test_a_turn_that_is_not_for_us_stays_so_in_all_its_slices(desk: Desk) -> None:
    confided = " ".join(f"I keep a {trade}'s apron number {number}." for number in range(40) for trade in TRADES)
    turns = [Turn(content=f"Please do not remember any of this. {confided}"), Turn(content="I live in Ghent.")]

    ingestion = await desk.hand_in(turns, "ada")
    await desk.work([ingestion])

    assert await desk.contents("ada") == ["The user lives in Ghent"]


async def test_what_the_slice_before_gave_can_be_taken_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synap.ingestion.pieces.SLICE", 1)
    said = ["I own a red canoe.", "Just kidding.", "I own a blue kite.", "Scratch that.", "I own a lathe."]

    ingestion = await desk.hand_in([Turn(content=text) for text in said], "ada")
    await desk.work([ingestion])
    monkeypatch.setattr("synap.ingestion.pieces.SLICE", ENDLESS)
    await desk.work([await desk.hand_in([Turn(content=text) for text in said], "bea")])

    assert await desk.contents("ada") == await desk.contents("bea")
    assert "The user owns a lathe" in await desk.contents("ada")


async def test_what_is_taken_back_and_said_again_in_one_slice_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [Turn(content=text) for text in ("I own a red canoe.", "Scratch that.", "I own a red canoe.")]
    monkeypatch.setattr("synap.ingestion.pieces.SLICE", ENDLESS)
    await desk.work([await desk.hand_in(said, "bea")])

    monkeypatch.setattr(
        "synap.engine.ingest.slice_at",
        lambda parts, start: Slice(start=start, end=len(parts) if start else 1, total=len(parts)),
    )
    await desk.work([await desk.hand_in(said, "ada")])

    assert await desk.contents("ada") == await desk.contents("bea") == ["The user owns a red canoe"]


async def test_a_new_version_ends_what_the_old_one_gave_and_undoing_brings_it_back(desk: Desk) -> None:
    old = "\n\n".join(f"The {trade} opens at {hour} am." for hour, trade in enumerate(TRADES, 1))
    new = "\n\n".join(f"The {trade} opens at {hour} am." for hour, trade in enumerate(TRADES[5:], 6))
    await desk.work([await desk.hand_in(old, "ada", kind="document", name="hours")])
    before = await desk.contents("ada")

    second = await desk.hand_in(new, "ada", kind="document", name="hours")
    await desk.work([second])
    after = await desk.contents("ada")
    await desk.api.undo_ingestion(UndoIngestion(ingestion_id=second))

    assert len(before) == len(TRADES)
    assert after == sorted(set(before) - {content for content in before if any(t in content for t in TRADES[:5])})
    assert await desk.contents("ada") == before
