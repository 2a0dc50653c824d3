"""Searches over rows in memory: they find what the database finds, whatever was written meanwhile and by whom."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from math import isnan
from typing import Any

import numpy as np
import psycopg
import pytest

from synap.domain.contexts import Query, Recall, Search
from synap.domain.ids import decode_public_id
from synap.domain.memories import MemoryType, Refresh, Supersession
from synap.domain.terms import term_hashes
from synap.store import resident_search, texts
from synap.store.ranking import rank
from synap.store.rows import memory_ref
from synap.store.scopes import bump
from synap.store.store import Store

DIM = 8
WORDS = tuple(f"word{number}" for number in range(24))


def vector(dice: random.Random) -> Any:
    """Return a vector of eighths, whose products are exact whoever works them out, so that equals are equal."""
    return np.array([dice.randint(-8, 8) for _ in range(DIM)], np.float32) / 8


def text(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randint(2, 9)))


def question(dice: random.Random) -> Query:
    words = " ".join(dice.sample(WORDS, dice.randint(1, 4)))
    return Query(text=words, terms=term_hashes(words), vector=vector(dice) if dice.random() < 0.8 else None)


def told(recall: Recall) -> dict[str, Any]:
    return {
        one.memory.id: (
            one.memory,
            one.excerpt,
            one.place,
            one.speaker,
            rounded(one.vector_scores),
            rounded(one.lexical_scores),
        )
        for one in recall.candidates
    }


def untold(recall: Recall) -> list[Any]:
    left = recall.untold
    if left is None:
        return []
    columns = (left.scopes, left.documents, left.ordinals, left.shared)
    scores = (map(rounded, left.vector_scores.tolist()), map(rounded, left.lexical_scores.tolist()))
    return sorted(map(repr, zip(*(column.tolist() for column in columns), *scores, strict=True)))


def rounded(scores: Any) -> tuple[float | None, ...]:
    return tuple(None if one is None or isnan(one) else round(one, 9) + 0.0 for one in scores)


async def agree(store: Store, search: Search) -> None:
    """Check that memory and database give the same answer, twice: just brought up to date, and as it is then."""
    for _ in range(2):
        found = await store.search.recall(search)
        stored = await store.search.recall_stored(search)

        assert told(found) == told(stored)
        assert untold(found) == untold(stored)
        assert found.versions == stored.versions


async def known(desk: Any, scope: Any, dice: random.Random, status: Any = None) -> int | None:
    page = await desk.store.memories.list(scope, page_size=100, status=status)
    ref = decode_public_id(dice.choice(page.memories).id) if page.memories else None
    return None if ref is None else ref.row_id


async def _remember(desk: Any, scope: Any, dice: random.Random) -> None:
    texts = [text(dice) for _ in range(dice.randint(1, 6))]
    document = f"doc-{dice.randint(0, 3)}" if dice.random() < 0.5 else None
    await desk.accept(scope, *texts, document_id=document)
    if dice.random() < 0.2:
        return
    vectors = [vector(dice) if dice.random() < 0.8 else None for _ in texts]
    (job,) = await desk.claim(scope)
    older = await known(desk, scope, dice)
    ended = [Supersession(memory_id=memory_ref(scope, older), by_key=0)] if older and dice.random() < 0.5 else []
    again = await known(desk, scope, dice)
    said = [Refresh(memory_id=memory_ref(scope, again), said_at=desk.clock.now())] if again and again != older else []
    await desk.apply(job, *texts, vectors=vectors, supersede=tuple(ended), refresh=tuple(said))


async def _update(desk: Any, scope: Any, dice: random.Random) -> None:
    row = await known(desk, scope, dice)
    if row is not None:
        said = desk.bare(text(dice))
        await desk.store.memories.update(scope, row, said, instance_id=desk.place.instance_id, now=desk.later())


async def _restore(desk: Any, scope: Any, dice: random.Random) -> None:
    row = await known(desk, scope, dice, status=None)
    if row is not None:
        await desk.store.memories.restore(scope, row, now=desk.later())


async def _erase(desk: Any, scope: Any, dice: random.Random) -> None:
    row = await known(desk, scope, dice, status=None)
    if row is not None:
        await desk.store.memories.erase(scope, row, now=desk.later())


async def _say(desk: Any, scope: Any, dice: random.Random) -> None:
    if not scope.shared:
        await desk.say(scope, "talk", text(dice))


async def _embed(desk: Any, scope: Any, dice: random.Random) -> None:
    lacking = await desk.store.embeddings.unembedded(scope, slot="emb", limit=4)
    await desk.store.embeddings.write(scope, lacking, [vector(dice) for _ in lacking.texts], slot="emb")


async def _archive(desk: Any, scope: Any, dice: random.Random) -> None:
    if dice.random() < 0.2:
        before = desk.clock.now() - timedelta(minutes=dice.randint(1, 30))
        await desk.store.retention.archive(scope, recorded_before=before, now=desk.later())


async def _empty(desk: Any, scope: Any, dice: random.Random) -> None:
    if dice.random() < 0.1:
        await desk.store.erasure.scope(scope, instance_id=desk.place.instance_id)


ACTIONS: tuple[Callable[[Any, Any, random.Random], Awaitable[None]], ...] = (
    _remember, _remember, _remember, _update, _restore, _erase, _say, _embed, _archive, _empty,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_memory_and_database_agree_whatever_is_written(fresh_desk: Any, seed: int) -> None:
    desk = fresh_desk  # as WORLD is written as well
    dice = random.Random(seed)  # noqa: S311 - a run that can be repeated
    alice = desk.scope("alice", "acme")
    chain = desk.chain(alice)
    other = Store(desk.database, desk.clock)

    for _ in range(25):
        await dice.choice(ACTIONS)(desk, dice.choice([alice, alice, chain[1], chain[-1]]), dice)
        desk.later()
        search = Search(
            chain=chain,
            queries=tuple(question(dice) for _ in range(dice.choice([1, 1, 2]))),
            types=frozenset({MemoryType.FACT}) if dice.random() < 0.2 else frozenset(),
            now=desk.clock.now(),
            limit=dice.choice([3, 8, 100]),
            texts=dice.choice([2, 5, 100]),
            neighbours=dice.random() < 0.9,
            excerpts=dice.random() < 0.9,
        )
        await agree(desk.store, search)
        if dice.random() < 0.5:
            await agree(other, search)

    assert desk.store.residents.use.refreshes > 5
    assert other.residents.use.hits > 5
    assert desk.store.residents.use.told > 5
    assert desk.store.residents.use.misses == 0


async def test_another_user_finds_nothing_of_what_is_in_memory(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    await desk.remember(alice, "The marmot sleeps.")
    await desk.find(alice, "marmot")

    found = await desk.find(bob, "marmot")

    assert found.candidates == ()
    assert found.untold is None


async def test_rows_in_memory_are_found_by_the_whole_digest(desk: Any, owner_dsn: str) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The marmot sleeps.")
    assert (await desk.find(alice, "marmot")).candidates

    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("update scope set digest = 'another' where id = %s", [alice.id])

    assert (await desk.find(alice, "marmot")).candidates == ()


async def test_vectors_of_one_column_are_not_taken_for_those_of_the_other(desk: Any) -> None:
    alice, dice = desk.scope("alice"), random.Random(1)  # noqa: S311 - a run that can be repeated
    await desk.accept(alice, "The marmot sleeps.")
    await desk.work(alice, "The marmot sleeps.", vectors=[vector(dice)])
    query = Query(text="marmot", terms=term_hashes("marmot"), vector=vector(dice))

    first = await desk.find(alice, queries=(query,))
    other = await desk.find(alice, queries=(query,), slot="emb_alt")

    assert any(score for one in first.candidates for score in one.vector_scores)
    assert {one.vector_scores for one in other.candidates} == {(None,)}


async def test_whoever_asks_again_finds_all_texts_in_memory_but_of_what_was_written_since(desk: Any) -> None:
    alice, use = desk.scope("alice"), desk.store.residents.use
    await desk.remember(alice, *(f"Marmot {number} sleeps." for number in range(30)))

    await desk.find(alice, "marmot", texts=3)
    await desk.find(alice, "sleeps", texts=4)
    await desk.store.residents.settle()
    before = use.told
    await desk.find(alice, "marmot sleeps", texts=30)

    assert use.told == before + 1
    await desk.remember(alice, "The marmot woke up.")
    found = await desk.find(alice, "marmot woke", texts=30)
    assert use.told == before + 1
    assert "The marmot woke up." in {one.memory.statement.content for one in found.candidates}


async def test_what_is_read_ahead_is_prepared_and_what_questions_read_is_not(desk: Any) -> None:
    alice, seen = desk.scope("alice"), list[str]()
    desk.store.residents.prepare = lambda candidate: seen.append(candidate.memory.statement.content)
    await desk.remember(alice, *(f"Marmot {number} sleeps." for number in range(30)))

    await desk.find(alice, "marmot 1", texts=3)
    await desk.store.residents.settle()
    assert seen == []
    await desk.find(alice, "marmot 2 sleeps", texts=4)
    await desk.store.residents.settle()

    texts = desk.store.residents.get(alice, "emb").texts
    assert len(seen) > 30
    assert len(texts) - len(seen) in range(4, 2 * (3 + 4) + 1)


async def test_what_is_read_ahead_gives_way(desk: Any) -> None:
    alice, quiet, asked = desk.scope("alice"), asyncio.Event(), list[int]()

    async def give_way() -> None:
        asked.append(1)
        await quiet.wait()

    desk.store.residents.give_way = give_way
    await desk.remember(alice, *(f"Marmot {number} sleeps." for number in range(30)))
    await desk.find(alice, "marmot 1", texts=3)
    await desk.find(alice, "marmot 2 sleeps", texts=4)
    for _ in range(5):
        await asyncio.sleep(0)

    texts = desk.store.residents.get(alice, "emb").texts
    assert (asked, len(texts) <= 2 * (3 + 4)) == ([1], True)
    quiet.set()
    await desk.store.residents.settle()
    assert len(texts) > 30


async def test_an_answer_made_of_what_is_over_is_made_again(desk: Any) -> None:
    alice, other = desk.scope("alice"), Store(desk.database, desk.clock)
    await desk.remember(alice, "The marmot sleeps.")
    search = Search(
        chain=desk.chain(alice), queries=(Query(text="marmot", terms=term_hashes("marmot")),), now=desk.clock.now()
    )
    made: list[Recall] = []

    def make(recall: Recall) -> Recall:
        made.append(recall)
        return recall

    await other.search.answer(search, make)
    await other.search.answer(search, make)
    assert len(made) == 2
    await desk.remember(alice, "The marmot woke up.")
    found = await other.search.answer(search, make)

    assert len(made) == 4
    assert {one.memory.statement.content for one in made[2].candidates} == {"The marmot sleeps."}
    assert "The marmot woke up." in {one.memory.statement.content for one in found.candidates}
    assert found.versions == (await other.search.recall_stored(search)).versions


async def test_an_answer_that_cannot_be_made_leaves_no_question_to_the_database_behind(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The marmot sleeps.")
    search = Search(
        chain=desk.chain(alice), queries=(Query(text="marmot", terms=term_hashes("marmot")),), now=desk.clock.now()
    )
    await desk.store.search.recall(search)
    before = asyncio.all_tasks()

    with pytest.raises(ZeroDivisionError):
        await desk.store.search.answer(search, lambda _: 1 // 0)

    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_texts_of_a_scope_are_bounded(monkeypatch: pytest.MonkeyPatch, desk: Any) -> None:
    monkeypatch.setattr(texts, "MOST_TEXTS", 5)
    alice = desk.scope("alice")
    await desk.remember(alice, *(f"Marmot {number} sleeps." for number in range(9)))

    found = await desk.find(alice, "marmot")
    again = await desk.find(alice, "marmot")

    resident = desk.store.residents.get(alice, "emb")
    assert len(resident.texts) == 5
    assert resident.texts.size > 0
    assert told(found) == told(again)


async def test_who_erases_forgets_at_once(desk: Any) -> None:
    alice = desk.scope("alice")
    (said,) = await desk.remember(alice, "The marmot sleeps.")
    ref = decode_public_id(said)
    assert ref is not None
    await desk.find(alice, "marmot")
    before = desk.store.residents.get(alice, "emb")

    await desk.store.memories.erase(alice, ref.row_id, now=desk.later())

    assert before is not None
    assert desk.store.residents.get(alice, "emb") is None
    await desk.find(alice, "marmot")
    await desk.store.erasure.scope(alice, instance_id=desk.place.instance_id)
    assert desk.store.residents.get(alice, "emb") is None


async def test_a_write_that_notes_nothing_has_the_scope_read_anew(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The marmot sleeps.")
    await desk.find(alice, "marmot")
    loads = desk.store.residents.use.loads

    async with desk.database.transaction([alice]) as connection:
        await bump(connection, alice)
        await connection.execute(
            "update memory set status = 1 where bucket = %s and scope_id = %s", [alice.bucket, alice.id]
        )

    assert {one.excerpt for one in (await desk.find(alice, "marmot")).candidates} == {True}
    assert desk.store.residents.use.loads == loads + 1


async def test_a_scope_too_long_unread_is_read_anew(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The marmot sleeps.")
    reader = Store(desk.database, desk.clock)
    search = Search(
        chain=desk.chain(alice), queries=(Query(text="marmot", terms=term_hashes("marmot")),), now=desk.clock.now()
    )
    await agree(reader, search)

    for number in range(20):
        await desk.remember(alice, f"Marmot {number} sleeps.")

    await agree(reader, search)
    assert reader.residents.use.refreshes == 0


async def test_a_big_scope_is_answered_by_the_database_until_it_is_read(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident_search, "AT_ONCE", 3)
    alice = desk.scope("alice")
    await desk.remember(alice, *(f"Marmot {number} sleeps." for number in range(8)))

    first = await desk.find(alice, "marmot")
    await desk.store.residents.settle()
    second = await desk.find(alice, "marmot")

    assert told(first) == told(second)
    assert (desk.store.residents.use.misses, desk.store.residents.use.hits) == (1, 1)


async def test_what_was_read_before_an_erasure_is_not_kept_after_it(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The marmot sleeps.")
    await desk.find(alice, "marmot")
    residents = desk.store.residents
    resident, epoch, size = residents.get(alice, "emb"), residents.epoch, residents.use.size

    residents.forget(alice)
    residents.put(alice, "emb", resident, epoch=epoch)

    assert residents.get(alice, "emb") is None
    assert size - residents.use.size >= resident.size > 0


async def test_memory_is_bounded_and_may_be_turned_off(fresh_desk: Any) -> None:
    desk = fresh_desk
    alice, bob = desk.scope("alice"), desk.scope("bob")
    for scope in (alice, bob):
        await desk.remember(scope, *(f"Marmot {number} sleeps." for number in range(20)))
    search = {
        scope: Search(
            chain=desk.chain(scope), queries=(Query(text="marmot", terms=term_hashes("marmot")),), now=desk.clock.now()
        )
        for scope in (alice, bob)
    }
    await agree(desk.store, search[alice])
    enough_for_one = 2 * desk.store.residents.get(alice, "emb").size + 2 * 2048 + 100
    small, none = (Store(desk.database, desk.clock, resident_bytes=size) for size in (enough_for_one, 0))

    for store in (small, none):
        for scope in (alice, bob, alice):
            await agree(store, search[scope])

    assert 0 < small.residents.use.size <= enough_for_one
    assert small.residents.use.loads > len({*desk.chain(alice), bob})
    assert (none.residents.use.size, none.residents.use.loads) == (0, 0)


async def test_what_is_recorded_teaches_nothing_and_what_is_remembered_does(desk: Any) -> None:
    alice = desk.scope("alice")
    search = Search(chain=(alice,), queries=(Query(text="heron", terms=term_hashes("heron")),), now=desk.clock.now())

    async def learnt() -> Any:
        return (await desk.store.search.recall(search)).learnt[alice.id]

    await desk.accept(alice, "The heron is back.")
    (job,) = await desk.claim(alice)
    await desk.apply(job, "The heron is back.")
    first = await learnt()
    await desk.say(alice, "talk", "Is the heron still there?")
    second = await learnt()
    for job in await desk.claim(alice):
        await desk.apply(job, "The heron is still there.")

    assert first == second
    assert await learnt() > second


async def test_what_this_process_wrote_is_read_with_the_versions(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = desk.scope("alice")
    search = Search(chain=(alice,), queries=(Query(text="heron", terms=term_hashes("heron")),), now=desk.clock.now())
    await desk.say(alice, "talk", "The heron is back.")
    await desk.store.search.recall(search)
    ranked = 0

    def counted(*given: Any) -> Any:
        nonlocal ranked
        ranked += 1
        return rank(*given)

    monkeypatch.setattr(resident_search, "rank", counted)

    await desk.say(alice, "talk", "The heron is gone again.")
    found = await desk.store.search.recall(search)

    assert sorted(one.memory.statement.content for one in found.candidates) == [
        "The heron is back.",
        "The heron is gone again.",
    ]
    assert ranked == 1
