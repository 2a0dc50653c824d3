"""Messages are numbered without gaps, also when many write at once, and read back in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from synap.errors import ConflictError


async def test_messages_are_read_back_in_order(desk: Any) -> None:
    alice, conversations = desk.scope("alice", "acme"), desk.store.conversations
    await desk.say(alice, "c", "a")
    await desk.say(alice, "c", "b", "assistant")

    recorded = await desk.say(alice, "c", "c")

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
    alice = desk.scope("alice")

    recorded = await asyncio.gather(*(desk.say(alice, "c", f"word {number}") for number in range(30)))

    in_order = sorted((one.message for one in recorded), key=lambda message: message.position)
    assert [message.position for message in in_order] == list(range(1, 31))
    assert await desk.store.conversations.read(alice, "c") == in_order


async def test_a_message_whose_answer_was_lost_is_recorded_once(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.say(alice, "c", "One.")
    desk.losing_answers()

    recorded = await desk.say(alice, "c", "Two.")
    after = await desk.say(alice, "c", "Three.")

    assert (recorded.message.position, recorded.message_count) == (2, 2)
    assert after.message.position == 3
    assert [one.content for one in await desk.store.conversations.read(alice, "c")] == ["One.", "Two.", "Three."]
    assert len(await desk.claim(alice, limit=10)) == 3


async def test_a_message_is_searchable_at_once(desk: Any) -> None:
    alice = desk.scope("alice")

    await desk.say(alice, "c", "The heron is back.")

    recall = await desk.find(alice, "heron")
    assert [one.memory.statement.content for one in recall.candidates] == ["The heron is back."]


async def test_the_same_conversation_id_of_two_owners_stays_apart(desk: Any) -> None:
    scopes = [desk.scope("alice", "acme"), desk.scope("alice", "globex")]

    for scope in scopes:
        await desk.say(scope, "c", scope.customer_id)

    read = [[turn.content for turn in await desk.store.conversations.read(scope, "c")] for scope in scopes]
    assert read == [["acme"], ["globex"]]
    assert set(await desk.store.documents.owners(desk.place.instance_id, "c")) == set(scopes)


async def test_an_event_is_recorded_once(desk: Any) -> None:
    alice = desk.scope("alice")
    first = await desk.say(alice, "c", "One.", event=b"e1")
    await desk.say(alice, "c", "Two.", event=b"e2")

    again = await desk.say(alice, "c", "One.", event=b"e1")

    assert (first.duplicate, again.duplicate) == (False, True)
    assert (again.message, again.message_count) == (first.message, 2)
    assert [one.content for one in await desk.store.conversations.read(alice, "c")] == ["One.", "Two."]
    assert len(await desk.claim(alice, limit=10)) == 2


async def test_an_event_that_is_known_changes_nothing(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.say(alice, "c", "One.", event=b"e1")
    before = await desk.store.search.versions([alice])

    await desk.say(alice, "c", "One.", event=b"e1")

    assert await desk.store.search.versions([alice]) == before


async def test_an_event_told_by_many_at_once_is_recorded_once(desk: Any) -> None:
    alice = desk.scope("alice")

    told = await asyncio.gather(*(desk.say(alice, "c", "One.", event=b"e") for _ in range(8)))

    assert sorted(one.duplicate for one in told) == [False] + [True] * 7
    assert {one.message for one in told} == {told[0].message}


async def test_an_event_whose_answer_was_lost_is_no_duplicate(desk: Any) -> None:
    alice = desk.scope("alice")
    desk.losing_answers()

    recorded = await desk.say(alice, "c", "One.", event=b"e")

    assert (recorded.duplicate, recorded.message_count) == (False, 1)


async def test_an_event_of_two_owners_is_recorded_for_each(desk: Any) -> None:
    scopes = [desk.scope("alice", "acme"), desk.scope("alice", "globex"), desk.scope("bob", "acme"), desk.scope()]

    told = [await desk.say(scope, "c", "One.", event=b"e") for scope in scopes]

    assert [one.duplicate for one in told] == [False] * 4


async def test_the_id_of_an_event_is_not_taken_for_another_conversation(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.say(alice, "c", "One.", event=b"e")

    with pytest.raises(ConflictError, match="event_id"):
        await desk.say(alice, "d", "One.", event=b"e")

    assert await desk.store.conversations.read(alice, "d") == []


async def test_an_event_is_forgotten_with_its_owner(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.say(alice, "c", "One.", event=b"e")
    await desk.store.erasure.scope(alice, instance_id=desk.place.instance_id)

    again = await desk.say(alice, "c", "One.", event=b"e")

    assert (again.duplicate, again.message_count) == (False, 1)


async def test_an_analysis_is_told_to_its_owner_alone(desk: Any) -> None:
    alice, others = desk.scope("alice", "acme"), [desk.scope("bob", "acme"), desk.scope("alice", "globex")]
    await desk.transcript(alice, "c", "The kettle is cracked.", analysis={"gist": "a cracked kettle"})

    assert await desk.store.conversations.analysis(alice, "c") == {"gist": "a cracked kettle"}
    assert [await desk.store.conversations.analysis(scope, "c") for scope in others] == [None, None]
    assert await desk.store.conversations.analysis(alice, "other") is None


async def test_a_recorded_message_brings_the_last_ones_along(desk: Any) -> None:
    alice, bob = desk.scope("alice"), desk.scope("bob")
    await desk.say(bob, "c", "Mine.")
    for number in range(4):
        await desk.say(alice, "c", f"{number}.")

    recorded = await desk.say(alice, "c", "4.", recent=3)

    assert [one.content for one in recorded.recent] == ["2.", "3.", "4."]
    assert recorded.recent == tuple(await desk.store.conversations.recent(alice, "c", limit=3))
    assert (await desk.say(alice, "c", "5.")).recent == ()
