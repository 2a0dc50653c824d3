"""Row-level security on beside off, as the store's operations meet it; the statements name their scopes in both cases.

Off is a login with the rights of the application that bypasses the policies. There is no such login outside of this
benchmark, whose store goes away with it: start-up refuses one.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.speed.corpus import Corpus, write
from benchmarks.speed.fetching import House, recalling, sessions
from benchmarks.speed.pairs import Pair, beside, print_pairs
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.engine.engine import Engine
from synap.retrieval.ahead import prepare
from synap.store.database import Database
from synap.store.residents import RESIDENT_BYTES
from synap.store.server import Role
from synap.store.store import Store

FREE = "synap_bench_free"
MEMORIES = 10
"""Of a document that is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The store behind one login: with what searches read kept in memory, and without."""

    warm: Store
    cold: Store


async def run(house: House, corpus: Corpus, *, rounds: int) -> None:
    """Measure both logins in alternation, and print one table."""
    owner = house.engine.core.spaces.owner_dsn or ""
    await _make_free_login(owner)
    async with _side(house.engine, owner, Role.APP.value) as on, _side(house.engine, owner, FREE) as off:
        rows = await _rows(house, corpus, on, off, rounds=rounds)
    print_pairs("row-level security on beside off", "on", "off", rows)


async def _rows(house: House, corpus: Corpus, on: Side, off: Side, *, rounds: int) -> list[Pair]:
    typical = sessions(random.sample(house.users, len(house.users)), rounds + 10)
    big = [house.biggest] * (rounds + 10)
    place = house.places[0]
    listed = decide_scope(place, Ids(customer_id=house.biggest.customer, user_id=house.biggest.user))
    fetch = partial(recalling, house, corpus)
    name = f"user of {house.biggest.size:,}"

    async def settle(_: int) -> None:
        for side in (on, off):
            await side.warm.residents.settle()

    async def list_some(side: Side, scope: Scope, number: int) -> None:
        await side.warm.memories.list(scope, page=1 + number % 20)

    async def put(side: Side, number: int) -> None:
        scope = decide_scope(place, Ids(customer_id="walls", user_id=f"walls-{number % 20}"))
        await write(side.warm, place, scope, corpus, MEMORIES)

    ways = partial(beside, rounds=rounds, between=settle)
    return [
        await ways("store's search, typical user", fetch(typical, store=on.warm), fetch(typical, store=off.warm)),
        await ways("the same, nothing in memory", fetch(typical, store=on.cold), fetch(typical, store=off.cold)),
        await ways(f"store's search, {name}", fetch(big, store=on.warm), fetch(big, store=off.warm)),
        await ways("the same, nothing in memory", fetch(big, store=on.cold), fetch(big, store=off.cold)),
        await ways(f"a page of 20 memories, {name}", partial(list_some, on, listed), partial(list_some, off, listed)),
        await ways(f"a document of {MEMORIES} memories written", partial(put, on), partial(put, off)),
    ]


async def _make_free_login(owner: str) -> None:
    """Make the login that bypasses the policies, with the application's rights and the settings of its role."""
    role = sql.Identifier(FREE)
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
        await connection.execute(sql.SQL("drop role if exists {}").format(role))
        await connection.execute(sql.SQL("create role {} login bypassrls in role synap_app").format(role))
        cursor = await connection.execute(
            "select unnest(setconfig) from pg_db_role_setting where setrole = 'synap_app'::regrole and setdatabase = 0"
        )
        for (setting,) in await cursor.fetchall():
            name, _, value = setting.partition("=")
            line = sql.SQL("alter role {} set {} = {}").format(role, sql.Identifier(name), sql.Literal(value))
            await connection.execute(line)
    await _check_free(make_conninfo(owner, user=FREE), make_conninfo(owner, user=Role.APP.value))


async def _check_free(free: str, bound: str) -> None:
    """Fail unless the policies bind the one login and not the other: else the table would compare a thing with itself."""
    async with await psycopg.AsyncConnection.connect(free) as connection:
        row = await (await connection.execute("select exists (select from memory)")).fetchone()
        if row != (True,):
            raise RuntimeError(f"{FREE} sees nothing: its policies still apply")
    async with await psycopg.AsyncConnection.connect(bound) as connection:
        try:
            await connection.execute("select exists (select from memory)")
        except psycopg.errors.UndefinedObject:
            return
    raise RuntimeError(f"{Role.APP.value} reads without entering a scope: its policies do not apply")


@asynccontextmanager
async def _side(engine: Engine, owner: str, login: str) -> AsyncIterator[Side]:
    async with AsyncExitStack() as stack:
        dsn = make_conninfo(owner, user=login)
        stores = []
        for capacity in (RESIDENT_BYTES, 0):
            database = await stack.enter_async_context(await Database.open(dsn, size=4))
            store = Store(database, engine.core.clock, resident_bytes=capacity, prepare=prepare)
            stack.push_async_callback(store.close)
            stores.append(store)
        yield Side(warm=stores[0], cold=stores[1])
