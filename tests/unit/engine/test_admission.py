"""A number of calls works at once; the others wait in line, by turns among the instances, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from synap.engine.admission import Admission
from synap.errors import RateLimitError

INSIDE = 0.005
"""Seconds that a call of these tests takes."""


class Work:
    """Calls that note in which order they were let in, and how many were inside at a time."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.order: list[str] = []
        self.inside = self.most = 0

    async def call(self, instance: str, name: str) -> None:
        async with self.admission.entered(instance):
            self.order.append(name)
            self.inside += 1
            self.most = max(self.most, self.inside)
            await asyncio.sleep(INSIDE)
            self.inside -= 1


@asynccontextmanager
async def held(admission: Admission) -> AsyncIterator[None]:
    """Occupy the only place."""
    async with admission.entered("other"):
        yield


async def test_no_more_than_the_number_are_inside_and_all_get_their_turn_in_order() -> None:
    work = Work(Admission(3))

    await asyncio.gather(*(work.call("a", str(n)) for n in range(20)))

    assert (work.most, work.order) == (3, [str(n) for n in range(20)])


async def test_an_instance_with_a_long_line_lets_another_one_pass() -> None:
    work = Work(Admission(1))

    await asyncio.gather(*(work.call("busy", f"busy {n}") for n in range(10)), work.call("quiet", "quiet"))

    assert work.order.index("quiet") <= 2


async def test_who_waits_too_long_is_told_to_come_again_and_leaves_the_line() -> None:
    admission = Admission(1, wait=0.01)

    async with held(admission):
        with pytest.raises(RateLimitError) as refused:
            await Work(admission).call("a", "late")
        left = admission.waiting

    assert (refused.value.retry_after_seconds, left) == (2, 0)


async def test_a_place_is_free_again_after_a_call_that_failed() -> None:
    admission = Admission(1, wait=1.0)
    with pytest.raises(KeyError):
        async with admission.entered("a"):
            raise KeyError
    work = Work(admission)

    await work.call("a", "next")

    assert work.order == ["next"]


async def test_who_is_called_off_in_line_takes_no_place() -> None:
    admission = Admission(1, wait=1.0)
    work = Work(admission)
    async with held(admission):
        waiting = [asyncio.create_task(work.call("a", name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        assert admission.waiting == 2
        waiting[0].cancel()
        await asyncio.wait([waiting[0]])

    await waiting[1]

    assert work.order == ["second"]


async def test_who_is_called_off_in_the_moment_of_being_let_in_passes_the_place_on() -> None:
    admission = Admission(1, wait=1.0)
    work = Work(admission)
    async with held(admission):
        waiting = [asyncio.create_task(work.call("a", name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        assert admission.waiting == 2
    # The place was handed over, and its holder has not run since.
    waiting[0].cancel()

    await waiting[1]

    assert (waiting[0].cancelled(), work.order) == (True, ["second"])
    await work.call("b", "third")


async def test_what_can_wait_does_so_until_nobody_is_inside_or_in_line() -> None:
    admission = Admission(1)
    work = Work(admission)
    calls = [asyncio.create_task(work.call("a", str(number))) for number in range(3)]
    await asyncio.sleep(0)

    await admission.quiet(5)

    assert work.order == ["0", "1", "2"]
    await asyncio.gather(*calls)


async def test_what_can_wait_waits_for_those_who_take_no_place_as_well_but_not_for_ever() -> None:
    admission = Admission(1)

    with admission.noticed():
        await admission.quiet(0.01)
        waiting = asyncio.create_task(admission.quiet(5))
        await asyncio.sleep(0.01)
        assert not waiting.done()

    await asyncio.wait_for(waiting, 1)
