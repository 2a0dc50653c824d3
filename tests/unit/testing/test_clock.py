from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from synap.testing import FixedClock


def test_the_clock_stands_still_until_it_is_moved() -> None:
    clock = FixedClock(datetime(2025, 5, 1, tzinfo=UTC))
    assert clock.now() == clock.now()

    clock.advance(timedelta(days=1))

    assert clock.now() == datetime(2025, 5, 2, tzinfo=UTC)


def test_the_time_is_told_in_utc() -> None:
    clock = FixedClock()

    clock.set(datetime(2025, 5, 1, 2, tzinfo=timezone(timedelta(hours=2))))

    assert clock.now() == datetime(2025, 5, 1, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_moment_without_timezone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone"):
        FixedClock(datetime(2025, 5, 1))  # noqa: DTZ001 - the missing timezone is the point
