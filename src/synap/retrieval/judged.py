"""What a reranker made of the best candidates, beside what the channels made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synap.retrieval.places import with_total
from synap.retrieval.scored import Scored
from synap.retrieval.weights import JUDGEMENT_WEIGHT


def by_judgement(scored: Sequence[Scored], judged: Mapping[str, float]) -> list[Scored]:
    """Return `scored` with the judgement as most of the score, best first again (ties: by id).

    What was not judged keeps the other share of its score, and so comes behind what was judged good.
    """
    result = [
        with_total(
            one,
            JUDGEMENT_WEIGHT * judged.get(one.candidate.memory.id, 0.0) + (1.0 - JUDGEMENT_WEIGHT) * one.score.total,
        )
        for one in scored
    ]
    return sorted(result, key=lambda one: (-one.score.total, one.candidate.memory.id))
