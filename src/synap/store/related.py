"""What is already known near a new draft: the same words, the same attribute, the nearest vectors; and on a topic."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synap.domain.memories import Evidence, Memory, NewMemory
from synap.domain.scopes import Scope
from synap.domain.slots import content_hash, slot_hash
from synap.store.database import Connection
from synap.store.rows import mask_texts, memory_of, place, vector_of
from synap.store.statements import Slot, execute
from synap.store.stored_documents import StoredDocument

NEAREST = 5
"""Memories per draft that are returned for their vector alone."""

ON_TOPIC = 10
"""Memories per topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedTo:
    """What is stored near drafts and topics, in exactly their scope.

    Attributes:
        neighbours: By the draft's key: active memories with the same content, an attribute in common, or among the
            nearest by vector, each once, nearest first, with the cosine where both have a vector.
        topics: By the topic's position: active memories that share words with it, best BM25 score first.
    """

    neighbours: Mapping[int, Sequence[tuple[Memory, float | None]]] = field(default_factory=dict)
    topics: Mapping[int, Sequence[tuple[Memory, float]]] = field(default_factory=dict)


async def find_related(
    connection: Connection,
    scope: Scope,
    drafts: Sequence[NewMemory],
    topics: Sequence[Sequence[int]],
    *,
    slot: Slot,
    chosen: Mapping[int, Sequence[int]] | None = None,
) -> RelatedTo:
    """Return what is near drafts and on topics (their hashed terms); one round trip inside a pipeline.

    `chosen` are the rows nearest to the drafts by their keys, where they are known already; the database looks for them else.

    BM25 as in `synap.store.search`, with the statistics of this scope's memories.
    """
    near = await execute(connection, "related", _draft_params(scope, drafts, chosen), shared=scope.shared, slot=slot)
    about = []
    for topic in topics:
        params = place(scope) | {"query": mask_texts(topic, chunks=1)[0], "limit": ON_TOPIC}
        about.append(await execute(connection, "on_topic", params, shared=scope.shared))
    neighbours: defaultdict[int, list[tuple[Memory, float | None]]] = defaultdict(list)
    for row in await near.fetchall():
        neighbours[row["key"]].append((memory_of(row, scope), row["cosine"]))
    found = {}
    for position, cursor in enumerate(about):
        found[position] = [(memory_of(row, scope), row["score"]) for row in await cursor.fetchall()]
    return RelatedTo(neighbours=dict(neighbours), topics=found)


async def find_resting(
    connection: Connection, scope: Scope, document: StoredDocument, evidence: Sequence[Evidence]
) -> list[Memory]:
    """Return the active memories whose evidence lies in some passages of a document alone."""
    starts = [segment.start for segment in document.prepared.segments]
    places = {max(0, bisect_right(starts, piece.start) - 1) for piece in evidence} if starts else set()
    segments = [document.segment_rows[at] for at in sorted(places)]
    params = place(scope) | {"document": document.row, "segments": segments}
    cursor = await execute(connection, "resting_on", params, shared=scope.shared)
    spans = {(piece.document_id, piece.start, piece.end) for piece in evidence}
    found = [memory_of(row, scope) for row in await cursor.fetchall()]
    return [
        memory
        for memory in found
        if all((piece.document_id, piece.start, piece.end) in spans for piece in memory.evidence)
    ]


def _draft_params(
    scope: Scope, drafts: Sequence[NewMemory], chosen: Mapping[int, Sequence[int]] | None
) -> dict[str, Any]:
    known = [(key, row) for key, rows in (chosen or {}).items() for row in rows]
    pairs = [(draft.key, slot_hash(slot)) for draft in drafts for slot in draft.draft.statement.slots]
    return place(scope) | {
        "keys": [draft.key for draft in drafts],
        "hashes": [content_hash(draft.draft.statement.content) for draft in drafts],
        "vectors": [vector_of(draft.vector) for draft in drafts],
        "slot_keys": [key for key, _ in pairs],
        "slots": [slot for _, slot in pairs],
        "nearest": NEAREST,
        "sought": [draft.key for draft in drafts] if chosen is None else [],
        "chosen_keys": [key for key, _ in known],
        "chosen": [row for _, row in known],
    }
