"""Documents are accepted once, whole and in their own scope."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from synap.domain.documents import DocumentType
from synap.domain.ids import decode_public_id
from synap.domain.memories import Changes
from synap.errors import ConflictError
from synap.store.applied import Applied


async def test_an_accepted_document_can_be_found_at_once(desk: Any) -> None:
    alice = desk.scope("alice")

    ingestion = await desk.accept(alice, "The kitchen is painted green.", "The roof leaks.")

    recall = await desk.find(alice, "Who painted the kitchen?")
    (best,) = [one for one in recall.candidates if one.lexical_scores[0]]
    assert best.excerpt
    assert best.memory.statement.content == "The kitchen is painted green."
    assert best.memory.metadata == {"excerpt": True}
    assert best.memory.document_id == ingestion.document_id


async def test_the_same_content_gives_the_first_ingestion(desk: Any) -> None:
    alice = desk.scope("alice")
    first = await desk.accept(alice, "One.", document_id="a")

    second = await desk.accept(alice, "One.", document_id="a")

    assert second.duplicate
    assert second.ingestion_id == first.ingestion_id


async def test_the_same_document_in_another_scope_is_no_duplicate(desk: Any) -> None:
    first = await desk.accept(desk.scope("alice", "acme"), "One.", document_id="a")

    second = await desk.accept(desk.scope("alice", "globex"), "One.", document_id="a")

    assert not second.duplicate
    assert second.ingestion_id != first.ingestion_id


async def test_documents_without_an_id_are_known_by_their_content(desk: Any) -> None:
    first = await desk.accept(desk.client, "Opening hours are 9 to 5.")

    second = await desk.accept(desk.client, "Opening hours are 9 to 5.")

    assert second.duplicate
    assert second.document_id == first.document_id
    assert decode_public_id(first.document_id) is not None


async def test_conversations_without_an_id_are_never_the_same(desk: Any) -> None:
    first = await desk.accept(desk.scope("alice"), "Hello.", document_type=DocumentType.AI_CHAT)

    second = await desk.accept(desk.scope("alice"), "Hello.", document_type=DocumentType.AI_CHAT)

    assert not second.duplicate
    assert second.document_id != first.document_id


async def test_the_same_again_after_it_was_given_up_is_tried_anew(desk: Any) -> None:
    alice = desk.scope("alice")
    first = await desk.accept(alice, "One.", document_id="a")
    (job,) = await desk.claim(alice)
    await desk.store.queue.bury(job, now=desk.clock.now(), code="transient", message="the embedder was away")

    second = await desk.accept(alice, "One.", document_id="a")

    assert (second.ingestion_id, second.status, second.duplicate) == (first.ingestion_id, "queued", True)
    assert second.error_message is None
    assert [again.id for again in await desk.claim(alice)] == [job.id]


async def test_rejecting_duplicates_refuses_an_id_that_is_there(desk: Any) -> None:
    await desk.accept(desk.scope("alice"), "One.", document_id="a")

    with pytest.raises(ConflictError):
        await desk.accept(desk.scope("alice"), "Two.", document_id="a", on_duplicate="reject")


@pytest.mark.parametrize("on_duplicate", ["update", "reject"])
async def test_a_document_whose_answer_was_lost_is_stored_once_and_no_duplicate(desk: Any, on_duplicate: str) -> None:
    alice = desk.scope("alice")
    desk.losing_answers()

    accepted = await desk.accept(alice, "One.", document_id="a", on_duplicate=on_duplicate)

    assert (accepted.status, accepted.duplicate) == ("queued", False)
    assert len(await desk.claim(alice, limit=10)) == 1


async def test_of_documents_stored_together_one_that_is_refused_keeps_all_out(desk: Any) -> None:
    scopes = [desk.scope("alice"), desk.client, desk.scope("bob")]
    await desk.accept(desk.client, "Old.", document_id="a")
    documents = [
        (scope, desk.document(f"New {at}.", document_id="a", on_duplicate="reject")) for at, scope in enumerate(scopes)
    ]

    with pytest.raises(ConflictError) as refusal:
        await desk.store.documents.accept_all(documents)
    accepted = await desk.store.documents.accept_all([documents[0], documents[2]])

    assert refusal.value.field == "documents[1].document_id"
    assert [(one.scope, one.duplicate) for one in accepted] == [("user", False), ("user", False)]


async def test_two_batches_in_opposite_order_do_not_get_into_each_others_way(desk: Any) -> None:
    scopes = [desk.scope(f"user {number}") for number in range(12)]
    batches = [
        [(scope, desk.document(f"{name} {scope.user_id}.", document_id=name)) for scope in order]
        for name, order in (("a", scopes), ("b", scopes[::-1]))
    ]

    accepted = await asyncio.gather(*(desk.store.documents.accept_all(batch) for batch in batches))

    assert [one.document_id for batch in accepted for one in batch] == ["a"] * 12 + ["b"] * 12


@pytest.mark.parametrize("document_id", ["a", None])
async def test_a_document_of_which_a_memory_was_deleted_is_remembered_anew(desk: Any, document_id: str | None) -> None:
    alice = desk.scope("alice")
    (known,) = await desk.remember(alice, "The gate code is 4711.", document_id=document_id)
    ref = decode_public_id(known)
    assert ref is not None
    await desk.store.memories.erase(alice, ref.row_id, now=desk.later())

    again = await desk.accept(alice, "The gate code is 4711.", document_id=document_id)

    assert not again.duplicate
    (anew,) = await desk.work(alice, "The gate code is 4711.")
    page = await desk.store.memories.list(alice)
    assert [one.id for one in page.memories] == [anew]


@pytest.mark.parametrize("document_id", ["same", None])
async def test_fifty_identical_submissions_at_once_are_one_ingestion(desk: Any, document_id: str | None) -> None:
    scope = desk.scope("alice", "acme")

    answers = await asyncio.gather(*(desk.accept(scope, "One.", document_id=document_id) for _ in range(50)))

    assert len({answer.ingestion_id for answer in answers}) == 1
    assert sum(not answer.duplicate for answer in answers) == 1
    assert len(await desk.claim(scope, limit=100)) == 1


async def test_what_was_accepted_is_what_is_loaded(desk: Any) -> None:
    alice = desk.scope("alice")
    ingestion = await desk.accept(alice, "One.", "Two.", document_id="a", metadata={"lang": "en"})
    (job,) = await desk.claim(alice)

    document = await desk.store.documents.load(alice, job.ingestion_id)

    assert document.document_id == ingestion.document_id == "a"
    assert [segment.text for segment in document.prepared.segments] == ["One.", "Two."]
    assert [segment.blocks for segment in document.prepared.segments] == [(0, 1), (1, 2)]
    assert [block.text for block in document.prepared.blocks] == ["One.", "Two."]
    assert document.metadata == {"lang": "en"}
    assert len(document.segment_rows) == 2


async def test_a_changed_document_supersedes_what_it_no_longer_says(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The fence is red.", "The gate is old.", document_id="garden")
    desk.later()

    await desk.remember(alice, "The fence is blue.", "The gate is old.", document_id="garden")

    page = await desk.store.memories.list(alice)
    gate = next(one for one in page.memories if "gate" in one.statement.content)
    assert {one.statement.content for one in page.memories} == {"The fence is blue.", "The gate is old."}
    assert gate.seen_count == 2
    recall = await desk.find(alice, "fence")
    assert not any("red" in one.memory.statement.content for one in recall.candidates)


async def test_the_owners_of_a_conversation_are_in_the_directory(desk: Any) -> None:
    alice, instance = desk.scope("alice", "acme"), desk.place.instance_id

    await desk.accept(alice, "Hello.", conversation="c-1")

    assert await desk.store.documents.owners(instance, "c-1") == [alice]
    assert await desk.store.documents.owners(instance, "c-2") == []


async def test_an_ingestion_tells_how_far_it_is(desk: Any) -> None:
    alice = desk.scope("alice")
    accepted = await desk.accept(alice, "One.", document_id="a")
    ref = decode_public_id(accepted.ingestion_id)
    queued = await desk.store.ingestions.get(ref)

    (memory_id,) = await desk.work(alice, "One.")

    done = await desk.store.ingestions.get(ref)
    assert queued.status == "queued"
    assert queued.scope == alice
    assert done.record().status == "completed"
    assert done.record().memory_ids == (memory_id,)


async def test_an_ingestion_tells_what_was_not_done_as_configured_and_the_operator_how_many(desk: Any) -> None:
    alice = desk.scope("alice")
    accepted = await desk.accept(alice, "One.", document_id="a")
    (job,) = await desk.claim(alice)
    document = await desk.store.documents.load(alice, job.ingestion_id)
    before = await desk.store.queue.degraded(since=desk.clock.now())

    warnings = ("language_model.timeout: it took too long",)
    applied = Applied(
        job=job, document=document, changes=Changes(), degraded=True, warnings=warnings, now=desk.clock.now()
    )
    await desk.store.memories.apply(alice, applied)

    done = (await desk.store.ingestions.get(decode_public_id(accepted.ingestion_id))).record()
    assert (done.status, done.degraded, done.warnings) == ("completed", True, warnings)
    assert await desk.store.queue.degraded(since=desk.clock.now()) == before + 1
    assert await desk.store.queue.degraded(since=desk.later(minutes=1)) == 0
