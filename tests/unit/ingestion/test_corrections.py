from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.ingestion.corrections import corrected, without_old_value

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
