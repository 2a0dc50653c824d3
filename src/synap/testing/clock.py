"""A clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Tells the moment it was set to, until it is moved."""

    def __init__(self, now: datetime = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)) -> None:
        """Stop the clock at `now`, which must carry its timezone.

        Raises:
            ValueError: It does not.
        """
        self._now = _utc(now)

    def now(self) -> datetime:
        """Return the moment it stands at, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move the clock, forward or (a negative `by`) back, and return the new moment."""
        self._now += by
        return self._now

    def set(self, now: datetime) -> None:
        """Put the clock to another moment, which must carry its timezone."""
        self._now = _utc(now)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a clock needs a moment with its timezone, not {moment.isoformat()}")
    return moment.astimezone(UTC)
