from __future__ import annotations

import pytest

from synap.domain.slot_values import Takes, fits, name_in
from synap.domain.slots import slots_of


@pytest.mark.parametrize(
    ("takes", "value"),
    [
        (Takes.NAME, "Ines"),
        (Takes.NAME, "Dr. Rosa van Dyke"),
        (Takes.NAME, "Ines from Lisbon"),
        (Takes.PLACE, "the Netherlands"),
        (Takes.PLACE, "New York"),
        (Takes.PLACE, "downtown Chicago"),
        (Takes.PLACE, "osaka"),
        (Takes.PLACE, "puerto montt"),
        (Takes.THING, "an old ThinkPad"),
        (Takes.MEASURE, "about 900 euros"),
        (Takes.MEASURE, "unlimited"),
        (Takes.TIME, "30 June"),
        (Takes.TIME, "the end of Q3"),
        (Takes.DIGITS, "0151 222333"),
        (Takes.ROLE, "a beekeeper"),
        (Takes.ROLE, "product owner"),
        (Takes.TIER, "premium"),
    ],
)
def test_a_value_of_its_kind_fills_a_slot(takes: Takes, value: str) -> None:
    assert fits(takes, value)


@pytest.mark.parametrize(
    ("takes", "value"),
    [
        (Takes.NAME, "on holiday"),
        (Takes.NAME, "pregnant"),
        (Takes.NAME, "Bolivian"),
        (Takes.NAME, "taller than Tim"),
        (Takes.PLACE, "a houseboat"),
        (Takes.PLACE, "student housing"),
        (Takes.PLACE, "fear"),
        (Takes.PLACE, "TypeScript"),
        (Takes.PLACE, "Thursday"),
        (Takes.THING, "in the Alps"),
        (Takes.THING, "broken"),
        (Takes.MEASURE, "too low"),
        (Takes.TIME, "tight"),
        (Takes.DIGITS, "charging"),
        (Takes.ROLE, "stressful"),
        (Takes.ROLE, "very dull"),
        (Takes.ANY, "at the cleaner's"),
    ],
)
def test_moods_whereabouts_and_other_kinds_fill_none(takes: Takes, value: str) -> None:
    assert not fits(takes, value)


def test_a_kind_named_in_plain_words_counts() -> None:
    assert fits(Takes.THING, "a small camper", kinds="camper|van")


def test_a_name_is_read_without_what_follows_it() -> None:
    assert name_in("Ines from Lisbon") == "Ines"
    assert name_in("the best") == ""


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("The user's name is Jan", {("name", "jan")}),
        ("The user's sister is a notary", set()),
        ("The user's kid is scared of thunder", set()),
        ("The user went to Crete", set()),
        ("The user's phone is a Pixel 8", {("phone_model", "pixel 8")}),
        ("The shop moved to Elm Street", {("location:shop", "elm street")}),
    ],
)
def test_a_statement_fills_no_slot_with_a_value_of_another_kind(text: str, slots: set[tuple[str, str]]) -> None:
    assert {(slot.name, slot.value) for slot in slots_of(text, subject="the user")} == slots
