"""Erasure: the passages behind one memory, and everything of a user, a customer, an instance or a client.

Logical and at once: rows are blanked or deleted in the transaction that answers. What the disk still holds until
PostgreSQL reuses it is the purge's affair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from synap.domain.documents import Block
from synap.domain.memories import Evidence, Statement
from synap.domain.scopes import WORLD_SPACE, Scope
from synap.store.database import Connection, Database
from synap.store.errors import retry
from synap.store.parts import DocumentParts, decode_parts
from synap.store.rows import SEGMENT_BLANKED, decode_detail, encode_detail, place, role_for, terms_text
from synap.store.scopes import Scopes, bump
from synap.store.statements import execute

FILLER = "█"
"""Stands for every erased character, so that the offsets of what remains stay true."""

_OF_A_SCOPE = ("mentions", "entities", "memories", "segments", "documents")
_OF_AN_OWNER = ("messages", "conversations", "summaries")
_ABOUT_A_SCOPE = ("locators", "jobs", "ingestions", "compactions")
_OF_AN_INSTANCE = ("directory", "batch", "job", "scope", "configuration", "api_key")


class Erasure:
    """Deletes all that belongs to somebody."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scopes = Scopes(database)

    async def scope(self, scope: Scope, *, instance_id: str) -> None:
        """Delete everything in exactly one scope: of a user, or what is kept for a customer as such.

        The scope's row remains, its version raised, so that caches notice.
        """
        await retry(lambda: self._scope(scope, instance_id))

    async def customer(self, customer: Scope) -> list[Scope]:
        """Delete everything of a customer and of its users; return the scopes that were emptied."""
        scopes = await self._scopes.of_customer(customer)
        for scope in scopes:
            await self.scope(scope, instance_id=customer.space)
        return scopes

    async def close_instance(self, instance_id: str) -> None:
        """Begin to delete an instance: from now on nothing is written to it, and its keys open nothing.

        Waits for first writes into a scope that are under way. Safe to repeat, as all that follows.
        """
        async with self._database.control() as connection:
            await execute(connection, "lock_instance", {"instance": instance_id})
            await execute(connection, "close_instance", {"instance": instance_id})

    async def close_client(self, client_id: str) -> list[str]:
        """Begin to delete a client: its instances are closed with it, and none can be added. Returns their ids."""
        params = {"client": client_id}
        async with self._database.control() as connection:
            await execute(connection, "lock_client", params)
            await execute(connection, "close_client", params)
            rows = await (await execute(connection, "lock_instances", params)).fetchall()
            await execute(connection, "close_instances", params)
        return [row["id"] for row in rows]

    async def begun(self) -> tuple[list[str], list[str]]:
        """Return the clients, and the instances, whose deletion has begun and not come to its end."""
        async with self._database.control() as connection:
            clients = await (await execute(connection, "clients_being_deleted", {})).fetchall()
            instances = await (await execute(connection, "instances_being_deleted", {})).fetchall()
        return [row["id"] for row in clients], [row["id"] for row in instances]

    async def instance(self, instance_id: str, shared: Sequence[Scope] = ()) -> None:
        """Delete an instance: all its customers and users, its `shared` scopes, its keys and its settings.

        It is closed first. Cut short, it stays closed, and the same call goes on where it stood.

        Args:
            instance_id: The instance.
            shared: Its CLIENT scope, unless the client's other instances share it.
        """
        await self.close_instance(instance_id)
        for scope in [*await self._scopes.of_instance(instance_id), *shared]:
            await self.scope(scope, instance_id=instance_id)
        await retry(lambda: self._rows_of_instance(instance_id))

    async def client(self, client_id: str, shared: Scope) -> None:
        """Delete a client with its instances, and the CLIENT scope that they may share; closed first, as `instance`."""
        for instance_id in await self.close_client(client_id):
            await self.instance(instance_id, [Scope(rung=shared.rung, space=instance_id)])
        await self.scope(shared, instance_id=client_id)
        await retry(lambda: self._rows_of_client(client_id))

    async def _rows_of_instance(self, instance_id: str) -> None:
        params = {"instance": instance_id, "space": instance_id}
        async with self._database.control(pipelined=True) as connection:
            # First: a key or a configuration that is just being added is seen by the statements after it.
            await execute(connection, "lock_instance", params)
            for table in _OF_AN_INSTANCE:
                await execute(connection, f"erase_instance_rows_of_{table}", params)
            await execute(connection, "erase_shared_scopes", params)
            await execute(connection, "erase_instance", params)

    async def _rows_of_client(self, client_id: str) -> None:
        params = {"client": client_id, "space": client_id}
        async with self._database.control(pipelined=True) as connection:
            await execute(connection, "lock_client", params)
            for name in ("erase_shared_scopes", "erase_client_keys", "erase_client"):
                await execute(connection, name, params)

    async def _scope(self, scope: Scope, instance_id: str) -> None:
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        params = place(scope) | {"shared": scope.shared, "instance": instance_id}
        async with transaction as connection:
            bumped = await bump(connection, scope)
            for what in _OF_A_SCOPE:
                await execute(connection, f"erase_scope_{what}", params, shared=scope.shared)
            # Messages of CLIENT lie beside those of owners; WORLD, written by the operator's role, has none.
            for what in () if scope.space == WORLD_SPACE else _OF_AN_OWNER:
                await execute(connection, f"erase_scope_{what}", params)
            for what in _ABOUT_A_SCOPE:
                await execute(connection, f"erase_scope_{what}", params)
            await execute(connection, "erase_scope_directory", params)
            await bumped.version.fetchone()


