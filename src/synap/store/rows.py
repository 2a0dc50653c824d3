"""Between rows and the domain: numbers for types and states, vectors and terms as text, memories out of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from synap.domain.documents import Role
from synap.domain.ids import RowRef, decode_public_id, encode_public_id
from synap.domain.memories import RECORD_EXTRACTOR, Evidence, Memory, MemoryStatus, MemoryType, Statement
from synap.domain.scopes import WORLD_SPACE, Scope
from synap.store.database import OPERATOR

TYPES = (
    MemoryType.FACT,
    MemoryType.PREFERENCE,
    MemoryType.EPISODE,
    MemoryType.EMOTION,
    MemoryType.TEMPORAL_EVENT,
)
"""Position = number in the tables: append only, never reorder."""

STATUSES = (MemoryStatus.ACTIVE, MemoryStatus.SUPERSEDED, MemoryStatus.RETRACTED, MemoryStatus.DELETED)
"""Position = number in the tables: append only, never reorder."""

SEGMENT_LIVE, SEGMENT_WITHHELD, SEGMENT_BLANKED = 0, 1, 2

MASK_BITS = 24
"""Query terms that one inner product can tell apart: sums of powers of two stay exact in its 32-bit floats."""

EXCERPT_CONFIDENCE = 0.5
EXCERPT_TYPES = frozenset({MemoryType.FACT, MemoryType.EPISODE})
"""Types as which segments are served."""

_TERM_SPACE = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What the column `detail` holds: the statement whole, and what it rests on."""

    statement: Statement
    evidence: tuple[Evidence, ...] = ()


_details = msgspec.msgpack.Decoder(Detail)


def encode_detail(statement: Statement, evidence: Sequence[Evidence]) -> bytes:
    """Return the bytes of the column `detail` (MessagePack)."""
    return msgspec.msgpack.encode(Detail(statement=statement, evidence=tuple(evidence)))


def decode_detail(data: bytes) -> Detail:
    """Return what `encode_detail` packed."""
    return _details.decode(data)


def vector_of(vector: Any) -> NDArray[np.float32] | None:
    """Return a vector, given as any sequence of floats, as the driver sends it; None stays None."""
    return None if vector is None else np.asarray(vector, dtype=np.float32)


def terms_text(hashes: Iterable[int]) -> str:
    """Return hashed terms as a sparse vector of ones: what the column `terms` holds."""
    return "{" + ",".join(f"{index}:1" for index in sorted({term_index(term) for term in hashes})) + f"}}/{_TERM_SPACE}"


def mask_texts(hashes: Sequence[int], *, chunks: int) -> list[str]:
    """Return the first query terms as `chunks` sparse vectors with negative powers of two, `MASK_BITS` terms in each.

    pgvector's `<#>` is the negative inner product: with a row's terms it gives a number whose bits tell which of the
    query's terms the row holds.
    """
    indexes = list(dict.fromkeys(term_index(term) for term in hashes))
    texts = []
    for start in range(0, chunks * MASK_BITS, MASK_BITS):
        bits = sorted((index, -(1 << bit)) for bit, index in enumerate(indexes[start : start + MASK_BITS]))
        texts.append("{" + ",".join(f"{index}:{value}" for index, value in bits) + f"}}/{_TERM_SPACE}")
    return texts


def term_index(term: int) -> int:
    """Return a term's place in the sparse vectors, 1..10^9."""
    return term % _TERM_SPACE + 1


def role_for(scope: Scope) -> str | None:
    """Return the database role that may write `scope`: the operator's for WORLD, the connection's own (None) else."""
    return OPERATOR if scope.space == WORLD_SPACE else None


def place(scope: Scope) -> dict[str, Any]:
    """Return the two parameters that nearly every statement takes."""
    return {"bucket": scope.bucket, "scope": scope.id}


def scope_of(row: Mapping[str, Any]) -> Scope:
    """Return the scope of a row with `space`, `rung`, `customer_id`, `user_id` (the last two may be null)."""
    pairs = (("customer", row["customer_id"]), ("user", row["user_id"]))
    return Scope(
        rung=row["rung"], space=row["space"], ids=tuple((level, value) for level, value in pairs if value is not None)
    )


