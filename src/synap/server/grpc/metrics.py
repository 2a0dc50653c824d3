"""Counts of what goes over the streams, without an id in any label."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from synap.engine.events import OTHERS, TURNS

_KNOWN = OTHERS | TURNS.keys()
_ACTIONS = ("start", "end")


class StreamMetrics:
    """The metrics of all streams of a server."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.open = Gauge("synap_streams", "Streams open", registry=registry)
        self.refused = Counter("synap_streams_refused", "Streams refused or broken off", ["status"], registry=registry)
        self._events = Counter(
            "synap_stream_events", "Events by what became of them", ["type", "outcome"], registry=registry
        )
        self._sessions = Counter("synap_stream_sessions", "Sessions begun and ended", ["action"], registry=registry)
        self.pings = Counter("synap_stream_pings", "Pings answered", registry=registry)
        self.used = Counter("synap_context_used", "Answers that clients served from a bundle", registry=registry)
        self.used_items = Counter("synap_context_used_items", "Items in these answers", registry=registry)
        self.assembled = Counter("synap_context_assembled", "Contexts that clients put together", registry=registry)
        self._pushed = Counter("synap_bundles_sent", "Bundles sent", ["type"], registry=registry)
        self.withdrawn = Counter("synap_bundles_withdrawn", "Bundles withdrawn or replaced", registry=registry)
        self._dropped = Counter("synap_stream_dropped", "What a slow client was not sent", ["what"], registry=registry)
        self.failures = Counter("synap_stream_failures", "Errors beside a stream", ["stage"], registry=registry)

    def event(self, kind: str, outcome: str) -> None:
        """Note what became of an event: `accepted`, `duplicate`, `rejected`, `deferred`, `failed`."""
        self._events.labels(kind if kind in _KNOWN else "other", outcome).inc()

    def session(self, action: str) -> None:
        """Note that a session begins or ends."""
        self._sessions.labels(action if action in _ACTIONS else "other").inc()

    def pushed(self, kind: str) -> None:
        """Note a bundle that was sent."""
        self._pushed.labels(kind).inc()

    def dropped(self, what: str) -> None:
        """Note a `signal` or `bundle` that was dropped because the client reads too slowly."""
        self._dropped.labels(what).inc()
