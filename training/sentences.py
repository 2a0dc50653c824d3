"""Sentences with what should be kept of them, and what the rules find in each.

A file has a sentence a line, its label first (a type of memory, or `none`); `[assistant]`, `[people]` and `[document]`
say how the sentences below them are said. All are said on one day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from synap.domain.documents import DocumentType, Turn
from synap.domain.memories import Draft
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Source, extract
from synap.ingestion.gate import LABELS
from synap.ingestion.prepare import prepare

SAID_AT = datetime(2026, 3, 11, 10, tzinfo=UTC)
NAMES = ("Robin", "Elena", "Tariq", "Wanda", "Joel", "Priya", "Marek", "Aisha", "Colin", "Noor", "Sven", "Dolores")
"""Who speaks in talks between people, in turn, so that no name means anything."""

_TYPES = {
    "assistant": DocumentType.AI_CHAT,
    "people": DocumentType.HUMAN_CHAT,
    "document": DocumentType.DOCUMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One labelled sentence.

    Attributes:
        text: As said.
        label: The type of memory that it is, or `none`.
        register: `assistant`, `people` or `document`.
    """

    text: str
    label: str
    register: str


def read(paths: Iterable[Path]) -> list[Sentence]:
    """Return the sentences of files, in order.

    Raises:
        ValueError: A line has no known label, or stands above the first section.
    """
    found = []
    for path in paths:
        register = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip() or line.startswith("# "):
                continue
            if line.startswith("["):
                register = line.strip("[] ")
                continue
            label, _, text = line.partition(" ")
            label = "temporal_event" if label == "event" else label
            if label not in LABELS or register not in _TYPES or not text:
                raise ValueError(f"{path.name}, line {number}: expected a label and a sentence below a section")
            found.append(Sentence(text=text, label=label, register=register))
    return found


def digest(sentences: Iterable[Sentence]) -> str:
    """Return one word for a set of sentences; another order is the same set."""
    lines = sorted(f"{one.register}\0{one.label}\0{one.text}" for one in sentences)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def drafts_of(sentence: Sentence, number: int, *, gated: bool) -> tuple[Draft, ...]:
    """Return what the rules find in a sentence that stands alone; `gated` with what only the gate can keep."""
    document: str | Sequence[Turn] = sentence.text
    if sentence.register == "assistant":
        document = [Turn(role="user", content=sentence.text)]
    elif sentence.register == "people":
        document = [Turn(role="user", speaker=NAMES[number % len(NAMES)], content=sentence.text)]
    kind = _TYPES[sentence.register]
    prepared = prepare(document, document_type=kind, created_at=SAID_AT, pii=PiiHandling.OFF)
    rung = "client" if sentence.register == "document" else "user"
    source = Source(document_id="d", document_type=kind, created_at=SAID_AT, rung=rung, gated=gated)
    return extract(prepared, source).drafts
