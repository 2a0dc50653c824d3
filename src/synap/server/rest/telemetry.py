"""`/v1/telemetry/batch`: what clients report of their own calls. It is counted here and goes nowhere else."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post

from synap.api.requests import build
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import METRICS, carried, read_object
from synap.server.rest.observe import RequestMetrics

_OK = 200


class TelemetryBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Events of a client: durations, statuses and error codes of its calls, no content."""

    events: list[dict[str, Any]] = []
    sdk_version: str | None = None
    batch_id: str | None = None


class TelemetryReceived(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: how many events were counted."""

    status: str
    events_received: int


@post(
    "/v1/telemetry/batch",
    status_code=_OK,
    opt={"body": TelemetryBatch, "answer": TelemetryReceived},
    summary="Report a client's calls; counted, never passed on",
)
async def receive(request: Request[Any, Any, Any], api: Application) -> TelemetryReceived:  # noqa: ARG001 - `api` asks for a key
    """Count the events of a batch in this server's metrics."""
    batch = build(TelemetryBatch, await read_object(request))
    metrics: RequestMetrics = carried(request.scope, METRICS)
    metrics.reported(len(batch.events))
    return TelemetryReceived(status="accepted", events_received=len(batch.events))
