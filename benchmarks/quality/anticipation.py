"""Question: how many next questions can a listener answer from the bundles it was sent, and do those hold the evidence?

Two kinds of data, told apart by their shape:

* `benchmarks/quality/sessions.json`, of our own writing: short talks with an assistant, each followed by a question that
  only older memories answer. All memories belong to one user, so each talk has those of the others as noise. `next` asks
  a talk's own question behind it, `other` that of another talk, which no foresight can know: the client should ask the
  engine then.
* A file in the shape of LoCoMo (CC BY-NC 4.0: for measuring only). Sessions are recorded message by message, and become
  memory as they go. `next` asks a question of the data set in a later session than its evidence, behind the turn that
  shares the weightiest words with it; `other` asks it behind a turn drawn at random; `turns` takes the turns of the talk
  that ask something as questions, each behind the turn before it, without evidence. Questions whose evidence lies in the
  last session are left out.

A question counts as served when it passes the client's gate (`gate.py`); `any` and `all` tell how many of the served were
given a turn of the evidence, and all of it. `fetch` is what a fetch of ten items gives for the same questions, `end` what
the client ends up with: the bundle's answer where it was served, the fetch's where not. Baseline: in place of foresight
the newest memories are sent behind every turn.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bench_engine import bench_engine, fresh_instance
from benchmarks.quality import dialogues
from benchmarks.quality.gate import Listener
from benchmarks.quality.words import content_words, rests_on
from synap.api.bundles import Anticipate, ContextBundle
from synap.api.contexts import ContextItem, FetchContext
from synap.api.conversations import RecordMessage
from synap.api.memories import CreateMemory
from synap.engine.api import EngineApi
from synap.engine.engine import Engine

SERVED = 10
SENT = 20
SEED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question put behind a turn; `judge` tells what share of its evidence items hold, None where nobody knows."""

    protocol: str
    text: str
    judge: Callable[[Sequence[ContextItem]], float] | None


