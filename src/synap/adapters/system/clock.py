"""The computer's clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """Tells the time of this computer, which may be set back; nothing is ordered by it alone."""

    def now(self) -> datetime:
        return datetime.now(UTC)
