"""Scopes read whole for an export, and put in whole from one: a scope at a time, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from synap.domain.scopes import Scope
from synap.errors import ConflictError, InvalidInputError
from synap.store.database import Database
from synap.store.documents import list_in_conversation
from synap.store.portable import TABLES
from synap.store.queue import INGEST, NewJob, enqueue
from synap.store.residents import Residents
from synap.store.rows import place
from synap.store.scopes import confirm, touch
from synap.store.statements import execute, portions

LOCATED = ("memory", "entity")
UNDONE_YET = ("queued", "processing")
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is put into a scope: rows by their table, and the range that their ids lie in."""

    rows: Rows
    low: int
    high: int


class Transfers:
    """Reads and writes scopes as a whole."""

    def __init__(self, database: Database, residents: Residents) -> None:
        self._database = database
        self._residents = residents

    async def read(self, scope: Scope) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of exactly this scope by their table, as of one moment: writes into it wait meanwhile."""
        params = place(scope) | {"shared": scope.shared}
        found: dict[str, list[dict[str, Any]]] = {}
        async with self._database.transaction([scope]) as connection:
            held = await execute(connection, "hold_scope_shared" if scope.shared else "hold_scope", params)
            await held.fetchone()
            for table in TABLES:
                cursor = await execute(connection, f"export_{table.name}", params, shared=scope.shared)
                found[table.name] = await cursor.fetchall()
        return found

    async def state(self, scope: Scope, *, low: int, high: int) -> str:
        """Return whether a scope is `empty`, `done` (it holds rows of this range of ids), or `taken` by others alone.

        A scope is put in whole or not at all, so one such row tells that all were; what was written since is no matter.
        """
        params = place(scope) | {"shared": scope.shared, "low": low, "high": high}
        async with self._database.transaction([scope]) as connection:
            row = await (await execute(connection, "import_state", params, shared=scope.shared)).fetchone()
        if row is None or not row["rows"]:
            return "empty"
        return "done" if row["own"] else "taken"

    async def write(self, scope: Scope, section: Section, *, instance_id: str, now: datetime) -> int:
        """Put rows into a scope that is empty; return how many. Ingestions that were not through are queued again.

        Raises:
            InvalidInputError: A row is none that its table takes; nothing was written.
            ConflictError: Rows of the same ids are there already.
        """
        try:
            return await self._write(scope, section, instance_id, now)
        except psycopg.errors.UniqueViolation as error:
            raise ConflictError(
                "rows of this import are there already, or somebody wrote to the same customer or user meanwhile"
            ) from error
        except (psycopg.errors.DataError, psycopg.errors.IntegrityError) as error:
            reason = str(error.diag.message_primary or "a value does not fit")
            raise InvalidInputError(f"a record cannot be stored: {reason}", field="file") from error

    async def _write(self, scope: Scope, section: Section, instance_id: str, now: datetime) -> int:
        own: dict[str, object] = {"bucket": scope.bucket, "scope_id": scope.id}
        params = place(scope) | {"shared": scope.shared, "instance": instance_id}
        count = 0
        async with self._database.transaction([scope]) as connection:
            await confirm(await touch(connection, scope, instance_id=instance_id, now=now), scope)
            for table in TABLES:
                extra = dict(own)
                if table.name == "ingestion":
                    extra |= {"instance_id": instance_id, "shared": scope.shared, "rung": scope.rung}
                for portion in portions(section.rows.get(table.name, ())):
                    rows = msgspec.json.encode([{**row, **extra} for row in portion]).decode()
                    await execute(connection, f"import_{table.name}", params | {"rows": rows}, shared=scope.shared)
                    count += len(portion)
            for name in LOCATED:
                for portion in portions(section.rows.get(name, ())):
                    ids = [row["id"] for row in portion]
                    await execute(connection, "import_locator", params | {"ids": ids})
            for conversation in _conversations(section.rows):
                await list_in_conversation(connection, scope, instance_id=instance_id, conversation=conversation)
            for row in section.rows.get("ingestion", ()):
                if row["status"] in UNDONE_YET:
                    job = NewJob(
                        id=row["id"], instance_id=instance_id, kind=INGEST, ingestion_id=row["id"], created_at=now
                    )
                    await enqueue(connection, scope, job)
        self._residents.forget(scope)
        return count


def _conversations(rows: Rows) -> list[str]:
    named = [row["conversation"] for name in ("document", "conversation") for row in rows.get(name, ())]
    return list(dict.fromkeys(one for one in named if one))
