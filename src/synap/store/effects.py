"""Effects: how memories stood before an ingestion ended them or said them again, noted so that it can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from synap.domain.memories import MemoryStatus, Refresh
from synap.domain.scopes import Scope
from synap.store.changes import Ended
from synap.store.database import Connection
from synap.store.rows import encode_detail, place
from synap.store.statements import execute


async def note_effects(
    connection: Connection,
    scope: Scope,
    ingestion: int | None,
    ended: Sequence[Ended],
    refreshed: Mapping[int, Refresh],
    *,
    now: datetime,
) -> None:
    """Send how memories stand that an ingestion is about to end or to count as said again; nothing for none."""
    noted: list[tuple[Any, ...]] = [(one.id, _kind(one), one.valid_until, None) for one in ended]
    noted += [(row, "repeated", None, _said(again)) for row, again in refreshed.items()]
    if not noted or ingestion is None:
        return
    params = place(scope) | {
        "ingestion": ingestion,
        "now": now,
    }
    columns = dict(zip(("memories", "kinds", "ends", "said"), map(list, zip(*noted, strict=True)), strict=True))
    await execute(connection, "note_effects", params | columns, shared=scope.shared)


def _said(again: Refresh) -> bytes | None:
    return None if again.statement is None else encode_detail(again.statement, again.evidence)


def _kind(ended: Ended) -> str:
    return "announced" if ended.status is MemoryStatus.ACTIVE else "ended"
