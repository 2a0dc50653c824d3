"""What two documents said is, once one of them is gone, what the other one said, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest

from synap.domain.ids import decode_public_id
from synap.domain.memories import Evidence, MemoryType, Refresh, Statement
from synap.store.applied import Progress
from synap.store.rows import place, row_id_of
from synap.store.statements import execute

FIRST = "The shared budget is secretly red."
OTHER = "The shared budget is red."


def fact(content: str, *names: str) -> Statement:
    return Statement(type=MemoryType.FACT, content=content, entities=names)


async def told(desk: Any, scope: Any, said: Statement) -> tuple[int, str]:
    """Hand in a document that says something; return its ingestion's row and the memory."""
    accepted = await desk.accept(scope, said.content)
    (made,) = await desk.work(scope, said)
    return row_id_of(accepted.ingestion_id), made


async def told_again(desk: Any, scope: Any, memory_id: str, said: Statement) -> int:
    """Hand in a document that says it again in its own words; return its ingestion's row."""
    accepted = await desk.accept(scope, f"{said.content} Indeed.")
    evidence = Evidence(document_id=accepted.document_id, start=0, end=len(said.content), quote=said.content)
    again = Refresh(memory_id=memory_id, said_at=None, evidence=(evidence,), statement=said)
    await desk.work(scope, refresh=(again,))
    return row_id_of(accepted.ingestion_id)


async def undo(desk: Any, scope: Any, ingestion: int, **options: Any) -> Any:
    return await desk.store.undoing.undo(scope, ingestion, now=desk.later(), **options)


async def traces(desk: Any, scope: Any, word: str) -> list[str]:
    """Return the tables that hold a word in any row of a scope."""
    found = []
    async with desk.database.transaction([scope]) as connection:
        for table in ("memory", "effect", "document", "segment", "mention", "alias", "entity"):
            cursor = await connection.execute(
                f"select count(*) from {table} t where bucket = %s and scope_id = %s"  # noqa: S608 - fixed names
                " and position(convert_to(%s, 'utf8') in convert_to(t::text, 'utf8')) > 0",
                [scope.bucket, scope.id, word],
            )
            (plain,) = await cursor.fetchone()
            cursor = await connection.execute(
                f"select count(*) from {table} t where bucket = %s and scope_id = %s"  # noqa: S608 - fixed names
                " and t::text like '%%' || encode(convert_to(%s, 'utf8'), 'hex') || '%%'",
                [scope.bucket, scope.id, word],
            )
            (packed,) = await cursor.fetchone()
            found += [table] if plain or packed else []
    return found


async def test_a_memory_of_two_documents_keeps_the_words_of_the_one_that_stays(desk: Any) -> None:
    acme, bob = desk.scope(customer="acme"), desk.scope(customer="globex")
    first, made = await told(desk, acme, fact(FIRST, "Zanzibar"))
    await told(desk, bob, fact(FIRST))
    await told_again(desk, acme, made, fact(OTHER, "Lisbon"))
    assert await traces(desk, acme, "secretly") == ["memory", "effect", "document", "segment"]
    assert await traces(desk, acme, "Zanzibar")

    seen = await undo(desk, acme, first, look=True)
    undone = await undo(desk, acme, first)

    memory = await desk.store.memories.get(acme, row_id_of(made))
    assert (undone.removed, undone.rewritten) == ((), (made,))
    assert seen.rewritten == undone.rewritten
    assert (memory.statement.content, memory.statement.entities) == (OTHER, ("Lisbon",))
    assert [piece.quote for piece in memory.evidence] == [OTHER]
    assert await traces(desk, acme, "secretly") == []
    assert await traces(desk, acme, "Zanzibar") == []
    assert "entity" in await traces(desk, acme, "Lisbon")
    assert await traces(desk, bob, "secretly") != []
    found = await desk.find(acme, "shared budget")
    assert [one.memory.statement.content for one in found.candidates if not one.excerpt] == [OTHER]


async def test_what_a_document_said_in_two_of_its_slices_is_derived_anew_all_the_same(desk: Any) -> None:
    acme = desk.scope(customer="acme")
    first = await desk.accept(acme, FIRST)
    (job,) = await desk.claim(acme)
    (made,) = await desk.slice(job, fact(FIRST, "Zanzibar"), progress=Progress(reached=1, pieces=2))
    (job,) = await desk.claim(acme)
    again = Evidence(document_id=first.document_id, start=0, end=len(FIRST), quote=FIRST)
    refresh = Refresh(memory_id=made, said_at=None, evidence=(again,), statement=fact(FIRST))
    desk.later()
    await desk.slice(job, refresh=(refresh,), progress=Progress(reached=2, pieces=2))
    desk.later()
    await told_again(desk, acme, made, fact(OTHER, "Lisbon"))

    undone = await undo(desk, acme, row_id_of(first.ingestion_id))

    memory = await desk.store.memories.get(acme, row_id_of(made))
    assert undone.rewritten == (made,)
    assert memory.statement.content == OTHER
    assert [piece.quote for piece in memory.evidence] == [OTHER]
    assert await traces(desk, acme, "secretly") == []


