"""Fetches: without and with the embedding, from the cache, over HTTP; beside a bare round trip."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
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
from synap.engine.recalling import texts_read
from synap.retrieval.compose import Wanted, compose
from synap.sdk.http import HttpApi
from synap.sdk.transport import Transport
from synap.server.serve import listen
from synap.server.serve import run as serve
from synap.store.store import Store

SENTENCES = (
    "what did we decide about the delivery to the harbour",
    "which colour was chosen for the second prototype",
    "when does the contract with the printing house end",
    "who looks after the greenhouse during the holidays",
    "how should the weekly report be written",
)

COMPOUND = (
    "what did we decide about the delivery to the harbour and who looks after the greenhouse",
    "which colour was chosen for the prototype that the printing house made",
    "when does the contract end? and what does our landlord say",
    "where does the manager of the greenhouse spend the holidays",
    "how should the weekly report be written",
)
"""Questions that `accurate` takes apart or asks again, and one that it leaves as it is."""


TYPICAL_MS, BIG_MS, MINILM_MS, HIT_MS, ACCURATE_MS = 5.0, 25.0, 15.0, 2.0, 60.0
"""What the medians shall be at most."""

AT_A_TIME, TURNS = 15, 10
"""Sessions that go on at a time, and questions of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A loaded engine: an `Api` and a place per application, and who has memories in them."""

    engine: Engine
    apis: Sequence[EngineApi]
    places: Sequence[Place]
    owners: Sequence[Owner]

    @property
    def users(self) -> list[Owner]:
        """All users but the biggest."""
        return [owner for owner in self.owners if owner.user not in (None, BIG_USER[1])]

    @property
    def biggest(self) -> Owner:
        """The user with the most memories."""
        return next(owner for owner in self.owners if owner.user == BIG_USER[1])


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


async def fetches(house: House, corpus: Corpus, *, rounds: int) -> list[Times]:
    """Measure hybrid fetches of typical users and of the biggest, without and with the embedding, and cache hits.

    Typical users come in sessions, as people who talk to an agent do, and between two questions the process has the time to
    read ahead; what the first question of somebody takes, whose memories no question has read yet, is measured beside it.
    """
    users = random.sample(house.users, len(house.users))
    fresh, regular = users[: len(users) // 2], users[len(users) // 2 :]
    typical, again = sessions(regular, rounds + 10), sessions(regular[::-1], rounds + 10)
    big = [house.biggest] * (rounds + 10)
    name = f"user of {house.biggest.size:,}"
    pause = house.engine.core.store.residents.settle
    plain, whole = partial(recalling, house, corpus), partial(recalling, house, corpus, composed=True)
    return [
        await measure(
            "hybrid fetch, typical user, no embedding",
            whole(typical),
            rounds=rounds,
            target=TYPICAL_MS,
            between=pause,
        ),
        await measure("the first question of a user", whole(fresh), rounds=min(rounds, len(fresh) - 10)),
        await measure(f"hybrid fetch, {name}, no embedding", whole(big), rounds=rounds, target=BIG_MS),
        await measure("store alone, typical user", plain(typical), rounds=rounds, between=pause),
        await measure(f"store alone, {name}", plain(big), rounds=rounds),
        await measure(
            "fetch with MiniLM, typical user",
            asking(house.apis, again),
            rounds=rounds,
            target=MINILM_MS,
            between=pause,
        ),
        await measure(f"fetch with MiniLM, {name}", asking(house.apis, big), rounds=rounds),
        *await accurate(house, rounds=rounds),
        await measure("cache hit (client fetch)", partial(_ask_client, house.apis[0]), rounds=rounds, target=HIT_MS),
    ]


async def accurate(house: House, *, rounds: int) -> list[Times]:
    """Measure the mode `accurate` beside `fast` with the same questions, some of them compound, and with the embedding."""
    viewers = sessions(random.sample(house.users, len(house.users)), rounds + 10)
    ask = partial(asking, house.apis, viewers, questions=COMPOUND)
    pause = house.engine.core.store.residents.settle
    fast, deep = ask(salt="once "), ask(salt="twice ", mode="accurate")
    return [
        await measure("compound questions, fast, typical user", fast, rounds=rounds, between=pause),
        await measure("the same, accurate", deep, rounds=rounds, target=ACCURATE_MS, between=pause),
    ]


def sessions(users: Sequence[Owner], count: int) -> list[Owner]:
    """Return who asks: sessions of `TURNS` questions each, of which `AT_A_TIME` go on side by side in turns."""
    asking: list[Owner] = []
    for start in range(0, count, AT_A_TIME * TURNS):
        first = start // TURNS
        asking += [users[number % len(users)] for number in range(first, first + AT_A_TIME)] * TURNS
    return asking[:count]


def recalling(
    house: House, corpus: Corpus, viewers: Sequence[Owner], *, composed: bool = False, store: Store | None = None
) -> Callable[[int], Awaitable[None]]:
    """Return a search, `composed` into a context where asked for, in another `store` than the engine's where one is given."""
    searches = (store or house.engine.core.store).search
    texts, vectors = corpus.texts(len(viewers)), corpus.vectors(len(viewers))
    wanted = Wanted(max_results=10, budget=4096, ladder=LADDER)

    async def work(number: int) -> None:
        viewer = viewers[number]
        text = " ".join(texts[number].split()[:6])
        query = Query(text=text, terms=term_hashes(text), vector=vectors[number])
        place = house.places[viewer.instance]
        scope = decide_scope(place, Ids(customer_id=viewer.customer, user_id=viewer.user))
        search = Search(
            chain=scope_chain(place, scope),
            queries=(query,),
            now=datetime.now(UTC),
            texts=texts_read(wanted.max_results),
        )
        if composed:
            await searches.answer(search, lambda recall: compose(recall, search, wanted))
        else:
            await searches.recall(search)

    return work


