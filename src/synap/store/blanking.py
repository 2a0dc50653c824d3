"""Segments without the passages that an erased memory rested on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from synap.domain.memories import Evidence
from synap.store.rows import SEGMENT_BLANKED, terms_text

FILLER = "█"
"""Stands for every erased character, so that the offsets of what remains stay true."""


def blank_segments(
    segments: Sequence[Mapping[str, Any]], evidence: Sequence[Evidence], keys: Mapping[int, str], sources: set[int]
) -> dict[str, list[Any]]:
    """Return the columns of the segments that the evidence stands in: never served again, the passage gone."""
    passages: defaultdict[str, list[Evidence]] = defaultdict(list)
    for piece in evidence:
        passages[piece.document_id].append(piece)
    touched: dict[int, str] = {}
    for segment in segments:
        pieces = passages[keys[segment["document_row"]]]
        inside = [piece for piece in pieces if piece.start < segment["end_at"] and segment["start_at"] < piece.end]
        if inside or segment["id"] in sources:
            touched[segment["id"]] = _without(segment["text"], inside)
    return {
        "ids": list(touched),
        "texts": list(touched.values()),
        "statuses": [SEGMENT_BLANKED] * len(touched),
        "terms": [terms_text(())] * len(touched),
        "lens": [0] * len(touched),
        "tokens": [0] * len(touched),
    }


def _without(text: str, pieces: Sequence[Evidence]) -> str:
    """Return a segment's text without the quotes; nothing of it where one is not found word for word."""
    for piece in pieces:
        if piece.quote not in text:
            return ""
        text = text.replace(piece.quote, FILLER * len(piece.quote))
    return text if pieces else ""
