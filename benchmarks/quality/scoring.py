"""What an answer is worth: how much of the evidence it brings, in few items and inside a budget of tokens.

r@k and all@k look at the first k hits, r@B and all@B at those that fit in B tokens, taken in rank order. ans@B is the share
of the answer's content words within the budget, ans1@B whether one hit holds all of them. mrr looks for the first hit.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.quality.dialogues import Question
from benchmarks.quality.words import content_words, count_plain_tokens

COLUMNS = ("r@5", "r@10", "r@20", "all@10", "mrr", "r@B", "all@B", "ans@B", "ans1@B", "tokens")
OVERALL = "all but adversarial"
ROUNDS = 2000
_COUNTS = (5, 10, 20)
_TEN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An item as it counts: its text, and the turns it has earned."""

    text: str
    turns: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question with what its answer is worth."""

    question: Question
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better one ranking is than another over the same questions, with its 95 % interval."""

    mean: float
    low: float
    high: float


def score(question: Question, hits: Sequence[Hit], budget: int) -> dict[str, float]:
    """Return the measures of one answer, each 0..1 but for `tokens`; those that do not apply are left out."""
    kept = list(_within(hits, budget))
    scores: dict[str, float] = {"tokens": float(sum(count_plain_tokens(hit.text) for hit in kept))}
    if question.evidence:
        for count in _COUNTS:
            scores[f"r@{count}"] = _recall(question.evidence, hits[:count])
        scores["all@10"] = float(_recall(question.evidence, hits[:_TEN]) == 1.0)
        scores["mrr"] = next((1 / (n + 1) for n, hit in enumerate(hits) if hit.turns & question.evidence), 0.0)
        scores["r@B"] = _recall(question.evidence, kept)
        scores["all@B"] = float(scores["r@B"] == 1.0)
    wanted = set(content_words(question.answer)) if question.answer else set()
    if wanted:
        found = set(content_words("\n".join(hit.text for hit in kept)))
        scores["ans@B"] = len(wanted & found) / len(wanted)
        scores["ans1@B"] = float(any(wanted <= set(content_words(hit.text)) for hit in kept))
    return scores


def by_category(rows: Sequence[Row], categories: Iterable[str]) -> dict[str, dict[str, float]]:
    """Return the mean of each measure by category and over all but the adversarial questions, with their number as `n`."""
    groups = {category: [row for row in rows if row.question.category == category] for category in categories}
    groups[OVERALL] = [row for row in rows if row.question.category != "adversarial"]
    return {name: _means(group) for name, group in groups.items() if group}


def difference(
    ours: Sequence[Row], theirs: Sequence[Row], measure: str, *, category: str = OVERALL
) -> Difference | None:
    """Return the paired bootstrap of a measure's difference over the same questions in the same order; None for no question.

    Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993; percentiles of resampled means, seed fixed.
    """
    gains = [
        mine.scores[measure] - other.scores[measure]
        for mine, other in zip(ours, theirs, strict=True)
        if measure in mine.scores
        and (mine.question.category == category or (category == OVERALL and mine.question.category != "adversarial"))
    ]
    if not gains:
        return None
    draw = random.Random(7)
    means = sorted(statistics.fmean(draw.choices(gains, k=len(gains))) for _ in range(ROUNDS))
    return Difference(mean=statistics.fmean(gains), low=means[int(0.025 * ROUNDS)], high=means[int(0.975 * ROUNDS) - 1])


def _means(rows: Sequence[Row]) -> dict[str, float]:
    means = {"n": float(len(rows))}
    for column in COLUMNS:
        values = [row.scores[column] for row in rows if column in row.scores]
        if values:
            means[column] = statistics.fmean(values)
    return means


def _within(hits: Sequence[Hit], budget: int) -> Iterable[Hit]:
    """Yield the hits that fit, in rank order; one that does not is passed over."""
    used = 0
    for hit in hits:
        size = count_plain_tokens(hit.text)
        if used + size <= budget:
            used += size
            yield hit


def _recall(evidence: frozenset[str], hits: Sequence[Hit]) -> float:
    return len(evidence & {turn for hit in hits for turn in hit.turns}) / len(evidence)
