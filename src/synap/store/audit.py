"""The audit trail: who did what to which ids, never content. An instance's entries lie in the instance's bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synap.api.admin import AuditEntry, AuditPage
from synap.domain.ids import RowIds, RowRef, decode_public_id, encode_public_id
from synap.domain.scopes import bucket_of
from synap.errors import InvalidInputError
from synap.store.database import Database
from synap.store.statements import execute

_NEWEST = 2**63 - 1
_OPERATOR = "operator"


class Audit:
    """Appends to the trail and reads it, newest first."""

    def __init__(self, database: Database, ids: RowIds) -> None:
        self._database = database
        self._ids = ids

    async def append(self, instance_id: str | None, entries: Sequence[AuditEntry]) -> None:
        """Add entries that concern an instance, or (None) the operator, in one exchange."""
        async with self._database.control(pipelined=True) as connection:
            for entry in entries:
                params = {
                    "bucket": _bucket(instance_id),
                    "id": self._ids.next(),
                    "at": entry.at,
                    "action": entry.action,
                    "actor": entry.actor,
                    "instance": instance_id,
                    "rung": entry.scope,
                    "customer": entry.customer_id,
                    "user": entry.user_id,
                    "targets": list(entry.target_ids),
                    "count": entry.count,
                    "correlation": entry.correlation_id,
                    "outcome": entry.outcome,
                }
                await execute(connection, "insert_audit", params)

    async def page(self, instance_id: str | None, *, cursor: str | None = None, limit: int = 100) -> AuditPage:
        """Return at most `limit` entries of an instance, or (None) of all, before the one that `cursor` names.

        Raises:
            InvalidInputError: The cursor is none that a page gave.
        """
        params: dict[str, Any] = {"before": _before(cursor), "limit": limit + 1}
        if instance_id is not None:
            params |= {"bucket": _bucket(instance_id), "instance": instance_id}
        name = "page_audit" if instance_id is None else "page_audit_of_instance"
        async with self._database.control() as connection:
            rows = await (await execute(connection, name, params)).fetchall()
        more = len(rows) > limit
        data = tuple(_entry(row) for row in rows[:limit])
        return AuditPage(data=data, cursor=_cursor(instance_id, rows[limit - 1]["id"]) if more else None)


def _bucket(instance_id: str | None) -> int:
    owner = instance_id or _OPERATOR
    return bucket_of(owner, "instance", owner)


def _cursor(instance_id: str | None, row_id: int) -> str:
    return encode_public_id(RowRef("audit", _bucket(instance_id), row_id))


def _before(cursor: str | None) -> int:
    if cursor is None:
        return _NEWEST
    ref = decode_public_id(cursor)
    if ref is None or ref.kind != "audit":
        raise InvalidInputError("cursor must be one that an earlier page gave", field="cursor")
    return ref.row_id


def _entry(row: Mapping[str, Any]) -> AuditEntry:
    columns = {name: value for name, value in row.items() if name not in ("id", "target_ids")}
    return AuditEntry(**columns, target_ids=tuple(row["target_ids"]))
