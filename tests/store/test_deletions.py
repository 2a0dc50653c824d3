"""A deletion closes the scopes of whom it is about, goes in steps, can be taken over, and leaves what is not its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from synap.api.receipts import ErasureReceipt
from synap.domain.ids import conversation_uuid
from synap.domain.memories import Evidence, MemoryType, Refresh, Statement
from synap.errors import ConflictError, NotFoundError
from synap.store.deletions import Deletion, NewDeletion, Progress
from synap.store.receipts import NewReceipt
from synap.store.rows import row_id_of

LEASE = timedelta(seconds=30)


async def begun(desk: Any, scope: Any, *, kind: str = "user", conversation: str = "", holder: str = "h1") -> Deletion:
    now = desk.clock.now()
    new = NewDeletion(
        id=desk.store.ids.next(),
        instance_id=desk.place.instance_id,
        kind=kind,
        conversation=conversation,
        actor="key:k",
        holder=holder,
    )
    deletion: Deletion = await desk.store.deletions.begin(scope, new, now=now, lease_until=now + LEASE)
    return deletion


def progress_of(desk: Any, deletion: Deletion, holder: str = "h1") -> Progress:
    return Progress(
        ref=deletion.ref, holder=holder, lease_until=desk.clock.now() + LEASE, removed=dict(deletion.removed)
    )


async def finish(desk: Any, scope: Any, deletion: Deletion, holder: str = "h1") -> Deletion:
    receipt = NewReceipt(
        id=deletion.ref.row_id,
        book=desk.place.instance_id,
        action=deletion.kind,
        subject="00",
        removed={},
        ended_at=desk.clock.now(),
        key="key",
        sign=str.upper,
    )
    ended: tuple[Deletion, ErasureReceipt] = await desk.store.deletions.end(
        scope, deletion, holder=holder, remaining={}, receipt=receipt, now=desk.clock.now()
    )
    assert await desk.store.receipts.page(desk.place.instance_id) == [ended[1]]
    return ended[0]


async def test_a_user_being_deleted_takes_no_writes_until_that_has_ended(desk: Any) -> None:
    alice, other = desk.scope("alice", "acme"), desk.scope("alice", "globex")
    await desk.remember(alice, "The budget is red.")
    deletion = await begun(desk, alice)

    with pytest.raises(ConflictError, match="being deleted"):
        await desk.accept(alice, "The gate is green.")
    with pytest.raises(ConflictError, match="being deleted"):
        await desk.say(alice, "c", "The gate is green.")
    await desk.accept(other, "The gate is green.")
    await finish(desk, alice, deletion)

    await desk.accept(alice, "The gate is green.")


async def test_a_customer_being_deleted_takes_no_writes_of_users_known_or_new(desk: Any) -> None:
    customer, alice, new = desk.scope(customer="acme"), desk.scope("alice", "acme"), desk.scope("new", "acme")
    await desk.remember(alice, "The budget is red.")
    deletion = await begun(desk, customer, kind="customer")

    for scope in (customer, alice, new):
        with pytest.raises(ConflictError, match="being deleted"):
            await desk.accept(scope, "The gate is green.")
    await finish(desk, customer, deletion)

    for scope in (customer, alice, new):
        await desk.accept(scope, "The gate is green.")


async def test_a_worker_that_still_holds_a_job_adds_nothing_to_a_deleted_user(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.accept(alice, "The roof is red.")
    (job,) = await desk.claim(alice)
    deletion = await begun(desk, alice)
    step = await desk.store.erasure.step(
        alice, instance_id=desk.place.instance_id, progress=progress_of(desk, deletion)
    )
    await finish(desk, alice, deletion)

    with pytest.raises((ConflictError, NotFoundError)):
        await desk.apply(job, "The roof is red.")

    assert step.done
    assert (await desk.store.memories.list(alice)).total == 0


async def test_steps_are_bounded_and_add_up_in_the_record(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    for word in ("red", "green", "blue"):
        await desk.remember(alice, f"The roof of the {word} house is {word}.")
    before = await desk.store.erasure.counts([alice], instance_id=desk.place.instance_id)
    deletion = await begun(desk, alice)
    progress = progress_of(desk, deletion)
    steps = 0
    done = False
    while not done:
        step = await desk.store.erasure.step(alice, instance_id=desk.place.instance_id, progress=progress, limit=2)
        assert sum(step.removed.values()) <= 2
        for what, count in step.removed.items():
            progress.removed[what] = progress.removed.get(what, 0) + count
        done, steps = step.done, steps + 1

    found = await desk.store.deletions.get(deletion.ref)
    after = await desk.store.erasure.counts([alice], instance_id=desk.place.instance_id)

    assert steps > 3
    assert found is not None
    assert {what: count for what, count in found.removed.items() if count} == {
        what: count for what, count in before.items() if count
    }
    assert sum(after.values()) == 0


async def test_the_same_deletion_is_refused_while_it_runs_and_gone_on_with_after(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    first = await begun(desk, alice)

    with pytest.raises(ConflictError, match="running already"):
        await begun(desk, alice, holder="h2")
    with pytest.raises(ConflictError, match="running"):
        await begun(desk, desk.scope(customer="acme"), kind="customer", holder="h2")
    await desk.store.deletions.leave(first.ref, holder="h1", now=desk.clock.now())
    again = await begun(desk, alice, holder="h2")

    assert again.id == first.id
    with pytest.raises(ConflictError, match="another process"):
        await desk.store.erasure.step(alice, instance_id=desk.place.instance_id, progress=progress_of(desk, first))
    with pytest.raises(ConflictError, match="another process"):
        await finish(desk, alice, first)


async def test_a_deletion_that_nobody_works_on_is_found_and_taken_once(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    deletion = await begun(desk, alice)
    later = desk.clock.now() + 2 * LEASE

    assert deletion.ref not in await desk.store.deletions.unfinished(now=desk.clock.now())
    assert deletion.ref in await desk.store.deletions.unfinished(now=later)
    taken = await desk.store.deletions.take(deletion.ref, holder="p", now=later, lease_until=later + LEASE)
    twice = await desk.store.deletions.take(deletion.ref, holder="q", now=later, lease_until=later + LEASE)

    assert taken is not None
    assert (taken.scope, taken.state) == (alice, "running")
    assert twice is None


async def test_a_deleted_conversation_leaves_its_memories_without_their_passages(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    for scope in (alice, bob):
        await desk.say(scope, "c", "I keep two goats.")
        await desk.say(scope, "d", "I keep one horse.")
    (known,) = await desk.remember(alice, "The gate code is 4711.")
    conversation = conversation_uuid("c")
    said = await desk.store.erasure.conversation_counts(alice, "c", instance_id=desk.place.instance_id)
    conversation = "c" if said["messages"] else conversation
    deletion = await begun(desk, alice, kind="conversation", conversation=conversation)

    step = await desk.store.erasure.conversation_step(
        alice,
        conversation,
        instance_id=desk.place.instance_id,
        progress=progress_of(desk, deletion),
        now=desk.clock.now(),
    )
    await finish(desk, alice, deletion)

    left = await desk.store.erasure.conversation_counts(alice, conversation, instance_id=desk.place.instance_id)
    others = await desk.store.erasure.conversation_counts(bob, conversation, instance_id=desk.place.instance_id)
    assert step.done
    assert step.removed["messages"] == 1
    assert sum(left.values()) == 0
    assert others["messages"] == 1
    assert await desk.store.conversations.read(alice, "c") == []
    assert len(await desk.store.conversations.read(alice, "d")) == 1
    assert known


async def test_a_deleted_conversation_leaves_its_passages_in_no_note_of_what_was_said_again(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    fact = Statement(type=MemoryType.FACT, content="The user keeps two goats.")
    await desk.say(alice, "c", "Zanzibar! I keep two goats.")
    (made,) = await desk.work(alice, fact)
    accepted = await desk.accept(alice, "Two goats are kept.")
    again = Evidence(document_id=accepted.document_id, start=0, end=19, quote="Two goats are kept.")
    await desk.work(alice, refresh=(Refresh(memory_id=made, said_at=None, evidence=(again,), statement=fact),))
    await desk.say(alice, "c", "Zanzibar, once more: two goats.")
    said = Evidence(document_id="x", start=0, end=8, quote="Zanzibar")
    await desk.work(alice, refresh=(Refresh(memory_id=made, said_at=None, evidence=(said,), statement=fact),))
    deletion = await begun(desk, alice, kind="conversation", conversation="c")

    step = await desk.store.erasure.conversation_step(
        alice,
        "c",
        instance_id=desk.place.instance_id,
        progress=progress_of(desk, deletion),
        now=desk.clock.now(),
    )

    async with desk.database.transaction([alice]) as connection:
        cursor = await connection.execute(
            "select detail from effect where bucket = %s and scope_id = %s", [alice.bucket, alice.id]
        )
        notes = [bytes(row[0]) for row in await cursor.fetchall()]
    memory = await desk.store.memories.get(alice, row_id_of(made))
    assert step.done
    assert len(notes) == 1
    assert b"Zanzibar" not in notes[0]
    assert memory.statement == fact


async def test_nothing_is_deleted_in_an_instance_that_is_being_deleted(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.accept(alice, "The roof is red.")
    await desk.store.erasure.close_instance(desk.place.instance_id)

    with pytest.raises(NotFoundError, match="being deleted"):
        await begun(desk, alice)


async def test_the_records_of_an_instance_go_with_it(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    deletion = await begun(desk, alice)
    await finish(desk, alice, deletion)

    await desk.store.erasure.instance(desk.place.instance_id, [desk.client])

    assert await desk.store.deletions.get(deletion.ref) is None


async def test_a_user_is_not_deleted_apart_while_the_customer_is(desk: Any) -> None:
    customer, new = desk.scope(customer="acme"), desk.scope("new", "acme")
    await begun(desk, customer, kind="customer")

    with pytest.raises(ConflictError, match="running"):
        await begun(desk, new, holder="h2")
