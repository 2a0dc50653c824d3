"""Compactions of conversations: one at a time, kept in versions, behind their owner's wall, gone with what they rest on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synap.compaction.compact import compact
from synap.domain.compactions import Message, PointKind, Strategy
from synap.domain.ids import conversation_uuid, decode_public_id
from synap.errors import ConflictError, ServiceUnavailableError
from synap.store.compactions import KEPT_VERSIONS, StartCompaction, Started, StoredCompaction
from synap.store.queue import COMPACT, Job, LeaseLostError

CONVERSATION = conversation_uuid("c")


def wanted(desk: Any, **changes: Any) -> StartCompaction:
    ask = StartCompaction(
        instance_id=desk.place.instance_id,
        conversation=CONVERSATION,
        trigger="manual_api",
        strategy=Strategy.BALANCED,
        now=desk.clock.now(),
    )
    return replace(ask, **changes)


async def start(desk: Any, scope: Any, **changes: Any) -> Started:
    started: Started | None = await desk.store.compactions.start(scope, wanted(desk, **changes))
    assert started is not None
    return started


async def claimed(desk: Any, scope: Any) -> Job:
    while True:
        jobs: list[Job] = await desk.claim(scope, limit=10)
        assert jobs, "no compaction waits"
        for job in jobs:
            if job.kind == COMPACT:
                return job
            await desk.store.queue.finish(job)


async def complete(desk: Any, scope: Any, job: Job | None = None) -> StoredCompaction:
    job = job or await claimed(desk, scope)
    compaction = await desk.store.compactions.of_job(job)
    found = await desk.store.conversations.read(scope, CONVERSATION)
    messages = [Message(id=m.id, position=m.position, role=m.role, content=m.content, at=m.recorded_at) for m in found]
    done: StoredCompaction = await desk.store.compactions.complete(
        job,
        replace(compaction, covered=found[-1].position),
        compact(messages, strategy=compaction.strategy),
        oldest_at=found[0].recorded_at,
        now=desk.clock.now(),
    )
    return done


async def test_a_compaction_is_started_made_and_read_back(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch in Graz is on 3 May and costs 400 euros.")

    started = await start(desk, alice)
    waiting = await desk.store.compactions.standing(alice, CONVERSATION)
    done = await complete(desk, alice)
    found = await desk.store.compactions.read(alice, CONVERSATION)

    assert started.fresh
    assert (waiting.running, waiting.completed) == (started.compaction, None)
    assert (done.id, done.version, done.status, done.covered) == (started.compaction.id, 1, "completed", 1)
    assert found is not None
    assert found[0] == done
    assert [point.content for point in found[1].points] == ["The launch in Graz is on 3 May and costs 400 euros."]
    assert await desk.store.compactions.of_job(Job(**_job(desk, alice, done))) == done


def _job(desk: Any, scope: Any, done: StoredCompaction) -> dict[str, Any]:
    ref = decode_public_id(done.id)
    assert ref is not None
    return {
        "id": ref.row_id,
        "bucket": ref.bucket,
        "instance_id": desk.place.instance_id,
        "scope": scope,
        "kind": COMPACT,
        "owner": "nobody",
        "ingestion_id": None,
        "priority": 0,
        "tries": 1,
        "created_at": desk.clock.now(),
    }


async def test_a_conversation_without_messages_cannot_be_compacted(desk: Any) -> None:
    assert await desk.store.compactions.start(desk.scope("alice"), wanted(desk)) is None


async def test_a_second_start_is_refused_while_one_runs(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    await start(desk, alice)

    with pytest.raises(ConflictError, match="already"):
        await start(desk, alice, force=True)


async def test_what_covers_everything_answers_unless_forced_or_asked_otherwise(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    first = await start(desk, alice)
    await complete(desk, alice)

    again = await start(desk, alice)
    forced = await start(desk, alice, force=True)
    await complete(desk, alice)
    other = await start(desk, alice, strategy=Strategy.AGGRESSIVE)
    second = await complete(desk, alice)

    assert (again.fresh, again.compaction.id) == (False, first.compaction.id)
    assert (forced.fresh, other.fresh) == (True, True)
    assert other.previous is not None
    assert other.previous.id == forced.compaction.id
    assert second.version == 3


async def test_a_start_whose_answer_was_lost_is_one_start(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    desk.losing_answers()

    started = await start(desk, alice)

    assert started.fresh
    assert len(await desk.claim(alice, limit=10)) == 2  # of the message, and of the compaction


async def test_nobody_else_sees_or_starts_a_compaction(desk: Any) -> None:
    alice, others = desk.scope("alice", "acme"), [desk.scope("bob", "acme"), desk.scope("alice", "globex"), desk.client]
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    await start(desk, alice)
    await complete(desk, alice)

    for other in others:
        assert await desk.store.compactions.read(other, CONVERSATION) is None
        assert (await desk.store.compactions.standing(other, CONVERSATION)).latest is None
        assert await desk.store.compactions.start(other, wanted(desk)) is None
        assert await desk.store.compactions.hints(other, CONVERSATION) == []
        assert await desk.store.compactions.uncovered(other, CONVERSATION) == 0
        assert await desk.store.conversations.latest(other) == []


async def test_a_dead_job_fails_its_compaction_and_revives_with_it(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    await start(desk, alice)
    await complete(desk, alice)
    await start(desk, alice, force=True)
    job = await claimed(desk, alice)

    await desk.store.queue.bury(job, now=desk.clock.now(), code="boom", message="given up")
    failed = await desk.store.compactions.standing(alice, CONVERSATION)
    await desk.store.queue.revive(desk.place.instance_id, bucket=job.bucket, job_id=job.id, now=desk.clock.now())
    revived = await desk.store.compactions.standing(alice, CONVERSATION)

    assert failed.latest is not None
    assert (failed.running, failed.latest.status, failed.latest.error_message) == (None, "failed", "given up")
    assert failed.completed is not None
    assert failed.completed.version == 1
    assert revived.running is not None
    assert (await complete(desk, alice)).version == 2


async def test_a_lost_worker_gives_its_compaction_back(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    await start(desk, alice)
    lost = await claimed(desk, alice)

    await desk.lose()
    done = await complete(desk, alice)

    assert done.version == 1
    with pytest.raises(LeaseLostError):
        await complete(desk, alice, lost)


async def test_a_worker_lost_too_often_fails_its_compaction(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    await start(desk, alice)
    await claimed(desk, alice)

    await desk.lose(tries=1)

    standing = await desk.store.compactions.standing(alice, CONVERSATION)
    assert standing.latest is not None
    assert standing.latest.status == "failed"


async def test_old_versions_go_when_there_are_many(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    for _ in range(KEPT_VERSIONS + 1):
        await start(desk, alice, force=True)
        await complete(desk, alice)

    assert await desk.store.compactions.read(alice, CONVERSATION, version=1) is None
    assert await desk.store.compactions.read(alice, CONVERSATION, version=2) is not None


async def test_erasing_a_memory_drops_the_summaries_of_its_conversation_and_restarts_a_running_one(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "My pin is 4711.")
    (job,) = await desk.claim(alice)
    (memory,) = await desk.apply(job, "My pin is 4711.")
    await start(desk, alice)
    await complete(desk, alice)
    await start(desk, alice, force=True)
    running = await claimed(desk, alice)
    seen = await desk.store.compactions.of_job(running)

    row = decode_public_id(memory)
    assert row is not None
    await desk.store.memories.erase(alice, row.row_id, now=desk.clock.now())

    assert await desk.store.compactions.read(alice, CONVERSATION) is None
    found = await desk.store.conversations.read(alice, CONVERSATION)
    messages = [Message(id=m.id, position=1, role=m.role, content=m.content, at=m.recorded_at) for m in found]
    with pytest.raises(ServiceUnavailableError):
        await desk.store.compactions.complete(
            running, seen, compact(messages), oldest_at=desk.clock.now(), now=desk.clock.now()
        )
    anew = await complete(desk, alice, running)
    kept = await desk.store.compactions.read(alice, CONVERSATION)
    assert kept is not None
    assert (anew.version, "4711" in str(kept)) == (1, False)


async def test_erasing_the_owner_leaves_nothing(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    for scope in (alice, bob):
        await desk.say(scope, CONVERSATION, "The launch is on 3 May.")
        await start(desk, scope)
        await complete(desk, scope)
    await start(desk, alice, force=True)

    await desk.store.erasure.scope(alice, instance_id=desk.place.instance_id)

    assert await desk.store.compactions.read(alice, CONVERSATION) is None
    assert (await desk.store.compactions.standing(alice, CONVERSATION)).latest is None
    assert await desk.store.compactions.read(bob, CONVERSATION) is not None


async def test_a_summary_expires_with_the_oldest_message_in_it(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    await start(desk, alice)
    await complete(desk, alice)
    later = desk.later(days=1)

    assert await desk.store.compactions.read(alice, CONVERSATION, kept_from=later) is None
    await desk.store.retention.erase(alice, recorded_before=later, now=later)

    assert await desk.store.compactions.read(alice, CONVERSATION) is None
    assert (await desk.store.compactions.standing(alice, CONVERSATION)).latest is None


async def test_memories_tell_about_the_messages_they_rest_on(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "I live in Graz.")
    (job,) = await desk.claim(alice)
    await desk.apply(job, "I live in Graz.")

    (hint,) = await desk.store.compactions.hints(alice, CONVERSATION)

    assert hint.message_id
    assert (hint.quote, hint.kind, hint.over) == ("I live in Graz.", PointKind.FACT, False)


async def test_what_no_compaction_covers_is_counted(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "x" * 30)
    before = await desk.store.compactions.uncovered(alice, CONVERSATION)
    await start(desk, alice)
    await desk.say(alice, CONVERSATION, "y" * 12)

    assert (before, await desk.store.compactions.uncovered(alice, CONVERSATION)) == (30, 12)


async def test_a_compaction_that_is_made_while_messages_expire_is_made_anew(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    later = desk.later(days=1)
    await desk.say(alice, CONVERSATION, "The venue is in Graz.")
    await start(desk, alice)
    job = await claimed(desk, alice)
    read = await desk.store.compactions.of_job(job)

    await desk.store.retention.erase(alice, recorded_before=later, now=later)

    message = Message(id="m", position=1, role="user", content="The launch is on 3 May.", at=later)
    with pytest.raises(ServiceUnavailableError):
        await desk.store.compactions.complete(job, read, compact([message]), oldest_at=later, now=later)


async def test_a_compaction_whose_job_is_gone_gives_way_to_another(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, CONVERSATION, "The launch is on 3 May.")
    await start(desk, alice)
    job = await claimed(desk, alice)
    with pytest.raises(ConflictError):
        await start(desk, alice)
    await desk.store.queue.finish(job)

    again = await start(desk, alice)

    assert again.fresh
    assert (await complete(desk, alice)).id == again.compaction.id
