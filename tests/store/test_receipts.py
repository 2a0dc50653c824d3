"""Receipts follow one another in the book of their instance, however many are written at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from synap.api.receipts import problems_of
from synap.domain.ids import RowRef, decode_public_id, new_instance_id
from synap.domain.scopes import WORLD_SPACE, world_scope
from synap.engine.signing import Signer, new_secret, signed
from synap.errors import ConflictError
from synap.store import retention
from synap.store.receipts import NewReceipt
from synap.store.rows import row_id_of


async def signer_of(desk: Any) -> Signer:
    return Signer(await desk.store.receipts.secret(fresh=new_secret(), now=desk.clock.now()))


def new(desk: Any, signer: Signer, **changes: Any) -> NewReceipt:
    made = NewReceipt(
        id=desk.store.ids.next(),
        book=desk.place.instance_id,
        action="user",
        subject="00",
        removed={"memories": 2, "documents": 0},
        remaining={},
        begun_at=None,
        ended_at=desk.clock.now(),
        key=signer.key,
        sign=signer.sign,
    )
    return replace(made, **changes)


async def test_receipts_written_at_once_make_one_chain(desk: Any) -> None:
    signer, book = await signer_of(desk), desk.place.instance_id
    receipts = desk.store.receipts

    await asyncio.gather(*(receipts.append(new(desk, signer)) for _ in range(8)))

    written = await receipts.page(book)
    assert [one.sequence for one in written] == list(range(1, 9))
    assert problems_of(written, key=signer.key, signed=signed, whole=True) == ()
    assert written[0].removed == {"memories": 2}


async def test_a_receipt_is_written_once(desk: Any) -> None:
    signer, book = await signer_of(desk), desk.place.instance_id
    once = new(desk, signer)

    first = await desk.store.receipts.append(once)
    second = await desk.store.receipts.append(replace(once, removed={"memories": 0}))

    assert first == second
    assert await desk.store.receipts.page(book) == [first]


async def test_what_was_counted_first_is_what_the_receipt_tells(desk: Any) -> None:
    signer, book = await signer_of(desk), desk.place.instance_id
    began = desk.clock.now()
    await desk.store.receipts.note_counted(book, {"memories": 7}, now=began)
    await desk.store.receipts.note_counted(book, {"memories": 3}, now=desk.later())

    ended = new(desk, signer, removed=None, ended_at=desk.later())
    receipt = await desk.store.receipts.append(ended)

    assert (receipt.removed, receipt.begun_at) == ({"memories": 7}, began)


async def test_the_installation_has_one_key(desk: Any) -> None:
    assert (await signer_of(desk)).key == (await signer_of(desk)).key


async def test_a_book_shows_its_own_receipts_alone(desk: Any) -> None:
    signer, other = await signer_of(desk), new_instance_id()
    own = await desk.store.receipts.append(new(desk, signer))
    foreign = await desk.store.receipts.append(new(desk, signer, book=other))

    ref = decode_public_id(foreign.receipt_id)

    assert isinstance(ref, RowRef)
    assert await desk.store.receipts.page(desk.place.instance_id) == [own]
    assert await desk.store.receipts.get(desk.place.instance_id, ref) is None
    assert await desk.store.receipts.get(other, ref) == foreign
    assert {desk.place.instance_id: 1, other: 1}.items() <= (await desk.store.receipts.books()).items()


async def test_receipts_outlive_their_instance(desk: Any) -> None:
    signer = await signer_of(desk)
    receipt = await desk.store.receipts.append(new(desk, signer))

    await desk.store.erasure.instance(desk.place.instance_id, [desk.client])

    assert await desk.store.receipts.page(desk.place.instance_id) == [receipt]


async def test_what_one_transaction_erases_it_also_tells(desk: Any) -> None:
    signer, alice, book = await signer_of(desk), desk.scope("alice"), desk.place.instance_id
    rows = [row_id_of(made) for made in await desk.remember(alice, "The budget is red.", "The cat is grey.")]
    told = new(desk, signer, action="memories", removed=None)

    erased = await desk.store.memories.erase_all(alice, [*rows, rows[0] + 1], now=desk.later(), receipt=told)
    again = await desk.store.memories.erase_all(alice, rows, now=desk.later(), receipt=new(desk, signer))

    (receipt,) = await desk.store.receipts.page(book)
    assert (erased, again) == (dict.fromkeys(rows, 1), {})
    assert (receipt.receipt_id, receipt.removed) == (told.public_id, {"memories": 2})


async def test_without_its_receipt_nothing_is_erased(desk: Any) -> None:
    signer, alice = await signer_of(desk), desk.scope("alice")
    accepted = await desk.accept(alice, "The budget is red.")
    (made,) = await desk.work(alice, "The budget is red.")
    before = desk.later(days=9)

    def refuse(_: str) -> str:
        raise ConflictError("no ink")

    broken = new(desk, signer, removed=None, sign=refuse)
    with pytest.raises(ConflictError):
        await desk.store.memories.erase(alice, row_id_of(made), now=desk.later(), receipt=broken)
    with pytest.raises(ConflictError):
        await desk.store.undoing.undo(
            alice, row_id_of(accepted.ingestion_id), now=desk.later(), receipt=lambda _: broken
        )
    with pytest.raises(ConflictError):
        await desk.store.retention.erase(alice, recorded_before=before, now=desk.later(), receipt=lambda: broken)

    kept = await desk.store.memories.get(alice, row_id_of(made))
    assert kept.statement.content == "The budget is red."
    assert await desk.store.receipts.page(desk.place.instance_id) == []


async def test_what_is_past_its_age_gives_a_receipt_for_each_transaction(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    signer, alice, bob = await signer_of(desk), desk.scope("alice"), desk.scope("bob")
    for text in ("The budget is red.", "The cat is grey.", "The car is blue."):
        await desk.remember(alice, text)
    before = desk.later(days=9)
    await desk.remember(bob, "The budget is green.")

    for scope in (alice, bob, alice):
        await desk.store.retention.erase(
            scope,
            recorded_before=before,
            now=desk.later(),
            receipt=lambda: new(desk, signer, action="retention", removed=None),
        )

    first, second = await desk.store.receipts.page(desk.place.instance_id)
    assert first.removed == {"memories": 2}
    assert second.removed == {"memories": 1, "segments": 3, "documents": 3}
    assert problems_of([first, second], key=signer.key, signed=signed, whole=True) == ()


async def test_what_was_counted_at_the_closing_outlives_other_receipts(desk: Any) -> None:
    signer, book = await signer_of(desk), desk.place.instance_id
    began = desk.clock.now()
    await desk.store.receipts.note_counted(book, {"memories": 7}, now=began)

    between = await desk.store.receipts.append(new(desk, signer, ended_at=desk.later()))
    last = await desk.store.receipts.append(new(desk, signer, removed=None, ended_at=desk.later()))

    assert (between.removed, between.begun_at) == ({"memories": 2}, between.ended_at)
    assert (last.removed, last.begun_at) == ({"memories": 7}, began)


async def test_an_erasure_from_world_is_told_in_the_book_of_world(desk: Any) -> None:
    signer = await signer_of(desk)
    (made,) = await desk.store.memories.write(
        world_scope(),
        [desk.bare("Dates are written day first.")],
        instance_id=WORLD_SPACE,
        metadata={},
        now=desk.later(),
    )
    told = new(desk, signer, book=WORLD_SPACE, action="memory", removed=None)

    await desk.store.memories.erase(world_scope(), row_id_of(made), now=desk.later(), receipt=told)

    written = await desk.store.receipts.page(WORLD_SPACE)
    assert [(one.receipt_id, one.removed) for one in written][-1] == (told.public_id, {"memories": 1})
    assert await desk.store.receipts.page(desk.place.instance_id) == []
