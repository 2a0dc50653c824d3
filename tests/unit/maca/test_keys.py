from __future__ import annotations

from synap.maca.keys import ALIASES, describe, groups, keys
from synap.maca.load import load, to_mapping, value_of
from synap.maca.schema import Maca


def test_every_setting_is_described() -> None:
    rows = describe()

    assert [row.key for row in rows] == list(keys())
    assert all(row.meaning.endswith(".") and row.kind and row.default for row in rows)


def test_every_default_is_itself_allowed() -> None:
    defaults = {name: key.default for name, key in keys().items()}

    assert load(defaults) == Maca()
    assert all(value_of(Maca(), name) == value for name, value in defaults.items())


def test_other_names_lead_to_settings_and_are_none_themselves() -> None:
    assert set(ALIASES.values()) <= set(keys())
    assert not set(ALIASES) & set(keys())
    assert not groups() & set(keys())


def test_the_dump_is_laid_out_like_the_schema() -> None:
    assert list(to_mapping(Maca())) == ["version", "storage", "ingestion", "retrieval"]
