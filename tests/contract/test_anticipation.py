"""What a listener is sent before it asks, and what takes its place when memory changes; asked of the engine in process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from synap.api.admin import CreateInstance
from synap.api.bundles import Anticipate, ContextBundle
from synap.api.conversations import RecordMessage
from synap.api.data import DeleteData
from synap.api.memories import CreateMemory, StructuredMemory, UpdateMemory
from synap.bootstrap import Opening, open_engine
from synap.domain.scopes import Ids, Tenancy
from synap.engine.api import EngineApi
from synap.engine.callers import Caller
from synap.engine.engine import Engine
from synap.errors import InvalidInputError, ScopeMissingError, ServiceUnavailableError
from synap.settings import Settings
from synap.testing import FixedClock, FixedEmbedder


@dataclass
class Talk:
    """An engine, an instance, and a conversation of Ana's in it."""

    engine: Engine
    clock: FixedClock
    embedder: FixedEmbedder
    instance_id: str
    name: str = "c1"
    ids: dict[str, Any] | None = None

    async def caller(self) -> Caller:
        return await self.engine.caller_of(self.instance_id)

    async def api(self) -> EngineApi:
        return self.engine.api_for(await self.caller())

    @property
    def owner(self) -> dict[str, Any]:
        return {"user_id": "ana"} if self.ids is None else self.ids

    async def remember(self, text: str, **ids: Any) -> str:
        """Write one memory and return its id."""
        api = await self.api()
        memory = StructuredMemory(type="fact", content=text)
        request = CreateMemory(memories=(memory,), document_type="document", **(ids or self.owner))
        accepted = await api.create_memory(request)
        await self.engine.worker.drain(seconds=30)
        (memory_id,) = (await api.ingestion(accepted.ingestion_id)).memory_ids
        return memory_id

    async def tell(self, text: str) -> None:
        """Say something that is worked out by the rules."""
        api = await self.api()
        await api.create_memory(
            CreateMemory(document=f"User: {text}", document_type="ai-chat-conversation", **self.owner)
        )
        await self.engine.worker.drain(seconds=30)

    async def say(self, text: str, role: str = "user") -> dict[str, ContextBundle]:
        """Record a turn and return what is sent after it, by type."""
        api = await self.api()
        await api.record_message(RecordMessage(conversation_id=self.name, role=role, content=text, **self.owner))
        turn = Anticipate(conversation_id=self.name, role=role, **self.owner)
        return {bundle.bundle_type: bundle for bundle in await self.sent(await self.caller(), turn)}

    async def sent(self, caller: Caller, turn: Anticipate) -> list[ContextBundle]:
        """Return what is sent after a turn."""
        return [bundle async for bundle in self.engine.anticipate(caller, turn)]

    async def forget(self, memory_id: str) -> None:
        await (await self.api()).delete_memory(memory_id, ids=Ids(**self.owner))

    async def renewed(self, bundle: ContextBundle) -> ContextBundle | None:
        return await self.engine.renew(await self.caller(), bundle)

    async def configure(self, config: dict[str, Any]) -> None:
        admin = self.engine.admin_for(await self.engine.local_caller(kind="management"))
        await admin.set_config(self.instance_id, config)


@pytest.fixture
def database_name(own_database: str) -> str:
    return own_database


@pytest.fixture
def tenancy() -> Tenancy:
    return Tenancy.OPEN


@pytest.fixture
async def talk(dsn: str, owner_dsn: str, tenancy: Tenancy) -> AsyncIterator[Talk]:
    clock, embedder = FixedClock(), FixedEmbedder(dim=384)
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=1, embedder=embedder, clock=clock))
    admin = engine.admin_for(await engine.local_caller(kind="management"))
    client = await admin.create_client(name="c")
    instance = await admin.create_instance(CreateInstance(client_id=client.client_id, name="i", tenancy=tenancy))
    yield Talk(engine=engine, clock=clock, embedder=embedder, instance_id=instance.id)
    await engine.stop()


def contents(bundle: ContextBundle) -> list[str]:
    return [item.content for item in bundle.items]


async def test_a_turn_brings_what_is_known_about_whom_it_names(talk: Talk) -> None:
    await talk.remember("Dana eats neither meat nor fish.")
    await talk.remember("The printer stands in the cellar.")

    bundle = (await talk.say("Dana comes to dinner on Saturday."))["anticipation"]

    assert contents(bundle) == ["Dana eats neither meat nor fish."]
    assert (bundle.user_id, bundle.customer_id, bundle.conversation_id) == ("ana", None, "c1")
    assert bundle.scope == "user"
    assert "Dana" in bundle.search_queries[0]
    assert "dana" in bundle.search_keywords
    assert 0.0 < bundle.confidence <= 1.0
    assert 0 < bundle.total_tokens <= bundle.token_budget
    assert bundle.stamp


async def test_a_bundle_is_sent_again_only_with_something_new(talk: Talk) -> None:
    await talk.remember("Dana eats neither meat nor fish.")
    assert "anticipation" in await talk.say("Dana comes to dinner on Saturday.")

    assert await talk.say("Dana stays until Sunday.") == {}

    await talk.remember("Dana has moved to Oslo.")
    fresh = (await talk.say("Dana brings her children."))["anticipation"]
    assert "Dana has moved to Oslo." in contents(fresh)