async def erase_memory(connection: Connection, scope: Scope, row: Mapping[str, Any], *, now: datetime) -> None:
    """Blank a locked memory, its mentions, and the passages of documents, segments and messages that it rested on.

    Summaries of conversations that those documents belong to are dropped.

    Args:
        connection: Inside a transaction that entered the scope.
        scope: The memory's owner.
        row: Its columns, as `lock_memory` gives them.
        now: The moment of erasure.
    """
    detail = decode_detail(row["detail"])
    params = place(scope) | {"memory": row["id"], "now": now, "terms": terms_text(()), "sources": row["sources"]}
    params |= {"document": row["document_row"]}
    documents = await (await execute(connection, "documents_of_evidence", params, shared=scope.shared)).fetchall()
    keys = {document["id"]: document["document_key"] for document in documents}
    params |= {"documents": list(keys)}
    segments = await (await execute(connection, "segments_of_evidence", params, shared=scope.shared)).fetchall()
    blank = encode_detail(Statement(type=detail.statement.type, content=""), ())
    async with connection.pipeline():
        for document in documents:
            spans = _spans(detail.evidence, document["document_key"])
            blanked = _blank_document(document, spans, detail.statement)
            await execute(connection, "blank_document", params | blanked, shared=scope.shared)
        columns = _blank_segments(segments, detail.evidence, keys, set(row["sources"]))
        await execute(connection, "blank_segments", params | columns, shared=scope.shared)
        quotes = sorted({piece.quote for piece in detail.evidence if piece.quote.strip()})
        if quotes and scope.space != WORLD_SPACE:
            said = {"quotes": quotes, "fillers": [FILLER * len(quote) for quote in quotes]}
            await execute(connection, "blank_messages", params | said, shared=scope.shared)
        if scope.space != WORLD_SPACE:
            # A summary may hold the passage in other places or shortened: it is made anew of what remains.
            for name in ("drop_summaries", "drop_compactions", "restart_compactions"):
                await execute(connection, f"{name}_of_documents", params, shared=scope.shared)
        await execute(connection, "erase_mentions", params, shared=scope.shared)
        await execute(connection, "erase_memory", params | {"detail": blank}, shared=scope.shared)


def blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return `text` with the characters of the spans replaced by filler; its length stays, spans outside it are cut."""
    characters = list(text)
    for start, end in spans:
        inside = range(*slice(start, end).indices(len(characters)))
        for position in inside:
            if characters[position] != "\n":
                characters[position] = FILLER
    return "".join(characters)


def _spans(evidence: Sequence[Evidence], document_id: str) -> list[tuple[int, int]]:
    return [(piece.start, piece.end) for piece in evidence if piece.document_id == document_id]


def _blank_document(row: Mapping[str, Any], spans: Sequence[tuple[int, int]], statement: Statement) -> dict[str, Any]:
    """Return the columns `text` and `blocks` of a document without the spans, and without the caller's own statement."""
    parts = decode_parts(row["blocks"])
    blank = DocumentParts(
        blocks=tuple(_blank_block(block, spans) for block in parts.blocks),
        spans=parts.spans,
        protected=parts.protected,
        statements=tuple(one for one in parts.statements if one.content != statement.content),
    )
    text = blanked(row["text"], spans)
    return {"document": row["id"], "text": text, "blocks": msgspec.msgpack.encode(blank)}


def _blank_block(block: Block, spans: Sequence[tuple[int, int]]) -> Block:
    if not any(start < block.end and block.start < end for start, end in spans):
        return block
    return replace(block, text=FILLER * len(block.text), cells=tuple((FILLER, FILLER) for _ in block.cells))


def _blank_segments(
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
