from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from synap.domain.contexts import Candidate, ScoreParts, SegmentRef, Untold
from synap.domain.memories import RECORD_EXTRACTOR, Evidence, Memory, MemoryType, Statement
from synap.domain.scopes import Scope
from synap.retrieval.scored import Scored, Settled

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCOPES = {
    "user": Scope(rung="user", space="inst_1", ids=(("customer", "acme"), ("user", "ann"))),
    "customer": Scope(rung="customer", space="inst_1", ids=(("customer", "acme"),)),
    "client": Scope(rung="client", space="inst_1"),
    "world": Scope(rung="world", space="world"),
}


class Make:
    """Builds candidates and what becomes of them, with everything a test does not care about filled in."""

    now = NOW

    def chain(self) -> tuple[Scope, ...]:
        return tuple(SCOPES.values())

    def memory(
        self, name: str, content: str = "", *, rung: str = "user", quote: str = "quote", **statement: Any
    ) -> Memory:
        fields: dict[str, Any] = {"type": MemoryType.FACT, "said_at": NOW, **statement}
        return Memory(
            id=name,
            scope=SCOPES[rung],
            statement=Statement(content=content or f"{name} is known.", **fields),
            evidence=(Evidence(document_id="doc", start=0, end=9, quote=quote, turn_id="t1"),),
            document_id="doc",
            recorded_at=NOW,
        )

    def candidate(
        self,
        name: str,
        content: str = "",
        *,
        vector: tuple[float | None, ...] = (),
        lexical: tuple[float | None, ...] = (),
        place: tuple[int, int] | None = None,
        excerpt: bool = False,
        speaker: str | None = None,
        rung: str = "user",
        **statement: Any,
    ) -> Candidate:
        return Candidate(
            memory=self.memory(name, content, rung=rung, **statement),
            excerpt=excerpt,
            place=None if place is None else SegmentRef(document_row=place[0], ordinal=place[1]),
            speaker=speaker,
            vector_scores=vector,
            lexical_scores=lexical,
        )

    def record(self, name: str, content: str = "{}", *, metadata: dict[str, Any], **candidate: Any) -> Candidate:
        """A document that is one JSON object, with the metadata that names it."""
        made = self.candidate(name, content, excerpt=True, **candidate)
        return structs.replace(made, memory=replace(made.memory, extractor=RECORD_EXTRACTOR, metadata=metadata))

    def untold(self, *, lexical: float, place: tuple[int, int], rung: str = "user", shared: bool = False) -> Untold:
        """One row that came with its lexical score alone."""
        return Untold(
            scopes=np.array([SCOPES[rung].id]),
            documents=np.array(place[:1]),
            ordinals=np.array(place[1:]),
            shared=np.array([shared]),
            vector_scores=np.array([[np.nan]]),
            lexical_scores=np.array([[lexical]]),
        )

    def scored(self, name: str, total: float = 0.5, content: str = "", **candidate: Any) -> Scored:
        return Scored(candidate=self.candidate(name, content, **candidate), score=ScoreParts(total=total))

    def settled(self, name: str, total: float = 0.5, *, overridden_by: str | None = None, **candidate: Any) -> Settled:
        return Settled(scored=self.scored(name, total, **candidate), overridden_by=overridden_by)


@pytest.fixture
def make() -> Make:
    return Make()


@pytest.fixture
def names() -> Callable[[list[Any]], list[str]]:
    """Return the ids of scored candidates, in order."""
    return lambda scored: [one.candidate.memory.id for one in scored]
