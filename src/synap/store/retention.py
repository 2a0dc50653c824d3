"""Retention: what a scope recorded before a moment is erased, with a receipt, or kept out of every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from synap.domain.scopes import WORLD_SPACE, Scope
from synap.store.database import Connection, Database
from synap.store.errors import retry
from synap.store.memories import erase_memories
from synap.store.parts import DocumentParts
from synap.store.receipts import NewReceipt, write
from synap.store.residents import Residents
from synap.store.rows import place, role_for
from synap.store.scopes import bump, confirm
from synap.store.statements import execute

PORTION = 100
"""Memories erased in one transaction, so that writers of their scope do not wait for long."""

ROWS = 5000
"""Likewise, rows of what memories came from, or rows hidden of each kind."""

DOCUMENTS = 500
"""Documents deleted by one statement: each may be large."""

_BY_MEMORIES = ("effects", "retractions")
_OF_CONVERSATIONS = ("summaries", "compactions", "messages")

_EMPTY = msgspec.msgpack.encode(DocumentParts(blocks=(), protected={}))


class Retention:
    """Ends what is past its age, one scope at a time. A scope in which nothing has expired is left as it is."""

    def __init__(self, database: Database, residents: Residents) -> None:
        self._database = database
        self._residents = residents

    async def erase(
        self,
        scope: Scope,
        *,
        recorded_before: datetime,
        now: datetime,
        receipt: Callable[[], NewReceipt] | None = None,
    ) -> int:
        """Erase memories, and delete passages, documents and messages, recorded before a moment; return how many memories.

        With messages go the summaries that hold them, and what a transcript told of their conversation. A document stays,
        without its passages, while a memory that was recorded later rests on it. It is done in portions; each transaction
        that erases anything writes a receipt of its own, made by `receipt`. Cut short, the next call goes on.
        """
        if not await self._any(scope, "has_expired", recorded_before):
            return 0
        count, going_on = 0, True
        while going_on:
            erased, going_on = await retry(lambda: self._erase(scope, recorded_before, now, receipt))
            self._residents.forget(scope)
            count += erased
        return count

    async def _erase(
        self, scope: Scope, before: datetime, now: datetime, receipt: Callable[[], NewReceipt] | None
    ) -> tuple[int, bool]:
        """Erase a portion of memories, and behind the last ones of all else; return how many, and whether there is more."""
        # Anew for a repetition: it erases the next portion, if the first attempt took effect.
        made = None if receipt is None else receipt()
        params = place(scope) | {"before": before}
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            await confirm(await bump(connection, scope), scope)
            portion = {**params, "limit": PORTION}
            cursor = await execute(connection, "expired_memories", portion, shared=scope.shared)
            rows = [row["id"] for row in await cursor.fetchall()]
            removed = {"segments": await _empty_documents(connection, scope, rows, params)}
            erased = await erase_memories(connection, scope, rows, now=now)
            removed["memories"] = sum(erased.values())
            going_on = len(rows) == PORTION
            if not going_on:
                going_on = await _erase_sources(connection, scope, params, removed)
            removed["documents"] = await _erase_documents(connection, scope, params)
            if made is not None and any(removed.values()):
                await write(connection, made, removed)
        return len(erased), going_on

    async def archive(self, scope: Scope, *, recorded_before: datetime, now: datetime) -> int:
        """Hide memories and passages recorded before a moment, and return how many memories.

        They stay as they are, and can be read by id.
        """
        if not await self._any(scope, "has_unarchived", recorded_before):
            return 0
        params = place(scope) | {"before": recorded_before, "now": now, "limit": ROWS}
        count, going_on = 0, True
        while going_on:
            hidden, going_on = await retry(lambda: self._archive(scope, params))
            self._residents.forget(scope)
            count += hidden
        return count

    async def _archive(self, scope: Scope, params: Mapping[str, Any]) -> tuple[int, bool]:
        """Hide a portion; return how many memories, and whether there is more."""
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        async with transaction as connection:
            await confirm(await bump(connection, scope), scope)
            hidden = await execute(connection, "archive_memories", params, shared=scope.shared)
            passages = await execute(connection, "archive_segments", params, shared=scope.shared)
            rows = [await hidden.fetchone(), await passages.fetchone()]
        memories, segments = (0 if row is None else int(row["count"]) for row in rows)
        return memories, ROWS in (memories, segments)

    async def _any(self, scope: Scope, name: str, recorded_before: datetime) -> bool:
        params = place(scope) | {"before": recorded_before}
        async with self._database.transaction([scope], pipelined=True) as connection:
            row = await (await execute(connection, name, params, shared=scope.shared)).fetchone()
        return bool(row and row["found"])


async def _empty_documents(
    connection: Connection, scope: Scope, memories: Sequence[int], params: Mapping[str, Any]
) -> int:
    """Empty the documents that go with their memories; return how many passages of theirs were deleted.

    They are deleted behind the last of their memories. Until then each memory would be blanked in them, and all of the
    document read and written for it.
    """
    if not memories:
        return 0
    asked = {**params, "ids": list(memories)}
    cursor = await execute(connection, "expired_documents_of_memories", asked, shared=scope.shared)
    documents = [row["id"] for row in await cursor.fetchall()]
    if not documents:
        return 0
    going = {**params, "documents": documents, "blocks": _EMPTY}
    await execute(connection, "empty_documents", going, shared=scope.shared)
    return (await execute(connection, "erase_segments_of_documents", going, shared=scope.shared)).rowcount


async def _erase_sources(
    connection: Connection, scope: Scope, params: Mapping[str, Any], removed: dict[str, int]
) -> bool:
    """Delete a portion of what memories came from and of what was said, and count it; return whether there may be more."""
    of_conversations = () if scope.space == WORLD_SPACE else _OF_CONVERSATIONS
    if of_conversations:
        await execute(connection, "blank_expired_conversations", params)
        await execute(connection, "restart_compactions", params)
    left = ROWS
    for what in (*_BY_MEMORIES, *of_conversations, "segments"):
        portion = {**params, "limit": left}
        gone = (await execute(connection, f"delete_expired_{what}", portion, shared=scope.shared)).rowcount
        removed[what] = removed.get(what, 0) + gone
        left -= gone
        if left <= 0:
            return True
    return False


async def _erase_documents(connection: Connection, scope: Scope, params: Mapping[str, Any]) -> int:
    """Delete the documents of which nothing is left, and their names; return how many."""
    count, going_on = 0, True
    while going_on:
        portion = {**params, "limit": DOCUMENTS}
        gone = (await execute(connection, "delete_expired_documents", portion, shared=scope.shared)).rowcount
        count += gone
        going_on = gone == DOCUMENTS
    if count:
        await execute(connection, "forget_expired_documents", {**params, "shared": scope.shared}, shared=scope.shared)
    return count
