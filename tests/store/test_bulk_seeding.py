"""What the benchmarks copy in bulk is what the product writes: the same rows, the same answers, nothing to mend.

And those that take the store as it is run through, on a very small one.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from benchmarks.bench_engine import fresh_instance
from benchmarks.speed import erasing, growth, queueing
from benchmarks.speed.copies import TABLES, Copier, copies_of_user, multiply
from benchmarks.speed.corpus import INSTANCES, Corpus, load
from benchmarks.speed.fetching import House
from psycopg import sql

from synap.api.contexts import FetchContext
from synap.bootstrap import Opening, open_engine
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.settings import Settings
from synap.testing import FixedEmbedder

DIM = 16


@pytest.fixture
def partitioned() -> bool:
    """Whether the tables are divided: never in a benchmark."""
    return False


@pytest.fixture
async def house(fresh_dsn: str, fresh_owner_dsn: str) -> AsyncIterator[House]:
    """A few customers of three instances, with memories written by the store's own operations."""
    settings = Settings(database_url=fresh_dsn, migration_url=fresh_owner_dsn)
    engine = await open_engine(settings, Opening(workers=0, embedder=FixedEmbedder(dim=DIM)))
    apis = [await fresh_instance(engine, f"speed-{number}") for number in range(INSTANCES)]
    places = [engine.core.instance_of(api.caller).place for api in apis]
    corpus = Corpus(dim=DIM)
    owners = [owner for owner in corpus.owners(total=300, users=4, big=60) if owner.user or owner.customer is None]
    await load(engine, places, corpus, owners)
    yield House(engine=engine, apis=apis, places=places, owners=owners)
    await engine.stop()


def _scope(house: House, number: int) -> Scope:
    owner = house.owners[number]
    return decide_scope(house.places[owner.instance], Ids(customer_id=owner.customer, user_id=owner.user))


def _rows(connection: psycopg.Connection[Any], table: str, scope: Scope) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    query = sql.SQL("select * from {} where scope_id = %s").format(sql.Identifier(table))
    rows = cursor.execute(query, [scope.id]).fetchall()
    own = ("bucket", "scope_id", "instance_id")
    return sorted(({k: v for k, v in row.items() if k not in own} for row in rows), key=repr)


def _moved(table: str, row: dict[str, Any], back: int) -> dict[str, Any]:
    told = TABLES[table]
    one = {name: None if row[name] is None else row[name] + back for name in told.ids}
    many = {name: [value + back for value in row[name]] for name in told.lists}
    return {**row, **one, **many}


async def test_a_copied_scope_has_the_rows_of_the_one_it_was_copied_from(house: House, fresh_owner_dsn: str) -> None:
    copier = Copier(fresh_owner_dsn)
    grown = await multiply(house, copier)
    first = len(house.owners)

    with psycopg.connect(fresh_owner_dsn) as connection:
        compared = 0
        for number in range(first):
            for table in TABLES:
                wanted = _rows(connection, table, _scope(grown, number))
                copied = _rows(connection, table, _scope(grown, first + number))
                assert sorted((_moved(table, row, copier.span) for row in copied), key=repr) == wanted
                compared += len(wanted)

    assert compared > 2 * sum(owner.size for owner in house.owners)


async def test_a_copied_user_is_answered_as_the_one_it_was_copied_from(house: House, fresh_owner_dsn: str) -> None:
    random.seed(7)
    grown = await multiply(house, Copier(fresh_owner_dsn))
    number = next(at for at, owner in enumerate(house.owners) if owner.user is not None)
    answers = []

    for owner in (grown.owners[number], grown.owners[len(house.owners) + number]):
        request = FetchContext(
            target="user", customer_id=owner.customer, user_id=owner.user, search_query=("the delivery to the harbour",)
        )
        context = await grown.apis[owner.instance].fetch_context(request)
        answers.append([(item.content, item.scope) for item in context.items])

    assert answers[0]
    assert answers[0] == answers[1]


async def test_copies_leave_nothing_to_mend(house: House, fresh_owner_dsn: str) -> None:
    copier = Copier(fresh_owner_dsn)
    grown = await multiply(house, copier)
    await copies_of_user(grown, copier, grown.owners[0], ["another", "and-another"])

    stock = await house.engine.take_stock(seconds=60)

    assert stock.found == {}
    assert stock.ended == 2 * len(house.owners) + 2


async def test_a_copy_can_be_erased_and_the_first_one_stays(house: House, fresh_owner_dsn: str) -> None:
    copier = Copier(fresh_owner_dsn)
    (copied,) = await copies_of_user(house, copier, house.owners[0], ["another"])
    place = house.places[copied.instance]
    scope = decide_scope(place, Ids(customer_id=copied.customer, user_id=copied.user))

    await house.engine.core.store.erasure.scope(scope, instance_id=place.instance_id)

    with psycopg.connect(fresh_owner_dsn) as connection:
        assert not any(_rows(connection, table, scope) for table in TABLES if table not in ("scope_write", "locator"))
        assert len(_rows(connection, "memory", _scope(house, 0))) == house.owners[0].size


async def test_rows_that_would_not_be_copied_are_refused(house: House, fresh_owner_dsn: str) -> None:
    scope = _scope(house, 0)
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as connection:
        connection.execute(
            "insert into mention (bucket, entity_id, memory_id, scope_id) values (%s, 1, 1, %s)",
            [scope.bucket, scope.id],
        )

    with pytest.raises(RuntimeError, match="mention has rows"):
        await multiply(house, Copier(fresh_owner_dsn))


async def test_the_tables_are_printed(house: House, fresh_owner_dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    random.seed(7)
    corpus, copier = Corpus(dim=DIM, seed=8), Copier(fresh_owner_dsn)
    await queueing.run(house.engine, jobs=20)

    grown = await growth.run(house, corpus, copier, times=2, rounds=8)
    await erasing.run(grown, corpus, copier)

    printed = capsys.readouterr().out
    rows = {line.split("  ")[0] for line in printed.splitlines()}
    assert {"4 at work", "all in one bucket", "8 writers at once", "erase a user of 60", "the rest"} <= rows
    assert printed.count("the first question of a user") == 2
    assert "nan" not in printed
