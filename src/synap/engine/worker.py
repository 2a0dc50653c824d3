"""The worker: claims jobs fairly, works them through in groups, and leaves nothing half-done when it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Sequence, Sized
from dataclasses import dataclass
from datetime import timedelta

from synap.engine import compactions, ingest
from synap.engine.core import Core
from synap.engine.guard import Guard, unless
from synap.engine.instances import Instances
from synap.engine.metrics import Metrics
from synap.engine.spaces import LiveSpace
from synap.errors import InvalidInputError, NotFoundError, SynapError, TransientError
from synap.store.errors import hopeless
from synap.store.queue import COMPACT, Job, LeaseLostError, Patience

logger = logging.getLogger(__name__)

MAX_BACKOFF_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a worker goes about it.

    Attributes:
        group: Jobs claimed at a time; their texts are embedded together.
        lease_seconds: How long a claim holds without a heartbeat.
        poll_seconds: Longest wait between looks at an empty queue.
        reap_seconds: How often leases that ran out are returned to the queue.
        tries: Attempts before a job becomes a dead letter.
        transient_tries: Attempts before it becomes one where all that failed was the store or the embedder being away, or the
            machine short of something (`OSError`: descriptors, memory, room); with the longest wait between them, 100 take
            eight hours.
        backoff_seconds: First wait before a retry; doubled each time, at most 300 s, with up to a quarter of jitter.
        pause_seconds: Wait after an error that nobody expected.
        courtesy: How many times as long as its last work took a worker waits, at most, before the next while calls are
            being answered; so they get most of the machine, and the workers a share all the same.
        courtesy_seconds: The longest such wait.
    """

    group: int = 16
    lease_seconds: float = 30.0
    poll_seconds: float = 0.5
    reap_seconds: float = 2.0
    tries: int = 5
    transient_tries: int = 100
    backoff_seconds: float = 0.5
    pause_seconds: float = 5.0
    courtesy: float = 4.0
    courtesy_seconds: float = 1.0

    @property
    def patience(self) -> Patience:
        """How long jobs are tried whose workers are lost."""
        return Patience(tries=self.tries, wait_seconds=self.backoff_seconds, longest_seconds=MAX_BACKOFF_SECONDS)