async def test_the_first_turn_brings_who_the_user_is(talk: Talk) -> None:
    await talk.tell("I love rye bread.")

    bundles = await talk.say("Good morning!")

    assert list(bundles) == ["user_summary"]
    assert any("rye bread" in content for content in contents(bundles["user_summary"]))
    assert await talk.say("How are you?") == {}


async def test_a_summary_is_sent_again_when_the_user_is_better_known(talk: Talk) -> None:
    await talk.tell("I love rye bread.")
    await talk.say("Good morning!")

    await talk.tell("I hate loud music.")

    sent = [await talk.say(f"Hello again, for the {number}th time!") for number in range(2, 6)]
    (summary,) = [bundles["user_summary"] for bundles in sent if "user_summary" in bundles]
    assert any("music" in content for content in contents(summary))


async def test_what_was_just_said_is_not_sent_back(talk: Talk) -> None:
    await talk.say("The Halden safe holds my grandmother's ring.")
    await talk.engine.worker.drain(seconds=30)

    assert "anticipation" not in await talk.say("Shall we talk about the Halden safe?", role="assistant")


async def test_nobody_known_gets_nothing(talk: Talk) -> None:
    assert await talk.say("Dana comes to dinner on Saturday.") == {}


async def test_other_roles_and_unknown_conversations_bring_nothing(talk: Talk) -> None:
    await talk.remember("Dana eats neither meat nor fish.")
    caller = await talk.caller()

    assert await talk.sent(caller, Anticipate(conversation_id="c1", role="tool", user_id="ana")) == []
    assert await talk.sent(caller, Anticipate(conversation_id="never", role="user", user_id="bo")) == []


async def test_ids_are_judged_as_those_of_a_message(talk: Talk) -> None:
    caller = await talk.caller()

    with pytest.raises(InvalidInputError, match="user_id"):
        await talk.sent(caller, Anticipate(conversation_id="c1", role="user", user_id="a\x00"))
    with pytest.raises(InvalidInputError, match="conversation_id"):
        await talk.sent(caller, Anticipate(conversation_id="", role="user", user_id="ana"))
    with pytest.raises(ServiceUnavailableError):
        await talk.sent(replace(caller, unverified=True), Anticipate(conversation_id="c1", role="user", user_id="ana"))


@pytest.mark.parametrize("tenancy", [Tenancy.B2B])
async def test_b2b_wants_the_customer_and_brings_its_memories(talk: Talk) -> None:
    talk.ids = {"customer_id": "acme", "user_id": "ana"}
    await talk.remember("The Lanternfish launch was moved to June.", customer_id="acme")

    bundle = (await talk.say("How do we stand with Lanternfish?"))["anticipation"]

    assert [item.scope for item in bundle.items] == ["customer"]
    assert (bundle.user_id, bundle.customer_id) == ("ana", "acme")
    with pytest.raises(ScopeMissingError):
        await talk.sent(await talk.caller(), Anticipate(conversation_id="c1", role="user", user_id="ana"))


@pytest.mark.parametrize("tenancy", [Tenancy.B2C])
async def test_b2c_takes_no_customer(talk: Talk) -> None:
    with pytest.raises(ScopeMissingError):
        await talk.sent(
            await talk.caller(), Anticipate(conversation_id="c1", role="user", user_id="ana", customer_id="acme")
        )


async def test_an_instance_can_do_without(talk: Talk) -> None:
    await talk.remember("Dana eats neither meat nor fish.")
    bundle = (await talk.say("Dana comes to dinner on Saturday."))["anticipation"]

    await talk.configure({"retrieval.anticipation.enabled": False})

    assert await talk.say("Dana brings her children.") == {}
    withdrawn = await talk.renewed(bundle)
    assert withdrawn is not None
    assert (withdrawn.bundle_id, withdrawn.items) == (bundle.bundle_id, ())


async def test_an_instance_says_how_much_a_bundle_holds(talk: Talk) -> None:
    for number in range(8):
        await talk.remember(f"Dana keeps box {number} with letters of year {1980 + number} in attic {number}.")
    await talk.configure({"retrieval.anticipation.max_tokens": 40})

    bundle = (await talk.say("What does Dana keep?"))["anticipation"]

    assert bundle.token_budget == 40
    assert 0 < bundle.total_tokens <= 40