def asking(
    apis: Sequence[EngineApi | HttpApi],
    viewers: Sequence[Owner],
    *,
    salt: str = "",
    questions: Sequence[str] = SENTENCES,
    mode: str = "fast",
) -> Callable[[int], Awaitable[None]]:
    """Return a fetch whose question nobody asked before, if `salt` is new, so that no cache answers it."""

    async def work(number: int) -> None:
        viewer = viewers[number]
        query = f"{questions[number % len(questions)]} {salt}{number}"
        await apis[viewer.instance].fetch_context(
            FetchContext(
                target="user", customer_id=viewer.customer, user_id=viewer.user, search_query=(query,), mode=mode
            )
        )

    return work


async def _ask_client(api: EngineApi, _: int) -> None:
    await api.fetch_context(FetchContext(target="client", search_query=(SENTENCES[0],)))


async def over_http(house: House, *, rounds: int) -> list[Times]:
    """Measure the same fetch in process and through the REST door of the same process, with questions never asked before."""
    engine, api = house.engine, house.apis[0]
    key = new_key()
    await engine.core.store.accounts.create_key(
        engine.core.instance_of(api.caller).id, new_key_id(), secret=key, label="bench", now=engine.core.clock.now()
    )
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    door = asyncio.create_task(
        serve(engine, listen(port=0), stop=stop, on_listening=lambda _, port: ready.set_result(port))
    )
    remote = HttpApi(Transport(f"http://127.0.0.1:{await ready}", key, timeout=30.0))
    users = [owner for owner in house.users if owner.instance == 0]
    viewers = [random.choice(users) for _ in range(rounds + 10)]
    try:
        inside = await measure("fetch with MiniLM, in process", asking([api], viewers, salt="in"), rounds=rounds)
        outside = await measure("the same over HTTP", asking([remote], viewers, salt="out"), rounds=rounds)
    finally:
        await remote.close()
        stop.set()
        await door
    return [inside, outside]