def memory_ref(scope: Scope, row_id: int) -> str:
    """Return the public id of a memory of `scope`."""
    return encode_public_id(RowRef("memory_shared" if scope.shared else "memory", scope.bucket, row_id))


def entity_ref(scope: Scope, row_id: int) -> str:
    """Return the public id of an entity of `scope`."""
    return encode_public_id(RowRef("entity", scope.bucket, row_id))


def segment_ref(scope: Scope, row_id: int) -> str:
    """Return the public id of a segment of `scope`."""
    return encode_public_id(RowRef("segment_shared" if scope.shared else "segment", scope.bucket, row_id))


def row_id_of(public_id: str) -> int:
    """Return the row id inside a public id of ours.

    Raises:
        ValueError: It is none.
    """
    ref = decode_public_id(public_id)
    if ref is None:
        msg = f"{public_id!r} is no id of a row"
        raise ValueError(msg)
    return ref.row_id


def memory_of(row: Mapping[str, Any], scope: Scope, metadata: Mapping[str, Any] | None = None) -> Memory:
    """Return the memory of a row with the columns of the statement `get_memories`.

    Args:
        row: The columns; `document_metadata` is not read when `metadata` is given.
        scope: Its owner.
        metadata: The source's metadata where it is decoded already.
    """
    detail = decode_detail(row["detail"])
    statement = detail.statement
    if statement.valid_until != row["valid_until"]:
        statement = replace(statement, valid_until=row["valid_until"])
    by: int | None = row["superseded_by"]
    return Memory(
        id=memory_ref(scope, row["id"]),
        scope=scope,
        statement=statement,
        evidence=detail.evidence,
        document_id=row["document_key"] or "",
        status=STATUSES[row["status"]],
        recorded_at=row["recorded_at"],
        superseded_at=row["superseded_at"],
        superseded_by=None if by is None else memory_ref(scope, by),
        seen_at=row["seen_at"],
        seen_count=row["seen_count"],
        tokens=row["tokens"],
        extractor=row["extractor"],
        metadata=decode_metadata(row["metadata"] or row["document_metadata"]) if metadata is None else metadata,
        reason=row.get("reason", ""),
    )


def excerpt_of(row: Mapping[str, Any], scope: Scope, metadata: Mapping[str, Any]) -> Memory:
    """Return a segment as a memory of lower confidence: a fact of a document or record, an episode of a dialogue.

    The content is as stored, with the speaker's label or the headings above; the evidence quotes the document alone,
    and the metadata is the source's with `excerpt: True`. The content of a record is the record itself.
    """
    record = row["role"] == Role.RECORD
    author = record or row["role"] == Role.AUTHOR
    statement = Statement(
        type=MemoryType.FACT if author else MemoryType.EPISODE,
        content=row["quote"] if record else row["content"],
        confidence=EXCERPT_CONFIDENCE,
        score=EXCERPT_CONFIDENCE,
        subject=row["speaker"] or ("" if author else "the user"),
        said_at=row["said_at"],
        verbatim=True,
    )
    evidence = Evidence(
        document_id=row["document_key"],
        start=row["start_at"],
        end=row["end_at"],
        quote="" if record else row["quote"],
        turn_id=row["turn_id"],
        segment=row["ordinal"],
    )
    return Memory(
        id=segment_ref(scope, row["id"]),
        scope=scope,
        statement=statement,
        evidence=(evidence,),
        document_id=row["document_key"],
        recorded_at=row["recorded_at"],
        tokens=row["tokens"],
        extractor=RECORD_EXTRACTOR if record else "segment@1",
        metadata={**metadata, "excerpt": True},
    )


def decode_metadata(text: str | None) -> dict[str, Any]:
    """Return a metadata column that was read as text."""
    decoded: dict[str, Any] = msgspec.json.decode(text) if text else {}
    return decoded


def encode_json(value: Any) -> str:
    """Return JSON text for a `jsonb` parameter."""
    return msgspec.json.encode(value).decode()


def milliseconds(moment: datetime) -> int:
    """Return a moment as whole milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
