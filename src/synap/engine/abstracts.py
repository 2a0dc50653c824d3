"""Compactions written by a language model, where an instance wants one; the chosen sentences serve wherever it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from synap.compaction.abstract import Draft, WrittenPoints, author_of, prompt
from synap.compaction.compact import PASS_MARK
from synap.domain.compactions import Compaction, Hint, Message
from synap.engine.callers import Instance
from synap.engine.core import Core
from synap.maca.schema import ExtractionMode
from synap.ports.language_model import CallLimits, LanguageModelError, Line

logger = logging.getLogger(__name__)

CALL_SECONDS = 90.0
_SPARE_TOKENS = 1000
"""Tokens of an answer beyond its text: keys, positions, marks."""


async def written(
    core: Core,
    instance: Instance,
    messages: Sequence[Message],
    chosen: Compaction,
    *,
    hints: Sequence[Hint],
    target_tokens: int | None,
) -> Compaction:
    """Return the model's compaction where it passes, else the chosen one with a note of why it serves.

    No transaction is open meanwhile, and it may be cancelled at any moment.
    """
    model, rules = core.model, instance.maca.ingestion.extraction
    if model is None or rules.mode is not ExtractionMode.ENHANCED or not chosen.points:
        return chosen
    draft = await asyncio.to_thread(Draft, messages, hints, chosen, target_tokens=target_tokens)
    if draft.too_long:
        return _noted(chosen, "the conversation is too long to be shown to the language model")
    lines = (Line(speaker="system", text=prompt()), Line(speaker="user", text=draft.as_data()))
    limits = CallLimits(
        output_tokens=2 * draft.target + _SPARE_TOKENS, seconds=CALL_SECONDS, requests=rules.budget.max_calls
    )
    try:
        done = await model.ask("compact", lines, WrittenPoints, limits)
    except LanguageModelError as error:
        return _noted(chosen, f"the language model gave no summary (language_model.{error.kind.value})")
    made = await asyncio.to_thread(draft.measured, done.value, author=author_of(model.id))
    logger.info("compaction was written", extra={"score": made.score, "chosen": chosen.score})
    if not made.passed:
        return _noted(chosen, f"the language model's summary held {made.score:g} of 1, below {PASS_MARK:g}")
    return made


def _noted(chosen: Compaction, why: str) -> Compaction:
    note = f"{why}: sentences were chosen instead"
    return replace(chosen, note=f"{chosen.note}; {note}" if chosen.note else note)
