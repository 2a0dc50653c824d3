"""Faults happen where they are asked for, and nowhere else."""

from __future__ import annotations

import pytest

from synap.engine.faults import Fault, Faults, parse_faults
from synap.errors import SetupError, TransientError


def test_faults_are_read_one_by_one() -> None:
    assert parse_faults("extract:kill, embed:error@3") == (
        Fault(stage="extract", action="kill"),
        Fault(stage="embed", action="error", passage=3),
    )
    assert parse_faults("") == ()


@pytest.mark.parametrize("text", ["extract", "extract:explode", ":kill", "embed:error@x"])
def test_a_malformed_fault_is_refused(text: str) -> None:
    with pytest.raises(SetupError) as refusal:
        parse_faults(text)

    assert refusal.value.field == "SYNAP_FAULT"


def test_a_stage_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(SetupError, match="accept, claimed, extract"):
        parse_faults("acept:kill")


async def test_a_fault_on_the_second_passage_spares_the_others() -> None:
    faults = Faults(parse_faults("embed:error@2"))

    await faults.point("embed")
    with pytest.raises(TransientError):
        await faults.point("embed")
    await faults.point("embed")
    await faults.point("extract")
