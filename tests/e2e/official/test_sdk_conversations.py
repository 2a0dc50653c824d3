"""Conversations by the published Python client: recorded, read into prompts, compacted, handed in whole."""

from __future__ import annotations

import uuid

import pytest
from maximem_synap import InvalidConversationIdError, InvalidInputError, TranscriptConflictError
from people import Connect, Party, eventually, finished, items, remember, said, tells, turns
from served import Server


async def test_messages_are_recorded_in_order_and_counted(party: Party, server: Server, connect: Connect) -> None:
    client = await connect(party.instance)
    talk = party.talk()

    one = await client.conversation.record_message(
        conversation_id=talk,
        role="user",
        content="I am migrating the auth service to OAuth2.",
        metadata={"k": 1},
        session_id="s-1",
        **party.of(party.alice),
    )
    more = await client.conversation.record_messages_batch(
        [
            {"conversation_id": talk, "role": role, "content": text, **party.of(party.alice)}
            for role, text in (("assistant", "Good luck with OAuth2."), ("user", "It ships on Friday."))
        ]
    )

    assert all(one[name] for name in ("message_id", "session_id", "recorded_at"))
    assert one["conversation_id"] == talk
    assert (more["total"], more["succeeded"], more["failed"]) == (2, 2, 0)
    counts = [one["conversation_message_count"], *(row["conversation_message_count"] for row in more["results"])]
    assert counts == [1, 2, 3]
    assert said(turns(server, party.instance, talk, **party.of(party.alice))) == [
        "I am migrating the auth service to OAuth2.",
        "Good luck with OAuth2.",
        "It ships on Friday.",
    ]


