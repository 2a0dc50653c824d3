"""Records, documents that are one JSON object: given back as they came with the caller's metadata, and found by it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from synap.api.admin import CreateInstance
from synap.api.contexts import ContextAnswer, ContextItem, FetchContext
from synap.api.memories import CreateMemory
from synap.api.protocol import Api
from synap.bootstrap import Opening, open_engine
from synap.engine.engine import Engine
from synap.settings import Settings
from synap.testing import FixedClock, FixedEmbedder


class Shelf:
    """An instance that keeps records of users."""

    def __init__(self, engine: Engine, api: Api, clock: FixedClock) -> None:
        self.engine, self.api, self.clock = engine, api, clock

    async def put(self, value: Mapping[str, Any], metadata: Mapping[str, Any], *, user: str = "ana") -> str:
        """Hand a record in, a second after what came before."""
        self.clock.advance(timedelta(seconds=1))
        document = json.dumps(value)
        request = CreateMemory(document=document, user_id=user, metadata=metadata)
        await self.api.create_memory(request)
        return document

    async def drain(self) -> None:
        await self.engine.worker.drain(seconds=60)

    async def fetch(self, query: str, *, user: str = "ana", results: int = 10, mode: str = "fast") -> ContextAnswer:
        asked = FetchContext(target="user", user_id=user, search_query=(query,), max_results=results, mode=mode)
        return await self.api.fetch_context(asked)

    async def records(
        self, query: str, *, user: str = "ana", results: int = 10, mode: str = "fast"
    ) -> list[ContextItem]:
        return list((await self.fetch(query, user=user, results=results, mode=mode)).items)


@pytest.fixture
def database_name(own_database: str) -> str:
    return own_database


@pytest.fixture
async def shelf(dsn: str, owner_dsn: str) -> AsyncIterator[Shelf]:
    clock = FixedClock()
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=1, embedder=FixedEmbedder(dim=384), clock=clock))
    admin = engine.admin_for(await engine.local_caller(kind="management"))
    client = await admin.create_client(name="c")
    instance = await admin.create_instance(CreateInstance(client_id=client.client_id, name="i"))
    shelf = Shelf(engine, engine.api_for(await engine.caller_of(instance.id)), clock)
    yield shelf
    await shelf.drain()  # or the next test, whose clock begins anew, waits for jobs of its future
    await engine.stop()


@pytest.mark.parametrize("worked_through", [False, True])
async def test_a_record_comes_back_as_it_came_with_its_metadata(shelf: Shelf, *, worked_through: bool) -> None:
    metadata = {"shelf": "notes/2026", "key": "k-17", "deep": {"list": [1, "two", None]}, "flag": True, "none": None}
    document = await shelf.put({"text": "Ana likes rooibos.", "n": [1, 2.5, None], "é": "✓"}, metadata)
    if worked_through:
        await shelf.drain()

    found = await shelf.records("notes/2026 k-17")

    assert [item.content for item in found] == [document]
    assert found[0].type == "fact"
    assert found[0].metadata == {**metadata, "excerpt": True}


async def test_nothing_is_extracted_from_a_record(shelf: Shelf) -> None:
    await shelf.put({"text": "I prefer window seats. My cat is called Biscuit."}, {"key": "k"})
    await shelf.drain()

    found = await shelf.records("window seats cat")

    assert len(found) == 1
    assert found[0].excerpt


async def test_a_record_has_a_vector_once_it_is_worked_through(shelf: Shelf) -> None:
    await shelf.put({"seat": "window"}, {"key": "k2"})
    await shelf.drain()

    assert (await shelf.engine.stocktaking.take(seconds=30, mend=False)).found == {}


async def test_a_record_is_found_by_its_words(shelf: Shelf) -> None:
    document = await shelf.put({"food": {"liked": ["rooibos tea", "pizza"]}}, {"key": "k1"})
    await shelf.put({"seat": "window"}, {"key": "k2"})
    await shelf.drain()

    assert (await shelf.records("rooibos"))[0].content == document


async def test_another_user_never_finds_a_record(shelf: Shelf) -> None:
    await shelf.put({"pin": "4711"}, {"shelf": "secrets", "key": "k"})
    await shelf.drain()

    assert await shelf.records("secrets k 4711", user="bo") == []


async def test_equal_records_under_two_names_are_two(shelf: Shelf) -> None:
    for key in ("k1", "k2"):
        await shelf.put({"state": "open"}, {"shelf": "tickets", "key": key})
    await shelf.drain()

    assert {item.metadata["key"] for item in await shelf.records("tickets")} == {"k1", "k2"}


async def test_of_the_versions_of_a_record_the_newest_comes_first(shelf: Shelf) -> None:
    for step in (1, 2, 3, 2):
        await shelf.put({"step": step, "words": "step " * step}, {"shelf": "progress", "key": "now"})
    await shelf.drain()

    found = await shelf.records("progress now")

    assert [json.loads(item.content)["step"] for item in found] == [2, 3, 2, 1]


async def test_the_record_whose_name_is_asked_for_comes_first_among_many(shelf: Shelf) -> None:
    for number in range(300):
        await shelf.put(
            {"number": number, "about": f"ticket number {number}"}, {"shelf": "tickets", "key": f"t-{number}"}
        )
    await shelf.drain()

    for number in (0, 7, 150, 299):
        found = await shelf.records(f"tickets t-{number}", results=50)
        assert json.loads(found[0].content)["number"] == number


async def test_encoded_data_is_whole_and_its_newest_are_found_by_what_they_share(shelf: Shelf) -> None:
    documents = [
        await shelf.put(
            {"blob": base64.b64encode(bytes(range(256)) * (step + 1)).decode(), "source": "loop"},
            {"thread": "thread-9", "checkpoint": f"cp-{step:03}", "parent": f"cp-{step - 1:03}" if step else ""},
        )
        for step in range(120)
    ]
    await shelf.drain()

    found = await shelf.records("thread-9")

    assert [item.content for item in found] == documents[:-11:-1]


@pytest.mark.parametrize("mode", ["fast", "accurate"])
@pytest.mark.parametrize("worked_through", [0, 25, 40])
async def test_what_a_record_says_besides_does_not_part_those_that_a_name_finds(
    shelf: Shelf, *, worked_through: int, mode: str
) -> None:
    thread = "3f0c9a52-7d1e-4b8a-9c66-0e2d4f8b1a77"
    documents = []
    for step in range(40):
        if step == worked_through:
            await shelf.drain()
        documents.append(
            await shelf.put(
                {
                    "source": ("loop", "input", "update")[step % 3],
                    "step": step,
                    "runs": f"{step:032}.{step * 7919 % 997}",
                },
                {"thread": thread, "checkpoint": f"cp-{step:03}"},
            )
        )
    if worked_through == len(documents):
        await shelf.drain()

    found = await shelf.records(thread, mode=mode)

    assert [item.content for item in found] == documents[:-11:-1]


async def test_the_text_for_a_prompt_shows_the_beginning_of_a_record(shelf: Shelf) -> None:
    document = await shelf.put({"notes": ["a short note on tea"] * 2000}, {"key": "long"})
    await shelf.drain()

    answer = await shelf.fetch("long tea note")

    assert answer.items[0].content == document
    assert not answer.items[0].cut
    assert '- [user] {"notes": ["a short note on tea"' in answer.formatted_context
    assert answer.metadata.tokens_used < 200


async def test_personal_data_is_taken_out_of_a_record_as_well(shelf: Shelf) -> None:
    admin = shelf.engine.admin_for(await shelf.engine.local_caller(kind="management"))
    instance_id = (await shelf.api.whoami()).instance_id
    await admin.set_config(instance_id, {"ingestion": {"pii": {"handling": "redact"}}})
    shelf.api = shelf.engine.api_for(await shelf.engine.caller_of(instance_id))
    await shelf.put({"card": 4111111111111111, "mail": "ana@example.org"}, {"key": "mail"})
    await shelf.drain()

    found = await shelf.records("mail")

    assert "ana@example.org" not in found[0].content
    assert "4111111111111111" not in found[0].content
