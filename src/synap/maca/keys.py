"""The dotted keys of the schema: what stands under each, and the other names that are understood."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

from synap.domain.own_slots import OwnSlot
from synap.maca.schema import Limits, Maca

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "agent_hints": "ingestion.agent_hints",
        "ingestion.confidence_threshold": "ingestion.extraction.confidence_threshold",
        "pii.handling": "ingestion.pii.handling",
        "retrieval.agent_hints": "ingestion.agent_hints",
        "retrieval.mode": "retrieval.default_mode",
        "retrieval.type_weights.emotions": "retrieval.type_weights.emotion",
        "retrieval.type_weights.episodes": "retrieval.type_weights.episode",
        "retrieval.type_weights.facts": "retrieval.type_weights.fact",
        "retrieval.type_weights.preferences": "retrieval.type_weights.preference",
        "retrieval.type_weights.temporal_events": "retrieval.type_weights.temporal_event",
        "storage.pii.handling": "ingestion.pii.handling",
        "storage.scoping.strategy": "storage.scoping.primary_scope",
        "storage.vector.dimension": "storage.vector.embedding.dimension",
        "storage.vector.embedding_dimension": "storage.vector.embedding.dimension",
    }
)
"""Names under which other descriptions of the format have a setting, and its name here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting.

    Attributes:
        name: Dotted path.
        kind: Its Python type: bool, int, float, str, a StrEnum, or `tuple[str, ...]`.
        default: Its value where nothing is set.
        meaning: What it is for, in one or two sentences.
        limits: The numbers it takes, both ends included, or None.
        pattern: What its text must match whole, or None.
    """

    name: str
    kind: Any
    default: Any
    meaning: str
    limits: Limits | None = None
    pattern: re.Pattern[str] | None = None

    @property
    def allowed(self) -> str:
        """What may stand here, in words."""
        if isinstance(self.kind, type) and issubclass(self.kind, StrEnum):
            return " or ".join(member.value for member in self.kind)
        if self.limits is not None:
            noun = "a whole number" if self.kind is int else "a number"
            return f"{noun} from {self.limits.least:g} to {self.limits.most:,.0f}".replace(",", "")
        return _WORDS[self.kind] if self.pattern is None or self.name != "version" else 'three numbers such as "1.0.0"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A row of the reference: the key, what it takes, its default as YAML would show it, and its meaning."""

    key: str
    kind: str
    default: str
    meaning: str


_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    str: "a short name of letters, digits and . _ : / -",
    tuple[str, ...]: "a list of texts",
    tuple[OwnSlot, ...]: "a list of slots",
}


@cache
def keys() -> Mapping[str, Key]:
    """Return every setting by its dotted name, in the order of the schema."""
    return MappingProxyType({key.name: key for key in _walk(Maca, "")})


@cache
def groups() -> frozenset[str]:
    """Return the dotted names that hold further keys, aliases' places included."""
    names = [*keys(), *ALIASES]
    return frozenset(name[:end] for name in names for end, letter in enumerate(name) if letter == ".")


def describe() -> list[Setting]:
    """Return the table of all settings, for the reference."""
    return [
        Setting(key=key.name, kind=key.allowed, default=_shown(key.default), meaning=key.meaning)
        for key in keys().values()
    ]


def _walk(group: Any, prefix: str) -> Iterator[Key]:
    hints = get_type_hints(group, include_extras=True)
    for field in dataclasses.fields(group):
        name, hint = prefix + field.name, hints[field.name]
        if dataclasses.is_dataclass(hint):
            yield from _walk(hint, name + ".")
        else:
            kind, meaning, *bounds = get_args(hint)
            yield _key(name, kind, field.default, meaning, bounds)


def _key(name: str, kind: Any, default: Any, meaning: str, bounds: list[Any]) -> Key:
    limits = next((bound for bound in bounds if isinstance(bound, Limits)), None)
    pattern = next((bound for bound in bounds if isinstance(bound, re.Pattern)), None)
    return Key(name=name, kind=kind, default=default, meaning=meaning, limits=limits, pattern=pattern)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "[]" if value == () else str(value)
