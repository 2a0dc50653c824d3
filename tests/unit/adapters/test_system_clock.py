from __future__ import annotations

from datetime import UTC, datetime, timedelta

from synap.adapters.system.clock import SystemClock


def test_the_time_is_the_computers_in_utc() -> None:
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)
