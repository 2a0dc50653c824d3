"""Faults on purpose: `SYNAP_FAULT=stage:kill|delay|error` makes a stage fail, so that tests can prove what survives.

Stages of an ingestion: `accept` (stored, and not yet answered), `claimed`, `extract`, `enhance`, `embed`, `reconcile`, `apply` (before the
transaction), `applied` (after it). Of a deletion: `erased` (after each step). Of a compaction: `claimed`, `compact`,
`compacted` (made, and not yet stored). Several faults are separated by commas; `kill@3` acts on the third passage only.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from dataclasses import dataclass

from synap.errors import SetupError, TransientError

DELAY_SECONDS = 2.0
STAGES = (
    "accept",
    "claimed",
    "extract",
    "enhance",
    "embed",
    "reconcile",
    "apply",
    "applied",
    "erased",
    "compact",
    "compacted",
)
ACTIONS = ("kill", "delay", "error")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at a stage: on every passage, or on the given one (counting from 1) only."""

    stage: str
    action: str
    passage: int | None = None


class Faults:
    """The faults of a process; none by default, and then passing a point costs nothing."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._faults = faults
        self._passages: Counter[str] = Counter()

    async def point(self, stage: str) -> None:
        """Pass a stage.

        Raises:
            TransientError: The fault `error` is set for it.
        """
        if not self._faults:
            return
        self._passages[stage] += 1
        for fault in self._faults:
            if fault.stage == stage and fault.passage in (None, self._passages[stage]):
                await _act(fault)


async def _act(fault: Fault) -> None:
    if fault.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault.action == "delay":
        await asyncio.sleep(DELAY_SECONDS)
    if fault.action == "error":
        raise TransientError(f"fault on purpose at stage {fault.stage!r}")


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Return the faults that `SYNAP_FAULT` names; none for an empty text.

    Raises:
        SetupError: It is malformed.
    """
    return tuple(_parse_one(part) for part in text.split(",") if part.strip())


def _parse_one(text: str) -> Fault:
    stage, _, rest = text.strip().partition(":")
    action, _, passage = rest.partition("@")
    if not stage or action not in ACTIONS or (passage and not passage.isdecimal()):
        raise SetupError(
            f"SYNAP_FAULT must be a stage and kill, delay or error, as in `extract:kill`, not {text!r}",
            field="SYNAP_FAULT",
        )
    if stage not in STAGES:
        raise SetupError(f"SYNAP_FAULT knows the stages {', '.join(STAGES)}, not {stage!r}", field="SYNAP_FAULT")
    return Fault(stage=stage, action=action, passage=int(passage) if passage else None)
