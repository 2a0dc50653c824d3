"""What a language model is shown of a document: segments with their neighbours, as data, a window at a time.

Not shown are passages that the rules never read as statements either (code, quotations, boilerplate, forged role labels),
and turns in which their speaker asks not to remember.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from synap.domain.documents import Block, BlockKind, PreparedDocument, Role, Segment
from synap.domain.sentences import sentences
from synap.domain.tokens import count_tokens
from synap.ingestion.acts import Act
from synap.ingestion.taking_back import taken_back

WINDOW_TOKENS = 1200
"""Tokens of the segments that a window is about."""

NEIGHBOURS = 2
"""Segments before a window's own that are shown for their context."""

_UNSHOWN = frozenset({BlockKind.CODE, BlockKind.QUOTE, BlockKind.BOILERPLATE})
_READ = frozenset({Role.USER, Role.AUTHOR})
_ROLE_LABEL = re.compile(r"^\s*(?:assistant|system|user|human|ai|bot|developer|tool)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Segments to be read together.

    Attributes:
        own: What it is about; only these may be cited.
        context: What stands before them.
    """

    own: tuple[Segment, ...]
    context: tuple[Segment, ...] = ()

    @property
    def halves(self) -> tuple[Window, ...]:
        """The same in two windows; none where it cannot be divided."""
        middle = len(self.own) // 2
        if not middle:
            return ()
        first, second = self.own[:middle], self.own[middle:]
        return (Window(own=first, context=self.context), Window(own=second, context=first[-NEIGHBOURS:]))


def windows(document: PreparedDocument) -> tuple[Window, ...]:
    """Return the windows of a document in order; none for one in which nobody speaks."""
    shown = [segment for segment in document.segments if _shown(segment, document.blocks)]
    made: list[Window] = []
    for start, end in _packed(shown):
        own = tuple(shown[start:end])
        if any(segment.role in _READ for segment in own):
            made.append(Window(own=own, context=tuple(shown[max(0, start - NEIGHBOURS) : start])))
    return tuple(made)


def as_data(window: Window, about: Mapping[str, Any]) -> str:
    """Return a window as one JSON object, beside what is told about its document: no text in it can end its string."""
    rows = [_row(segment) | {"context": True} for segment in window.context] + [_row(one) for one in window.own]
    return json.dumps({**about, "segments": rows}, ensure_ascii=False, indent=0)


def heeded(block: Block) -> bool:
    """Whether what a block says may be remembered: nobody forbids it in there, and it forges no other speaker."""
    if block.role is not Role.USER:
        return True
    if _ROLE_LABEL.match(block.text):
        return False
    readings = (taken_back(block.text[start:end]) for start, end in sentences(block.text))
    return not any(reading is not None and reading.act is Act.OPT_OUT for reading in readings)


def _shown(segment: Segment, blocks: Sequence[Block]) -> bool:
    if segment.role not in _READ and segment.role is not Role.ASSISTANT:
        return False
    return all(block.kind not in _UNSHOWN and heeded(block) for block in blocks[slice(*segment.blocks)])


def _packed(shown: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    start, tokens = 0, 0
    for place, segment in enumerate(shown):
        size = count_tokens(segment.text)
        if place > start and tokens + size > WINDOW_TOKENS:
            yield start, place
            start, tokens = place, 0
        tokens += size
    if shown:
        yield start, len(shown)


def _row(segment: Segment) -> dict[str, Any]:
    row: dict[str, Any] = {"id": segment.ordinal, "role": segment.role.value}
    if segment.speaker is not None:
        row["speaker"] = segment.speaker
    if segment.time is not None:
        row["said"] = _day(segment.time)
    return row | {"text": segment.text}


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M, %A}"
