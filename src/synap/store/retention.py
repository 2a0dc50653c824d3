"""Retention: what a scope recorded before a moment is erased, or kept out of every answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from synap.domain.scopes import WORLD_SPACE, Scope
from synap.store.database import Database
from synap.store.memories import Memories
from synap.store.residents import Residents
from synap.store.rows import place, role_for
from synap.store.scopes import bump, confirm
from synap.store.statements import execute


class Retention:
    """Ends what is past its age, one scope at a time. A scope in which nothing has expired is left as it is."""

    def __init__(self, database: Database, memories: Memories, residents: Residents) -> None:
        self._database = database
        self._residents = residents
        self._memories = memories

    async def erase(self, scope: Scope, *, recorded_before: datetime, now: datetime) -> int:
        """Erase memories, and delete passages, documents and messages, recorded before a moment; return how many memories.

        With messages go the summaries that hold them, and what a transcript told of their conversation. A document stays, without its passages, while a memory that was recorded later rests on it.
        """
        if not await self._any(scope, "has_expired", recorded_before):
            return 0
        count = 0
        while rows := await self._memories.expired(scope, recorded_before=recorded_before):
            for row in rows:
                count += bool(await self._memories.erase(scope, row, now=now))
        params = place(scope) | {"before": recorded_before}
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        async with transaction as connection:
            await confirm(await bump(connection, scope), scope)
            await execute(connection, "delete_expired_effects", params, shared=scope.shared)
            await execute(connection, "delete_expired_retractions", params, shared=scope.shared)
            await execute(connection, "delete_expired_segments", params, shared=scope.shared)
            await execute(connection, "delete_expired_documents", params, shared=scope.shared)
            if scope.space != WORLD_SPACE:
                await execute(connection, "blank_expired_conversations", params)
                await execute(connection, "restart_compactions", params)
                await execute(connection, "delete_expired_messages", params)
                await execute(connection, "delete_expired_summaries", params)
                await execute(connection, "delete_expired_compactions", params)
        self._residents.forget(scope)
        return count

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
