"""Requests and results of `data.*`, `memories.forget` and `user.profile`: what is kept of somebody, told or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from synap.api.receipts import ErasureReceipt


class DeleteData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose data to delete.

    Attributes:
        scope: `user`, `conversation` or `customer`; the last needs a management key.
        instance_id: The instance; with an application key it may be left out, and must be the key's own.
        user_id: The user; of a conversation, where given, its owner.
        customer_id: The customer; with a user, the user's.
        conversation_id: The conversation.
        dry_run: Count, and delete nothing.
        confirm: The id of what is deleted, once more; not needed for a dry run.
    """

    scope: str
    instance_id: str | None = None
    user_id: str | None = None
    customer_id: str | None = None
    conversation_id: str | None = None
    dry_run: bool = False
    confirm: str | None = None


class DataDeletion(msgspec.Struct, frozen=True, kw_only=True, rename={"continues": "continue"}):
    """How far a deletion has come.

    Attributes:
        status: `complete`; `partial` where the count after it found something; `in_progress`; `dry_run`.
        scope: `user`, `conversation` or `customer`.
        deletion_id: Id of its record; None for a dry run.
        dry_run: Whether it only counted.
        found: Whether there was anything.
        counts: Rows deleted so far, or of a dry run those there are, by what they are.
        stores: Per store what was removed and, counted after the end, what remains.
        still_present_in: What remains, by name.
        fully_removed: Whether the count after the end found nothing.
        continues: Whether the same call has to be made again; `continue` on the wire.
        kept: What stays by design.
        note: The same in a sentence.
        memories_kept: Whether memories learned from it stay, as they do of a conversation.
        audit: Where the audit trail tells of it.
        begun_at, ended_at: When.
        receipt: The signed receipt, once it has ended.
    """

    status: str
    scope: str
    deletion_id: str | None = None
    dry_run: bool = False
    found: bool = False
    counts: Mapping[str, int] = {}
    stores: Mapping[str, Mapping[str, int]] = {}
    still_present_in: tuple[str, ...] = ()
    fully_removed: bool = False
    continues: bool = False
    kept: tuple[str, ...] = ()
    note: str = ""
    memories_kept: bool = False
    audit: str = ""
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    receipt: ErasureReceipt | None = None


class ForgetMemories(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a user wants forgotten, in words (3..500 characters); `mode` is `preview` or `direct`."""

    description: str
    user_id: str | None = None
    customer_id: str | None = None
    mode: str = "preview"


class ForgetCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that a description fits."""

    memory_id: str
    content: str
    memory_type: str
    store: str = "postgresql"


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What a description fits, and what became of it.

    Attributes:
        status: `nothing_matches`, `preview`, `deleted`, or `partial` where one could not be deleted.
        request_id: Id of the request, which the audit trail tells.
        candidates: What the description fits, best first.
        deleted_ids: Those that were erased.
        failed_ids: Those that could not be.
        still_present_in: Where one of the erased was still found, looked up afterwards.
        may_be_incomplete: Whether more may fit than was looked at, or meaning could not be compared.
        receipt_id: Of the receipt of what was erased; None where nothing was.
    """

    status: str
    request_id: str = ""
    candidates: tuple[ForgetCandidate, ...] = ()
    deleted_ids: tuple[str, ...] = ()
    failed_ids: tuple[str, ...] = ()
    still_present_in: tuple[str, ...] = ()
    may_be_incomplete: bool = False
    receipt_id: str | None = None


class ProfileAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """What is known under one name; `source_conversation_id` is empty where no conversation told it."""

    value: str
    confidence: float
    updated_at: datetime
    source_conversation_id: str = ""


class UserProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A user in short: attributes by name, a few sentences, and under `extras` the strongest preferences."""

    attributes: Mapping[str, ProfileAttribute] = {}
    overview: str = ""
    extras: Mapping[str, Any] = {}
    meta: Mapping[str, Any] = msgspec.field(name="_meta", default={})


class UserProfileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A profile on the wire."""

    profile: UserProfile
