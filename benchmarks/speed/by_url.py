"""The same store reached by URL, over TCP with a password and without prepared statements, beside the embedded way in."""

from __future__ import annotations

import random
from functools import partial

from tests.by_url import UrlServer

from benchmarks.bench_engine import engine_by_url
from benchmarks.speed.corpus import Corpus
from benchmarks.speed.fetching import House, asking, recalling, sessions
from benchmarks.speed.pairs import Pair, beside, print_pairs
from benchmarks.speed.writing import TURN
from synap.api.memories import CreateMemory
from synap.engine.api import EngineApi


async def run(house: House, corpus: Corpus, server: UrlServer, *, rounds: int) -> None:
    """Open an engine by URL on the database of the loaded one, and print one table of both."""
    engine = await engine_by_url(server)
    try:
        apis = [engine.api_for(await engine.caller_of(place.instance_id)) for place in house.places]
        far = House(engine=engine, apis=apis, places=house.places, owners=house.owners)
        rows = await _rows(far, house, corpus, rounds=rounds)
    finally:
        await engine.stop()
    print_pairs("by URL beside embedded", "URL", "embedded", rows)


async def _rows(far: House, near: House, corpus: Corpus, *, rounds: int) -> list[Pair]:
    typical = sessions(random.sample(near.users, len(near.users)), rounds + 10)
    big = [near.biggest] * (rounds + 10)

    async def ping(house: House, _: int) -> None:
        await house.engine.core.store.ping()

    async def settle(_: int) -> None:
        for house in (far, near):
            await house.engine.core.store.residents.settle()

    ways = partial(beside, rounds=rounds, between=settle)
    return [
        await ways("bare pipelined SELECT 1", partial(ping, far), partial(ping, near)),
        *[
            await ways(
                f"hybrid fetch, {name}, no embedding",
                *(recalling(house, corpus, viewers, composed=True) for house in (far, near)),
            )
            for name, viewers in (("typical user", typical), (f"user of {near.biggest.size:,}", big))
        ],
        await ways(
            "fetch with the embedding, typical user",
            asking(far.apis, typical, salt="far"),
            asking(near.apis, typical, salt="near"),
        ),
        await ways(
            "acknowledged create, short turn",
            partial(_create, far.apis[0], "far"),
            partial(_create, near.apis[0], "near"),
        ),
    ]


async def _create(api: EngineApi, name: str, number: int) -> None:
    text = f"{TURN.format(n=number)} It is {name}."
    await api.create_memory(CreateMemory(document=text, customer_id="writers", user_id=f"{name}-{number % 20}"))
