"""Fetches: without and with the embedding, from the cache, over HTTP; beside a bare round trip."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import psycopg

from benchmarks.speed.corpus import BIG_USER, Corpus, Owner
from benchmarks.speed.timing import Times, measure
from synap.api.contexts import FetchContext
from synap.domain.contexts import Query, Search
from synap.domain.scopes import LADDER, Ids, Place, decide_scope, scope_chain
from synap.domain.terms import term_hashes
from synap.engine.accounts import new_key, new_key_id
from synap.engine.api import EngineApi
from synap.engine.engine import Engine
from synap.retrieval.compose import Wanted, compose
from synap.sdk.http import HttpApi
from synap.sdk.transport import Transport
from synap.server.serve import run as serve

SENTENCES = (
    "what did we decide about the delivery to the harbour",
    "which colour was chosen for the second prototype",
    "when does the contract with the printing house end",
    "who looks after the greenhouse during the holidays",
    "how should the weekly report be written",
)


async def tidy(engine: Engine) -> None:
    """Vacuum and analyse, as autovacuum would have by and by: index-only scans need it."""
    dsn = engine.core.spaces.owner_dsn
    if dsn is None:
        return
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("vacuum analyze")


async def bare_round_trip(engine: Engine, *, rounds: int) -> Times:
    """Measure an empty transaction of the same shape: begin, enter, `select 1`, commit, in one pipelined exchange."""

    async def work(_: int) -> None:
        await engine.core.store.ping()

    return await measure("bare pipelined SELECT 1", work, rounds=rounds)


async def fetches(
    engine: Engine, api: EngineApi, corpus: Corpus, owners: Sequence[Owner], *, rounds: int
) -> list[Times]:
    """Measure hybrid fetches of typical users and of the biggest, without and with the embedding, and cache hits."""
    place = engine.core.instance_of(api.caller).place
    users = [(owner.customer or "", owner.user) for owner in owners if owner.user not in (None, BIG_USER[1])]
    chosen = [random.choice(users) for _ in range(rounds + 10)]
    typical = [(customer, user or "") for customer, user in chosen]
    big = [BIG_USER] * (rounds + 10)
    return [
        await measure("hybrid fetch, typical user, no embedding", _recalling(engine, place, corpus, typical), rounds=rounds),
        await measure("hybrid fetch, user of 10,000, no embedding", _recalling(engine, place, corpus, big), rounds=rounds),
        await measure("store alone, typical user", _recalling(engine, place, corpus, typical, composed=False), rounds=rounds),
        await measure("store alone, user of 10,000", _recalling(engine, place, corpus, big, composed=False), rounds=rounds),
        await measure("fetch with MiniLM, typical user", _asking(api, typical), rounds=rounds),
        await measure("fetch with MiniLM, user of 10,000", _asking(api, big), rounds=rounds),
        await measure("cache hit (client fetch)", partial(_ask_client, api), rounds=rounds),
    ]


def _recalling(engine: Engine, place: Place, corpus: Corpus, viewers: Sequence[tuple[str, str]], *, composed: bool = True):  # type: ignore[no-untyped-def]  # a local closure; its type is that of `measure`'s argument
    texts, vectors = corpus.texts(len(viewers)), corpus.vectors(len(viewers))
    wanted = Wanted(max_results=10, budget=4096, ladder=LADDER)

    async def work(number: int) -> None:
        customer, user = viewers[number]
        text = " ".join(texts[number].split()[:6])
        query = Query(text=text, terms=term_hashes(text), vector=vectors[number])
        scope = decide_scope(place, Ids(customer_id=customer, user_id=user))
        search = Search(chain=scope_chain(place, scope), queries=(query,), now=datetime.now(UTC))
        recall = await engine.core.store.search.recall(search)
        if composed:
            compose(recall, search, wanted)

    return work


def _asking(api: EngineApi | HttpApi, viewers: Sequence[tuple[str, str]]):  # type: ignore[no-untyped-def]  # as above
    async def work(number: int) -> None:
        customer, user = viewers[number]
        query = f"{SENTENCES[number % len(SENTENCES)]} {number}"
        await api.fetch_context(
            FetchContext(target="user", customer_id=customer, user_id=user, search_query=(query,))
        )

    return work


async def _ask_client(api: EngineApi, _: int) -> None:
    await api.fetch_context(FetchContext(target="client", search_query=(SENTENCES[0],)))


async def over_http(engine: Engine, api: EngineApi, owners: Sequence[Owner], *, rounds: int) -> list[Times]:
    """Measure the same fetch in process and through the REST door of the same process, in turn."""
    instance = engine.core.instance_of(api.caller).id
    key = new_key()
    await engine.core.store.accounts.create_key(
        instance, new_key_id(), secret=key, label="bench", now=engine.core.clock.now()
    )
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    door = asyncio.create_task(
        serve(engine, "127.0.0.1", 0, stop=stop, on_listening=lambda _, port: ready.set_result(port))
    )
    remote = HttpApi(Transport(f"http://127.0.0.1:{await ready}", key, timeout=30.0))
    users = [(owner.customer or "", owner.user or "") for owner in owners if owner.user not in (None, BIG_USER[1])]
    viewers = [random.choice(users) for _ in range(rounds + 10)]
    try:
        inside = await measure("fetch with MiniLM, in process", _asking(api, viewers), rounds=rounds)
        outside = await measure("the same over HTTP", _asking(remote, viewers), rounds=rounds)
    finally:
        await remote.close()
        stop.set()
        await door
    return [inside, outside]
