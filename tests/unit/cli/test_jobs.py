"""What `synap jobs explain` says about a job, by what it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synap.cli.jobs import explained
from synap.store.queue import QueuedJob

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
READY = QueuedJob(
    id=1,
    bucket=3,
    kind="ingest",
    ingestion_id=2,
    state="ready",
    priority=0,
    tries=0,
    run_at=NOW,
    lease_until=None,
    lease_owner=None,
    error_code=None,
    error_message=None,
    created_at=NOW - timedelta(seconds=90),
    ahead=4,
    lanes=3,
)


def said(status: str | None, job: QueuedJob | None) -> str:
    return "\n".join(explained(status, job, now=NOW))


def test_a_job_in_line_is_told_what_is_ahead() -> None:
    text = said("queued", READY)

    assert "queued 90 s ago" in text
    assert "4 jobs of the same customer or user are ahead, 2 others wait beside" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "dead", "error_code": "ValueError", "error_message": "gone wrong"}, "synap jobs retry"),
        ({"run_at": NOW + timedelta(seconds=60)}, "tried again at 2026-05-04T12:01:00"),
        ({"beside": 1}, "one after another"),
        ({"state": "running", "lease_owner": "w_1", "lease_until": NOW + timedelta(seconds=9)}, "w_1 holds it"),
        ({"state": "running", "lease_owner": "w_1", "lease_until": NOW - timedelta(seconds=9)}, "takes it back"),
    ],
)
def test_what_it_waits_for_is_told(changes: dict[str, Any], expected: str) -> None:
    assert expected in said("processing", replace(READY, **changes))


def test_an_ingestion_that_nobody_works_on_is_told_with_what_helps() -> None:
    assert "synap doctor --mend" in said("processing", None)
    assert "it has ended" in said("completed", None)
