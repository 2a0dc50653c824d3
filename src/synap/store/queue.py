"""The durable queue: jobs in the same database as their effects, fair between tenants, leased to workers.

Fairness: every tenant (a customer with its users, a user without a customer, an instance's shared documents) has a lane
with a virtual time; the lane with the least time goes first and its time advances by the jobs taken. A lane that was
idle starts again at the bucket's clock, the time of the lane served last, so that it neither waits nor jumps ahead
(start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996).

Jobs of one scope run one after another: a claim leaves out scopes that have a running job. What one document changes is
therefore seen whole by the next.

A job whose worker was lost may be what killed it. It is tried again by itself, later each time, and buried once it has
had its tries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from synap.domain.ids import RowRef
from synap.domain.scopes import Scope
from synap.errors import ConflictError
from synap.store.database import Connection, Database
from synap.store.rows import place, scope_of
from synap.store.statements import execute

DISCOVERED = 64
"""Buckets that one discovery returns at most."""

INGEST, COMPACT = "ingest", "compact"
"""Kinds of jobs: a document's ingestion, a conversation's compaction, whose id is the job's."""

LOST = "lease_lost"
"""Error code of a job whose worker did not come back."""

_LOOK = 128
"""Jobs at the head of a lane among which a claim chooses."""


class LeaseLostError(ConflictError):
    """The job is no longer held by this worker: its lease ran out and another one took it."""

    code = "conflict.lease"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be queued; `ingestion_id` is a row id, `priority` 0 is live and 1 is bulk.

    A `large` one is worked through in slices: it is claimed alone, and goes back to the queue after each.
    """

    id: int
    instance_id: str
    kind: str
    created_at: datetime
    ingestion_id: int | None = None
    priority: int = 0
    large: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job held by a worker.

    Attributes:
        id: Row id.
        bucket: Where it lies; the same as its scope's.
        scope: Whose data it touches.
        kind: What is to be done (`ingest`).
        owner: Who holds it.
        tries: Which attempt this is, from 1.
    """

    id: int
    bucket: int
    instance_id: str
    scope: Scope
    kind: str
    owner: str
    ingestion_id: int | None
    priority: int
    tries: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """A job as it lies in the queue.

    Attributes:
        id, bucket: Where it lies; a row id.
        state: `ready`, `running`, or `dead` where it failed too often.
        run_at: When it may be tried next.
        lease_until, lease_owner: Until when who holds it, where it is running.
        error_code, error_message: Why the last attempt failed.
        ahead: Jobs of its lane that come first.
        lanes: Lanes of its bucket in which something waits, its own included.
        beside: Jobs of its scope that are running, which it waits for.
    """

    id: int
    bucket: int
    kind: str
    ingestion_id: int | None
    state: str
    priority: int
    tries: int
    run_at: datetime
    lease_until: datetime | None
    lease_owner: str | None
    error_code: str | None
    error_message: str | None
    created_at: datetime
    ahead: int = 0
    lanes: int = 1
    beside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much waits: jobs ready, running and dead, and since when the oldest one that is not dead."""

    ready: int
    running: int
    dead: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a job is tried.

    Attributes:
        tries: Attempts before it becomes a dead letter.
        wait_seconds: First wait before a retry; doubled each time.
        longest_seconds: Longest wait.
    """

    tries: int = 5
    wait_seconds: float = 0.5
    longest_seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """What became of jobs whose lease ran out: how many wait again, and how many are dead."""

    returned: int
    buried: int


