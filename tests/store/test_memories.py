"""Memories are applied once and whole, and single ones are changed, restored and erased."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from synap.domain.ids import decode_public_id
from synap.domain.memories import MemoryStatus, MemoryType, Refresh, Slot, Statement, Supersession
from synap.domain.scopes import Scope, world_scope
from synap.domain.terms import term_hashes
from synap.store.queue import LeaseLostError


def row(memory_id: str) -> int:
    ref = decode_public_id(memory_id)
    assert ref is not None
    return ref.row_id


async def contents(desk: Any, scope: Any) -> set[str]:
    page = await desk.store.memories.list(scope)
    return {memory.statement.content for memory in page.memories}


async def test_nothing_is_applied_once_the_lease_is_lost(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.accept(alice, "One.")
    (lost,) = await desk.claim(alice, owner="first")
    await desk.lose()
    (held,) = await desk.claim(alice, owner="second")

    with pytest.raises(LeaseLostError):
        await desk.apply(lost, "One.")
    await desk.apply(held, "One.")
    with pytest.raises(LeaseLostError):
        await desk.apply(held, "One.")

    assert (await desk.store.memories.list(alice)).total == 1


async def test_names_too_long_for_any_index_are_left_out(desk: Any) -> None:
    alice = desk.scope("alice")
    names = ("Acme", "".join(chr(0x4E00 + number) for number in range(3000)), "\ufdfa" * 200)
    await desk.accept(alice, "One.")

    (known,) = await desk.work(alice, Statement(type=MemoryType.FACT, content="One.", entities=names))

    found = await desk.store.memories.get(alice, row(known))
    assert found.statement.content == "One."


async def test_a_superseded_memory_and_its_segment_are_not_served(desk: Any) -> None:
    alice = desk.scope("alice")
    (old,) = await desk.remember(alice, "The garage code is 1234.")
    desk.later()
    ended = Supersession(memory_id=old, by_key=0, valid_until=desk.clock.now(), reason="newer value")

    (new,) = await desk.remember(alice, "The garage code is 9876.", supersede=(ended,))

    found = await desk.find(alice, "garage code")
    before = await desk.store.memories.get(alice, row(old))
    assert {one.memory.statement.content for one in found.candidates} == {"The garage code is 9876."}
    assert before.status is MemoryStatus.SUPERSEDED
    assert before.superseded_by == new
    assert before.statement.valid_until == before.superseded_at


async def test_as_of_serves_what_was_believed_then(desk: Any) -> None:
    alice = desk.scope("alice")
    (old,) = await desk.remember(alice, "The garage code is 1234.")
    then = desk.clock.now()
    desk.later()
    await desk.remember(alice, "The garage code is 9876.", supersede=(Supersession(memory_id=old, by_key=0),))

    found = await desk.find(alice, "garage code", as_of=then)
    listed = await desk.find(alice, as_of=then)

    assert {one.memory.statement.content for one in found.candidates} == {"The garage code is 1234."}
    assert sum(one.excerpt for one in found.candidates) == 1
    assert {one.memory.statement.content for one in listed.candidates} == {"The garage code is 1234."}


async def test_a_memory_said_again_is_counted_and_keeps_its_evidence(desk: Any) -> None:
    alice = desk.scope("alice")
    (known,) = await desk.remember(alice, "The user likes tea.", document_id="a")
    await desk.accept(alice, "The user likes tea.", document_id="b")
    (job,) = await desk.claim(alice)
    said = desk.later()
    document = await desk.store.documents.load(alice, job.ingestion_id)
    evidence = (await desk.store.memories.get(alice, row(known))).evidence

    again = tuple(
        type(piece)(document_id="b", start=piece.start, end=piece.end, quote=piece.quote) for piece in evidence
    )
    await desk.apply(job, refresh=(Refresh(memory_id=known, said_at=said, evidence=again),))

    memory = await desk.store.memories.get(alice, row(known))
    assert document.document_id == "b"
    assert memory.seen_count == 2
    assert memory.seen_at == said
    assert [piece.document_id for piece in memory.evidence] == ["a", "b"]


async def test_related_finds_equal_words_equal_slots_and_near_vectors(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    slot = Slot(subject="the user", name="residence", value="oslo")
    lives = Statement(type=MemoryType.FACT, content="The user lives in Oslo.", slots=(slot,))
    vectors = [np.array([1, 0, 0, 0]), np.array([0, 1, 0, 0])]
    await desk.accept(alice, "I live in Oslo.", "Cheese is fine.")
    await desk.work(alice, lives, "The user likes cheese.", vectors=vectors)
    await desk.accept(bob, "I live in Oslo.", "Cheese is fine.")
    await desk.work(bob, lives, "The user likes cheese.", vectors=vectors)
    await desk.accept(alice, "I moved to Rome.", "x")
    (job,) = await desk.claim(alice)
    document = await desk.store.documents.load(alice, job.ingestion_id)
    moved = Statement(type=MemoryType.FACT, content="The user lives in Rome.", slots=(slot,))

    draft = desk.draft(0, moved, document, np.array([0, 1, 0, 0]))
    related = await desk.store.memories.related(alice, [draft], [term_hashes("about the cheese")])

    neighbours = {memory.statement.content: cosine for memory, cosine in related.neighbours[0]}
    assert neighbours == {"The user likes cheese.": pytest.approx(1), "The user lives in Oslo.": pytest.approx(0)}
    assert [memory.statement.content for memory, _ in related.topics[0]] == ["The user likes cheese."]
    assert {memory.scope for memory, _ in related.neighbours[0]} == {alice}


async def test_history_tells_the_chain_oldest_first(desk: Any) -> None:
    alice = desk.scope("alice")
    (first,) = await desk.remember(alice, "The code is 1.")
    (second,) = await desk.remember(alice, "The code is 2.", supersede=(Supersession(memory_id=first, by_key=0),))
    (third,) = await desk.remember(alice, "The code is 3.", supersede=(Supersession(memory_id=second, by_key=0),))

    chains = [await desk.store.memories.history(alice, row(one)) for one in (first, second, third)]

    assert [[memory.id for memory in chain] for chain in chains] == [[first, second, third]] * 3


async def test_a_restored_memory_takes_back_its_place(desk: Any) -> None:
    alice = desk.scope("alice")
    (first,) = await desk.remember(alice, "The code is 1.")
    (second,) = await desk.remember(alice, "The code is 2.", supersede=(Supersession(memory_id=first, by_key=0),))

    restored = await desk.store.memories.restore(alice, row(first), now=desk.later())

    assert restored
    assert await contents(desk, alice) == {"The code is 1."}
    assert (await desk.store.memories.get(alice, row(second))).superseded_by == first
    found = await desk.find(alice, "code")
    assert sum(one.excerpt for one in found.candidates) == 1


async def tables_with(desk: Any, scope: Scope, marker: str) -> list[str]:
    """Return the tables in which a row of a scope's bucket holds a word."""
    found = []
    async with desk.database.transaction([scope]) as connection:
        for table in ("document", "segment", "memory", "entity", "mention"):
            cursor = await connection.execute(
                f"select count(*) from {table} t where bucket = %s and strpos(t::text, %s) > 0",  # noqa: S608 - fixed names
                [scope.bucket, marker],
            )
            if await cursor.fetchone() != (0,):
                found.append(table)
    return found


