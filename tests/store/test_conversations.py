"""Messages are numbered without gaps, also when many write at once, and read back in order."""

from __future__ import annotations

import asyncio
from typing import Any

from synap.store.conversations import NewMessage


def message(desk: Any, content: str, role: str = "user") -> NewMessage:
    return NewMessage(role=role, content=content, recorded_at=desk.clock.now())


async def test_messages_are_read_back_in_order(desk: Any) -> None:
    alice, instance = desk.scope("alice", "acme"), desk.place.instance_id
    conversations = desk.store.conversations
    await conversations.record(alice, "c", [message(desk, "a"), message(desk, "b", "assistant")], instance_id=instance)

    recorded = await conversations.record(alice, "c", [message(desk, "c")], instance_id=instance)

    turns = await conversations.read(alice, "c")
    assert recorded.message_count == 3
    assert [(turn.position, turn.role, turn.content) for turn in turns] == [
        (1, "user", "a"),
        (2, "assistant", "b"),
        (3, "user", "c"),
    ]
    assert [turn.content for turn in await conversations.read(alice, "c", start=2, limit=1)] == ["b"]
    assert [turn.content for turn in await conversations.recent(alice, "c", limit=2)] == ["b", "c"]


async def test_thirty_writers_at_once_leave_no_gap(desk: Any) -> None:
    alice, instance = desk.scope("alice"), desk.place.instance_id

    recorded = await asyncio.gather(
        *(
            desk.store.conversations.record(alice, "c", [message(desk, str(one))], instance_id=instance)
            for one in range(30)
        )
    )

    assert sorted(one.messages[0].position for one in recorded) == list(range(1, 31))
    turns = await desk.store.conversations.read(alice, "c")
    assert [turn.id for turn in turns] == [
        one.messages[0].id for one in sorted(recorded, key=lambda one: one.messages[0].position)
    ]


async def test_the_same_conversation_id_of_two_owners_stays_apart(desk: Any) -> None:
    scopes, instance = [desk.scope("alice", "acme"), desk.scope("alice", "globex")], desk.place.instance_id

    for scope in scopes:
        await desk.store.conversations.record(scope, "c", [message(desk, scope.customer_id)], instance_id=instance)

    read = [[turn.content for turn in await desk.store.conversations.read(scope, "c")] for scope in scopes]
    assert read == [["acme"], ["globex"]]
    assert set(await desk.store.documents.owners(instance, "c")) == set(scopes)
