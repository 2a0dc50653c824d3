"""Requests and results of `memories.*`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from synap.domain.documents import Turn


class StructuredMemory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A memory that the caller has already made: written as it is, without extraction.

    `type` is one of the five kinds; `score` is the type's own measure, 0..1; dates are ISO 8601.
    """

    type: str
    content: str
    confidence: float = 1.0
    score: float | None = None
    category: str = ""
    subject: str = ""
    event_date: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    participants: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    attribute: str = ""
    value: str = ""


class CreateMemory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document to be remembered, or memories to be written directly.

    Exactly one of `document` and `memories` is given. `document` is text or turns; an object is taken for its JSON text,
    or for the turns that it holds alone under `messages` or `turns`. Types and ranges are checked by
    the engine, so that every door refuses alike; here they are as the caller gave them.
    """

    document: str | tuple[Turn, ...] | None = None
    document_type: str = "ai-chat-conversation"
    user_id: str | None = None
    customer_id: str | None = None
    mode: str = "long-range"
    document_id: str | None = None
    document_created_at: datetime | None = None
    metadata: Mapping[str, Any] = {}
    memories: tuple[StructuredMemory, ...] | None = None
    on_duplicate: str = "update"


class UploadMemory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file to be remembered. The ending of `filename` tells its kind; `document_type` None follows from that."""

    filename: str
    content: bytes
    document_type: str | None = None
    user_id: str | None = None
    customer_id: str | None = None
    mode: str = "long-range"
    document_id: str | None = None
    document_created_at: datetime | None = None
    metadata: Mapping[str, Any] = {}
    on_duplicate: str = "update"


class Ingestion(msgspec.Struct, frozen=True, kw_only=True):
    """One document's way through the pipeline.

    `status` is `queued`, `processing`, `completed`, `failed` or `partial_success`; `scope` the rung it was written to;
    `duplicate` tells that the same content was there already and this is its first ingestion. `degraded` tells that a part
    of the work was not done as configured, for example without the language model that was wanted; each of the `warnings`
    begins with a stable code. `progress` is the share of a large document, 0 to 1, that has been worked through so far;
    None for a document that is worked through at once.
    """

    ingestion_id: str
    document_id: str
    status: str
    queued_at: datetime
    scope: str = ""
    duplicate: bool = False
    started_at: datetime | None = None
    completed_at: datetime | None = None
    memories_created: int = 0
    memory_ids: tuple[str, ...] = ()
    error_message: str | None = None
    degraded: bool = False
    warnings: tuple[str, ...] = ()
    progress: float | None = None


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch: one row per document, in order; failed rows are complete as well.

    `memory_count` is None until every ingestion has come to an end.
    """

    batch_id: str
    total: int
    succeeded: int
    failed: int
    memory_count: int | None = None
    results: tuple[Ingestion, ...] = ()


class EvidenceRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The passage of a document that a memory rests on; offsets are code points in the stored text."""

    document_id: str
    start: int
    end: int
    quote: str
    turn_id: str | None = None


class AttributeRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An attribute that a memory settles: whose, which, and the value, in normal form; `holds` is false where it ended.

    `single` tells that there is one value at a time, so that a newer one takes its place.
    """

    subject: str
    name: str
    value: str
    holds: bool = True
    single: bool = False


class MemoryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A single memory, as `get`, `list`, `update` and `history` give it.

    `valid_from` and `valid_until` tell when it holds in the world, `recorded_at` and `superseded_at` when we believed it.
    `reason` tells in a few words why it ended, and `attributes` what it settles: in a history, the old value and the new.
    """

    memory_id: str
    memory_type: str
    content: str
    confidence: float
    score: float
    scope: str
    status: str
    created_at: datetime
    subject: str = ""
    category: str = ""
    customer_id: str | None = None
    user_id: str | None = None
    entities: tuple[str, ...] = ()
    evidence: tuple[EvidenceRecord, ...] = ()
    event_date: datetime | None = None
    event_end: datetime | None = None
    event_precision: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    said_at: datetime | None = None
    updated_at: datetime | None = None
    superseded_at: datetime | None = None
    superseded_by: str | None = None
    source_document_id: str = ""
    extractor: str = ""
    metadata: Mapping[str, Any] = {}
    reason: str = ""
    attributes: tuple[AttributeRecord, ...] = ()


class UndoIngestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which ingestion to undo; with `preview` nothing is changed, and the answer tells what would be."""

    ingestion_id: str
    preview: bool = False
    customer_id: str | None = None
    user_id: str | None = None


class UndoneIngestion(msgspec.Struct, frozen=True, kw_only=True):
    """What undoing an ingestion did: memories that are gone with their document, and those that are believed again.

    Those of `rewritten_ids` were said by another document too, and now say it in the words of that one.
    `receipt_id` names the receipt of what is gone; None for a preview.
    """

    ingestion_id: str
    document_id: str
    preview: bool = False
    removed_ids: tuple[str, ...] = ()
    restored_ids: tuple[str, ...] = ()
    rewritten_ids: tuple[str, ...] = ()
    receipt_id: str | None = None


class RetractionCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that a pending retraction may mean."""

    memory_id: str
    content: str


class PendingRetraction(msgspec.Struct, frozen=True, kw_only=True):
    """What a user took back without it being clear what was meant: nothing is retracted until somebody says."""

    retraction_id: str
    ingestion_id: str
    topic: str
    evidence: EvidenceRecord
    recorded_at: datetime
    said_at: datetime | None = None
    candidates: tuple[RetractionCandidate, ...] = ()


class SettleRetraction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a pending retraction meant: memories of the same scope; none of them lets it go without effect."""

    retraction_id: str
    memory_ids: tuple[str, ...] = ()
    customer_id: str | None = None
    user_id: str | None = None


class SettledRetraction(msgspec.Struct, frozen=True, kw_only=True):
    """A retraction that is no longer pending, and the memories that were retracted."""

    retraction_id: str
    retracted_ids: tuple[str, ...] = ()


class MemoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list; `total` counts what the caller may see, nothing else."""

    data: tuple[MemoryRecord, ...]
    page: int
    page_size: int
    total: int
    total_pages: int


class ListMemories(msgspec.Struct, frozen=True, kw_only=True):
    """Which memories to list: those of exactly one scope (no broader ones), newest first."""

    customer_id: str | None = None
    user_id: str | None = None
    page: int = 1
    page_size: int = 20
    type: str | None = None
    status: str = "active"


class UpdateMemory(msgspec.Struct, frozen=True, kw_only=True):
    """New text for a memory, an object being taken for its JSON text; `merge_strategy` is `replace`, `append` or `smart-merge`."""

    memory_id: str
    document: str
    merge_strategy: str = "smart-merge"
    document_type: str | None = None
    metadata: Mapping[str, Any] | None = None
    customer_id: str | None = None
    user_id: str | None = None


class DeletedMemory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A memory that was erased, with the id of the receipt; WORLD memories have none."""

    memory_id: str
    deleted_at: datetime
    receipt_id: str | None = None
