"""The REST door put together: routes, dependencies, error bodies, limits, the schema."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from synap.errors import SynapError
from synap.server.backend import Gate
from synap.server.rest import (
    billing,
    contexts,
    conversations,
    data,
    entities,
    events,
    health,
    management,
    memories,
    telemetry,
    users,
)
from synap.server.rest.authentication import application, either
from synap.server.rest.authentication import management as operator
from synap.server.rest.bodies import GATE, METRICS, WireResponse
from synap.server.rest.errors import crashed, refused, unroutable
from synap.server.rest.observe import Observed, RequestMetrics
from synap.server.rest.openapi import schema
from synap.server.rest.replay import Replayed

DOCUMENT_BYTES = 10 * 1024 * 1024


def create_app(
    gate: Gate, *, max_document_bytes: int = DOCUMENT_BYTES, metrics: RequestMetrics | None = None
) -> Observed:
    """Return the ASGI application that serves the engine behind `gate`.

    Request bodies may hold three times the largest document and 1 MiB: text outside ASCII grows threefold when it is
    escaped in JSON. Larger ones are answered with 413.
    """
    measured = metrics or RequestMetrics()
    max_body = 3 * max_document_bytes + 1024 * 1024
    opened = _opened(routed(max_body), gate, measured)
    return Observed(Replayed(opened, gate, max_body=max_body), measured)


def create_watched_app(gate: Gate) -> Observed:
    """Return the ASGI application of a process that serves no calls: whether it can work, and how it has been doing."""
    measured = RequestMetrics()
    return Observed(_opened(_watched(), gate, measured), measured)


def _opened(app: ASGIApp, gate: Gate, measured: RequestMetrics) -> ASGIApp:
    """Return routes whose requests bring along what they are answered with."""

    async def opened(scope: Scope, receive: Receive, send: Send) -> None:
        values: Any = scope
        values[GATE], values[METRICS] = gate, measured
        await app(scope, receive, send)

    return opened


@lru_cache(maxsize=1)
def _watched() -> Litestar:
    return Litestar(
        route_handlers=[health.health, health.metrics],
        exception_handlers={SynapError: refused, HTTPException: unroutable, Exception: crashed},
        openapi_config=None,
        response_class=WireResponse,
        logging_config=None,
    )


@lru_cache(maxsize=4)
def routed(max_body: int) -> Litestar:
    """Return the routes, for bodies of so many bytes at most.

    They know no engine: a request brings its gate along. So they are laid out, which takes long, once a process.
    """
    return Litestar(
        route_handlers=[
            health.health,
            health.metrics,
            contexts.fetch,
            contexts.invalidate,
            conversations.record,
            conversations.record_batch,
            conversations.turns,
            conversations.prompt,
            conversations.compact,
            conversations.compacted,
            conversations.compaction_status,
            conversations.ingest,
            events.receive,
            telemetry.receive,
            data.delete,
            data.record,
            data.receipts,
            data.receipt_books,
            users.profile,
            billing.balance,
            billing.ledger,
            billing.estimate,
            billing.redeem,
            *memories.routers(),
            *entities.routers(),
            *management.ROUTES,
            schema,
        ],
        dependencies={"api": Provide(application), "admin": Provide(operator), "key": Provide(either)},
        exception_handlers={SynapError: refused, HTTPException: unroutable, Exception: crashed},
        openapi_config=None,
        request_max_body_size=max_body,
        response_class=WireResponse,
        logging_config=None,
    )
