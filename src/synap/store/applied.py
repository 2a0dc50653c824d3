"""What the work on a document leaves behind, and how its ingestion and its job go on from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from synap.domain.documents import IngestionStatus
from synap.domain.memories import Changes
from synap.domain.resolution import Linking
from synap.domain.scopes import Scope
from synap.store.changes import Origin
from synap.store.database import Connection
from synap.store.queue import Job, give_back
from synap.store.rows import place
from synap.store.statements import Slot, execute
from synap.store.stored_documents import StoredDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many pieces of a large document are done, of how many, and whether the turn that goes on there is not for us."""

    reached: int
    pieces: int
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """All that the work on one document changes, with the job whose end it is.

    Attributes:
        job: The job, held by this worker.
        document: The document as it was loaded.
        changes: New memories, supersessions, refreshes.
        vectors: Vectors of the document's segments, by their row ids.
        slot: Vector column that belongs to the embedder which made the vectors.
        status, message: `completed` or `partial_success`, and what went wrong in part, or None.
        degraded, warnings: Whether a part was not done as configured, and what there is to say about it.
        now: The moment from which all this is believed.
        linking: How the names in the new memories are linked; None where they are not.
        progress: How far the document has come with this; None where it is all of it.
    """

    job: Job
    document: StoredDocument
    changes: Changes
    vectors: Mapping[int, Any] = field(default_factory=dict)
    slot: Slot = "emb"
    status: IngestionStatus = IngestionStatus.COMPLETED
    message: str | None = None
    degraded: bool = False
    warnings: tuple[str, ...] = ()
    now: datetime
    linking: Linking | None = field(default_factory=Linking)
    progress: Progress | None = None

    @property
    def last(self) -> bool:
        """Whether nothing of the document is left to do after it."""
        return self.progress is None or self.progress.reached >= self.progress.pieces


def origin_of(applied: Applied) -> Origin:
    """Return where the memories of a document come from."""
    document = applied.document
    ordinals = (segment.ordinal for segment in document.prepared.segments)
    return Origin(
        instance_id=applied.job.instance_id,
        document_row=document.row,
        document_id=document.document_id,
        segment_rows=dict(zip(ordinals, document.segment_rows, strict=True)),
        linking=applied.linking,
    )


async def note_end(
    connection: Connection, scope: Scope, applied: Applied, created: list[int], *, message: str | None, last: bool
) -> None:
    """Send the end of an ingestion and its job, or that both are to go on."""
    params = place(scope) | {
        "ingestion": applied.job.ingestion_id,
        "status": applied.status.value,
        "now": applied.now,
        "created": len(created),
        "memories": created,
        "message": message,
        "degraded": applied.degraded,
        "warnings": list(applied.warnings),
        "job": applied.job.id,
        "reached": applied.progress and applied.progress.reached,
        "pieces": applied.progress and applied.progress.pieces,
        "closed": applied.progress and applied.progress.closed,
        "last": last,
    }
    await execute(connection, "note_ingestion", params)
    if last:
        await execute(connection, "delete_job", params)
    else:
        await give_back(connection, scope, applied.job, now=applied.now)