class Queue:
    """Hands jobs to workers and takes them back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def discover(self, limit: int = DISCOVERED, *, now: datetime, after: int = -1) -> list[int]:
        """Return buckets with jobs to do, at most `limit`, in rotation: those above `after` first. Locks nothing."""
        async with self._database.control() as connection:
            cursor = await execute(connection, "discover", {"limit": limit, "now": now, "after": after})
            return [row["bucket"] for row in await cursor.fetchall()]

    async def claim(
        self, bucket: int, owner: str, *, now: datetime, lease_until: datetime, limit: int = 1
    ) -> list[Job]:
        """Return at most `limit` jobs of the bucket's foremost lane, now held by `owner`, in the order to be done.

        Lanes that another worker is just claiming from are passed over. A job that was lost before comes alone, and so does
        a large one, whose slice costs its lane as much as `limit` jobs. Empty if there is nothing to do.
        """
        params: dict[str, Any] = {"bucket": bucket, "now": now, "limit": limit, "look": max(limit, _LOOK), "lost": LOST}
        async with self._database.control() as connection:
            lane = await (await execute(connection, "lock_lane", params)).fetchone()
            if lane is None:
                return []
            # A statement of its own: its snapshot is taken after the lane is locked, so it sees the last claim's jobs.
            params |= lane
            found = await (await execute(connection, "choose_jobs", params)).fetchall()
            chosen = _together(found)
            if not chosen:
                return []
            cost = limit if found[0]["large"] else len(chosen)
            params |= {"jobs": chosen, "count": cost, "owner": owner, "lease_until": lease_until}
            async with connection.pipeline():
                claimed = await execute(connection, "claim", params)
                await execute(connection, "advance_lane", params)
                rows = await claimed.fetchall()
                scopes = {row["scope_id"] for row in rows}
                cursor = await execute(connection, "scopes_of_jobs", {"bucket": bucket, "scopes": list(scopes)})
                owners = {row["id"]: scope_of(row) for row in await cursor.fetchall()}
        return _jobs(rows, owners, bucket=bucket, owner=owner)

    async def heartbeat(self, job: Job, *, lease_until: datetime) -> None:
        """Hold a job for longer.

        Raises:
            LeaseLostError: It is not held any more.
        """
        await self._move("heartbeat", job, {"lease_until": lease_until})

    async def finish(self, job: Job) -> None:
        """End a job that has no other effects.

        Raises:
            LeaseLostError: It is not held any more.
        """
        async with self._database.control() as connection:
            await hold(connection, job)
            await execute(connection, "delete_job", {"bucket": job.bucket, "job": job.id})

    async def retry(self, job: Job, *, run_at: datetime, code: str, message: str) -> None:
        """Give a job back, to be tried again at `run_at`; code and message never hold content.

        Raises:
            LeaseLostError: It is not held any more.
        """
        await self._move("retry_job", job, {"run_at": run_at, "code": code, "message": message})

    async def bury(self, job: Job, *, now: datetime, code: str, message: str) -> None:
        """Lay a job aside as dead, and let its ingestion or compaction fail with `message`.

        Raises:
            LeaseLostError: It is not held any more.
        """
        async with self._database.control() as connection:
            params = {"bucket": job.bucket, "job": job.id, "owner": job.owner, "code": code, "message": message}
            row = await (await execute(connection, "bury_job", params)).fetchone()
            if row is None:
                raise LeaseLostError(f"job {job.id} is not held by {job.owner} any more")
            if row["ingestion_id"] is not None:
                params |= {"ingestion": row["ingestion_id"], "now": now}
                await execute(connection, "fail_ingestion", params)
            if job.kind == COMPACT:
                await execute(connection, "fail_compaction", params | {"now": now})

    async def reap(self, *, now: datetime, patience: Patience) -> Reaped:
        """Make jobs whose lease has run out ready again, after a wait; bury those that have had their tries.

        To be called on a timer, not only when idle.
        """
        params = {"now": now, "lost": LOST, "tries": patience.tries}
        params |= {"wait": patience.wait_seconds, "longest": patience.longest_seconds}
        async with self._database.control() as connection:
            buried = await (await execute(connection, "bury_lost", params)).fetchall()
            for job in buried:
                failed = {"bucket": job["bucket"], "message": job["error_message"], "now": now}
                failed |= {"ingestion": job["ingestion_id"], "job": job["id"]}
                name = "fail_compaction" if job["kind"] == COMPACT else "fail_ingestion"
                await execute(connection, name, failed)
            returned = (await execute(connection, "reap", params)).rowcount
        return Reaped(returned=returned, buried=len(buried))

    async def depth(self) -> Depth:
        """Return how much waits, over all instances."""
        async with self._database.control() as connection:
            row = await (await execute(connection, "depth", {})).fetchone()
        return Depth(**row) if row else Depth(ready=0, running=0, dead=0, oldest=None)

    async def degraded(self, *, since: datetime) -> int:
        """Return how many ingestions of all instances ended degraded since a moment; at most 10,000 are counted."""
        async with self._database.control() as connection:
            row = await (await execute(connection, "count_degraded", {"since": since, "limit": 10_000})).fetchone()
        return 0 if row is None else int(row["degraded"])

    async def waiting(self) -> dict[str, int]:
        """Return how many jobs wait or are worked on, by instance; for the backlog's limit."""
        async with self._database.control() as connection:
            rows = await (await execute(connection, "waiting_by_instance", {})).fetchall()
        return {row["instance_id"]: row["waiting"] for row in rows}

    async def jobs(self, instance_id: str, *, states: Sequence[str], limit: int = 100) -> list[QueuedJob]:
        """Return the jobs of an instance in some states, newest first."""
        params = {"instance": instance_id, "states": list(states), "limit": limit}
        async with self._database.control() as connection:
            cursor = await execute(connection, "jobs_of_instance", params)
            return [QueuedJob(**row) for row in await cursor.fetchall()]

    async def explain(self, instance_id: str, ref: RowRef) -> QueuedJob | None:
        """Return the job of an ingestion or a compaction of an instance, with what it waits for; None if there is none."""
        params = {"instance": instance_id, "bucket": ref.bucket, "row": ref.row_id}
        name = "explain_compaction" if ref.kind == "compaction" else "explain_ingestion"
        async with self._database.control() as connection:
            row = await (await execute(connection, name, params)).fetchone()
        return None if row is None else QueuedJob(**row)

    async def drop(self, instance_id: str, *, bucket: int, job_id: int) -> bool:
        """Forget a dead job of this instance; what it was to do stays failed. False if there is no such job."""
        params = {"bucket": bucket, "job": job_id, "instance": instance_id}
        async with self._database.control() as connection:
            return (await execute(connection, "drop_dead_job", params)).rowcount > 0

    async def revive(self, instance_id: str, *, bucket: int, job_id: int, now: datetime) -> bool:
        """Make a dead job of this instance ready again, its ingestion queued; False if there is no such job."""
        params = {"bucket": bucket, "job": job_id, "instance": instance_id, "now": now}
        async with self._database.control() as connection:
            row = await (await execute(connection, "revive_job", params)).fetchone()
            if row is None:
                return False
            if row["ingestion_id"] is not None:
                await execute(connection, "requeue_ingestion", params | {"ingestion": row["ingestion_id"]})
            if row["kind"] == COMPACT:
                await execute(connection, "reopen_compaction", params)
            return True

    async def _move(self, name: str, job: Job, params: Mapping[str, Any]) -> None:
        async with self._database.control() as connection:
            held = {"bucket": job.bucket, "job": job.id, "owner": job.owner}
            if await (await execute(connection, name, {**held, **params})).fetchone() is None:
                raise LeaseLostError(f"job {job.id} is not held by {job.owner} any more")


