"""Searches read a chain and nothing else, and give the raw scores of both channels."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg import sql

from synap.domain.contexts import Query, Search
from synap.domain.documents import PreparedDocument, Segment
from synap.domain.memories import MemoryType, Statement
from synap.domain.terms import term_hashes
from synap.store.rows import mask_texts, row_id_of
from synap.store.statements import statement

TABLES = ("memory", "memory_shared", "segment", "segment_shared")


def texts(recall: Any, *, excerpts: bool = False) -> set[str]:
    return {
        one.memory.statement.content
        for one in recall.candidates
        if one.excerpt == excerpts and (not one.lexical_scores or one.lexical_scores[0])
    }


def vector(*values: float) -> Any:
    return np.array(values, dtype=np.float32) / math.hypot(*values)


async def test_a_user_sees_its_own_scope_and_the_broader_ones(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    for user, customer in (("alice", "acme"), ("alice", "globex"), ("alice", None), (None, "acme"), (None, None)):
        scope = desk.scope(user, customer)
        await desk.remember(scope, f"The budget of {user} at {customer}.")

    seen = [texts(await desk.find(one, "budget")) for one in (alice, desk.scope(customer="acme"), desk.client)]

    assert seen == [
        {"The budget of alice at acme.", "The budget of None at acme.", "The budget of None at None."},
        {"The budget of None at acme.", "The budget of None at None."},
        {"The budget of None at None."},
    ]


async def test_lexical_scores_are_bm25_over_the_chain(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    corpus = ["red green", "red", "blue yellow black white", "green"]
    for text in corpus:
        await desk.store.memories.write(
            alice, [desk.bare(text)], instance_id=desk.place.instance_id, metadata={}, now=desk.clock.now()
        )
    await desk.remember(desk.scope("alice", "globex"), "red red red", "green")

    recall = await desk.find(alice, "red green")

    expected = {text: bm25(["red", "green"], text.split(), [one.split() for one in corpus]) for text in corpus}
    scores = {one.memory.statement.content: one.lexical_scores[0] for one in recall.candidates}
    assert scores == {text: pytest.approx(score) for text, score in expected.items() if score}


async def test_long_questions_use_their_first_forty_eight_terms(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "word30 stands here", "word60 stands there")

    recall = await desk.find(alice, " ".join(f"word{number}" for number in range(70)))

    assert texts(recall) == {"word30 stands here"}


async def test_vector_scores_are_cosines_and_come_with_the_words(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.accept(alice, "Apples are sour.", "Pears are sweet.")
    await desk.work(alice, "Apples are sour.", "Pears are sweet.", vectors=[vector(1, 0, 0), vector(3, 4, 0)])
    query = Query(text="apples", terms=term_hashes("apples"), vector=vector(1, 0, 0))
    other = Query(text="pears", terms=term_hashes("pears"))

    recall = await desk.find(alice, queries=(query, other))

    apples, pears = sorted(
        (one for one in recall.candidates if not one.excerpt), key=lambda one: one.memory.statement.content
    )
    assert apples.vector_scores == (pytest.approx(1, abs=1e-3), None)
    assert pears.vector_scores == (pytest.approx(0.6, abs=1e-3), None)
    assert apples.lexical_scores[0] > 0
    assert pears.lexical_scores == (0, apples.lexical_scores[0])


async def test_segments_come_with_the_ones_beside_them(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.accept(alice, "First.", "The marmot sleeps.", "Third.", "Fourth.", metadata={"a": 1})

    recall = await desk.find(alice, "marmot")
    alone = await desk.find(alice, "marmot", neighbours=False)
    nothing = await desk.find(alice, "marmot", excerpts=False)

    first, marmot, third = sorted(recall.candidates, key=lambda one: one.place.ordinal)
    assert marmot.memory.metadata == {"a": 1, "excerpt": True}
    assert marmot.memory.statement.confidence == 0.5
    assert marmot.place.ordinal == 1
    assert [one.memory.statement.content for one in (first, third)] == ["First.", "Third."]
    assert {one.place.document_row for one in (first, third)} == {marmot.place.document_row}
    assert {one.memory.scope for one in (first, third)} == {alice}
    assert recall.untold is None
    assert (len(alone.candidates), alone.untold) == (1, None)
    assert (nothing.candidates, nothing.untold) == ((), None)


async def test_the_most_promising_come_with_their_text_the_others_with_scores_alone(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The marmot sleeps.", "A marmot and a fox.", "The fox runs.")

    whole = await desk.find(alice, "marmot sleeps")
    some = await desk.find(alice, "marmot sleeps", texts=1)

    assert {one.memory.statement.content for one in some.candidates} == {"The marmot sleeps."}
    assert sorted(one.excerpt for one in some.candidates) == [False, True]
    assert scores(some) == scores(whole)


def scores(recall: Any) -> list[tuple[float, ...]]:
    """Return the lexical scores of everything found, with a text or without."""
    untold = () if recall.untold is None else map(tuple, recall.untold.lexical_scores)
    return sorted([*(one.lexical_scores for one in recall.candidates), *untold])


async def test_what_one_query_brings_whole_has_the_scores_of_the_others_too(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The marmot sleeps.", "A marmot and a fox.", "The fox runs.")
    queries = tuple(Query(text=text, terms=term_hashes(text)) for text in ("marmot sleeps", "fox runs"))

    both = await desk.find(alice, queries=queries, texts=1, excerpts=False)
    whole = await desk.find(alice, queries=queries, excerpts=False)

    by_text = {one.memory.statement.content: one.lexical_scores for one in whole.candidates}
    assert {one.memory.statement.content: one.lexical_scores for one in both.candidates} == {
        content: by_text[content] for content in ("The marmot sleeps.", "The fox runs.")
    }
    assert [tuple(row) for row in both.untold.lexical_scores] == [by_text["A marmot and a fox."]]


async def test_types_narrow_a_search(desk: Any) -> None:
    alice = desk.scope("alice")
    likes = Statement(type=MemoryType.PREFERENCE, content="The user likes tea.")
    await desk.accept(alice, "I like tea.")
    await desk.work(alice, likes, "The tea is hot.")

    recall = await desk.find(alice, "tea", types=frozenset({MemoryType.PREFERENCE}))

    assert [one.memory.statement for one in recall.candidates] == [likes]


async def test_excerpts_come_where_their_own_type_is_wanted(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.accept(alice, "The tea is hot.")

    facts = await desk.find(alice, "tea", types=frozenset({MemoryType.FACT}))
    episodes = await desk.find(alice, "tea", types=frozenset({MemoryType.EPISODE}))

    assert (texts(facts, excerpts=True), texts(episodes, excerpts=True)) == ({"The tea is hot."}, set())


async def test_an_excerpt_quotes_its_document_word_for_word(desk: Any) -> None:
    alice = desk.scope("alice")
    text = "# Travel\n\nThe *budget* is two 🦫 hundred.\n"
    shown = Segment(ordinal=0, start=10, end=len(text) - 1, text="Travel\nThe budget is two 🦫 hundred.", blocks=(0, 1))
    document = PreparedDocument(text=text, blocks=(), segments=(shown,), content_hash="00")
    await desk.accept(alice, prepared=document)

    for recall in (await desk.find(alice, "budget"), await desk.find(alice)):
        (excerpt,) = [one.memory for one in recall.candidates if one.excerpt and one.memory.scope == alice]
        (evidence,) = excerpt.evidence
        assert excerpt.statement.content == shown.text
        assert evidence.quote == text[evidence.start : evidence.end] == "The *budget* is two 🦫 hundred."


async def test_what_has_no_vector_yet_comes_with_its_text_before_what_only_lies_near(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.accept(alice, *(f"Note {number} on the garden." for number in range(8)))
    lacking = await desk.store.embeddings.unembedded(alice, slot="emb")
    near = [vector(1, number) for number in range(len(lacking.segments))]
    await desk.store.embeddings.write(alice, lacking, near, slot="emb")
    await desk.accept(alice, "The marmot sleeps.")
    query = Query(text="marmot", terms=term_hashes("marmot sleeps garden"), vector=vector(1, 0))

    recall = await desk.find(alice, queries=(query,), texts=1)

    assert texts(recall, excerpts=True) == {"The marmot sleeps."}


async def test_without_a_query_each_rung_gives_its_newest(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    for scope in (alice, desk.scope(customer="acme"), desk.client):
        for number in range(3):
            desk.later()
            await desk.remember(scope, f"{scope.rung} {number}")

    recall = await desk.find(alice, limit=2)

    served = [one.memory for one in recall.candidates if not one.excerpt and one.memory.scope.rung != "world"]
    assert {one.statement.content for one in served} == {
        f"{rung} {number}" for rung in ("user", "customer", "client") for number in (1, 2)
    }


async def test_a_stored_digest_that_differs_empties_the_scope(desk: Any) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The budget.")
    async with desk.database.control() as connection:
        await connection.execute(
            "update scope set digest = 'other' where bucket = %s and id = %s", [alice.bucket, alice.id]
        )

    recall = await desk.find(alice, "budget")

    assert recall.candidates == ()
    assert alice.id not in recall.versions


async def test_expired_memories_come_with_their_dates(desk: Any) -> None:
    alice = desk.scope("alice")
    statement = Statement(type=MemoryType.FACT, content="The sale is on.", valid_until=desk.clock.now())
    await desk.accept(alice, "x")
    await desk.work(alice, statement)
    desk.later(days=3)

    recall = await desk.find(alice, "sale")

    assert [one.memory.statement for one in recall.candidates if not one.excerpt] == [statement]


async def test_a_write_during_a_search_never_passes_old_content_off_as_new(desk: Any, owner_dsn: str) -> None:
    alice = desk.scope("alice")
    await desk.remember(alice, "The budget.")
    (old,) = (await desk.store.search.versions([alice])).values()
    here = [alice.bucket, alice.id]

    with psycopg.connect(owner_dsn) as owner:
        owner.execute("lock table scope in access exclusive mode")
        searching = asyncio.create_task(desk.find(alice, "budget"))
        await waiting(owner_dsn)
        owner.execute("update memory set status = 1 where bucket = %s and scope_id = %s", here)
        owner.execute("update scope set version = version + 1 where bucket = %s and id = %s", here)
    recall = await searching

    assert texts(recall) == set() or recall.versions[alice.id] == old


async def waiting(owner_dsn: str) -> None:
    """Return once a session waits for a lock."""
    with psycopg.connect(owner_dsn, autocommit=True) as watch:
        for _ in range(500):
            if watch.execute("select 1 from pg_stat_activity where wait_event_type = 'Lock'").fetchone():
                return
            await asyncio.sleep(0.01)
        pytest.fail("nobody waits")


async def test_an_empty_store_answers_empty(desk: Any) -> None:
    recall = await desk.store.search.recall(
        Search(chain=(desk.scope("nobody"),), queries=(Query(text="x", terms=(1,)),), now=desk.clock.now())
    )

    assert recall.candidates == ()
    assert recall.versions == {}


@pytest.mark.parametrize("planning", ["force_custom_plan", "force_generic_plan"])
async def test_the_search_reads_the_covering_indexes_alone(
    fresh_desk: Any, fresh_owner_dsn: str, planning: str
) -> None:
    alice = fresh_desk.scope("alice", "acme")
    for scope in (alice, fresh_desk.client):
        said = [f"Note {number} on the budget." for number in range(120)]
        await fresh_desk.remember(scope, *said, vectors=[vector(1, number) for number in range(120)])
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as owner:
        for table in TABLES:
            owner.execute(f"vacuum analyze {table}")

    async with fresh_desk.database.transaction(fresh_desk.chain(alice)) as connection:
        await connection.execute(f"set local enable_seqscan = off; set local plan_cache_mode = {planning}")
        plan = await explained(
            connection,
            {
                "bucket": alice.bucket,
                "owned_scopes": [alice.id],
                "shared_scopes": [fresh_desk.client.id],
                "types": [0],
                "vector": vector(1, 1),
                "terms": mask_texts(term_hashes("budget"), chunks=1)[0],
                "more_terms": None,
                "bits": 1,
                "limit": 10,
                "texts": 10,
                "neighbours": True,
                "excerpts": True,
            },
        )

    held = [scan for scan in scans(plan) if scan["Node Type"] == "Index Only Scan"]
    assert {re.sub(r"_p\d$", "", scan["Relation Name"]) for scan in held} == set(TABLES)
    assert sum(scan["Heap Fetches"] for scan in held) == 0


PARAMETERS = {
    "bucket": "int",
    "owned_scopes": "bigint[]",
    "shared_scopes": "bigint[]",
    "types": "smallint[]",
    "vector": "halfvec",
    "terms": "sparsevec",
    "more_terms": "sparsevec",
    "bits": "int",
    "limit": "int",
    "texts": "int",
    "neighbours": "bool",
    "excerpts": "bool",
}


async def explained(connection: Any, params: Mapping[str, Any]) -> Any:
    """Return the plan of the search as a prepared statement, which obeys `plan_cache_mode`."""
    text = statement("recall").decode().replace("%%", "%")
    for number, name in enumerate(PARAMETERS, start=1):
        text = text.replace(f"%({name})s", f"${number}")
    await connection.execute("deallocate all")
    await connection.execute(f"prepare recall ({', '.join(PARAMETERS.values())}) as {text}".encode())
    call = sql.SQL("explain (analyze, format json) execute recall ({})").format(
        sql.SQL(", ").join(sql.Literal(params[name]) for name in PARAMETERS)
    )
    (plan,) = await (await connection.execute(call)).fetchone()
    return plan


def scans(plan: Any) -> list[dict[str, Any]]:
    """Return the scans of a plan that read the rows to be scored, not those that bring the payload of the chosen."""
    if isinstance(plan, list):
        return [scan for part in plan for scan in scans(part)]
    if not isinstance(plan, dict):
        return []
    own = [plan] if "Relation Name" in plan and not str(plan.get("Index Name")).endswith("pkey") else []
    return own + [scan for part in plan.values() for scan in scans(part)]


def bm25(query: list[str], text: list[str], corpus: list[list[str]]) -> float:
    average = sum(map(len, corpus)) / len(corpus)
    norm = 1 + 1.2 * (0.25 + 0.75 * len(text) / average)
    score = 0.0
    for term in set(query) & set(text):
        df = sum(term in one for one in corpus)
        score += math.log(1 + (len(corpus) - df + 0.5) / (df + 0.5)) * 2.2 / norm
    return score


async def test_what_stands_is_told_for_the_chain_alone(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    await desk.remember(alice, "Alice's budget is five.")
    await desk.remember(bob, "Bob's budget is six.")
    await desk.remember(desk.client, "Budgets are settled in May.")
    seen = {owner: [one.memory for one in (await desk.find(owner, "budget")).candidates] for owner in (alice, bob)}
    everything = [memory.id for memories in seen.values() for memory in memories]

    for owner, memories in seen.items():
        standing = await desk.store.search.standing(desk.chain(owner), [*everything, "no id of ours"])

        assert standing.keys() == {memory.id for memory in memories}
        assert {one: standing[one].recorded_at for one in standing} == {m.id: m.recorded_at for m in memories}


async def test_an_erased_memory_does_not_stand_any_more(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.remember(alice, "Alice's budget is five.", "Alice's boss is Ines.")
    (memory,) = [
        one.memory for one in (await desk.find(alice, "budget")).candidates if one.lexical_scores[0] and not one.excerpt
    ]

    await desk.store.memories.erase(alice, row_id_of(memory.id), now=desk.clock.now())

    assert memory.id not in await desk.store.search.standing(desk.chain(alice), [memory.id])
