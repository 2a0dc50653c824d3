"""What is remembered: typed memories, the evidence they rest on, and the changes that an ingestion makes to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from synap.domain.scopes import Scope

MAX_NAME_CHARACTERS = 256
"""Longest name of a speaker or an entity: what is longer is no name, and no index holds it."""


class MemoryType(StrEnum):
    """The five kinds of memory."""

    FACT = "fact"
    PREFERENCE = "preference"
    EPISODE = "episode"
    EMOTION = "emotion"
    TEMPORAL_EVENT = "temporal_event"


class MemoryStatus(StrEnum):
    """Whether a memory is served. Rows are never overwritten or removed by reconciliation; only their status changes."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    """A newer value of the same slot took its place."""
    RETRACTED = "retracted"
    """The user took it back."""
    DELETED = "deleted"
    """Erased by a caller: content and evidence are blanked, the row remains until the purge."""


class Modality(StrEnum):
    """How a statement is meant. Only `ASSERTED` and `REPORTED` ones may supersede."""

    ASSERTED = "asserted"
    PLANNED = "planned"
    WISHED = "wished"
    HYPOTHETICAL = "hypothetical"
    REPORTED = "reported"


class Precision(StrEnum):
    """How exactly an event date is known."""

    INSTANT = "instant"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A resolved point or stretch of time.

    Attributes:
        start: UTC instant at which it begins.
        end: UTC instant at which it ends (inclusive day end for whole days), or None for a point.
        precision: How exactly it is known.
        recurrence: The source's words for a repetition (`every other Friday`), or None.
    """

    start: datetime
    end: datetime | None = None
    precision: Precision = Precision.DAY
    recurrence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The passage of a document that a memory rests on.

    Attributes:
        document_id: The document, by its caller's id.
        start, end: Code points in the stored (already protected) document text, end exclusive.
        quote: That passage.
        turn_id: The turn it stands in, where the document has turns with ids.
        segment: Ordinal of the segment inside the document.
    """

    document_id: str
    start: int
    end: int
    quote: str
    turn_id: str | None = None
    segment: int = 0

    @property
    def reference(self) -> str:
        """`document_id#turn_id`, or `document_id:start-end` where there is no turn."""
        if self.turn_id is not None:
            return f"{self.document_id}#{self.turn_id}"
        return f"{self.document_id}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """An attribute of a subject, with the value that a statement gives it.

    Attributes:
        subject: Whom or what it is about, normalised (`the user`, `acme corp`, `sister`).
        name: Name of the attribute (`residence`, `support_hours`), or the normalised head of a free one.
        value: Its value, normalised for comparison.
        single: Whether a subject has one such value at a time.
        section: Normal form of where a document tells it (its headings, the record); empty for what people say. The
            same attribute under two headings belongs to two things.
    """

    subject: str
    name: str
    value: str
    single: bool = True
    section: str = ""

    @property
    def attribute(self) -> str:
        """The name without what restricts it: `budget` of `budget:kitchen`."""
        return self.name.partition(":")[0]

    @property
    def key(self) -> tuple[str, ...]:
        """What two statements must share to be about the same thing."""
        return (self.section, self.subject, self.name) if self.section else (self.subject, self.name)


class _Read:
    """Holds what was read out of a statement, which is no part of it: neither compared, nor copied, nor stored."""

    __slots__ = ("gist",)

    gist: Any
    """See `synap.domain.gists`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(_Read):
    """One thing said, in a form that stands alone: what extraction finds and what a memory holds.

    Attributes:
        type: Which of the five kinds.
        content: Self-contained third-person text; the speaker's own words where no safe rewrite is known.
        confidence: How sure the extraction is, 0..1.
        score: The type's own measure, 0..1: strength of a preference, significance of an episode, intensity of an
            emotion, temporal confidence of an event; equal to `confidence` for a fact.
        subject: Whom it is about, as displayed (`the user`, `Dana`).
        category: Kind of preference, or the emotion's name; empty where unknown.
        positive: False for a dislike, a negation, something that does not hold.
        modality: How it is meant.
        participants: People in an episode, besides the subject.
        slots: The attributes it settles.
        entities: Display names of who and what it mentions.
        when: The time it speaks of, if any.
        valid_from, valid_until: Since and until when it holds in the world, where known.
        said_at: When it was said (turn time, else the document's).
        language: ISO 639-1 code.
        correction: It corrects an earlier statement ("actually", "not X but Y").
        verbatim: The content is the speaker's own words, not a rewrite.
    """

    type: MemoryType
    content: str
    confidence: float = 0.8
    score: float = 0.8
    subject: str = "the user"
    category: str = ""
    positive: bool = True
    modality: Modality = Modality.ASSERTED
    participants: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()
    entities: tuple[str, ...] = ()
    when: When | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    said_at: datetime | None = None
    language: str = "en"
    correction: bool = False
    verbatim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A statement found in a document, before it is compared with what is known.

    Attributes:
        statement: The statement.
        evidence: Where it was said.
        extractor: Id of what found it.
        cues: What the rules saw in its clause, for the gate; empty where they have decided.
        doubtful: The rules alone would have been silent; only the gate can keep it.
        hinted: The caller's own analysis of the document says so too: it is kept however doubtful.
    """

    statement: Statement
    evidence: tuple[Evidence, ...]
    extractor: str = "rules@1"
    cues: frozenset[str] = frozenset()
    doubtful: bool = False
    hinted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction:
    """The user's wish that something said before be dropped.

    Attributes:
        topic: What it was about, as the user named it (`the budget`).
        subject: Whose statements are meant; only statements of the same scope are ever touched.
        evidence: Where it was said.
        said_at: When it was said; only earlier statements are meant.
    """

    topic: str
    evidence: Evidence
    subject: str = "the user"
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRetraction:
    """A retraction of which it is not clear what it means; nothing is retracted until somebody says.

    Attributes:
        retraction: What was said.
        memory_ids: Stored memories that it may mean.
        keys: New memories of the same ingestion that it may mean.
    """

    retraction: Retraction
    memory_ids: tuple[str, ...] = ()
    keys: tuple[int, ...] = ()


RECORD_EXTRACTOR = "record@1"
"""What a record that is served as a memory names as its extractor: nothing was extracted."""

IMPLIED_EXTRACTOR = "implied@1"
"""What a preference names as its extractor that nobody stated: it follows from what was chosen again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A memory as it is kept: a statement, whose it is, where it comes from and for how long it was believed.

    Attributes:
        id: Public id (UUID).
        scope: Its owner.
        statement: What it says.
        evidence: What it rests on; empty only for memories written directly.
        document_id: Caller's id of the document it came from.
        status: Whether it is served.
        recorded_at: When we learned it (start in our knowledge).
        superseded_at: When we ceased to believe it, or None.
        superseded_by: The memory that took its place, or None.
        seen_at, seen_count: When and how often the same was said.
        tokens: Size of the content by `synap.domain.tokens.count_tokens`.
        extractor: Id and version of what found it (`rules@1`, `direct@1`, `llm:<model>@<prompt>`).
        metadata: The source's metadata, as the caller gave it.
        reason: Why it is no longer served, in a few words (`newer value of residence`); empty where that is not asked for.
    """

    id: str
    scope: Scope
    statement: Statement
    evidence: tuple[Evidence, ...] = ()
    document_id: str = ""
    status: MemoryStatus = MemoryStatus.ACTIVE
    recorded_at: datetime
    superseded_at: datetime | None = None
    superseded_by: str | None = None
    seen_at: datetime | None = None
    seen_count: int = 1
    tokens: int = 0
    extractor: str = "rules@1"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def record(self) -> bool:
        """Whether it is no statement but data, given back as it came."""
        return self.extractor == RECORD_EXTRACTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMemory:
    """A memory to be written: a draft with its vector.

    Attributes:
        key: Position in the ingestion (0, 1, …); what `Supersession.by` refers to before ids exist.
        draft: Statement and evidence.
        vector: `(dim,)` unit vector as a sequence of floats, or None where the embedder failed and will be retried.
    """

    key: int
    draft: Draft
    extractor: str
    vector: Any = None
    seen_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersession:
    """An older memory whose validity ends in favour of a newer one.

    Attributes:
        memory_id: The older, already stored memory, or None when it is `older_key` of the same ingestion.
        by_key: The newer one among the ingestion's new memories, or None when `by_id` names a stored one.
        valid_until: Since when the older one no longer holds in the world.
        status: `SUPERSEDED`, or `RETRACTED` for something taken back.
        reason: Short word for the history (`newer value of residence`).
    """

    memory_id: str | None = None
    older_key: int | None = None
    by_key: int | None = None
    by_id: str | None = None
    valid_until: datetime | None = None
    status: MemoryStatus = MemoryStatus.SUPERSEDED
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """A stored memory that was said again: its count rises and its recency starts anew.

    `statement` is how it was said this time, which is what remains of it where the earlier source is taken away.
    """

    memory_id: str
    said_at: datetime | None
    evidence: tuple[Evidence, ...] = ()
    statement: Statement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that one ingestion does to what is known, applied in one transaction or not at all."""

    add: tuple[NewMemory, ...] = ()
    supersede: tuple[Supersession, ...] = ()
    refresh: tuple[Refresh, ...] = ()
    messages: tuple[str, ...] = ()
    pending: tuple[PendingRetraction, ...] = ()
