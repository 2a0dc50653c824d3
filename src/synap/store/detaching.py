"""Detaching: documents go, and what was remembered from them stays without the passages that it rested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synap.domain.scopes import Scope
from synap.store.database import Connection
from synap.store.rows import decode_detail, encode_detail
from synap.store.statements import execute, portions


async def erase_documents(
    connection: Connection, scope: Scope, documents: Sequence[Mapping[str, Any]], params: Mapping[str, Any]
) -> dict[str, int]:
    """Delete documents with their segments and jobs; memories keep what they say, and the source's metadata."""
    if not documents:
        return {"documents": 0, "segments": 0}
    rows = [document["id"] for document in documents]
    params = {**params, "documents": rows, "ingestions": [document["ingestion_id"] for document in documents]}
    await execute(connection, "erase_jobs_of_ingestions", params)
    await execute(connection, "end_ingestions", params)
    await execute(connection, "delete_retractions", params, shared=scope.shared)
    cursor = await execute(connection, "memories_of_documents", params, shared=scope.shared)
    memories = await cursor.fetchall()
    cursor = await execute(connection, "segments_of_documents", params, shared=scope.shared)
    segments = {row["id"] for row in await cursor.fetchall()}
    await execute(connection, "delete_effects_of_ingestions", params, shared=scope.shared)
    for portion in portions(memories):
        columns = _detached(portion, documents, segments)
        await execute(connection, "detach_memories", {**params, **columns}, shared=scope.shared)
        await _detach_effects(connection, scope, documents, {**params, "ids": columns["ids"]})
    gone = await execute(connection, "erase_segments_of_documents", params, shared=scope.shared)
    await execute(connection, "erase_documents", params, shared=scope.shared)
    return {"documents": len(rows), "segments": gone.rowcount}


def _detached(
    memories: Sequence[Mapping[str, Any]], documents: Sequence[Mapping[str, Any]], segments: set[int]
) -> dict[str, list[Any]]:
    """Return the columns of memories that rest on the documents and segments no more."""
    keys = {document["document_key"] for document in documents}
    told = {document["id"]: document["metadata"] for document in documents}
    columns: dict[str, list[Any]] = {"ids": [], "details": [], "sources": [], "metadata": []}
    for memory in memories:
        detail = decode_detail(memory["detail"])
        kept = tuple(piece for piece in detail.evidence if piece.document_id not in keys)
        sources = [source for source in memory["sources"] if source not in segments]
        columns["ids"].append(memory["id"])
        columns["details"].append(encode_detail(detail.statement, kept))
        columns["sources"].append("{" + ",".join(map(str, sources)) + "}")
        columns["metadata"].append(memory["metadata"] or told.get(memory["document_row"]))
    return columns


async def _detach_effects(
    connection: Connection, scope: Scope, documents: Sequence[Mapping[str, Any]], params: Mapping[str, Any]
) -> None:
    """Take passages of documents from how memories stood before others said them again."""
    rows = await (await execute(connection, "repetitions_of_memories", params, shared=scope.shared)).fetchall()
    keys = {document["document_key"] for document in documents}
    columns: dict[str, list[Any]] = {"ids": [], "by": [], "details": []}
    for row in rows:
        detail = decode_detail(row["detail"])
        kept = [piece for piece in detail.evidence if piece.document_id not in keys]
        columns["ids"].append(row["memory_id"])
        columns["by"].append(row["ingestion_id"])
        columns["details"].append(encode_detail(detail.statement, kept))
    if rows:
        await execute(connection, "detach_effects", {**params, **columns}, shared=scope.shared)
