"""Bulk seeding: rows that the store's own operations wrote, copied inside the database for other scopes.

A copied row is the product's, column for column, but for whom it belongs to and its ids, which lie a span of time further
back; so a store of a million memories takes minutes, and nothing here knows how a row is made. What the columns refer to
is told once, below; a table with rows of the scopes that is not told of is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg
from psycopg import sql

from benchmarks.bench_engine import fresh_instance
from benchmarks.speed.corpus import INSTANCES, Owner
from benchmarks.speed.fetching import House
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.store.queue import lane_of

Connection = psycopg.AsyncConnection[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A scope whose rows are copied, and the new scope that gets them."""

    old: Scope
    new: Scope
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns of a table that hold row ids: single ones, and arrays of them."""

    ids: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


_CONTENT = {
    "document": Columns(ids=("id", "ingestion_id", "previous")),
    "segment": Columns(ids=("id", "document_row")),
    "memory": Columns(ids=("id", "document_row", "segment_row", "superseded_by"), lists=("sources",)),
    "scope_write": Columns(lists=("memories", "segments")),
}
TABLES: Mapping[str, Columns] = {
    **_CONTENT,
    **{f"{name}_shared": columns for name, columns in _CONTENT.items()},
    "ingestion": Columns(ids=("id", "document_row", "batch_id"), lists=("memory_ids",)),
    "locator": Columns(ids=("id",)),
}
"""Tables with rows of scopes that are copied; the rows of the scopes themselves, and their lanes, are made."""

_OWN_STATEMENTS = ("scope", "scope_shared", "lane")
_MAPPING = """
create temporary table copied (
    old_bucket int, old_id bigint, bucket int, id bigint, digest bytea, instance_id text, space text, customer_id text,
    user_id text, shared boolean, lane bigint, primary key (old_bucket, old_id, bucket, id)) on commit drop
