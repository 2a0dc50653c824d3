"""With a memory goes every passage that it rested on, wherever it stands; what it shares no passage with stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from synap.domain.documents import Segment
from synap.domain.memories import Changes, Evidence, MemoryType, Refresh, Statement
from synap.store.applied import Applied
from synap.store.blanking import FILLER
from synap.store.changes import MAX_EVIDENCE
from synap.store.rows import row_id_of
from synap.store.stored_documents import StoredDocument


def passage(document: StoredDocument, said: Segment) -> Evidence:
    return Evidence(
        document_id=document.document_id, start=said.start, end=said.end, quote=said.text, segment=said.ordinal
    )


async def again(desk: Any, scope: Any, memory: str, *texts: str, said_at: int = 0, **changes: Any) -> None:
    """Hand in a document that says a memory again, in one of its segments."""
    await desk.accept(scope, *texts, **changes)
    await repeat(desk, scope, memory, said_at)


async def repeat(desk: Any, scope: Any, memory: str, said_at: int = 0) -> None:
    """Work on the next document: one of its segments says a memory again."""
    (job,) = await desk.claim(scope)
    document = await desk.store.documents.load(scope, job.ingestion_id)
    said = document.prepared.segments[said_at]
    piece = passage(document, said)
    statement = Statement(type=MemoryType.FACT, content=said.text)
    refresh = Refresh(memory_id=memory, said_at=desk.later(), evidence=(piece,), statement=statement)
    await desk.apply(job, refresh=(refresh,))


async def shown(desk: Any, scope: Any, word: str, **changes: Any) -> list[str]:
    """Return what a search shows that holds a word."""
    found = await desk.find(scope, word, **changes)
    return [one.memory.statement.content for one in found.candidates if word in one.memory.statement.content]


async def stored(desk: Any, scope: Any, word: str) -> list[str]:
    """Return the tables in which a row of a scope holds a word, in text or packed."""
    found = []
    async with desk.database.transaction([scope]) as connection:
        for table in ("document", "segment", "memory", "message", "conversation", "effect"):
            cursor = await connection.execute(
                f"select count(*) from {table} t where bucket = %s and scope_id = %s"  # noqa: S608 - fixed names
                " and (strpos(t::text, %s) > 0 or strpos(t::text, encode(%s::text::bytea, 'hex')) > 0)",
                [scope.bucket, scope.id, word, word],
            )
            if await cursor.fetchone() != (0,):
                found.append(table)
    return found


async def test_a_memory_goes_out_of_every_version_of_its_document(desk: Any) -> None:
    alice, said = desk.scope("alice", "acme"), "My dog is called Rex."
    await desk.accept(alice, said, "The lawn is wide.", document_id="notes")
    (known,) = await desk.work(alice, said)
    first = desk.clock.now()
    desk.later()
    await again(desk, alice, known, "I live in Oslo.", said, said_at=1, document_id="notes")
    second = desk.later()
    desk.later()
    await desk.accept(alice, "I live in Rome.", document_id="notes")
    await desk.work(alice)
    before = await shown(desk, alice, "Rex", as_of=first)

    await desk.store.memories.erase(alice, row_id_of(known), now=desk.later())

    assert before
    assert [await shown(desk, alice, "Rex", as_of=moment) for moment in (first, second)] == [[], []]
    assert await stored(desk, alice, "Rex") == []
    assert await shown(desk, alice, "Oslo", as_of=second)
    assert await shown(desk, alice, "Rome")


async def test_a_version_that_comes_back_does_not_bring_back_what_was_erased(desk: Any) -> None:
    alice, said = desk.scope("alice", "acme"), "My dog is called Rex."
    (known,) = await desk.remember(alice, said, document_id="notes")
    newer = await desk.accept(alice, said, "I live in Oslo.", document_id="notes")
    await repeat(desk, alice, known)
    await desk.store.memories.erase(alice, row_id_of(known), now=desk.later())

    await desk.store.undoing.undo(alice, row_id_of(newer.ingestion_id), now=desk.later())

    assert await shown(desk, alice, "Rex") == []
    assert await stored(desk, alice, "Rex") == []


async def test_a_memory_said_more_often_than_its_evidence_tells_goes_out_of_everything_that_said_it(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    await desk.say(alice, "talk-0", "My dog is called Rex, number 0.")
    (known,) = await desk.work(alice, "My dog is called Rex, number 0.")
    for number in range(1, MAX_EVIDENCE + 3):
        await desk.say(alice, f"talk-{number}", f"My dog is called Rex, number {number}.")
        await repeat(desk, alice, known)
    await desk.say(alice, "other", "My cat is called Tom.")
    await desk.work(alice, "My cat is called Tom.")
    kept = await desk.store.memories.get(alice, row_id_of(known))

    await desk.store.memories.erase(alice, row_id_of(known), now=desk.later())

    assert "number 0." not in " ".join(piece.quote for piece in kept.evidence)
    assert await shown(desk, alice, "Rex") == []
    assert await stored(desk, alice, "Rex") == []
    assert await shown(desk, alice, "Tom")


async def test_a_memory_without_segments_goes_out_of_every_document_that_says_it(desk: Any) -> None:
    alice, said = desk.scope("alice", "acme"), "My dog is called Rex."
    bare = replace(desk.document(said).prepared, segments=(), blocks=())
    direct = Evidence(document_id="a", start=0, end=len(said), quote=said)
    await desk.accept(alice, document_id="a", prepared=bare)
    (job,) = await desk.claim(alice)
    told = replace(desk.bare(said), draft=replace(desk.bare(said).draft, evidence=(direct,)))
    document = await desk.store.documents.load(alice, job.ingestion_id)
    applied = Applied(job=job, document=document, changes=Changes(add=(told,)), now=desk.clock.now())
    (known,) = await desk.store.memories.apply(alice, applied)
    await desk.accept(alice, document_id="b", prepared=bare)
    (job,) = await desk.claim(alice)
    again = Refresh(memory_id=known, said_at=desk.later(), evidence=(replace(direct, document_id="b"),))
    await desk.apply(job, refresh=(again,))

    await desk.store.memories.erase(alice, row_id_of(known), now=desk.later())

    assert await stored(desk, alice, "Rex") == []


async def test_a_version_that_never_held_the_passage_stays_as_it_is(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    (known,) = await desk.remember(alice, "My dog is called Rex.", document_id="notes")
    newer = await desk.accept(alice, "I live in Oslo now, by the sea.", document_id="notes")
    await desk.work(alice)

    await desk.store.memories.erase(alice, row_id_of(known), now=desk.later())

    again = await desk.accept(alice, "I live in Oslo now, by the sea.", document_id="notes")
    assert await stored(desk, alice, "Rex") == []
    assert (again.duplicate, again.ingestion_id) == (True, newer.ingestion_id)
    assert await shown(desk, alice, "Oslo") == ["I live in Oslo now, by the sea."]


async def keep(desk: Any, scope: Any, said: Mapping[str, tuple[int, ...]], *texts: str, **changes: Any) -> list[str]:
    """Hand in a document and remember what it says: each content with the segments that it rests on."""
    await desk.accept(scope, *texts, **changes)
    (job,) = await desk.claim(scope)
    document = await desk.store.documents.load(scope, job.ingestion_id)
    drafts = []
    for key, (content, places) in enumerate(said.items()):
        pieces = tuple(passage(document, document.prepared.segments[place]) for place in places)
        draft = desk.draft(key, content, document)
        drafts.append(replace(draft, draft=replace(draft.draft, evidence=pieces)))
    applied = Applied(job=job, document=document, changes=Changes(add=tuple(drafts)), now=desk.clock.now())
    made: list[str] = await desk.store.memories.apply(scope, applied)
    return made


async def test_what_tells_on_what_was_erased_goes_with_it(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    said = {
        "The user's dog Rex won a prize": (0,),
        "The user is happy because their dog Rex won a prize": (1, 0),
        "The user is happy": (1,),
    }
    fact, felt, bare = await keep(desk, alice, said, "My dog Rex won a prize.", "I am happy.")

    count = await desk.store.memories.erase_all(alice, [row_id_of(fact)], now=desk.later())

    assert set(count) == {row_id_of(fact), row_id_of(felt)}
    assert await stored(desk, alice, "Rex") == []
    assert await desk.store.memories.get(alice, row_id_of(bare)) is not None


async def test_a_memory_of_the_same_passage_stays_without_its_words(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    said = {"The user lives in Oslo": (0,), "The user has a dog": (0,)}
    first, second = await keep(desk, alice, said, "I live in Oslo with my dog.")

    await desk.store.memories.erase(alice, row_id_of(first), now=desk.later())

    kept = await desk.store.memories.get(alice, row_id_of(second))
    (piece,) = kept.evidence
    assert kept.statement.content == "The user has a dog"
    assert (piece.start, piece.end, set(piece.quote)) == (0, 27, {FILLER})
    assert await stored(desk, alice, "Oslo") == []


async def test_a_memory_that_another_document_tells_as_well_stays(desk: Any) -> None:
    alice = desk.scope("alice", "acme")
    said = {"The user lives in Oslo": (0,), "The user has a dog": (0,)}
    first, second = await keep(desk, alice, said, "I live in Oslo with my dog.")
    later = await desk.accept(alice, "I have a puppy.")
    await repeat(desk, alice, second)

    await desk.store.memories.erase(alice, row_id_of(first), now=desk.later())
    kept = await desk.store.memories.get(alice, row_id_of(second))
    found = await stored(desk, alice, "Oslo")
    await desk.store.undoing.undo(alice, row_id_of(later.ingestion_id), now=desk.later())
    undone = await desk.store.memories.get(alice, row_id_of(second))

    assert [set(piece.quote) == {FILLER} for piece in kept.evidence] == [True, False]
    assert [set(piece.quote) for piece in undone.evidence] == [{FILLER}]
    assert found == []
