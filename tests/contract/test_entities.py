"""Entities: the same in process and over HTTP; who is one, who is not, and who may see it."""

from __future__ import annotations

import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from tests.doors import DOORS, over_http, sdk_over

from synap import ConflictError, InvalidInputError, NotFoundError, Synap
from synap.api.admin import CreateInstance
from synap.api.entities import EntityRecord
from synap.api.protocol import Api
from synap.bootstrap import Opening, open_engine
from synap.engine.engine import Engine
from synap.sdk.http import HttpApi
from synap.settings import Settings
from synap.testing import FixedEmbedder

MIA: dict[str, Any] = {"user_id": "mia", "customer_id": "glasshouse"}
ZOE: dict[str, Any] = {"user_id": "zoe", "customer_id": "glasshouse"}


@dataclass(frozen=True)
class Home:
    """An engine, and the SDK of an instance in it by one of the doors."""

    engine: Engine
    sdk: Synap

    async def tell(self, *said: str, mode: str = "long-range", **ids: Any) -> list[str]:
        """Hand in a conversation each; return the ids of its memories."""
        made: list[str] = []
        for text in said:
            accepted = await self.sdk.memories.create(f"User: {text}", mode=mode, **ids)
            done = await self.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
            assert done.status == "completed"
            made += done.memory_ids
        return made

    async def names(self, **ids: Any) -> dict[str, EntityRecord]:
        """Return the entities of a scope, whole, by name."""
        page = await self.sdk.entities.list(**ids, page_size=100)
        return {row.name: await self.sdk.entities.get(row.entity_id) for row in page.data}

    async def about(self, name: str, **ids: Any) -> list[str]:
        return [memory.content for memory in (await self.sdk.entities.fetch(name=name, **ids)).memories]


OpenHome = Callable[[], Awaitable[Home]]


@pytest.fixture(params=DOORS)
async def enter(request: pytest.FixtureRequest, dsn: str, owner_dsn: str) -> AsyncIterator[OpenHome]:
    """A function that makes an instance, by one of the doors."""
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=2, embedder=FixedEmbedder(dim=384)))
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")

    async def entered() -> Home:
        made = CreateInstance(client_id=client.client_id, name=f"bot-{uuid.uuid4()}")
        instance = await operator.create_instance(made)
        key = (await operator.create_key(instance.id, label="test")).api_key
        api: Api = engine.api_for(await engine.authenticate(key))
        if request.param == "over http":
            api = HttpApi(over_http(engine, key))
        return Home(engine=engine, sdk=sdk_over(api))

    yield entered
    await engine.stop()


@pytest.fixture
async def home(enter: OpenHome) -> Home:
    return await enter()


def state(entity: EntityRecord) -> EntityRecord:
    """All that a merge and a split must give back; the log goes on."""
    return msgspec.structs.replace(entity, decisions=())


async def test_a_short_name_joins_the_only_long_one(home: Home) -> None:
    first, second = await home.tell("Ingrid Falk teaches pottery.", "Ingrid plays the oboe.", **MIA)

    known = await home.names(**MIA)

    ingrid = known["Ingrid Falk"]
    assert "Ingrid" not in known
    assert ingrid.kind == "person"
    assert {alias.name: (alias.reason, alias.memory_ids) for alias in ingrid.aliases} == {
        "Ingrid Falk": ("new", (first,)),
        "Ingrid": ("subset", (second,)),
    }
    assert [(one.action, one.name, one.memory_id) for one in ingrid.decisions] == [
        ("linked", "Ingrid", second),
        ("registered", "Ingrid Falk", first),
    ]


async def test_a_name_that_may_be_two_is_tied_to_neither_and_reported(home: Home) -> None:
    await home.tell("Ingrid Falk teaches pottery.", "Ingrid Moe sells bicycles.", **MIA)
    accepted = await home.sdk.memories.create("User: Ingrid plays the oboe.", **MIA)

    done = await home.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)

    known = await home.names(**MIA)
    assert set(known) == {"Ingrid Falk", "Ingrid Moe", "Ingrid"}
    decision = known["Ingrid"].decisions[0]
    assert decision.action == "ambiguous"
    assert set(decision.other_ids) == {known["Ingrid Falk"].entity_id, known["Ingrid Moe"].entity_id}
    assert known["Ingrid"].entity_id in (done.error_message or "")
    assert "Ingrid" not in (done.error_message or "")


