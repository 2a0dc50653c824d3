"""`storage.graph.enabled: false`: memories without a registry of entities; all else as it is with one."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.doors import sdk_over

from synap import NotFoundError, Synap
from synap.api.admin import CreateInstance
from synap.api.protocol import Api
from synap.bootstrap import Opening, open_engine
from synap.engine.admin import EngineAdmin
from synap.settings import Settings
from synap.testing import FixedEmbedder

MIA: dict[str, Any] = {"user_id": "mia", "customer_id": "glasshouse"}
OFF = {"storage": {"graph": {"enabled": False}}}


@dataclass(frozen=True)
class Home:
    """An instance, who may configure it, and the SDK as it is configured now."""

    admin: EngineAdmin
    instance_id: str
    api: Callable[[], Awaitable[Api]]

    async def configured(self, source: dict[str, Any]) -> Synap:
        await self.admin.set_config(self.instance_id, source)
        return sdk_over(await self.api())


@pytest.fixture
async def home(dsn: str, owner_dsn: str) -> AsyncIterator[Home]:
    engine = await open_engine(
        Settings(database_url=dsn, migration_url=owner_dsn), Opening(workers=2, embedder=FixedEmbedder(dim=384))
    )
    admin = engine.admin_for(await engine.local_caller(kind="management"))
    client = await admin.create_client(name=f"client-{uuid.uuid4()}")
    instance = await admin.create_instance(CreateInstance(client_id=client.client_id, name=f"bot-{uuid.uuid4()}"))

    async def api() -> Api:
        return engine.api_for(await engine.caller_of(instance.id))

    yield Home(admin=admin, instance_id=instance.id, api=api)
    await engine.stop()


async def told(sdk: Synap, *said: str) -> list[str]:
    made: list[str] = []
    for text in said:
        accepted = await sdk.memories.create(f"User: {text}", **MIA)
        done = await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
        assert done.status == "completed"
        made += done.memory_ids
    return made


async def named(sdk: Synap) -> list[str]:
    return [row.name for row in (await sdk.entities.list(**MIA)).data]


async def found(sdk: Synap, question: str) -> list[str]:
    answer = await sdk.user.context.fetch("mia", "glasshouse", search_query=question, response_shape="ranked")
    return [item.content for item in answer.items]


async def test_nothing_is_tied_to_an_entity_and_all_is_remembered(home: Home) -> None:
    sdk = await home.configured(OFF)

    made = await told(sdk, "My manager is Dagny Ruud.", "Dagny works at Orrery Labs.")

    assert await named(sdk) == []
    assert len(made) == 2
    assert "Dagny works at Orrery Labs" in await found(sdk, "Where does Dagny work?")
    with pytest.raises(NotFoundError):
        await sdk.entities.fetch(name="Dagny", **MIA)


async def test_a_question_is_not_joined_by_other_names(home: Home) -> None:
    sdk = await home.configured({})
    await told(
        sdk, "My manager is Dagny.", "Dagny hates voicemail.", *(f"Jar {n} stands in hall {n}." for n in range(3))
    )
    linked = await sdk.user.context.fetch("mia", "glasshouse", search_query="What does my manager hate?", explain=True)

    sdk = await home.configured(OFF)
    plain = await sdk.user.context.fetch("mia", "glasshouse", search_query="What does my manager hate?", explain=True)

    def lift(answer: Any) -> float:
        return next(float(fact.score_parts["entity"]) for fact in answer.facts if "voicemail" in fact.content)

    assert lift(linked) > lift(plain)


async def test_a_memory_that_is_updated_is_not_tied_either(home: Home) -> None:
    sdk = await home.configured(OFF)
    (said,) = await told(sdk, "My manager is Dagny.")

    await sdk.memories.update(said, document="The user's manager is Ottilie", merge_strategy="replace")

    assert await named(sdk) == []
    assert (await sdk.memories.get(said)).content == "The user's manager is Ottilie"


async def test_a_memory_that_is_derived_anew_is_not_tied_either(home: Home) -> None:
    sdk = await home.configured(OFF)
    first = await sdk.memories.create("User: My manager is Ottilie Berg.", **MIA)
    await sdk.memories.wait_for_completion(first.ingestion_id, timeout_seconds=30)
    await told(sdk, "My current manager is Ottilie Berg.")

    undone = await sdk.memories.undo(first.ingestion_id, **MIA)

    assert undone.rewritten_ids
    assert await named(sdk) == []


async def test_what_was_tied_before_stays_and_goes_with_its_memory(home: Home) -> None:
    sdk = await home.configured({})
    (said,) = await told(sdk, "Ingrid Falk teaches pottery.")

    sdk = await home.configured(OFF)
    await told(sdk, "Ottilie Berg sells bicycles.")

    assert await named(sdk) == ["Ingrid Falk"]
    await sdk.memories.delete(said)
    assert await named(sdk) == []


async def test_switched_on_again_names_are_tied_from_then_on(home: Home) -> None:
    await told(await home.configured(OFF), "Ingrid Falk teaches pottery.")

    sdk = await home.configured({})
    await told(sdk, "Ottilie Berg sells bicycles.")

    assert await named(sdk) == ["Ottilie Berg"]
