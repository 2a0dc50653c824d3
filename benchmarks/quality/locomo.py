"""Question: of the turns that hold the answer to a question, how many does a fetch bring inside a token budget?

    python -m benchmarks.quality.locomo DATA --json OUT [--embedder minilm|hashing] [--budget 1000] [--mode fast|accurate]

Data: dialogues in the shape of LoCoMo, which is CC BY-NC 4.0 and never shipped. All of them live in one fresh embedded
store, each as its own customer, so that leaks are counted as well. Everything goes through the public SDK, and nothing
calls a language model. The same run ranks the same turns by simple baselines, compares with the strongest of them by paired
bootstrap, and repeats the questions with each channel of the engine turned off.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.bench_engine import bench_engine, fresh_synap
from benchmarks.quality.baselines import Baselines
from benchmarks.quality.dialogues import CATEGORIES, Question, Session, load
from benchmarks.quality.scoring import OVERALL, Hit, Row, by_category, difference, score
from benchmarks.quality.tables import markdown, print_table
from benchmarks.quality.words import content_words, rests_on
from synap.api.contexts import ContextItem
from synap.bootstrap import choose_embedder
from synap.sdk.client import Synap
from synap.settings import Settings

RESULTS = 50
ABLATIONS: Mapping[str, Mapping[str, float]] = {
    "without meaning": {"meaning": 0.0},
    "without words": {"words": 0.0},
    "without names": {"centrality": 0.0},
    "without neighbours": {"neighbours": 0.0},
    "without time": {"time": 0.0},
    "without recency": {"recency": 0.0},
}
"""Weights of `retrieval.ranking` that turn one channel off each."""

README = (
    (OVERALL, "r@B"),
    (OVERALL, "r@10"),
    (OVERALL, "mrr"),
    ("multi-hop", "r@B"),
    ("multi-hop", "all@B"),
    ("temporal", "r@B"),
    ("temporal", "ans1@B"),
    ("open-domain", "r@B"),
    ("single-hop", "r@B"),
)
COMPARED = (("r@B", OVERALL), ("r@10", OVERALL), ("all@B", "multi-hop"), ("r@B", "temporal"), ("ans1@B", "temporal"))
STRONGEST = {"minilm": "smooth", "hashing": "bm25 + speaker + neighbours"}
"""What the engine is compared with; the hashing embedder knows no paraphrase."""


class Run:
    """One measurement: what was asked, and what the engine and the baselines answered."""

    def __init__(self, sessions: Sequence[Session], questions: Sequence[Question], *, budget: int, mode: str) -> None:
        self.sessions, self.questions, self.budget, self.mode = sessions, questions, budget, mode
        self.owners = {turn.id: session.owner for session in sessions for turn in session.turns}
        self.leaks = 0
        self.latencies: list[float] = []
        self._words = {turn.id: set(content_words(turn.content)) for session in sessions for turn in session.turns}

    async def ask_all(self, synap: Synap) -> list[Row]:
        """Return every question with what the engine's answer is worth."""
        rows = []
        for question in self.questions:
            started = time.perf_counter()
            answer = await synap.user.context.fetch(
                f"user-{question.owner}",
                f"customer-{question.owner}",
                search_query=question.text,
                max_results=RESULTS,
                response_shape="ranked",
                query_date=question.asked_at,
                mode=self.mode,
            )
            self.latencies.append(time.perf_counter() - started)
            hits = [self._hit(item, question) for item in answer.items]
            rows.append(Row(question=question, scores=score(question, hits, self.budget)))
        return rows

    async def ask_baselines(self, baselines: Baselines) -> dict[str, list[Row]]:
        """Return the same for each baseline."""
        await baselines.read(self.sessions)
        rows: dict[str, list[Row]] = {name: [] for name in Baselines.NAMES}
        for question in self.questions:
            for name, hits in (await baselines.answer(question)).items():
                earned = [Hit(text=hit.text, turns=self._earned(hit.text, hit.turns)) for hit in hits]
                rows[name].append(Row(question=question, scores=score(question, earned, self.budget)))
        return rows

    def _hit(self, item: ContextItem, question: Question) -> Hit:
        claimed = frozenset(evidence.turn_id for evidence in item.evidence if evidence.turn_id)
        self.leaks += sum(self.owners.get(turn) not in (None, question.owner) for turn in claimed)
        return Hit(text=item.content, turns=self._earned(item.content, claimed))

    def _earned(self, text: str, claimed: frozenset[str]) -> frozenset[str]:
        own = set(content_words(text))
        return frozenset(turn for turn in claimed if rests_on(own, self._words.get(turn, set())))