async def test_a_message_that_is_refused_leaves_the_others_of_its_batch(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    talk = party.talk()

    told = await client.conversation.record_messages_batch(
        [
            {"conversation_id": talk, "role": "user", "content": "It ships on Friday.", **party.of(user)}
            for user in (party.alice, "")
        ]
    )

    assert (told["total"], told["succeeded"], told["failed"]) == (2, 1, 1)
    assert [error["index"] for error in told["errors"]] == [1]
    assert [row["conversation_message_count"] for row in told["results"]] == [1]


async def test_a_recorded_message_is_in_the_next_context(party: Party, connect: Connect) -> None:
    writer, reader = await connect(party.instance), await connect(party.instance, folder="reader")
    talk = party.talk()
    await writer.conversation.record_message(
        conversation_id=talk, role="user", content="I am migrating the auth service to OAuth2.", **party.of(party.alice)
    )

    found = await reader.conversation.context.fetch(
        conversation_id=talk, search_query=["auth service"], **party.of(party.alice)
    )

    assert found.metadata.source == "cloud"
    assert found.conversation_context is not None
    assert any("OAuth2" in turn["content"] for turn in found.conversation_context.recent_turns)


async def test_what_is_said_becomes_memory_without_being_created(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    await client.conversation.record_message(
        conversation_id=party.talk(), role="user", content="My cat is called Biscuit.", **party.of(party.alice)
    )

    async def remembered() -> bool:
        found = await client.user.context.fetch(search_query=["what is my cat called"], **party.of(party.alice))
        return any("Biscuit" in item.content for item in found.facts if not item.metadata.get("excerpt"))

    await eventually(remembered)


async def test_a_conversation_that_names_nobody_is_its_owners(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    talk = party.talk()
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))
    await remember(client, "User: My dog is called Pepper.", **party.of(party.bob))
    await client.conversation.record_message(
        conversation_id=talk, role="user", content="Good morning.", **party.of(party.alice)
    )

    found = await client.conversation.context.fetch(conversation_id=talk, search_query=["what is my pet called"])

    assert tells(found, "Biscuit")
    assert not tells(found, "Pepper")


async def test_a_documents_metadata_names_the_conversation_it_belongs_to(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    talk = party.talk()
    unknown = await client.conversation.context.fetch(conversation_id=talk, search_query=["pet"])
    await remember(
        client, "User: My cat is called Biscuit.", metadata={"conversation_id": talk}, **party.of(party.alice)
    )

    found = await client.conversation.context.fetch(conversation_id=talk, search_query=["what is my pet called"])

    assert items(unknown) == []
    assert tells(found, "Biscuit")


async def test_a_conversation_without_a_question_comes_as_it_stands(party: Party, connect: Connect) -> None:
    writer, reader = await connect(party.instance), await connect(party.instance, folder="reader")
    talk = party.talk()
    for role, text in (("user", "I am migrating to OAuth2."), ("assistant", "Good luck."), ("user", "On Friday.")):
        await writer.conversation.record_message(conversation_id=talk, role=role, content=text, **party.of(party.alice))

    own = await writer.conversation.context.fetch(conversation_id=talk)
    read = await reader.conversation.context.fetch(conversation_id=talk)
    prompt = await reader.conversation.context.get_context_for_prompt(talk, style="narrative")

    for found in (own, read):
        assert found.metadata.source == "conversation_state"
        assert any("OAuth2" in (turn["content"] or "") for turn in found.conversation_context.recent_turns)
    assert prompt.available
    assert (prompt.total_message_count, prompt.recent_message_count, prompt.compacted_message_count) == (3, 3, 0)
    assert "OAuth2" in (prompt.formatted_context or "")
    assert all(message.message_id and message.timestamp for message in prompt.recent_messages)
    assert [message.role for message in prompt.recent_messages] == ["user", "assistant", "user"]


async def test_a_conversation_that_nobody_knows_is_empty_and_no_error(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)

    prompt = await client.conversation.context.get_context_for_prompt(party.talk())

    assert (prompt.available, prompt.total_message_count) == (False, 0)


async def test_a_conversation_is_compacted_while_its_messages_stay(
    party: Party, server: Server, connect: Connect
) -> None:
    client = await connect(party.instance)
    talk, spoken = (
        party.talk(),
        [f"Shelf {number} of the archive holds the maps of county {number}." for number in range(12)],
    )
    await client.conversation.record_messages_batch(
        [{"conversation_id": talk, "role": "user", "content": text, **party.of(party.alice)} for text in spoken]
    )

    begun = await client.conversation.context.compact(talk, strategy="balanced", force=True)

    async def done() -> bool:
        return (await client.conversation.context.get_compaction_status(talk)).status == "completed"

    await eventually(done)
    compacted = await client.conversation.context.get_compacted(talk)
    prompt = await client.conversation.context.get_context_for_prompt(talk)

    assert begun.compaction_id
    assert begun.status
    assert compacted is not None
    assert compacted.compacted_context
    assert compacted.level_applied
    assert 0 <= (compacted.validation_score or 0) <= 1
    assert prompt.available
    assert prompt.total_message_count == len(spoken)
    assert prompt.compacted_message_count + prompt.recent_message_count == len(spoken)
    assert said(turns(server, party.instance, talk, **party.of(party.alice))) == spoken
    assert await client.conversation.context.get_compacted(party.talk()) is None


async def test_an_unknown_strategy_of_compaction_is_refused(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    talk = party.talk()
    await client.conversation.record_message(
        conversation_id=talk, role="user", content="Good morning.", **party.of(party.alice)
    )

    with pytest.raises((InvalidInputError, ValueError), match=r"strategy|level"):
        await client.conversation.context.compact(talk, strategy="brutal")


async def test_a_transcript_is_taken_once_under_its_id(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    call = party.name("call")
    handed_in = {"conversation_id": call, "transcript": "User: Hello\nAssistant: Hi there", **party.of(party.alice)}

    first = await client.conversation.ingest_transcript(**handed_in)
    again = await client.conversation.ingest_transcript(**handed_in)
    with pytest.raises(TranscriptConflictError):
        await client.conversation.ingest_transcript(**{**handed_in, "transcript": "User: Something else"})
    await finished(client, first)

    assert first.external_conversation_id == call
    assert uuid.UUID(first.conversation_id)
    assert (first.status, first.turns_recorded) == ("queued", 2)
    assert (again.status, again.ingestion_id) == ("duplicate", first.ingestion_id)


async def test_the_client_itself_wants_uuids_of_conversations(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)

    with pytest.raises(InvalidConversationIdError):
        await client.conversation.record_message(
            conversation_id="mon-standup", role="user", content="Hello.", **party.of(party.alice)
        )
