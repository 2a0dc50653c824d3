"""Question: of the turns that hold the answer to a question, how many does a fetch bring inside a token budget?

Data: a file in the shape of LoCoMo (two people, dated sessions, questions with evidence turns), given as an argument.
LoCoMo itself is CC BY-NC 4.0: for measuring only. All conversations live in one instance, each as its own customer, so
that leaks are counted as well. Nothing here calls a language model.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bench_engine import bench_engine, fresh_instance
from benchmarks.quality.words import content_words, count_plain_tokens, rests_on
from synap.api.contexts import ContextItem, FetchContext
from synap.api.memories import CreateMemory
from synap.domain.documents import Turn
from synap.engine.api import EngineApi
from synap.engine.engine import Engine

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
RESULTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One dated session of a conversation."""

    owner: str
    name: str
    at: datetime
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with the turns that hold its answer."""

    owner: str
    text: str
    category: str
    answer: str | None
    evidence: frozenset[str]
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An item as it counts: its text, and the turns it has earned."""

    text: str
    turns: frozenset[str]


def load(path: Path) -> tuple[list[Session], list[Question]]:
    """Return the sessions and questions of a file."""
    sessions: list[Session] = []
    questions: list[Question] = []
    for record in json.loads(path.read_text(encoding="utf-8")):
        own = list(_sessions(record["sample_id"], record["conversation"]))
        known = {turn.id for session in own for turn in session.turns}
        sessions += own
        questions += [_question(record["sample_id"], entry, known, own[-1].at) for entry in record["qa"]]
    return sessions, questions


def _sessions(owner: str, conversation: Mapping[str, Any]) -> Iterable[Session]:
    number = 1
    while f"session_{number}" in conversation or f"session_{number}_date_time" in conversation:
        turns = conversation.get(f"session_{number}") or []
        if turns:
            text = f"{conversation[f'session_{number}_date_time']} +0000"
            moment = datetime.strptime(text, "%I:%M %p on %d %B, %Y %z").astimezone(UTC)
            yield Session(
                owner=owner,
                name=f"{owner}-{number}",
                at=moment,
                turns=tuple(
                    Turn(
                        id=f"{owner}/{turn['dia_id']}",
                        role="user",
                        speaker=turn["speaker"],
                        content=_shown(turn),
                        timestamp=moment,
                    )
                    for turn in turns
                ),
            )
        number += 1


def _shown(turn: Mapping[str, Any]) -> str:
    caption = turn.get("blip_caption")
    text = str(turn.get("text", ""))
    return f"{text} [shares an image: {caption}]" if caption else text


def _question(owner: str, entry: Mapping[str, Any], known: set[str | None], last: datetime) -> Question:
    references = (
        f"{owner}/D{int(day)}:{int(turn)}"
        for evidence in entry.get("evidence") or ()
        for day, turn in re.findall(r"D:?(\d+):(\d+)", evidence)
    )
    answer = entry.get("answer")
    return Question(
        owner=owner,
        text=entry["question"],
        category=CATEGORIES[entry["category"]],
        answer=None if answer is None else str(answer),
        evidence=frozenset(reference for reference in references if reference in known),
        asked_at=last,
    )


async def measure(path: Path, *, budget: int) -> None:
    """Ingest a file, ask its questions, print one table by category."""
    sessions, questions = load(path)
    words = {turn.id or "": set(content_words(turn.content)) for session in sessions for turn in session.turns}
    owners = {turn.id: session.owner for session in sessions for turn in session.turns}
    async with bench_engine() as engine:
        api = await fresh_instance(engine, "dialogues")
        seconds = await _ingest(engine, api, sessions)
        scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        latencies: list[float] = []
        leaks = 0
        for question in questions:
            started = time.perf_counter()
            items = await _ask(api, question)
            latencies.append(time.perf_counter() - started)
            leaks += sum(owners.get(e.turn_id) not in (None, question.owner) for item in items for e in item.evidence)
            for name, value in _score(question, [_hit(item, words) for item in items], budget).items():
                scores[question.category][name].append(value)
                if question.category != "adversarial":
                    scores["all but adversarial"][name].append(value)
    turns = len(owners)
    print(
        f"{turns} turns in {seconds:.1f} s ({turns / seconds:.0f}/s); {len(questions)} questions, budget {budget} tokens"
    )
    print(f"fetch p50 {_percentile(latencies, 50):.1f} ms, p95 {_percentile(latencies, 95):.1f} ms; leaks {leaks}")
    _print(scores)


