"""Writes: acknowledged creates, batches, and ingestion of short turns beside the encoder's own rate."""

from __future__ import annotations

import time

from benchmarks.bench_engine import bench_engine, fresh_instance
from benchmarks.speed.texts import BATCH
from benchmarks.speed.timing import Times, measure
from synap.api.memories import CreateMemory
from synap.domain.documents import Turn
from synap.engine.api import EngineApi

TURN = "User: I moved to the house number {n} by the river and I prefer tea over coffee."
CREATE_MS = 10.0
SHARE = 0.8
"""Of the encoder's own rate that an ingestion of short turns shall reach."""

CONVERSATIONS = 60
TURNS = 20


async def creates(api: EngineApi, *, rounds: int) -> list[Times]:
    """Measure acknowledged creates of a short turn and of 8 KiB, and a batch of 100 per document."""
    long = "\n".join(TURN.format(n=n) for n in range(100))[:8192]

    async def short(number: int) -> None:
        await api.create_memory(_turn(f"writer-{number % 20}", TURN.format(n=number)))

    async def eight(number: int) -> None:
        await api.create_memory(_turn(f"writer-{number % 20}", f"{long}\nUser: That was number {number}."))

    async def batch(number: int) -> None:
        await api.create_batch(
            [_turn(f"bulk-{number}-{row}", TURN.format(n=1000 * number + row)) for row in range(BATCH)]
        )

    rows = [
        await measure("acknowledged create, short turn", short, rounds=rounds, target=CREATE_MS),
        await measure("acknowledged create, 8 KiB", eight, rounds=max(20, rounds // 4), target=CREATE_MS),
    ]
    many = await measure("acknowledged batch of 100, per document", batch, rounds=5, warm_up=1)
    many.seconds = [seconds / BATCH for seconds in many.seconds]
    return [*rows, many]


async def throughput() -> None:
    """Ingest conversations of short turns, and print the rate beside the encoder's own for the same texts."""
    async with bench_engine(workers=2) as engine:
        api = await fresh_instance(engine, "throughput")
        conversations = [[_words(n, turn) for turn in range(TURNS)] for n in range(CONVERSATIONS)]
        space = await engine.core.spaces.live()
        await space.embedder.embed_documents(conversations[0])
        before = engine.worker.embedded
        started = time.perf_counter()
        for number, turns in enumerate(conversations):
            document = tuple(Turn(content=text, role="user", id=f"{number}-{n}") for n, text in enumerate(turns))
            await api.create_memory(CreateMemory(document=document, customer_id="c", user_id=f"u{number}"))
        await engine.worker.drain(seconds=600)
        seconds = time.perf_counter() - started
        texts = engine.worker.embedded - before
        sample = [text for turns in conversations for text in turns]
        sample = (sample * (1 + texts // len(sample)))[:texts]
        started = time.perf_counter()
        await space.embedder.embed_documents(sample)
        alone = time.perf_counter() - started
    count = CONVERSATIONS * TURNS
    print(
        f"\ningestion: {count} short turns in {seconds:.2f} s = {count / seconds:.0f} turns/s, {texts} texts embedded"
    )
    print(
        f"the encoder alone on {texts} texts of that length: {alone:.2f} s = {alone / seconds:.0%} of the ingestion's time"
    )
    print(f"target {SHARE:.0%}: {'pass' if alone >= SHARE * seconds else 'miss'}")


def _turn(user: str, text: str) -> CreateMemory:
    return CreateMemory(document=text, customer_id="writers", user_id=user)


def _words(conversation: int, turn: int) -> str:
    return f"I keep my bicycle number {conversation} in the shed and I like route {turn} along the canal best."
