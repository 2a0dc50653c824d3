"""The columns of segments, as they are inserted with their document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synap.domain.documents import Role, Segment
from synap.domain.terms import term_hashes
from synap.domain.tokens import count_tokens
from synap.store.rows import terms_text

_RECORD_LEN = 24
"""Length of a record for BM25: one for all, so that a record is not found the less by its name the more it holds."""


def segment_columns(text: str, segments: Sequence[Segment], ids: Sequence[int]) -> dict[str, list[Any]]:
    """Return the columns of the segments of a document's text, with their row ids, as `insert_segments` takes them."""
    terms = [term_hashes(segment.text) for segment in segments]
    return {
        "ids": list(ids),
        "ordinals": [segment.ordinal for segment in segments],
        "texts": [segment.text for segment in segments],
        "quotes": [_quote(text, segment) for segment in segments],
        "starts": [segment.start for segment in segments],
        "ends": [segment.end for segment in segments],
        "turns": [segment.turn_id for segment in segments],
        "speakers": [segment.speaker for segment in segments],
        "roles": [segment.role.value for segment in segments],
        "times": [segment.time for segment in segments],
        "tokens": [count_tokens(segment.text) for segment in segments],
        "lens": [
            _RECORD_LEN if one.role is Role.RECORD else len(has) for one, has in zip(segments, terms, strict=True)
        ],
        "terms": [terms_text(hashes) for hashes in terms],
    }


def _quote(text: str, segment: Segment) -> str | None:
    """Return a segment's passage of the document, or None where the segment's text ends with just that."""
    passage = text[segment.start : segment.end]
    whole = len(passage) == segment.end - segment.start
    return None if whole and segment.text.endswith(passage) else passage
