"""A conversation shortened: the messages it is made of, the points that are kept of them, and how good that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

CHOSEN = "extractive@1"
"""Author of compactions whose sentences are chosen, each in its speaker's own words."""


class Strategy(StrEnum):
    """How much of a conversation a compaction keeps, gentlest first; `adaptive` lets the engine decide."""

    CONSERVATIVE = "conservative"
    BALANCED = "balanced"
    AGGRESSIVE = "aggressive"
    ADAPTIVE = "adaptive"


STRATEGY_NAMES = {
    **{strategy.value: strategy for strategy in Strategy},
    "low": Strategy.CONSERVATIVE,
    "medium": Strategy.BALANCED,
    "high": Strategy.AGGRESSIVE,
}
"""The words that callers may use for a strategy."""


class Form(StrEnum):
    """How a compaction is written out."""

    STRUCTURED = "structured"
    NARRATIVE = "narrative"
    BULLET_POINTS = "bullet_points"
    INJECTION = "injection"


class PointKind(StrEnum):
    """What a point is to the conversation."""

    FACT = "fact"
    DECISION = "decision"
    PREFERENCE = "preference"
    QUESTION = "question"
    """One that is still open."""
    STEP = "step"
    """Something to be done: a commitment, a task, a deadline."""
    REMARK = "remark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A recorded message of a conversation; `position` counts from 1, `speaker` is a name or the role."""

    id: str
    position: int
    role: str
    content: str
    at: datetime
    speaker: str = ""

    @property
    def name(self) -> str:
        """Who said it, as shown."""
        return self.speaker or self.role


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What is known about a passage of a message already: a memory was made from it.

    Attributes:
        message_id: The message.
        quote: The passage, word for word.
        kind: What the memory makes of it.
        over: Whether that memory was superseded or taken back.
    """

    message_id: str
    quote: str
    kind: PointKind
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A sentence that a compaction keeps: in the speaker's own words, or in those of a language model.

    Attributes:
        kind: What it is.
        content: The words kept.
        role, speaker: Who said it; `speaker` is the role where no name is known.
        message_ids, positions: The messages that say it, first the one it is taken from.
        at: When it was said.
        ordinal: Place in the conversation, among the sentences that might be kept.
        rank: Place in the order of importance, 0 the first to be kept.
        asked: The question that it answers, where it makes no sense without it.
    """

    kind: PointKind
    content: str
    role: str
    speaker: str
    message_ids: tuple[str, ...]
    positions: tuple[int, ...]
    at: datetime
    ordinal: int
    rank: int
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a conversation stands at its end.

    Attributes:
        topics: Names and words that its last part is about, in the conversation's own spelling.
        open_questions: Questions that nobody has answered.
        next_steps: What somebody said they would do, latest last.
        tone: The last words about a feeling, or empty.
        last_speaker, last_words, last_at: The last message, its words cut at a sentence.
        messages: How many messages there are.
    """

    topics: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    tone: str = ""
    last_speaker: str = ""
    last_words: str = ""
    last_at: datetime | None = None
    messages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """What a conversation was shortened to.

    Attributes:
        points: Chosen sentences, in the order of the conversation.
        state: How the conversation stands at its end.
        strategy: The strategy that was applied in the end.
        original_tokens: Size of the conversation.
        compacted_tokens: Size of the structured text.
        score: Measured share, 0..1, of the conversation's facts, names, numbers and dates that the text still holds.
        passed: Whether the score reaches the pass mark.
        note: Why the text is longer or poorer than asked for; empty where it is not.
        author: What made it: sentences chosen, or a language model (`llm:<model>@<prompt>`).
    """

    points: tuple[Point, ...]
    state: State
    strategy: Strategy
    original_tokens: int
    compacted_tokens: int
    score: float
    passed: bool
    note: str = ""
    author: str = CHOSEN

    @property
    def ratio(self) -> float:
        """How many times the conversation is as long as what became of it; 1 where there is nothing."""
        return round(self.original_tokens / self.compacted_tokens, 4) if self.compacted_tokens else 1.0
