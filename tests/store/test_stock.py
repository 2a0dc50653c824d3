"""Taking stock finds every kind of damage, mends what can be mended, and sees none where there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from synap.domain.ids import decode_public_id
from synap.domain.scopes import Scope
from synap.errors import ConflictError
from synap.store.damage import REPORTED, Columns, Finding, Kind
from synap.store.stock import SHARED_BUCKET

COLUMNS = Columns(live="emb", dim=4, free="emb_alt")
VECTOR = "[1, 0, 0, 0]"

PLANTS: dict[Kind, tuple[str, ...]] = {
    Kind.UNWORKED_INGESTION: ("delete from job where bucket = %(bucket)s and ingestion_id = %(waiting)s",),
    Kind.ENDED_INGESTION_WITH_JOB: (
        "update ingestion set status = 'completed' where bucket = %(bucket)s and id = %(waiting)s",
        "update segment{t} set emb = '[1, 0, 0, 0]' where scope_id = %(scope)s",
    ),
    Kind.DOUBLED_JOB: (
        (
            "insert into job select (jsonb_populate_record(j, jsonb_build_object('id', j.id + 1))).* from job j"
            " where bucket = %(bucket)s and ingestion_id = %(waiting)s"
        ),
    ),
    Kind.JOB_WITHOUT_LANE: ("delete from lane where bucket = %(bucket)s",),
    Kind.JOB_OUT_OF_TIME: (
        "update job set run_at = run_at + interval '1 day' where bucket = %(bucket)s and ingestion_id = %(waiting)s",
    ),
    Kind.JOB_WITHOUT_INGESTION: (
        "update job set ingestion_id = 17 where bucket = %(bucket)s and ingestion_id = %(waiting)s",
        "update ingestion set status = 'failed' where bucket = %(bucket)s and id = %(waiting)s",
    ),
    Kind.COMPACTION_WITHOUT_JOB: (
        (
            "insert into compaction (bucket, id, instance_id, scope_id, conversation, status, trigger, strategy, initiated_at)"
            " values (%(bucket)s, 17, %(instance)s, %(scope)s, 'c', 'in_progress', 'call', 'adaptive', now())"
        ),
    ),
    Kind.DOCUMENT_WITHOUT_INGESTION: ("delete from ingestion where bucket = %(bucket)s and id = %(done)s",),
    Kind.SEGMENT_WITHOUT_DOCUMENT: (
        "update segment{t} set document_row = 17 where scope_id = %(scope)s and emb is not null",
    ),
    Kind.MEMORY_WITHOUT_DOCUMENT: ("update memory{t} set document_row = 17 where scope_id = %(scope)s",),
    Kind.MEMORY_WITHOUT_LOCATOR: ("delete from locator where bucket = %(bucket)s and scope_id = %(scope)s",),
    Kind.MENTION_WITHOUT_MEMORY: (
        "insert into mention{t} (bucket, entity_id, memory_id, scope_id) values (%(bucket)s, 17, 17, %(scope)s)",
    ),
    Kind.LOST_MEMORY: ("delete from memory{t} where scope_id = %(scope)s",),
    Kind.NAME_OF_ERASED_DOCUMENT: (
        "update ingestion set document_row = 17 where bucket = %(bucket)s and id = %(done)s",
    ),
    Kind.VECTOR_OF_ERASED_SEGMENT: ("update segment{t} set status = 2 where scope_id = %(scope)s and emb is not null",),
    Kind.MEMORY_WITHOUT_VECTOR: ("update memory{t} set emb = null where scope_id = %(scope)s",),
    Kind.SEGMENT_WITHOUT_VECTOR: ("update segment{t} set emb = null where scope_id = %(scope)s",),
    Kind.MEMORY_WITH_FOREIGN_VECTOR: ("update memory{t} set emb = '[1, 0]' where scope_id = %(scope)s",),
    Kind.SEGMENT_WITH_FOREIGN_VECTOR: (
        "update segment{t} set emb = '[1, 0]' where scope_id = %(scope)s and emb is not null",
    ),
    Kind.MEMORY_WITH_FORGOTTEN_VECTOR: ("update memory{t} set emb_alt = emb where scope_id = %(scope)s",),
    Kind.SEGMENT_WITH_FORGOTTEN_VECTOR: ("update segment{t} set emb_alt = emb where scope_id = %(scope)s",),
}
LEFT_WITHOUT_VECTOR = {
    Kind.MEMORY_WITH_FOREIGN_VECTOR: Kind.MEMORY_WITHOUT_VECTOR,
    Kind.SEGMENT_WITH_FOREIGN_VECTOR: Kind.SEGMENT_WITHOUT_VECTOR,
}
"""Making new vectors is the engine's: see tests/contract/test_stocktaking.py."""


