"""Kept receipts read beside a store that was restored from an older backup: what is to be erased again, and whose it is.

A receipt names nobody. The digests of all owners that the store knows are made anew and compared: the installation's secret
comes back with the backup.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synap.api.receipts import ErasureReceipt
from synap.engine.core import Core
from synap.engine.receipts import Subject
from synap.engine.signing import Signer
from synap.errors import NotFoundError

PAGE = 500

OWNERS = frozenset({"user", "customer"})
BOOKS = frozenset({"instance", "client"})
BY_ITSELF = "retention"
"""Its erasures are made again by the workers, as they were the first time."""

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What the store does not know to have been erased.

    Attributes:
        found: Receipts about owners, instances and clients that are in the store, each with whose it is.
        unnamed: Receipts about single memories, documents and conversations, and about what a description fitted: whose they
            are is told by their ids alone.
        absent: Receipts about owners, instances and clients of whom nothing is in the store.
    """

    found: tuple[tuple[ErasureReceipt, Subject], ...] = ()
    unnamed: tuple[ErasureReceipt, ...] = ()
    absent: tuple[ErasureReceipt, ...] = ()


async def erase_again(core: Core, signer: Signer, kept: Sequence[ErasureReceipt]) -> Again:
    """Return what is to be erased again according to kept receipts; looks, and erases nothing.

    Left out is what the store holds the receipt of, and what was erased again since. The receipts must have been checked.
    """
    missing = await _missing(core, kept)
    known = await _subjects(core, signer, {receipt.book for receipt in missing if receipt.action in OWNERS})
    known |= await _books(core, signer, [receipt for receipt in missing if receipt.action in BOOKS])
    whole = [receipt for receipt in missing if receipt.action in OWNERS | BOOKS]
    return Again(
        found=tuple((one, subject) for one in whole if (subject := known.get((one.book, one.subject)))),
        unnamed=tuple(receipt for receipt in missing if receipt.action not in OWNERS | BOOKS),
        absent=tuple(receipt for receipt in whole if (receipt.book, receipt.subject) not in known),
    )


async def _missing(core: Core, kept: Sequence[ErasureReceipt]) -> list[ErasureReceipt]:
    """Return the receipts that the store does not hold and whose erasure was not made again; of an owner the last one."""
    told = {receipt.hash for receipt in kept}
    own: set[str] = set()
    since: defaultdict[_Key, list[ErasureReceipt]] = defaultdict(list)
    for book in sorted({receipt.book for receipt in kept}):
        for receipt in await _all_of(core, book):
            own.add(receipt.hash)
            if receipt.hash not in told:
                since[_key(receipt)].append(receipt)
    lost: defaultdict[_Key, list[ErasureReceipt]] = defaultdict(list)
    for receipt in kept:
        if receipt.hash not in own and receipt.action != BY_ITSELF:
            lost[_key(receipt)].append(receipt)
    return [receipt for key, some in lost.items() for receipt in _left(some, since[key])]


def _left(lost: Sequence[ErasureReceipt], since: Sequence[ErasureReceipt]) -> Sequence[ErasureReceipt]:
    """Return which of the lost erasures of one subject are to be made again, after some were."""
    again = sum(receipt.ended_at > lost[-1].ended_at for receipt in since)
    if lost[-1].action in OWNERS | BOOKS:
        return [] if again else lost[-1:]
    return lost[again:]


async def _subjects(core: Core, signer: Signer, books: set[str]) -> dict[tuple[str, str], Subject]:
    """Return the customers and users of instances, by instance and digest."""
    found: dict[tuple[str, str], Subject] = {}
    if not books:
        return found
    async for scope in core.store.embeddings.scopes():
        if scope.space in books:
            owners = [Subject.of(scope)] if scope.user_id is not None else []
            owners += [Subject(customer_id=scope.customer_id)] if scope.customer_id is not None else []
            _note(found, signer, scope.space, owners)
    return found


async def _books(core: Core, signer: Signer, receipts: Sequence[ErasureReceipt]) -> dict[tuple[str, str], Subject]:
    """Return the instances and clients that receipts end the books of and that are there, by themselves and digest."""
    found: dict[tuple[str, str], Subject] = {}
    for receipt in receipts:
        read = core.store.accounts.client if receipt.action == "client" else core.store.accounts.instance
        try:
            await read(receipt.book)
        except NotFoundError:
            continue
        _note(found, signer, receipt.book, [Subject(item=receipt.book)])
    return found


def _note(found: dict[tuple[str, str], Subject], signer: Signer, book: str, subjects: Iterable[Subject]) -> None:
    found.update({(book, subject.digest(signer, book)): subject for subject in subjects})


async def _all_of(core: Core, book: str) -> list[ErasureReceipt]:
    found: list[ErasureReceipt] = []
    while page := await core.store.receipts.page(book, after=found[-1].sequence if found else 0, limit=PAGE):
        found += page
    return found


def _key(receipt: ErasureReceipt) -> _Key:
    return receipt.book, receipt.action, receipt.subject
