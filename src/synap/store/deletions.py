"""Records of deletions: what is asked for, how far it has come, what it removed. Ids and counts, never content.

A deletion of a user or a customer closes their scopes: a write that arrives meanwhile is refused (`synap.store.scopes`),
until the deletion has ended. Whoever works on it holds it for a while; when that is over, another may go on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from synap.api.receipts import ErasureReceipt
from synap.domain.ids import RowRef, encode_public_id
from synap.domain.scopes import Scope
from synap.errors import ConflictError, NotFoundError
from synap.store.database import Connection, Database
from synap.store.receipts import NewReceipt, write
from synap.store.rows import place, scope_of
from synap.store.scopes import DELETING
from synap.store.statements import execute


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeletion:
    """A deletion to be begun.

    Attributes:
        id: Row id for it.
        instance_id: The instance.
        kind: `user`, `customer` or `conversation`.
        conversation: UUID form of the conversation; empty for the other kinds.
        actor: Who asked.
        correlation_id: Id of the request.
        holder: Who works on it.
    """

    id: int
    instance_id: str
    kind: str
    conversation: str = ""
    actor: str
    correlation_id: str = ""
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A deletion as it stands.

    Attributes:
        ref: Where its row lies.
        instance_id: The instance.
        kind: `user`, `customer` or `conversation`.
        scope: Whose data it is about.
        conversation: UUID form of the conversation, or empty.
        state: `running`, `complete`, or `partial` where something was left.
        position: Id of the last scope that was emptied, -1 before the first.
        removed: Rows deleted, by what they were.
        remaining: Rows counted after its end, by what they are.
        actor: Who asked.
        begun_at: When it began.
        ended_at: When it ended, or None.
    """

    ref: RowRef
    instance_id: str
    kind: str
    scope: Scope
    conversation: str
    state: str
    position: int
    removed: Mapping[str, int]
    remaining: Mapping[str, int]
    actor: str
    begun_at: datetime
    ended_at: datetime | None

    @property
    def id(self) -> str:
        """Its public id."""
        return encode_public_id(self.ref)


@dataclass(slots=True, kw_only=True)
class Progress:
    """What the one who works on a deletion has to note with each step.

    Attributes:
        ref: Where its row lies.
        holder: Who works on it.
        removed: Rows deleted so far, by what they were.
        lease_until: Until when it is held.
    """

    ref: RowRef
    holder: str
    lease_until: datetime
    removed: dict[str, int] = field(default_factory=dict)