@dataclass(slots=True)
class Tally:
    """Counts by foresight and protocol."""

    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: list[float] = field(default_factory=list)
    turns: int = 0
    bundles: int = 0
    items: int = 0

    def add(self, way: str, asked: Asked, served: Sequence[ContextItem] | None, fetched: Sequence[ContextItem]) -> None:
        """Count one question."""
        counts = self.counts[way, asked.protocol]
        counts["asked"] += 1
        counts["served"] += served is not None
        if asked.judge is None:
            top = {item.id for item in fetched[:3]}
            counts["any"] += served is not None and bool(top & {item.id for item in served})
            return
        cold = asked.judge(fetched)
        warm = cold if served is None else asked.judge(served)
        counts["fetch"] += cold > 0
        counts["end"] += warm > 0
        if served is not None:
            counts["any"] += warm > 0
            counts["all"] += warm == 1.0

    def report(self) -> None:
        """Print the table."""
        median = sorted(self.seconds)[len(self.seconds) // 2]
        print(
            f"{self.turns} turns, {self.bundles} bundles of {self.items / max(1, self.bundles):.1f} memories; p50 {1000 * median:.1f} ms"
        )
        print(f"{'bundles of':12}{'protocol':10}{'n':>6}{'served':>8}{'any':>7}{'all':>7}{'fetch':>7}{'end':>7}")
        for (way, protocol), counts in self.counts.items():
            asked, served = counts["asked"], max(1, counts["served"])
            judged = protocol != "turns"
            cells = [counts["served"] / asked, counts["any"] / served, counts["all"] / served if judged else None]
            cells += [counts[name] / asked if judged else None for name in ("fetch", "end")]
            shown = "".join(f"{'-':>7}" if cell is None else f"{100 * cell:>7.1f}" for cell in cells)
            print(f"{way:12}{protocol:10}{asked:>6} {shown}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Whose talks are replayed, and what is counted."""

    engine: Engine
    api: EngineApi
    tally: Tally
    ids: Mapping[str, str]

    async def replay(
        self, conversation: str, turns: Sequence[tuple[str, str]], asked: Mapping[int, Sequence[Asked]]
    ) -> list[str]:
        """Record turns (role, text) one by one, each followed by its bundles and questions; return the messages' ids."""
        listeners = {"foresight": Listener(), "newest": Listener()}
        recorded = []
        for number, (role, text) in enumerate(turns):
            message = await self.api.record_message(
                RecordMessage(conversation_id=conversation, role=role, content=text, **self.ids)
            )
            recorded.append(message.message_id)
            started = time.perf_counter()
            turn = Anticipate(conversation_id=conversation, role=role, **self.ids)
            bundles = [bundle async for bundle in self.engine.anticipate(self.api.caller, turn)]
            self.tally.seconds.append(time.perf_counter() - started)
            self.tally.turns += 1
            self.tally.bundles += len(bundles)
            for bundle in bundles:
                self.tally.items += len(bundle.items)
                listeners["foresight"].take(bundle)
            if number in asked:
                listeners["newest"].take(await self._newest())
            for question in asked.get(number, ()):
                fetched = await self._fetch((question.text,), SERVED)
                for way, listener in listeners.items():
                    self.tally.add(way, question, listener.answer(question.text, limit=SERVED), fetched)
        return recorded

    async def _newest(self) -> ContextBundle:
        items = tuple(await self._fetch((), SENT))
        return ContextBundle(bundle_id="newest", bundle_type="anticipation", created_at=datetime.now(UTC), items=items)

    async def _fetch(self, query: tuple[str, ...], count: int) -> Sequence[ContextItem]:
        request = FetchContext(
            target="user", search_query=query, max_results=count, response_shape="ranked", **self.ids
        )
        return (await self.api.fetch_context(request)).items


async def measure(path: Path) -> None:
    """Replay a file and print its table."""
    records = await asyncio.to_thread(lambda: json.loads(path.read_text(encoding="utf-8")))
    async with bench_engine() as engine:
        api = await fresh_instance(engine, "anticipation")
        tally = Tally()
        if "known" in records[0]:
            await _sessions(engine, api, tally, records)
        else:
            await _dialogues(engine, api, tally, path)
    tally.report()


async def _sessions(engine: Engine, api: EngineApi, tally: Tally, records: Sequence[Mapping[str, Any]]) -> None:
    stage = Stage(engine=engine, api=api, tally=tally, ids={"user_id": "ana"})
    for record in records:
        for text in record["known"]:
            await api.create_memory(
                CreateMemory(document=f"User: {text}", document_type="ai-chat-conversation", **stage.ids)
            )
    await engine.worker.drain(seconds=600)
    for number, record in enumerate(records):
        turns = [(role, text) for role, _, text in (turn.partition(": ") for turn in record["turns"])]
        other = records[(number + len(records) // 2) % len(records)]
        asked = [
            Asked(protocol=protocol, text=one["question"], judge=_holds(one["answer"]))
            for protocol, one in (("next", record), ("other", other))
        ]
        await stage.replay(f"talk-{number}", turns, {len(turns) - 1: asked})


def _holds(answer: str) -> Callable[[Sequence[ContextItem]], float]:
    return lambda items: float(any(answer.casefold() in item.content.casefold() for item in items))


async def _dialogues(engine: Engine, api: EngineApi, tally: Tally, path: Path) -> None:
    sessions, questions = dialogues.load(path)
    words = {turn.id or "": set(content_words(turn.content)) for session in sessions for turn in session.turns}
    turn_of: dict[str, str] = {}
    asked = _placed(sessions, questions, words, turn_of)
    for session in sessions:
        ids = {"customer_id": f"customer-{session.owner}", "user_id": f"user-{session.owner}"}
        stage = Stage(engine=engine, api=api, tally=tally, ids=ids)
        first = session.turns[0].speaker
        turns = [
            ("user" if turn.speaker == first else "assistant", f"{turn.speaker}: {turn.content}")
            for turn in session.turns
        ]
        recorded = await stage.replay(session.name, turns, asked[session.name])
        turn_of |= {message: turn.id or "" for message, turn in zip(recorded, session.turns, strict=True)}
        await engine.worker.drain(seconds=3600)


def _placed(
    sessions: Sequence[dialogues.Session],
    questions: Sequence[dialogues.Question],
    words: Mapping[str, set[str]],
    turn_of: Mapping[str, str],
) -> Mapping[str, Mapping[int, Sequence[Asked]]]:
    """Return by session and turn the questions that are put behind it."""
    chance = random.Random(SEED)
    spread = Counter(word for held in words.values() for word in held)
    placed: dict[str, dict[int, list[Asked]]] = defaultdict(lambda: defaultdict(list))
    place = {turn.id: number for number, session in enumerate(sessions) for turn in session.turns}
    for question in questions:
        if not question.evidence or question.category == "adversarial":
            continue
        last = max(place[turn] for turn in question.evidence)
        later = [
            (session, number)
            for session in sessions[last + 1 :]
            if session.owner == question.owner
            for number in range(len(session.turns))
        ]
        if not later:
            continue
        telling = set(content_words(question.text))

        def likeness(spot: tuple[dialogues.Session, int], telling: set[str] = telling) -> float:
            shared = telling & words[spot[0].turns[spot[1]].id or ""]
            return sum(math.log(len(words) / spread[word]) for word in shared)

        for protocol, (session, number) in (("next", max(later, key=likeness)), ("other", chance.choice(later))):
            judge = _rests_on(question.evidence, words, turn_of)
            placed[session.name][number].append(Asked(protocol=protocol, text=question.text, judge=judge))
    for session in sessions:
        for number, turn in enumerate(session.turns[1:]):
            if turn.content.rstrip().endswith("?"):
                placed[session.name][number].append(Asked(protocol="turns", text=turn.content, judge=None))
    return placed


def _rests_on(
    evidence: frozenset[str], words: Mapping[str, set[str]], turn_of: Mapping[str, str]
) -> Callable[[Sequence[ContextItem]], float]:
    def judge(items: Sequence[ContextItem]) -> float:
        earned = {
            turn
            for item in items
            for turn in (turn_of.get(one.document_id, "") for one in item.evidence)
            if turn in evidence and rests_on(set(content_words(item.content)), words[turn])
        }
        return len(earned) / len(evidence)

    return judge
