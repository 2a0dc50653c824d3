"""What a restored store must erase again, with the command that does it: for people a table, for scripts an object."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path

import msgspec

from synap.api.receipts import ErasureReceipt
from synap.cli.output import emit_json, emit_lines, emit_table
from synap.engine.kept_receipts import Again
from synap.engine.receipts import Subject


class EraseAgain(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure to be made again: whose, and how."""

    receipt_id: str
    book: str
    action: str
    ended_at: datetime
    customer_id: str | None
    user_id: str | None
    command: str


class ToErase(msgspec.Struct, frozen=True, kw_only=True):
    """What kept receipts tell that the store does not know.

    Attributes:
        again: What is found in the store.
        ids_needed: Receipts about single memories, documents and conversations: whose, their ids tell.
        absent: How many receipts are about somebody of whom nothing is in the store.
    """

    again: tuple[EraseAgain, ...]
    ids_needed: tuple[ErasureReceipt, ...]
    absent: int


def to_erase(found: Again, *, default_instance: str, data_dir: Path | None) -> ToErase:
    """Return what was found, each with its command."""
    return ToErase(
        again=tuple(
            EraseAgain(
                receipt_id=receipt.receipt_id,
                book=receipt.book,
                action=receipt.action,
                ended_at=receipt.ended_at,
                customer_id=subject.customer_id,
                user_id=subject.user_id,
                command=_command(receipt, subject, default_instance, data_dir),
            )
            for receipt, subject in found.found
        ),
        ids_needed=found.unnamed,
        absent=len(found.absent),
    )


def show_to_erase(found: ToErase, *, as_json: bool) -> None:
    """Print what is to be erased again."""
    if as_json:
        emit_json(found)
        return
    for one in found.again:
        whose = ", ".join(
            f"{what} {name}" for what, name in (("customer", one.customer_id), ("user", one.user_id)) if name
        )
        emit_lines(
            [
                f"{one.action} erased {one.ended_at:%Y-%m-%d %H:%M}: {whose or one.book}, of {one.book}",
                f"  {one.command}",
            ]
        )
    if found.ids_needed:
        emit_lines(
            [
                "of single memories, documents and conversations only their ids tell whose they were; this compares:",
                "  synap receipts find --file FILE --instance INSTANCE --user USER --item ID (or --conversation ID)",
            ]
        )
        emit_table(
            ("erased", "what", "book", "receipt"),
            ((one.ended_at, one.action, one.book, one.receipt_id) for one in found.ids_needed),
        )
    if found.absent:
        emit_lines([f"{found.absent} receipts are about somebody of whom nothing is in this store"])
    if not (found.again or found.ids_needed):
        emit_lines(["nothing is to be erased again"])


def _command(receipt: ErasureReceipt, subject: Subject, default_instance: str, data_dir: Path | None) -> str:
    """Return the command that erases again; a user of another instance than the process's own takes a key of that instance."""
    words = ["synap"]
    if receipt.action in ("instance", "client"):
        words += [f"{receipt.action}s", "delete", receipt.book]
    else:
        words += ["data", "delete"]
        for option, value in (("--customer", subject.customer_id), ("--user", subject.user_id)):
            words += [] if value is None else [f"{option}={value}"]
        words += ["--instance", receipt.book] if receipt.action == "customer" else []
    if receipt.action == "user" and receipt.book != default_instance:
        words += ["--url", "URL", "--api-key", f"KEY_OF_{receipt.book}"]
    elif data_dir is not None:
        words += ["--data-dir", str(data_dir)]
    return shlex.join([*words, "--yes"])