async def test_the_documents_of_a_batch_come_to_the_same_entities_in_any_order(enter: OpenHome) -> None:
    said = [
        "Ingrid Falk teaches pottery.",
        "Ingrid plays the oboe.",
        "I work at Quillon Robotics GmbH.",
        "Ingrid works at Quillon Robotics.",
        "QUILLON ROBOTICS is hiring a welder.",
    ]
    found = []
    for seed in range(3):
        home = await enter()
        shuffled = random.Random(seed).sample(said, len(said))  # noqa: S311 - an order, nothing secret
        rows = [{"document": f"User: {text}", **MIA} for text in shuffled]
        await home.sdk.memories.batch_create(rows)
        known = await home.names(**MIA)
        found.append({name: {alias.name.casefold() for alias in one.aliases} for name, one in known.items()})

    assert found[0] == found[1] == found[2]
    assert {"Ingrid Falk", "the user"} < set(found[0])
    assert len(found[0]) == 3


async def test_a_role_is_filled_by_one_after_another_and_everybody_keeps_what_was_said_of_them(home: Home) -> None:
    await home.tell(
        "My manager is Dagny.",
        "Dagny loves orchids.",
        "My manager hates voicemail.",
        "My manager is now Priscilla.",
        "My manager prefers written reports.",
        **MIA,
    )

    manager = (await home.names(**MIA))["the user's manager"]
    terms = [(one.object, one.until is None) for one in manager.relationships if one.relation == "filled_by"]

    assert manager.kind == "role"
    assert terms == [("Dagny", False), ("Priscilla", True)]
    dagny, priscilla = await home.about("Dagny", **MIA), await home.about("Priscilla", **MIA)
    assert "Dagny loves orchids" in dagny
    assert "The user's manager hates voicemail" in dagny
    assert "The user's manager prefers written reports" not in dagny
    assert "The user's manager prefers written reports" in priscilla
    assert "The user's manager hates voicemail" not in priscilla


async def test_my_manager_in_another_conversation_is_whoever_fills_the_role(home: Home) -> None:
    await home.tell("My boss is Dagny Ruud.", "Dagny collects fountain pens.", **MIA)

    await home.tell(*(f"I bought {number} lanterns for the hall." for number in range(20, 32)), **MIA)

    about = await home.about("my manager", **MIA)
    answer = await home.sdk.user.context.fetch(search_query=["What is my manager fond of?"], **MIA, max_results=3)

    assert "Dagny collects fountain pens" in about
    assert "Dagny collects fountain pens" in [item.content for item in answer.items]
    with pytest.raises(NotFoundError):
        await home.about("my manager", **ZOE)


async def test_a_question_by_another_name_finds_what_was_said_by_the_first(home: Home) -> None:
    await home.tell("Kubernetes (K8s) is what the team learns.", "Kubernetes broke on Monday.", **MIA)
    await home.tell(*(f"I bought {number} lanterns for the hall." for number in range(20, 32)), **MIA)

    answer = await home.sdk.user.context.fetch(search_query=["what broke with k8s"], **MIA, max_results=2)

    assert any("Kubernetes broke" in item.content for item in answer.items)


async def test_two_names_that_a_text_calls_the_same_are_merged_and_come_apart_with_the_text(home: Home) -> None:
    await home.tell("Robert Hale tunes pianos.", "Bob bakes rye bread.", **MIA)
    (said,) = await home.tell("My colleague Bob (Robert Hale) plays the cello.", **MIA)
    merged = (await home.names(**MIA))["Robert Hale"]

    await home.sdk.memories.delete(said)

    assert len(merged.merged_ids) == 1
    assert {alias.name for alias in merged.aliases} == {"Robert Hale", "Bob"}
    assert {"Robert Hale", "Bob"} <= set(await home.names(**MIA))


async def test_alike_names_of_persons_are_never_one(home: Home) -> None:
    await home.tell("Annelise Berger paints boats.", "Anneliese Berger paints fences.", **MIA)

    assert {"Annelise Berger", "Anneliese Berger"} <= set(await home.names(**MIA))


async def test_a_merge_and_its_undoing_leave_everything_as_it_was(home: Home) -> None:
    await home.tell("Robert Hale tunes pianos.", "Bobby bakes rye bread.", "Bobby works at Orrery Labs.", **MIA)
    before = {name: state(one) for name, one in (await home.names(**MIA)).items()}
    robert, bobby = before["Robert Hale"], before["Bobby"]

    merged = await home.sdk.entities.merge(robert.entity_id, bobby.entity_id)
    about = await home.about("Robert Hale", **MIA)
    apart = await home.sdk.entities.split(robert.entity_id, merged_id=bobby.entity_id)

    assert merged.entity_id == robert.entity_id
    assert {alias.name for alias in merged.aliases} == {"Robert Hale", "Bobby"}
    assert merged.mentions == 3
    assert len(about) == 3
    assert state(apart) == bobby
    after = await home.names(**MIA)
    assert {name: state(one) for name, one in after.items()} == before
    assert [one.action for one in after["Robert Hale"].decisions[:2]] == ["separated", "merged"]
    assert all(one.actor for one in after["Robert Hale"].decisions[:2])


