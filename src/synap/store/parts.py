"""What of a prepared document has no column of its own: its blocks, packed."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from synap.domain.documents import Block, PreparedDocument
from synap.domain.memories import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentParts:
    """What the column `blocks` of a document holds.

    Attributes:
        blocks: In order.
        spans: For each segment its first block and the one after its last.
        protected: How many values the PII rules replaced, by class.
        statements: Memories that the caller made itself.
    """

    blocks: tuple[Block, ...]
    spans: tuple[tuple[int, int], ...] = ()
    protected: dict[str, int]
    statements: tuple[Statement, ...] = ()


_decoder = msgspec.msgpack.Decoder(DocumentParts)


def encode_parts(document: PreparedDocument) -> bytes:
    """Return the bytes of the column `blocks` (MessagePack)."""
    parts = DocumentParts(
        blocks=document.blocks,
        spans=tuple(segment.blocks for segment in document.segments),
        protected=document.protected,
        statements=document.statements,
    )
    return msgspec.msgpack.encode(parts)


def decode_parts(data: bytes) -> DocumentParts:
    """Return what `encode_parts` packed."""
    return _decoder.decode(data)
