"""What is sent to one listener before it asks: bundles after its turns, looked after until they lapse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from synap.api.bundles import Anticipate, ContextBundle
from synap.engine.callers import Caller
from synap.errors import SynapError
from synap.server.backend import Backend
from synap.server.grpc.bundles import bundle_message, withdrawal
from synap.server.grpc.limits import StreamLimits
from synap.server.grpc.metrics import StreamMetrics
from synap.server.grpc.outbox import Outbox

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A bundle that a client has: its id there, how often it was replaced, and when it lapses, on the loop's clock."""

    bundle: ContextBundle
    wire_id: str
    revision: int
    until: float


class Pushes:
    """Foresees beside the stream, one turn at a time; of the turns of one conversation that wait, the newest."""

    def __init__(
        self,
        backend: Callable[[], Backend],
        caller: Callable[[], Awaitable[Caller]],
        outbox: Outbox,
        *,
        limits: StreamLimits,
        metrics: StreamMetrics,
        now: Callable[[], float],
    ) -> None:
        """Make one that has sent nothing.

        Args:
            backend: Returns the engine.
            caller: Returns who listens, looked up anew, so that a revoked key gets nothing more.
            outbox: Where bundles go.
            limits: How many are kept.
            metrics: Where they are counted.
            now: The loop's clock, in seconds.
        """
        self._backend = backend
        self._caller = caller
        self._outbox = outbox
        self._limits = limits
        self._metrics = metrics
        self._now = now
        self._waiting: dict[str, Anticipate] = {}
        self._sent: dict[str, Sent] = {}
        self._foreseeing: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None

    def turn(self, turn: Anticipate) -> None:
        """Foresee what comes after a turn; it takes the place of an older one of its conversation that still waits."""
        self._waiting.pop(turn.conversation_id, None)
        self._waiting[turn.conversation_id] = turn
        if len(self._waiting) > self._limits.bundles:
            self._waiting.pop(next(iter(self._waiting)))
        if self._foreseeing is None or self._foreseeing.done():
            self._foreseeing = asyncio.create_task(self._foresee())

    def renew(self) -> None:
        """Look at the bundles that were sent, unless that is being done."""
        if self._sent and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.create_task(self._renew())

    async def close(self) -> None:
        """End what is under way."""
        tasks = [task for task in (self._foreseeing, self._renewing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _foresee(self) -> None:
        while self._waiting:
            turn = self._waiting.pop(next(iter(self._waiting)))
            try:
                bundles = await self._backend().anticipate(await self._caller(), turn)
            except SynapError as error:
                self._failed("anticipate", error)
                continue
            for bundle in bundles:
                self._send(bundle, wire_id=bundle.bundle_id, revision=0)

    async def _renew(self) -> None:
        for key, sent in list(self._sent.items()):
            if sent.until <= self._now():
                self._sent.pop(key, None)
                continue
            try:
                fresh = await self._backend().renew(await self._caller(), sent.bundle)
            except SynapError as error:
                self._failed("renew", error)
                return
            if fresh is not None and self._sent.get(key) is sent:
                self._replace(key, sent, fresh)

    def _replace(self, key: str, sent: Sent, fresh: ContextBundle) -> None:
        """Withdraw a bundle, and send what takes its place under a new id: the client would keep the old items else."""
        self._sent.pop(key)
        self._metrics.withdrawn.inc()
        self._outbox.bundle(withdrawal(sent.bundle, bundle_id=sent.wire_id))
        if fresh.items:
            revision = sent.revision + 1
            self._send(fresh, wire_id=f"{key}.{revision}", revision=revision)

    def _send(self, bundle: ContextBundle, *, wire_id: str, revision: int) -> None:
        before = self._sent.pop(bundle.bundle_id, None)
        if before is not None and before.wire_id != wire_id:
            self._outbox.bundle(withdrawal(before.bundle, bundle_id=before.wire_id))
        while len(self._sent) >= self._limits.kept_bundles:
            self._sent.pop(next(iter(self._sent)))
        # A published client keeps a bundle that is used for twice its time.
        until = self._now() + 2 * bundle.ttl_seconds
        self._sent[bundle.bundle_id] = Sent(bundle=bundle, wire_id=wire_id, revision=revision, until=until)
        self._outbox.bundle(bundle_message(bundle, bundle_id=wire_id))
        self._metrics.pushed(bundle.bundle_type)

    def _failed(self, stage: str, error: SynapError) -> None:
        self._metrics.failures.labels(stage).inc()
        logger.warning("no bundle", extra={"stage": stage, "code": error.code})
