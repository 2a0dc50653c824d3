"""The worker: claims jobs fairly, works them through in groups, and leaves nothing half-done when it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from synap.engine import ingest
from synap.engine.core import Core
from synap.engine.faults import Faults
from synap.engine.instances import Instances
from synap.engine.metrics import Metrics
from synap.errors import SynapError, TransientError
from synap.store.queue import Job

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a worker goes about it.

    Attributes:
        group: Jobs claimed at a time; their texts are embedded together.
        lease_seconds: How long a claim holds without a heartbeat.
        poll_seconds: Longest wait between looks at an empty queue.
        reap_seconds: How often leases that ran out are returned to the queue.
        tries: Attempts before a job becomes a dead letter.
        backoff_seconds: First wait before a retry; doubled each time, at most 300 s, with up to a quarter of jitter.
    """

    group: int = 16
    lease_seconds: float = 30.0
    poll_seconds: float = 0.5
    reap_seconds: float = 2.0
    tries: int = 5
    backoff_seconds: float = 0.5


class Worker:
    """Runs until stopped; several in one process and many processes work side by side."""

    def __init__(
        self,
        core: Core,
        instances: Instances,
        *,
        faults: Faults | None = None,
        pace: Pace | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._core = core
        self._instances = instances
        self._faults = faults or Faults()
        self._pace = pace or Pace()
        self._metrics = metrics or Metrics()
        self._owner = f"w_{secrets.token_hex(8)}"
        self._stopping = asyncio.Event()

    async def run(self, *, concurrency: int = 2) -> None:
        """Work with `concurrency` tasks until `stop` is called; jobs in hand are finished first."""
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(self._work())
            reaper = group.create_task(self._reap())
            await self._stopping.wait()
            reaper.cancel()

    def stop(self) -> None:
        """Ask the tasks to end after the jobs they hold."""
        self._stopping.set()
        self._core.wake()

    async def drain(self, *, timeout: float) -> bool:
        """Wait until no job is ready or running; False when `timeout` seconds pass first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while (await self._core.store.queue.depth()).open:
                    await asyncio.sleep(0.02)
                return True
        return False

    async def _work(self) -> None:
        after = random.randrange(1024)  # noqa: S311 - spreads workers over the buckets; nothing secret
        while not self._stopping.is_set():
            try:
                buckets = await self._core.store.queue.discover(now=self._core.clock.now(), after=after)
                found = False
                for bucket in buckets:
                    if self._stopping.is_set():
                        return
                    found = await self._turn(bucket) or found
                    after = bucket
                if not found:
                    await self._rest()
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
        jobs = await self._core.store.queue.claim(
            bucket,
            owner=self._owner,
            lease=timedelta(seconds=self._pace.lease_seconds),
            limit=self._pace.group,
            now=self._core.clock.now(),
        )
        if not jobs:
            return False
        async with self._kept(bucket, jobs):
            await self._group(jobs)
        return True

    @contextlib.asynccontextmanager
    async def _kept(self, bucket: int, jobs: Sequence[Job]) -> AsyncIterator[None]:
        """Renew the leases of `jobs` while they are worked on."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(self._pace.lease_seconds / 3)
                with contextlib.suppress(TransientError):
                    await self._core.store.queue.heartbeat(
                        bucket,
                        [job.id for job in jobs],
                        owner=self._owner,
                        lease=timedelta(seconds=self._pace.lease_seconds),
                        now=self._core.clock.now(),
                    )

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _group(self, jobs: Sequence[Job]) -> None:
        """Work through the jobs of one lane: read all, embed all together, then finish them in order."""
        started = time.perf_counter()
        await self._faults.point("claimed")
        works = [work for job in jobs if (work := await self._read(job)) is not None]
        if not works:
            return
        try:
            parts = await ingest.embed(self._core, works, self._faults)
        except SynapError as error:
            for work in works:
                await self._failed(work.job, error)
            return
        self._metrics.stage("embed", time.perf_counter() - started)
        for work, vectors in zip(works, parts, strict=True):
            await self._finish(work, vectors)

    async def _read(self, job: Job) -> ingest.Work | None:
        try:
            instance = await self._instances.get(job.instance_id)
            await self._core.store.ingestions.start(job.scope, job.ingestion_id, now=self._core.clock.now())
            return await ingest.read(self._core, instance, job, self._faults)
        except SynapError as error:
            await self._failed(job, error)
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
            logger.exception("extraction failed", extra={"ingestion_id": job.ingestion_id})
            await self._failed(job, error)
        return None

    async def _finish(self, work: ingest.Work, vectors: object) -> None:
        started = time.perf_counter()
        try:
            changes = await ingest.finish(self._core, work, vectors, self._faults)
        except SynapError as error:
            await self._failed(work.job, error)
            return
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            logger.exception("reconciliation failed", extra={"ingestion_id": work.job.ingestion_id})
            await self._failed(work.job, error)
            return
        seconds = time.perf_counter() - started
        self._metrics.stage("finish", seconds)
        self._metrics.ingested(len(changes.add))
        logger.info(
            "ingestion finished",
            extra={
                "ingestion_id": work.job.ingestion_id,
                "memories": len(changes.add),
                "superseded": len(changes.supersede),
                "seconds": round(seconds, 4),
            },
        )

    async def _failed(self, job: Job, error: Exception) -> None:
        """Put a job back with a growing wait, or make it a dead letter; its document stays searchable either way."""
        code = error.code if isinstance(error, SynapError) else type(error).__name__
        self._metrics.failed(code)
        now = self._core.clock.now()
        queue = self._core.store.queue
        try:
            if job.tries < self._pace.tries:
                wait = min(self._pace.backoff_seconds * 2 ** max(job.tries - 1, 0), 300.0)
                wait *= 1 + random.random() / 4  # noqa: S311 - jitter
                await queue.retry(job, owner=self._owner, run_at=now + timedelta(seconds=wait), code=code)
            else:
                message = f"given up after {job.tries} attempts: {code}; the document itself stays searchable"
                await queue.bury(job, owner=self._owner, code=code, message=message, now=now)
                logger.error("ingestion failed", extra={"ingestion_id": job.ingestion_id, "code": code})
        except TransientError:
            logger.warning("store is away; the lease will run out", extra={"ingestion_id": job.ingestion_id})

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(self._pace.reap_seconds)
            try:
                returned = await self._core.store.queue.reap(now=self._core.clock.now())
            except TransientError:
                continue
            if returned:
                logger.warning("leases ran out", extra={"jobs": returned})
                self._core.wake()
