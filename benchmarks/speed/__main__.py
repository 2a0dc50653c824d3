"""`python -m benchmarks.speed`: one table of latencies, one of throughputs, memory, and a side-by-side where peers are installed.

Question: what does a fetch, a cache hit, an acknowledged write, an ingestion and a stream cost at 100,000 memories, beside a
bare round trip to the same PostgreSQL and beside the encoder alone, and what do 200 official clients get at once? Data: made
up, see `corpus.py`; no licence to mind. Every
figure of a run is taken on the same machine in the same minutes, so compare ratios, not milliseconds of different runs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Sequence

from benchmarks.bench_engine import bench_engine_at, fresh_instance
from benchmarks.speed import clients, fetching, side_by_side, writing
from benchmarks.speed import streams as listening
from benchmarks.speed.corpus import INSTANCES, Corpus, load
from benchmarks.speed.memory import print_memory
from benchmarks.speed.timing import machine, print_times

PARTS = ("engine", "clients")


async def run(*, memories: int, users: int, big: int, rounds: int, seconds: float, parts: Sequence[str]) -> None:
    """Load the corpus, measure, print."""
    random.seed(7)
    async with bench_engine_at(workers=0) as (engine, data):
        apis = [await fresh_instance(engine, f"speed-{number}") for number in range(INSTANCES)]
        places = [engine.core.instance_of(api.caller).place for api in apis]
        space = await engine.core.spaces.live()
        corpus = Corpus(dim=space.embedder.dim)
        owners = corpus.owners(total=memories, users=users, big=big)
        count = await load(engine, places, corpus, owners)
        await fetching.tidy(engine)
        print(machine())
        print(
            f"{count} memories and as many segments, {len(owners)} scopes, one user of {big}; embedder {space.embedder.id}"
        )
        base = await fetching.bare_round_trip(engine, rounds=rounds)
        house = fetching.House(engine=engine, apis=apis, places=places, owners=owners)
        rows = [base]
        if "engine" in parts:
            rows += await fetching.fetches(house, corpus, rounds=rounds)
            rows += await writing.creates(apis[0], rounds=rounds)
            rows += await fetching.over_http(house, rounds=rounds)
        print_times(rows, base=base)
        print_memory(engine)
        if "clients" in parts:
            await clients.run(house, data, base=base, seconds=seconds)
    if "engine" in parts:
        await writing.throughput()
        await listening.streams(rounds=min(rounds, 100))
        await side_by_side.run()


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=600)
    parser.add_argument("--big", type=int, default=10_000, help="memories of the biggest user")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="how long each run of the official clients is measured"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; may be given again")
    options = parser.parse_args()
    asyncio.run(
        run(
            memories=options.memories,
            users=options.users,
            big=options.big,
            rounds=options.rounds,
            seconds=options.seconds,
            parts=options.only or PARTS,
        )
    )


if __name__ == "__main__":
    main()
