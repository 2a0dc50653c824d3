"""One open stream: events come in, each is dealt with in its conversation's lane, and is acknowledged when it is safe."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from synap.api.bundles import Anticipate
from synap.api.events import ConversationEvent, EventOutcome
from synap.engine.callers import Caller
from synap.engine.events import role_of
from synap.errors import AuthenticationError, ForbiddenError, InstanceNotReadyError, SynapError, TransientError
from synap.server.backend import Backend, Gate
from synap.server.grpc.errors import NOT_READING, Ending, ending_of
from synap.server.grpc.events import conversation_event
from synap.server.grpc.lanes import Lanes
from synap.server.grpc.limits import StreamLimits
from synap.server.grpc.metrics import StreamMetrics
from synap.server.grpc.outbox import Done, Outbox
from synap.server.grpc.places import Places
from synap.server.grpc.pushes import Pushes

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds between attempts to record a turn while the store does not answer; they double."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An event in hand: its message, when it may be acknowledged, and what gives its place free."""

    event: ConversationEvent
    named: bool
    due: float
    release: Callable[[], None]


class Stream:
    """The state of one stream. `run` reads until the client has no more to say, the server stops, or the key is void."""

    def __init__(
        self,
        gate: Gate,
        key: str,
        caller: Caller,
        *,
        correlation_id: str,
        limits: StreamLimits,
        metrics: StreamMetrics,
    ) -> None:
        """Make the stream of a caller who has shown `key`."""
        self._gate = gate
        self._key = key
        self._instance_id = "" if caller.instance is None else caller.instance.id
        self._correlation_id = correlation_id
        self._limits = limits
        self._metrics = metrics
        self._now = asyncio.get_running_loop().time
        self._outbox = Outbox(limits, metrics, now=self._now, stamp=lambda: time.time_ns() // 1_000_000)
        self._places = Places(events=limits.events, size=limits.event_bytes)
        self._lanes: Lanes[Taken] = Lanes(self._deal)
        self._writers = asyncio.Semaphore(limits.writers)
        self._pushes = Pushes(self._backend, self._caller, self._outbox, limits=limits, metrics=metrics, now=self._now)
        self._listener = caller
        self._in_hand: dict[tuple[str | None, ...], Callable[[], None]] = {}
        self._signalled = -limits.signal_seconds
        self._checked = self._now()
        self._ended = asyncio.Event()
        self._ending: Ending | None = None
        self._farewell = ""

    async def run(self, read: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> Ending | None:
        """Serve the stream to its end.

        Args:
            read: Returns the client's next message, or None when it has no more to say.
            send: Sends a message; waits while the client does not read.

        Returns:
            None for a good end.
        """
        sending = asyncio.create_task(self._send_all(send))
        reading = asyncio.create_task(self._read_all(read))
        try:
            await self._until_ended(reading)
            reading.cancel()
            await self._lanes.finish(self._limits.finish_seconds)
            if self._ending is None:
                self._outbox.close(self._farewell)
                await asyncio.wait([sending], timeout=self._limits.finish_seconds)
            return self._ending
        finally:
            for task in (reading, sending):
                task.cancel()
            await asyncio.gather(reading, sending, return_exceptions=True)
            await self._pushes.close()

    def stop(self) -> None:
        """End because the server stops: what is in hand is finished, then the client is told to go elsewhere."""
        self._ended.set()

    async def linger(self) -> None:
        """Finish what is in hand although the client has gone: it may be one that will not send it again."""
        await self._lanes.finish(self._limits.linger_seconds)
        await self._lanes.cancel()
        for dealt in self._in_hand.values():
            dealt()

    @property
    def busy(self) -> bool:
        """Whether turns are being written."""
        return self._lanes.busy

    async def look(self) -> None:
        """Look after the stream between its messages: renew its bundles, and see whether its key still holds."""
        self._pushes.renew()
        if self._now() - self._checked >= self._limits.check_seconds:
            self._checked = self._now()
            with contextlib.suppress(SynapError):
                await self._caller()

    async def _until_ended(self, reading: asyncio.Task[None]) -> None:
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait([reading, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if reading.done():
            reading.result()
        else:
            self._farewell = "the server stops; open another stream"

    async def _read_all(self, read: Callable[[], Awaitable[Any]]) -> None:
        while (message := await read()) is not None:
            kind = message.WhichOneof("payload")
            if kind == "conversation_event":
                await self._take(message.conversation_event)
            elif kind == "heartbeat_ping":
                self._metrics.pings.inc()
                self._outbox.pong(message.heartbeat_ping.timestamp_ms)
            elif kind == "session_control":
                self._metrics.session(message.session_control.action)
            elif kind == "context_used":
                self._metrics.used.inc()
                self._metrics.used_items.inc(len(message.context_used.served_item_ids))
            elif kind == "context_assembled":
                self._metrics.assembled.inc()

    async def _take(self, message: Any) -> None:
        event = conversation_event(message)
        if message.event_id and _identity(event) in self._in_hand:
            return  # sent again while its first is being dealt with, and acknowledged with it
        arrived = self._now()
        release = await self._places.take(message.ByteSize())
        self._in_hand[_identity(event)] = self._expect(event)
        due = arrived + self._limits.ack_seconds
        taken = Taken(event=event, named=bool(message.event_id), due=due, release=release)
        self._lanes.put(message.conversation_id, taken)

    def _expect(self, event: ConversationEvent) -> Callable[[], None]:
        """Let fetches wait for an event; while the engine is not there, there are none."""
        try:
            return self._backend().expect(self._listener, event)
        except InstanceNotReadyError:
            return lambda: None

    async def _deal(self, taken: Taken) -> None:
        """Record an event, however often that takes while the store is away, so that its conversation keeps its order."""
        pause = FIRST_PAUSE
        outcome = None
        try:
            while outcome is None or outcome.retryable:
                if outcome is not None:
                    # It may take long from here on: fetches no longer wait for it.
                    self._in_hand[_identity(taken.event)]()
                    self._tell_away(taken, outcome)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                async with self._writers:
                    outcome = await self._record(taken.event)
        except (AuthenticationError, ForbiddenError):
            taken.release()
            return
        except Exception as error:
            # The outermost loop of a door: the event stays unacknowledged, so that the client keeps it.
            logger.exception("event failed", extra={"correlation_id": self._correlation_id})
            self._metrics.event(taken.event.event_type, "failed")
            self._outbox.signal("error", "something went wrong here; the log has it", code=type(error).__name__)
            taken.release()
            return
        finally:
            self._in_hand.pop(_identity(taken.event))()
        self._acknowledge(taken, outcome)

    async def _record(self, event: ConversationEvent) -> EventOutcome:
        try:
            caller = await self._caller()
            api = self._backend().api_for(caller, correlation_id=self._correlation_id)
            return (await api.record_events([event])).results[0]
        except TransientError as error:
            return EventOutcome(status="rejected", reason=error.message, code=error.code, retryable=True)

    def _acknowledge(self, taken: Taken, outcome: EventOutcome) -> None:
        event = taken.event
        self._metrics.event(event.event_type, outcome.status)
        if outcome.status == "rejected":
            # Acknowledged none the less: no attempt can succeed, and an unacknowledged one would come back for ever.
            event_id = event.event_id if taken.named else ""
            self._outbox.signal("error", outcome.reason, event_id=event_id, code=outcome.code)
        self._outbox.done(
            Done(
                due=max(taken.due, self._now()),
                event_id=event.event_id if taken.named else "",
                conversation_id=event.conversation_id if outcome.message_id else "",
                message_count=outcome.conversation_message_count,
                release=taken.release,
            )
        )
        if outcome.status == "accepted" and outcome.message_id:
            self._pushes.turn(
                Anticipate(
                    conversation_id=event.conversation_id,
                    role=role_of(event),
                    user_id=event.user_id,
                    customer_id=event.customer_id,
                )
            )

    def _tell_away(self, taken: Taken, outcome: EventOutcome) -> None:
        """Tell the client to hold its events, at most every so often: under this code it keeps thousands instead of 100."""
        self._metrics.event(taken.event.event_type, "deferred")
        if self._now() - self._signalled < self._limits.signal_seconds:
            return
        self._signalled = self._now()
        self._outbox.signal(
            "throttle",
            outcome.reason,
            code=InstanceNotReadyError.code,
            cause=outcome.code,
            retry_after_seconds="5",
            instance_id=self._instance_id,
        )

    async def _caller(self) -> Caller:
        """Return who listens, as the key stands now; a key that is void ends the stream."""
        try:
            return await self._backend().authenticate(self._key)
        except (AuthenticationError, ForbiddenError) as error:
            self._end(ending_of(error))
            raise

    def _backend(self) -> Backend:
        return self._gate.backend

    def _end(self, ending: Ending) -> None:
        if self._ending is None:
            self._ending = ending
        self._ended.set()

    async def _send_all(self, send: Callable[[Any], Awaitable[None]]) -> None:
        async for response in self._outbox.messages():
            try:
                async with asyncio.timeout(self._limits.stalled_seconds):
                    await send(response)
            except TimeoutError:
                self._end(NOT_READING)
                return


def _identity(event: ConversationEvent) -> tuple[str | None, ...]:
    """Return by what an event is known again: an id is its owner's own, and may be used in one conversation only."""
    return event.event_id, event.conversation_id, event.user_id, event.customer_id