async def test_a_split_and_its_undoing_leave_everything_as_it_was(home: Home) -> None:
    await home.tell("Ingrid Falk teaches pottery.", "Ingrid works at Orrery Labs.", **MIA)
    before = {name: state(one) for name, one in (await home.names(**MIA)).items()}
    falk = before["Ingrid Falk"]

    apart = await home.sdk.entities.split(falk.entity_id, alias="Ingrid")
    known = await home.names(**MIA)
    again = await home.sdk.entities.merge(falk.entity_id, apart.entity_id)

    assert apart.name == "Ingrid"
    assert [one.relation for one in known["Ingrid"].relationships] == ["works_at"]
    assert not known["Ingrid Falk"].relationships
    assert await home.about("Ingrid", **MIA) == ["Ingrid works at Orrery Labs", "Ingrid Falk teaches pottery"]
    assert state(again) == falk
    assert {name: state(one) for name, one in (await home.names(**MIA)).items()} == before
    with pytest.raises(NotFoundError):
        await home.sdk.entities.get(apart.entity_id)


async def test_a_name_that_was_split_off_stays_so_for_what_comes(home: Home) -> None:
    await home.tell("Ingrid Falk teaches pottery.", "Ingrid plays the oboe.", **MIA)
    falk = (await home.names(**MIA))["Ingrid Falk"]
    apart = await home.sdk.entities.split(falk.entity_id, alias="ingrid")

    await home.tell("Ingrid sings in a choir.", **MIA)

    assert (await home.sdk.entities.get(apart.entity_id)).mentions == 2
    assert (await home.sdk.entities.get(falk.entity_id)).mentions == 1


async def test_bad_merges_and_splits_are_refused_and_change_nothing(home: Home) -> None:
    await home.tell("My manager is Dagny.", "Ingrid Falk teaches pottery.", "Ingrid Moe sells bicycles.", **MIA)
    known = await home.names(**MIA)
    dagny, falk, moe = (known[name].entity_id for name in ("Dagny", "Ingrid Falk", "Ingrid Moe"))
    role = known["the user's manager"].entity_id
    calls = home.sdk.entities

    for refused, error in (
        (lambda: calls.merge(dagny, dagny), InvalidInputError),
        (lambda: calls.merge(dagny, role), InvalidInputError),
        (lambda: calls.merge(dagny, str(uuid.uuid4())), NotFoundError),
        (lambda: calls.split(falk), InvalidInputError),
        (lambda: calls.split(falk, alias="Ingrid Falk"), ConflictError),
        (lambda: calls.split(falk, alias="nobody"), NotFoundError),
        (lambda: calls.split(falk, merged_id=moe), ConflictError),
        (calls.fetch, InvalidInputError),
        (lambda: calls.fetch(name="Ingrid", **MIA), ConflictError),
        (lambda: calls.fetch(dagny, max_results=0), InvalidInputError),
        (lambda: calls.fetch(dagny, max_tokens=-1), InvalidInputError),
        (lambda: calls.list(kind="animal", **MIA), InvalidInputError),
    ):
        with pytest.raises(error):
            await refused()

    assert {name: state(one) for name, one in (await home.names(**MIA)).items()} == {
        name: state(one) for name, one in known.items()
    }


async def test_nobody_sees_or_changes_the_entities_of_another(enter: OpenHome) -> None:
    home, elsewhere = await enter(), await enter()
    await home.tell("Ingrid Falk teaches pottery.", "Robert Hale tunes pianos.", **MIA)
    await home.tell("Ingrid plays the oboe.", **ZOE)
    known = await home.names(**MIA)
    falk, hale = known["Ingrid Falk"].entity_id, known["Robert Hale"].entity_id
    unknown = str(uuid.uuid4())

    strangers: tuple[tuple[Home, dict[str, Any]], ...] = ((home, ZOE), (elsewhere, MIA), (elsewhere, {}))
    for stranger, ids in strangers:
        calls = stranger.sdk.entities
        for entity in (falk, unknown):
            with pytest.raises(NotFoundError):
                await calls.get(entity, **ids)
            with pytest.raises(NotFoundError):
                await calls.fetch(entity, **ids)
            with pytest.raises(NotFoundError):
                await calls.merge(entity, hale, **ids)
            with pytest.raises(NotFoundError):
                await calls.split(entity, alias="Ingrid Falk", **ids)

    assert set(await home.names(**ZOE)) == {"Ingrid"}
    assert await home.about("Ingrid", **ZOE) == ["Ingrid plays the oboe"]
    assert await elsewhere.names(**MIA) == {}
    with pytest.raises(NotFoundError):
        await elsewhere.about("Ingrid Falk", **MIA)
    with pytest.raises(NotFoundError):
        await home.about("Robert Hale", **ZOE)
    assert {name: state(one) for name, one in (await home.names(**MIA)).items()} == {
        name: state(one) for name, one in known.items()
    }


