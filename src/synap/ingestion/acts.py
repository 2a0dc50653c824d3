"""What a sentence can do, and how it was read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What a sentence does."""

    STATEMENT = "statement"
    QUESTION = "question"
    TASK = "task"
    PAYLOAD = "payload"
    """A task whose material follows: what comes after it in the turn is not the speaker's own statement."""
    SOCIAL = "social"
    STANDING = "standing"
    REMINDER = "reminder"
    RETRACTION = "retraction"
    OPT_OUT = "opt_out"
    HYPOTHESIS = "hypothesis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a sentence does and the words that matter for it.

    Attributes:
        act: What it does.
        text: The statement inside it, the behaviour asked for, the topic taken back; empty where there is none.
        start: Where `text` begins in the sentence.
        correction: It announces a correction ("actually", "I meant").
        backwards: It means what was said just before: an opt-out or a retraction ("scratch that"), or the end of a joke
            that a statement follows.
        lasting: A request that says itself that it holds from now on ("always", "by default").
    """

    act: Act
    text: str = ""
    start: int = 0
    correction: bool = False
    backwards: bool = False
    lasting: bool = False
