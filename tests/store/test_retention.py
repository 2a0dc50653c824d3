"""What is past its age is erased with all it came with, or hidden; nothing younger is touched."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.store.conftest import LostAnswers

from synap.domain.documents import IngestionStatus
from synap.domain.ids import decode_public_id
from synap.domain.memories import MemoryStatus
from synap.errors import NetworkTimeoutError
from synap.store import retention
from synap.store.receipts import NewReceipt
from synap.store.retention import Retention
from synap.store.rows import row_id_of

TABLES = ("document", "segment", "message", "effect")


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


async def test_all_that_has_expired_goes_in_portions_however_much_it_is(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("PORTION", "ROWS", "DOCUMENTS"):
        monkeypatch.setattr(retention, limit, 2)
    alice = desk.scope("alice")
    for number in range(3):
        await desk.remember(alice, f"The budget of year {number}.", f"The budget of month {number}.")
        await desk.say(alice, "monday", f"The budget of week {number}.")
        await desk.work(alice)
    before = desk.later(days=9)
    await desk.remember(alice, "The new budget.")

    count = await desk.store.retention.erase(alice, recorded_before=before, now=desk.later())

    assert count == 6
    assert await texts(desk, alice) == {"The new budget."}
    assert [await rows(desk, alice, table) for table in TABLES] == [1, 1, 0, 0]


@pytest.mark.parametrize("portions", range(1, 5))
async def test_a_pass_that_was_cut_short_is_gone_on_with(
    desk: Any, monkeypatch: pytest.MonkeyPatch, portions: int
) -> None:
    for limit in ("PORTION", "ROWS", "DOCUMENTS"):
        monkeypatch.setattr(retention, limit, 2)
    alice = desk.scope("alice")
    await desk.remember(alice, "The old budget.", "The older budget.", "The oldest budget.")
    for day in ("monday", "tuesday", "friday"):
        await desk.say(alice, day, "The budget, once more.")
        await desk.work(alice)
    before = desk.later(days=9)
    left = portions

    def cut() -> NewReceipt:
        nonlocal left
        left -= 1
        if left < 0:
            raise NetworkTimeoutError("cut short")
        return receipt_for(desk)

    with pytest.raises(NetworkTimeoutError):
        await desk.store.retention.erase(alice, recorded_before=before, now=desk.later(), receipt=cut)
    await desk.store.retention.erase(alice, recorded_before=before, now=desk.later())

    assert await texts(desk, alice) == set()
    assert [await rows(desk, alice, table) for table in TABLES] == [0, 0, 0, 0]


async def test_a_portion_whose_answer_is_lost_has_its_receipt_and_so_has_the_next(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    alice = desk.scope("alice")
    await desk.remember(alice, "The old budget.", "The older budget.", "The oldest budget.")
    before, lossy = desk.later(days=9), LostAnswers(desk.database)
    real = desk.database.transaction

    def transaction(*arguments: Any, **named: Any) -> Any:  # reading, of which nothing is lost, goes in pipelines
        return (real if named.get("pipelined") else LostAnswers.transaction.__get__(lossy))(*arguments, **named)

    used: Any = SimpleNamespace(transaction=transaction)
    retained = Retention(used, desk.store.residents)
    await retained.erase(alice, recorded_before=before, now=desk.later(), receipt=lambda: receipt_for(desk))

    told = await desk.store.receipts.page(desk.place.instance_id)
    assert [receipt.removed["memories"] for receipt in told] == [2, 1]
    assert await rows(desk, alice, "document") == 0


def receipt_for(desk: Any) -> NewReceipt:
    return NewReceipt(
        id=desk.store.ids.next(),
        book=desk.place.instance_id,
        action="retention",
        subject="s",
        ended_at=desk.clock.now(),
        key="k",
        sign=lambda _: "",
    )


async def test_a_document_that_goes_is_emptied_once_and_not_blanked_memory_by_memory(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    alice = desk.scope("alice")
    old = [f"The budget of year {number}." for number in range(3)]
    await desk.remember(alice, *old, document_id="going")
    await desk.accept(alice, *old, document_id="staying")
    before = desk.later(days=9)
    await desk.work(alice, "The budget of all years.")
    seen = []
    real = Retention._erase  # noqa: SLF001 - what stands after each transaction is what is asked about

    async def erase(self: Retention, *arguments: Any) -> Any:
        done = await real(self, *arguments)
        seen.append(await bodies(desk, alice))
        return done

    monkeypatch.setattr(Retention, "_erase", erase)
    await desk.store.retention.erase(alice, recorded_before=before, now=desk.later())

    whole = "\n".join(old)
    assert seen == [{"going": "", "staying": whole}, {"staying": whole}]


async def bodies(desk: Any, scope: Any) -> dict[str, str]:
    async with desk.database.transaction([scope]) as connection:
        cursor = await connection.execute(
            "select document_key, text from document where bucket = %s and scope_id = %s", [scope.bucket, scope.id]
        )
        return dict(await cursor.fetchall())


async def test_what_is_archived_is_hidden_in_portions_however_much_it_is(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS", 2)
    alice = desk.scope("alice")
    await desk.remember(alice, "The old budget.", "The older budget.", "The oldest budget.")
    await desk.accept(alice, "A budget that no memory was made of.", "Another budget.")
    await desk.work(alice)
    before = desk.later(days=9)

    count = await desk.store.retention.archive(alice, recorded_before=before, now=desk.later())

    assert count == 3
    assert (await desk.find(alice, "budget")).candidates == ()
