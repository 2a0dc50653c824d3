"""The same small workload on Synap and, where they are installed, on what a newcomer might take instead.

50 users with 20 memories each, one planted per user; one add per memory, then 200 searches for the planted one, ten
results, one user each. No language model anywhere; the same MiniLM vectors for everybody, computed before the clock runs.
`sqlite` is a floor: one file, full-text search and an exact scan, fused by rank. mem0 takes part if `mem0ai` and
`langchain-core` are installed.
"""

from __future__ import annotations

import asyncio
import importlib.util
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_engine import bench_engine, fresh_instance
from benchmarks.speed.timing import Times
from synap.adapters.minilm.embedder import MiniLmEmbedder
from synap.adapters.minilm.prepare import prepared_model
from synap.api.contexts import FetchContext
from synap.api.memories import CreateMemory

USERS, PER_USER, SEARCHES = 50, 20, 200
_PLACES = ["Lisbon", "Oslo", "Nairobi", "Kyoto", "Quito", "Perth", "Tallinn", "Bogota", "Hanoi", "Leeds"]
_HOBBIES = ["climbing", "pottery", "chess", "fencing", "cycling", "knitting", "sailing", "archery", "baking", "rowing"]
_TOOLS = ["Terraform", "Figma", "Excel", "Notion", "Kafka", "Grafana", "Blender", "Tableau", "Airflow", "Redis"]
_PETS = ["tortoise", "parrot", "ferret", "collie", "gecko", "rabbit", "hedgehog"]
_QUESTIONS = ("what is the name of my pet?", "which animal do I keep at home?")

