"""From a mapping or YAML text to a checked configuration, and back.

Every refusal names the dotted key, the value found and what would be right.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, get_type_hints

import yaml

from synap.domain.own_slots import OwnSlot
from synap.errors import InvalidInputError
from synap.maca.keys import ALIASES, Key, groups, keys
from synap.maca.schema import Maca
from synap.maca.slots import read_slots
from synap.maca.source import FIELD, parse

_MODEL_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_MOST_HINTS = 100
_LONGEST_HINT = 2000
_LONGEST_NAME = 120
_SHOWN = 60
_ALIKE = 0.85
"""Similarity from which an unknown key counts as a misspelling, in 0..1."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A setting that differs between two configurations."""

    key: str
    before: Any
    after: Any


def load(source: str | Mapping[str, Any]) -> Maca:
    """Return the configuration that YAML text or a mapping describes; what it leaves out has its default.

    Keys may stand nested or dotted (`retrieval.budget.max_tokens: 2000`), and under their other names (`keys.ALIASES`).

    Raises:
        InvalidInputError: The text cannot be read, a key is unknown, a value is not allowed, or a rule between
            settings is broken; `field` is the dotted key.
    """
    maca = read(source)
    _check_rules(maca)
    return maca


def read(source: str | Mapping[str, Any]) -> Maca:
    """Return a configuration that is in force: as `load`, but rules between settings do not judge it anew.

    What was put in force before a rule came stays in force.

    Raises:
        InvalidInputError: The text cannot be read, a key is unknown, or a value is not allowed.
    """
    content = parse(source) if isinstance(source, str) else source
    if not isinstance(content, Mapping):
        raise InvalidInputError(f"the configuration must be YAML text or a mapping, not {_show(content)}", field=FIELD)
    values: dict[str, Any] = {}
    for name, value in _flatten(content, ""):
        canonical = ALIASES.get(name, name)
        checked = _check(keys()[canonical], value, name)
        if values.setdefault(canonical, checked) != checked:
            raise InvalidInputError(f"{canonical} is given under two names with different values", field=canonical)
    maca: Maca = _build(Maca, "", values)
    return maca


def to_mapping(maca: Maca) -> dict[str, Any]:
    """Return every setting under its canonical key, nested, in plain types; `load` gives back an equal configuration."""
    return {field.name: _plain(getattr(maca, field.name)) for field in dataclasses.fields(maca)}


def to_yaml(maca: Maca) -> str:
    """Return every setting as YAML, in the order of the schema."""
    text: str = yaml.safe_dump(to_mapping(maca), sort_keys=False, allow_unicode=True)
    return text


def diff(before: Maca, after: Maca) -> list[Change]:
    """Return the settings that differ, in the order of the schema."""
    pairs = ((name, value_of(before, name), value_of(after, name)) for name in keys())
    return [Change(key=name, before=old, after=new) for name, old, new in pairs if old != new]


def value_of(maca: Maca, name: str) -> Any:
    """Return the value of the setting with this dotted name."""
    value: Any = maca
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _flatten(content: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield dotted names and values; goes no deeper than the schema does."""
    for key, value in content.items():
        name = f"{prefix}{key}"
        if name in keys() or name in ALIASES:
            yield name, value
        elif name not in groups():
            raise _unknown(name)
        elif isinstance(value, Mapping):
            yield from _flatten(value, name + ".")
        elif value is not None:
            inside = [known for known in keys() if known.startswith(name + ".")]
            raise InvalidInputError(
                f"{name} must hold further keys such as {inside[:3]}, not {_show(value)}", field=name
            )


def _unknown(name: str) -> InvalidInputError:
    name = name[:_LONGEST_NAME]  # the search for the nearest takes time with its length
    known = [*keys(), *groups()]
    same_ending = [key for key in keys() if key.rpartition(".")[2] == name.rpartition(".")[2]]
    similar = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
    nearest = similar or same_ending or difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return InvalidInputError(f"{name!r} is no setting; the nearest is {nearest[0]}", field=name or "configuration")


def _check(key: Key, value: Any, name: str) -> Any:
    """Return a value in the type of its setting, or refuse it."""
    kind = key.kind
    checked: Any = None
    if kind is bool:
        checked = value if isinstance(value, bool) else None
    elif kind in (int, float):
        checked = _number(key, value)
    elif kind is str:
        checked = value if isinstance(value, str) and (key.pattern is None or key.pattern.fullmatch(value)) else None
    elif kind == tuple[OwnSlot, ...]:
        return read_slots(value, name)
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        checked = _member(kind, value)
    else:
        checked = _texts(value)
    if checked is None:
        raise InvalidInputError(f"{name} must be {key.allowed}, not {_show(value)}", field=name)
    return checked


def _number(key: Key, value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and (not math.isfinite(value) or (key.kind is int and not value.is_integer())):
        return None
    if key.limits is not None and not key.limits.least <= value <= key.limits.most:
        return None
    return int(value) if key.kind is int else float(value)


def _member(kind: type[StrEnum], value: Any) -> StrEnum | None:
    # YAML 1.1 reads a bare `off` as false, and nobody should have to know.
    word = "off" if value is False else value
    return kind(word) if isinstance(word, str) and word in set(kind) else None


def _texts(value: Any) -> tuple[str, ...] | None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or len(texts) > _MOST_HINTS:
        return None
    fits = all(isinstance(text, str) and len(text) <= _LONGEST_HINT for text in texts)
    return tuple(texts) if fits else None


def _build(group: Any, prefix: str, values: Mapping[str, Any]) -> Any:
    hints = get_type_hints(group)
    arguments: dict[str, Any] = {}
    for field in dataclasses.fields(group):
        name = prefix + field.name
        if dataclasses.is_dataclass(hints[field.name]):
            arguments[field.name] = _build(hints[field.name], name + ".", values)
        elif name in values:
            arguments[field.name] = values[name]
    return group(**arguments)


def _check_rules(maca: Maca) -> None:
    vector = maca.storage.vector
    expected = _MODEL_DIMENSIONS.get(vector.embedding.model)
    if expected is not None and vector.embedding.dimension not in (0, expected):
        raise InvalidInputError(
            f"storage.vector.embedding.dimension must be {expected} (or 0) for model {vector.embedding.model},"
            f" not {vector.embedding.dimension}",
            field="storage.vector.embedding.dimension",
        )
    if not (vector.enabled or maca.storage.graph.enabled):
        raise InvalidInputError(
            "storage.vector.enabled and storage.graph.enabled must not both be false: leave one of them on",
            field="storage.vector.enabled",
        )


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, StrEnum):
        return value.value
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _show(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
