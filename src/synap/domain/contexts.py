"""What a fetch works with and gives back: candidates with their scores, items, and the context that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from synap.domain.memories import Memory, MemoryType
from synap.domain.scopes import Scope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RetrievalMode(StrEnum):
    """How much work a fetch may do."""

    FAST = "fast"
    ACCURATE = "accurate"


class ResponseShape(StrEnum):
    """Whether items come in five lists or in one ranked list as well."""

    BY_TYPE = "by_type"
    RANKED = "ranked"


class SegmentRef(Struct, frozen=True, kw_only=True):
    """Where a segment stands, for neighbours and for suppressing excerpts of what a memory already says."""

    document_row: int
    ordinal: int
    shared: bool = False


class Candidate(Struct, frozen=True, kw_only=True):
    """A memory or a segment with the raw scores of the channels, before it is chosen.

    Attributes:
        memory: What would be served. For a segment, a memory of type fact or episode made from its text, with
            `metadata["excerpt"] = True` and evidence pointing at it.
        excerpt: Whether it is a segment.
        place: The segment itself, or the one that the memory's first piece of evidence lies in.
        speaker: Who said it, where known.
        vector_scores: Cosine with each query, in the queries' order; None where the channel did not return it.
        lexical_scores: BM25 with each query, likewise.
    """

    memory: Memory
    excerpt: bool = False
    place: SegmentRef | None = None
    speaker: str | None = None
    vector_scores: tuple[float | None, ...] = ()
    lexical_scores: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """What was found and came with its scores alone: they set the range of the scores, and lend to the places beside them.

    Candidates, and segments beside the best, that promised too little to be served. One row each, `n` in all.

    Attributes:
        scopes: `(n,)` id of the scope.
        documents: `(n,)` row of a segment's document; 0 for a memory.
        ordinals: `(n,)` place of a segment in its document; 0 for a memory.
        shared: `(n,)` whether it is a row of CLIENT or WORLD.
        vector_scores: `(n, queries)` cosines, NaN where the channel did not return it.
        lexical_scores: `(n, queries)` BM25, likewise.
    """

    scopes: NDArray[np.int64]
    documents: NDArray[np.int64]
    ordinals: NDArray[np.int64]
    shared: NDArray[np.bool_]
    vector_scores: NDArray[np.float64]
    lexical_scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.scopes)


class ScoreParts(Struct, frozen=True, kw_only=True):
    """How an item's score came about; all in 0..1 but for `total`, which is their weighted sum."""

    total: float
    vector: float = 0.0
    lexical: float = 0.0
    neighbour: float = 0.0
    entity: float = 0.0
    time: float = 0.0
    recency: float = 0.0
    band: int = 0


class Item(Struct, frozen=True, kw_only=True):
    """One memory in an answer, with why it is there.

    Attributes:
        memory: The memory served.
        content: Its text as served: the memory's content, or that cut at a sentence to fit the budget.
        rank: Position in the answer, 0 is the best.
        score: How the score came about.
        excerpt: It is a verbatim segment.
        overridden_by: Id of the narrower (or newer) memory that wins over it, or None.
        matched_queries: The queries that found it.
        tokens: Size of its line in the formatted context.
        cut: The content was cut to fit the budget.
    """

    memory: Memory
    content: str
    rank: int
    score: ScoreParts
    excerpt: bool = False
    overridden_by: str | None = None
    matched_queries: tuple[str, ...] = ()
    tokens: int = 0
    cut: bool = False

    @property
    def scope(self) -> str:
        """Name of the rung it comes from."""
        return self.memory.scope.rung


