"""Receipts of erasures: what was removed, when, and a digest of whom; chained, signed, and free of personal data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

VERSION = 1
"""Of the form of a receipt; a reader refuses others."""

_SEALING = ("hash", "signature")


class ErasureReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the installation vouches for after an erasure.

    Attributes:
        version: Of this form.
        receipt_id: Its id.
        book: The instance or client whose chain it belongs to, or `world`.
        sequence: Its place in the chain, from 1.
        action: What was erased: `memory`, `memories`, `document`, `conversation`, `user`, `customer`, `instance`, `client`;
            or `retention` for what was past its age.
        subject: Digest of whose or which, made with the installation's key, so that only the installation can tell
            whether it is about somebody (`synap receipts verify --user ...`); hex.
        method: `logical`: gone from every answer and every row; the disk is the purge's affair.
        removed: Rows erased, by what they were.
        remaining: Rows found by a count after the end, by what they are; empty where nothing was left.
        begun_at, ended_at: When.
        previous: Hash of the receipt before it, empty for the first.
        key: The installation's public key, Ed25519, hex.
        hash: SHA-256 over all of the above, hex.
        signature: Of that hash, hex.
    """

    version: int = VERSION
    receipt_id: str
    book: str
    sequence: int
    action: str
    subject: str
    method: str = "logical"
    removed: Mapping[str, int] = {}
    remaining: Mapping[str, int] = {}
    begun_at: datetime
    ended_at: datetime
    previous: str = ""
    key: str = ""
    hash: str = ""
    signature: str = ""


class ReceiptPage(msgspec.Struct, frozen=True, kw_only=True):
    """Receipts of one book in the order of the chain.

    Attributes:
        data: The receipts.
        key: The installation's public key, hex; what a receipt must be signed with.
        after: Where the next page begins; None after the last.
    """

    data: tuple[ErasureReceipt, ...]
    key: str
    after: int | None = None


class ReceiptBooks(msgspec.Struct, frozen=True, kw_only=True):
    """Which instances and clients there are receipts of, each with the number of its last one; on the wire."""

    books: Mapping[str, int] = {}


class ReceiptCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of receipts found: how many, and what is wrong with them; good where `problems` is empty."""

    receipts: int
    problems: tuple[str, ...] = ()


def hash_of(receipt: ErasureReceipt) -> str:
    """Return the SHA-256 of a receipt, hex: over its fields but `hash` and `signature`, as JSON with sorted keys."""
    values: dict[str, Any] = msgspec.to_builtins(receipt)
    for name in _SEALING:
        values.pop(name)
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()


def problems_of(
    receipts: Sequence[ErasureReceipt], *, key: str, signed: Callable[[str, str, str], bool], whole: bool = False
) -> tuple[str, ...]:
    """Return what is wrong with receipts of one book in the order of their chain.

    Args:
        receipts: The receipts.
        key: The public key that they must be signed with.
        signed: Whether a signature is one of a text by a public key: `signed(key, text, signature)`.
        whole: Whether they must begin with the first of the book.
    """
    found: list[str] = []
    before: ErasureReceipt | None = None
    for receipt in receipts:
        named = f"receipt {receipt.receipt_id} ({receipt.sequence})"
        if receipt.version != VERSION:
            found.append(f"{named} is of version {receipt.version}, and this release reads {VERSION}")
        elif hash_of(receipt) != receipt.hash:
            found.append(f"{named} was changed: its hash is another one")
        elif receipt.key != key or not signed(key, receipt.hash, receipt.signature):
            found.append(f"{named} is not signed by this installation")
        if before is None:
            if whole and (receipt.sequence != 1 or receipt.previous):
                found.append(f"{named} is the first there is, but not the first of its chain: earlier ones are missing")
        elif receipt.book != before.book:
            found.append(f"{named} belongs to another chain")
        elif receipt.sequence != before.sequence + 1 or receipt.previous != before.hash:
            found.append(f"{named} does not follow the one before it: one was removed, put in or put elsewhere")
        before = receipt
    return tuple(found)
