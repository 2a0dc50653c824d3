"""Rows about scopes: the whole digest beside the 63-bit id, and the version that every write raises.

Nothing is written for an instance that is being deleted. A write locks its scope's row, then reads the instance's status
in a statement of its own, so that it sees what was committed while it waited for the lock. The first write into a scope,
whose row nobody else can see or lock yet, holds the instance's row instead; closing the instance waits for it
(`synap.store.erasure`). So whoever deletes finds every scope that was written, and no write comes after.

Nor is anything written to a scope that a deletion of its user or customer holds closed (`synap.store.deletions`): its row,
which a write locks, says so. The first write of a user looks at the customer's row as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from synap.domain.scopes import WORLD_SPACE, Scope
from synap.errors import ConflictError, NotFoundError
from synap.store.database import Connection, Database
from synap.store.rows import place, scope_of
from synap.store.statements import execute

DELETING = "deleting"
"""Status of an instance or client whose deletion has begun."""


class ScopeCollisionError(RuntimeError):
    """Two different scopes have the same 63-bit id; the write was refused, as it would mix two owners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A scope whose row the transaction is about to lock; `confirm` waits for it.

    Attributes:
        connection: The transaction.
        version: Where the scope's new version arrives.
        instance_id: The instance that writes; empty for the operator, and for writes into what exists already.
        status: Where the instance's status arrives; None without an instance.
        writes: Whether what follows adds or changes memories, which a closed scope does not take.
    """

    connection: Connection
    version: AsyncCursor[DictRow]
    instance_id: str = ""
    status: AsyncCursor[DictRow] | None = None
    writes: bool = False


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


async def touch(connection: Connection, scope: Scope, *, instance_id: str, now: datetime) -> Touched:
    """Send the statements that create the scope's row or raise its version; check the outcome with `confirm`.

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
    version = await execute(connection, "touch_scope_shared" if scope.shared else "touch_scope", params)
    if scope.space == WORLD_SPACE:
        return Touched(connection=connection, version=version)
    status = await execute(connection, "instance_status", {"instance": instance_id})
    return Touched(connection=connection, version=version, instance_id=instance_id, status=status, writes=True)


async def bump(connection: Connection, scope: Scope, *, writes: bool = False) -> Touched:
    """Send the statement that raises the version of a scope that exists; locks and is checked as with `touch`.

    Without `writes`, what follows only takes away, which a closed scope lets happen.
    """
    params = place(scope) | {"digest": scope.digest}
    version = await execute(connection, "bump_scope_shared" if scope.shared else "bump_scope", params)
    return Touched(connection=connection, version=version, writes=writes)


async def confirm(touched: Touched, scope: Scope) -> int:
    """Return the version that `touch` or `bump` gave the scope.

    Raises:
        ScopeCollisionError: The row under this id belongs to another scope, or there is none.
        NotFoundError: The instance that writes was deleted, or is being deleted.
        ConflictError: What is kept of the scope's user or customer is being deleted.
    """
    row = await touched.version.fetchone()
    if row is None:
        msg = f"the row of scope {scope.id} belongs to another owner"
        raise ScopeCollisionError(msg)
    version: int = row["version"]
    if touched.writes and row["closed_by"] is not None:
        raise closed(scope)
    if touched.status is not None:
        await _check_instance(touched, touched.status, fresh=version == 1)
        if version == 1:
            await _check_customer(touched.connection, scope)
    return version


def closed(scope: Scope) -> ConflictError:
    """Return the refusal of a write into a scope that a deletion holds closed."""
    whose = "user" if scope.user_id is not None else "customer"
    return ConflictError(
        f"what is kept of this {whose} is being deleted: nothing is written to it until that has ended; send it again then"
    )


async def _check_customer(connection: Connection, scope: Scope) -> None:
    """Refuse the first write of a user whose customer is being deleted; the instance's row is held by now."""
    if scope.user_id is None or scope.customer_id is None:
        return
    customer = Scope(rung="customer", space=scope.space, ids=(("customer", scope.customer_id),))
    row = await (await execute(connection, "scope_closed", place(customer))).fetchone()
    if row is not None and row["closed_by"] is not None:
        raise closed(customer)


async def _check_instance(touched: Touched, status: AsyncCursor[DictRow], *, fresh: bool) -> None:
    if fresh:
        status = await execute(touched.connection, "hold_instance", {"instance": touched.instance_id})
    row = await status.fetchone()
    if row is None or row["status"] == DELETING:
        raise NotFoundError(
            f"instance {touched.instance_id} was deleted, or is being deleted: nothing is written to it"
        )


async def versions_of(connection: Connection, chain: Sequence[Scope]) -> dict[int, int]:
    """Return the version of each scope of `chain` that has a row with its digest, by scope id.

    Sends both statements before it waits, so inside a pipeline this is one round trip.
    """
    return await read_versions(await ask_versions(connection, chain), chain)


async def versions_now(database: Database, chain: Sequence[Scope]) -> dict[int, int]:
    """Return what `versions_of` does, asked for alone."""
    async with database.alone() as connection:
        return await versions_of(connection, chain)


async def ask_versions(connection: Connection, chain: Sequence[Scope]) -> list[AsyncCursor[DictRow]]:
    """Send the statements whose answers `read_versions` takes: one for a chain, which has one bucket and the shared ones."""
    groups = by_bucket(chain)
    shared = [scope.id for scope in chain if scope.shared]
    owned = [group for group in groups if not group[0].shared]
    if len(owned) == 1 and shared:
        params = {"bucket": owned[0][0].bucket, "scopes": [scope.id for scope in owned[0]], "shared": shared}
        return [await execute(connection, "chain_rows", params)]
    cursors = []
    for group in groups:
        name = "scope_rows_shared" if group[0].shared else "scope_rows"
        params = {"bucket": group[0].bucket, "scopes": [scope.id for scope in group]}
        cursors.append(await execute(connection, name, params))
    return cursors


async def read_versions(cursors: Sequence[AsyncCursor[DictRow]], chain: Sequence[Scope]) -> dict[int, int]:
    """Return what `versions_of` does, from statements that were sent before."""
    digests = {scope.id: scope.digest for scope in chain}
    rows = [row for cursor in cursors for row in await cursor.fetchall()]
    return {row["id"]: row["version"] for row in rows if bytes(row["digest"]) == digests[row["id"]]}


def by_bucket(scopes: Sequence[Scope]) -> list[list[Scope]]:
    """Return scopes in groups that one statement can read: those of each bucket, and the shared ones."""
    groups: dict[int | None, list[Scope]] = {}
    for scope in scopes:
        groups.setdefault(None if scope.shared else scope.bucket, []).append(scope)
    return list(groups.values())
