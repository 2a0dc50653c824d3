"""Erasing an owner removes all that is its own and nothing else."""

from __future__ import annotations

from typing import Any

from synap.domain.ids import decode_public_id


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
