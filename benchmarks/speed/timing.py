"""Taking times, and printing them as a table with spreads and ratios."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Times:
    """Durations of one measurement, in seconds."""

    name: str
    seconds: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """Median, in milliseconds."""
        return self._at(50)

    @property
    def p95(self) -> float:
        """95th percentile, in milliseconds."""
        return self._at(95)

    def _at(self, percent: int) -> float:
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


async def measure(name: str, work: Callable[[int], Awaitable[object]], *, rounds: int, warm_up: int = 10) -> Times:
    """Return the durations of `rounds` calls, after some that are not counted; `work` is told the round."""
    for number in range(warm_up):
        await work(number)
    times = Times(name)
    for number in range(rounds):
        started = time.perf_counter()
        await work(warm_up + number)
        times.seconds.append(time.perf_counter() - started)
    return times


def print_times(rows: list[Times], *, base: Times) -> None:
    """Print one row per measurement, each with its ratio to `base`."""
    print(f"{'':46}{'p50 ms':>9}{'p95 ms':>9}{'n':>7}{'x base':>9}")
    for row in rows:
        print(f"{row.name:46}{row.p50:>9.2f}{row.p95:>9.2f}{len(row.seconds):>7}{row.p50 / base.p50:>9.1f}")
