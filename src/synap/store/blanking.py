"""Blanking: a memory goes, and with it every passage that it rested on, in every version of the documents that hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from synap.domain.documents import Block
from synap.domain.memories import Evidence, Statement
from synap.domain.scopes import WORLD_SPACE, Scope
from synap.store.database import Connection
from synap.store.linking import unlink
from synap.store.parts import DocumentParts, decode_parts
from synap.store.rows import SEGMENT_BLANKED, decode_detail, encode_detail, place, terms_text
from synap.store.statements import execute, portions

FILLER = "█"
"""Stands for every erased character, so that the offsets of what remains stay true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """All that a memory has ever rested on; of what was said often, or in an earlier version, it names the latest alone.

    Attributes:
        evidence: The passages, each once.
        sources: Row ids of the segments they stand in.
        documents: Row ids of the documents that the memory belonged to.
        contents: What it said, in each of its wordings.
    """

    evidence: tuple[Evidence, ...]
    sources: frozenset[int]
    documents: frozenset[int]
    contents: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blanked:
    """One version of a document, of which passages were blanked.

    Attributes:
        row: Its row id.
        key: The document, by its caller's id.
        ingestion: Row id of its ingestion.
        before, after: Its text; both are of one length.
    """

    row: int
    key: str
    ingestion: int
    before: str
    after: str


async def erase_memory(
    connection: Connection, scope: Scope, row: Mapping[str, Any], *, now: datetime
) -> tuple[Blanked, ...]:
    """Blank a locked memory, its mentions, and the passages of documents, segments and messages that it ever rested on.

    Summaries of conversations that those documents belong to are dropped, and what the caller's analysis made of them.

    Args:
        connection: Inside a transaction that entered the scope.
        scope: The memory's owner.
        row: Its columns, as `lock_memory` gives them.
        now: The moment of erasure.

    Returns:
        The documents that held a passage of it.
    """
    params = place(scope) | {"memory": row["id"], "now": now, "terms": terms_text(())}
    effects = await (await execute(connection, "effects_on_memory", params, shared=scope.shared)).fetchall()
    ground = _ground(row, effects)
    params |= {"sources": list(ground.sources), "rows": list(ground.documents)}
    params |= {"keys": list({piece.document_id for piece in ground.evidence})}
    documents = await (await execute(connection, "documents_of_evidence", params, shared=scope.shared)).fetchall()
    params |= {"documents": [document["id"] for document in documents]}
    segments = await (await execute(connection, "segments_of_evidence", params, shared=scope.shared)).fetchall()
    passages = {document["id"]: _standing(document, ground.evidence) for document in documents}
    named = ground.documents | {one["document_row"] for one in segments if one["id"] in ground.sources}
    held = [one for one in documents if passages[one["id"]] or one["id"] in named or _states(one, ground.contents)]
    params |= {"documents": [document["id"] for document in held]}
    blanked = []
    async with connection.pipeline():
        for document in held:
            spans = [(piece.start, piece.end) for piece in passages[document["id"]]]
            columns = _blank_document(document, spans, ground.contents)
            blanked.append(_blanked(document, columns["text"]))
            await execute(connection, "blank_document", params | columns, shared=scope.shared)
        for portion in portions(_blank_segments(segments, passages, ground.sources)):
            await execute(connection, "blank_segments", params | _segment_columns(portion), shared=scope.shared)
        if scope.space != WORLD_SPACE:
            await _blank_conversations(connection, scope, params, ground.evidence)
        await execute(connection, "delete_effects_on_memory", params, shared=scope.shared)
        blank = encode_detail(Statement(type=decode_detail(row["detail"]).statement.type, content=""), ())
        await execute(connection, "erase_memory", params | {"detail": blank}, shared=scope.shared)
    await unlink(connection, scope, row["id"])
    return tuple(blanked)


def _ground(row: Mapping[str, Any], effects: Sequence[Mapping[str, Any]]) -> Ground:
    """Return what a memory rested on, by its own columns and by how it stood before others said it again."""
    packed = [row["detail"], *(effect[name] for effect in effects for name in ("detail", "said"))]
    details = [decode_detail(one) for one in packed if one is not None]
    return Ground(
        evidence=tuple(dict.fromkeys(piece for detail in details for piece in detail.evidence)),
        sources=frozenset(source for one in (row, *effects) for source in one["sources"]),
        documents=frozenset(one["document_row"] for one in (row, *effects) if one["document_row"] is not None),
        contents=frozenset(detail.statement.content for detail in details),
    )


