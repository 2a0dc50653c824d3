"""Laws of the configuration: what is dumped loads back equal, and no text at all makes more than a refusal."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from synap.errors import InvalidInputError
from synap.maca.keys import Key, keys
from synap.maca.load import diff, load, to_mapping, to_yaml
from synap.maca.schema import Maca


def _values(key: Key) -> st.SearchStrategy[Any]:
    kind = key.kind
    if kind is bool:
        return st.booleans()
    if kind in (int, float) and key.limits is not None:
        least, most = key.limits
        return st.integers(int(least), int(most)) if kind is int else st.floats(least, most)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from([member.value for member in kind])
    if kind is str:
        return st.just("2.0.1" if key.name == "version" else "other")
    if key.name == "ingestion.slots":
        names = st.lists(st.sampled_from(["mooring", "skipper", "tide_table"]), unique=True)
        return names.map(lambda found: [{"name": name, "cues": [f"has the {name}"]} for name in found])
    return st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20), max_size=3)


def configurations() -> st.SearchStrategy[dict[str, Any]]:
    given = st.fixed_dictionaries({}, optional={name: _values(key) for name, key in keys().items()})
    engines = ("storage.vector.enabled", "storage.graph.enabled")
    return given.filter(lambda values: any(values.get(name, True) for name in engines))


@settings(max_examples=25)  # YAML is slow to write and read in pure Python
@given(configurations())
def test_a_dumped_configuration_loads_back_equal(values: dict[str, Any]) -> None:
    maca = load(values)

    assert load(to_yaml(maca)) == load(to_mapping(maca)) == maca


@given(configurations())
def test_a_difference_tells_all_that_changed(values: dict[str, Any]) -> None:
    maca = load(values)

    assert load({change.key: change.after for change in diff(Maca(), maca)}) == maca


@given(st.text(max_size=200) | st.text("ab: \n-[]{}&*!'\"#|>%@,?0.", max_size=60))
def test_any_text_loads_or_is_refused(text: str) -> None:
    try:
        maca = load(text)
    except InvalidInputError as error:
        assert error.field  # noqa: PT017 - both outcomes are right; a refusal must name its field
    else:
        assert isinstance(maca, Maca)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(keys())), _json)
def test_any_value_is_taken_or_refused_by_name(name: str, value: Any) -> None:
    try:
        load({name: value})
    except InvalidInputError as error:
        assert name in error.message  # noqa: PT017 - both outcomes are right; a refusal must name the key
