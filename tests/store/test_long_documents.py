"""Documents of many pieces are stored and worked through in portions, and their leases renewed meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from synap.domain.ids import decode_public_id
from synap.store import changes, documents, statements, stored_documents


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
