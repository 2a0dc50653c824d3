"""Receipts of erasures, chained book by book, and the installation's key. A book lies in its own bucket.

What one transaction erases gives its receipt in that transaction (`write`), as its last statement: so there is neither an
erasure without a receipt nor the reverse, and a book is locked only until the commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from synap.api.receipts import ErasureReceipt, hash_of
from synap.domain.ids import RowRef, encode_public_id
from synap.domain.scopes import bucket_of
from synap.store.database import Connection, Database
from synap.store.errors import retry
from synap.store.statements import execute


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReceipt:
    """What a receipt is to tell.

    Attributes:
        id: Row id for it; a second receipt with the same one is not written.
        book: The instance, the client, or `world`.
        action: What was erased.
        subject: Digest of whose or which.
        removed: Rows erased, by what they were; where it is None, what was counted at the closing of the book, or what the
            transaction erases that the receipt is written in.
        remaining: Rows found after the end.
        begun_at: When it began; None for the closing of the book.
        ended_at: When it ended.
        key: The installation's public key.
        sign: Returns the installation's signature of a text, hex.
    """

    id: int
    book: str
    action: str
    subject: str
    removed: Mapping[str, int] | None = None
    remaining: Mapping[str, int] = field(default_factory=dict)
    begun_at: datetime | None = None
    ended_at: datetime
    key: str
    sign: Callable[[str], str]

    @property
    def public_id(self) -> str:
        """Its id, as it is given out."""
        return encode_public_id(RowRef("receipt", _place(self.book)["bucket"], self.id))


class Receipts:
    """Writes and reads receipts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._secret: bytes | None = None

    async def secret(self, *, fresh: bytes, now: datetime) -> bytes:
        """Return the installation's secret, which never changes; where it had none, the first `fresh` becomes it."""
        if self._secret is not None:
            return self._secret
        async with self._database.control() as connection:
            row = await (await execute(connection, "installation_secret", {})).fetchone()
            if row is None:
                await execute(connection, "make_installation", {"secret": fresh, "now": now})
                row = await (await execute(connection, "installation_secret", {})).fetchone()
        if row is None:
            msg = "the installation's key was stored and is not there"
            raise RuntimeError(msg)
        self._secret = bytes(row["secret"])
        return self._secret

    async def note_counted(self, instance_id: str, counted: Mapping[str, int], *, now: datetime) -> None:
        """Note what there was when an instance or client was closed; what was noted before stands."""
        params = _place(instance_id) | {"counted": json.dumps(dict(counted)), "now": now}
        async with self._database.control() as connection:
            await execute(connection, "open_book", params)
            row = await (await execute(connection, "lock_book", params)).fetchone()
            if row is not None and row["counted"] is None:
                await execute(connection, "note_counted", params)

    async def append(self, new: NewReceipt) -> ErasureReceipt:
        """Write a receipt in a transaction of its own; return it, or the one that was written under its id before."""
        return await retry(lambda: self._append(new))

    async def _append(self, new: NewReceipt) -> ErasureReceipt:
        async with self._database.control() as connection:
            return await write(connection, new)

    async def page(self, instance_id: str, *, after: int = 0, limit: int = 100) -> list[ErasureReceipt]:
        """Return at most `limit` receipts of a book behind a place in its chain, in order."""
        params = _place(instance_id) | {"after": after, "limit": limit}
        async with self._database.control() as connection:
            rows = await (await execute(connection, "page_receipts_of_book", params)).fetchall()
        return [_receipt(row["body"]) for row in rows]

    async def get(self, instance_id: str, ref: RowRef) -> ErasureReceipt | None:
        """Return a receipt of a book by the place of its row, or None."""
        params = _place(instance_id) | {"receipt": ref.row_id}
        if ref.bucket != params["bucket"]:
            return None
        async with self._database.control() as connection:
            row = await (await execute(connection, "get_receipt", params)).fetchone()
        return None if row is None else _receipt(row["body"])

    async def books(self) -> dict[str, int]:
        """Return the books that hold receipts, each with the number of its last one."""
        async with self._database.control() as connection:
            rows = await (await execute(connection, "receipt_books", {})).fetchall()
        return {row["book"]: row["sequence"] for row in rows}


async def write(connection: Connection, new: NewReceipt, removed: Mapping[str, int] | None = None) -> ErasureReceipt:
    """Write a receipt as the next of its book, signed; return it, or the one that was written under its id before.

    Args:
        connection: Inside a transaction, whose last statement this should be: writers of one book wait for its end.
        new: What it is to tell.
        removed: What the transaction erased, in place of what `new` says of it.
    """
    params = _place(new.book) | {"receipt": new.id, "now": new.ended_at}
    await execute(connection, "open_book", params)
    head = await (await execute(connection, "lock_book", params)).fetchone()
    if head is None:
        msg = f"the book {new.book} was opened and is not there"
        raise RuntimeError(msg)
    known = await (await execute(connection, "get_receipt", params)).fetchone()
    if known is not None:
        return _receipt(known["body"])
    told = removed if removed is not None else new.removed
    counted = json.loads(head["counted"] or "{}") if told is None else told
    receipt = ErasureReceipt(
        receipt_id=new.public_id,
        book=new.book,
        sequence=head["sequence"] + 1,
        action=new.action,
        subject=new.subject,
        removed={what: count for what, count in sorted(counted.items()) if count},
        remaining={what: count for what, count in sorted(new.remaining.items()) if count},
        begun_at=new.begun_at or (head["begun_at"] if told is None else None) or new.ended_at,
        ended_at=new.ended_at,
        previous=head["head"],
        key=new.key,
    )
    sealed = msgspec.structs.replace(receipt, hash=hash_of(receipt))
    sealed = msgspec.structs.replace(sealed, signature=new.sign(sealed.hash))
    body = msgspec.json.encode(sealed).decode()
    await execute(connection, "insert_receipt", params | {"sequence": sealed.sequence, "body": body})
    # What was counted stays for the receipt that closes the book: others may be written while an instance is erased.
    advanced = {"sequence": sealed.sequence, "head": sealed.hash, "closes": told is None}
    await execute(connection, "advance_book", params | advanced)
    return sealed


def _place(book: str) -> dict[str, Any]:
    return {"bucket": bucket_of(book, "instance", book), "book": book}


def _receipt(body: str) -> ErasureReceipt:
    return msgspec.json.decode(body, type=ErasureReceipt)
