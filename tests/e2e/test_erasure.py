"""Erased by every way and purged, nothing of a marker is left in any file; and a look that sees nothing is no proof."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.by_url import BY_URL

from synap.verify.erasure import KEPT, try_erasure
from synap.verify.own_store import own_store
from synap.verify.ways import WAYS

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(BY_URL, reason="the trial has an embedded store of its own")]


async def test_nothing_is_left_in_any_file_after_erasure_and_purge() -> None:
    async def no_purge() -> float:
        return 0.0

    async with own_store() as (installation, disk):
        unpurged = await try_erasure(installation, replace(disk, purge=no_purge))
        purged = await try_erasure(installation, disk)
        logical = await try_erasure(installation)

    by_way = {outcome.way: outcome for outcome in purged.outcomes}
    assert purged.good, [outcome for outcome in purged.outcomes if not outcome.good] + [*purged.problems]
    assert by_way.keys() == {way.name for way in WAYS} | {KEPT}
    assert all(outcome.bytes_after == 0 for way, outcome in by_way.items() if way != KEPT)
    assert all(outcome.files_before for outcome in by_way.values())

    assert not unpurged.good, "erased rows lie in their files until the purge, so the look at them must see them"
    assert all(outcome.bytes_after for outcome in unpurged.outcomes)
    assert any("pg_wal" in file for outcome in unpurged.outcomes for file in outcome.files_after)

    assert logical.good
    assert not logical.physical
    assert "logical" in logical.not_covered[0]
