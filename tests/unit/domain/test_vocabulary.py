from __future__ import annotations

import pytest

from synap.domain.memories import MemoryType
from synap.domain.vocabulary import parse_type, parse_types
from synap.errors import InvalidInputError


@pytest.mark.parametrize("names", [[], ["all"], ["ALL"], ["facts", "all"], [kind.value for kind in MemoryType]])
def test_all_and_none_filter_nothing(names: list[str]) -> None:
    assert parse_types(names) == frozenset()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("fact", MemoryType.FACT),
        ("Preferences", MemoryType.PREFERENCE),
        ("episode", MemoryType.EPISODE),
        (" emotions ", MemoryType.EMOTION),
        ("temporal", MemoryType.TEMPORAL_EVENT),
        ("temporal-events", MemoryType.TEMPORAL_EVENT),
        ("temporal_event", MemoryType.TEMPORAL_EVENT),
    ],
)
def test_types_are_understood_in_singular_and_plural(name: str, kind: MemoryType) -> None:
    assert parse_types([name]) == {kind}
    assert parse_type(name) is kind


@pytest.mark.parametrize("name", ["memories", "", "fact;", 3, None])
def test_an_unknown_type_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidInputError, match="types must be among") as caught:
        parse_types([name])

    assert caught.value.field == "types"
    with pytest.raises(InvalidInputError):
        parse_type(name)
