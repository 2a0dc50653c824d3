"""The audit trail goes on after an error, and keeps what can still be written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from synap.api.admin import AuditEntry
from synap.engine import audit
from synap.engine.audit import AuditTrail
from synap.engine.guard import Guard


class Rows:
    """Refuses the entries of one instance in a way that nobody expects."""

    def __init__(self) -> None:
        self.written: list[AuditEntry] = []
        self.eight = asyncio.Event()

    async def append(self, instance_id: str | None, entries: Sequence[AuditEntry]) -> None:
        if instance_id == "inst_bad":
            raise ValueError(instance_id)
        self.written += entries
        if len(self.written) == 8:
            self.eight.set()


def entry(instance_id: str) -> AuditEntry:
    return AuditEntry(
        at=datetime(2026, 5, 4, tzinfo=UTC), action="memory.read", actor="process", instance_id=instance_id
    )


async def test_an_entry_that_cannot_be_written_keeps_back_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: Any = Rows()
    trail = AuditTrail(rows)
    trail.guard = Guard("audit trail", pause=0)
    monkeypatch.setattr(audit, "FLUSH_SECONDS", 0.001)
    for number in range(8):
        trail.add(entry(f"inst_{number}"))
    trail.add(entry("inst_bad"))

    running = asyncio.create_task(trail.run())
    async with asyncio.timeout(5):
        await rows.eight.wait()

    assert not running.done()
    running.cancel()
