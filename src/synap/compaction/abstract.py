"""A compaction written by a language model: its points are checked against the messages, and measured like any other.

A point is dropped unless it cites messages that are there and every name, number and date in it stands in them. What is
left counts only where it passes the same measure as a compaction of chosen sentences (`inventory.score`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec

from synap.compaction import inventory as measure
from synap.compaction.compact import PASS_MARK, SMALLEST_TARGET, current, sources
from synap.compaction.inventory import Item, items_in, names_of
from synap.compaction.remarks import Reading, read
from synap.compaction.render import fitted, render
from synap.domain.compactions import Compaction, Form, Hint, Message, Point, PointKind
from synap.domain.tokens import count_tokens

LONGEST_TOKENS = 12_000
"""Tokens of a conversation that a model is shown whole; sentences are chosen out of longer ones."""

LONGEST_POINT = 600
MOST_POINTS = 200
_WORD = re.compile(r"\w+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
_KINDS = {kind.value: kind for kind in PointKind}


class WrittenPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A point as a language model writes it; see `prompts/abstract.md`."""

    kind: str
    content: str
    messages: tuple[int, ...] = ()


class WrittenPoints(msgspec.Struct, frozen=True, kw_only=True):
    """What a language model makes of a conversation."""

    points: tuple[WrittenPoint, ...] = ()


@lru_cache(maxsize=1)
def prompt() -> str:
    """Return what a model is told about the task."""
    return resources.files("synap.compaction").joinpath("prompts/abstract.md").read_text("utf-8")


def author_of(model: str) -> str:
    """Return what a compaction names as its author: the model and the prompt it was given."""
    return f"llm:{model[:64]}@{hashlib.sha256(prompt().encode()).hexdigest()[:8]}"


class Draft:
    """A conversation as a model is shown it, and what is known for measuring what the model makes of it."""

    def __init__(
        self, messages: Sequence[Message], hints: Sequence[Hint], chosen: Compaction, *, target_tokens: int | None
    ) -> None:
        """Read the conversation.

        Args:
            messages: The conversation, in order.
            hints: What memory knows about passages of it.
            chosen: The compaction that serves where the model's does not pass.
            target_tokens: Size that the text may have at most; None for that of `chosen`.
        """
        self.chosen = chosen
        self.target = target_tokens or max(chosen.compacted_tokens, SMALLEST_TARGET)
        self._reading = current(read(messages, hints))
        self._held = measure.inventory(messages, sources(self._reading.over))
        self._by_position = {remark.message.position: remark.message for remark in self._reading.remarks}
        self._shown = "\n".join(f"{remark.message.name}: {remark.content}" for remark in self._reading.remarks)
        self._items = items_in(self._shown, ())
        self._words = {word.casefold() for word in _WORD.findall(self._shown)}

    @property
    def too_long(self) -> bool:
        """Whether the conversation is longer than a model is shown."""
        return count_tokens(self._shown) > LONGEST_TOKENS

    def as_data(self) -> str:
        """Return the conversation as one JSON object; what was corrected or taken back, and small talk, left out."""
        return json.dumps({"tokens": self.target, "messages": _rows(self._reading)}, ensure_ascii=False, indent=0)

    def measured(self, written: WrittenPoints, *, author: str) -> Compaction:
        """Return what the model wrote as a compaction with its score, its unproven points left out."""
        points = [
            point
            for rank, one in enumerate(written.points[:MOST_POINTS])
            if (point := self._point(one, rank)) is not None
        ]
        kept = fitted(points, self.chosen.state, Form.STRUCTURED, self.target)
        made = replace(self.chosen, points=kept, author=author, note="")
        text = render(made, Form.STRUCTURED)
        score = round(measure.score(self._held, text), 4) if kept else 0.0
        return replace(made, compacted_tokens=count_tokens(text), score=score, passed=score >= PASS_MARK)

    def _point(self, written: WrittenPoint, rank: int) -> Point | None:
        content = " ".join(_CONTROL.sub(" ", written.content).split())
        kind = _KINDS.get(written.kind.strip().casefold())
        cited = [self._by_position[at] for at in dict.fromkeys(written.messages) if at in self._by_position]
        if kind is None or not cited or not 0 < len(content) <= LONGEST_POINT or self._strange(content):
            return None
        first = cited[0]
        return Point(
            kind=kind,
            content=content,
            role=first.role,
            speaker=first.name,
            message_ids=tuple(message.id for message in cited),
            positions=tuple(message.position for message in cited),
            at=first.at,
            ordinal=first.position * MOST_POINTS + rank,
            rank=rank,
        )

    def _strange(self, content: str) -> Collection[Item | str]:
        """Return the names, numbers and dates of a text that no message has."""
        names = {part for name in names_of([content]) for part in _WORD.findall(name)}
        return {*(items_in(content, ()) - self._items), *(names - self._words)}


def _rows(reading: Reading) -> list[dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for remark in reading.remarks:
        message = remark.message
        row = rows.setdefault(message.position, {"position": message.position, "speaker": message.name, "text": ""})
        said = f"({remark.asked}) {remark.content}" if remark.asked else remark.content
        row["text"] = f"{row['text']} {said}".strip()
    return list(rows.values())
