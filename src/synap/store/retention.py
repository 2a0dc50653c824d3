"""Retention: what a scope recorded before a moment is erased, with a receipt, or kept out of every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from synap.domain.scopes import WORLD_SPACE, Scope
from synap.store.database import Connection, Database
from synap.store.memories import erase_memories
from synap.store.receipts import NewReceipt, write
from synap.store.residents import Residents
from synap.store.rows import place, role_for
from synap.store.scopes import bump, confirm
from synap.store.statements import execute

PORTION = 100
"""Memories erased in one transaction, so that writers of their scope do not wait for long."""

_BY_MEMORIES = ("effects", "retractions")
_SOURCES = ("segments", "documents")
_OF_CONVERSATIONS = ("messages", "summaries", "compactions")


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
        without its passages, while a memory that was recorded later rests on it. Each transaction that erases anything
        writes a receipt of its own, made by `receipt`.
        """
        if not await self._any(scope, "has_expired", recorded_before):
            return 0
        count, going_on = 0, True
        while going_on:
            made = None if receipt is None else receipt()
            erased, going_on = await self._erase(scope, recorded_before, now, made)
            self._residents.forget(scope)
            count += erased
        return count

    async def _erase(
        self, scope: Scope, before: datetime, now: datetime, receipt: NewReceipt | None
    ) -> tuple[int, bool]:
        """Erase a portion of memories, and where it is the last one all else; return how many, and whether there are more."""
        params = place(scope) | {"before": before, "limit": PORTION}
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            await confirm(await bump(connection, scope), scope)
            rows = await (await execute(connection, "expired_memories", params, shared=scope.shared)).fetchall()
            erased = await erase_memories(connection, scope, [row["id"] for row in rows], now=now)
            removed = {"memories": sum(erased.values())}
            if len(rows) < PORTION:
                removed |= await _erase_sources(connection, scope, params)
            if receipt is not None and any(removed.values()):
                await write(connection, receipt, removed)
        return len(erased), len(rows) == PORTION

    async def archive(self, scope: Scope, *, recorded_before: datetime, now: datetime) -> int:
        """Hide memories and passages recorded before a moment, and return how many memories.

        They stay as they are, and can be read by id.
        """
        if not await self._any(scope, "has_unarchived", recorded_before):
            return 0
        params = place(scope) | {"before": recorded_before, "now": now}
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        async with transaction as connection:
            await confirm(await bump(connection, scope), scope)
            hidden = await execute(connection, "archive_memories", params, shared=scope.shared)
            await execute(connection, "archive_segments", params, shared=scope.shared)
            row: dict[str, Any] | None = await hidden.fetchone()
        self._residents.forget(scope)
        return row["count"] if row else 0

    async def _any(self, scope: Scope, name: str, recorded_before: datetime) -> bool:
        params = place(scope) | {"before": recorded_before}
        async with self._database.transaction([scope], pipelined=True) as connection:
            row = await (await execute(connection, name, params, shared=scope.shared)).fetchone()
        return bool(row and row["found"])


async def _erase_sources(connection: Connection, scope: Scope, params: Mapping[str, Any]) -> dict[str, int]:
    """Delete what memories came from, and what was said, and the names of documents; return how many rows of what."""
    of_conversations = () if scope.space == WORLD_SPACE else _OF_CONVERSATIONS
    if of_conversations:
        await execute(connection, "blank_expired_conversations", params)
        await execute(connection, "restart_compactions", params)
    removed: dict[str, int] = {}
    for what in (*_BY_MEMORIES, *_SOURCES, *of_conversations):
        cursor = await execute(connection, f"delete_expired_{what}", params, shared=scope.shared)
        removed[what] = cursor.rowcount
    await execute(connection, "forget_expired_documents", {**params, "shared": scope.shared}, shared=scope.shared)
    return removed
