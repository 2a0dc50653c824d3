from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.memories import MemoryType, Slot, Statement
from synap.ingestion.corrections import (
    corrected,
    denying,
    fragment_of,
    says_a_value,
    topic_and_value,
    without_old_value,
)

NOW = datetime(2027, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clause", "kept", "old"),
    [
        ("my flat has 3 rooms, not 2", "my flat has 3 rooms", "2"),
        ("the talk is not in May but in July", "the talk is in July", "in May"),
        ("not only rain but snow fell", "not only rain but snow fell", ""),
        ("I do not eat eggs", "I do not eat eggs", ""),
    ],
)
def test_a_denied_value_is_taken_out(clause: str, kept: str, old: str) -> None:
    assert without_old_value(clause) == (kept, old)


@pytest.mark.parametrize(
    ("earlier", "fragment", "result"),
    [
        ("My train leaves on Monday", "Tuesday", "My train leaves Tuesday"),
        ("I have 6 hens", "8", "I have 8 hens"),
        ("My vet is Rosa Lund", "Rita Lund", "My vet is Rita Lund"),
    ],
)
def test_a_fragment_replaces_the_value_of_its_kind(earlier: str, fragment: str, result: str) -> None:
    assert corrected(earlier, fragment, NOW) == result


def test_a_fragment_that_fits_two_values_replaces_none() -> None:
    assert corrected("I have 6 hens and 2 goats", "8", NOW) is None


def test_a_correction_that_names_its_topic_gives_the_right_value_without_the_wrong_one() -> None:
    assert topic_and_value("it is not Monday but Friday, our choir") == ("our choir", "Friday")


def test_a_denied_value_ends_the_slot_that_had_it() -> None:
    told = Statement(
        type=MemoryType.FACT, content="x", slots=(Slot(subject="sister", name="name", value="anne", single=False),)
    )

    assert [slot.value for slot in denying(told, "Ann.").slots] == ["anne", "not ann"]
    assert denying(told, "") == told


def test_what_was_meant_is_a_value_and_an_apology_is_none() -> None:
    assert fragment_of("Actually, I meant Peruvian coffee.") == "Peruvian coffee"
    assert says_a_value("No, 12.")
    assert not says_a_value("Sorry, my mistake.")
    assert not says_a_value("Actually, I meant it.")
