"""Question: does a fetch find what answers a question about somebody whom the question describes and does not name?

    python -m benchmarks.quality chains benchmarks/quality/cases/chains.jsonl [--verbose]

Data: stories of a few statements each, of our own, in which the answer names only whom another statement tells to be meant,
beside statements that share the question's words and are about others. Each belongs to a user of its own, in one fresh
instance; everything goes through the public SDK. Told is how often the answer is among the first one, two and three of five
items, in both modes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench_engine import bench_engine, fresh_synap
from synap.sdk.client import Synap

RESULTS = 5
CUSTOMER = "acme"
COUNTED = (1, 2, 3)


async def measure(path: Path, *, verbose: bool) -> None:
    """Ask every case in both modes and print how early the answers came."""
    text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    cases = [json.loads(line) for line in text.splitlines() if line.strip()]
    async with bench_engine() as engine:
        synap, _ = await fresh_synap(engine, "chains")
        await synap.memories.batch_create([told for case in cases for told in _statements(case)], timeout_seconds=600)
        for mode in ("fast", "accurate"):
            places = [await _place(synap, case, mode) for case in cases]
            counts = ", ".join(f"first {most} {sum(p <= most for p in places)}" for most in COUNTED)
            print(f"chains, {mode}: {counts} of {len(cases)}")
            for case, place in zip(cases, places, strict=True) if verbose else ():
                print(f"  {case['id']}: {place if place <= RESULTS else 'missing'}")


def _statements(case: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    owner = {"customer_id": CUSTOMER, "user_id": case["id"]}
    return [{"document": f"User: {text}", "document_type": "ai-chat-conversation", **owner} for text in case["said"]]


async def _place(synap: Synap, case: Mapping[str, Any], mode: str) -> int:
    """Return the place of the last of what is needed, from 1; one beyond the answer where a part is missing."""
    answer = await synap.user.context.fetch(
        case["id"], CUSTOMER, search_query=case["query"], max_results=RESULTS, response_shape="ranked", mode=mode
    )
    texts = [item.content.lower() for item in answer.items]
    return max(
        next((place for place, text in enumerate(texts, 1) if needed.lower() in text), RESULTS + 1)
        for needed in case["needs"]
    )