class Reason(StrEnum):
    """Why a memory is not in an answer: the first stage on its way that it did not pass."""

    SERVED = "served"
    """It is."""
    SUPERSEDED = "superseded"
    """A newer memory took its place."""
    RETRACTED = "retracted"
    """The user took it back."""
    SCOPE = "scope"
    """Its rung was not asked for."""
    NOT_A_CANDIDATE = "not_a_candidate"
    """Neither channel ranked it among its first."""
    NOT_READ = "not_read"
    """It promised less, by meaning and words, than those whose text was read."""
    RETENTION = "retention"
    """It is past its retention."""
    TYPE = "type"
    """Its type was not asked for."""
    CONFIDENCE = "confidence"
    """It is less sure than the instance wants."""
    SAYS_NOTHING = "says_nothing"
    """It is a greeting, an assent or the head of an e-mail."""
    NOT_VALID = "not_valid"
    """It has ceased to hold, and the question is not about the past."""
    MERGED = "merged"
    """Another one says the same, and is there in its stead."""
    SPOKEN_FOR = "spoken_for"
    """The memories drawn from this passage say what it says."""
    FLOOR = "floor"
    """Its score is below the instance's floor."""
    MAX_RESULTS = "max_results"
    """Better ones filled the number of results."""
    BUDGET = "budget"
    """It did not fit into the tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A candidate that an answer does not hold.

    Attributes:
        id: Its public id.
        content: What it says.
        scope: Rung that it comes from.
        reason: Why it is not there.
        by: Id of the memory that stands in its stead or overrides it; empty for none.
        score: Its relevance where it was placed, 0..1, else None.
        excerpt: It is a verbatim segment.
    """

    id: str
    content: str
    scope: str
    reason: Reason
    by: str = ""
    score: float | None = None
    excerpt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """Why an answer is less than asked for.

    Attributes:
        level: `partial`, `minimal` or `failed`.
        code: `timeout`, `overloaded`, `unavailable` or `internal`: the words that published clients know.
        warnings: Sentences for people; of a partial answer each begins with what is missing, `no_vectors` or `no_reranker`.
    """

    level: str
    code: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The answer to a fetch.

    Attributes:
        items: Everything served, best first.
        formatted: The same as text for a prompt; same input gives the same bytes; within the budget.
        scopes: The rungs that were searched, narrowest first.
        tokens: Size of `formatted`.
        budget: Tokens it was allowed.
        budget_exceeded: Whether something relevant was left out for lack of budget.
        candidates: How many were considered.
        degradation: Why it is less than asked for, or None.
        reason: Why it is empty, where that is not obvious (unknown conversation), else "".
        warnings: What the caller should know (an unreadable query date).
        left_out: Candidates that are not among the items, with the reason, where the answer shall be explained.
    """

    items: tuple[Item, ...] = ()
    formatted: str = ""
    scopes: tuple[str, ...] = ()
    tokens: int = 0
    budget: int = 0
    budget_exceeded: bool = False
    candidates: int = 0
    degradation: Degradation | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search query, ready for the channels.

    Attributes:
        text: As asked.
        terms: Distinct hashed terms, `synap.domain.terms.term_hashes`.
        vector: `(dim,)` unit vector, or None where no embedder answered.
        names: Lower-case names in the query, for the entity and speaker boost.
        weight: Factor on its scores, 0..1: 1 as the caller asked it, less for what was derived from that.
        derived: Whether the engine made it up from a question of the caller.
        governing: Whether it looks for standing requests alone.
    """

    text: str
    terms: tuple[int, ...] = ()
    vector: Any = None
    names: tuple[str, ...] = ()
    weight: float = 1.0
    derived: bool = False
    governing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the store is asked for, on behalf of a chain of scopes.

    Attributes:
        chain: Scopes to read, narrowest first.
        queries: Empty for a fetch without a query: then the newest and surest of each rung come back.
        types: Memory types wanted; empty for all.
        as_of: Serve what was believed at this moment, or None for now.
        now: The present moment, against which validity is judged.
        limit: Candidates per channel and query.
        texts: How many memories, and how many segments, per query come with their text: the most promising by both
            channels. The other candidates come as `Untold`.
        neighbours: Whether the segments beside the candidates come back as well.
        excerpts: Whether segments are searched.
    """

    chain: tuple[Scope, ...]
    queries: tuple[Query, ...] = ()
    types: frozenset[MemoryType] = frozenset()
    as_of: datetime | None = None
    now: datetime
    limit: int = 100
    texts: int = 100
    neighbours: bool = True
    excerpts: bool = True

    @property
    def asked(self) -> tuple[str, ...]:
        """The questions as the caller asked them, without those derived from them."""
        return tuple(query.text for query in self.queries if not query.derived)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What the store found: candidates, and the versions of the scopes as they were when it looked.

    `learnt` tells for some of the scopes since which version nothing has touched their memories.
    """

    candidates: tuple[Candidate, ...] = ()
    untold: Untold | None = None
    versions: Mapping[int, int] = field(default_factory=dict)
    learnt: Mapping[int, int] = field(default_factory=dict)
