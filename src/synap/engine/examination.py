"""A closer look than `/health` takes, for `synap doctor`: does the language model answer, and who had to do without it."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from synap.engine.core import Core
from synap.maca.load import read
from synap.maca.schema import ExtractionMode
from synap.ports.language_model import CallLimits, LanguageModelError, Line

LOOKED_BACK = timedelta(days=1)
PROBE_SECONDS = 20.0
NAMED = 3
"""Instances that a warning names, at most."""

_PROBE = (
    Line(speaker="system", text='Answer with the JSON object {"ready": true}.'),
    Line(speaker="user", text="Are you ready?"),
)


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a model answers when it is asked whether it is there."""

    ready: bool


async def examine(core: Core) -> tuple[str, ...]:
    """Return what needs attention about the language model; asks it one short question where there is one."""
    found: list[str] = []
    if core.model is None:
        found += await _wanting(core)
    else:
        try:
            await core.model.ask("doctor", _PROBE, Ready, CallLimits(output_tokens=200, seconds=PROBE_SECONDS))
        except LanguageModelError as error:
            found.append(f"language model {core.model.id} does not answer as it should ({error.kind.value}): {error}")
    degraded = await core.store.queue.degraded(since=core.clock.now() - LOOKED_BACK)
    if degraded:
        found.append(
            f"{degraded} ingestions of the last day are degraded: a part was not done as configured; `warnings` of each"
            " say why"
        )
    return tuple(found)


async def _wanting(core: Core) -> list[str]:
    """Return a warning where instances want `enhanced` extraction and no model is configured."""
    configurations = await core.store.accounts.configurations_with(ExtractionMode.ENHANCED.value)
    wanting = [
        instance_id
        for instance_id, source in configurations
        if read(source).ingestion.extraction.mode is ExtractionMode.ENHANCED
    ]
    if not wanting:
        return []
    more = f" and {len(wanting) - NAMED} more" if len(wanting) > NAMED else ""
    named = ", ".join(wanting[:NAMED]) + more
    return [
        f"extraction is `enhanced` for {named}, but no language model is configured: set SYNAP_LLM_URL and SYNAP_LLM_MODEL"
    ]
