"""How to ask a server for JSON: the rungs from strict to free, and what its refusals teach about its dialect."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from synap.adapters.openai.schema import strict_schema
from synap.ports.language_model import CallLimits, Line

_REFUSING = frozenset({400, 404, 405, 415, 422, 501})
"""What servers answer to a request with fields that they do not know. 404 may also be a model that they do not know."""
_SCHEMA = (
    "Answer with one JSON object and nothing else: no prose, no code fence. It must follow this JSON schema:\n{schema}"
)


class Rung(IntEnum):
    """A way of asking, the strictest first."""

    SCHEMA = 0
    OBJECT = 1
    TOOL = 2
    TEXT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a server wants to be asked.

    Attributes:
        rung: The strictest way it takes.
        temperature: Whether it lets a temperature be set.
        tokens_field: How it calls the bound on an answer's tokens.
    """

    rung: Rung = Rung.SCHEMA
    temperature: bool = True
    tokens_field: str = "max_tokens"

    def stepped_down(self) -> Dialect | None:
        """Return the same one rung lower, or None below the last."""
        return None if self.rung is Rung.TEXT else replace(self, rung=Rung(self.rung + 1))

    def after_refusal(self, status: int, body: bytes) -> Dialect | None:
        """Return how to ask instead after an HTTP error, or None where it means something else, or nothing is left."""
        if status not in _REFUSING:
            return None
        named = _named_parameter(body)
        if named == "temperature" and self.temperature:
            return replace(self, temperature=False)
        if named == "max_tokens" and self.tokens_field == "max_tokens":
            return replace(self, tokens_field="max_completion_tokens")
        return self.stepped_down()


def request_body(
    dialect: Dialect, *, model: str, lines: Sequence[Line], shape: type, limits: CallLimits
) -> dict[str, Any]:
    """Return the body of the request for `/chat/completions`."""
    schema, name = strict_schema(shape), shape.__name__.lower().strip("_")
    messages = [{"role": line.speaker, "content": line.text} for line in lines]
    body: dict[str, Any] = {"model": model, "messages": messages, dialect.tokens_field: limits.output_tokens}
    if dialect.temperature:
        body["temperature"] = 0
    if dialect.rung is Rung.SCHEMA:
        wanted = {"name": name, "strict": True, "schema": schema}
        return body | {"response_format": {"type": "json_schema", "json_schema": wanted}}
    if dialect.rung is Rung.TOOL:
        function = {"name": name, "description": "Give the answer.", "parameters": schema}
        choice = {"type": "function", "function": {"name": name}}
        return body | {"tools": [{"type": "function", "function": function}], "tool_choice": choice}
    messages.insert(_after_system(lines), {"role": "system", "content": _SCHEMA.format(schema=json.dumps(schema))})
    return body | ({"response_format": {"type": "json_object"}} if dialect.rung is Rung.OBJECT else {})


def _after_system(lines: Sequence[Line]) -> int:
    return next((place for place, line in enumerate(lines) if line.speaker != "system"), len(lines))


def _named_parameter(body: bytes) -> str:
    try:
        error = json.loads(body)["error"]
        named = str(error.get("param") or error.get("message") or "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ""
    return next((name for name in ("temperature", "max_tokens") if name in named), "")
