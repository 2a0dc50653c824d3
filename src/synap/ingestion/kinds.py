"""Which of the five kinds of memory a clause is."""

from __future__ import annotations

import re
from datetime import datetime

from synap.domain.memories import MemoryType, Precision, When
from synap.ingestion import verbs
from synap.ingestion.attributes import Feeling, Liking, reported
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import EVENT_NOUNS, HABIT_WORDS, SCHEDULE_VERBS, STATES_OF_THE_PAST
from synap.ingestion.lexicon.feelings import FEELINGS
from synap.ingestion.shapes import Shape
from synap.ingestion.tenses import Tense

_LASTING = re.compile(
    r"\b(?:used to|born|grew up|raised in|birthday is|name is|named|anniversary is)\b|\bfor (?:\d+|a|two|three|many|several|some|over|about|almost|the last|the past) (?:\w+ )?(?:years?|months?|weeks?|decades?)\b|\bsince\b",
    re.IGNORECASE,
)
_DEADLINE = re.compile(
    r"\b(?:due|deadline|expires?|expiring|scheduled|planned for|starts?|begins?|ends?|launch(?:es)?|takes place|happens?|moved (?:to|from)|rescheduled|postponed|pushed (?:to|back)|booked|until|by)\b",
    re.IGNORECASE,
)
_NAMING = frozenset({"call", "name", "bear", "raise", "use", "suppose", "locate", "base"})
_YEARLY = frozenset({"fiscal", "financial", "season", "semester", "harvest"})
_BIRTHDAY = re.compile(r"\b(?:birthday|anniversary|born)\b", re.IGNORECASE)


def kind_of(
    shape: Shape,
    *,
    feeling: Feeling | None,
    liking: Liking | None,
    when: When | None,
    said_at: datetime | None,
    ahead: bool = False,
) -> MemoryType:
    """Return the kind of a clause. A feeling counts before a liking, a date to come before either.

    Args:
        shape: The clause.
        feeling: What it tells about a feeling.
        liking: What it tells about liking.
        when: The date that it is about.
        said_at: When it was said.
        ahead: The verb is past, but the date belongs to what it says is to come.
    """
    if when is not None and coming(when, said_at) and (ahead or _scheduled(shape, when)) and feeling is None:
        return MemoryType.TEMPORAL_EVENT
    if feeling is not None:
        return MemoryType.EMOTION
    if liking is not None:
        return MemoryType.PREFERENCE
    return MemoryType.EPISODE if _happened(shape, when) else MemoryType.FACT


def coming(when: When, said_at: datetime | None) -> bool:
    """Whether a time lies on or after the day of speaking, or returns."""
    if when.recurrence is not None or said_at is None:
        return when.recurrence is not None
    last = when.end or when.start
    return last.date() >= said_at.date()


def _scheduled(shape: Shape, when: When) -> bool:
    if _BIRTHDAY.search(shape.text) and shape.base == "be" and "party" not in shape.text.casefold():
        return False
    words = {word.lower.removesuffix("'s") for word in shape.words}
    if words & _YEARLY and when.precision is Precision.MONTH:
        return False
    nouns = words | {word.removesuffix("s") for word in words}
    event = bool(nouns & EVENT_NOUNS)
    if when.recurrence is not None:
        return False
    if shape.tense is Tense.PAST:
        return event and _DEADLINE.search(shape.text) is not None
    if shape.base == "want" and "reminded" in words:
        return True
    habit = bool(words & HABIT_WORDS)
    planned = (
        shape.tense is Tense.FUTURE
        or shape.base in SCHEDULE_VERBS
        or bool(shape.helpers and shape.helpers[-1] in lexicon.BE | lexicon.MODALS)
    )
    return not habit and (
        event or planned or _DEADLINE.search(shape.text) is not None or shape.base in ("be", "need", "have")
    )


def _happened(shape: Shape, when: When | None) -> bool:
    if shape.verb < 0 or shape.tense is not Tense.PAST or _foretold(shape):
        return False
    text = shape.text
    words = [word.lower for word in shape.words]
    if shape.perfect:
        if (
            shape.negated  # "I have never been to Asia" holds until it happens
            or "been" in shape.helpers
            or (shape.base == "be" and "to" not in words)
            or (shape.base in STATES_OF_THE_PAST and shape.base != "be")
        ):
            return False
        return not (_LASTING.search(text) and shape.base in STATES_OF_THE_PAST)
    if _LASTING.search(text) and shape.base in STATES_OF_THE_PAST | {"grow", "raise"}:
        return False
    if shape.base in ("be", "have"):
        return when is not None or _eventful(words) or (shape.base == "have" and "just" in words) or _undergone(shape)
    return shape.base not in STATES_OF_THE_PAST or (
        when is not None and shape.base not in ("live", "work", "know", "own", "study", "belong")
    )


def _foretold(shape: Shape) -> bool:
    """Whether somebody told what is still to come: "my boss told me that the shop will close"."""
    return reported(shape) and any(word.lower in ("will", "shall") for word in shape.rest)


def _undergone(shape: Shape) -> bool:
    """Whether a passive tells what happened: "I was promoted", not "I was called Bo" or "I was thrilled"."""
    done = next((word.lower for word in shape.rest if word.lower not in lexicon.ADVERBS), "")
    base = verbs.base_of_participle(done)
    return shape.base == "be" and base is not None and base not in _NAMING and done not in FEELINGS


def _eventful(words: list[str]) -> bool:
    return any(word in EVENT_NOUNS or word.removesuffix("s") in EVENT_NOUNS for word in words) or "when" in words
