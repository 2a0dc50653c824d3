"""`python -m benchmarks.speed`: tables of latencies, throughputs, memory, disk, and what the ways of running it cost.

Questions, by part (`--only`):

* `engine`: what a fetch, a cache hit, an acknowledged write, an ingestion and a stream cost at 100,000 memories, beside a bare
  round trip to the same PostgreSQL and beside the encoder alone; and a side-by-side where peers are installed;
* `clients`: what 200 official clients get at once;
* `growth`: fetches, writes and bytes on disk per memory, and with `--grow 10` the same at ten times the size;
* `url`: the store by URL beside the embedded way in;
* `walls`: row-level security on beside off;
* `erasure`: how long erasing a user takes;
* `transfer`: how fast exports and imports go;
* `neighbours`: fetches of others while one customer pours in documents;
* `fleet`: one to four worker processes;
* `queue`: jobs claimed per second, and fairness.

Data: made up, see `corpus.py`; no licence to mind. Every figure of a run is taken on the same machine in the same minutes, so
compare ratios, not milliseconds of different runs. What compares two ways takes turns between them.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.by_url import UrlServer

from benchmarks.bench_engine import bench_engine, bench_engine_by_url, fresh_instance
from benchmarks.speed import (
    by_url,
    clients,
    erasing,
    fetching,
    fleet,
    growth,
    neighbours,
    queueing,
    side_by_side,
    transferring,
    walls,
    writing,
)
from benchmarks.speed import streams as listening
from benchmarks.speed.copies import Copier
from benchmarks.speed.corpus import INSTANCES, Corpus, load
from benchmarks.speed.fetching import House
from benchmarks.speed.memory import print_memory
from benchmarks.speed.timing import machine, print_times
from synap.engine.engine import Engine

LOADED = ("engine", "growth", "url", "walls", "erasure", "transfer", "neighbours", "clients")
"""Parts that look at the loaded store, in this order: what grows it copies it as it was loaded, and what fills it comes last."""

PARTS = (*LOADED, "fleet", "queue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and how much of it; see the options."""

    memories: int
    users: int
    big: int
    rounds: int
    seconds: float
    grow: int
    documents: int
    poured: int
    jobs: int
    parts: Sequence[str]


async def run(plan: Plan) -> None:
    """Measure the parts of a plan, and print."""
    random.seed(7)
    print(machine())
    if any(part in LOADED for part in plan.parts):
        async with bench_engine_by_url() as (engine, data, server):
            await _loaded(engine, data, server, plan)
    if "engine" in plan.parts:
        await writing.throughput()
        await listening.streams(rounds=min(plan.rounds, 100))
        await side_by_side.run()
    if "fleet" in plan.parts:
        await fleet.run(documents=plan.documents)
    if "queue" in plan.parts:
        async with bench_engine(workers=0) as engine:
            await queueing.run(engine, jobs=plan.jobs)


async def _loaded(engine: Engine, data: Path, server: UrlServer, plan: Plan) -> None:
    """Load the corpus, and measure what looks at it."""
    apis = [await fresh_instance(engine, f"speed-{number}") for number in range(INSTANCES)]
    places = [engine.core.instance_of(api.caller).place for api in apis]
    space = await engine.core.spaces.live()
    corpus = Corpus(dim=space.embedder.dim)
    owners = corpus.owners(total=plan.memories, users=plan.users, big=plan.big)
    count = await load(engine, places, corpus, owners)
    await fetching.tidy(engine)
    print(
        f"{count} memories and as many segments, {len(owners)} scopes, one user of {plan.big}; embedder {space.embedder.id}"
    )
    base = await fetching.bare_round_trip(engine, rounds=plan.rounds)
    house = House(engine=engine, apis=apis, places=places, owners=owners)
    copier = Copier(engine.core.spaces.owner_dsn or "")
    if "engine" in plan.parts:
        rows = [base, *await fetching.fetches(house, corpus, rounds=plan.rounds)]
        rows += await writing.creates(apis[0], rounds=plan.rounds)
        rows += await fetching.over_http(house, rounds=plan.rounds)
        print_times(rows, base=base)
        print_memory(engine)
    if "growth" in plan.parts:
        house = await growth.run(house, corpus, copier, times=plan.grow, rounds=plan.rounds)
    if "url" in plan.parts:
        await by_url.run(house, corpus, server, rounds=plan.rounds)
    if "walls" in plan.parts:
        await walls.run(house, corpus, rounds=plan.rounds)
    if "erasure" in plan.parts:
        await erasing.run(house, corpus, copier)
    if "transfer" in plan.parts:
        await transferring.run(house, corpus)
    if "neighbours" in plan.parts:
        await neighbours.run(house, data, documents=plan.poured, rounds=plan.rounds)
    if "clients" in plan.parts:
        await clients.run(house, data, base=base, seconds=plan.seconds)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=600)
    parser.add_argument("--big", type=int, default=10_000, help="memories of the biggest user")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="how long each run of the official clients is measured"
    )
    parser.add_argument("--grow", type=int, default=1, help="how many times as large `growth` makes the store")
    parser.add_argument("--documents", type=int, default=1000, help="that each run of `fleet` works through")
    parser.add_argument("--poured", type=int, default=3000, help="documents that the customer of `neighbours` pours in")
    parser.add_argument("--jobs", type=int, default=20_000, help="of the long backlog of `queue`")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; may be given again")
    options = vars(parser.parse_args())
    asyncio.run(run(Plan(parts=options.pop("only") or PARTS, **options)))


if __name__ == "__main__":
    main()
