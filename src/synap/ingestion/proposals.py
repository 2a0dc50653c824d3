"""Memories that a language model proposes, and what is left of them once each word of them has been checked.

The model proposes, the engine disposes. A proposal carries no scope, no id and no permission. It is dropped, and counted,
unless it cites a passage that is there and that a human or an author said, its names and figures stand in what the model
was shown, and its text stands alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib import resources

import msgspec

from synap.domain.memories import Draft, Evidence, MemoryType, Modality, Retraction
from synap.domain.terms import tokenize

MOST_PROPOSALS = 40
"""Proposals of one window that are looked at."""

LONGEST_CONTENT = 400
SHORTEST_CONTENT = 8


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A memory as a language model writes it down; see `prompts/extract.md`."""

    type: str
    content: str
    subject: str = ""
    segments: tuple[int, ...] = ()
    quote: str = ""
    date: str | None = None
    date_words: str | None = None
    modality: str = "asserted"
    positive: bool = True
    strength: float = 0.8
    confidence: float = 0.8


class ProposedRetraction(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a user takes back, as a language model writes it down."""

    topic: str
    segment: int
    quote: str


class Proposals(msgspec.Struct, frozen=True, kw_only=True):
    """What a language model makes of one window."""

    memories: tuple[Proposal, ...] = ()
    retractions: tuple[ProposedRetraction, ...] = ()


class Reason(StrEnum):
    """Why a proposal is dropped."""

    INVALID = "invalid"
    """Its type, modality or length is none that there is."""
    UNKNOWN_SEGMENT = "unknown_segment"
    """It cites no segment that the window is about."""
    NOT_QUOTED = "not_quoted"
    """Its quote is not in what it cites."""
    NOT_SAID = "not_said"
    """What it cites are the machine's words; or, for a retraction, those of a document."""
    UNGROUNDED = "ungrounded"
    """A name or figure in it stands nowhere in what the model was shown, or it shares no word with its quote."""
    FLAWED = "flawed"
    """Its text is in the first person, or its subject is left open."""
    HYPOTHETICAL = "hypothetical"
    TAKEN_BACK = "taken_back"
    """Its speaker took it back, corrected it, or asked not to remember it."""
    REPEATED = "repeated"
    """It says what another proposal says."""
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What is left of a model's proposals.

    Attributes:
        drafts: Memories, each with its evidence.
        retractions: What users took back.
        dropped: How many were dropped, by reason.
    """

    drafts: tuple[Draft, ...] = ()
    retractions: tuple[Retraction, ...] = ()
    dropped: Counter[Reason] = field(default_factory=Counter)


MODALITIES = {modality.value: modality for modality in Modality}
TYPES = {kind.value: kind for kind in MemoryType} | {"event": MemoryType.TEMPORAL_EVENT}


@lru_cache(maxsize=1)
def prompt() -> str:
    """Return what a model is told about the task."""
    return resources.files("synap.ingestion").joinpath("prompts/extract.md").read_text("utf-8")


@lru_cache(maxsize=1)
def prompt_hash() -> str:
    """Return eight characters that change with the prompt or the shape of its answer."""
    shape = msgspec.json.encode(msgspec.json.schema(Proposals))
    return hashlib.sha256(prompt().encode() + shape).hexdigest()[:8]


def extractor_of(model: str) -> str:
    """Return what memories name as their extractor that a model proposed: the model, and the prompt it was given."""
    return f"llm:{model[:64]}@{prompt_hash()}"


def rests_on(content: str, passage: str) -> bool:
    """Whether a statement shares a telling word with the passage that it cites."""
    return bool(set(tokenize(content)) & set(tokenize(passage)))


def overlapping(first: Sequence[Evidence], second: Sequence[Evidence]) -> bool:
    """Whether two statements rest on the same words, in part at least."""
    return any(a.document_id == b.document_id and a.start < b.end and b.start < a.end for a in first for b in second)
