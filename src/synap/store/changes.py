"""The statements by which an ingestion's changes reach the tables, all inside one transaction of the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from synap.domain.ids import RowIds
from synap.domain.memories import Evidence, MemoryStatus, NewMemory, Refresh, Supersession
from synap.domain.resolution import Linking
from synap.domain.scopes import Scope
from synap.domain.slots import content_hash, slot_hash
from synap.domain.terms import TERM_CAP, term_hashes
from synap.domain.tokens import count_tokens
from synap.store.database import Connection
from synap.store.linking import link
from synap.store.rows import (
    STATUSES,
    TYPES,
    Detail,
    decode_detail,
    encode_detail,
    encode_json,
    place,
    row_id_of,
    terms_text,
    vector_of,
)
from synap.store.statements import Slot, aside, execute, portions

MAX_EVIDENCE = 16
"""Passages kept for one memory; of one said more often, the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where memories come from: the document they are written under, and the rows of its segments by ordinal.

    `metadata` is for memories without a document, which carry their own; `linking` tells how their names are linked, None
    that they are not.
    """

    instance_id: str
    document_row: int | None = None
    document_id: str = ""
    segment_rows: Mapping[int, int] = field(default_factory=dict)
    metadata: Mapping[str, Any] | None = None
    linking: Linking | None = field(default_factory=Linking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A stored memory that an ingestion may touch."""

    id: int
    detail: Detail
    document_row: int | None
    segment_row: int | None
    content_hash: bytes
    sources: tuple[int, ...]
    document_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A memory whose time is over, by row ids; `by` is what took its place, or None."""

    id: int
    by: int | None = None
    valid_until: datetime | None = None
    status: MemoryStatus = MemoryStatus.SUPERSEDED
    reason: str = ""


def target_of(row: Mapping[str, Any]) -> Target:
    """Return the target of a row of the statement `apply_targets`."""
    return Target(
        id=row["id"],
        detail=decode_detail(row["detail"]),
        document_row=row["document_row"],
        segment_row=row["segment_row"],
        content_hash=bytes(row["content_hash"]),
        sources=tuple(row["sources"]),
        document_key=row["document_key"],
    )


async def read_targets(targets: AsyncCursor[DictRow], document: AsyncCursor[DictRow]) -> tuple[dict[int, Target], bool]:
    """Return by row id what the statements `apply_targets` and `document_state` found; false for a replaced document."""
    found = {row["id"]: target_of(row) for row in await targets.fetchall()}
    state = await document.fetchone()
    return found, state is not None and state["current"]


def rests_elsewhere(evidence: Sequence[Evidence], document_id: str) -> bool:
    """Whether something rests on another document as well."""
    return any(piece.document_id != document_id for piece in evidence)


def heir_of(row: Mapping[str, Any], sayings: Sequence[Mapping[str, Any]], document_id: str) -> str | None:
    """Return the last document beside this one that said a memory before somebody wrote into it; None where there is none.

    What was written need not rest on any passage, but takes the place of what both documents said.
    """
    for one in sayings:
        if one["memory_id"] == row["id"] and one["recorded_at"] < row["recorded_at"]:
            others = (piece.document_id for piece in decode_detail(one["said"]).evidence)
            heir = next((other for other in others if other != document_id), None)
            if heir is not None:
                return heir
    return None


async def insert_memories(
    connection: Connection,
    scope: Scope,
    memories: Mapping[int, NewMemory],
    origin: Origin,
    *,
    slot: Slot,
    now: datetime,
    ids: RowIds,
) -> list[str]:
    """Send the inserts of memories by row id, with their locators, entities and mentions; nothing for none.

    Returns the public ids of entities whose names might be those of several others, and were tied to none.
    """
    unclear: list[str] = []
    for portion in portions(list(memories.items())):
        unclear += await _insert_portion(connection, scope, dict(portion), origin, slot=slot, now=now, ids=ids)
    return unclear


async def _insert_portion(
    connection: Connection,
    scope: Scope,
    memories: Mapping[int, NewMemory],
    origin: Origin,
    *,
    slot: Slot,
    now: datetime,
    ids: RowIds,
) -> list[str]:
    params = place(scope) | {
        "document": origin.document_row,
        "metadata": None if origin.metadata is None else encode_json(origin.metadata),
        "now": now,
        "instance": origin.instance_id,
        "shared": scope.shared,
        "ids": list(memories),
    }
    columns = await aside(len(memories), lambda: memory_columns(list(memories.values()), origin))
    await execute(connection, "insert_memories", params | columns, shared=scope.shared, slot=slot)
    await execute(connection, "insert_locators", params)
    if origin.linking is None:
        return []
    said = {row: memory.draft.statement for row, memory in memories.items()}
    linking = replace(origin.linking, owned=scope.user_id is not None)
    return await link(connection, scope, said, linking, instance_id=origin.instance_id, now=now, ids=ids)


async def end_memories(
    connection: Connection, scope: Scope, ended: Sequence[Ended], *, version: int, now: datetime
) -> None:
    """Send the end of memories' time, and withhold the segments they rested on; nothing for none.

    One whose status stays active is believed until a day to come: only its `valid_until` is set. The segments are noted as
    touched by `version`; the memories are the caller's to note (`synap.store.writes`).
    """
    announced = [one for one in ended if one.status is MemoryStatus.ACTIVE]
    over = [one for one in ended if one.status is not MemoryStatus.ACTIVE]
    if announced:
        params = {"ended": [one.id for one in announced], "untils": [one.valid_until for one in announced]}
        await execute(connection, "announce_end", place(scope) | params, shared=scope.shared)
    if over:
        params = place(scope) | {
            "now": now,
            "version": version,
            "ended": [one.id for one in over],
            "by_ids": [one.by for one in over],
            "untils": [one.valid_until for one in over],
            "statuses": [STATUSES.index(one.status) for one in over],
            "reasons": [one.reason for one in over],
        }
        await execute(connection, "end_memories", params, shared=scope.shared)
        await execute(connection, "withhold_sources", params, shared=scope.shared)


async def refresh_memories(
    connection: Connection,
    scope: Scope,
    refreshed: Mapping[int, Refresh],
    targets: Mapping[int, Target],
    origin: Origin,
) -> None:
    """Send what it means that stored memories (by row id) were said again; those not among `targets` are passed over.

    One that came from an older version of the same document is tied to the new version instead.
    """
    chosen = [(targets[row], refresh) for row, refresh in refreshed.items() if row in targets]
    if not chosen:
        return
    rows = [_refreshed(target, refresh, origin) for target, refresh in chosen]
    params = place(scope) | {
        "refreshed": [target.id for target, _ in chosen],
        "seen_at": [refresh.said_at for _, refresh in chosen],
        **{name: [row[name] for row in rows] for name in ("details", "sources", "documents", "segments")},
    }
    await execute(connection, "refresh_memories", params, shared=scope.shared)


async def embed_segments(connection: Connection, scope: Scope, vectors: Mapping[int, Any], *, slot: Slot) -> None:
    """Send the vectors of segments, by row id; nothing for none."""
    known = [(row, vector_of(vector)) for row, vector in vectors.items() if vector is not None]
    for portion in portions(known):
        params = place(scope) | {"ids": [row for row, _ in portion], "vectors": [vector for _, vector in portion]}
        await execute(connection, "embed_segments", params, shared=scope.shared, slot=slot)


def ended_by(supersessions: Sequence[Supersession], row_of_key: Mapping[int, int]) -> list[Ended]:
    """Return supersessions with row ids in place of keys and public ids; one per memory, the last one counts."""
    ended: dict[int, Ended] = {}
    for one in supersessions:
        older = row_of_key.get(one.older_key) if one.older_key is not None else None
        older = row_id_of(one.memory_id) if one.memory_id is not None else older
        by = row_of_key.get(one.by_key) if one.by_key is not None else None
        by = row_id_of(one.by_id) if one.by_id is not None else by
        if older is not None and older != by:
            ended[older] = Ended(id=older, by=by, valid_until=one.valid_until, status=one.status, reason=one.reason)
    return list(ended.values())


def sources_of(evidence: Sequence[Evidence], origin: Origin) -> list[int]:
    """Return the rows of the segments that passages of the origin's document stand in, first passage first."""
    rows = [
        origin.segment_rows[piece.segment]
        for piece in evidence
        if piece.document_id == origin.document_id and piece.segment in origin.segment_rows
    ]
    return list(dict.fromkeys(rows))


