"""The engine: its parts put together, its background tasks, and the doors' way in."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace

from synap.api.admin import Health
from synap.api.bundles import Anticipate, ContextBundle
from synap.api.events import ConversationEvent
from synap.engine import summaries
from synap.engine.admin import EngineAdmin
from synap.engine.anticipation import Anticipation
from synap.engine.api import EngineApi
from synap.engine.callers import Caller
from synap.engine.core import Core
from synap.engine.data import finish_left
from synap.engine.deletion import finish_deletions
from synap.engine.enhancing import NO_MODEL
from synap.engine.events import expect
from synap.engine.examination import examine
from synap.engine.guard import Guard, end
from synap.engine.instances import Instances
from synap.engine.metrics import Metrics
from synap.engine.stocktaking import Stock, Stocktaking
from synap.engine.upkeep import Upkeep
from synap.engine.watch import Server, keep_running
from synap.engine.worker import Pace, Worker
from synap.errors import AuthenticationError, TransientError
from synap.version import __version__

logger = logging.getLogger(__name__)

HASHING_WARNING = "no embedding model is prepared: the hashing embedder knows no paraphrase; run `synap models prepare`"


class Engine:
    """Memory for all instances of one store. Start it once, stop it once; use it from one event loop."""

    def __init__(
        self,
        core: Core,
        *,
        release: Callable[[], Awaitable[None]],
        facts: Mapping[str, object],
        pace: Pace | None = None,
        default_instance: str = "",
        server: Server | None = None,
    ) -> None:
        """Put an engine together.

        Args:
            core: What the operations work with.
            release: Closes the store and whatever else was opened for it.
            facts: What the store is, for `/health`.
            pace: How the workers go about it.
            default_instance: The instance that an application in this process uses.
            server: The embedded server, where this process started or joined one; it is kept running.
        """
        self.core = core
        self.metrics = Metrics(residents=core.store.residents)
        self.instances = Instances(core.store.accounts, timer=time.monotonic, now=core.clock.now)
        self.worker = Worker(core, self.instances, pace=pace, metrics=self.metrics)
        core.backlog.observe(self.metrics.refused)
        if core.model is not None:
            core.model.observe(self.metrics.model_called)
        self._anticipation = Anticipation(core, self.metrics)
        self.default_instance = default_instance
        self._upkeep = Upkeep(self.core, self.instances, self.metrics)
        self.stocktaking = Stocktaking(self.core, self.metrics)
        self._deletions = Guard("deletion", pause=60.0)
        self._data_deletions = Guard("deletion of data", pause=60.0)
        self._server = server
        self._release = release
        self._facts = facts
        self._tasks: list[asyncio.Task[None]] = []
        self._workers: asyncio.Task[None] | None = None
        self._stopped = False

    async def start(self, *, workers: int = 2) -> None:
        """Begin working in the background; with no workers another process must take the jobs."""
        self._tasks.append(asyncio.create_task(self.core.audit.run(), name="synap-audit"))
        deleting = finish_deletions(self.core, self.instances, self._deletions)
        self._tasks.append(asyncio.create_task(deleting, name="synap-deletions"))
        left = finish_left(self.core, self.instances, self._data_deletions)
        self._tasks.append(asyncio.create_task(left, name="synap-data-deletions"))
        self._tasks.append(asyncio.create_task(self.stocktaking.run(look=workers > 0), name="synap-stocktaking"))
        if self._server is not None:
            self._tasks.append(asyncio.create_task(keep_running(self._server), name="synap-watch"))
        if workers > 0:
            self._workers = asyncio.create_task(self.worker.run(concurrency=workers), name="synap-worker")
            self._tasks.append(asyncio.create_task(self._upkeep.run(), name="synap-upkeep"))
            self._tasks.append(asyncio.create_task(self.core.spaces.run(), name="synap-spaces"))

    @property
    def server_pid(self) -> int | None:
        """Process id of the embedded server; None where it does not run, or the database is somebody else's."""
        return None if self._server is None else self._server.pid

    async def stop(self) -> None:
        """Finish the jobs in hand, write what was gathered, release the store. Safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        self.worker.stop()
        if self._workers is not None:
            await self._workers
        await asyncio.gather(*(end(task) for task in self._tasks))
        await self.core.audit.flush()
        await self.core.spaces.close()
        await self.core.store.close()
        if self.core.model is not None:
            await self.core.model.close()
        if self.core.reranker is not None:
            await self.core.reranker.close()
        await self._release()

    async def authenticate(self, key: str) -> Caller:
        """Return the caller behind a key.

        Raises:
            AuthenticationError: The key is unknown or revoked.
            ForbiddenError: Its instance is suspended, or being deleted.
        """
        if not key:
            raise AuthenticationError("an API key is required: send `Authorization: Bearer <key>`")
        return await self.instances.authenticate(key)

    async def local_caller(self, *, kind: str = "application") -> Caller:
        """Return the caller that an application in this process is: the operator, or the user of the default instance."""
        instance = await self.instances.get(self.default_instance) if kind == "application" else None
        return Caller(actor="process", kind=kind, instance=instance)

    async def caller_of(self, instance_id: str) -> Caller:
        """Return an application of this process, bound to an instance of its choice."""
        return Caller(actor="process", kind="application", instance=await self.instances.get(instance_id))

    def api_for(self, caller: Caller, *, correlation_id: str = "") -> EngineApi:
        """Return the operations of an instance, bound to a caller."""
        bound = replace(caller, correlation_id=correlation_id) if correlation_id else caller
        return EngineApi(core=self.core, caller=bound, metrics=self.metrics, report=self.health, release=self.stop)

    def admin_for(self, caller: Caller, *, correlation_id: str = "") -> EngineAdmin:
        """Return the operator's operations, bound to a caller with a management key."""
        bound = replace(caller, correlation_id=correlation_id) if correlation_id else caller
        return EngineAdmin(core=self.core, caller=bound, kept=self.instances)

    def expect(self, caller: Caller, event: ConversationEvent) -> Callable[[], None]:
        """Note that an event has come and will be recorded, so that fetches wait for it; returns what tells that it was."""
        return expect(self.core, caller, event)

    def anticipate(self, caller: Caller, turn: Anticipate) -> AsyncIterator[ContextBundle]:
        """Yield what the next turn of a conversation will need, each bundle as soon as it is made.

        Nothing comes where that cannot be told, or was sent before.
        """
        return self._anticipation.anticipate(caller, turn)

    async def renew(self, caller: Caller, bundle: ContextBundle) -> ContextBundle | None:
        """Return what a bundle sent earlier must be replaced by; None while all that it holds still stands."""
        return await self._anticipation.renew(caller, bundle)

    async def compaction_update(self, caller: Caller, turn: Anticipate, *, known: str) -> ContextBundle | None:
        """Return what a listener is to be told of a conversation's compaction; None while `known` is still its newest."""
        return await summaries.compaction_update(self.core, caller, turn, known=known)

    async def health(self) -> Health:
        """Return whether it can serve. A store that does not answer, or a loop that fails, makes it `degraded`."""
        wanted = self.core.spaces.wanted
        embedder = {"id": wanted.id, "semantic": wanted.semantic}
        troubles = self._troubles()
        warnings = [*([] if wanted.semantic else [HASHING_WARNING]), *self._model_warnings(), *troubles]
        model = {} if self.core.model is None else self.core.model.report()
        try:
            async with asyncio.timeout(self.core.settings.store_timeout):
                depth = await self.core.store.queue.depth()
        except (TransientError, TimeoutError):
            return Health(
                status="degraded",
                store={"reachable": False},
                embedder=embedder,
                queue={},
                version=__version__,
                warnings=(*warnings, "the store does not answer"),
                language_model=model,
            )
        waited = 0.0 if depth.oldest is None else (self.core.clock.now() - depth.oldest).total_seconds()
        self.metrics.queue(ready=depth.ready, running=depth.running, oldest_seconds=waited, dead=depth.dead)
        queue = {
            "ready": depth.ready,
            "running": depth.running,
            "dead": depth.dead,
            "oldest_seconds": round(max(waited, 0.0), 3),
        }
        return Health(
            status="degraded" if troubles else "ok",
            store={"reachable": True, **self._facts},
            embedder=embedder,
            queue=queue,
            version=__version__,
            warnings=tuple(warnings),
            language_model=model,
        )

    async def examine(self) -> tuple[str, ...]:
        """Return what else needs attention: looks closer than `health`, and asks the language model one question."""
        return await examine(self.core)

    async def take_stock(self, *, seconds: float, mend: bool = False) -> Stock:
        """Look through the store for so many seconds, and return what is known of all of it; see `synap.engine.stocktaking`."""
        return await self.stocktaking.take(seconds=seconds, mend=mend)

    def _model_warnings(self) -> list[str]:
        """Return how extraction falls short of what is configured, as far as this process has seen."""
        if self.core.model is None:
            return [NO_MODEL] if self.worker.without_model else []
        trouble = self.core.model.meter.trouble
        return (
            [] if trouble is None else [f"language_model.{trouble}: its last call failed; see the metrics and the log"]
        )

    def _troubles(self) -> list[str]:
        """Return a warning for each background loop whose last round failed."""
        guards = (
            *self.worker.guards,
            self.core.audit.guard,
            self.core.spaces.guard,
            self._upkeep.guard,
            self.stocktaking.guard,
            self._deletions,
            self._data_deletions,
        )
        return [f"{guard.name} failed ({guard.trouble}) and goes on; see the log" for guard in guards if guard.trouble]
