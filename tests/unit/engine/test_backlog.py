"""Too long a queue refuses whoever has their share in it, and nobody else."""

from __future__ import annotations

import pytest

from synap.engine.backlog import FRESH_SECONDS, RETRY_SECONDS, Backlog, unlimited
from synap.errors import RateLimitError, ServiceUnavailableError


class Queue:
    """A queue as it is counted, and a clock set by hand."""

    def __init__(self, **waiting: int) -> None:
        self.waiting = waiting
        self.counted = 0
        self.seconds = 0.0
        self.away = False

    async def count(self) -> dict[str, int]:
        self.counted += 1
        if self.away:
            raise ServiceUnavailableError("away")
        return dict(self.waiting)

    def backlog(self, limit: int) -> Backlog:
        return Backlog(self.count, limit=limit, timer=lambda: self.seconds)


async def test_below_the_limit_everybody_is_let_in() -> None:
    backlog = Queue(busy=9).backlog(10)

    await backlog.admit("busy")


async def test_above_it_the_one_with_the_flood_is_refused_with_a_time_to_come_again() -> None:
    backlog = Queue(busy=10, calm=1).backlog(10)

    with pytest.raises(RateLimitError, match="10 of them of this instance") as refused:
        await backlog.admit("busy")

    assert refused.value.retry_after_seconds == RETRY_SECONDS


@pytest.mark.parametrize("instance", ["calm", "new"])
async def test_one_with_less_than_its_share_is_let_in_all_the_same(instance: str) -> None:
    backlog = Queue(busy=15, calm=1).backlog(10)

    await backlog.admit(instance)


async def test_with_any_number_of_instances_at_most_twice_the_limit_waits() -> None:
    queue = Queue()
    backlog = queue.backlog(100)
    let_in = 0
    for number in range(50):
        for _ in range(100):
            try:
                await backlog.admit(f"instance {number}")
            except RateLimitError:
                break
            let_in += 1

    assert 100 <= let_in <= 200


async def test_what_was_let_in_since_the_last_count_counts_too() -> None:
    queue = Queue()
    backlog = queue.backlog(3)
    for _ in range(3):
        await backlog.admit("busy")

    with pytest.raises(RateLimitError):
        await backlog.admit("busy")

    assert queue.counted == 1


async def test_a_queue_that_was_worked_off_lets_in_again() -> None:
    queue = Queue(busy=10)
    backlog = queue.backlog(10)
    with pytest.raises(RateLimitError):
        await backlog.admit("busy")

    queue.waiting, queue.seconds = {"busy": 2}, FRESH_SECONDS + 1

    await backlog.admit("busy")


async def test_a_store_that_is_away_is_left_to_tell_so_itself() -> None:
    queue = Queue(busy=1)
    queue.away = True

    await queue.backlog(10).admit("busy")


async def test_refusals_are_counted() -> None:
    told: list[int] = []
    backlog = Queue(busy=10).backlog(10)
    backlog.observe(lambda: told.append(1))

    with pytest.raises(RateLimitError):
        await backlog.admit("busy")

    assert told == [1]


async def test_without_a_limit_nothing_is_counted() -> None:
    queue = Queue(busy=10**6)

    await queue.backlog(0).admit("busy")
    await unlimited().admit("busy")

    assert queue.counted == 0