def _refreshed(target: Target, refresh: Refresh, origin: Origin) -> dict[str, Any]:
    moved = target.document_key == origin.document_id and target.document_row != origin.document_row
    kept = [piece for piece in target.detail.evidence if not (moved and piece.document_id == origin.document_id)]
    evidence = list(dict.fromkeys([*kept, *refresh.evidence]))[-MAX_EVIDENCE:]
    fresh = sources_of(refresh.evidence, origin)
    sources = fresh if moved else list(dict.fromkeys([*target.sources, *fresh]))[-MAX_EVIDENCE:]
    return {
        "details": encode_detail(target.detail.statement, evidence),
        "sources": _array(sources),
        "documents": origin.document_row if moved else target.document_row,
        "segments": (fresh[0] if fresh else None) if moved else target.segment_row,
    }


def memory_columns(memories: Sequence[NewMemory], origin: Origin) -> dict[str, list[Any]]:
    """Return the columns of memories that come from `origin`, by the names of the statements' parameters."""
    statements = [memory.draft.statement for memory in memories]
    sources = [sources_of(memory.draft.evidence, origin) for memory in memories]
    terms = [term_hashes(statement.content)[:TERM_CAP] for statement in statements]
    return {
        "segments": [rows[0] if rows else None for rows in sources],
        "types": [TYPES.index(statement.type) for statement in statements],
        "contents": [statement.content for statement in statements],
        "details": [encode_detail(memory.draft.statement, memory.draft.evidence) for memory in memories],
        "hashes": [content_hash(statement.content) for statement in statements],
        "slots": [_array(dict.fromkeys(map(slot_hash, statement.slots))) for statement in statements],
        "sources": [_array(rows) for rows in sources],
        "confidences": [statement.confidence for statement in statements],
        "scores": [statement.score for statement in statements],
        "event_at": [statement.when.start if statement.when else None for statement in statements],
        "event_end": [statement.when.end if statement.when else None for statement in statements],
        "valid_from": [statement.valid_from for statement in statements],
        "valid_until": [statement.valid_until for statement in statements],
        "said_at": [statement.said_at for statement in statements],
        "seen_counts": [memory.seen_count for memory in memories],
        "extractors": [memory.extractor for memory in memories],
        "tokens": [count_tokens(statement.content) for statement in statements],
        "lens": [len(hashes) for hashes in terms],
        "terms": [terms_text(hashes) for hashes in terms],
        "vectors": [vector_of(memory.vector) for memory in memories],
    }


def _array(values: Sequence[int] | Mapping[int, Any]) -> str:
    """Return numbers in the text form of an array, as arrays of unequal length cannot travel inside an array."""
    return "{" + ",".join(map(str, values)) + "}"
