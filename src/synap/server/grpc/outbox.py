"""What waits to be sent on one stream, bounded, in the order in which a client wants it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from synap.server.grpc.limits import StreamLimits
from synap.server.grpc.messages import ConversationState, EventAck, HeartbeatPong, StreamResponse, StreamSignal
from synap.server.grpc.metrics import StreamMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An event that is dealt with.

    Attributes:
        due: When it may be acknowledged, on the loop's clock.
        event_id: Its id; empty for a client that gave none, and awaits no acknowledgement.
        conversation_id, message_count: Of a turn: its conversation, as the client calls it, and how many messages it has now.
        release: Gives the event's place on the stream free.
    """

    due: float
    event_id: str
    conversation_id: str = ""
    message_count: int = 0
    release: Callable[[], None]


class Outbox:
    """Gives one message after another: pongs, signals, acknowledgements with what follows from them, bundles."""

    def __init__(
        self, limits: StreamLimits, metrics: StreamMetrics, *, now: Callable[[], float], stamp: Callable[[], int]
    ) -> None:
        """Make an empty one.

        Args:
            limits: How much may wait.
            metrics: Where drops are counted.
            now: The loop's clock, in seconds.
            stamp: The wall clock, in milliseconds.
        """
        self._limits = limits
        self._metrics = metrics
        self._now = now
        self._stamp = stamp
        self._pong: int | None = None
        self._signals: deque[Any] = deque()
        self._done: deque[Done] = deque()
        self._bundles: deque[Any] = deque()
        self._changed = asyncio.Event()
        self._closed = False
        self._farewell = ""

    def pong(self, timestamp_ms: int) -> None:
        """Answer a ping; of several that wait, the last."""
        self._pong = timestamp_ms
        self._changed.set()

    def signal(self, kind: str, reason: str, **metadata: str) -> None:
        """Send a signal: `throttle`, `closing` or `error`."""
        self._put("signal", self._signals, StreamSignal(signal_type=kind, reason=reason, metadata=metadata))

    def bundle(self, bundle: Any) -> None:
        """Send a bundle."""
        self._put("bundle", self._bundles, bundle)

    def done(self, done: Done) -> None:
        """Acknowledge an event once that is due."""
        self._done.append(done)
        self._changed.set()

    def close(self, farewell: str = "") -> None:
        """Let `messages` end once all that waits is sent; a farewell is a last signal, on which the client turns away."""
        self._closed = True
        self._farewell = farewell
        self._changed.set()

    async def messages(self) -> Any:
        """Yield what is to be sent, as it falls due, until the box is closed and empty."""
        while True:
            self._changed.clear()
            for response in self._ready():
                yield response
            if self._changed.is_set():
                continue
            if self._closed and not self._done:
                if self._farewell:
                    yield StreamResponse(signal=StreamSignal(signal_type="closing", reason=self._farewell))
                return
            await self._wait()

    def _put(self, what: str, queue: deque[Any], item: Any) -> None:
        if len(queue) >= (self._limits.signals if what == "signal" else self._limits.bundles):
            queue.popleft()
            self._metrics.dropped(what)
        queue.append(item)
        self._changed.set()

    def _ready(self) -> Iterator[Any]:
        if self._pong is not None:
            pong, self._pong = self._pong, None
            yield StreamResponse(heartbeat_pong=HeartbeatPong(timestamp_ms=pong))
        while self._signals:
            yield StreamResponse(signal=self._signals.popleft())
        yield from self._acknowledged()
        while self._bundles:
            yield StreamResponse(context_bundle=self._bundles.popleft())

    def _acknowledged(self) -> Iterator[Any]:
        """Yield one acknowledgement for all that is due, and the counts of their conversations; then free their places."""
        now = self._now()
        due = [done for done in self._done if done.due <= now]
        if not due:
            return
        self._done = deque(done for done in self._done if done.due > now)
        if ids := [done.event_id for done in due if done.event_id]:
            yield StreamResponse(event_ack=EventAck(event_ids=ids, timestamp_ms=self._stamp()))
        counts = {done.conversation_id: done.message_count for done in due if done.conversation_id}
        for conversation_id, count in counts.items():
            state = ConversationState(conversation_id=conversation_id, message_count=count)
            yield StreamResponse(conversation_state=state)
        for done in due:
            done.release()

    async def _wait(self) -> None:
        """Wait for something new, or until the next acknowledgement is due."""
        next_due = min((done.due for done in self._done), default=None)
        try:
            async with asyncio.timeout(None if next_due is None else max(0.0, next_due - self._now())):
                await self._changed.wait()
        except TimeoutError:
            return
