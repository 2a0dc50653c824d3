"""Succession: what an instance leaves in the scope that it shares with others of its client becomes one of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from synap.domain.scopes import Scope
from synap.store.database import Connection, Database
from synap.store.errors import retry
from synap.store.rows import place
from synap.store.scopes import DELETING, bump
from synap.store.statements import execute

_INHERITED = ("jobs", "compactions", "ingestions", "scope")


class Succession:
    """Closes instances, so that nothing of what others share with them is left to one that is gone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def close(self, scope: Scope, instance_id: str, *, heirs: Sequence[str], now: datetime) -> None:
        """Begin to delete an instance, as `Erasure.close_instance` does, and hand on what it left in its client's scope.

        Both in one transaction, which holds the scope: whoever is writing comes before and is handed on too, or is refused
        after. Where nobody inherits, what was still to be worked through ends here, as nobody would work on it. Safe to repeat.

        Args:
            scope: The CLIENT scope that instances of the client may share.
            instance_id: The instance.
            heirs: Instances that share it as well, the best first; one that is being deleted inherits nothing.
            now: The moment.
        """
        await retry(lambda: self._close(scope, instance_id, heirs, now))

    async def _close(self, scope: Scope, instance_id: str, heirs: Sequence[str], now: datetime) -> None:
        async with self._database.transaction([scope]) as connection:
            await execute(connection, "lock_instance", {"instance": instance_id})
            there = await (await bump(connection, scope)).version.fetchone()
            await execute(connection, "close_instance", {"instance": instance_id})
            if there is None:
                return
            heir = await _living(connection, heirs)
            params = place(scope) | {"instance": instance_id, "heir": heir, "now": now}
            await _hand_on(connection, params) if heir is not None else await _end(connection, params)


async def _living(connection: Connection, heirs: Sequence[str]) -> str | None:
    """Return the first that is not being deleted. One whose deletion begins now waits for the scope, and hands on in turn."""
    for heir in heirs:
        row = await (await execute(connection, "instance_status", {"instance": heir})).fetchone()
        if row is not None and row["status"] != DELETING:
            return heir
    return None


async def _hand_on(connection: Connection, params: Mapping[str, Any]) -> None:
    for what in _INHERITED:
        await execute(connection, f"hand_on_{what}", params)


async def _end(connection: Connection, params: Mapping[str, Any]) -> None:
    await execute(connection, "erase_jobs_of_instance", params)
    await execute(connection, "end_ingestions_of_instance", params)