async def test_an_update_puts_a_new_memory_in_place_of_the_old(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.accept(alice, "The code is 1.", metadata={"from": "form"})
    (old,) = await desk.work(alice, "The code is 1.")
    memory = desk.bare("The code is 5.")

    new = await desk.store.memories.update(
        alice, row(old), memory, instance_id=desk.place.instance_id, now=desk.later()
    )

    served = await desk.store.memories.get(alice, row(new))
    before, now = await desk.store.memories.history(alice, row(old))
    assert (new, now.id) == (old, old)
    assert await contents(desk, alice) == {"The code is 5."}
    assert served.metadata == {"from": "form"}
    assert (before.statement.content, before.status, before.superseded_by) == ("The code is 1.", "superseded", old)
    again = await desk.store.memories.update(alice, row(before.id), memory, instance_id="i", now=desk.later())
    assert again is None


async def test_an_updated_memory_is_read_as_it_was_and_can_be_restored(desk: Any) -> None:
    alice = desk.scope("alice")
    (old,) = await desk.remember(alice, "The code is 1.")
    first = desk.clock.now()
    memory = desk.bare("The code is 5.")
    await desk.store.memories.update(alice, row(old), memory, instance_id=desk.place.instance_id, now=desk.later())

    then = await desk.find(alice, "code", as_of=first)
    (before, _) = await desk.store.memories.history(alice, row(old))
    await desk.store.memories.restore(alice, row(before.id), now=desk.later())

    assert [one.memory.statement.content for one in then.candidates if not one.excerpt] == ["The code is 1."]
    assert await contents(desk, alice) == {"The code is 1."}


async def test_erasing_an_updated_memory_erases_what_it_said_before(desk: Any) -> None:
    alice, marker = desk.scope("alice"), "ZQ81XK"
    statement = Statement(type=MemoryType.FACT, content=f"The vault word is {marker}.", entities=(marker,))
    await desk.accept(alice, f"My vault word is {marker}.")
    (old,) = await desk.work(alice, statement)
    memory = desk.bare("The code is 5.")
    await desk.store.memories.update(alice, row(old), memory, instance_id=desk.place.instance_id, now=desk.later())

    await desk.store.memories.erase(alice, row(old), now=desk.later())

    assert await tables_with(desk, alice, marker) == []


async def test_an_erased_memory_leaves_no_trace_of_its_words(desk: Any) -> None:
    alice, marker = desk.scope("alice", "acme"), "ZQ81XK"
    statement = Statement(type=MemoryType.FACT, content=f"The vault word is {marker}.", entities=(marker,))
    await desk.accept(alice, "The lawn is wide.", f"My vault word is {marker}.", "The house is tall.")
    _, memory_id, _ = await desk.work(alice, "The lawn is wide.", statement, "The house is tall.")

    erased = await desk.store.memories.erase(alice, row(memory_id), now=desk.later())

    assert erased
    assert await desk.store.memories.get(alice, row(memory_id)) is None
    assert not await desk.store.memories.erase(alice, row(memory_id), now=desk.later())
    assert await contents(desk, alice) == {"The lawn is wide.", "The house is tall."}
    assert await tables_with(desk, alice, marker) == []
    async with desk.database.transaction([alice]) as connection:
        cursor = await connection.execute("select text, blocks from document where bucket = %s", [alice.bucket])
        text, blocks = await cursor.fetchone()
    assert text == "The lawn is wide.\n" + "█" * len(f"My vault word is {marker}.") + "\nThe house is tall."
    assert marker.encode() not in blocks


async def test_located_memories_tell_instance_and_owner(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    (mine,) = await desk.remember(alice, "One.")
    (ours,) = await desk.remember(desk.client, "Two.")

    found = [await desk.store.memories.locate(decode_public_id(one)) for one in (mine, ours)]

    assert [one.scope for one in found] == [alice, desk.client]
    assert {one.instance_id for one in found} == {desk.place.instance_id}


async def test_the_operator_writes_to_the_world(desk: Any) -> None:
    world = world_scope()
    word = f"zq{desk.place.instance_id[5:]}"

    (memory_id,) = await desk.store.memories.write(
        world,
        [desk.bare(f"The planet {word} is round.")],
        instance_id="world",
        metadata={"by": "operator"},
        now=desk.clock.now(),
    )

    found = await desk.find(desk.scope("alice"), word)
    memory = next(one.memory for one in found.candidates if one.lexical_scores[0])
    assert memory.id == memory_id
    assert memory.metadata == {"by": "operator"}
    assert await desk.store.memories.erase(world, row(memory_id), now=desk.later())


async def test_lists_are_paged_newest_first(desk: Any) -> None:
    alice = desk.scope("alice")
    for number in range(5):
        desk.later()
        await desk.remember(alice, f"Number {number}.")

    page = await desk.store.memories.list(alice, page=2, page_size=2)

    assert [memory.statement.content for memory in page.memories] == ["Number 2.", "Number 1."]
    assert page.total == 5


async def test_every_write_raises_the_version_of_its_scope_alone(desk: Any) -> None:
    alice, bob = desk.scope("alice"), desk.scope("bob")
    await desk.remember(alice, "One.")
    await desk.remember(bob, "One.")
    before = await desk.store.search.versions([alice, bob])

    (memory_id,) = await desk.remember(alice, "Two.")
    middle = await desk.store.search.versions([alice, bob])
    await desk.store.memories.erase(alice, row(memory_id), now=desk.clock.now() + timedelta(seconds=1))
    after = await desk.store.search.versions([alice, bob])

    assert before[alice.id] < middle[alice.id] < after[alice.id]
    assert before[bob.id] == after[bob.id]
