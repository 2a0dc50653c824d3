"""A document as the worker reads it: whole, or of a long one what is read of it at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from synap.domain.documents import Block, DocumentType, Mode, PreparedDocument, Role, Segment
from synap.domain.scopes import Scope
from synap.errors import NotFoundError
from synap.store.database import Connection, carries
from synap.store.parts import DocumentParts, decode_parts
from synap.store.rows import decode_metadata, place
from synap.store.statements import aside, execute

AT_ONCE = 1024
"""Segments of a document that are read at once; of one that has more only those that the reader asks for."""

_END = 2**31 - 1

Reading: TypeAlias = Callable[[Sequence[Block], int], Sequence[tuple[int, int]]]
"""Tells by a document's blocks, and how many of its pieces are done, which stretches of its text are to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document as the worker reads it.

    Attributes:
        row: Its row id.
        document_id: The caller's id, or the one we made.
        prepared: As it was accepted; of a long document perhaps without the segments that nobody reads now.
        segment_rows: Row ids of the segments, in the order of `prepared.segments`.
        previous: Row id of the version that this one replaced, or None.
        current: Whether no newer version has replaced it.
        reached: Pieces of it that have been worked through before (`synap.ingestion.pieces`).
        closed: Whether the turn that goes on there is not for us.
    """

    row: int
    document_id: str
    document_type: DocumentType
    mode: Mode
    prepared: PreparedDocument
    segment_rows: tuple[int, ...]
    created_at: datetime
    recorded_at: datetime
    metadata: Mapping[str, Any]
    conversation: str | None
    previous: int | None
    current: bool
    reached: int = 0
    closed: bool = False


async def load_document(
    connection: Connection, scope: Scope, ingestion_id: int, reading: Reading | None
) -> StoredDocument:
    """Return the document of an ingestion, as `Documents.load` does, inside a transaction that has entered its scope."""
    params = place(scope) | {"ingestion": ingestion_id}
    ingestion = await (await execute(connection, "get_ingestion", params)).fetchone()
    if ingestion is None or ingestion["document_row"] is None:
        raise NotFoundError("the ingestion has no document any more")
    reached = ingestion["reached"] or 0
    params |= {"document": ingestion["document_row"], "starts": [0], "ends": [_END]}
    params |= {"most": None if reading is None else AT_ONCE}
    async with connection.pipeline():
        documents = await execute(connection, "load_document", params, shared=scope.shared, binary=True)
        segments = await execute(connection, "load_segments", params, shared=scope.shared)
        document, rows = await documents.fetchone(), await segments.fetchall()
    if document is None:
        raise NotFoundError("the document has been erased")
    carries(connection, len(document["text"]) + len(document["blocks"]))
    parts = await aside(len(rows), lambda: decode_parts(document["blocks"]))
    if reading is not None and len(rows) == AT_ONCE:
        stretches = await asyncio.to_thread(reading, parts.blocks, reached)
        params |= {"starts": [begin for begin, _ in stretches], "ends": [end for _, end in stretches], "most": None}
        rows = await (await execute(connection, "load_segments", params, shared=scope.shared)).fetchall()
    stored = await aside(len(rows), lambda: _stored(document, parts, rows))
    return replace(stored, reached=reached, closed=bool(ingestion["closed"]))


def _stored(row: Mapping[str, Any], parts: DocumentParts, pieces: Sequence[Mapping[str, Any]]) -> StoredDocument:
    segments = tuple(
        Segment(
            ordinal=piece["ordinal"],
            start=piece["start_at"],
            end=piece["end_at"],
            text=piece["text"],
            turn_id=piece["turn_id"],
            speaker=piece["speaker"],
            role=Role(piece["role"]),
            time=piece["said_at"],
            blocks=parts.spans[piece["ordinal"]] if parts.spans else (0, 0),
        )
        for piece in pieces
    )
    return StoredDocument(
        row=row["id"],
        document_id=row["document_key"],
        document_type=DocumentType(row["document_type"]),
        mode=Mode(row["mode"]),
        prepared=PreparedDocument(
            text=row["text"],
            blocks=parts.blocks,
            segments=segments,
            content_hash=bytes(row["content_hash"]).hex(),
            protected=parts.protected,
            statements=parts.statements,
        ),
        segment_rows=tuple(piece["id"] for piece in pieces),
        created_at=row["created_at"],
        recorded_at=row["recorded_at"],
        metadata=decode_metadata(row["metadata"]),
        conversation=row["conversation"],
        previous=row["previous"],
        current=row["current"],
    )
