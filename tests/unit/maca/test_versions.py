"""A configuration that names its version names one above that in force."""

from __future__ import annotations

from itertools import pairwise

import pytest

from synap.errors import InvalidInputError
from synap.maca.versions import check_rises, precedence

HELD = "version: 1.9.0\nretrieval: {floor: 0.1}\n"


@pytest.mark.parametrize("version", ["1.10.0", "2.0.0", "1.9.1-rc.1"])
def test_a_version_that_rises_is_taken(version: str) -> None:
    check_rises(f"version: {version}\n", HELD)


@pytest.mark.parametrize("version", ["1.9.0", "1.9.0+build.2", "1.8.9", "1.9.0-rc.1"])
def test_a_version_that_does_not_rise_is_refused(version: str) -> None:
    for source in (f"version: {version}\n", {"version": version}):
        with pytest.raises(InvalidInputError, match=r"above 1\.9\.0") as refusal:
            check_rises(source, HELD)

        assert refusal.value.field == "version"


def test_the_same_configuration_may_be_set_again_however_it_is_written() -> None:
    check_rises(HELD, HELD)
    check_rises({"retrieval.floor": 0.1, "version": "1.9.0"}, HELD)


def test_where_no_version_is_named_or_nothing_is_in_force_none_must_rise() -> None:
    check_rises("retrieval: {floor: 0.2}\n", HELD)
    check_rises("version: 0.1.0\n", None)


def test_versions_are_ordered_as_semver_does() -> None:
    rising = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ]

    assert all(precedence(one) < precedence(other) for one, other in pairwise([*rising, "1.2.0", "1.10.0"]))
    assert precedence("1.0.0+a") == precedence("1.0.0+b")
