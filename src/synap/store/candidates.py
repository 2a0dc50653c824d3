"""Candidates out of rows: what a search brought the text of, with its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synap.domain.contexts import Candidate, SegmentRef
from synap.domain.memories import Memory, MemoryType
from synap.domain.scopes import Scope
from synap.store.rows import decode_metadata, excerpt_of, memory_of
from synap.store.texts import SEGMENT, Told

Scores = tuple[Sequence[float | None], Sequence[float | None]]
"""Cosines and lexical scores, by query."""


def told_of(row: Mapping[str, Any], scope: Scope, seen: dict[str | None, dict[str, Any]]) -> Told:
    """Return a row with its text; `seen` holds metadata decoded already."""
    excerpt = row["part"] >= SEGMENT
    memory = _memory(row, scope, seen, excerpt=excerpt)
    place = _place(row, memory, shared=scope.shared, excerpt=excerpt)
    return Told(memory=memory, excerpt=excerpt, place=place, speaker=row["speaker"])


def candidate_of(told: Told, scores: Scores) -> Candidate:
    """Return the candidate that a row is for the queries that gave it `scores`."""
    vectors, lexicals = scores
    return Candidate(
        memory=told.memory,
        excerpt=told.excerpt,
        place=told.place,
        speaker=told.speaker,
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
