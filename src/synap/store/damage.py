"""Damage: the ways in which the tables can be wrong, and what is found of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from synap.domain.scopes import Scope
from synap.store.statements import Slot

HORIZON = timedelta(hours=1)
"""No job waits, and no lease holds, for longer than this; see `synap.engine.worker.Pace`."""


class Kind(StrEnum):
    """A way in which the tables can be wrong."""

    UNWORKED_INGESTION = "unworked_ingestion"
    ENDED_INGESTION_WITH_JOB = "ended_ingestion_with_job"
    DOUBLED_JOB = "doubled_job"
    JOB_WITHOUT_LANE = "job_without_lane"
    JOB_OUT_OF_TIME = "job_out_of_time"
    JOB_WITHOUT_INGESTION = "job_without_ingestion"
    COMPACTION_WITHOUT_JOB = "compaction_without_job"
    DOCUMENT_WITHOUT_INGESTION = "document_without_ingestion"
    SEGMENT_WITHOUT_DOCUMENT = "segment_without_document"
    MEMORY_WITHOUT_DOCUMENT = "memory_without_document"
    MEMORY_WITHOUT_LOCATOR = "memory_without_locator"
    MENTION_WITHOUT_MEMORY = "mention_without_memory"
    LOST_MEMORY = "lost_memory"
    NAME_OF_ERASED_DOCUMENT = "name_of_erased_document"
    VECTOR_OF_ERASED_SEGMENT = "vector_of_erased_segment"
    MEMORY_WITHOUT_VECTOR = "memory_without_vector"
    SEGMENT_WITHOUT_VECTOR = "segment_without_vector"
    MEMORY_WITH_FOREIGN_VECTOR = "memory_with_foreign_vector"
    SEGMENT_WITH_FOREIGN_VECTOR = "segment_with_foreign_vector"
    MEMORY_WITH_FORGOTTEN_VECTOR = "memory_with_forgotten_vector"
    SEGMENT_WITH_FORGOTTEN_VECTOR = "segment_with_forgotten_vector"


REPORTED = frozenset({Kind.MEMORY_WITHOUT_DOCUMENT, Kind.LOST_MEMORY})
"""What nothing mends: what is gone cannot be made again. A backup has it, or whoever handed the document in."""

NEEDING_VECTORS = frozenset({Kind.MEMORY_WITHOUT_VECTOR, Kind.SEGMENT_WITHOUT_VECTOR})
FOREIGN = frozenset({Kind.MEMORY_WITH_FOREIGN_VECTOR, Kind.SEGMENT_WITH_FOREIGN_VECTOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which vector column reads use and how long its vectors are, and the one that no embedder has, if any."""

    live: Slot
    dim: int
    free: Slot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A scope that was written, and the instance that wrote it first."""

    scope: Scope
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Rows of one kind of damage in one scope."""

    kind: Kind
    held: Held
    rows: tuple[int, ...]
