"""A candidate with its score, before and after scopes were settled: what the stages of retrieval hand on."""

from __future__ import annotations

from msgspec import Struct

from synap.domain.contexts import Candidate, ScoreParts


class Scored(Struct, frozen=True, kw_only=True):
    """A candidate and how relevant it is.

    Attributes:
        candidate: What was found.
        score: How relevant it is.
    """

    candidate: Candidate
    score: ScoreParts


class Settled(Struct, frozen=True, kw_only=True):
    """A scored candidate that was compared with the others.

    Attributes:
        scored: The candidate and its score, unchanged.
        overridden_by: Id of the narrower or newer memory that wins over it, or None.
        partly_overridden_by: Id of the one that wins over a sentence of it, where it is a passage of several: it stands
            behind the winner too, but what else it says still holds.
        merged: Ids of the memories that say the same and were dropped in its favour.
    """

    scored: Scored
    overridden_by: str | None = None
    partly_overridden_by: str | None = None
    merged: tuple[str, ...] = ()

    @property
    def winner(self) -> str | None:
        """Id of what stands before it because it settles the same matter, or None."""
        return self.overridden_by or self.partly_overridden_by