async def measure(path: Path, *, budget: int, mode: str, out: Path | None, ablations: bool = True) -> None:
    """Ingest a file, ask its questions, print the tables and write the figures."""
    sessions, questions = await asyncio.to_thread(load, path)
    run = Run(sessions, questions, budget=budget, mode=mode)
    async with bench_engine() as engine:
        synap, instance = await fresh_synap(engine, "locomo")
        seconds = await _ingest(synap, sessions)
        embedder = (await synap.health()).embedder["id"]
        rows = {"synap": await run.ask_all(synap)}
        latencies = sorted(run.latencies)
        for name, weights in ABLATIONS.items() if ablations else ():
            await synap.admin.config.set(instance, {"retrieval": {"ranking": dict(weights)}})
            rows[f"synap {name}"] = await run.ask_all(synap)
    embedding = choose_embedder(Settings.from_environment())
    await embedding.load()
    rows |= await run.ask_baselines(Baselines(embedding))
    await embedding.close()
    strongest = STRONGEST["minilm" if embedding.semantic else "hashing"]
    tables = {name: by_category(answers, CATEGORIES.values()) for name, answers in rows.items()}
    differences = {
        f"{category} {name}": found
        for name, category in COMPARED
        if (found := difference(rows["synap"], rows[strongest], name, category=category)) is not None
    }
    print(
        f"{path.name}: {len(run.owners)} turns in {seconds:.1f} s ({len(run.owners) / seconds:.0f}/s), {len(questions)}"
        f" questions, {budget} tokens, {embedder}, {mode}; leaks {run.leaks}"
    )
    print(f"fetch p50 {1000 * _at(latencies, 50):.1f} ms, p95 {1000 * _at(latencies, 95):.1f} ms")
    for name, table in tables.items():
        print_table(name, table)
    print(f"\nsynap less {strongest}, points (95 % of {len(questions)} questions resampled)")
    for name, found in differences.items():
        print(f"{name:30}{100 * found.mean:>7.1f}  [{100 * found.low:.1f}, {100 * found.high:.1f}]")
    print("\n" + markdown(tables, README))
    if out is not None:
        result = {
            "data": path.name,
            "sha256": hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest(),
            "budget": budget,
            "mode": mode,
            "embedder": embedder,
            "turns": len(run.owners),
            "seconds": seconds,
            "leaks": run.leaks,
            "fetch_ms": {"p50": 1000 * _at(latencies, 50), "p95": 1000 * _at(latencies, 95)},
            "tables": tables,
            "against": strongest,
            "differences": {name: asdict(found) for name, found in differences.items()},
        }
        await _write(out, result)


async def _ingest(synap: Synap, sessions: Sequence[Session]) -> float:
    started = time.perf_counter()
    await synap.memories.batch_create(
        [
            {
                "document": session.turns,
                "document_type": "human-chat-conversation",
                "document_id": session.name,
                "document_created_at": session.at,
                "customer_id": f"customer-{session.owner}",
                "user_id": f"user-{session.owner}",
            }
            for session in sessions
        ]
    )
    return time.perf_counter() - started


async def _write(out: Path, result: Mapping[str, Any]) -> None:
    await asyncio.to_thread(out.write_text, json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _at(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    parser.add_argument("data", type=Path, help="dialogues in the shape of LoCoMo")
    parser.add_argument("--json", type=Path, dest="out", help="write all figures here")
    parser.add_argument("--embedder", choices=("minilm", "hashing"), help="whose vectors; the best prepared by default")
    parser.add_argument("--budget", type=int, default=1000, help="tokens of context (words and punctuation marks)")
    parser.add_argument("--mode", choices=("fast", "accurate"), default="fast", help="how much work a fetch may do")
    parser.add_argument("--no-ablations", action="store_true", help="ask once only")


def run(options: argparse.Namespace) -> None:
    """Measure as the options say."""
    if options.embedder:
        os.environ["SYNAP_EMBEDDER"] = options.embedder
    asyncio.run(
        measure(
            options.data,
            budget=options.budget,
            mode=options.mode,
            out=options.out,
            ablations=not options.no_ablations,
        )
    )


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.locomo", description=__doc__)
    add_options(parser)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
