"""Compound questions taken apart by a language model, each part checked against the question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib.resources import files

import msgspec

from synap.domain.terms import tokenize
from synap.engine.metering import MeteredModel
from synap.ports.language_model import CallLimits, Line
from synap.retrieval.decompose import MOST

LIMITS = CallLimits(output_tokens=300, seconds=4.0, requests=2)
"""A fetch waits for the answer."""
LONGEST = 300
"""Characters of a part, at most."""
OWN_WORDS = 0.5
"""Share of a part's words that the question must hold: a model may turn a sentence, but not ask something else."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the model answers."""

    parts: list[str] = []


def parts_by(model: MeteredModel) -> Callable[[str], Awaitable[Sequence[str]]]:
    """Return what takes a question apart with `model`; it raises `LanguageModelError` where there is no answer."""

    async def parts(question: str) -> Sequence[str]:
        lines = (
            Line(speaker="system", text=_prompt()),
            Line(speaker="user", text=f"<question>{question.replace('<', ' ').replace('>', ' ')}</question>"),
        )
        answer = await model.ask("question", lines, Parts, LIMITS)
        return kept_of(question, answer.value.parts)

    return parts


def kept_of(question: str, parts: Sequence[str]) -> tuple[str, ...]:
    """Return the parts that ask in the question's own words, without the question itself, at most four."""
    own = set(tokenize(question))
    kept = (part.strip() for part in parts if len(part) <= LONGEST)
    distinct = dict.fromkeys(part for part in kept if part and part != question.strip() and _faithful(part, own))
    return tuple(distinct)[:MOST]


def _faithful(part: str, own: set[str]) -> bool:
    words = set(tokenize(part))
    return len(words & own) >= OWN_WORDS * len(words) > 0


@cache
def _prompt() -> str:
    return files("synap.engine").joinpath("prompts", "take_apart.md").read_text(encoding="utf-8")
