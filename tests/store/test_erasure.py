"""Erasing an owner removes all that is its own and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from synap.api.admin import CreateInstance, UpdateInstance
from synap.domain.ids import decode_public_id, new_instance_id
from synap.domain.memories import Changes, Evidence
from synap.domain.scopes import Scope
from synap.errors import ConflictError, NotFoundError
from synap.store.applied import Applied
from synap.store.rows import place, row_id_of
from synap.store.scopes import bump, confirm, touch


async def fill(desk: Any, *scopes: Any) -> list[str]:
    ids: list[str] = []
    for scope in scopes:
        ids += await desk.remember(scope, f"The budget of {scope.user_id} at {scope.customer_id}.")
        await desk.say(scope, "c", "About the budget.")
    return ids


async def counts(desk: Any, scope: Any) -> tuple[int, int, int]:
    page = await desk.store.memories.list(scope)
    messages = await desk.store.conversations.read(scope, "c")
    found = await desk.find(scope, "budget")
    return page.total, len(messages), sum(one.memory.scope == scope for one in found.candidates)


async def test_erasing_a_user_leaves_its_namesake_alone(desk: Any) -> None:
    alice, other = desk.scope("alice", "acme"), desk.scope("alice", "globex")
    first, second = await fill(desk, alice, other)

    await desk.store.erasure.scope(alice, instance_id=desk.place.instance_id)

    assert await counts(desk, alice) == (0, 0, 0)
    assert await counts(desk, other) == (1, 1, 3)
    assert await desk.store.memories.locate(decode_public_id(first)) is None
    assert await desk.store.memories.locate(decode_public_id(second)) is not None
    assert await desk.store.documents.owners(desk.place.instance_id, "c") == [other]


async def test_erasing_a_customer_takes_its_users_along(desk: Any) -> None:
    acme = [desk.scope(customer="acme"), desk.scope("alice", "acme"), desk.scope("bob", "acme")]
    globex = desk.scope("alice", "globex")
    await fill(desk, *acme, globex)

    emptied = await desk.store.erasure.customer(acme[0])

    assert set(emptied) == set(acme)
    assert [await counts(desk, scope) for scope in acme] == [(0, 0, 0)] * 3
    assert await counts(desk, globex) == (1, 1, 3)


async def test_erasing_an_instance_leaves_nothing_of_it(desk: Any) -> None:
    scopes = [desk.scope("alice", "acme"), desk.scope("bob"), desk.client]
    ids = await fill(desk, *scopes)

    await desk.store.erasure.instance(desk.place.instance_id, [desk.client])

    assert [await counts(desk, scope) for scope in scopes] == [(0, 0, 0)] * 3
    assert [await desk.store.memories.locate(decode_public_id(one)) for one in ids] == [None] * 3
    assert await desk.store.scopes.of_instance(desk.place.instance_id) == []


async def test_erasing_a_memory_of_everyone_blanks_the_message_it_rests_on(desk: Any) -> None:
    await desk.say(desk.client, "c", "The gate code is 4711.")
    (known,) = await desk.work(desk.client, "The gate code is 4711.")
    ref = decode_public_id(known)

    assert ref is not None
    assert await desk.store.memories.erase(desk.client, ref.row_id, now=desk.later())

    (message,) = await desk.store.conversations.read(desk.client, "c")
    assert "4711" not in message.content


async def test_nothing_is_written_to_an_instance_that_is_being_deleted(desk: Any) -> None:
    known, fresh = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    await desk.accept(known, "The roof is red.", "The door is blue.")
    (job,) = await desk.claim(known)

    await desk.store.erasure.close_instance(desk.place.instance_id)

    for scope in (known, fresh, desk.client):
        with pytest.raises(NotFoundError, match="being deleted"):
            await desk.accept(scope, "The gate is green.")
        with pytest.raises(NotFoundError, match="being deleted"):
            await desk.say(scope, "c", "The gate is green.")
    with pytest.raises(NotFoundError, match="being deleted"):
        await desk.apply(job, "The roof is red.")
    assert await desk.store.scopes.of_instance(desk.place.instance_id) == [known]


async def test_nothing_is_written_to_an_instance_that_was_deleted(desk: Any) -> None:
    scopes = [desk.scope("alice", "acme"), desk.scope("bob"), desk.client]
    await fill(desk, *scopes)

    await desk.store.erasure.instance(desk.place.instance_id, [desk.client])

    for scope in scopes:
        with pytest.raises(NotFoundError, match="was deleted"):
            await desk.accept(scope, "The gate is green.")
    assert [await counts(desk, scope) for scope in scopes] == [(0, 0, 0)] * 3


async def test_closing_waits_for_a_first_write_that_is_under_way(desk: Any) -> None:
    alice, now = desk.scope("alice", "acme"), desk.clock.now()
    async with desk.database.transaction([alice], pipelined=True) as connection:
        await confirm(await touch(connection, alice, instance_id=desk.place.instance_id, now=now), alice)
        closing = asyncio.create_task(desk.store.erasure.close_instance(desk.place.instance_id))
        await asyncio.sleep(0.2)
        waited = not closing.done()

    await closing

    assert waited
    assert await desk.store.scopes.of_instance(desk.place.instance_id) == [alice]


async def test_a_write_that_waited_for_the_erasure_of_its_scope_is_refused(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.accept(alice, "The roof is red.")
    async with desk.database.transaction([alice]) as connection:
        await confirm(await bump(connection, alice), alice)
        writing = asyncio.create_task(desk.accept(alice, "The gate is green."))
        await asyncio.sleep(0.2)
        waited = not writing.done()
        await desk.store.erasure.close_instance(desk.place.instance_id)

    with pytest.raises(NotFoundError, match="being deleted"):
        await writing
    assert waited


async def test_a_deletion_that_was_cut_short_stays_begun_and_is_finished_by_the_same_call(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = [desk.scope(name, "acme") for name in ("alice", "bob", "carol")]
    await fill(desk, *scopes)
    erasure, instance_id = desk.store.erasure, desk.place.instance_id
    genuine = erasure.scope
    calls: list[Any] = []

    async def two_scopes(scope: Any, **more: Any) -> None:
        if len(calls) == 2:
            raise ConnectionAbortedError
        calls.append(scope)
        await genuine(scope, **more)

    monkeypatch.setattr(erasure, "scope", two_scopes)
    with pytest.raises(ConnectionAbortedError):
        await erasure.instance(instance_id, [desk.client])
    monkeypatch.undo()
    begun = await erasure.begun()
    status = (await desk.store.accounts.instance(instance_id)).status
    await erasure.instance(instance_id, [desk.client])

    assert (status, instance_id in begun[1]) == ("deleting", True)
    assert [await counts(desk, scope) for scope in scopes] == [(0, 0, 0)] * 3
    assert instance_id not in (await erasure.begun())[1]
    with pytest.raises(NotFoundError):
        await desk.store.accounts.instance(instance_id)


async def test_a_client_that_is_being_deleted_takes_its_instances_along_and_can_not_be_changed(desk: Any) -> None:
    accounts, client_id, instance_id = desk.store.accounts, desk.place.client_id, desk.place.instance_id
    shared = Scope(rung="client", space=client_id)

    closed = await desk.store.erasure.close_client(client_id)

    assert closed == [instance_id]
    assert (await accounts.instance(instance_id)).status == "deleting"
    with pytest.raises(ConflictError, match="being deleted"):
        await accounts.create_instance("inst_late", CreateInstance(client_id=client_id, name="late"), now=desk.later())
    with pytest.raises(ConflictError, match="being deleted"):
        await accounts.update_client(client_id, status="active")
    with pytest.raises(ConflictError, match="being deleted"):
        await accounts.update_instance(instance_id, UpdateInstance(status="active"))
    await desk.store.erasure.client(client_id, shared)
    with pytest.raises(NotFoundError):
        await accounts.client(client_id)


async def test_an_instance_hands_on_what_it_left_in_the_scope_of_its_client_when_it_is_closed(desk: Any) -> None:
    shared = Scope(rung="client", space=desk.place.client_id)
    accounts, now = desk.store.accounts, desk.clock.now()
    gone, heir = new_instance_id(), new_instance_id()
    for name, instance_id in (("gone", gone), ("heir", heir)):
        request = CreateInstance(client_id=desk.place.client_id, name=name)
        await accounts.create_instance(instance_id, request, now=now)
    await desk.store.erasure.close_instance(gone)
    accepted = await desk.accept(shared, "The roof is red.")
    own = await desk.accept(desk.client, "The door is blue.")
    writing = desk.place.instance_id

    await desk.store.succession.close(shared, writing, heirs=[gone, heir], now=desk.later())
    await desk.store.succession.close(shared, writing, heirs=[gone, heir], now=desk.later())
    await desk.store.erasure.instance(writing, [desk.client])

    ref = decode_public_id(accepted.ingestion_id)
    row = await desk.store.ingestions.get(ref)
    async with desk.database.control() as connection:
        query = "select instance_id from job where bucket = %(bucket)s and scope_id = %(scope)s"
        jobs = await (await connection.execute(query, place(shared))).fetchall()
        query = "select instance_id from scope_shared where id = %(scope)s"
        scopes = await (await connection.execute(query, place(shared))).fetchall()
    assert (row.instance_id, row.status.value) == (heir, "queued")
    assert (jobs, scopes) == ([(heir,)], [(heir,)])
    assert await desk.store.ingestions.get(decode_public_id(own.ingestion_id)) is None


async def test_an_instance_that_is_being_deleted_gives_its_name_free(desk: Any) -> None:
    await desk.store.erasure.close_instance(desk.place.instance_id)
    request = CreateInstance(client_id=desk.place.client_id, name="desk")

    made = await desk.store.accounts.create_instance(new_instance_id(), request, now=desk.later())

    assert made.status == "active"


async def test_every_passage_of_a_message_goes_and_so_does_the_callers_account_of_the_conversation(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.transcript(
        alice, "c", "My pin is 4711", "My pin is 4711 and 4712", analysis={"gist": "My pin is 4711", "more": ["x"]}
    )
    (job,) = [one for one in await desk.claim(alice, limit=5) if one.ingestion_id is not None]
    document = await desk.store.documents.load(alice, job.ingestion_id)
    pieces = tuple(
        Evidence(
            document_id=document.document_id,
            start=segment.start,
            end=segment.end,
            quote=segment.text,
            segment=segment.ordinal,
        )
        for segment in document.prepared.segments
    )
    draft = desk.draft(0, "My pin is 4711", document)
    draft = replace(draft, draft=replace(draft.draft, evidence=pieces))
    applied = Applied(job=job, document=document, changes=Changes(add=(draft,)), now=desk.clock.now())
    (made,) = await desk.store.memories.apply(alice, applied)

    await desk.store.memories.erase(alice, row_id_of(made), now=desk.later())

    said = [one.content for one in await desk.store.conversations.read(alice, "c")]
    (told,) = await desk.store.conversations.latest(alice)
    assert not any("471" in text for text in said), said
    assert told.analysis is None
