"""What an answer owes whoever asks why: what it left out, and why one memory is not in it; in process and over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.doors import DOORS, over_http, sdk_over

from synap import InvalidInputError, NotFoundError, Synap
from synap.api.admin import CreateInstance
from synap.api.protocol import AdminApi, Api
from synap.bootstrap import Opening, open_engine
from synap.engine.engine import Engine
from synap.sdk.http import HttpApi
from synap.settings import Settings
from synap.testing import FixedEmbedder

UNKNOWN = "00000000-0000-8000-8000-000000000000"


class House:
    """An engine, and SDKs on fresh instances of it through one door."""

    def __init__(self, engine: Engine, admin: AdminApi, door: str) -> None:
        self.engine, self.admin, self.door = engine, admin, door

    async def way_in(self, **config: Any) -> Synap:
        client = await self.admin.create_client(name=f"client-{uuid.uuid4()}")
        instance = await self.admin.create_instance(
            CreateInstance(client_id=client.client_id, name="bot", tenancy="open")
        )
        if config:
            await self.admin.set_config(instance.id, config)
        key = (await self.admin.create_key(instance.id, label="test")).api_key
        api: Api = self.engine.api_for(await self.engine.authenticate(key))
        if self.door == "over http":
            api = HttpApi(over_http(self.engine, key))
        return sdk_over(api)


@pytest.fixture(params=DOORS)
async def house(request: pytest.FixtureRequest, dsn: str, owner_dsn: str) -> AsyncIterator[House]:
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=2, embedder=FixedEmbedder(dim=384)))
    yield House(engine, engine.admin_for(await engine.local_caller(kind="management")), str(request.param))
    await engine.stop()


async def told(sdk: Synap, *texts: str, **ids: str) -> list[str]:
    """Write facts as they are; returns their ids, in their order."""
    rows = [{"type": "fact", "content": text} for text in texts]
    accepted = await sdk.memories.create(memories=rows, **ids)  # type: ignore[arg-type]  # ids are strings
    await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=120)
    page = await sdk.memories.list(page_size=100, **ids)  # type: ignore[arg-type]  # as above
    by_content = {record.content: record.memory_id for record in page.data}
    return [by_content[text] for text in texts]


async def test_what_is_served_has_its_place(house: House) -> None:
    sdk = await house.way_in()
    (kiln,) = await told(sdk, "Ana owns a kiln.", user_id="ana")

    answer = await sdk.memories.why_not(kiln, "Who owns a kiln?", user_id="ana")

    assert (answer.served, answer.reason, answer.rank) == (True, "served", 1)
    assert (answer.vector_rank, answer.lexical_rank) == (1, 1)


async def test_what_others_crowd_out_says_so(house: House) -> None:
    sdk = await house.way_in()
    _, zebra = await told(sdk, "Ana owns a kiln.", "Zebras graze at noon.", user_id="ana")

    crowded = await sdk.memories.why_not(zebra, "Who owns a kiln?", user_id="ana", max_results=1)
    broke = await sdk.memories.why_not(zebra, "Who owns a kiln?", user_id="ana", max_tokens=12)
    typed = await sdk.memories.why_not(zebra, "Who owns a kiln?", user_id="ana", types="preferences")

    assert (crowded.served, crowded.reason, crowded.lexical_rank) == (False, "max_results", None)
    assert broke.reason == "budget"
    assert typed.reason in ("type", "not_a_candidate")


async def test_what_was_superseded_names_what_took_its_place(house: House) -> None:
    sdk = await house.way_in()
    (kiln,) = await told(sdk, "Ana owns a kiln.", user_id="ana")
    await sdk.memories.update(kiln, "Ana owns two kilns.", "replace")
    history = await sdk.memories.history(kiln)
    old = next(record for record in history if record.content == "Ana owns a kiln.")

    answer = await sdk.memories.why_not(old.memory_id, "kiln", user_id="ana")

    assert (answer.reason, answer.by) == ("superseded", kiln)


async def test_what_is_below_the_floor_says_so(house: House) -> None:
    sdk = await house.way_in(retrieval={"floor": 0.99})
    (kiln,) = await told(sdk, "Ana owns a kiln.", user_id="ana")

    answer = await sdk.memories.why_not(kiln, "What does Ana have?", user_id="ana")
    fetched = await sdk.user.context.fetch("ana", search_query="What does Ana have?")

    assert answer.reason == "floor"
    assert fetched.items == []


async def test_anothers_memory_is_as_unknown_as_none(house: House) -> None:
    sdk, elsewhere = await house.way_in(), await house.way_in()
    (kiln,) = await told(sdk, "Ana owns a kiln.", user_id="ana", customer_id="flora")

    told_apart = set()
    for asker, ids, memory in [
        (sdk, {"user_id": "ben", "customer_id": "flora"}, kiln),
        (sdk, {"customer_id": "flora"}, kiln),
        (sdk, {"user_id": "ana", "customer_id": "fauna"}, kiln),
        (sdk, {}, kiln),
        (elsewhere, {"user_id": "ana", "customer_id": "flora"}, kiln),
        (sdk, {"user_id": "ana", "customer_id": "flora"}, UNKNOWN),
    ]:
        with pytest.raises(NotFoundError) as refused:
            await asker.memories.why_not(memory, "kiln", **ids)  # type: ignore[arg-type]  # ids are strings
        assert refused.value.field == "memory_id"
        told_apart.add(str(refused.value).replace(memory, "ID"))

    assert len(told_apart) == 1


async def test_an_empty_question_is_refused_by_name(house: House) -> None:
    sdk = await house.way_in()
    (kiln,) = await told(sdk, "Ana owns a kiln.", user_id="ana")

    with pytest.raises(InvalidInputError) as refused:
        await sdk.memories.why_not(kiln, " ", user_id="ana")

    assert refused.value.field == "query"


async def test_an_explained_answer_tells_what_it_left_out(house: House) -> None:
    sdk = await house.way_in()
    kiln, zebra = await told(sdk, "Ana owns a kiln.", "Zebras graze at noon.", user_id="ana")

    explained = await sdk.user.context.fetch("ana", search_query="Who owns a kiln?", max_results=1, explain=True)
    plain = await sdk.user.context.fetch("ana", search_query="Who owns a kiln?", max_results=1)

    left = {one.id: one.reason for one in explained.metadata.left_out}
    assert [item.id for item in explained.items] == [kiln]
    assert left[zebra] == "max_results"
    assert explained.items[0].score_parts["lexical"] > 0
    assert plain.metadata.left_out == ()
