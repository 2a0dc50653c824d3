"""The words by which callers name memory types: singular, plural, short forms, and all of them."""

from __future__ import annotations

from collections.abc import Sequence

from synap.domain.memories import MemoryType
from synap.errors import InvalidInputError

LIST_NAMES = {
    MemoryType.FACT: "facts",
    MemoryType.PREFERENCE: "preferences",
    MemoryType.EPISODE: "episodes",
    MemoryType.EMOTION: "emotions",
    MemoryType.TEMPORAL_EVENT: "temporal_events",
}
"""Name of the list in which an answer keeps each type, in the order of the lists."""

_ALL = frozenset(MemoryType)
_WORDS = {
    **{kind.value: kind for kind in MemoryType},
    **{plural: kind for kind, plural in LIST_NAMES.items()},
    "temporal": MemoryType.TEMPORAL_EVENT,
    "temporals": MemoryType.TEMPORAL_EVENT,
    "event": MemoryType.TEMPORAL_EVENT,
    "events": MemoryType.TEMPORAL_EVENT,
}


def parse_types(names: Sequence[str]) -> frozenset[MemoryType]:
    """Return the memory types that `names` stand for; empty, which filters nothing, for no name and where one is `all`.

    Singular and plural, `temporal`, hyphens for underscores and any case are understood.

    Raises:
        InvalidInputError: A name stands for no type; its `field` is `types`.
    """
    chosen: set[MemoryType] = set()
    for name in names:
        if not isinstance(name, str) or (word := name.strip().casefold().replace("-", "_")) not in {*_WORDS, "all"}:
            raise InvalidInputError(
                f"types must be among {sorted(LIST_NAMES.values())} or 'all', not {name!r}", field="types"
            )
        chosen |= _ALL if word == "all" else {_WORDS[word]}
    return frozenset() if chosen == _ALL else frozenset(chosen)


def parse_type(name: str, *, field: str = "type") -> MemoryType:
    """Return the one memory type that `name` stands for, singular or plural.

    Raises:
        InvalidInputError: It stands for none, or for more than one.
    """
    word = name.strip().casefold().replace("-", "_") if isinstance(name, str) else ""
    if word not in _WORDS:
        raise InvalidInputError(
            f"{field} must be one of {[kind.value for kind in MemoryType]}, not {name!r}", field=field
        )
    return _WORDS[word]