"""
_SCOPES = """
insert into scope (bucket, id, digest, instance_id, space, rung, customer_id, user_id, version, created_at)
select c.bucket, c.id, c.digest, c.instance_id, c.space, s.rung, c.customer_id, c.user_id, s.version, s.created_at
from scope s join copied c on c.old_bucket = s.bucket and c.old_id = s.id where not c.shared
"""
_SHARED_SCOPES = """
insert into scope_shared (id, digest, instance_id, space, rung, version, created_at)
select c.id, c.digest, c.instance_id, c.space, s.rung, s.version, s.created_at
from scope_shared s join copied c on c.old_id = s.id where c.shared
"""
_LANES = """
insert into lane (bucket, lane, vt)
select distinct c.bucket, l.lane, 0 from copied c cross join lateral (values (-1::bigint), (c.lane)) as l (lane)
on conflict do nothing
"""


@dataclass(slots=True)
class Copier:
    """Copies scopes of one database; each copy has ids of its own.

    Attributes:
        dsn: Where the owner of the schema logs in, whom no policy binds.
        span: How far apart the ids of two copies lie; as many as there were between the first and the last at the start.
        made: Copies made so far.
    """

    dsn: str
    span: int = 0
    made: int = field(default=0)

    async def copy(self, copies: Sequence[Copy]) -> Mapping[str, int]:
        """Copy all rows of scopes to others that have none, in one transaction; return how many, by table."""
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
            await connection.execute("set local synchronous_commit = off")
            if not self.span:
                self.span = await _span(connection)
            self.made += 1
            await connection.execute(_MAPPING)
            async with connection.cursor().copy("copy copied from stdin") as rows:
                for one in copies:
                    await rows.write_row(_row(one))
            await connection.execute("analyze copied")
            await _refuse_others(connection)
            counts = {name: await _copy(connection, name, self.made * self.span) for name in TABLES}
            for statement in (_SCOPES, _SHARED_SCOPES, _LANES):
                await connection.execute(statement)
        return counts


async def multiply(house: House, copier: Copier) -> House:
    """Return a house with the first deployment of `house` once more, in fresh instances, beside what it has already."""
    engine, first = house.engine, house.places[:INSTANCES]
    base = len(house.places)
    apis = [await fresh_instance(engine, f"speed-{base + number}") for number in range(INSTANCES)]
    places = [engine.core.instance_of(api.caller).place for api in apis]
    owners = [owner for owner in house.owners if owner.instance < INSTANCES]
    copies = []
    for owner in owners:
        ids = Ids(customer_id=owner.customer, user_id=owner.user)
        place = places[owner.instance]
        copies.append(
            Copy(
                old=decide_scope(first[owner.instance], ids),
                new=decide_scope(place, ids),
                instance_id=place.instance_id,
            )
        )
    await copier.copy(copies)
    more = [replace(owner, instance=base + owner.instance) for owner in owners]
    return House(
        engine=engine, apis=[*house.apis, *apis], places=[*house.places, *places], owners=[*house.owners, *more]
    )


async def copies_of_user(house: House, copier: Copier, owner: Owner, names: Sequence[str]) -> list[Owner]:
    """Copy a user to new customers of its instance, one of each name, and return them."""
    place = house.places[owner.instance]
    old = decide_scope(place, Ids(customer_id=owner.customer, user_id=owner.user))
    made = [replace(owner, customer=name, user=f"{name}-user") for name in names]
    for one in made:
        new = decide_scope(place, Ids(customer_id=one.customer, user_id=one.user))
        await copier.copy([Copy(old=old, new=new, instance_id=place.instance_id)])
    return made


def _row(one: Copy) -> tuple[object, ...]:
    old, new = one.old, one.new
    told = (new.digest, one.instance_id, new.space, new.customer_id, new.user_id, new.shared, lane_of(new))
    return (old.bucket, old.id, new.bucket, new.id, *told)


async def _span(connection: Connection) -> int:
    tables = [name for name, columns in TABLES.items() if "id" in columns.ids]
    parts = [sql.SQL("select min(id) as low, max(id) as high from {}").format(sql.Identifier(name)) for name in tables]
    query = sql.SQL("select max(high) - min(low) + 1 from ({}) as n").format(sql.SQL(" union all ").join(parts))
    row = await (await connection.execute(query)).fetchone()
    if row is None or not isinstance(row[0], int):
        raise RuntimeError("there is nothing to copy")
    return row[0]


async def _refuse_others(connection: Connection) -> None:
    """Fail where a table that is not copied holds rows of the scopes, lest the copies be less than what was written."""
    cursor = await connection.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " join pg_attribute a on a.attrelid = c.oid and a.attname = 'scope_id'"
        " where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition"
    )
    for (name,) in await cursor.fetchall():
        if name in TABLES or name in _OWN_STATEMENTS:
            continue
        query = sql.SQL("select exists (select from {} where scope_id in (select old_id from copied))")
        row = await (await connection.execute(query.format(sql.Identifier(str(name))))).fetchone()
        if row == (True,):
            raise RuntimeError(f"{name} has rows of these scopes, and is not among the tables that are copied")


async def _copy(connection: Connection, table: str, back: int) -> int:
    cursor = await connection.execute(
        "select column_name from information_schema.columns"
        " where table_schema = current_schema() and table_name = %s order by ordinal_position",
        [table],
    )
    names = [str(name) for (name,) in await cursor.fetchall()]
    query = sql.SQL("insert into {0} ({1}) select {2} from {0} t join copied c on {3} c.old_id = t.scope_id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(_values(table, names, back)),
        sql.SQL("c.old_bucket = t.bucket and" if "bucket" in names else ""),
    )
    return (await connection.execute(query)).rowcount


def _values(table: str, names: Sequence[str], back: int) -> Iterator[sql.Composable]:
    own = {"bucket": "c.bucket", "scope_id": "c.id", "instance_id": "c.instance_id"}
    told = TABLES[table]
    for name in names:
        column = sql.SQL("t.{}").format(sql.Identifier(name))
        if name in own:
            yield sql.SQL(own[name])
        elif name in told.ids:
            yield sql.SQL("{} - {}").format(column, sql.Literal(back))
        elif name in told.lists:
            moved = "array(select u.x - {1} from unnest({0}) with ordinality as u (x, n) order by u.n)"
            yield sql.SQL(moved).format(column, sql.Literal(back))
        else:
            yield column