class Vandal:
    """Somebody with a hand in the tables."""

    def __init__(
        self, connection: psycopg.Connection[Any], desk: Any, scope: Scope, *, done: str, waiting: str
    ) -> None:
        self._connection = connection
        self._suffix = "_shared" if scope.shared else ""
        self._params = {
            "bucket": scope.bucket,
            "scope": scope.id,
            "instance": desk.place.instance_id,
            "done": _row(done),
            "waiting": _row(waiting),
        }

    def do(self, *statements: str) -> None:
        for statement in statements:
            self._connection.execute(statement.replace("{t}", self._suffix).encode(), self._params)

    def see(self, query: str) -> Any:
        row = self._connection.execute(query.replace("{t}", self._suffix).encode(), self._params).fetchone()
        return row[0] if row else None


def _row(public_id: str) -> int:
    ref = decode_public_id(public_id)
    assert ref is not None
    return ref.row_id


@pytest.fixture(params=["customer", "client"])
def scope(desk: Any, request: pytest.FixtureRequest) -> Scope:
    owner: Scope = desk.scope(customer="acme") if request.param == "customer" else desk.client
    return owner


@pytest.fixture
async def vandal(desk: Any, scope: Scope, owner_dsn: str) -> Any:
    """A scope in good order, with one document remembered and one waiting, and somebody who can break it."""
    first = await desk.accept(scope, "The cellar holds the wine.", document_id="cellar")
    await desk.work(scope, "The cellar holds the wine.", vectors=[[1, 0, 0, 0]])
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("update segment set emb = %s where scope_id = %s", [VECTOR, scope.id])
        connection.execute("update segment_shared set emb = %s where scope_id = %s", [VECTOR, scope.id])
        second = await desk.accept(scope, "The attic holds the maps.", document_id="attic")
        yield Vandal(connection, desk, scope, done=first.ingestion_id, waiting=second.ingestion_id)


async def look(desk: Any, scope: Scope) -> list[Finding]:
    """Return what a look at the scope's bucket finds in this scope."""
    stock, after, held = desk.store.stock, -1, []
    while page := await stock.scopes(SHARED_BUCKET if scope.shared else scope.bucket, after=after):
        held += [one for one in page if one.scope == scope]
        after = page[-1].scope.id
    found = await stock.in_queue(scope.bucket, now=desk.clock.now())
    found += await stock.in_content([scope], held, COLUMNS)
    return [finding for finding in found if finding.held.scope == scope]


async def mend(desk: Any, scope: Scope, findings: list[Finding]) -> int:
    return sum([await desk.store.stock.mend(scope, one, COLUMNS, now=desk.clock.now()) for one in findings])


def test_each_kind_of_damage_is_planted_here() -> None:
    assert set(PLANTS) == set(Kind)


@pytest.mark.usefixtures("vandal")
async def test_nothing_is_found_where_all_is_well(desk: Any, scope: Scope) -> None:
    assert await look(desk, scope) == []


@pytest.mark.parametrize("kind", Kind)
async def test_damage_is_found_and_mended(desk: Any, scope: Scope, vandal: Vandal, kind: Kind) -> None:
    vandal.do(*PLANTS[kind])

    found = await look(desk, scope)
    mended = await mend(desk, scope, found)
    left = {one.kind for one in await look(desk, scope)}

    assert {one.kind for one in found} == {kind}
    if kind in REPORTED or kind.value.endswith("_without_vector"):
        assert (mended, left) == (0, {kind})
    else:
        assert mended > 0
        assert left == ({LEFT_WITHOUT_VECTOR[kind]} if kind in LEFT_WITHOUT_VECTOR else set())


async def test_an_ingestion_that_nobody_works_on_is_worked_on_again(desk: Any, scope: Scope, vandal: Vandal) -> None:
    vandal.do(*PLANTS[Kind.UNWORKED_INGESTION])

    await mend(desk, scope, await look(desk, scope))
    await desk.work(scope, "The attic holds the maps.")

    assert vandal.see("select status from ingestion where bucket = %(bucket)s and id = %(waiting)s") == "completed"


async def test_an_ingestion_whose_document_is_gone_fails_with_the_reason(
    desk: Any, scope: Scope, vandal: Vandal
) -> None:
    vandal.do(*PLANTS[Kind.UNWORKED_INGESTION], "delete from document{t} where ingestion_id = %(waiting)s")
    vandal.do("delete from segment{t} where scope_id = %(scope)s and emb is null")

    await mend(desk, scope, await look(desk, scope))

    assert vandal.see("select status from ingestion where id = %(waiting)s") == "failed"
    assert "gone" in vandal.see("select message from ingestion where id = %(waiting)s")
    assert await look(desk, scope) == []


