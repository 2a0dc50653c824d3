"""Dialogues with questions about them: two people, dated sessions, and for each question the turns that hold its answer.

Data: a file in the shape of LoCoMo, given as an argument. LoCoMo itself is CC BY-NC 4.0: for measuring only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synap.domain.documents import Turn

CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One dated session of a conversation."""

    owner: str
    name: str
    at: datetime
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with the turns that hold its answer."""

    owner: str
    text: str
    category: str
    answer: str | None
    evidence: frozenset[str]
    asked_at: datetime


def load(path: Path) -> tuple[list[Session], list[Question]]:
    """Return the sessions and questions of a file."""
    sessions: list[Session] = []
    questions: list[Question] = []
    for record in json.loads(path.read_text(encoding="utf-8")):
        own = list(_sessions(record["sample_id"], record["conversation"]))
        known = {turn.id for session in own for turn in session.turns}
        sessions += own
        questions += [_question(record["sample_id"], entry, known, own[-1].at) for entry in record["qa"]]
    return sessions, questions


def _sessions(owner: str, conversation: Mapping[str, Any]) -> Iterable[Session]:
    number = 1
    while f"session_{number}" in conversation or f"session_{number}_date_time" in conversation:
        turns = conversation.get(f"session_{number}") or []
        if turns:
            text = f"{conversation[f'session_{number}_date_time']} +0000"
            moment = datetime.strptime(text, "%I:%M %p on %d %B, %Y %z").astimezone(UTC)
            yield Session(
                owner=owner,
                name=f"{owner}-{number}",
                at=moment,
                turns=tuple(
                    Turn(
                        id=f"{owner}/{turn['dia_id']}",
                        role="user",
                        speaker=turn["speaker"],
                        content=_shown(turn),
                        timestamp=moment,
                    )
                    for turn in turns
                ),
            )
        number += 1


def _shown(turn: Mapping[str, Any]) -> str:
    caption = turn.get("blip_caption")
    text = str(turn.get("text", ""))
    return f"{text} [shares an image: {caption}]" if caption else text


def _question(owner: str, entry: Mapping[str, Any], known: set[str | None], last: datetime) -> Question:
    references = (
        f"{owner}/D{int(day)}:{int(turn)}"
        for evidence in entry.get("evidence") or ()
        for day, turn in re.findall(r"D:?(\d+):(\d+)", evidence)
    )
    answer = entry.get("answer")
    return Question(
        owner=owner,
        text=entry["question"],
        category=CATEGORIES[entry["category"]],
        answer=None if answer is None else str(answer),
        evidence=frozenset(reference for reference in references if reference in known),
        asked_at=last,
    )
