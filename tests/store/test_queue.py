"""The queue is fair between tenants, survives lost workers, and lays hopeless jobs aside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from synap.domain.ids import decode_public_id
from synap.domain.scopes import Scope, bucket_of
from synap.store.database import Database
from synap.store.queue import LOST, LeaseLostError, Patience, lane_of
from synap.store.statements import statement


def neighbours(desk: Any, count: int) -> list[Any]:
    """Scopes of different customers that happen to share a bucket."""
    space, first = desk.place.instance_id, bucket_of(desk.place.instance_id, "customer", "c0")
    names = (f"c{number}" for number in range(100_000))
    same = (name for name in names if bucket_of(space, "customer", name) == first)
    return [desk.scope(customer=next(same)) for _ in range(count)]


MINUTES = 1 << 40
"""In row ids, whose lowest 22 bits count within a millisecond: some four minutes."""


async def pile_up(dsn: str, desk: Any, scope: Scope, count: int) -> None:
    """Queue many jobs of one scope at once, as if some minutes ago."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(
            "insert into job (bucket, id, lane, instance_id, scope_id, kind, run_at, created_at)"
            " select %(bucket)s, n, %(lane)s, %(instance)s, %(scope)s, 'ingest', %(now)s, %(now)s"
            " from generate_series(%(first)s, %(first)s + %(count)s - 1) n",
            {"bucket": scope.bucket, "lane": lane_of(scope), "instance": desk.place.instance_id, "scope": scope.id}
            | {"first": desk.store.ids.next() - MINUTES, "count": count, "now": desk.clock.now()},
        )


async def rows_seen(database: Database, name: str, params: dict[str, Any]) -> float:
    """Return how many rows the scans of a statement go over."""
    async with database.control() as connection:
        cursor = await connection.execute(b"explain (analyze, format json) " + statement(name), params)
        row = await cursor.fetchone()
    assert row is not None
    return sum(scanned(row[0]))


def scanned(plan: Any) -> Iterator[float]:
    if isinstance(plan, list):
        for part in plan:
            yield from scanned(part)
    elif isinstance(plan, dict):
        if "Relation Name" in plan:
            each = (
                plan["Actual Rows"]
                + plan.get("Rows Removed by Filter", 0)
                + plan.get("Rows Removed by Index Recheck", 0)
            )
            yield each * plan["Actual Loops"]
        yield from scanned(list(plan.values()))


async def test_the_customer_with_few_documents_does_not_wait_for_the_one_with_many(desk: Any) -> None:
    busy, calm = neighbours(desk, 2)
    for number in range(12):
        await desk.accept(busy, f"Page {number}.")
    await desk.claim(busy, limit=4)
    await desk.accept(desk.scope("someone", busy.customer_id), "Page.")
    await desk.accept(calm, "Letter.")

    jobs = await desk.claim(calm) + await desk.claim(calm)

    assert calm in [job.scope for job in jobs]


async def test_a_lane_that_slept_does_not_jump_ahead(desk: Any) -> None:
    busy, calm = neighbours(desk, 2)
    await desk.remember(calm, "Early.")
    for number in range(6):
        await desk.remember(busy, f"Page {number}.")
    await desk.accept(busy, "Page.")
    for number in range(4):
        await desk.accept(calm, f"Late {number}.")

    order = []
    for _ in range(3):
        (job,) = await desk.claim(busy)
        order.append(job.scope)
        await desk.store.queue.finish(job)

    assert busy in order


async def test_a_lane_that_was_served_much_in_the_past_does_not_wait_for_a_new_one(desk: Any) -> None:
    early, new = neighbours(desk, 2)
    for number in range(8):
        await desk.remember(early, f"Page {number}.")
    for number in range(6):
        await desk.accept(new, f"Letter {number}.")
    await desk.accept(early, "One more page.")

    order = []
    for _ in range(4):
        (job,) = await desk.claim(new)
        order.append(job.scope)
        await desk.store.queue.finish(job)

    assert early in order