class Deletions:
    """Writes and reads the records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, scope: Scope, new: NewDeletion, *, now: datetime, lease_until: datetime) -> Deletion:
        """Begin a deletion, with the scopes of a user or customer closed; or go on with the one that nobody works on.

        Raises:
            ConflictError: The same one, or one of the same user or customer, is being worked on.
            NotFoundError: The instance was deleted, or is being deleted.
        """
        params = _params(scope, new) | {"now": now, "lease_until": lease_until}
        async with self._database.control() as connection:
            # Waits for first writes that are under way, as the deletion of an instance does, and keeps others out.
            await execute(connection, "lock_instance", params)
            status = await (await execute(connection, "instance_status", params)).fetchone()
            if status is None or status["status"] == DELETING:
                raise NotFoundError(f"instance {new.instance_id} was deleted, or is being deleted")
            row = await (await execute(connection, "running_deletion", params)).fetchone()
            if row is not None:
                params |= {"deletion": row["id"]}
                if await (await execute(connection, "take_deletion", params)).fetchone() is None:
                    raise ConflictError("this deletion is running already; ask again when it has ended")
                return _deletion(row, scope)
            if not new.conversation:
                await _close(connection, scope, params)
            await execute(connection, "insert_deletion", params)
            fresh = await (await execute(connection, "running_deletion", params)).fetchone()
        if fresh is None:
            raise ConflictError("this deletion was ended by another process")
        return _deletion(fresh, scope)

    async def take(self, ref: RowRef, *, holder: str, now: datetime, lease_until: datetime) -> Deletion | None:
        """Go on with a deletion that nobody works on; None where it has ended or somebody does."""
        params = {"bucket": ref.bucket, "deletion": ref.row_id, "holder": holder, "now": now}
        async with self._database.control() as connection:
            taken = await (await execute(connection, "take_deletion", params | {"lease_until": lease_until})).fetchone()
        return None if taken is None else await self.get(ref)

    async def get(self, ref: RowRef) -> Deletion | None:
        """Return a deletion by the place of its row, or None."""
        async with self._database.control() as connection:
            params = {"bucket": ref.bucket, "deletion": ref.row_id}
            row = await (await execute(connection, "get_deletion", params)).fetchone()
        return None if row is None else _deletion(row)

    async def unfinished(self, *, now: datetime) -> list[RowRef]:
        """Return the places of deletions that have begun, have not ended, and that nobody works on."""
        async with self._database.control() as connection:
            rows = await (await execute(connection, "unfinished_deletions", {"now": now})).fetchall()
        return [RowRef("deletion", row["bucket"], row["id"]) for row in rows]

    async def leave(self, ref: RowRef, *, holder: str, now: datetime) -> None:
        """Let others go on with a deletion."""
        params = {"bucket": ref.bucket, "deletion": ref.row_id, "holder": holder, "now": now}
        async with self._database.control() as connection:
            await execute(connection, "leave_deletion", params)

    async def end(
        self,
        scope: Scope,
        deletion: Deletion,
        *,
        holder: str,
        remaining: Mapping[str, int],
        receipt: NewReceipt,
        now: datetime,
    ) -> tuple[Deletion, ErasureReceipt]:
        """Note what was found after the last step, open the scopes, and write the receipt, in one transaction.

        Raises:
            ConflictError: Another process works on it by now.
        """
        left = {what: count for what, count in remaining.items() if count}
        params = place(scope) | {
            "deletion": deletion.ref.row_id,
            "instance": deletion.instance_id,
            "holder": holder,
            "state": "partial" if left else "complete",
            "remaining": json.dumps(left),
            "now": now,
        }
        async with self._database.control() as connection:
            if await (await execute(connection, "end_deletion", params)).fetchone() is None:
                raise taken_over()
            await execute(connection, "open_scopes", params)
            written = await write(connection, receipt)
        return replace(deletion, state=params["state"], remaining=left, ended_at=now), written


async def note(connection: Connection, progress: Progress, removed: Mapping[str, int], *, emptied: int | None) -> None:
    """Note in the transaction that deleted rows how many they were, and the scope that it emptied.

    Raises:
        ConflictError: Another process works on the deletion by now.
    """
    total = dict(progress.removed)
    for what, count in removed.items():
        total[what] = total.get(what, 0) + count
    params = {
        "bucket": progress.ref.bucket,
        "deletion": progress.ref.row_id,
        "holder": progress.holder,
        "removed": json.dumps(total),
        "position": -1 if emptied is None else emptied,
        "lease_until": progress.lease_until,
    }
    if await (await execute(connection, "note_removed", params)).fetchone() is None:
        raise taken_over()


def taken_over() -> ConflictError:
    """Return the error of one who no longer works on a deletion."""
    return ConflictError("another process goes on with this deletion; ask again when it has ended")


async def _close(connection: Connection, scope: Scope, params: Mapping[str, Any]) -> None:
    closed = await execute(connection, "closed_scope", params)
    if await closed.fetchone() is not None:
        raise ConflictError("a deletion of the same user or customer is running; ask again when it has ended")
    if await (await execute(connection, "close_scope", params)).fetchone() is None:
        raise ConflictError(f"the row of scope {scope.id} belongs to another owner")
    if scope.user_id is None:
        await execute(connection, "close_scopes_of_customer", params)


def _params(scope: Scope, new: NewDeletion) -> dict[str, Any]:
    return place(scope) | {
        "deletion": new.id,
        "instance": new.instance_id,
        "kind": new.kind,
        "rung": scope.rung,
        "digest": scope.digest,
        "customer": scope.customer_id,
        "user": scope.user_id,
        "whole_customer": scope.user_id is None,
        "conversation": new.conversation,
        "actor": new.actor,
        "correlation": new.correlation_id,
        "holder": new.holder,
    }


def _deletion(row: Mapping[str, Any], scope: Scope | None = None) -> Deletion:
    return Deletion(
        ref=RowRef("deletion", row["bucket"], row["id"]),
        instance_id=row["instance_id"],
        kind=row["kind"],
        scope=scope or scope_of({**row, "space": row["instance_id"]}),
        conversation=row["conversation"],
        state=row["state"],
        position=row["position"],
        removed=json.loads(row["removed"]),
        remaining=json.loads(row["remaining"]),
        actor=row["actor"],
        begun_at=row["begun_at"],
        ended_at=row["ended_at"],
    )