def _standing(document: Mapping[str, Any], evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return passages as they stand in one version of their document: at their place, else wherever their words are."""
    found: dict[Evidence, None] = {}
    text = document["text"]
    for piece in evidence:
        if piece.document_id != document["document_key"]:
            continue
        there = text[piece.start : piece.end]
        if is_quote(there, piece.quote):
            found[piece] = None
        if there != piece.quote:
            found |= dict.fromkeys(replace(piece, start=start, end=end) for start, end in _places(text, piece.quote))
    return list(found)


def is_quote(there: str, quote: str) -> bool:
    """Whether a text is a quotation, of which some characters may have been erased before."""
    return len(there) == len(quote) and all(one in (other, FILLER) for one, other in zip(there, quote, strict=True))


def _places(text: str, quote: str) -> Iterator[tuple[int, int]]:
    start = text.find(quote) if quote.strip() else -1
    while start >= 0:
        yield start, start + len(quote)
        start = text.find(quote, start + len(quote))


def _states(document: Mapping[str, Any], contents: frozenset[str]) -> bool:
    return any(one.content in contents for one in decode_parts(document["blocks"]).statements)


def _blanked(document: Mapping[str, Any], after: str) -> Blanked:
    return Blanked(
        row=document["id"],
        key=document["document_key"],
        ingestion=document["ingestion_id"],
        before=document["text"],
        after=after,
    )


def _blank_document(
    row: Mapping[str, Any], spans: Sequence[tuple[int, int]], contents: frozenset[str]
) -> dict[str, Any]:
    """Return the columns `text` and `blocks` of a document without the spans, and without the caller's own statement."""
    parts = decode_parts(row["blocks"])
    blank = DocumentParts(
        blocks=tuple(_blank_block(block, spans) for block in parts.blocks),
        spans=parts.spans,
        protected=parts.protected,
        statements=tuple(one for one in parts.statements if one.content not in contents),
    )
    return {"document": row["id"], "text": _blank_text(row["text"], spans), "blocks": msgspec.msgpack.encode(blank)}


def _blank_text(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return `text` with the characters of the spans replaced by filler; its length stays, spans outside it are cut."""
    characters = list(text)
    for start, end in spans:
        for position in range(*slice(start, end).indices(len(characters))):
            if characters[position] != "\n":
                characters[position] = FILLER
    return "".join(characters)


def _blank_block(block: Block, spans: Sequence[tuple[int, int]]) -> Block:
    if not any(start < block.end and block.start < end for start, end in spans):
        return block
    return replace(block, text=FILLER * len(block.text), cells=tuple((FILLER, FILLER) for _ in block.cells))


def _blank_segments(
    segments: Sequence[Mapping[str, Any]], passages: Mapping[int, Sequence[Evidence]], sources: frozenset[int]
) -> list[tuple[int, str]]:
    """Return the segments that passages stand in, by row id, and what is left of their texts; they are never served again."""
    touched = []
    for segment in segments:
        pieces = passages[segment["document_row"]]
        inside = [piece for piece in pieces if piece.start < segment["end_at"] and segment["start_at"] < piece.end]
        if inside or segment["id"] in sources:
            touched.append((segment["id"], _without(segment["text"], inside)))
    return touched


def _segment_columns(touched: Sequence[tuple[int, str]]) -> dict[str, list[Any]]:
    return {
        "ids": [row for row, _ in touched],
        "texts": [text for _, text in touched],
        "statuses": [SEGMENT_BLANKED] * len(touched),
        "terms": [terms_text(())] * len(touched),
        "lens": [0] * len(touched),
        "tokens": [0] * len(touched),
    }


def _without(text: str, pieces: Sequence[Evidence]) -> str:
    """Return a segment's text without the quotes; nothing of it where one is not found word for word."""
    quotes = {piece.quote for piece in pieces}
    if not quotes or any(quote not in text for quote in quotes):
        return ""
    return _blank_text(text, [place for quote in quotes for place in _places(text, quote)])


async def _blank_conversations(
    connection: Connection, scope: Scope, params: Mapping[str, Any], evidence: Sequence[Evidence]
) -> None:
    # One after another, as a message may hold several; the longest first, as one may hold another.
    for quote in sorted({one.quote for one in evidence if one.quote.strip()}, key=lambda one: (-len(one), one)):
        said = {"quote": quote, "filler": FILLER * len(quote)}
        await execute(connection, "blank_messages", {**params, **said}, shared=scope.shared)
    # What the caller made of the conversation may hold it in other words.
    await execute(connection, "blank_analysis", params, shared=scope.shared)
    # A summary may hold the passage in other places or shortened: it is made anew of what remains.
    for name in ("drop_summaries", "drop_compactions", "restart_compactions"):
        await execute(connection, f"{name}_of_documents", params, shared=scope.shared)
