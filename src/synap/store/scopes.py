"""Rows about scopes: the whole digest beside the 63-bit id, and the version that every write raises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from synap.domain.scopes import Scope
from synap.store.database import Connection, Database
from synap.store.rows import place, scope_of
from synap.store.statements import execute


class ScopeCollisionError(RuntimeError):
    """Two different scopes have the same 63-bit id; the write was refused, as it would mix two owners."""


class Scopes:
    """Reads about scopes as such."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_customer(self, customer: Scope) -> list[Scope]:
        """Return the scopes of a customer: its own and those of its users, as far as they were ever written."""
        params = {"bucket": customer.bucket, "instance": customer.space, "customer": customer.customer_id}
        async with self._database.control() as connection:
            cursor = await execute(connection, "scopes_of_customer", params)
            return [scope_of(row) for row in await cursor.fetchall()]

    async def of_instance(self, instance_id: str) -> list[Scope]:
        """Return the scopes of all customers and users of an instance that were ever written."""
        async with self._database.control() as connection:
            cursor = await execute(connection, "scopes_of_instance", {"instance": instance_id})
            return [scope_of(row) for row in await cursor.fetchall()]


async def touch(connection: Connection, scope: Scope, *, instance_id: str, now: datetime) -> AsyncCursor[DictRow]:
    """Send the statement that creates the scope's row or raises its version; check the outcome with `confirm`.

    The row stays locked until the end of the transaction, so that writes into one scope come one after another: what
    is looked up after this statement cannot be changed by somebody else before the transaction ends.
    """
    params = place(scope) | {
        "digest": scope.digest,
        "instance": instance_id,
        "space": scope.space,
        "rung": scope.rung,
        "customer": scope.customer_id,
        "user": scope.user_id,
        "now": now,
    }
    return await execute(connection, "touch_scope_shared" if scope.shared else "touch_scope", params)


async def bump(connection: Connection, scope: Scope) -> AsyncCursor[DictRow]:
    """Send the statement that raises the version of a scope that exists; locks and is checked as with `touch`."""
    params = place(scope) | {"digest": scope.digest}
    return await execute(connection, "bump_scope_shared" if scope.shared else "bump_scope", params)


async def confirm(cursor: AsyncCursor[DictRow], scope: Scope) -> int:
    """Return the version that `touch` or `bump` gave the scope.

    Raises:
        ScopeCollisionError: The row under this id belongs to another scope, or there is none.
    """
    row = await cursor.fetchone()
    if row is None:
        msg = f"the row of scope {scope.id} belongs to another owner"
        raise ScopeCollisionError(msg)
    version: int = row["version"]
    return version


async def scope_rows(connection: Connection, chain: Sequence[Scope]) -> list[dict[str, Any]]:
    """Return `id`, `version` and `known` per scope of `chain` that has a row; `known` is false for a foreign digest.

    Sends both statements before it waits, so inside a pipeline this is one round trip.
    """
    digests = {scope.id: scope.digest for scope in chain}
    cursors = []
    for owned in by_bucket(chain):
        name = "scope_rows_shared" if owned[0].shared else "scope_rows"
        params = {"bucket": owned[0].bucket, "scopes": [scope.id for scope in owned]}
        cursors.append(await execute(connection, name, params))
    rows = [row for cursor in cursors for row in await cursor.fetchall()]
    return [{**row, "known": bytes(row["digest"]) == digests[row["id"]]} for row in rows]


def by_bucket(scopes: Sequence[Scope]) -> list[list[Scope]]:
    """Return scopes in groups that one statement can read: those of each bucket, and the shared ones."""
    groups: dict[int | None, list[Scope]] = {}
    for scope in scopes:
        groups.setdefault(None if scope.shared else scope.bucket, []).append(scope)
    return list(groups.values())
