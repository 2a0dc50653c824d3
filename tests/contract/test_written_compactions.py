"""Compactions with a language model: its summary serves where it passes, the chosen sentences wherever it does not.

The server follows a script; how well a model writes it cannot tell.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from synap.api.admin import CreateInstance
from synap.api.conversations import CompactConversation, CompactedConversation, ReadCompaction, RecordMessage
from synap.bootstrap import Opening, open_engine
from synap.engine.api import EngineApi
from synap.engine.engine import Engine
from synap.engine.worker import Pace
from synap.settings import Settings
from synap.store.server import Role
from synap.testing import FixedEmbedder
from synap.testing.chat_server import ChatServer, Reply, chat_server, fails, says

QUICK = Pace(poll_seconds=0.05, reap_seconds=0.2, lease_seconds=5.0, tries=2, backoff_seconds=0.01)
TALK = (
    "The kiln of the Marlow studio broke on 4 May, and the repair costs 640 euros.",
    "We decided to glaze the 38 tiles for Petra in cobalt.",
    "The opening is on 12 June at the Harbour Hall.",
)
GOOD = {"points": [{"kind": "fact", "content": said, "messages": [at]} for at, said in enumerate(TALK, 1)]}
VAGUE = {"points": [{"kind": "fact", "content": "Some tiles and a kiln came up", "messages": [1]}]}
EMPTY = says({"memories": []})


class Studio:
    """An engine with a scripted model's server, and conversations to compact."""

    def __init__(self, engine: Engine, server: ChatServer) -> None:
        self.engine = engine
        self.server = server
        self.compactions: list[Any] = [says(GOOD)]
        server.follow(self._answer)

    def _answer(self, body: dict[str, Any]) -> Reply:
        asked = "shorten a conversation" in body["messages"][0]["content"]
        reply: Reply = self.compactions[0] if asked else EMPTY
        return reply

    async def instance(self, mode: str = "enhanced") -> EngineApi:
        operator = self.engine.admin_for(await self.engine.local_caller(kind="management"))
        client = await operator.create_client(name=f"client-{uuid.uuid4()}")
        instance = await operator.create_instance(CreateInstance(client_id=client.client_id, name="bot"))
        await operator.set_config(instance.id, f"version: 1.0.0\ningestion: {{extraction: {{mode: {mode}}}}}")
        return self.engine.api_for(await self.engine.caller_of(instance.id))

    async def talk(self, api: EngineApi) -> None:
        for content in TALK:
            await api.record_message(RecordMessage(conversation_id="c", role="user", content=content, user_id="ana"))

    async def compacted(self, api: EngineApi) -> CompactedConversation:
        await self.talk(api)
        await api.compact_conversation(CompactConversation(conversation_id="c", user_id="ana", target_tokens=120))
        work = asyncio.create_task(self.engine.worker.run(concurrency=1))
        try:
            assert await self.engine.worker.drain(seconds=30)
        finally:
            self.engine.worker.stop()
            await work
        return await api.compacted_conversation(ReadCompaction(conversation_id="c", user_id="ana"))


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with chat_server() as started:
        yield started


@pytest.fixture
async def studio(databases: Any, own_database: str, chat: ChatServer) -> AsyncIterator[Studio]:
    settings = Settings(
        database_url=databases.dsn(Role.APP, own_database),
        migration_url=databases.dsn(Role.OWNER, own_database),
        llm_url=chat.url,
        llm_model="tiny",
    )
    engine = await open_engine(settings, Opening(workers=0, embedder=FixedEmbedder(dim=384), pace=QUICK))
    yield Studio(engine, chat)
    await engine.stop()


async def test_a_summary_that_passes_serves_and_names_its_author(studio: Studio) -> None:
    made = await studio.compacted(await studio.instance())

    assert made.made_by.startswith("llm:tiny@")
    assert made.validation_passed
    assert (made.note, [point.positions for point in made.facts]) == ("", [(1,), (2,), (3,)])


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (says(VAGUE), "below 0.5"),
        (says({"points": []}), "below 0.5"),
        (says({"points": "none"}), "language_model.malformed"),
        (says('{"points": [', reason="length"), "language_model.truncated"),
        (says(None, refusal="No."), "language_model.refused"),
        (fails(401), "language_model.rejected"),
        (fails(500), "language_model.server"),
    ],
)
async def test_whatever_fails_chosen_sentences_serve_and_say_so(studio: Studio, reply: Reply, why: str) -> None:
    studio.compactions = [reply]

    made = await studio.compacted(await studio.instance())

    assert made.made_by == "extractive@1"
    assert why in made.note
    assert "640 euros" in made.formatted_context


async def test_instances_that_do_not_want_a_model_do_not_ask_one(studio: Studio) -> None:
    made = await studio.compacted(await studio.instance("standard"))

    assert studio.server.requests == []
    assert (made.made_by, made.note) == ("extractive@1", "")
