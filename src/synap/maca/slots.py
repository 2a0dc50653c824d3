"""`ingestion.slots`: the slots of one's own, checked one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from synap.domain.own_slots import Cardinality, OwnSlot
from synap.domain.slot_table import BY_NAME, NOUNS
from synap.domain.slot_values import Takes
from synap.errors import InvalidInputError

MOST = 100
"""Slots of one's own that a configuration may hold."""

_MOST_PHRASES = 20
_LONGEST_PHRASE = 60
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+){0,5}")
_FIELDS = ("name", "aliases", "cues", "cardinality", "values")


def read_slots(value: Any, field: str) -> tuple[OwnSlot, ...]:
    """Return the slots that a list of mappings describes.

    Raises:
        InvalidInputError: One is wrong; `field` names its position and key (`ingestion.slots[2].values`).
    """
    if not isinstance(value, (list, tuple)) or len(value) > MOST:
        raise InvalidInputError(f"{field} must be a list of at most {MOST} slots, each with a name", field=field)
    slots = tuple(_slot(one, f"{field}[{position}]") for position, one in enumerate(value))
    claimed: dict[str, str] = {}
    for position, slot in enumerate(slots):
        for phrase in {slot.name.replace("_", " "), *slot.aliases}:
            other = claimed.setdefault(phrase.casefold(), slot.name)
            if other != slot.name or [one.name for one in slots].count(slot.name) > 1:
                raise InvalidInputError(
                    f"{field}[{position}]: {phrase!r} names the slot {other!r} already; a name or alias belongs to one slot",
                    field=f"{field}[{position}].name",
                )
    return slots


def _slot(value: Any, field: str) -> OwnSlot:
    if isinstance(value, OwnSlot):
        return value
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"{field} must be a mapping with a name, such as {{name: mooring}}", field=field)
    for key in value:
        if key not in _FIELDS:
            raise InvalidInputError(
                f"{field}.{str(key)[:40]} is no key of a slot; there are {', '.join(_FIELDS)}", field=field
            )
    return OwnSlot(
        name=_name(value.get("name"), f"{field}.name"),
        aliases=_phrases(value.get("aliases", ()), f"{field}.aliases", shipped=True),
        cues=_phrases(value.get("cues", ()), f"{field}.cues", shipped=False),
        cardinality=_member(Cardinality, value.get("cardinality", Cardinality.ONE), f"{field}.cardinality"),
        values=_member(Takes, value.get("values", Takes.ANY), f"{field}.values"),
    )


def _name(value: Any, field: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidInputError(
            f"{field} must be lower-case words joined by _, such as mooring_number, not {str(value)[:40]!r}",
            field=field,
        )
    if value in BY_NAME or value.replace("_", " ") in NOUNS:
        raise InvalidInputError(f"{field}: {value!r} is a shipped slot already; choose another name", field=field)
    return value


def _phrases(value: Any, field: str, *, shipped: bool) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or len(texts) > _MOST_PHRASES:
        raise InvalidInputError(f"{field} must be a list of at most {_MOST_PHRASES} phrases", field=field)
    for text in texts:
        if (
            not isinstance(text, str)
            or not text.strip()
            or len(text) > _LONGEST_PHRASE
            or text != " ".join(text.split())
        ):
            raise InvalidInputError(
                f"{field} must hold phrases of 1 to {_LONGEST_PHRASE} characters with single spaces, not {str(text)[:40]!r}",
                field=field,
            )
        if shipped and text.casefold() in NOUNS:
            raise InvalidInputError(
                f"{field}: {text!r} means the shipped slot {NOUNS[text.casefold()].name!r} already", field=field
            )
    return tuple(dict.fromkeys(texts))


def _member(kind: Any, value: Any, field: str) -> Any:
    if not isinstance(value, str) or value not in set(kind):
        raise InvalidInputError(f"{field} must be {' or '.join(kind)}, not {str(value)[:40]!r}", field=field)
    return kind(value)
