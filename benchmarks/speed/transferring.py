"""Export and import of users of two sizes: memories and megabytes per second, and the encoder's part of an import."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bench_engine import fresh_instance
from benchmarks.speed.corpus import Corpus, Owner, load
from benchmarks.speed.fetching import House
from benchmarks.speed.timing import Times
from synap.engine.api import EngineApi
from synap.engine.callers import Caller, Instance
from synap.engine.exporting import export
from synap.engine.importing import import_export

REPEATS = 3
SMALLER, SMALLEST = 10, 20
"""Times fewer memories of the users that are imported than of the one that is exported besides."""


@dataclass(slots=True)
class Row:
    """What was measured of users of one size."""

    owner: Owner
    exported: Times = field(default_factory=lambda: Times("export"))
    imported: Times = field(default_factory=lambda: Times("import"))
    alone: Times = field(default_factory=lambda: Times("encoder"))
    bytes: int = 0
    texts: int = 0


async def run(house: House, corpus: Corpus) -> None:
    """Export and import in alternation, and print two tables."""
    big = house.biggest
    sizes = [max(1, big.size // smaller) for smaller in (SMALLEST, SMALLER)]
    smaller = [Owner(instance=big.instance, customer=big.customer, user=f"user-export-{n}", size=n) for n in sizes]
    await load(house.engine, house.places, corpus, smaller)
    rows = [Row(owner) for owner in (*smaller, big)]
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(REPEATS):
            for row in rows:
                path = Path(folder) / f"{row.owner.size}-{repeat}.jsonl"
                await _export(house, row, path)
                if row.owner is not big:
                    await _import(house, row, path, repeat)
                path.unlink()
    _print(rows)


async def _export(house: House, row: Row, path: Path) -> None:
    caller, instance = _who(house.apis[row.owner.instance])
    started = time.perf_counter()
    await export(house.engine.core, caller, instance, path, customer_id=row.owner.customer, user_id=row.owner.user)
    row.exported.seconds.append(time.perf_counter() - started)
    row.bytes = await asyncio.to_thread(lambda: path.stat().st_size)


async def _import(house: House, row: Row, path: Path, repeat: int) -> None:
    core = house.engine.core
    api = await fresh_instance(house.engine, f"import-{row.owner.size}-{repeat}")
    started = time.perf_counter()
    report = await import_export(core, *_who(api), path)
    row.imported.seconds.append(time.perf_counter() - started)
    row.texts = report.embedded
    texts = Corpus(dim=1, seed=repeat).texts(row.texts)
    space = await core.spaces.live()
    started = time.perf_counter()
    await space.embedder.embed_documents(texts)
    row.alone.seconds.append(time.perf_counter() - started)


def _who(api: EngineApi) -> tuple[Caller, Instance]:
    instance = api.caller.instance
    if instance is None:
        raise RuntimeError("the caller is bound to no instance")
    return api.caller, instance


def _print(rows: list[Row]) -> None:
    first = rows[0]
    print(f"\n{'export':46}{'p50 s':>9}{'memories/s':>12}{'MB/s':>8}{'x smallest, per memory':>24}")
    for row in rows:
        seconds = row.exported.p50 / 1000
        grows = (seconds / row.owner.size) / (first.exported.p50 / 1000 / first.owner.size)
        print(
            f"{f'a user of {row.owner.size:,}':46}{seconds:>9.2f}{row.owner.size / seconds:>12.0f}"
            f"{row.bytes / 1e6 / seconds:>8.1f}{grows:>24.2f}"
        )
    print(
        f"\n{'import':46}{'p50 s':>9}{'memories/s':>12}{'texts':>8}{'encoder alone s':>17}{'the rest, memories/s':>22}"
    )
    for row in rows:
        if not row.imported.seconds:
            continue
        seconds, alone = row.imported.p50 / 1000, row.alone.p50 / 1000
        rest = f"{row.owner.size / (seconds - alone):.0f}" if seconds > alone else "?"
        print(
            f"{f'a user of {row.owner.size:,}':46}{seconds:>9.2f}{row.owner.size / seconds:>12.0f}{row.texts:>8,}"
            f"{alone:>17.2f}{rest:>22}"
        )
