from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from synap.server.backend import Gate
from synap.server.grpc.door import Door
from synap.server.grpc.limits import StreamLimits
from synap.server.grpc.metrics import StreamMetrics


class _Stuck:
    """A server that never comes to its end."""

    async def stop(self, grace: float) -> None:
        assert grace > 0
        await asyncio.Event().wait()


async def test_a_server_that_does_not_close_holds_up_nobody_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    limits = StreamLimits(finish_seconds=0.01, close_seconds=0.05)
    door = Door(
        Gate(), StreamMetrics(CollectorRegistry()), reported=cast("Any", None), max_document_bytes=1, limits=limits
    )
    door._server = _Stuck()  # noqa: SLF001 - no server gets stuck at will

    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(10):
            await door.stop()

    assert "did not close in time" in caplog.text
