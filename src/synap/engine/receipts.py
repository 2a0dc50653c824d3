"""Receipts of erasures: given out with an erasure, read, and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from synap.api.receipts import ErasureReceipt, ReceiptPage
from synap.domain.ids import RowRef
from synap.domain.scopes import Scope, bucket_of
from synap.engine.core import Core
from synap.engine.signing import Signer, new_secret
from synap.errors import InvalidInputError
from synap.store.receipts import NewReceipt
from synap.store.scopes import by_bucket

MOST_LISTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose, or which, something was that was erased; what is None plays no part."""

    customer_id: str | None = None
    user_id: str | None = None
    conversation: str | None = None
    item: str | None = None

    @classmethod
    def of(cls, scope: Scope, *, conversation: str | None = None, item: str | None = None) -> Subject:
        """Return the subject of a scope, or of something in it."""
        return cls(customer_id=scope.customer_id, user_id=scope.user_id, conversation=conversation, item=item)

    def digest(self, signer: Signer, book: str) -> str:
        """Return what a receipt tells of it."""
        return signer.digest(
            book, *(part or "" for part in (self.customer_id, self.user_id, self.conversation, self.item))
        )


async def signer_of(core: Core) -> Signer:
    """Return the installation's signer; the first call of all makes its key."""
    return Signer(await core.store.receipts.secret(fresh=new_secret(), now=core.clock.now()))


def due(
    core: Core,
    signer: Signer,
    book: str,
    subject: Subject,
    *,
    action: str,
    removed: Mapping[str, int] | None = None,
    remaining: Mapping[str, int] | None = None,
    begun_at: datetime | None = None,
    receipt: int | None = None,
) -> NewReceipt:
    """Return the receipt of an erasure, to be written by the transaction that erases, or the last one of several.

    Args:
        core: The parts.
        signer: Of the installation.
        book: The instance, the client or `world`, whose chain it belongs to.
        subject: Whose or which it was.
        action: What was erased.
        removed: Rows erased; None for what the transaction counts, or what was counted when the book's instance or client
            was closed.
        remaining: Rows found afterwards.
        begun_at: When it began; None for now, or for when the book's instance or client was closed.
        receipt: Row id, where the same erasure may come here twice; a fresh one else.
    """
    return NewReceipt(
        id=core.store.ids.next() if receipt is None else receipt,
        book=book,
        action=action,
        subject=subject.digest(signer, book),
        removed=removed,
        remaining=remaining or {},
        begun_at=begun_at,
        ended_at=core.clock.now(),
        key=signer.key,
        sign=signer.sign,
    )


async def close_book(core: Core, book: str, scopes: Sequence[Scope], **counted: int) -> None:
    """Count what there is of an instance or client that was closed, before any of it goes."""
    counts = await count(core, book, scopes)
    await core.store.receipts.note_counted(book, {**counts, **counted}, now=core.clock.now())


async def count(core: Core, book: str, scopes: Sequence[Scope]) -> dict[str, int]:
    """Return how many rows there are in scopes of any buckets, by what they are."""
    found: dict[str, int] = {}
    for group in by_bucket(scopes):
        for what, number in (await core.store.erasure.counts(group, instance_id=book)).items():
            found[what] = found.get(what, 0) + number
    return found


def last_id(book: str) -> int:
    """Return the row id of the receipt that ends a book: an instance or client is deleted once."""
    return int.from_bytes(hashlib.blake2b(book.encode(), digest_size=8, person=b"synap-receipt").digest(), "big") >> 1


async def find(core: Core, book: str, row_id: int) -> ErasureReceipt | None:
    """Return the receipt of a book under a row id, or None."""
    return await core.store.receipts.get(book, RowRef("receipt", bucket_of(book, "instance", book), row_id))


async def page(core: Core, book: str, *, after: int = 0, limit: int = 100) -> ReceiptPage:
    """Return receipts of a book in the order of its chain.

    Raises:
        InvalidInputError: `after` or `limit` is out of range.
    """
    if not 1 <= limit <= MOST_LISTED:
        raise InvalidInputError(f"limit must be a whole number from 1 to {MOST_LISTED}", field="limit")
    if not 0 <= after < 2**31:
        raise InvalidInputError("after must be the sequence number that an earlier page ended with", field="after")
    rows = await core.store.receipts.page(book, after=after, limit=limit + 1)
    more = len(rows) > limit
    signer = await signer_of(core)
    return ReceiptPage(data=tuple(rows[:limit]), key=signer.key, after=rows[limit - 1].sequence if more else None)