async def test_a_scope_whose_jobs_fill_the_head_of_its_lane_does_not_hide_the_others(
    fresh_desk: Any, fresh_dsn: str
) -> None:
    alice, bob = fresh_desk.scope("alice", "acme"), fresh_desk.scope("bob", "acme")
    await fresh_desk.accept(alice, "One.")
    await pile_up(fresh_dsn, fresh_desk, alice, 300)
    await fresh_desk.accept(bob, "Letter.")
    first = await fresh_desk.claim(alice, limit=16)

    second = await fresh_desk.claim(alice, limit=16)
    third = await fresh_desk.claim(alice, limit=16)

    assert {job.scope for job in first} == {alice}
    assert [job.scope for job in second] == [bob]
    assert third == []


@pytest.mark.parametrize("running", [False, True], ids=["idle", "running"])
async def test_neither_claim_nor_discovery_looks_at_every_job_that_waits(
    fresh_desk: Any, fresh_dsn: str, *, running: bool
) -> None:
    busy, calm = neighbours(fresh_desk, 2)
    for scope in (busy, calm):
        await fresh_desk.accept(scope, "One.")
    await pile_up(fresh_dsn, fresh_desk, busy, 30_000)
    for _ in range(2 if running else 0):
        await fresh_desk.claim(busy, limit=16)
    params = {"bucket": busy.bucket, "lane": lane_of(busy), "now": fresh_desk.clock.now(), "limit": 16, "look": 128}
    params |= {"lost": LOST, "after": -1}

    seen = {
        name: await rows_seen(fresh_desk.database, name, params) for name in ("discover", "lock_lane", "choose_jobs")
    }

    assert max(seen.values()) < 3000, seen


async def test_live_documents_go_before_bulk_ones(desk: Any) -> None:
    acme = desk.scope(customer="acme")
    await desk.accept(acme, "Bulk.", priority=1)
    live = decode_public_id((await desk.accept(acme, "Live.")).ingestion_id)

    (job,) = await desk.claim(acme)

    assert live is not None
    assert job.ingestion_id == live.row_id