async def test_a_dead_letter_is_not_worked_on_again_by_itself(desk: Any, scope: Scope, vandal: Vandal) -> None:
    vandal.do("update job set state = 'dead' where bucket = %(bucket)s and ingestion_id = %(waiting)s")

    await mend(desk, scope, await look(desk, scope))

    assert vandal.see("select status from ingestion where id = %(waiting)s") == "failed"
    assert vandal.see("select count(*) from job where ingestion_id = %(waiting)s and state <> 'dead'") == 0


async def test_two_that_mend_at_once_queue_an_ingestion_once(desk: Any, scope: Scope, vandal: Vandal) -> None:
    vandal.do(*PLANTS[Kind.UNWORKED_INGESTION])
    found = await look(desk, scope)

    mended = await mend(desk, scope, found) + await mend(desk, scope, found)

    assert mended == 1
    assert vandal.see("select count(*) from job where bucket = %(bucket)s and ingestion_id = %(waiting)s") == 1


async def test_a_document_without_an_ingestion_is_worked_through_anew(desk: Any, scope: Scope, vandal: Vandal) -> None:
    vandal.do(*PLANTS[Kind.DOCUMENT_WITHOUT_INGESTION])

    await mend(desk, scope, await look(desk, scope))

    assert vandal.see("select status from ingestion where bucket = %(bucket)s and id = %(done)s") == "queued"
    assert vandal.see("select count(*) from job where bucket = %(bucket)s and ingestion_id = %(done)s") == 1


async def test_a_job_without_a_lane_does_not_jump_ahead(desk: Any, scope: Scope, vandal: Vandal) -> None:
    vandal.do("update lane set vt = 40 where bucket = %(bucket)s and lane = -1")
    vandal.do("delete from lane where bucket = %(bucket)s and lane <> -1")

    await mend(desk, scope, await look(desk, scope))

    assert vandal.see("select min(vt) from lane where bucket = %(bucket)s") == 40


async def test_what_is_mended_is_another_version_for_caches(desk: Any, scope: Scope, vandal: Vandal) -> None:
    versions = (
        "select version from scope where id = %(scope)s union select version from scope_shared where id = %(scope)s"
    )
    vandal.do(*PLANTS[Kind.SEGMENT_WITHOUT_DOCUMENT])
    before = vandal.see(versions)

    await mend(desk, scope, await look(desk, scope))

    assert vandal.see(versions) > before


async def test_nothing_is_mended_where_a_deletion_is_running(desk: Any, vandal: Vandal, scope: Scope) -> None:
    if scope.shared:
        pytest.skip("what is kept of CLIENT is never held closed")
    vandal.do(*PLANTS[Kind.UNWORKED_INGESTION])
    found = await look(desk, scope)
    vandal.do("update scope set closed_by = 1 where bucket = %(bucket)s and id = %(scope)s")

    with pytest.raises(ConflictError):
        await mend(desk, scope, found)

    assert await look(desk, scope) == []
    assert vandal.see("select count(*) from job where bucket = %(bucket)s and ingestion_id = %(waiting)s") == 0


async def test_mending_one_scope_leaves_a_strangers_damage_alone(desk: Any, scope: Scope, vandal: Vandal) -> None:
    stranger = desk.scope(customer="globex")
    await desk.remember(stranger, "The barn holds the hay.")
    vandal.do(*PLANTS[Kind.MEMORY_WITHOUT_LOCATOR])
    theirs = await look(desk, stranger)
    (mine,) = await look(desk, scope)
    claimed = Finding(kind=mine.kind, held=mine.held, rows=(*mine.rows, *(row for one in theirs for row in one.rows)))

    await mend(desk, scope, [claimed])

    assert await look(desk, stranger) == theirs
    assert theirs  # its rows have no vectors


async def test_a_bucket_is_looked_at_by_one_process_at_a_time(fresh_desk: Any) -> None:
    now = fresh_desk.clock.now()
    stock = fresh_desk.store.stock

    taken = [await stock.claim(5, before=now - timedelta(hours=1), now=now) for _ in range(2)]
    later = fresh_desk.later(hours=2)

    assert taken == [True, False]
    assert await stock.claim(5, before=later - timedelta(hours=1), now=later)


async def test_what_earlier_versions_left_of_what_was_erased_goes(desk: Any, scope: Scope, vandal: Vandal) -> None:
    vandal.do(*PLANTS[Kind.NAME_OF_ERASED_DOCUMENT], *PLANTS[Kind.VECTOR_OF_ERASED_SEGMENT])

    await mend(desk, scope, await look(desk, scope))

    assert vandal.see("select document_key from ingestion where bucket = %(bucket)s and id = %(done)s") == ""
    assert vandal.see("select document_key from ingestion where bucket = %(bucket)s and id = %(waiting)s") == "attic"
    assert vandal.see("select count(*) from segment{t} where scope_id = %(scope)s and emb is not null") == 0
