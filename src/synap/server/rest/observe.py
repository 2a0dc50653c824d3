"""Around every request: its correlation id, its duration, one line in the log, and a polite end to bodies too large."""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from synap.server.rest.bodies import CORRELATION

logger = logging.getLogger(__name__)

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
PROPER_ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
_TOO_LARGE = 413
DRAINED_BYTES = 64 * 1024 * 1024
"""How much of a refused body is read and thrown away, so that its sender gets to read the refusal."""


class RequestMetrics:
    """Durations of requests by route, method and status, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "synap_request_seconds",
            "Time per request",
            ["route", "method", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._reported = Counter(
            "synap_client_events", "Events that clients reported of their own calls", registry=self.registry
        )

    def reported(self, count: int) -> None:
        """Note that a client reported `count` of its own calls."""
        self._reported.inc(count)

    def observe(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Note a request. `route` is the template, never the path, so that no id becomes a label."""
        self._seconds.labels(route, method, str(status)).observe(seconds)

    def text(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)


class Observed:
    """An ASGI application that gives every request a correlation id and notes how it went.

    HEAD is answered as GET is, without the body (RFC 9110, section 9.3.2).
    """

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass the lifespan through."""
        values: Any = scope
        if values["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = values["method"] == "HEAD"
        exchange = _Exchange(_correlation_id(scope), receive, send, bodiless=head)
        values[CORRELATION] = exchange.correlation_id
        asked: Any = {**values, "method": "GET"} if head else scope
        started = time.perf_counter()
        try:
            await self._app(asked, exchange.receive, exchange.send)
        finally:
            route = str(asked.get("path_template") or "unmatched")
            self._note(route, values["method"], exchange, time.perf_counter() - started)

    def _note(self, route: str, method: str, exchange: _Exchange, seconds: float) -> None:
        method = method if method in _METHODS else "other"
        self._metrics.observe(route=route, method=method, status=exchange.status, seconds=seconds)
        logger.info(
            "request served",
            extra={
                "route": route,
                "method": method,
                "status": exchange.status,
                "seconds": round(seconds, 6),
                "correlation_id": exchange.correlation_id,
            },
        )


class _Exchange:
    """One request's messages on their way in and out."""

    def __init__(self, correlation_id: str, receive: Receive, send: Send, *, bodiless: bool) -> None:
        self.correlation_id = correlation_id
        self._bodiless = bodiless
        self.status = 0
        self._receive = receive
        self._send = send
        self._more = True

    async def receive(self) -> Any:
        message = await self._receive()
        self._more = message["type"] == "http.request" and bool(message.get("more_body", False))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status == _TOO_LARGE:
                await self._drain()
            header = (b"x-correlation-id", self.correlation_id.encode())
            message = {**message, "headers": [*message["headers"], header]}
        elif self._bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    async def _drain(self) -> None:
        read = 0
        while self._more and read < DRAINED_BYTES:
            message = await self.receive()
            read += len(message.get("body", b"")) or 1


def _correlation_id(scope: Scope) -> str:
    """Return the id that the caller gave, if it is short and plain enough for logs and headers, else a fresh one."""
    for name, value in scope["headers"]:
        if name.lower() == b"x-correlation-id":
            given = value.decode("latin-1")
            if PROPER_ID.fullmatch(given):
                return given
    return f"req_{secrets.token_hex(12)}"
