"""The queue alone: jobs claimed and finished per second with a short and a long backlog, and who waits for whom.

Fairness: one customer hands in many documents, then many customers hand in a few each. `place` is where among all that were
taken the last document of a customer with few came; `fair` is the latest that this may be if everybody is served in turn;
first come first served would be the whole of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from benchmarks.bench_engine import fresh_instance
from synap.domain.documents import DocumentType, Mode, PreparedDocument
from synap.domain.ids import decode_public_id
from synap.domain.scopes import Ids, Place, Scope, decide_scope
from synap.engine.engine import Engine
from synap.engine.worker import Pace
from synap.store.documents import AcceptDocument
from synap.store.queue import Job
from synap.store.store import Store

SHORT = 20
"""Times fewer jobs in the short backlog than in the long one."""

LANES, USERS = 20, 10
"""Customers with a backlog, and users of each, at most."""

FEW, FEW_CUSTOMERS = 5, 50
"""Documents of each customer with few, and how many such customers there are."""

ALONE = 5
"""Turns that the one with many has before the others come."""

CLAIMED = Pace().group
_MULTIPLY = """
insert into job (bucket, id, lane, instance_id, scope_id, shared, kind, ingestion_id, priority, run_at, created_at)
select j.bucket, j.id + n, j.lane, j.instance_id, j.scope_id, j.shared, j.kind, null, j.priority, j.run_at, j.created_at
from job j cross join generate_series(1, %s) as n
where j.bucket = %s and j.ingestion_id = %s
"""


@dataclass(slots=True)
class Yard:
    """A queue with nobody at work, and the ways to fill it."""

    store: Store
    owner: str
    place: Place
    now: datetime

    def scope(self, customer: str, user: str) -> Scope:
        """Return a user's scope."""
        return decide_scope(self.place, Ids(customer_id=customer, user_id=user))

    async def fill(self, scope: Scope, jobs: int) -> None:
        """Queue so many jobs of a scope: the first with its document, as the product does, the others as copies of it."""
        text = f"{scope.id} {self.store.ids.next()}"
        document = AcceptDocument(
            instance_id=self.place.instance_id,
            document_id=None,
            document_type=DocumentType.AI_CHAT,
            mode=Mode.FAST,
            prepared=PreparedDocument(
                text=text, blocks=(), segments=(), content_hash=hashlib.sha256(text.encode()).hexdigest()
            ),
            created_at=self.now,
            recorded_at=self.now,
        )
        ingestion = decode_public_id((await self.store.documents.accept(scope, document)).ingestion_id)
        if jobs > 1 and ingestion is not None:
            async with await psycopg.AsyncConnection.connect(self.owner, autocommit=True) as connection:
                await connection.execute(_MULTIPLY, [jobs - 1, scope.bucket, ingestion.row_id])

    async def take(self, owner: str, after: int, *, most: int) -> tuple[list[Job], int]:
        """Claim the jobs of one turn at most, as a worker does; returns them and the bucket they lie in."""
        for bucket in await self.store.queue.discover(now=self.now, after=after):
            jobs = await self.store.queue.claim(
                bucket, owner, now=self.now, lease_until=self.now + timedelta(hours=1), limit=most
            )
            if jobs:
                return jobs, bucket
        return [], after