async def test_a_look_changes_nothing(desk: Any) -> None:
    acme = desk.scope(customer="acme")
    first, made = await told(desk, acme, fact(FIRST))
    await told_again(desk, acme, made, fact(OTHER))

    await undo(desk, acme, first, look=True)

    assert (await desk.store.memories.get(acme, row_id_of(made))).statement.content == FIRST


async def test_of_several_that_stay_the_latest_is_heard(desk: Any) -> None:
    acme = desk.scope(customer="acme")
    first, made = await told(desk, acme, fact(FIRST))
    await told_again(desk, acme, made, fact("The shared budget is openly red."))
    desk.later()
    last = await told_again(desk, acme, made, fact(OTHER))

    await undo(desk, acme, last)
    undone = await undo(desk, acme, first)

    memory = await desk.store.memories.get(acme, row_id_of(made))
    assert undone.rewritten == (made,)
    assert memory.statement.content == "The shared budget is openly red."


async def test_what_the_other_said_in_the_same_words_stays_as_it_is(desk: Any) -> None:
    acme = desk.scope(customer="acme")
    first, made = await told(desk, acme, fact(OTHER))
    await told_again(desk, acme, made, fact(OTHER))

    undone = await undo(desk, acme, first)

    assert undone.rewritten == ()
    assert (await desk.store.memories.get(acme, row_id_of(made))).statement.content == OTHER


async def test_a_memory_goes_with_the_last_of_its_documents(desk: Any) -> None:
    acme = desk.scope(customer="acme")
    first, made = await told(desk, acme, fact(FIRST))
    other = await told_again(desk, acme, made, fact(OTHER))
    await undo(desk, acme, first)

    undone = await undo(desk, acme, other)

    assert undone.removed == (made,)
    assert await traces(desk, acme, "budget") == []


async def test_what_somebody_wrote_into_it_stays(desk: Any) -> None:
    acme = desk.scope(customer="acme")
    first, made = await told(desk, acme, fact(FIRST))
    await told_again(desk, acme, made, fact(OTHER))
    known = await desk.store.memories.get(acme, row_id_of(made))
    desk.later()
    fresh = desk.bare("The shared budget is blue.")
    written = type(fresh)(
        key=0, draft=type(fresh.draft)(statement=fresh.draft.statement, evidence=known.evidence), extractor="direct@1"
    )
    await desk.store.memories.update(
        acme, row_id_of(made), written, instance_id=desk.place.instance_id, now=desk.later()
    )

    undone = await undo(desk, acme, first)

    (earlier, now) = await desk.store.memories.history(acme, row_id_of(made))
    assert undone.rewritten == (earlier.id,)
    assert (earlier.statement.content, now.statement.content) == (OTHER, "The shared budget is blue.")


async def test_what_somebody_wrote_without_their_words_goes_with_the_last_of_its_documents(desk: Any) -> None:
    acme = desk.scope(customer="acme")
    first, made = await told(desk, acme, fact(FIRST))
    other = await told_again(desk, acme, made, fact(OTHER))
    known = await desk.store.memories.get(acme, row_id_of(made))
    desk.later()
    written = desk.bare("The shared budget is blue.")
    await desk.store.memories.update(
        acme, row_id_of(made), written, instance_id=desk.place.instance_id, now=desk.later()
    )

    undone = await undo(desk, acme, first)
    kept = await desk.store.memories.get(acme, row_id_of(made))
    (earlier, _) = await desk.store.memories.history(acme, row_id_of(made))
    undone_too = await undo(desk, acme, other)

    assert (undone.removed, undone.rewritten) == ((), (earlier.id,))
    assert kept.statement.content == "The shared budget is blue."
    assert kept.document_id not in ("", known.document_id)
    assert {piece.document_id for piece in earlier.evidence} == {kept.document_id}
    assert earlier.statement.content == OTHER
    assert undone_too.removed == (made, earlier.id)
    assert await traces(desk, acme, "budget") == []


@pytest.mark.parametrize("other", ["globex", None])
async def test_nobody_else_derives_it(desk: Any, other: str | None) -> None:
    acme, stranger = desk.scope(customer="acme"), desk.scope("eve", other)
    first, made = await told(desk, acme, fact(FIRST))
    await told_again(desk, acme, made, fact(OTHER))
    await told(desk, stranger, fact("The gate is green."))

    assert await undo(desk, stranger, first) is None

    assert (await desk.store.memories.get(acme, row_id_of(made))).statement.content == FIRST


async def test_an_ingestion_tells_no_more_of_what_went_with_another_and_goes_on_telling_of_the_rest(desk: Any) -> None:
    alice, other = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    accepted = [await desk.accept(scope, "One.", "Two.", "Three.") for scope in (alice, other)]
    made = [await desk.work(scope, "One.", "Two.", "Three.") for scope in (alice, other)]
    gone = [row_id_of(memory) for memory in (made[0][1], made[1][0])]

    async with desk.database.control() as connection:
        params = place(alice) | {"shared": alice.shared, "memories": gone}
        await execute(connection, "disown_memories", params)

    rows = await desk.store.ingestions.get_many([decode_public_id(one.ingestion_id) for one in accepted])
    assert [row.record().memory_ids for row in rows] == [(made[0][0], made[0][2]), tuple(made[1])]
    assert [row.memories_created for row in rows] == [2, 3]
