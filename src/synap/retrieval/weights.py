"""How much each signal of a score counts: every weight of retrieval in one place, and the factors that an instance may set.

The weights are the engine's own. They were chosen by hand: a few values of each were tried on three dialogues that the
repository does not hold, and a change was taken where it helped, or did not hurt, in every one of them, and checked on the
cases that the repository holds. `Balance` multiplies them: `retrieval.ranking` of an instance's configuration.
"""

from __future__ import annotations

from dataclasses import dataclass

DENSE_WEIGHT = 0.5
"""Share of the vectors beside words, with an embedder that knows paraphrase."""
DENSE_WEIGHT_WITHOUT_PARAPHRASE = 0.1
NAME_WEIGHT = 0.2
"""For the speaker or the subject that a question names; half of it for what is mentioned."""
TIME_WEIGHT = 0.3
"""For what happened, or was said, in the time that a question names."""
NEIGHBOUR_WEIGHT = 0.3
"""Share of the best score next door, in dialogues."""
NEIGHBOUR_WEIGHT_OUTSIDE_DIALOGUE = 0.1
EXCERPT_DISCOUNT = 0.97
"""Factor for passages: of two that answer alike, the memory comes first."""
FORMER = 0.7
"""Share of the best score of what is that what used to be gets at most, where a question asks how things are."""
REDUNDANT = 0.8
"""Factor for what another item of the same place already says in part."""
RECENCY_WEIGHT = 0.03
"""For age, so little that it only parts what is otherwise level."""
CONFIDENCE_WEIGHT = 0.02
PART_WEIGHT = 0.95
"""Factor for the parts that a compound question is taken apart into."""
HOP_WEIGHT = 0.9
"""Factor for what is asked about the names that the best hits bring; chosen on `benchmarks/quality/cases/chains.jsonl`."""
GOVERNING_SHARES = (0.95, 0.85, 0.8)
"""Shares of the best score that the standing requests governing a task get, the nearest first, and no more of them: a task
must be done by them, however much else resembles it."""
JUDGEMENT_WEIGHT = 0.7
"""Share of a reranker's judgement, where there is one."""
HEADING_SHARE = 0.5
"""Factor on the lexical score of a passage that holds the words asked for in the headings above it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How much each signal counts, as a multiple of what it counts by default.

    Attributes:
        similarity: Likeness in meaning and in words.
        meaning: Of that, the likeness in meaning.
        words: Of that, the words shared.
        recency: How lately it was said.
        centrality: The speaker, subject or entities that the question names.
        time: The time that the question names.
        neighbours: What stands beside it in a dialogue or document.
        confidence: How sure the memory is.
        governing: Standing requests that govern the kind of task asked for, though they share no words with it.
    """

    similarity: float = 1.0
    meaning: float = 1.0
    words: float = 1.0
    recency: float = 1.0
    centrality: float = 1.0
    time: float = 1.0
    neighbours: float = 1.0
    confidence: float = 1.0
    governing: float = 1.0

    def dense(self, *, semantic: bool) -> float:
        """Return the share of the vectors beside words, 0..1."""
        own = DENSE_WEIGHT if semantic else DENSE_WEIGHT_WITHOUT_PARAPHRASE
        meaning, words = own * self.meaning, (1.0 - own) * self.words
        return meaning / (meaning + words) if meaning + words > 0.0 else own

    @property
    def full(self) -> float:
        """The highest sum there is but for the time asked about; totals are shares of it, so that they lie in 0..1."""
        found = (self.similarity + NAME_WEIGHT * self.centrality) * (1.0 + NEIGHBOUR_WEIGHT * self.neighbours)
        return found + RECENCY_WEIGHT * self.recency + CONFIDENCE_WEIGHT * self.confidence or 1.0
