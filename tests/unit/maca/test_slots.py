from __future__ import annotations

from typing import Any

import pytest

from synap.domain.own_slots import Cardinality, OwnSlot
from synap.domain.slot_values import Takes
from synap.errors import InvalidInputError
from synap.maca.load import load, to_yaml


def test_slots_are_read_and_written() -> None:
    text = """
    ingestion:
      slots:
        - name: mooring
          aliases: [berth]
          cues: [is moored at]
        - {name: skipper, cardinality: many, values: name}
    """

    maca = load(text)

    assert maca.ingestion.slots == (
        OwnSlot(name="mooring", aliases=("berth",), cues=("is moored at",)),
        OwnSlot(name="skipper", cardinality=Cardinality.MANY, values=Takes.NAME),
    )
    assert load(to_yaml(maca)) == maca


@pytest.mark.parametrize(
    ("slots", "field", "says"),
    [
        ("mooring", "ingestion.slots", "list of at most 100"),
        (["mooring"], "ingestion.slots[0]", "mapping with a name"),
        ([{"nme": "mooring"}], "ingestion.slots[0]", "no key of a slot"),
        ([{}], "ingestion.slots[0].name", "lower-case words"),
        ([{"name": "The Mooring"}], "ingestion.slots[0].name", "lower-case words"),
        ([{"name": "residence"}], "ingestion.slots[0].name", "shipped slot already"),
        ([{"name": "berth", "aliases": ["salary"]}], "ingestion.slots[0].aliases", "means the shipped slot 'salary'"),
        ([{"name": "berth", "aliases": [""]}], "ingestion.slots[0].aliases", "phrases of 1 to 60"),
        ([{"name": "berth", "cues": 7}], "ingestion.slots[0].cues", "list of at most 20"),
        ([{"name": "berth", "cardinality": "two"}], "ingestion.slots[0].cardinality", "one or many"),
        ([{"name": "berth", "values": "colour"}], "ingestion.slots[0].values", "any or name or place"),
        ([{"name": "berth"}, {"name": "dock", "aliases": ["berth"]}], "ingestion.slots[1].name", "belongs to one slot"),
        ([{"name": "berth"}, {"name": "berth"}], "ingestion.slots[0].name", "belongs to one slot"),
        ([{"name": "berth"}] * 101, "ingestion.slots", "at most 100"),
    ],
)
def test_a_wrong_slot_is_refused_with_its_place_and_what_would_be_right(slots: Any, field: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says) as refused:
        load({"ingestion": {"slots": slots}})

    assert refused.value.field == field
