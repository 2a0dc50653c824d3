"""What is sent to one listener before it asks: bundles after its turns, looked after until they lapse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A conversation whose compactions are told: its last turn, the one told last, and for how long it is watched."""

    turn: Anticipate
    known: str
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
        self._watched: dict[str, Watched] = {}
        self._sent: dict[str, Sent] = {}
        self._foreseeing: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None

    def turn(self, turn: Anticipate) -> None:
        """Foresee what comes after a turn; it takes the place of an older one of its conversation that still waits."""
        self._watch(turn)
        self._waiting.pop(turn.conversation_id, None)
        self._waiting[turn.conversation_id] = turn
        if len(self._waiting) > self._limits.bundles:
            self._waiting.pop(next(iter(self._waiting)))
        if self._foreseeing is None or self._foreseeing.done():
            self._foreseeing = asyncio.create_task(self._foresee())

    def renew(self) -> None:
        """Look at the bundles that were sent, and at compactions, unless that is being done."""
        if (self._sent or self._watched) and (self._renewing is None or self._renewing.done()):
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
                async for bundle in self._backend().anticipate(await self._caller(), turn):
                    self._send(bundle, wire_id=bundle.bundle_id, revision=0)
            except SynapError as error:
                self._failed("anticipate", error)

    def _watch(self, turn: Anticipate) -> None:
        before = self._watched.pop(turn.conversation_id, None)
        known = before.known if before is not None and _owner(before.turn) == _owner(turn) else ""
        if len(self._watched) >= self._limits.kept_bundles:
            self._watched.pop(next(iter(self._watched)))
        until = self._now() + self._limits.watch_seconds
        self._watched[turn.conversation_id] = Watched(turn=turn, known=known, until=until)

    async def _renew(self) -> None:
        await self._tell_compactions()
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

    async def _tell_compactions(self) -> None:
        for key, watched in list(self._watched.items()):
            if watched.until <= self._now():
                self._watched.pop(key, None)
                continue
            try:
                update = await self._backend().compaction_update(
                    await self._caller(), watched.turn, known=watched.known
                )
            except SynapError as error:
                self._failed("compaction", error)
                return
            if update is None:
                continue
            current = self._watched.get(key)
            if current is not None and _owner(current.turn) == _owner(watched.turn):
                self._watched[key] = replace(current, known=update.bundle_id)
            self._outbox.bundle(bundle_message(update))
            self._metrics.pushed(update.bundle_type)

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


def _owner(turn: Anticipate) -> tuple[str | None, str | None]:
    return turn.customer_id, turn.user_id
