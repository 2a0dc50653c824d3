"""`/health` and `/metrics`: whether it can serve, and how it has been doing. Neither asks for a key."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from synap.api.admin import Health
from synap.errors import TransientError
from synap.server.backend import Gate
from synap.server.rest.bodies import GATE, METRICS, WireResponse, carried
from synap.server.rest.observe import RequestMetrics
from synap.server.rest.openapi import PLAIN

_UNAVAILABLE = 503
_PROMETHEUS = "text/plain; version=0.0.4"
"""Its charset is added by the framework."""


@get(
    "/health",
    opt={"answer": Health, "also": {_UNAVAILABLE: "Not yet, or not any more."}},
    summary="Whether the server can serve",
)
async def health(request: Request[Any, Any, Any]) -> Response[Any]:
    """Answer 200 once the engine can serve, 503 before and while it stops."""
    gate: Gate = carried(request.scope, GATE)
    try:
        report: Health = await gate.backend.health()
    except TransientError as error:
        headers = {} if error.retry_after_seconds is None else {"Retry-After": str(error.retry_after_seconds)}
        body = {"status": "unavailable", "error": error.message, "code": error.code}
        return WireResponse(body, status_code=_UNAVAILABLE, headers=headers, media_type="application/json")
    return WireResponse(report, media_type="application/json")


@get("/metrics", opt={"answer": PLAIN}, summary="Metrics in the Prometheus text format")
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the metrics of the door, and of the engine once it is there."""
    measured: RequestMetrics = carried(request.scope, METRICS)
    gate: Gate = carried(request.scope, GATE)
    try:
        await gate.backend.health()  # the queue as it is now, not as it was when somebody last asked
        stages = gate.backend.metrics.text()
    except TransientError:
        stages = b""
    return Response(measured.text() + stages, media_type=_PROMETHEUS)
