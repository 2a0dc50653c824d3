"""The gRPC server: who may open a stream, the streams that are open, and an end that finishes what is in hand."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc

from synap.engine.callers import Caller
from synap.errors import AuthenticationError, ForbiddenError, SetupError, SynapError
from synap.server.backend import Gate
from synap.server.grpc.errors import Ending, ending_of
from synap.server.grpc.limits import StreamLimits
from synap.server.grpc.messages import SERVICE, StreamEvent, StreamResponse, TelemetryAck, TelemetryEvent
from synap.server.grpc.metrics import StreamMetrics
from synap.server.grpc.stream import Stream
from synap.server.rest.authentication import LONGEST_KEY
from synap.server.rest.observe import PROPER_ID
from synap.server.tls import Tls

logger = logging.getLogger(__name__)

MIB = 1024 * 1024
KEEPALIVE = (
    ("grpc.keepalive_permit_without_calls", 1),
    # Published clients ping every 30 s; the default would call that too often.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    # A client that is gone without a word is found by our own pings.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who opened a call: its key, whom that stands for, and the id of the call."""

    key: str
    caller: Caller
    correlation_id: str


class Door:
    """A gRPC server before an engine."""

    def __init__(
        self,
        gate: Gate,
        metrics: StreamMetrics,
        *,
        reported: Callable[[int], None],
        max_document_bytes: int,
        limits: StreamLimits | None = None,
    ) -> None:
        """Make a server that does not listen yet.

        Args:
            gate: Leads to the engine once it is there.
            metrics: Counts of the streams.
            reported: Told how many of their own calls clients reported.
            max_document_bytes: Largest turn; a message may be three times that, and 1 MiB, as at the REST door.
            limits: Bounds of a stream.
        """
        self._gate = gate
        self._metrics = metrics
        self._reported = reported
        self._limits = limits or StreamLimits()
        self._streams: set[Stream] = set()
        self._lingering: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._stopping = False
        self._options = (
            *KEEPALIVE,
            ("grpc.so_reuseport", 0),  # else a second server would share the port in silence
            ("grpc.max_receive_message_length", 3 * max_document_bytes + MIB),
        )
        self._server: Any = None

    async def start(self, host: str, port: int, tls: Tls | None = None) -> int:
        """Listen, and return the real port.

        Raises:
            SetupError: The address cannot be had.
        """
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        # Held for good: the last server or channel to be collected would otherwise end grpc's polling thread from
        # within the collector, and wait for it forever.
        grpc.aio.init_grpc_aio()
        server = grpc.aio.server(options=self._options)
        server.add_generic_rpc_handlers((_handlers(self),))
        try:
            if tls is None:
                real_port = server.add_insecure_port(address)
            else:
                real_port = server.add_secure_port(address, grpc.ssl_server_credentials([(tls.key, tls.certificate)]))
        except RuntimeError as error:
            real_port = 0
            logger.debug("grpc cannot listen", extra={"error": str(error)})
        if not real_port:
            raise SetupError(
                f"cannot listen on {host}:{port} for gRPC: the port is taken, or the address not of this machine;"
                " choose another with --grpc, or none with --grpc off",
                field="grpc",
            )
        await server.start()
        self._server = server
        self._looking = asyncio.create_task(self._look())
        logger.info("grpc listens", extra={"host": host, "port": real_port})
        return int(real_port)

    async def stop(self) -> None:
        """Let every stream finish what it has in hand and tell its client to go elsewhere; then close."""
        self._stopping = True
        if self._looking is not None:
            self._looking.cancel()
        for stream in list(self._streams):
            stream.stop()
        grace = 3 * self._limits.finish_seconds
        longest = grace + self._limits.close_seconds
        try:
            async with asyncio.timeout(longest):
                if self._server is not None:
                    await self._server.stop(grace)
                await asyncio.gather(*self._lingering, return_exceptions=True)
        except TimeoutError:
            logger.warning("grpc did not close in time, and is left as it is", extra={"seconds": longest})
        # Let go of while the loop runs: a server that is collected later asks for one.
        self._server = None
        logger.info("grpc stopped")

    async def listen(self, context: Any) -> None:
        """Serve a stream."""
        visitor = await self._visitor(context)
        await context.send_initial_metadata(())

        async def read() -> Any:
            message = await context.read()
            return None if message is grpc.aio.EOF else message

        stream = Stream(
            self._gate,
            visitor.key,
            visitor.caller,
            correlation_id=visitor.correlation_id,
            limits=self._limits,
            metrics=self._metrics,
        )
        self._streams.add(stream)
        self._metrics.open.inc()
        if self._stopping:
            stream.stop()
        try:
            ending = await stream.run(read, context.write)
        finally:
            self._metrics.open.dec()
            self._streams.discard(stream)
            if stream.busy:
                task = asyncio.create_task(stream.linger())
                self._lingering.add(task)
                task.add_done_callback(self._lingering.discard)
        if ending is not None:
            await self._refuse(context, ending)

    async def telemetry(self, events: Any, context: Any) -> Any:
        """Count what a client reports; nothing of it is kept or passed on."""
        await self._visitor(context)
        count = 0
        async for _ in events:
            count += 1
        self._reported(count)
        return TelemetryAck(status="accepted", events_received=count)

    async def _visitor(self, context: Any) -> Visitor:
        """Return who calls; refuses the call of anybody else."""
        given = {name.lower(): value for name, value in context.invocation_metadata() or ()}
        try:
            key = _bearer(given.get("authorization", ""))
            caller = await self._gate.backend.authenticate(key)
            _check(given, caller)
        except SynapError as error:
            await self._refuse(context, ending_of(error))
            raise
        wanted = str(given.get("x-correlation-id", ""))
        correlation_id = wanted if PROPER_ID.fullmatch(wanted) else f"str_{secrets.token_hex(12)}"
        return Visitor(key=key, caller=caller, correlation_id=correlation_id)

    async def _refuse(self, context: Any, ending: Ending) -> None:
        self._metrics.refused.labels(ending.status.name.lower()).inc()
        await context.abort(ending.status, ending.details, ending.trailing)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._limits.renew_seconds)
            for stream in list(self._streams):
                with contextlib.suppress(SynapError):
                    await stream.look()


def _handlers(door: Door) -> Any:
    async def listen(_: Any, context: Any) -> None:
        await door.listen(context)

    async def telemetry(events: Any, context: Any) -> Any:
        return await door.telemetry(events, context)

    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "Listen": grpc.stream_stream_rpc_method_handler(
                listen,
                request_deserializer=StreamEvent.FromString,
                response_serializer=StreamResponse.SerializeToString,
            ),
            "IngestTelemetry": grpc.stream_unary_rpc_method_handler(
                telemetry,
                request_deserializer=TelemetryEvent.FromString,
                response_serializer=TelemetryAck.SerializeToString,
            ),
        },
    )


def _bearer(header: Any) -> str:
    scheme, _, key = str(header).partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key or len(key) > LONGEST_KEY or not key.isascii():
        raise AuthenticationError("an API key is required: send `authorization: Bearer <key>` as metadata")
    return key


def _check(given: dict[str, Any], caller: Caller) -> None:
    """Refuse a management key, and hints that contradict the key; the key alone decides, an empty hint says nothing."""
    if caller.instance is None:
        raise ForbiddenError("a stream needs an application key, bound to an instance; a management key was given")
    place = caller.instance.place
    for name, actual in (("x-instance-id", place.instance_id), ("x-client-id", place.client_id)):
        if given.get(name) not in (None, "", actual):
            raise ForbiddenError(f"{name} names another one than the key is bound to; leave it out")
