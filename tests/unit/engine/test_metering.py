"""The language model behind its meter: counted, bounded at a time, left alone after failures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from synap.engine.metering import LONGEST_PAUSE_SECONDS, PAUSE_SECONDS, TROUBLES, MeteredModel
from synap.ports.language_model import CallLimits, Completion, Failure, LanguageModelError, Line, Usage
from synap.testing import ScriptedLanguageModel

LINES = (Line(speaker="user", text="Count."),)
LIMITS = CallLimits(seconds=5)


class Count(msgspec.Struct):
    count: int


class Watch:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def failing(kind: Failure, **options: Any) -> LanguageModelError:
    return LanguageModelError("no", kind=kind, usage=Usage(requests=1, input_tokens=5), **options)


async def ask(model: MeteredModel) -> Failure | None:
    try:
        await model.ask("extract", LINES, Count, LIMITS)
    except LanguageModelError as error:
        return error.kind
    return None


async def test_calls_tokens_and_failures_are_counted_and_told() -> None:
    model = MeteredModel(ScriptedLanguageModel({"count": 1}, failing(Failure.REFUSED)), timer=Watch())
    told: list[tuple[str, str, int]] = []
    model.observe(lambda purpose, end, usage: told.append((purpose, end, usage.tokens)))

    ends = [await ask(model), await ask(model)]

    assert ends == [None, Failure.REFUSED]
    assert told == [("extract", "ok", 20), ("extract", "refused", 5)]
    assert model.report() == {
        "id": "scripted",
        "calls": 2,
        "failures": {"refused": 1},
        "input_tokens": 15,
        "output_tokens": 10,
        "trouble": "refused",
    }


async def test_a_server_that_keeps_failing_is_left_alone_and_tried_again_after_the_pause() -> None:
    watch = Watch()
    script = ScriptedLanguageModel(*[failing(Failure.SERVER)] * (TROUBLES + 1), {"count": 1})
    model = MeteredModel(script, timer=watch)

    first = [await ask(model) for _ in range(TROUBLES + 2)]
    watch.seconds += PAUSE_SECONDS
    still = [await ask(model), await ask(model)]
    watch.seconds += PAUSE_SECONDS
    back = await ask(model)

    assert first == [*[Failure.SERVER] * TROUBLES, Failure.PAUSED, Failure.PAUSED]
    assert still == [Failure.SERVER, Failure.PAUSED]
    assert back is None
    assert model.meter.trouble is None


@pytest.mark.parametrize(("asked", "waited"), [(90, 90.0), (10**6, LONGEST_PAUSE_SECONDS)])
async def test_the_pause_is_as_long_as_the_server_asks_for_within_reason(asked: int, waited: float) -> None:
    watch = Watch()
    errors = [failing(Failure.RATE_LIMITED, retry_after_seconds=asked)] * TROUBLES
    model = MeteredModel(ScriptedLanguageModel(*errors, {"count": 1}), timer=watch)
    for _ in range(TROUBLES):
        await ask(model)

    watch.seconds = waited - 1
    before = await ask(model)
    watch.seconds = waited
    after = await ask(model)

    assert (before, after) == (Failure.PAUSED, None)


async def test_answers_that_are_wrong_are_no_reason_to_pause() -> None:
    model = MeteredModel(ScriptedLanguageModel(failing(Failure.MALFORMED)), timer=Watch())

    assert {await ask(model) for _ in range(2 * TROUBLES)} == {Failure.MALFORMED}


class Slow(ScriptedLanguageModel):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__({"count": 1})
        self.let = asyncio.Event()
        self.busy = self.most = 0

    async def complete_json(self, lines: Sequence[Line], shape: Any, limits: CallLimits) -> Completion[Any]:
        self.busy += 1
        self.most = max(self.most, self.busy)
        await self.let.wait()
        self.busy -= 1
        return await super().complete_json(lines, shape, limits)


async def test_calls_beyond_the_bound_wait_no_longer_than_they_may_take() -> None:
    slow = Slow()
    model = MeteredModel(slow, timer=Watch(), at_a_time=2)
    calls = [asyncio.create_task(ask(model)) for _ in range(5)]
    await asyncio.sleep(0)

    with pytest.raises(LanguageModelError) as late:
        await model.ask("extract", LINES, Count, CallLimits(seconds=0.02))
    slow.let.set()

    assert await asyncio.gather(*calls) == [None] * 5
    assert slow.most == 2
    assert late.value.kind is Failure.TIMEOUT


async def test_a_cancelled_call_gives_its_place_back() -> None:
    slow = Slow()
    model = MeteredModel(slow, timer=Watch(), at_a_time=1)
    call = asyncio.create_task(ask(model))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    slow.let.set()

    assert await ask(model) is None