async def enqueue(connection: Connection, scope: Scope, job: NewJob) -> None:
    """Send the statements that queue a job for `scope`, inside the transaction that creates what it works on."""
    params = place(scope) | {
        "job": job.id,
        "lane": lane_of(scope),
        "instance": job.instance_id,
        "shared": scope.shared,
        "kind": job.kind,
        "ingestion": job.ingestion_id,
        "priority": job.priority,
        "large": job.large,
        "now": job.created_at,
    }
    for name in ("open_lane", "wake_lane", "insert_job"):
        await execute(connection, name, params)


async def give_back(connection: Connection, scope: Scope, job: Job, *, now: datetime) -> None:
    """Send what returns a job to the queue after a slice of its work, inside the transaction that stores the slice."""
    params = place(scope) | {"job": job.id, "lane": lane_of(scope), "now": now}
    for name in ("wake_lane", "return_job"):
        await execute(connection, name, params)


async def hold(connection: Connection, job: Job) -> None:
    """Lock a job until the end of the transaction.

    Raises:
        LeaseLostError: It is not held by its owner any more.
    """
    params = {"bucket": job.bucket, "job": job.id, "owner": job.owner}
    if await (await execute(connection, "hold_job", params)).fetchone() is None:
        raise LeaseLostError(f"job {job.id} is not held by {job.owner} any more")


def lane_of(scope: Scope) -> int:
    """Return the lane in which a scope's jobs wait: that of its customer where it has one, else its own."""
    customer = scope.customer_id
    if customer is None:
        return scope.id
    return Scope(rung="customer", space=scope.space, ids=(("customer", customer),)).id


def _together(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the ids of the jobs to be worked on together.

    One that was lost before comes alone, lest it take others along; a large one too, lest it keep them waiting. What comes
    after a large one of the same scope waits for its end.
    """
    if rows and (rows[0]["lost"] or rows[0]["large"]):
        return [rows[0]["id"]]
    chosen, waits = [], set()
    for row in rows:
        if row["large"]:
            waits.add(row["scope_id"])
        elif not row["lost"] and row["scope_id"] not in waits:
            chosen.append(row["id"])
    return chosen


def _jobs(rows: Sequence[Mapping[str, Any]], owners: Mapping[int, Scope], *, bucket: int, owner: str) -> list[Job]:
    jobs = [
        Job(
            id=row["id"],
            bucket=bucket,
            instance_id=row["instance_id"],
            scope=owners[row["scope_id"]],
            kind=row["kind"],
            owner=owner,
            ingestion_id=row["ingestion_id"],
            priority=row["priority"],
            tries=row["tries"],
            created_at=row["created_at"],
        )
        for row in rows
        if row["scope_id"] in owners
    ]
    return sorted(jobs, key=_order)


def _order(job: Job) -> tuple[int, int]:
    return (job.priority, job.id)
