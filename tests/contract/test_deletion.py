"""Deleting an instance or a client: refused calls from its first moment on, and an end however often it is cut short."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from synap.api.admin import CreateInstance, InstanceRecord
from synap.api.memories import CreateMemory, Ingestion
from synap.bootstrap import Opening, open_engine
from synap.domain.ids import decode_public_id
from synap.engine.admin import EngineAdmin
from synap.engine.api import EngineApi
from synap.engine.callers import Caller
from synap.engine.engine import Engine
from synap.errors import AuthenticationError, ConflictError, ForbiddenError, NotFoundError
from synap.settings import Settings
from synap.store.memories import Memories
from synap.testing import FixedEmbedder

OpenEngine = Callable[[], Awaitable[Engine]]


@pytest.fixture
async def start(dsn: str, owner_dsn: str) -> AsyncIterator[OpenEngine]:
    """A function that starts an engine on the shared database; stopped at the end."""
    engines: list[Engine] = []

    async def started() -> Engine:
        settings = Settings(database_url=dsn, migration_url=owner_dsn)
        engine = await open_engine(settings, Opening(workers=0, embedder=FixedEmbedder(dim=384)))
        engines.append(engine)
        return engine

    yield started
    for engine in engines:
        await engine.stop()


async def operator_of(engine: Engine) -> EngineAdmin:
    return engine.admin_for(await engine.local_caller(kind="management"))


async def filled_instance(engine: Engine) -> tuple[InstanceRecord, str]:
    """Return an instance with documents of three users, and a key to it."""
    operator = await operator_of(engine)
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    instance = await operator.create_instance(CreateInstance(client_id=client.client_id, name="bot"))
    key = (await operator.create_key(instance.id, label="test")).api_key
    api = engine.api_for(await engine.authenticate(key))
    for user in ("alice", "bob", "carol"):
        await api.create_memory(CreateMemory(document="The roof is red.", document_type="document", user_id=user))
    return instance, key


def cut_short(engine: Engine, monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
    """Let erasures of an engine fail once `after` scopes are emptied."""
    erasure = engine.core.store.erasure
    genuine, emptied = erasure.scope, 0

    async def scope(one: Any, *, instance_id: str) -> None:
        nonlocal emptied
        if emptied == after:
            raise ConnectionAbortedError
        emptied += 1
        await genuine(one, instance_id=instance_id)

    monkeypatch.setattr(erasure, "scope", scope)


async def ended(engine: Engine, instance_id: str) -> None:
    """Wait until an instance is gone."""
    async with asyncio.timeout(20):
        while True:
            try:
                await engine.core.store.accounts.instance(instance_id)
            except NotFoundError:
                return
            await asyncio.sleep(0.05)


async def test_a_deletion_cut_short_refuses_every_call_and_is_finished_at_the_next_start(
    start: OpenEngine, monkeypatch: pytest.MonkeyPatch, database: Any
) -> None:
    engine = await start()
    instance, key = await filled_instance(engine)
    operator = await operator_of(engine)
    cut_short(engine, monkeypatch, after=2)

    with pytest.raises(ConnectionAbortedError):
        await operator.delete_instance(instance.id)

    assert (await operator.instance(instance.id)).status == "deleting"
    with pytest.raises(ForbiddenError, match="being deleted"):
        await engine.authenticate(key)
    with pytest.raises(NotFoundError, match="being deleted"):
        await engine.caller_of(instance.id)
    with pytest.raises(ConflictError, match="being deleted"):
        await operator.create_key(instance.id, label="late")
    with pytest.raises(ConflictError, match="being deleted"):
        await operator.set_config(instance.id, "")
    fresh = await start()
    await ended(fresh, instance.id)
    with pytest.raises(AuthenticationError):
        await fresh.authenticate(key)
    async with database.control() as connection:
        cursor = await connection.execute(
            "select (select count(*) from scope where instance_id = %(id)s)"
            " + (select count(*) from job where instance_id = %(id)s)"
            " + (select count(*) from locator where instance_id = %(id)s)",
            {"id": instance.id},
        )
        assert await cursor.fetchone() == (0,)
    (entry,) = [one for one in (await operator.audit(limit=50)).data if instance.id in one.target_ids][:1]
    assert (entry.action, entry.actor) == ("instance.delete", "process")


async def test_a_deletion_cut_short_is_finished_by_the_same_call(
    start: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await start()
    instance, _ = await filled_instance(engine)
    operator = await operator_of(engine)
    cut_short(engine, monkeypatch, after=1)
    with pytest.raises(ConnectionAbortedError):
        await operator.delete_client(instance.client_id)
    with pytest.raises(ConflictError, match="being deleted"):
        await operator.create_instance(CreateInstance(client_id=instance.client_id, name="late"))
    monkeypatch.undo()

    await operator.delete_client(instance.client_id)

    for gone in (operator.instance(instance.id), operator.instances(client_id=instance.client_id)):
        with pytest.raises(NotFoundError):
            await gone


async def test_a_caller_that_still_stands_leaves_nothing_in_a_deleted_instance(start: OpenEngine) -> None:
    engine = await start()
    instance, key = await filled_instance(engine)
    standing: Caller = await engine.authenticate(key)
    await (await operator_of(engine)).delete_instance(instance.id)

    for user in ("alice", "new", None):
        with pytest.raises(NotFoundError, match=instance.id):
            await engine.api_for(standing).create_memory(
                CreateMemory(document="The gate is green.", document_type="document", user_id=user)
            )

    assert await engine.core.store.scopes.of_instance(instance.id) == []


@pytest.fixture
def database_name(own_database: str) -> str:
    """A database of this file's own: workers here wait for the queue, in which others leave jobs of their clocks' future."""
    return own_database


SHARED = {"storage": {"scoping": {"client_scope": "client"}}}


async def sharing(engine: Engine, *, heirs: int = 1) -> tuple[InstanceRecord, list[EngineApi]]:
    """Return an instance, and the ways into it and into `heirs` others that share the memories of its client."""
    operator = await operator_of(engine)
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    # One that shares nothing comes first: it must inherit nothing.
    await operator.create_instance(CreateInstance(client_id=client.client_id, name="apart"))
    instances = []
    for number in range(1 + heirs):
        request = CreateInstance(client_id=client.client_id, name=f"bot-{number}")
        instances.append(await operator.create_instance(request))
        await operator.set_config(instances[-1].id, SHARED)
    return instances[0], [engine.api_for(await engine.caller_of(one.id)) for one in instances]


def for_everyone() -> CreateMemory:
    return CreateMemory(document="The support desk sits in Lisbon.", document_type="document")


def place_of(ingestion: Ingestion) -> list[int]:
    """Return bucket and row of an ingestion."""
    ref = decode_public_id(ingestion.ingestion_id)
    assert ref is not None
    return [ref.bucket, ref.row_id]


async def standing(engine: Engine, ingestion: Ingestion) -> dict[str, int]:
    """Mend what there is in the bucket of an ingestion, and return what stands."""
    look = await engine.stocktaking.look(place_of(ingestion)[0])
    assert look is not None
    return dict(look.found)


async def worked_through(dsn: str, owner_dsn: str) -> None:
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=1, embedder=FixedEmbedder(dim=384)))
    try:
        assert await engine.worker.drain(seconds=20)
    finally:
        await engine.stop()


async def test_what_a_deleted_instance_handed_in_for_all_is_worked_through_for_those_that_share_it(
    start: OpenEngine, dsn: str, owner_dsn: str
) -> None:
    engine = await start()
    instance, (api, other) = await sharing(engine)
    accepted = await api.create_memory(for_everyone())

    await (await operator_of(engine)).delete_instance(instance.id)
    await worked_through(dsn, owner_dsn)

    ended = await other.ingestion(accepted.ingestion_id)
    assert (ended.status, ended.memories_created > 0) == ("completed", True)
    assert await standing(engine, accepted) == {}


async def test_damage_in_a_scope_that_a_deleted_instance_wrote_first_is_mended_all_the_same(
    start: OpenEngine, dsn: str, owner_dsn: str, database: Any
) -> None:
    engine = await start()
    instance, (api, other) = await sharing(engine)
    accepted = await api.create_memory(for_everyone())
    await (await operator_of(engine)).delete_instance(instance.id)
    async with database.control() as connection:
        query = "delete from job where bucket = %s and ingestion_id = %s"
        assert (await connection.execute(query, place_of(accepted))).rowcount == 1

    assert await standing(engine, accepted) == {}
    await worked_through(dsn, owner_dsn)

    assert (await other.ingestion(accepted.ingestion_id)).status == "completed"


async def test_a_document_that_is_being_worked_on_is_handed_on_as_well(
    start: OpenEngine, dsn: str, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await start()
    instance, (api, other) = await sharing(engine)
    operator, genuine, calls = await operator_of(engine), Memories.apply, list[str]()

    async def apply(memories: Memories, scope: Any, applied: Any) -> list[str]:
        if applied.job.instance_id == instance.id:
            calls.append(applied.job.instance_id)
            await operator.delete_instance(instance.id)
        return await genuine(memories, scope, applied)

    monkeypatch.setattr(Memories, "apply", apply)
    accepted = await api.create_memory(for_everyone())

    await worked_through(dsn, owner_dsn)

    assert calls == [instance.id]
    assert (await other.ingestion(accepted.ingestion_id)).status == "completed"


async def test_where_nobody_shares_it_what_was_still_to_be_worked_through_ends_with_the_instance(
    start: OpenEngine, database: Any
) -> None:
    engine = await start()
    instance, (api,) = await sharing(engine, heirs=0)
    accepted = await api.create_memory(for_everyone())

    await (await operator_of(engine)).delete_instance(instance.id)

    async with database.control() as connection:
        query = "select status, message from ingestion where bucket = %s and id = %s"
        row = await (await connection.execute(query, place_of(accepted))).fetchone()
    assert row == ("failed", "the instance was deleted")
    assert await standing(engine, accepted) == {}


async def test_of_two_that_are_deleted_at_once_each_hands_on_to_one_that_stays(
    start: OpenEngine, dsn: str, owner_dsn: str
) -> None:
    engine = await start()
    instance, (api, second, third) = await sharing(engine, heirs=2)
    accepted = await api.create_memory(for_everyone())
    operator = await operator_of(engine)

    await asyncio.gather(
        operator.delete_instance(instance.id), operator.delete_instance((await second.whoami()).instance_id)
    )
    await worked_through(dsn, owner_dsn)

    assert (await third.ingestion(accepted.ingestion_id)).status == "completed"
