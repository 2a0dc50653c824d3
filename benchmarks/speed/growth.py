"""The store at its size, and ten times as large: fetches of typical and big users, writes, and what a memory takes on disk.

It grows by whole deployments, each with the same applications, customers and users as the first (`copies.py`): the scopes
stay as they are, and there are more of them. The bare round trip beside each size tells how the machine was then.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import psycopg

from benchmarks.speed.copies import Copier, multiply
from benchmarks.speed.corpus import BIG_USER, Corpus, Owner, write
from benchmarks.speed.fetching import House, asking, bare_round_trip, recalling, sessions, tidy
from benchmarks.speed.timing import Times, measure
from benchmarks.speed.writing import TURN
from synap.api.memories import CreateMemory
from synap.domain.scopes import Ids, decide_scope

WRITERS = 8
"""Callers that write at once."""

MEMORIES = 10
"""Of a document that is written as a worker does."""

MIB = 1024 * 1024
_COUNT = "select (select count(*) from memory) + (select count(*) from memory_shared)"
_SIZES = """
select case when c.relname like 'memory%' then 'memory' when c.relname like 'segment%' then 'segment'
    when c.relname like 'document%' then 'document' else 'the rest' end as part,
    sum(pg_table_size(c.oid))::bigint as rows, sum(pg_indexes_size(c.oid))::bigint as indexes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = current_schema()
group by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What was measured of a store of so many memories."""

    memories: int
    base: Times
    fetches: Sequence[Times]
    documents_a_second: float
    memories_a_second: float


async def run(house: House, corpus: Corpus, copier: Copier, *, times: int, rounds: int) -> House:
    """Measure, grow the store to `times` its size, measure again, and print tables; returns the grown house."""
    await print_disk(house)
    sizes = [await _measured(house, corpus, rounds=rounds)]
    if times > 1:
        started = time.perf_counter()
        for _ in range(times - 1):
            house = await multiply(house, copier)
        copied = time.perf_counter() - started
        await tidy(house.engine)
        print(f"grown in {copied:.0f} s, vacuumed and analysed in {time.perf_counter() - started - copied:.0f} s more")
        await print_disk(house)
        sizes.append(await _measured(house, corpus, rounds=rounds))
    _print(sizes)
    return house


async def print_disk(house: House) -> None:
    """Print how many bytes a memory takes on disk, with its passage and whatever else is kept beside it."""
    dsn = house.engine.core.spaces.owner_dsn or ""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        row = await (await connection.execute(_COUNT)).fetchone()
        parts = await (await connection.execute(_SIZES)).fetchall()
        whole = await (await connection.execute("select pg_database_size(current_database())")).fetchone()
    count = int(row[0]) if row else 0
    print(f"\n{f'on disk, bytes per memory of {count:,}':46}{'rows':>10}{'indexes':>10}")
    for part, rows, indexes in sorted(parts):
        print(f"{part:46}{rows / count:>10.0f}{indexes / count:>10.0f}")
    size = int(whole[0]) if whole else 0
    print(f"{'all':46}{size / count:>10.0f}  = {size / MIB:,.0f} MiB")


async def _measured(house: House, corpus: Corpus, *, rounds: int) -> Size:
    users = random.sample(house.users, len(house.users))
    big = [owner for owner in house.owners if owner.user == BIG_USER[1]]
    fresh, regular = users[: len(users) // 2], users[len(users) // 2 :]
    settle = house.engine.core.store.residents.settle
    first = min(rounds, max(1, len(fresh) - 10))
    some = partial(recalling, house, corpus, composed=True)
    again, salt = sessions(regular[::-1], rounds + 10), f"{len(house.owners)}-"
    name = f"hybrid fetch, user of {house.biggest.size:,}, no embedding"
    ways = partial(measure, rounds=rounds, between=settle)
    fetches = [
        await ways("hybrid fetch, typical user, no embedding", some(sessions(regular, rounds + 10))),
        await measure("the first question of a user", some((fresh * (first + 10))[: first + 10]), rounds=first),
        await ways(name, some(_repeated(big, rounds + 10))),
        await ways("fetch with the embedding, typical user", asking(house.apis, again, salt=salt)),
    ]
    return Size(
        memories=sum(owner.size for owner in house.owners),
        base=await bare_round_trip(house.engine, rounds=rounds),
        fetches=fetches,
        memories_a_second=await _applied(house, corpus, rounds=rounds),
        documents_a_second=await _accepted(house, rounds=rounds),
    )


async def _applied(house: House, corpus: Corpus, *, rounds: int) -> float:
    """Return the memories per second of `WRITERS` that write documents of made-up memories; nothing is read or embedded."""
    store, salt = house.engine.core.store, len(house.owners)

    async def writer(number: int) -> None:
        place = house.places[number % len(house.places)]
        for _ in range(max(1, rounds // WRITERS)):
            scope = decide_scope(place, Ids(customer_id=f"applied-{salt}-{number}", user_id="writer"))
            await write(store, place, scope, corpus, MEMORIES)

    started = time.perf_counter()
    await asyncio.gather(*map(writer, range(WRITERS)))
    return WRITERS * max(1, rounds // WRITERS) * MEMORIES / (time.perf_counter() - started)


async def _accepted(house: House, *, rounds: int) -> float:
    """Return the acknowledged documents per second of `WRITERS` callers."""
    salt = len(house.owners)

    async def writer(number: int) -> None:
        api = house.apis[number % len(house.apis)]
        for turn in range(max(1, rounds // WRITERS)):
            text = TURN.format(n=f"{salt}-{turn}")
            await api.create_memory(CreateMemory(document=text, customer_id=f"accepted-{number}", user_id="writer"))

    started = time.perf_counter()
    await asyncio.gather(*map(writer, range(WRITERS)))
    return WRITERS * max(1, rounds // WRITERS) / (time.perf_counter() - started)


def _repeated(owners: Sequence[Owner], count: int) -> list[Owner]:
    return [owners[number % len(owners)] for number in range(count)]


def _print(sizes: Sequence[Size]) -> None:
    first = sizes[0]
    print(f"\n{'memories':46}{'n':>11}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'x base':>8}{'x smaller':>11}")
    for row, small in enumerate(first.fetches):
        for size in sizes:
            times = size.fetches[row]
            scaled, before = times.p50 / size.base.p50, small.p50 / first.base.p50
            print(
                f"{times.name:46}{size.memories:>11,}{times.p50:>9.2f}{times.p95:>9.2f}{times.p99:>9.2f}{scaled:>8.1f}"
                f"{'' if size is first else f'{scaled / before:.2f}':>11}"
            )
    for size in sizes:
        base = size.base
        print(f"{base.name:46}{size.memories:>11,}{base.p50:>9.2f}{base.p95:>9.2f}{base.p99:>9.2f}")
    for size in sizes:
        print(
            f"{f'{WRITERS} writers at once':46}{size.memories:>11,}  {size.documents_a_second:.0f} documents/s acknowledged; "
            f"{size.memories_a_second:.0f} memories/s applied, {MEMORIES} to a document"
        )
