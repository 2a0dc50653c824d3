"""Documents of many pieces are stored and worked through in portions, and their leases renewed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from synap.domain.documents import Block
from synap.domain.ids import decode_public_id
from synap.errors import NotFoundError
from synap.store import changes, documents, statements, stored_documents
from synap.store.parts import DocumentParts, decode_parts
from synap.store.stored_documents import HELD_SECONDS, InHand, Unpacked


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "PORTION", 3)
    monkeypatch.setattr(statements, "INLINE", 2)


async def test_many_segments_and_memories_are_all_stored(desk: Any) -> None:
    alice = desk.scope("alice")
    texts = [f"The box with number {number} is full." for number in range(10)]
    await desk.accept(alice, *texts)
    (job,) = await desk.claim(alice)

    await desk.apply(job, *texts)

    document = await desk.store.documents.load(alice, job.ingestion_id)
    page = await desk.store.memories.list(alice)
    drafts = [desk.draft(key, text, document) for key, text in enumerate(texts)]
    related = await desk.store.memories.related(alice, drafts, [[1]])
    assert [one.text for one in document.prepared.segments] == texts
    assert sorted(one.statement.content for one in page.memories) == texts
    assert sorted(related.neighbours) == list(range(10))
    assert list(related.topics) == [0]


async def test_the_connections_that_carry_a_document_are_told_its_size(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, carried = desk.scope("alice"), []
    for module in (documents, stored_documents):
        monkeypatch.setattr(module, "carries", lambda _, size: carried.append(size))

    await desk.accept(alice, text := "The cellar holds a box. " * 5)
    (job,) = await desk.claim(alice)
    await desk.store.documents.load(alice, job.ingestion_id)

    assert len(carried) == 2
    assert min(carried) > 2 * len(text)


async def test_a_long_document_is_unpacked_once_for_all_its_slices(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_documents, "AT_ONCE", 2)
    alice, load, unpacked = desk.scope("alice"), desk.store.documents.load, []
    await desk.accept(alice, *(f"The box with number {number} is full." for number in range(6)))
    (job,) = await desk.claim(alice)

    def decode(data: bytes) -> DocumentParts:
        unpacked.append(len(data))
        return decode_parts(data)

    monkeypatch.setattr("synap.store.stored_documents.decode_parts", decode)

    first, again = [await load(alice, job.ingestion_id, reading=fourth) for _ in range(2)]
    whole = await load(alice, job.ingestion_id)

    assert first == again
    assert (first.prepared.text, first.prepared.blocks) == (whole.prepared.text, whole.prepared.blocks)
    assert [one.ordinal for one in first.prepared.segments] == [3]
    assert first.segment_rows == whole.segment_rows[3:4]
    assert len(unpacked) == 1


async def test_what_is_held_of_a_long_document_is_what_it_says_now(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_documents, "AT_ONCE", 2)
    alice, load, held = desk.scope("alice"), desk.store.documents.load, desk.store.residents.in_hand
    await desk.accept(alice, *(f"The box with number {number} is full." for number in range(6)))
    (job,) = await desk.claim(alice)
    await load(alice, job.ingestion_id, reading=fourth)
    assert len(held) == 1

    async with desk.database.transaction([alice]) as connection:
        await connection.execute(
            "update document set text = replace(text, 'box', 'bag'), content_hash = '' where bucket = %s",
            [alice.bucket],
        )
    changed = [await load(alice, job.ingestion_id, reading=fourth) for _ in range(2)]
    assert len(held) == 0
    async with desk.database.transaction([alice]) as connection:
        await connection.execute("delete from document where bucket = %s", [alice.bucket])

    assert all("bag" in one.prepared.text and "box" not in one.prepared.text for one in changed)
    with pytest.raises(NotFoundError):
        await load(alice, job.ingestion_id, reading=fourth)
    assert len(held) == 0


async def test_what_is_held_of_a_long_document_goes_with_its_last_slice_and_with_its_owner(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_documents, "AT_ONCE", 2)
    alice, held = desk.scope("alice"), desk.store.residents.in_hand
    texts = [f"The box with number {number} is full." for number in range(6)]
    await desk.accept(alice, *texts)
    (job,) = await desk.claim(alice)

    await desk.store.documents.load(alice, job.ingestion_id, reading=fourth)
    kept = len(held)
    await desk.apply(job, *texts)
    applied = len(held)
    await desk.store.documents.load(alice, job.ingestion_id, reading=fourth)
    desk.store.residents.forget(alice)

    assert (kept, applied, len(held)) == (1, 0, 0)


def test_what_is_held_goes_when_it_was_not_used_for_long(desk: Any) -> None:
    alice, now = desk.scope("alice"), [0.0]
    held = InHand(timer=lambda: now[0])
    one = Unpacked(
        content_hash=b"1", text="x", parts=DocumentParts(blocks=(), protected={}), spans=np.zeros((0, 2), np.int32)
    )
    held.keep(alice, 1, one)

    for step in (0.9, 0.9, 1.1):
        now[0] += step * HELD_SECONDS
        kept = held.get(alice, 1)
        assert (kept is one) == (step < 1)

    assert len(held) == 0


def fourth(blocks: Sequence[Block], _: int) -> list[tuple[int, int]]:
    return [(blocks[3].start, blocks[3].end)]


async def test_the_lease_of_a_long_document_is_renewed_while_its_changes_are_applied(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, queue = desk.scope("alice"), desk.store.queue
    ingestion = decode_public_id((await desk.accept(alice, "One.")).ingestion_id)
    (job,) = await desk.claim(alice)
    genuine, renewed = statements.execute, []

    async def execute(connection: Any, name: str, *arguments: Any, **named: Any) -> Any:
        if name == "insert_memories":
            async with asyncio.timeout(5):
                await queue.heartbeat(job, lease_until=desk.clock.now() + timedelta(minutes=9))
            await desk.lose()
            renewed.append(job.id)
        return await genuine(connection, name, *arguments, **named)

    monkeypatch.setattr(changes, "execute", execute)

    await desk.apply(job, "One.")

    assert renewed == [job.id]
    assert (await desk.store.ingestions.get(ingestion)).status == "completed"
