"""A candidate with its score, before and after scopes were settled: what the stages of retrieval hand on."""

from __future__ import annotations

from dataclasses import dataclass

from synap.domain.contexts import Candidate, ScoreParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A candidate and how relevant it is."""

    candidate: Candidate
    score: ScoreParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A scored candidate that was compared with the others.

    Attributes:
        scored: The candidate and its score, unchanged.
        overridden_by: Id of the narrower or newer memory that wins over it, or None.
        merged: Ids of the memories that say the same and were dropped in its favour.
    """

    scored: Scored
    overridden_by: str | None = None
    merged: tuple[str, ...] = ()