async def test_entities_of_different_scopes_are_never_one(home: Home) -> None:
    await home.tell("Ingrid Falk teaches pottery.", **MIA)
    await home.tell("Ingrid Falk rows.", **ZOE)
    mine, theirs = (await home.names(**MIA))["Ingrid Falk"], (await home.names(**ZOE))["Ingrid Falk"]

    with pytest.raises(InvalidInputError):
        await home.sdk.entities.merge(mine.entity_id, theirs.entity_id)

    assert mine.entity_id != theirs.entity_id
    assert mine.mentions == theirs.mentions == 1


async def test_what_a_broader_scope_knows_of_a_name_is_read_along_the_chain(home: Home) -> None:
    accepted = await home.sdk.memories.create(
        "Orrery Labs is closed on Fridays.", document_type="document", customer_id="glasshouse"
    )
    await home.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
    await home.tell("I work at Orrery Labs.", **MIA)

    mine = await home.sdk.entities.fetch(name="Orrery Labs", **MIA)
    theirs = await home.sdk.entities.fetch(name="Orrery Labs", customer_id="glasshouse")

    assert [entity.scope for entity in mine.entities] == ["user", "customer"]
    assert [memory.scope for memory in mine.memories] == ["user", "customer"]
    assert [memory.scope for memory in theirs.memories] == ["customer"]


async def test_all_about_somebody_fits_its_budget(home: Home) -> None:
    await home.tell(*(f"Ingrid Falk painted {number} lighthouses." for number in range(10, 20)), **MIA)

    whole = await home.sdk.entities.fetch(name="Ingrid Falk", **MIA)
    some = await home.sdk.entities.fetch(name="Ingrid Falk", **MIA, max_tokens=whole.tokens // 2)
    none = await home.sdk.entities.fetch(name="Ingrid Falk", **MIA, max_tokens=0)

    assert len(whole.memories) == 10
    assert not whole.budget_exceeded
    assert 0 < len(some.memories) < 10
    assert some.tokens <= whole.tokens // 2
    assert some.budget_exceeded
    assert whole.formatted_context.startswith(some.formatted_context)
    assert (none.memories, none.formatted_context) == ((), "")


async def test_a_deleted_memory_takes_its_names_relationships_and_roles_along(home: Home) -> None:
    role, alias, other = await home.tell(
        "My manager is Dagny Ruud.", "Dagny works at Orrery Labs.", "Ingrid Falk teaches pottery.", **MIA
    )

    await home.sdk.memories.delete(role)

    known = await home.names(**MIA)
    assert set(known) == {"Dagny", "Orrery Labs", "Ingrid Falk"}
    assert [alias.name for alias in known["Dagny"].aliases] == ["Dagny"]
    assert all("Ruud" not in decision.name for decision in known["Dagny"].decisions)

    await home.sdk.memories.delete(alias)
    await home.sdk.memories.delete(other)

    assert await home.names(**MIA) == {}


async def test_in_fast_mode_only_equal_names_meet(home: Home) -> None:
    await home.tell("Ingrid Falk teaches pottery.", **MIA)

    await home.tell("Ingrid plays the oboe.", "Ingrid Falk sells jars.", "My manager is Dagny.", mode="fast", **MIA)

    known = await home.names(**MIA)
    assert set(known) == {"Ingrid Falk", "Ingrid", "Dagny"}
    assert known["Ingrid Falk"].mentions == 2


async def test_the_user_named_in_the_metadata_is_the_user(home: Home) -> None:
    accepted = await home.sdk.memories.create("User: My manager is Dagny.", metadata={"user_name": "Mia"}, **MIA)
    await home.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
    await home.tell("My manager hates voicemail.", **MIA)

    known = await home.names(**MIA)

    assert {"the user", "Dagny", "the user's manager"} == set(known)
    assert {alias.name for alias in known["the user"].aliases} == {"the user", "Mia"}
    assert "The user's manager hates voicemail" in await home.about("Dagny", **MIA)


async def test_a_corrected_memory_keeps_the_registry_true(home: Home) -> None:
    (said,) = await home.tell("My manager is Dagny.", **MIA)

    await home.sdk.memories.update(said, document="The user's manager is Ottilie", merge_strategy="replace")

    manager = (await home.names(**MIA))["the user's manager"]
    current = [one.object for one in manager.relationships if one.active]
    assert current == ["Ottilie"]
