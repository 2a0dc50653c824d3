"""A document as the worker reads it: whole, or of a long one what is read of it at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from cachetools import TTLCache
from numpy.typing import NDArray

from synap.domain.documents import Block, DocumentType, Mode, PreparedDocument, Role, Segment
from synap.domain.scopes import Scope
from synap.errors import NotFoundError
from synap.store.database import Connection, carries
from synap.store.parts import DocumentParts, decode_parts
from synap.store.rows import decode_metadata, place
from synap.store.statements import aside, execute

AT_ONCE = 1024
"""Segments of a document that are read at once; of one that has more only those that the reader asks for."""

HELD, HELD_SECONDS = 2, 300.0
"""Long documents that are held between their slices, and how long after their last use: one of 200,000 turns takes some 100 MB."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What of a document is big: its text and its blocks, as they are while its content hash is the same.

    Attributes:
        content_hash: As stored.
        text: All of it.
        parts: The rest of it but for the spans.
        spans: `(n, 2)` first block of each segment and the one after its last; of an old document none.
    """

    content_hash: bytes
    text: str
    parts: DocumentParts
    spans: NDArray[np.int32]


class InHand:
    """The big part of long documents between two of their slices, so that it is not unpacked for each slice anew.

    A few documents, each for a short while; the content hash tells with every use whether it is still the same.
    """

    def __init__(self, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._held: TTLCache[tuple[int, bytes, int], Unpacked] = TTLCache(HELD, HELD_SECONDS, timer)

    def __len__(self) -> int:
        return len(self._held)

    def get(self, scope: Scope, document: int) -> Unpacked | None:
        """Return what is held of a document, given its row id."""
        self._held.expire()  # or what is too old would stay until something else is held
        found = self._held.pop((scope.id, scope.digest, document), None)
        if found is not None:
            self.keep(scope, document, found)
        return found

    def keep(self, scope: Scope, document: int, unpacked: Unpacked) -> None:
        """Hold a document for a while; one that was blanked has no hash, and is not held."""
        self.drop(scope, document)
        if unpacked.content_hash:
            self._held[scope.id, scope.digest, document] = unpacked

    def drop(self, scope: Scope, document: int) -> None:
        """Let go of a document."""
        self._held.pop((scope.id, scope.digest, document), None)

    def forget(self, scope: Scope) -> None:
        """Let go of all that is held of a scope. Called once its rows are gone."""
        for key in [key for key in self._held if key[:2] == (scope.id, scope.digest)]:
            del self._held[key]


async def load_document(
    connection: Connection, scope: Scope, ingestion_id: int, reading: Reading | None, in_hand: InHand
) -> StoredDocument:
    """Return the document of an ingestion, as `Documents.load` does, inside a transaction that has entered its scope."""
    params = place(scope) | {"ingestion": ingestion_id}
    ingestion = await (await execute(connection, "get_ingestion", params)).fetchone()
    if ingestion is None or ingestion["document_row"] is None:
        raise NotFoundError("the ingestion has no document any more")
    reached = ingestion["reached"] or 0
    held = in_hand.get(scope, ingestion["document_row"])
    params |= {"document": ingestion["document_row"], "known": held and held.content_hash}
    if reading is None:
        params |= {"starts": [0], "ends": [_END], "most": None}
    elif held is None:
        params |= {"starts": [0], "ends": [_END], "most": AT_ONCE}
    else:
        params |= await asyncio.to_thread(_stretches, reading, held, reached)
    async with connection.pipeline():
        documents = await execute(connection, "load_document", params, shared=scope.shared, binary=True)
        segments = await execute(connection, "load_segments", params, shared=scope.shared)
        document, rows = await documents.fetchone(), await segments.fetchall()
    if document is None:
        in_hand.forget(scope)
        raise NotFoundError("the document has been erased")
    if held is None or document["text"] is not None:
        carries(connection, len(document["text"]) + len(document["blocks"]))
        long = reading is not None and (held is not None or len(rows) == AT_ONCE)
        held = await aside(len(rows), partial(_unpacked, document))
        if reading is not None and long:
            in_hand.keep(scope, document["id"], held)
            params |= await asyncio.to_thread(_stretches, reading, held, reached)
            rows = await (await execute(connection, "load_segments", params, shared=scope.shared)).fetchall()
    stored = await aside(len(rows), partial(_stored, document, held, rows))
    return replace(stored, reached=reached, closed=bool(ingestion["closed"]))


def _stretches(reading: Reading, unpacked: Unpacked, reached: int) -> dict[str, Any]:
    stretches = reading(unpacked.parts.blocks, reached)
    return {"starts": [begin for begin, _ in stretches], "ends": [end for _, end in stretches], "most": None}


def _unpacked(row: Mapping[str, Any]) -> Unpacked:
    parts = decode_parts(row["blocks"])
    return Unpacked(
        content_hash=bytes(row["content_hash"]),
        text=row["text"],
        parts=replace(parts, spans=()),
        spans=np.array(parts.spans, np.int32).reshape(-1, 2),
    )


def _stored(row: Mapping[str, Any], unpacked: Unpacked, pieces: Sequence[Mapping[str, Any]]) -> StoredDocument:
    parts, spans = unpacked.parts, unpacked.spans
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
            blocks=(int(spans[piece["ordinal"], 0]), int(spans[piece["ordinal"], 1])) if len(spans) else (0, 0),
        )
        for piece in pieces
    )
    return StoredDocument(
        row=row["id"],
        document_id=row["document_key"],
        document_type=DocumentType(row["document_type"]),
        mode=Mode(row["mode"]),
        prepared=PreparedDocument(
            text=unpacked.text,
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
