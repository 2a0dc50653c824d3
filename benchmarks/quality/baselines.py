"""Simple rankings of the same turns, in the same run: what an engine must not fall behind.

Each unit is one turn, written with its date and speaker. `smooth` is the strongest of them: both channels scaled to their
range and added, the speaker whom the question names lifted, and 0.3 of the better score next door. Its three weights are
taken as published with the baseline; nothing is fitted here.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.dialogues import Question, Session
from benchmarks.quality.scoring import Hit
from synap.domain.terms import tokenize
from synap.ports.embedder import Embedder

K1, B = 1.5, 0.75
RANK_CONSTANT = 60
SPEAKER, NEIGHBOUR = 0.2, 0.3
RESULTS = 50

_Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One turn as a baseline serves it."""

    turn: str
    session: str
    speaker: str
    said: str
    text: str


@dataclass(slots=True, kw_only=True)
class Corpus:
    """The turns of one owner, with their words and vectors."""

    units: list[Unit] = field(default_factory=list)
    words: list[Counter[str]] = field(default_factory=list)
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 1), np.float32))


class Baselines:
    """The baselines over some sessions."""

    NAMES = ("bm25", "bm25 +-1 turn", "bm25 + speaker + neighbours", "dense", "rrf", "smooth")

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._corpora: defaultdict[str, Corpus] = defaultdict(Corpus)

    async def read(self, sessions: Sequence[Session]) -> None:
        """Index the turns of `sessions`."""
        for session in sessions:
            corpus = self._corpora[session.owner]
            for turn in session.turns:
                said = f"{turn.speaker}: {turn.content}"
                date = f"{session.at.day} {session.at:%B %Y}"
                corpus.units.append(
                    Unit(
                        turn=turn.id or "",
                        session=session.name,
                        speaker=turn.speaker or "",
                        said=said,
                        text=f"[{date}] {said}",
                    )
                )
                corpus.words.append(Counter(tokenize(said)))
        for corpus in self._corpora.values():
            corpus.vectors = await self._embedder.embed_documents([unit.said for unit in corpus.units])

    async def answer(self, question: Question) -> dict[str, list[Hit]]:
        """Return the best hits of each baseline."""
        corpus = self._corpora[question.owner]
        vector = (await self._embedder.embed_queries([question.text]))[0]
        dense = corpus.vectors.astype(np.float64) @ vector.astype(np.float64)
        lexical = _bm25(tokenize(question.text), corpus.words)
        speaker = np.array([_names(question.text, unit.speaker) for unit in corpus.units]) * SPEAKER
        ranks = 1 / (RANK_CONSTANT + 1 + _rank(dense)) + np.where(
            lexical > 0, 1 / (RANK_CONSTANT + 1 + _rank(lexical)), 0.0
        )
        both = 0.5 * _scale(lexical) + 0.5 * _scale(dense)
        return {
            "bm25": _hits(corpus, lexical),
            "bm25 +-1 turn": _windows(corpus, lexical),
            "bm25 + speaker + neighbours": _hits(corpus, _smoothed(corpus, _scale(lexical) + speaker)),
            "dense": _hits(corpus, dense),
            "rrf": _hits(corpus, ranks),
            "smooth": _hits(corpus, _smoothed(corpus, both + speaker)),
        }


def _bm25(asked: Sequence[str], documents: Sequence[Counter[str]]) -> _Scores:
    """Return Okapi BM25 of each document (Robertson, Zaragoza, 2009)."""
    count = len(documents)
    average = sum(words.total() for words in documents) / max(count, 1)
    scores = np.zeros(count)
    for word in set(asked):
        holding = [(n, words[word], words.total()) for n, words in enumerate(documents) if word in words]
        idf = math.log(1 + (count - len(holding) + 0.5) / (len(holding) + 0.5))
        for n, times, length in holding:
            scores[n] += idf * times * (K1 + 1) / (times + K1 * (1 - B + B * length / average))
    return scores


def _scale(raw: _Scores) -> _Scores:
    low, high = float(raw.min()), float(raw.max())
    return (raw - low) / (high - low) if high > low else np.zeros_like(raw)


def _rank(scores: _Scores) -> _Scores:
    """Return the position of each score, 0 for the best."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return ranks


def _names(question: str, speaker: str) -> bool:
    return re.search(rf"\b{re.escape(speaker)}\b", question, re.IGNORECASE) is not None


def _smoothed(corpus: Corpus, scores: _Scores) -> _Scores:
    result = scores.copy()
    for n, unit in enumerate(corpus.units):
        beside = [scores[m] for m in (n - 1, n + 1) if 0 <= m < len(scores) and corpus.units[m].session == unit.session]
        if beside:
            result[n] += NEIGHBOUR * max(beside)
    return result


def _hits(corpus: Corpus, scores: _Scores) -> list[Hit]:
    order = np.argsort(-scores, kind="stable")[:RESULTS]
    return [Hit(text=corpus.units[n].text, turns=frozenset((corpus.units[n].turn,))) for n in order if scores[n] > 0]


def _windows(corpus: Corpus, scores: _Scores) -> list[Hit]:
    """Return each hit with the turns beside it that no earlier hit has shown."""
    hits: list[Hit] = []
    shown: set[int] = set()
    for n in map(int, np.argsort(-scores, kind="stable")):
        if scores[n] <= 0 or len(hits) == RESULTS:
            break
        session = corpus.units[n].session
        around = [
            m
            for m in (n - 1, n, n + 1)
            if 0 <= m < len(corpus.units) and corpus.units[m].session == session and m not in shown
        ]
        if n in shown or not around:
            continue
        shown.update(around)
        first, *rest = (corpus.units[m] for m in around)
        hits.append(
            Hit(
                text="\n".join((first.text, *(unit.said for unit in rest))),
                turns=frozenset(corpus.units[m].turn for m in around),
            )
        )
    return hits
