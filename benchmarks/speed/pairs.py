"""Two ways of doing the same, measured in alternation, so that what else the machine does meets both alike."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.speed.timing import Times

Work = Callable[[int], Awaitable[object]]

BLOCKS = 5
"""Stretches of a measurement whose ratios are told apart, for the spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The durations of two ways of doing the same."""

    name: str
    first: Times
    second: Times

    @property
    def ratio(self) -> float:
        """The first one's median in medians of the second."""
        return self.first.p50 / self.second.p50

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the greatest such ratio among the stretches of the measurement."""
        size = max(1, len(self.first.seconds) // BLOCKS)
        ratios = [
            Times("", seconds=self.first.seconds[at : at + size]).p50
            / Times("", seconds=self.second.seconds[at : at + size]).p50
            for at in range(0, size * min(BLOCKS, len(self.first.seconds)), size)
        ]
        return min(ratios), max(ratios)


async def beside(
    name: str, first: Work, second: Work, *, rounds: int, warm_up: int = 10, between: Work | None = None
) -> Pair:
    """Call both once in each round, in changing order, after rounds that are not counted; both are told the round.

    What `between` waits for after each round is not counted.
    """
    pair = Pair(name=name, first=Times(name), second=Times(name))
    for number in range(warm_up + rounds):
        order = [(first, pair.first), (second, pair.second)]
        for work, times in order if number % 2 else order[::-1]:
            started = time.perf_counter()
            await work(number)
            if number >= warm_up:
                times.seconds.append(time.perf_counter() - started)
        if between is not None:
            await between(number)
    return pair


def print_pairs(title: str, first: str, second: str, rows: Sequence[Pair]) -> None:
    """Print one row per pair: both with median and 95th percentile, and how many times as long as `second` the first takes."""
    heads = "".join(f"{head:>14}" for head in (f"{first} p50", "p95 ms", f"{second} p50", "p95 ms"))
    print(f"\n{title:46}{heads}{'n':>6}{'ratio':>8}{'spread':>14}")
    for row in rows:
        figures = "".join(f"{figure:>14.2f}" for times in (row.first, row.second) for figure in (times.p50, times.p95))
        low, high = row.spread
        spread = f"{low:.2f} .. {high:.2f}"
        print(f"{row.name:46}{figures}{len(row.first.seconds):>6}{row.ratio:>8.2f}{spread:>16}")