async def test_a_store_that_does_not_answer_costs_the_bundle_and_nothing_else(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk.remember("Dana eats neither meat nor fish.")

    async def away(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(talk.engine.core.store.search, "answer", away)

    assert await talk.say("Dana comes to dinner on Saturday.") == {}


# ---------------------------------------------------------------- renewal


@pytest.fixture
async def sent(talk: Talk) -> tuple[str, ContextBundle]:
    """A memory about Dana's meals, and a bundle that holds it beside another one."""
    memory_id = await talk.remember("Dana eats no meat at dinner.")
    await talk.remember("Dana takes the train from Oslo on Saturday.")
    bundle = (await talk.say("Dana comes to dinner on Saturday."))["anticipation"]
    assert len(bundle.items) == 2
    return memory_id, bundle


async def test_a_bundle_whose_memories_stand_is_left_alone(talk: Talk, sent: tuple[str, ContextBundle]) -> None:
    assert await talk.renewed(sent[1]) is None


async def test_without_a_write_renewal_is_one_statement(
    talk: Talk, sent: tuple[str, ContextBundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    genuine = talk.engine.core.store.search.standing

    async def standing(*args: Any) -> Any:
        looked.append(args)
        return await genuine(*args)

    monkeypatch.setattr(talk.engine.core.store.search, "standing", standing)

    assert await talk.renewed(sent[1]) is None
    assert looked == []

    await talk.remember("The printer stands in the cellar.")
    assert await talk.renewed(sent[1]) is None
    assert await talk.renewed(sent[1]) is None
    assert len(looked) == 1


async def test_a_deleted_memory_leaves_its_bundle(talk: Talk, sent: tuple[str, ContextBundle]) -> None:
    memory_id, bundle = sent
    await talk.forget(memory_id)

    fresh = await talk.renewed(bundle)

    assert fresh is not None
    assert (fresh.bundle_id, fresh.bundle_type) == (bundle.bundle_id, "anticipation")
    assert contents(fresh) == ["Dana takes the train from Oslo on Saturday."]
    assert (fresh.user_id, fresh.conversation_id) == (bundle.user_id, bundle.conversation_id)
    assert await talk.renewed(fresh) is None


async def test_an_updated_memory_is_sent_as_it_is_now(talk: Talk, sent: tuple[str, ContextBundle]) -> None:
    memory_id, bundle = sent
    talk.clock.advance(timedelta(seconds=1))
    await (await talk.api()).update_memory(
        UpdateMemory(
            memory_id=memory_id,
            document="Dana eats everything at dinner again.",
            merge_strategy="replace",
            **talk.owner,
        )
    )

    fresh = await talk.renewed(bundle)

    assert fresh is not None
    assert "Dana eats everything at dinner again." in contents(fresh)
    assert "Dana eats no meat at dinner." not in contents(fresh)


async def test_a_superseded_memory_is_replaced_by_what_took_its_place(talk: Talk) -> None:
    await talk.tell("I live in Lisbon.")
    bundle = (await talk.say("Hello!"))["user_summary"]
    assert any("Lisbon" in content for content in contents(bundle))

    talk.clock.advance(timedelta(days=1))
    await talk.tell("I moved to Porto, I live in Porto now.")
    fresh = await talk.renewed(bundle)

    assert fresh is not None
    assert not any("Lisbon" in content for content in contents(fresh))
    assert any("Porto" in content for content in contents(fresh))


async def test_the_last_memory_gone_leaves_an_empty_bundle(talk: Talk) -> None:
    memory_id = await talk.remember("Dana eats no meat at dinner.")
    bundle = (await talk.say("Dana comes to dinner on Saturday."))["anticipation"]
    await talk.forget(memory_id)

    fresh = await talk.renewed(bundle)

    assert fresh is not None
    assert fresh.items == ()
    assert await talk.renewed(fresh) is None


async def test_what_expires_leaves_before_it_is_erased(talk: Talk, sent: tuple[str, ContextBundle]) -> None:
    _, bundle = sent
    await talk.configure({"storage.retention.max_memory_age_days": 30})
    assert await talk.renewed(bundle) is None

    talk.clock.advance(timedelta(days=31))
    fresh = await talk.renewed(bundle)

    assert fresh is not None
    assert contents(bundle)
    assert not set(contents(bundle)) & set(contents(fresh))  # what is learned from the turn only now may stand in it


async def test_a_renewal_that_the_store_does_not_answer_is_asked_for_again(
    talk: Talk, sent: tuple[str, ContextBundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_id, bundle = sent
    await talk.forget(memory_id)

    async def away(*_: object, **__: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(talk.engine.core.store.search, "answer", away)
        assert await talk.renewed(bundle) is None

    fresh = await talk.renewed(bundle)
    assert fresh is not None
    assert contents(fresh) == ["Dana takes the train from Oslo on Saturday."]


async def test_a_store_that_does_not_answer_a_renewal_says_so(
    talk: Talk, sent: tuple[str, ContextBundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(talk.engine.core.store.search, "versions", away)

    with pytest.raises(ServiceUnavailableError):
        await talk.renewed(sent[1])


async def test_bundles_are_counted(talk: Talk, sent: tuple[str, ContextBundle]) -> None:
    text = talk.engine.metrics.text().decode()

    assert 'synap_bundles_total{type="anticipation"} 1.0' in text
    assert 'synap_stage_seconds_count{stage="anticipate"} 1.0' in text
    assert sent


async def test_a_deleted_user_leaves_an_empty_bundle(talk: Talk, sent: tuple[str, ContextBundle]) -> None:
    api = await talk.api()
    await api.delete_data(DeleteData(scope="user", **talk.owner, confirm=talk.owner["user_id"]))

    fresh = await talk.renewed(sent[1])

    assert fresh is not None
    assert contents(fresh) == []
