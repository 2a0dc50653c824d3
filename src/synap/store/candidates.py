"""Candidates out of rows: what a search brought the text of, with its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synap.domain.contexts import Candidate, SegmentRef
from synap.domain.memories import Memory, MemoryType
from synap.domain.scopes import Scope
from synap.store.rows import decode_metadata, excerpt_of, memory_of

SEGMENT = 2
"""Parts from here on are segments; odd parts are shared."""


def candidate_of(
    row: Mapping[str, Any],
    scope: Scope,
    scores: tuple[Sequence[float | None], Sequence[float | None]],
    seen: dict[str | None, dict[str, Any]],
) -> Candidate:
    """Return the candidate of a row with its cosines and lexical scores by query; `seen` holds metadata decoded already."""
    excerpt = row["part"] >= SEGMENT
    memory = _memory(row, scope, seen, excerpt=excerpt)
    vectors, lexicals = scores
    return Candidate(
        memory=memory,
        excerpt=excerpt,
        place=_place(row, memory, shared=scope.shared, excerpt=excerpt),
        speaker=row["speaker"],
        vector_scores=tuple(vectors),
        lexical_scores=tuple(lexicals),
    )


def serves(candidate: Candidate, types: frozenset[MemoryType]) -> bool:
    """Whether a candidate is of a type that is wanted; memories were chosen by it already."""
    return not (candidate.excerpt and types and candidate.memory.statement.type not in types)


def _memory(row: Mapping[str, Any], scope: Scope, seen: dict[str | None, dict[str, Any]], *, excerpt: bool) -> Memory:
    text = row["metadata"] or row["document_metadata"]
    metadata = seen.get(text)
    if metadata is None:
        metadata = seen[text] = decode_metadata(text)
    return excerpt_of(row, scope, metadata) if excerpt else memory_of(row, scope, metadata)


def _place(row: Mapping[str, Any], memory: Memory, *, shared: bool, excerpt: bool) -> SegmentRef | None:
    if row["document_row"] is None:
        return None
    if excerpt:
        return SegmentRef(document_row=row["document_row"], ordinal=row["ordinal"], shared=shared)
    if not memory.evidence:
        return None
    return SegmentRef(document_row=row["document_row"], ordinal=memory.evidence[0].segment, shared=shared)