async def test_jobs_of_one_scope_run_one_after_another(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    for scope in (alice, alice, bob):
        await desk.accept(scope, f"{scope.user_id} {desk.later()}")

    first = await desk.claim(alice)
    second = await desk.claim(alice)
    third = await desk.claim(alice)

    assert [job.scope for job in first + second] == [alice, bob]
    assert third == []


async def test_many_workers_take_each_job_once(desk: Any) -> None:
    scopes = [desk.scope(f"user{number}", "acme") for number in range(20)]
    for scope in scopes:
        await desk.accept(scope, "Hello.")

    async def worker(name: str) -> AsyncIterator[Any]:
        while jobs := await desk.claim(scopes[0], owner=name, limit=2):
            for job in jobs:
                yield job
                await desk.store.queue.finish(job)

    async def taken(name: str) -> list[Any]:
        return [job.id async for job in worker(name)]

    ids = [one for part in await asyncio.gather(*(taken(f"w{number}") for number in range(4))) for one in part]

    while jobs := await desk.claim(scopes[0]):
        ids += [job.id for job in jobs]
    assert len(ids) == len(set(ids)) == 20


async def test_discovery_rotates_over_buckets_with_work(desk: Any) -> None:
    scopes = [desk.scope(customer=f"customer {number}") for number in range(6)]
    for scope in scopes:
        await desk.accept(scope, "Hello.")
    buckets = sorted({scope.bucket for scope in scopes})

    found = await desk.store.queue.discover(2000, now=desk.clock.now(), after=buckets[2])

    mine = [bucket for bucket in found if bucket in buckets]
    assert mine == buckets[3:] + buckets[:3]


async def test_a_job_whose_lease_ran_out_is_taken_by_another(desk: Any) -> None:
    alice, queue = desk.scope("alice"), desk.store.queue
    await desk.accept(alice, "One.")
    (lost,) = await desk.claim(alice, owner="dead")
    await queue.heartbeat(lost, lease_until=desk.clock.now() + timedelta(minutes=2))
    await queue.reap(now=desk.later(), patience=Patience())
    assert await desk.claim(alice) == []

    await desk.lose()

    (held,) = await desk.claim(alice, owner="alive")
    assert (held.id, held.tries) == (lost.id, 2)
    with pytest.raises(LeaseLostError):
        await queue.heartbeat(lost, lease_until=desk.clock.now())


async def test_a_job_that_lost_its_worker_waits_longer_each_time(desk: Any) -> None:
    alice = desk.scope("alice")
    patience = Patience(tries=9, wait_seconds=10, longest_seconds=25)
    await desk.accept(alice, "One.")
    await desk.claim(alice)
    waited = []

    for _ in range(4):
        await desk.store.queue.reap(now=desk.later(), patience=patience)
        waited.append(0)
        while not await desk.claim(alice):
            desk.later(seconds=1)
            waited[-1] += 1

    assert 10 <= waited[0] <= 20
    assert waited[0] < waited[1] < waited[2] <= 50
    assert waited[2] == waited[3]


async def test_a_job_that_loses_every_worker_becomes_a_dead_letter(desk: Any) -> None:
    alice = desk.scope("alice")
    ingestion = decode_public_id((await desk.accept(alice, "One.")).ingestion_id)

    buried = []
    for _ in range(3):
        await desk.claim(alice)
        await desk.lose(tries=3)
        buried.append(len(await desk.store.queue.jobs(desk.place.instance_id, states=("dead",))))

    failed = await desk.store.ingestions.get(ingestion)
    (dead,) = await desk.store.queue.jobs(desk.place.instance_id, states=("dead",))
    assert buried == [0, 0, 1]
    assert await desk.claim(alice) == []
    assert (dead.tries, dead.error_code) == (3, "lease_lost")
    assert (failed.status, failed.message) == ("failed", dead.error_message)


async def test_a_job_that_was_lost_is_not_claimed_together_with_others(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    await desk.accept(alice, "One.")
    await desk.claim(alice)
    await desk.lose()
    for scope in (alice, bob, bob):
        await desk.accept(scope, f"More {desk.later()}")

    first = await desk.claim(alice, limit=16)
    second = await desk.claim(alice, limit=16)

    assert [job.tries for job in first] == [2]
    assert [job.scope for job in second] == [bob, bob]


async def test_a_job_that_is_retried_waits_until_its_time(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.accept(alice, "One.")
    (job,) = await desk.claim(alice)

    await desk.store.queue.retry(
        job, run_at=desk.clock.now() + timedelta(seconds=10), code="transient", message="no answer"
    )

    assert await desk.claim(alice) == []
    desk.later(seconds=11)
    assert [again.id for again in await desk.claim(alice)] == [job.id]


async def test_a_buried_job_can_be_listed_and_revived(desk: Any) -> None:
    alice, instance = desk.scope("alice"), desk.place.instance_id
    ingestion = decode_public_id((await desk.accept(alice, "One.")).ingestion_id)
    (job,) = await desk.claim(alice)
    await desk.store.queue.bury(job, now=desk.clock.now(), code="permanent", message="cannot be read")
    (dead,) = await desk.store.queue.jobs(instance, states=("dead",))
    failed = await desk.store.ingestions.get(ingestion)

    revived = await desk.store.queue.revive(instance, bucket=dead.bucket, job_id=dead.id, now=desk.clock.now())

    assert (dead.error_code, failed.status, failed.message) == ("permanent", "failed", "cannot be read")
    assert revived
    assert (await desk.store.ingestions.get(ingestion)).status == "queued"
    assert [again.id for again in await desk.claim(alice)] == [job.id]
    assert not await desk.store.queue.revive("inst_other", bucket=dead.bucket, job_id=dead.id, now=desk.clock.now())


async def test_depth_tells_how_much_waits_and_since_when(desk: Any) -> None:
    before = await desk.store.queue.depth()
    await desk.accept(desk.scope("alice"), "One.")

    after = await desk.store.queue.depth()

    assert after.ready == before.ready + 1
    assert after.oldest <= desk.clock.now()
