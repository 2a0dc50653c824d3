"""What is past its age is erased with all it came with, or hidden; nothing younger is touched."""

from __future__ import annotations

from typing import Any

import pytest

from synap.domain.documents import IngestionStatus
from synap.domain.ids import decode_public_id
from synap.domain.memories import MemoryStatus
from synap.store.rows import row_id_of


async def texts(desk: Any, scope: Any) -> set[str]:
    recall = await desk.find(scope, "budget")
    return {one.memory.statement.content for one in recall.candidates}


async def rows(desk: Any, scope: Any, table: str) -> int:
    async with desk.database.transaction([scope]) as connection:
        cursor = await connection.execute(
            f"select count(*) from {table} where bucket = %s and scope_id = %s",  # noqa: S608 - fixed names
            [scope.bucket, scope.id],
        )
        (count,) = await cursor.fetchone()
    return int(count)


async def test_what_has_expired_is_erased_with_its_passages_documents_and_messages(desk: Any) -> None:
    alice = desk.scope("alice")
    old = await desk.remember(alice, "The old budget.")
    await desk.accept(alice, "A budget that no memory was made of.")
    await desk.work(alice)
    await desk.say(alice, "monday", "The budget, once more.")
    await desk.work(alice)
    before = desk.later(days=9)
    await desk.remember(alice, "The new budget.")

    count = await desk.store.retention.erase(alice, recorded_before=before, now=desk.later())

    assert count == len(old)
    assert await texts(desk, alice) == {"The new budget."}
    assert [await rows(desk, alice, table) for table in ("document", "segment", "message")] == [1, 1, 0]


@pytest.mark.parametrize("user", ["alice", None])
async def test_the_name_of_a_document_goes_with_it(desk: Any, user: str | None) -> None:
    scope = desk.scope(user)
    old = await desk.accept(scope, "The old budget.", document_id="alice-debts.md")
    await desk.work(scope, "The old budget.")
    before = desk.later(days=9)
    new = await desk.accept(scope, "The new budget.", document_id="alice-plans.md")
    await desk.work(scope, "The new budget.")

    await desk.store.retention.erase(scope, recorded_before=before, now=desk.later())

    rows = await desk.store.ingestions.get_many([decode_public_id(one.ingestion_id) for one in (old, new)])
    assert [row.document_id for row in rows] == ["", "alice-plans.md"]
    assert [row.status for row in rows] == [IngestionStatus.COMPLETED] * 2


async def test_a_document_stays_while_a_younger_memory_rests_on_it(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.accept(alice, "The budget.")
    before = desk.later(days=9)
    (made,) = await desk.work(alice, "The budget.")

    await desk.store.retention.erase(alice, recorded_before=before, now=desk.later())

    memory = await desk.store.memories.get(alice, row_id_of(made))
    assert (memory.statement.content, bool(memory.document_id)) == ("The budget.", True)
    assert [await rows(desk, alice, table) for table in ("document", "segment")] == [1, 0]


async def test_what_is_archived_is_in_no_answer_and_can_be_read_by_id(desk: Any) -> None:
    alice = desk.scope("alice")
    (old,) = await desk.remember(alice, "The old budget.")
    await desk.accept(alice, "A budget that no memory was made of.")
    await desk.work(alice)
    before = desk.later(days=9)
    await desk.remember(alice, "The new budget.")

    count = await desk.store.retention.archive(alice, recorded_before=before, now=desk.later())

    memory = await desk.store.memories.get(alice, row_id_of(old))
    assert count == 1
    assert await texts(desk, alice) == {"The new budget."}
    assert (memory.statement.content, memory.status) == ("The old budget.", MemoryStatus.RETRACTED)


async def test_a_scope_in_which_nothing_expired_is_left_alone(desk: Any) -> None:
    alice = desk.scope("alice")
    before = desk.clock.now()
    await desk.remember(alice, "The budget.")
    version = await desk.store.search.versions([alice])

    counts = [
        await end(alice, recorded_before=before, now=desk.later())
        for end in (desk.store.retention.erase, desk.store.retention.archive)
    ]

    assert counts == [0, 0]
    assert await desk.store.search.versions([alice]) == version


async def test_shared_scopes_expire_too(desk: Any) -> None:
    await desk.remember(desk.client, "The old budget.")

    await desk.store.retention.erase(desk.client, recorded_before=desk.later(days=9), now=desk.later())

    assert await texts(desk, desk.client) == set()


async def test_what_a_transcript_told_of_its_conversation_goes_with_its_messages(desk: Any) -> None:
    alice = desk.scope("alice")
    for conversation in ("old", "going on"):
        await desk.transcript(alice, conversation, "The budget is red.", analysis={"gist": "a red budget"})
    before = desk.later(days=9)
    await desk.say(alice, "going on", "The budget is green.")
    await desk.transcript(alice, "new", "The budget is blue.", analysis={"gist": "a blue budget"})

    await desk.store.retention.erase(alice, recorded_before=before, now=desk.later())

    async with desk.database.transaction([alice]) as connection:
        cursor = await connection.execute(
            "select conversation, analysis is null, metadata::text, kind from conversation"
            " where bucket = %s and scope_id = %s order by conversation",
            [alice.bucket, alice.id],
        )
        told = [tuple(row) for row in await cursor.fetchall()]
    gone = (True, "{}", "")
    assert told == [("going on", *gone), ("new", False, '{"from": "phone"}', "call"), ("old", *gone)]
