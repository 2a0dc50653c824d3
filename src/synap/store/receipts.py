"""Receipts of erasures, chained book by book, and the installation's key. A book lies in its own bucket."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from synap.api.receipts import ErasureReceipt, hash_of
from synap.domain.ids import RowRef, encode_public_id
from synap.domain.scopes import bucket_of
from synap.store.database import Database
from synap.store.errors import retry
from synap.store.statements import execute


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReceipt:
    """What a receipt is to tell.

    Attributes:
        id: Row id for it; a second receipt with the same one is not written.
        action: What was erased.
        subject: Digest of whose or which.
        removed: Rows erased, by what they were; what was counted at the closing of the book counts where it is None.
        remaining: Rows found after the end.
        begun_at: When it began; None for the closing of the book.
        ended_at: When it ended.
        key: The installation's public key.
    """

    id: int
    action: str
    subject: str
    removed: Mapping[str, int] | None
    remaining: Mapping[str, int]
    begun_at: datetime | None
    ended_at: datetime
    key: str


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

    async def append(self, instance_id: str, new: NewReceipt, *, sign: Callable[[str], str]) -> ErasureReceipt:
        """Write a receipt as the next of its book, signed; return it, or the one that was written under its id before."""
        return await retry(lambda: self._append(instance_id, new, sign))

    async def _append(self, book: str, new: NewReceipt, sign: Callable[[str], str]) -> ErasureReceipt:
        params = _place(book) | {"receipt": new.id, "now": new.ended_at}
        async with self._database.control() as connection:
            await execute(connection, "open_book", params)
            head = await (await execute(connection, "lock_book", params)).fetchone()
            if head is None:
                msg = f"the book {book} was opened and is not there"
                raise RuntimeError(msg)
            known = await (await execute(connection, "get_receipt", params)).fetchone()
            if known is not None:
                return _receipt(known["body"])
            counted = json.loads(head["counted"] or "{}") if new.removed is None else new.removed
            receipt = ErasureReceipt(
                receipt_id=encode_public_id(RowRef("receipt", params["bucket"], new.id)),
                book=book,
                sequence=head["sequence"] + 1,
                action=new.action,
                subject=new.subject,
                removed={what: count for what, count in sorted(counted.items()) if count},
                remaining={what: count for what, count in sorted(new.remaining.items()) if count},
                begun_at=new.begun_at or head["begun_at"] or new.ended_at,
                ended_at=new.ended_at,
                previous=head["head"],
                key=new.key,
            )
            sealed = msgspec.structs.replace(receipt, hash=hash_of(receipt))
            sealed = msgspec.structs.replace(sealed, signature=sign(sealed.hash))
            body = msgspec.json.encode(sealed).decode()
            await execute(connection, "insert_receipt", params | {"sequence": sealed.sequence, "body": body})
            await execute(connection, "advance_book", params | {"sequence": sealed.sequence, "head": sealed.hash})
        return sealed

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


def _place(book: str) -> dict[str, Any]:
    return {"bucket": bucket_of(book, "instance", book), "book": book}


def _receipt(body: str) -> ErasureReceipt:
    return msgspec.json.decode(body, type=ErasureReceipt)
