"""Memories by the published Python client: handing in, following, reading, changing, forgetting."""

from __future__ import annotations

import io
import json
import uuid

import pytest
from maximem_synap import AuthenticationError, ContextNotFoundError, InvalidInputError
from maximem_synap.memories import CreateMemoryRequest, IngestStatus
from people import Connect, Party, Wire, finished, items, remember, tells, with_customers


async def test_a_chat_becomes_memories_of_its_user(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    key = party.name("doc")

    done = await remember(
        client,
        "User: I prefer window seats on flights.\nAssistant: Noted, window seats it is.",
        document_type="ai-chat-conversation",
        document_id=key,
        mode="fast",
        metadata={"source": "test"},
        **party.of(party.alice),
    )
    found = await client.user.context.fetch(search_query=["seat on flights"], **party.of(party.alice))

    assert done.document_id == key
    assert done.memories_created > 0
    assert tells(found, "window")


async def test_a_document_handed_in_again_under_its_id_is_not_doubled(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    document = {"document": "User: I keep bees on the roof.", "document_id": party.name("doc"), **party.of(party.alice)}

    first = await client.memories.create(**document)
    await finished(client, first)
    await finished(client, await client.memories.create(**document))

    found = await client.user.context.fetch(search_query=["bees"], **party.of(party.alice))
    facts = [item for item in items(found) if not item.metadata.get("excerpt")]
    assert len([item for item in facts if "bees" in item.content]) == 1


async def test_a_batch_is_judged_document_by_document(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)

    batch = await client.memories.batch_create(
        [
            CreateMemoryRequest(document="User: My cat is called Biscuit.", **party.of(party.alice)),
            CreateMemoryRequest(document="User: My dog is called Pepper.", **party.of(party.bob)),
        ]
    )
    for row in batch.results:
        await finished(client, row)
    found = await client.user.context.fetch(search_query=["what is my pet called"], **party.of(party.alice))

    assert isinstance(batch.batch_id, uuid.UUID)
    assert (batch.total, batch.succeeded, batch.failed, len(batch.results)) == (2, 2, 0, 2)
    assert tells(found, "Biscuit")
    assert not tells(found, "Pepper")


async def test_a_refused_row_of_a_batch_leaves_the_others(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)

    batch = await client.memories.batch_create(
        [
            {"document": "User: My cat is called Biscuit.", **party.of(party.alice)},
            {"document": "", **party.of(party.alice)},
        ]
    )

    assert (batch.total, batch.succeeded, batch.failed) == (2, 1, 1)
    assert [row.status for row in batch.results][1] is IngestStatus.FAILED
    assert "document" in (batch.results[1].error_message or "")
    await finished(client, batch.results[0])


async def test_text_is_uploaded_as_a_plain_form_and_files_in_parts(party: Party, connect: Connect, wire: Wire) -> None:
    client = await connect(party.instance)
    kind = "b2c" if party.customer is None else "b2b"

    text = await client.memories.create_from_file(
        text="User: I was born in Lisbon.", relationship_type=kind, **party.of(party.alice)
    )
    file = await client.memories.create_from_file(
        file=io.BytesIO(b"User: I play the oboe."),
        filename="notes.txt",
        metadata={"shelf": "7"},
        relationship_type=kind,
        **party.of(party.alice),
    )
    await finished(client, text)
    await finished(client, file)
    found = await client.user.context.fetch(search_query=["born", "oboe"], **party.of(party.alice))

    plain, parts = wire.to("/api/v1/memories/upload")
    assert plain.headers["content-type"] == "application/x-www-form-urlencoded"
    assert plain.form["text"] == ["User: I was born in Lisbon."]
    assert parts.headers["content-type"].startswith("multipart/form-data")
    assert tells(found, "Lisbon")
    assert tells(found, "oboe")
    assert any(item.metadata.get("shelf") == "7" for item in items(found))


async def test_an_unknown_kind_of_file_is_refused_by_name(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)

    with pytest.raises(InvalidInputError, match="blend"):
        await client.memories.create_from_file(
            file=io.BytesIO(b"\x00\x01"),
            filename="scene.blend",
            relationship_type="b2c" if party.customer is None else "b2b",
            **party.of(party.alice),
        )


async def test_metadata_comes_back_as_it_was_given(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    given = {"marker": party.name("m"), "nested": {"a": [1, 2.5, None, "x"]}}

    await remember(client, "User: I collect stamps.", metadata=given, **party.of(party.alice))
    found = await client.user.context.fetch(search_query=["stamps"], **party.of(party.alice))

    mine = [item for item in items(found) if item.scope == "user"]
    assert mine
    for item in mine:
        assert given.items() <= item.metadata.items()


async def test_a_memory_is_read_changed_and_deleted(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    done = await remember(client, "User: I prefer window seats on flights.", **party.of(party.alice))
    memory_id = uuid.UUID(done.memory_ids[0])

    read = await client.memories.get(memory_id)
    changed = await client.memories.update(memory_id, "Prefers aisle seats on flights.", merge_strategy="replace")
    after_change = await client.user.context.fetch(search_query=["seats on flights"], **party.of(party.alice))
    deleted = await client.memories.delete(changed.memory_id)
    after_deletion = await client.user.context.fetch(search_query=["seats on flights"], **party.of(party.alice))

    assert (read.memory_id, bool(read.memory_type)) == (memory_id, True)
    assert "window" in read.content
    assert 0 <= read.confidence <= 1
    assert changed.updated_at is not None
    assert tells(after_change, "aisle")
    assert deleted["memory_id"] == changed.memory_id
    assert deleted["deleted_at"]
    assert not tells(after_deletion, "aisle")
    with pytest.raises(ContextNotFoundError):
        await client.memories.get(changed.memory_id)


async def test_ids_that_do_not_exist_are_told_apart_from_nothing(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)

    for call in (client.memories.status, client.memories.get, client.memories.delete):
        with pytest.raises(ContextNotFoundError):
            await call(uuid.uuid4())


async def test_what_nobody_said_is_not_forgotten(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    await remember(client, "User: I collect stamps.", **party.of(party.alice))

    answer = await client.memories.forget(
        "everything about the zephyr telescope", mode="direct", **party.of(party.alice)
    )

    assert answer.status == "nothing_matches"
    found = await client.user.context.fetch(search_query=["stamps"], **party.of(party.alice))
    assert tells(found, "stamps")


async def test_what_a_user_wants_forgotten_is_shown_first_and_then_gone(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    for user in (party.alice, party.bob):
        await remember(client, "User: My cat is called Biscuit.", **party.of(user))
    await remember(client, "User: I collect stamps.", **party.of(party.alice))

    preview = await client.memories.forget("my cat is called Biscuit", mode="preview", **party.of(party.alice))
    shown = await client.user.context.fetch(search_query=["cat", "stamps"], **party.of(party.alice))
    done = await client.memories.forget("my cat is called Biscuit", mode="direct", **party.of(party.alice))
    left = await client.user.context.fetch(search_query=["cat", "stamps"], **party.of(party.alice))
    others = await client.user.context.fetch(search_query=["cat"], **party.of(party.bob))

    assert preview.status == "preview"
    assert any("Biscuit" in candidate.content for candidate in preview.candidates)
    assert tells(shown, "Biscuit")
    assert done.status == "deleted"
    assert done.deleted_ids
    assert not done.failed_ids
    assert not tells(left, "Biscuit")
    assert tells(left, "stamps")
    assert tells(others, "Biscuit")


async def test_a_users_data_is_counted_and_then_deleted(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    talk = str(uuid.uuid4())
    for user in (party.alice, party.bob):
        await remember(client, "User: My cat is called Biscuit.", **party.of(user))
    await client.conversation.record_message(
        conversation_id=talk, role="user", content="It ships on Friday.", **party.of(party.alice)
    )

    counted = await client.data.delete(scope="user", dry_run=True, **party.of(party.alice))
    kept = await client.user.context.fetch(search_query=["cat"], **party.of(party.alice))
    deleted = await client.data.delete(scope="user", confirm=party.alice, **party.of(party.alice))
    left = await client.user.context.fetch(search_query=["cat", "Friday"], **party.of(party.alice))
    others = await client.user.context.fetch(search_query=["cat"], **party.of(party.bob))
    again = await client.data.delete(scope="user", dry_run=True, **party.of(party.alice))

    assert (counted.status, counted.dry_run, counted.found, counted.fully_removed) == ("dry_run", True, True, False)
    assert tells(kept, "Biscuit")
    assert (deleted.status, deleted.found, deleted.fully_removed) == ("complete", True, True)
    assert deleted.still_present_in == []
    assert deleted.deletion_id
    assert not [item for item in items(left) if item.scope == "user"]
    assert tells(others, "Biscuit")
    assert not again.found


async def test_a_conversations_data_goes_and_what_was_learned_stays(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    talk = str(uuid.uuid4())
    await client.conversation.record_message(
        conversation_id=talk, role="user", content="It ships on Friday.", **party.of(party.alice)
    )

    deleted = await client.data.delete(
        scope="conversation", conversation_id=talk, confirm=talk, **party.of(party.alice)
    )
    prompt = await client.conversation.context.get_context_for_prompt(talk)

    assert (deleted.status, deleted.fully_removed, deleted.memories_kept) == ("complete", True, True)
    assert not prompt.available


@with_customers
async def test_a_customer_is_not_deleted_with_an_applications_key(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)

    with pytest.raises(AuthenticationError, match="management"):
        await client.data.delete(scope="customer", customer_id=party.customer, confirm=party.customer)


async def test_nobody_deletes_without_naming_whom(party: Party, connect: Connect, wire: Wire) -> None:
    client = await connect(party.instance)

    with pytest.raises(InvalidInputError, match="confirm"):
        await client.data.delete(scope="user", **party.of(party.alice))
    assert not [json.loads(call.body) for call in wire.to("/v1/data/delete")]
