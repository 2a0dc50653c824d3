"""Receipts follow one another in the book of their instance, however many are written at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from synap.api.receipts import problems_of
from synap.domain.ids import RowRef, decode_public_id, new_instance_id
from synap.engine.signing import Signer, new_secret, signed
from synap.store.receipts import NewReceipt


async def signer_of(desk: Any) -> Signer:
    return Signer(await desk.store.receipts.secret(fresh=new_secret(), now=desk.clock.now()))


def new(desk: Any, signer: Signer, **changes: Any) -> NewReceipt:
    made = NewReceipt(
        id=desk.store.ids.next(),
        action="user",
        subject="00",
        removed={"memories": 2, "documents": 0},
        remaining={},
        begun_at=None,
        ended_at=desk.clock.now(),
        key=signer.key,
    )
    return replace(made, **changes)


async def test_receipts_written_at_once_make_one_chain(desk: Any) -> None:
    signer, book = await signer_of(desk), desk.place.instance_id
    receipts = desk.store.receipts

    await asyncio.gather(*(receipts.append(book, new(desk, signer), sign=signer.sign) for _ in range(8)))

    written = await receipts.page(book)
    assert [one.sequence for one in written] == list(range(1, 9))
    assert problems_of(written, key=signer.key, signed=signed, whole=True) == ()
    assert written[0].removed == {"memories": 2}


async def test_a_receipt_is_written_once(desk: Any) -> None:
    signer, book = await signer_of(desk), desk.place.instance_id
    once = new(desk, signer)

    first = await desk.store.receipts.append(book, once, sign=signer.sign)
    second = await desk.store.receipts.append(book, replace(once, removed={"memories": 0}), sign=signer.sign)

    assert first == second
    assert await desk.store.receipts.page(book) == [first]


async def test_what_was_counted_first_is_what_the_receipt_tells(desk: Any) -> None:
    signer, book = await signer_of(desk), desk.place.instance_id
    began = desk.clock.now()
    await desk.store.receipts.note_counted(book, {"memories": 7}, now=began)
    await desk.store.receipts.note_counted(book, {"memories": 3}, now=desk.later())

    ended = new(desk, signer, removed=None, ended_at=desk.later())
    receipt = await desk.store.receipts.append(book, ended, sign=signer.sign)

    assert (receipt.removed, receipt.begun_at) == ({"memories": 7}, began)


async def test_the_installation_has_one_key(desk: Any) -> None:
    assert (await signer_of(desk)).key == (await signer_of(desk)).key


async def test_a_book_shows_its_own_receipts_alone(desk: Any) -> None:
    signer, other = await signer_of(desk), new_instance_id()
    own = await desk.store.receipts.append(desk.place.instance_id, new(desk, signer), sign=signer.sign)
    foreign = await desk.store.receipts.append(other, new(desk, signer), sign=signer.sign)

    ref = decode_public_id(foreign.receipt_id)

    assert isinstance(ref, RowRef)
    assert await desk.store.receipts.page(desk.place.instance_id) == [own]
    assert await desk.store.receipts.get(desk.place.instance_id, ref) is None
    assert await desk.store.receipts.get(other, ref) == foreign
    assert {desk.place.instance_id: 1, other: 1}.items() <= (await desk.store.receipts.books()).items()


async def test_receipts_outlive_their_instance(desk: Any) -> None:
    signer = await signer_of(desk)
    receipt = await desk.store.receipts.append(desk.place.instance_id, new(desk, signer), sign=signer.sign)

    await desk.store.erasure.instance(desk.place.instance_id, [desk.client])

    assert await desk.store.receipts.page(desk.place.instance_id) == [receipt]