async def run(engine: Engine, *, jobs: int) -> None:
    """Measure, and print two tables. The queue of the engine must be empty."""
    small = max(1, jobs // SHORT)
    async with _yard(engine, "queue") as yard:
        print(f"\n{'jobs claimed and finished':40}{'backlog':>10}{'at a time':>11}{'jobs/s':>9}{'x short':>9}")
        for claimants, most in ((1, CLAIMED), (4, CLAIMED), (4, 1)):
            short = await _rate(yard, small, small, claimants=claimants, most=most)
            long = await _rate(yard, jobs, small, claimants=claimants, most=most)
            for backlog, rate in ((small, short), (jobs, long)):
                name = f"{claimants} at work"
                print(f"{name:40}{backlog:>10,}{most:>11}{rate:>9.0f}{rate / short:>9.2f}")
    async with _yard(engine, "fairness") as yard:
        few = FEW * FEW_CUSTOMERS
        print(f"\nfairness: {jobs:,} documents of one customer, then {FEW} of each of {FEW_CUSTOMERS}")
        print(f"{'':30}{'place of the last of the few':>30}{'fair':>8}{'first come':>12}{'x fair':>8}{'jobs/s':>12}")
        for name, together in (("customers in buckets as they fall", False), ("all in one bucket", True)):
            place, rate = await _last_of_the_few(yard, jobs=jobs, together=together)
            # In turn: each customer's few are one turn, and the flood has a turn of a whole group before each of them.
            fair = few + CLAIMED * FEW_CUSTOMERS
            told = "pass" if place <= fair else "miss"
            print(f"{name:36}{place:>24,}{fair:>8,}{jobs + few:>12,}{place / fair:>8.2f} {told}{rate:>7.0f}")


async def _rate(yard: Yard, backlog: int, count: int, *, claimants: int, most: int) -> float:
    """Return the jobs per second while the first `count` of a backlog are taken; the rest is then thrown away."""
    lanes = min(LANES, backlog)
    users = min(USERS, backlog // lanes)
    each = backlog // (lanes * users)
    for lane in range(lanes):
        for user in range(users):
            await yard.fill(yard.scope(f"customer-{lane}", f"user-{user}"), each)
    await _analyse(yard.owner)
    left = count

    async def work(number: int) -> None:
        nonlocal left
        after = 1024 * number // claimants
        while left > 0:
            jobs, after = await yard.take(f"claimant-{number}", after, most=most)
            left -= len(jobs)
            for job in jobs:
                await yard.store.queue.finish(job)

    started = time.perf_counter()
    await asyncio.gather(*map(work, range(claimants)))
    seconds = time.perf_counter() - started
    await _clear(yard.owner)
    return (count - left) / seconds


async def _last_of_the_few(yard: Yard, *, jobs: int, together: bool) -> tuple[int, float]:
    """Return where among all jobs taken the last one of a customer with few came, and the jobs taken per second."""
    flood, *others = _customers(yard, FEW_CUSTOMERS + 1, together=together)
    await yard.fill(yard.scope(flood, "user"), jobs)
    after = -1
    for _ in range(ALONE):
        # The flood is being worked on when the others come.
        claimed, after = await yard.take("claimant", after, most=CLAIMED)
        for job in claimed:
            await yard.store.queue.finish(job)
    for customer in others:
        await yard.fill(yard.scope(customer, "user"), FEW)
    taken, place, seen = 0, 0, 0
    started = time.perf_counter()
    while seen < FEW * FEW_CUSTOMERS:
        claimed, after = await yard.take("claimant", after, most=CLAIMED)
        if not claimed:
            raise RuntimeError("the queue ran empty before the documents of all customers were taken")
        for job in claimed:
            taken += 1
            if job.scope.customer_id != flood:
                seen, place = seen + 1, taken
            await yard.store.queue.finish(job)
    seconds = time.perf_counter() - started
    await _clear(yard.owner)
    return place, taken / seconds


def _customers(yard: Yard, count: int, *, together: bool) -> list[str]:
    """Return so many customers, of any buckets or of one."""
    names = (f"customer-{number}" for number in itertools.count())
    if not together:
        return list(itertools.islice(names, count))
    bucket = yard.scope("customer-0", "user").bucket
    return list(itertools.islice((name for name in names if yard.scope(name, "user").bucket == bucket), count))


async def _analyse(owner: str) -> None:
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
        await connection.execute("analyze job")


async def _clear(owner: str) -> None:
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
        await connection.execute("delete from job")
        await connection.execute("vacuum job")


@asynccontextmanager
async def _yard(engine: Engine, name: str) -> AsyncIterator[Yard]:
    owner = engine.core.spaces.owner_dsn or ""
    async with await psycopg.AsyncConnection.connect(owner) as connection:
        row = await (await connection.execute("select exists (select from job)")).fetchone()
        if row != (False,):
            raise RuntimeError("there are jobs in the queue already, which would be taken or thrown away with ours")
    api = await fresh_instance(engine, name)
    place = engine.core.instance_of(api.caller).place
    yield Yard(store=engine.core.store, owner=owner, place=place, now=engine.core.clock.now())
