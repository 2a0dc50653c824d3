"""Preferences that follow from repeated choices, and for which too few occasions are left when others are erased."""

from __future__ import annotations

from collections.abc import Iterable

from synap.domain.choices import CHOICE, enough
from synap.domain.memories import IMPLIED_EXTRACTOR
from synap.domain.scopes import Scope
from synap.domain.slots import slot_hash
from synap.store.database import Connection
from synap.store.rows import Detail, decode_detail, place
from synap.store.statements import execute


async def unsupported(
    connection: Connection, scope: Scope, erased: Iterable[Detail], *, without: str | None = None
) -> list[int]:
    """Return the rows of implied preferences that lose their ground with some memories, locked; no query where none can.

    Args:
        connection: A transaction that holds the scope.
        scope: The owner.
        erased: What is erased, or loses a document.
        without: A document that is about to go; what only it tells of does not count.
    """
    lost = {slot for detail in erased for slot in detail.statement.slots if slot.attribute == CHOICE}
    if not lost:
        return []
    params = place(scope) | {"slots": [slot_hash(slot) for slot in lost]}
    rows = await (await execute(connection, "memories_of_slots", params, shared=scope.shared)).fetchall()
    occasions = [decode_detail(row["detail"]) for row in rows if row["extractor"] != IMPLIED_EXTRACTOR]
    found = []
    for row in rows:
        if row["extractor"] != IMPLIED_EXTRACTOR:
            continue
        slots = set(decode_detail(row["detail"]).statement.slots)
        told = [(one.statement, one.evidence) for one in occasions if slots & set(one.statement.slots)]
        if not enough(told, without=without):
            found.append(row["id"])
    return found
