"""The audit trail's way to disk: changes are written at once, reads are gathered and written together."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from synap.api.admin import AuditEntry
from synap.engine.guard import Guard
from synap.errors import TransientError
from synap.store.audit import Audit

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
MAX_GATHERED = 10_000
"""Entries held back while the store is away; above that the oldest reads are dropped, and the loss is logged."""


class AuditTrail:
    """Writes audit entries; holds those of reads back for up to half a second.

    Attributes:
        guard: What stands around its loop.
    """

    def __init__(self, rows: Audit) -> None:
        self.guard = Guard("audit trail")
        self._rows = rows
        self._gathered: deque[AuditEntry] = deque()
        self._dropped = 0

    def add(self, entry: AuditEntry) -> None:
        """Gather an entry for the next flush."""
        if len(self._gathered) >= MAX_GATHERED:
            self._gathered.popleft()
            self._dropped += 1
        self._gathered.append(entry)

    async def write(self, entry: AuditEntry) -> None:
        """Write an entry at once."""
        await self._rows.append(entry.instance_id, [entry])

    async def flush(self) -> None:
        """Write what was gathered; keep it for the next time where the store does not answer."""
        for owner in {entry.instance_id for entry in self._gathered}:
            own = [entry for entry in self._gathered if entry.instance_id == owner]
            # Taken out first, so that an entry that cannot be written at all is lost, and keeps back no other.
            self._gathered = deque(entry for entry in self._gathered if entry.instance_id != owner)
            try:
                await self._rows.append(owner, own)
            except TransientError:
                self._gathered.extendleft(reversed(own))
        if self._dropped:
            logger.error("audit entries were dropped", extra={"count": self._dropped})
            self._dropped = 0

    async def run(self) -> None:
        """Flush twice a second until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            async with self.guard.round():
                await self.flush()