async def _ingest(engine: Engine, api: EngineApi, sessions: Sequence[Session]) -> float:
    started = time.perf_counter()
    for session in sessions:
        await api.create_memory(
            CreateMemory(
                document=session.turns,
                document_type="human-chat-conversation",
                document_id=session.name,
                document_created_at=session.at,
                customer_id=f"customer-{session.owner}",
                user_id=f"user-{session.owner}",
            )
        )
    await engine.worker.drain(seconds=3600)
    return time.perf_counter() - started


async def _ask(api: EngineApi, question: Question) -> Sequence[ContextItem]:
    answer = await api.fetch_context(
        FetchContext(
            target="user",
            customer_id=f"customer-{question.owner}",
            user_id=f"user-{question.owner}",
            search_query=(question.text,),
            max_results=RESULTS,
            response_shape="ranked",
            query_date=question.asked_at.isoformat(),
        )
    )
    return answer.items


def _hit(item: ContextItem, words: Mapping[str, set[str]]) -> Hit:
    own = set(content_words(item.content))
    claimed = {evidence.turn_id for evidence in item.evidence if evidence.turn_id}
    return Hit(text=item.content, turns=frozenset(turn for turn in claimed if rests_on(own, words.get(turn, set()))))


def _score(question: Question, hits: Sequence[Hit], budget: int) -> dict[str, float]:
    kept = list(_within(hits, budget))
    scores: dict[str, float] = {"tokens": float(sum(count_plain_tokens(hit.text) for hit in kept))}
    if question.evidence:
        for count in (5, 10, 20):
            scores[f"r@{count}"] = _recall(question.evidence, hits[:count])
        scores["mrr"] = next((1 / (n + 1) for n, hit in enumerate(hits) if hit.turns & question.evidence), 0.0)
        scores["r@B"] = _recall(question.evidence, kept)
        scores["all@B"] = float(scores["r@B"] == 1.0)
    wanted = set(content_words(question.answer)) if question.answer else set()
    if wanted:
        found = set(content_words("\n".join(hit.text for hit in kept)))
        scores["ans@B"] = len(wanted & found) / len(wanted)
        scores["ans1@B"] = float(any(wanted <= set(content_words(hit.text)) for hit in kept))
    return scores


def _within(hits: Sequence[Hit], budget: int) -> Iterable[Hit]:
    used = 0
    for hit in hits:
        size = count_plain_tokens(hit.text)
        if used + size <= budget:
            used += size
            yield hit


def _recall(evidence: frozenset[str], hits: Sequence[Hit]) -> float:
    return len(evidence & {turn for hit in hits for turn in hit.turns}) / len(evidence)


def _percentile(seconds: Sequence[float], percent: int) -> float:
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _print(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    columns = ("r@5", "r@10", "r@20", "mrr", "r@B", "all@B", "ans@B", "ans1@B", "tokens")
    print(f"{'category':22}{'n':>5}" + "".join(f"{column:>9}" for column in columns))
    for category in (*CATEGORIES.values(), "all but adversarial"):
        row = scores.get(category)
        if row is None:
            continue
        cells = "".join(_cell(column, row.get(column)) for column in columns)
        print(f"{category:22}{len(row['tokens']):>5}{cells}")


def _cell(column: str, values: Sequence[float] | None) -> str:
    if not values:
        return f"{'-':>9}"
    mean = statistics.fmean(values)
    return f"{mean:>9.0f}" if column == "tokens" else f"{100 * mean:>9.1f}"