Vectors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What everybody does: adds (user, text), searches (user, question), and the planted text of each user."""

    adds: Sequence[tuple[str, str]]
    searches: Sequence[tuple[str, str]]
    planted: Mapping[str, str]


def workload(seed: int = 7) -> Workload:
    """Return the workload, the same for the same seed."""
    draw = random.Random(seed)
    users = [f"user-{n:03}" for n in range(USERS)]
    planted = {user: f"My pet is a {draw.choice(_PETS)} with the tag {user[-3:]}" for user in users}
    adds = [(user, planted[user]) for user in users]
    for user in users:
        adds += [(user, _remark(draw)) for _ in range(PER_USER - 1)]
    draw.shuffle(adds)
    searches = [(draw.choice(users), draw.choice(_QUESTIONS)) for _ in range(SEARCHES)]
    return Workload(adds=adds, searches=searches, planted=planted)


def _remark(draw: random.Random) -> str:
    return draw.choice(
        (
            f"I moved to {draw.choice(_PLACES)} and I am still unpacking",
            f"At work we move everything to {draw.choice(_TOOLS)} this quarter",
            f"I took up {draw.choice(_HOBBIES)} with a friend from school",
            f"I was annoyed that {draw.choice(_TOOLS)} crashed again",
            f"My sister lives in {draw.choice(_PLACES)} and teaches {draw.choice(_HOBBIES)}",
        )
    )


async def run() -> None:
    """Run everybody who is there, and print one table."""
    model = prepared_model()
    if model is None:
        print("\nside by side: left out, the MiniLM model is not prepared")
        return
    work = workload()
    embedder = MiniLmEmbedder(model)
    texts = sorted({text for _, text in work.adds} | set(_QUESTIONS))
    rows = await embedder.embed_documents(texts)
    await embedder.close()
    vectors = dict(zip(texts, rows, strict=True))
    print(f"\nside by side: {len(work.adds)} adds for {USERS} users, {SEARCHES} searches; vectors computed beforehand")
    print(f"{'':26}{'add p50 ms':>12}{'search p50 ms':>15}{'found in 10':>13}{'foreign':>9}")
    await _synap(work)
    await asyncio.to_thread(_sqlite, work, vectors)
    if importlib.util.find_spec("mem0") and importlib.util.find_spec("langchain_core"):
        await asyncio.to_thread(_mem0, work, vectors)
    else:
        print(f"{'mem0 (infer=False)':26}{'not installed':>12}")


def _report(name: str, adds: Times, searches: Times, found: int, foreign: int) -> None:
    share = found / len(searches.seconds)
    print(f"{name:26}{adds.p50:>12.2f}{searches.p50:>15.2f}{share:>13.0%}{foreign:>9}")


async def _synap(work: Workload) -> None:
    async with bench_engine(workers=2) as engine:
        api = await fresh_instance(engine, "side-by-side")
        adds, searches, found, foreign = Times("add"), Times("search"), 0, 0
        for user, text in work.adds:
            await _timed(
                adds,
                lambda user=user, text=text: api.create_memory(CreateMemory(document=f"User: {text}", user_id=user)),
            )
        await engine.worker.drain(seconds=300)
        for user, question in work.searches:
            request = FetchContext(target="user", user_id=user, search_query=(question,))
            answer = await _timed(searches, lambda request=request: api.fetch_context(request))
            tag = work.planted[user][-3:]
            found += any(tag in item.content for item in answer.items)
            foreign += sum("tag" in item.content and tag not in item.content for item in answer.items)
    _report("Synap (query embedded)", adds, searches, found, foreign)


async def _timed(times: Times, work: Callable[[], Awaitable[Any]]) -> Any:
    started = time.perf_counter()
    answer = await work()
    times.seconds.append(time.perf_counter() - started)
    return answer


def _sqlite(work: Workload, vectors: Vectors) -> None:
    folder = Path(tempfile.mkdtemp(prefix="synap-bench-"))
    base = sqlite3.connect(folder / "floor.db", isolation_level=None)
    base.executescript(
        "pragma journal_mode=wal; pragma synchronous=full;"
        "create table m(id integer primary key, u text, t text, v blob); create index m_u on m(u);"
        "create virtual table f using fts5(t);"
    )
    adds, searches, found, foreign = Times("add"), Times("search"), 0, 0
    for user, text in work.adds:
        started = time.perf_counter()
        base.execute("begin immediate")
        row = base.execute("insert into m(u, t, v) values (?, ?, ?)", (user, text, vectors[text].tobytes())).lastrowid
        base.execute("insert into f(rowid, t) values (?, ?)", (row, text))
        base.execute("commit")
        adds.seconds.append(time.perf_counter() - started)
    for user, question in work.searches:
        started = time.perf_counter()
        best = _floor_search(base, user, question, vectors)
        searches.seconds.append(time.perf_counter() - started)
        found += work.planted[user] in best
        foreign += sum("tag" in text and text != work.planted[user] for text in best)
    base.close()
    shutil.rmtree(folder, ignore_errors=True)
    _report("SQLite floor", adds, searches, found, foreign)


def _floor_search(base: sqlite3.Connection, user: str, question: str, vectors: Vectors) -> list[str]:
    rows = base.execute("select id, t, v from m where u = ?", (user,)).fetchall()
    matrix = np.frombuffer(b"".join(row[2] for row in rows), dtype=np.float32).reshape(len(rows), -1)
    order = np.argsort(-(matrix @ vectors[question]))
    ranks = {rows[at][0]: 1 / (60 + n) for n, at in enumerate(order)}
    words = " OR ".join(f'"{word}"' for word in question.rstrip("?").split() if len(word) > 2)  # noqa: PLR2004 - no stubs
    hits = base.execute(
        "select f.rowid from f join m on m.id = f.rowid where f match ? and m.u = ? order by rank limit 60",
        (words, user),
    )
    for n, (row,) in enumerate(hits):
        ranks[row] += 1 / (60 + n)
    texts = {row[0]: row[1] for row in rows}
    return [texts[row] for row in sorted(ranks, key=lambda row: -ranks[row])[:10]]


def _mem0(work: Workload, vectors: Vectors) -> None:
    import os  # noqa: PLC0415 - mem0 reads its switches from the environment when it is imported

    os.environ |= {"MEM0_TELEMETRY": "False", "OPENAI_API_KEY": "unused: infer is False"}
    folder = Path(tempfile.mkdtemp(prefix="synap-bench-"))
    os.environ["MEM0_DIR"] = str(folder)
    from langchain_core.embeddings import Embeddings  # noqa: PLC0415 - optional peer
    from mem0 import Memory  # noqa: PLC0415 - optional peer

    class Known(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [vectors[text].tolist() for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return [float(x) for x in vectors[text]]

    memory = Memory.from_config(
        {
            "embedder": {"provider": "langchain", "config": {"model": Known(), "embedding_dims": 384}},
            "llm": {"provider": "openai", "config": {"model": "unused"}},
            "vector_store": {
                "provider": "qdrant",
                "config": {"path": str(folder / "q"), "on_disk": True, "embedding_model_dims": 384},
            },
            "history_db_path": str(folder / "history.db"),
        }
    )
    adds, searches, found, foreign = Times("add"), Times("search"), 0, 0
    for user, text in work.adds:
        started = time.perf_counter()
        memory.add(text, user_id=user, infer=False)
        adds.seconds.append(time.perf_counter() - started)
    for user, question in work.searches:
        started = time.perf_counter()
        hits = memory.search(question, filters={"user_id": user}, top_k=10, threshold=0.0)["results"]
        searches.seconds.append(time.perf_counter() - started)
        found += any(hit["memory"] == work.planted[user] for hit in hits)
        foreign += sum(hit["user_id"] != user for hit in hits)
    shutil.rmtree(folder, ignore_errors=True)
    _report("mem0 (infer=False)", adds, searches, found, foreign)
