"""The language model as the engine uses it: bounded at a time, counted, and left alone for a while where it fails."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from synap.ports.language_model import CallLimits, Completion, Failure, LanguageModel, LanguageModelError, Line, Usage

logger = logging.getLogger(__name__)
T = TypeVar("T")

AT_A_TIME = 4
"""Calls that one process has under way; further ones wait, and their waiting counts for their time."""

TROUBLES = 3
"""Calls in a row that must fail before the model is left alone."""

PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0

Observer = Callable[[str, str, Usage], None]
"""Told of each call: what it was for, how it ended (`ok` or a failure), and what it used."""


@dataclass(slots=True)
class Meter:
    """What has been asked of a model since the process began.

    Attributes:
        calls, failures: Calls by their end; failures by kind.
        usage: What they used.
        trouble: Kind of the last failure, or None since the last success.
    """

    calls: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    trouble: str | None = None


class MeteredModel:
    """A language model that answers several callers fairly and does not hold anybody up while its server is away."""

    def __init__(self, model: LanguageModel, *, timer: Callable[[], float], at_a_time: int = AT_A_TIME) -> None:
        """Put the meter before a model; `timer` gives seconds that only grow."""
        self.meter = Meter()
        self._model = model
        self._timer = timer
        self._places = asyncio.Semaphore(at_a_time)
        self._in_a_row = 0
        self._resume_at = 0.0
        self._observer: Observer = lambda _purpose, _end, _usage: None

    @property
    def id(self) -> str:
        """Name of the model."""
        return self._model.id

    def report(self) -> dict[str, Any]:
        """Return its name and how its calls went since the process began, for `/health`."""
        return {
            "id": self.id,
            "calls": self.meter.calls,
            "failures": dict(self.meter.failures),
            "input_tokens": self.meter.usage.input_tokens,
            "output_tokens": self.meter.usage.output_tokens,
            "trouble": self.meter.trouble,
        }

    def observe(self, observer: Observer) -> None:
        """Tell `observer` of each call from now on."""
        self._observer = observer

    async def ask(self, purpose: str, lines: Sequence[Line], shape: type[T], limits: CallLimits) -> Completion[T]:
        """Return the model's answer as `LanguageModel.complete_json` does; `purpose` is a word for the metrics.

        Raises:
            LanguageModelError: There is no answer; also where none was asked for, as the last ones failed (`PAUSED`).
        """
        if self._timer() < self._resume_at:
            raise self._noted(
                purpose, LanguageModelError("the language model is left alone after failures", kind=Failure.PAUSED)
            )
        began = self._timer()
        try:
            async with asyncio.timeout(limits.seconds):
                await self._places.acquire()
        except TimeoutError as error:
            late = LanguageModelError("the language model was busy with other calls", kind=Failure.TIMEOUT)
            raise self._noted(purpose, late) from error
        try:
            left = max(0.01, limits.seconds - (self._timer() - began))
            done = await self._model.complete_json(lines, shape, replace(limits, seconds=left))
        except LanguageModelError as error:
            raise self._noted(purpose, error) from error.__cause__
        finally:
            self._places.release()
        self._count(purpose, "ok", done.usage)
        self._in_a_row, self.meter.trouble = 0, None
        return done

    async def close(self) -> None:
        """Release the model's connections."""
        await self._model.close()

    def _noted(self, purpose: str, error: LanguageModelError) -> LanguageModelError:
        self._count(purpose, error.kind.value, error.usage)
        self.meter.failures[error.kind.value] += 1
        if error.kind is not Failure.PAUSED:
            self.meter.trouble = error.kind.value
            self._in_a_row = self._in_a_row + 1 if error.kind.passing else 0
            if self._in_a_row >= TROUBLES:
                self._pause(error)
        return error

    def _pause(self, error: LanguageModelError) -> None:
        seconds = min(float(error.retry_after_seconds or PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        self._resume_at = self._timer() + seconds
        # One more failure after the pause is enough for the next: the server has not come back.
        self._in_a_row = TROUBLES - 1
        logger.warning("language model is left alone", extra={"kind": error.kind.value, "seconds": seconds})

    def _count(self, purpose: str, end: str, usage: Usage) -> None:
        self.meter.calls += 1
        self.meter.usage += usage
        self._observer(purpose, end, usage)


def metered(model: LanguageModel | None) -> MeteredModel | None:
    """Return a model behind a meter, or None for none."""
    return None if model is None else MeteredModel(model, timer=time.monotonic)
