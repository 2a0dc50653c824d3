"""Taking times, and printing them as a table with spreads and ratios."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True)
class Times:
    """Durations of one measurement, in seconds; `target` is the most that the median shall be, in milliseconds."""

    name: str
    target: float | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """Median, in milliseconds."""
        return self._at(50)

    @property
    def p95(self) -> float:
        """95th percentile, in milliseconds."""
        return self._at(95)

    @property
    def p99(self) -> float:
        """99th percentile, in milliseconds."""
        return self._at(99)

    def _at(self, percent: int) -> float:
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


async def measure(
    name: str,
    work: Callable[[int], Awaitable[object]],
    *,
    rounds: int,
    warm_up: int = 10,
    target: float | None = None,
    between: Callable[[], Awaitable[object]] | None = None,
) -> Times:
    """Return the durations of `rounds` calls, after some that are not counted; `work` is told the round.

    What `between` waits for after each of them is not counted.
    """
    for number in range(warm_up):
        await work(number)
    times = Times(name, target)
    for number in range(rounds):
        started = time.perf_counter()
        await work(warm_up + number)
        times.seconds.append(time.perf_counter() - started)
        if between is not None:
            await between()
    return times


def print_times(rows: list[Times], *, base: Times) -> None:
    """Print one row per measurement, each with its ratio to `base` and, where there is one, its target and whether it is met."""
    print(f"{'':46}{'p50 ms':>9}{'p95 ms':>9}{'n':>7}{'x base':>9}{'target ms':>11}")
    for row in rows:
        print(
            f"{row.name:46}{row.p50:>9.2f}{row.p95:>9.2f}{len(row.seconds):>7}{row.p50 / base.p50:>9.1f}"
            f"{'' if row.target is None else f'{row.target:g}':>11}{verdict(row)}"
        )


def verdict(row: Times) -> str:
    """Return ` pass`, ` miss`, or nothing where there is no target."""
    if row.target is None:
        return ""
    return " pass" if row.p50 <= row.target else " miss"


def machine() -> str:
    """Return one line about what the figures were taken on."""
    return (
        f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, numpy {np.__version__}"
    )