class Worker:
    """Runs until stopped; several in one process and many processes work side by side.

    Attributes:
        embedded: Texts given a vector so far.
        guards: What stands around its loops.
        without_model: Documents that wanted a language model where none is configured.
    """

    def __init__(
        self,
        core: Core,
        instances: Instances,
        *,
        pace: Pace | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._core = core
        self._instances = instances
        self._faults = core.faults
        self._pace = pace or Pace()
        self._metrics = metrics or Metrics()
        self._owner = f"w_{secrets.token_hex(8)}"
        self._stopping = asyncio.Event()
        self.embedded = 0
        self.without_model = 0
        self.guards: list[Guard] = []

    async def run(self, *, concurrency: int = 2) -> None:
        """Work with `concurrency` tasks until `stop` is called; jobs in hand are finished first."""
        async with asyncio.TaskGroup() as group:
            for number in range(concurrency):
                group.create_task(self._work(self._guard(f"worker {number + 1}")))
            reaper = group.create_task(self._reap(self._guard("return of lost jobs")))
            await self._stopping.wait()
            reaper.cancel()

    def stop(self) -> None:
        """Ask the tasks to end after the jobs they hold."""
        self._stopping.set()
        self._core.wake()

    async def drain(self, *, seconds: float) -> bool:
        """Wait until no job is ready or running; False when `seconds` pass first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    depth = await self._core.store.queue.depth()
                    if not depth.ready and not depth.running:
                        return True
                    await asyncio.sleep(0.02)
        return False

    def _guard(self, name: str) -> Guard:
        guard = Guard(name, pause=self._pace.pause_seconds)
        self.guards.append(guard)
        return guard

    async def _work(self, guard: Guard) -> None:
        after = random.randrange(1024)  # noqa: S311 - spreads workers over the buckets; nothing secret
        took = self._pace.courtesy_seconds
        while not self._stopping.is_set():
            async with guard.round(), self._while_away():
                found = False
                for bucket in await self._core.store.queue.discover(now=self._core.clock.now(), after=after):
                    if self._stopping.is_set():
                        return
                    after = bucket
                    await self._give_way(took)
                    started = time.perf_counter()
                    found = await self._turn(bucket) or found
                    took = time.perf_counter() - started
                if not found:
                    await self._rest()

    async def _give_way(self, took: float) -> None:
        """Let calls that are being answered pass, after work that took so many seconds."""
        await self._core.calls.quiet(min(self._pace.courtesy * took, self._pace.courtesy_seconds))

    @contextlib.asynccontextmanager
    async def _while_away(self) -> AsyncIterator[None]:
        try:
            yield
        except TransientError as error:
            logger.warning("store is away", extra={"code": error.code})
            await asyncio.sleep(self._pace.poll_seconds)

    async def _rest(self) -> None:
        self._core.work_arrived.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.poll_seconds):
                await self._core.work_arrived.wait()

    async def _turn(self, bucket: int) -> bool:
        """Give one lane of a bucket its turn; False when another worker was first."""
        # Before the claim: without an embedder for the vectors in use, no job could be done, and none shall pay for it.
        space = await self._core.spaces.live()
        now = self._core.clock.now()
        jobs = await self._core.store.queue.claim(
            bucket, self._owner, now=now, lease_until=now + self._lease, limit=self._pace.group
        )
        if not jobs:
            return False
        async with self._kept(jobs):
            await self._group(space, jobs)
        return True

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self._pace.lease_seconds)

    @contextlib.asynccontextmanager
    async def _kept(self, jobs: Sequence[Job]) -> AsyncIterator[None]:
        """Renew the leases of `jobs` while they are worked on; those that are done lose theirs by themselves."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(self._pace.lease_seconds / 3)
                for job in jobs:
                    with contextlib.suppress(TransientError, LeaseLostError):
                        until = self._core.clock.now() + self._lease
                        await self._core.store.queue.heartbeat(job, lease_until=until)

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _group(self, space: LiveSpace, jobs: Sequence[Job]) -> None:
        """Work through the jobs of one lane: read all, embed all together, then finish them in order."""
        started = time.perf_counter()
        await self._faults.point("claimed")
        works = [work for job in jobs if job.kind != COMPACT and (work := await self._read(job)) is not None]
        works = await self._enhance(works)
        await self._give_way(time.perf_counter() - started)
        await self._ingest(space, works, started)
        await self._consider(works)
        for job in jobs:
            if job.kind == COMPACT:
                await self._compact(job)

    async def _enhance(self, works: list[ingest.Work]) -> list[ingest.Work]:
        """Ask the language model about the documents that are to be read with one, side by side; the rest as they are."""
        if all(work.pending is None for work in works):
            return works
        self.without_model += 0 if self._core.model else sum(work.pending is not None for work in works)
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._enhanced(work)) for work in works]
        self._metrics.stage("enhance", time.perf_counter() - started)
        read = [work for task in tasks if (work := task.result()) is not None]
        for reason, count in (one for work in read for one in work.refused.items()):
            self._metrics.model_refused(reason, count)
        return read

    async def _enhanced(self, work: ingest.Work) -> ingest.Work | None:
        """Return a document as a model leaves it, or None where its job was given back as the worker stops meanwhile."""
        try:
            return await unless(self._stopping, ingest.enhance(self._core, work, self._faults))
        except TransientError as error:  # the worker stops, or a test says so: the job is tried again
            await self._failed(work.job, error)
            return None
        except Exception as error:
            # What was proposed cannot be worked with, and would not be on the next attempt: the rules' result stands.
            logger.exception("proposals could not be worked with", extra={"ingestion_id": work.job.ingestion_id})
            return ingest.rules_alone(work, type(error).__name__)

    async def _ingest(self, space: LiveSpace, works: Sequence[ingest.Work], started: float) -> None:
        if not works:
            return
        try:
            parts = await ingest.embed(space, works, self._faults)
        except Exception as error:  # noqa: BLE001 - the worker's outermost loop: one document must not stop the others
            await self._apart(space, works, error)
            return
        self._metrics.stage("embed", time.perf_counter() - started)
        for work, vectors in zip(works, parts, strict=True):
            await self._finish(space, work, vectors)

    async def _consider(self, works: Sequence[ingest.Work]) -> None:
        """Start compactions of the conversations that have outgrown their budget with these documents."""
        done = [work for work in works if work.whole]
        grown = {(work.job.scope, work.document.conversation): work.job.instance_id for work in done}
        for (scope, conversation), instance_id in grown.items():
            if conversation is None:
                continue
            try:
                instance = await self._instances.get(instance_id)
                await compactions.consider(self._core, instance, scope, conversation)
            except SynapError as error:  # the next message brings the same conversation again
                logger.warning("compaction was not started", extra={"code": error.code})

    async def _compact(self, job: Job) -> None:
        started = time.perf_counter()
        try:
            instance = await self._instances.get(job.instance_id)
            await compactions.run(self._core, instance, job, stopping=self._stopping)
        except Exception as error:  # noqa: BLE001 - the worker's outermost loop: one conversation must not stop the others
            await self._failed(job, error)
            return
        self._metrics.stage("compact", time.perf_counter() - started)

    async def _apart(self, space: LiveSpace, works: Sequence[ingest.Work], error: Exception) -> None:
        """Embed each document by itself where they could not be together, so that only the guilty one fails."""
        for work in works:
            if len(works) == 1 or self._stopping.is_set():
                await self._failed(work.job, error)
                continue
            try:
                (vectors,) = await ingest.embed(space, [work], self._faults)
            except Exception as own:  # noqa: BLE001 - as above
                await self._failed(work.job, own)
            else:
                await self._finish(space, work, vectors)

    async def _read(self, job: Job) -> ingest.Work | None:
        try:
            instance = await self._instances.get(job.instance_id)
            if job.ingestion_id is not None:
                await self._core.store.ingestions.start(job.scope, job.ingestion_id, now=self._core.clock.now())
            return await ingest.read(self._core, instance, job, self._faults)
        except Exception as error:  # noqa: BLE001 - the worker's outermost loop: one document must not stop the others
            await self._failed(job, error)
        return None

    async def _finish(self, space: LiveSpace, work: ingest.Work, vectors: Sized) -> None:
        started = time.perf_counter()
        self.embedded += len(vectors)
        try:
            changes = await ingest.finish(self._core, space, work, vectors, self._faults)
        except Exception as error:  # noqa: BLE001 - as above
            await self._failed(work.job, error)
            return
        seconds = time.perf_counter() - started
        self._metrics.stage("finish", seconds)
        self._metrics.ingested(len(changes.add))
        if work.whole:
            self._metrics.lag((self._core.clock.now() - work.job.created_at).total_seconds())
        if work.degraded:
            self._metrics.incomplete()
        told = {
            "ingestion_id": work.job.ingestion_id,
            "memories": len(changes.add),
            "superseded": len(changes.supersede),
            "seconds": round(seconds, 4),
        }
        if work.whole:
            logger.info("ingestion finished", extra=told)
        else:
            logger.info("slice of a document finished", extra=told)

    async def _failed(self, job: Job, error: Exception) -> None:
        """Put a job back with a growing wait, or make it a dead letter; its document stays searchable either way."""
        if isinstance(error, LeaseLostError):
            logger.warning("lease was lost; another worker has the job", extra={"ingestion_id": job.ingestion_id})
            return
        if not isinstance(error, SynapError):
            logger.error("attempt failed", exc_info=error, extra={"ingestion_id": job.ingestion_id})
        code = error.code if isinstance(error, SynapError) else type(error).__name__
        self._metrics.failed(code)
        try:
            if (why := self._final(job, error, code)) is None:
                await self._retry(job, code)
            else:
                await self._core.store.queue.bury(job, now=self._core.clock.now(), code=code, message=why)
                logger.error("ingestion failed", extra={"ingestion_id": job.ingestion_id, "code": code})
        except (TransientError, LeaseLostError):
            logger.warning("job was not given back; its lease will run out", extra={"ingestion_id": job.ingestion_id})

    def _final(self, job: Job, error: Exception, code: str) -> str | None:
        """Return why a job is not tried again, or None if it is."""
        # In a scope that instances share, an instance that is deleted hands its jobs on: the next attempt is another's.
        handed_on = job.scope.shared and job.scope.space != job.instance_id and job.tries < self._pace.tries
        if isinstance(error, NotFoundError) and not handed_on:
            what = "conversation" if job.kind == COMPACT else "document"
            return f"the {what} was erased before it was worked through"
        safe = "the messages themselves are kept" if job.kind == COMPACT else "the document itself stays searchable"
        if isinstance(error, InvalidInputError) or hopeless(error):
            return f"given up, as it would fail again ({code}); {safe}"
        passing = isinstance(error, (TransientError, OSError))
        if job.tries >= (self._pace.transient_tries if passing else self._pace.tries):
            return f"given up after {job.tries} attempts ({code}); {safe}"
        return None

    async def _retry(self, job: Job, code: str) -> None:
        wait = min(self._pace.backoff_seconds * 2 ** max(job.tries - 1, 0), MAX_BACKOFF_SECONDS)
        wait *= 1 + random.random() / 4  # noqa: S311 - jitter
        message = f"attempt {job.tries} failed ({code})"
        run_at = self._core.clock.now() + timedelta(seconds=wait)
        await self._core.store.queue.retry(job, run_at=run_at, code=code, message=message)

    async def _reap(self, guard: Guard) -> None:
        while True:
            await asyncio.sleep(self._pace.reap_seconds)
            async with guard.round():
                with contextlib.suppress(TransientError):
                    await self._return_lost()

    async def _return_lost(self) -> None:
        reaped = await self._core.store.queue.reap(now=self._core.clock.now(), patience=self._pace.patience)
        if reaped.buried:
            logger.error("ingestions failed, as no worker survived them", extra={"jobs": reaped.buried})
        if reaped.returned:
            logger.warning("leases ran out", extra={"jobs": reaped.returned})
            self._core.wake()
