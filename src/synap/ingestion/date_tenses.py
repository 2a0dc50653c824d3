"""With which tense each date of a clause is read: that of the verb it belongs to, or ahead where something got a new time.

`We agreed on Monday that the review will be on Friday` looks back for Monday and ahead for Friday; `the launch was
moved from May to July` looks ahead for July only.
"""

from __future__ import annotations

import re
from functools import lru_cache

from synap.ingestion import verbs
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.calendar import MONTHS, WEEKDAYS
from synap.ingestion.lexicon.cues import EVENT_NOUNS
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.shapes import KEPT, Shape, SubjectKind, Word, analyse, words_of
from synap.ingestion.tenses import Tense

_RESCHEDULING = word_set(
    "move slip reschedule postpone shift push delay defer adjourn change bring set schedule book plan extend put"
)
_OF_EVENTS_ALONE = frozenset({"postpone", "reschedule", "adjourn"})
"""Whatever this is done to, it has a time."""
_MOVABLE = EVENT_NOUNS | word_set(
    "date start end event plan lease contract deal project flight booking stay arrival departure switch migration rollout"
)
_NEW_TIME = re.compile(r"\b(?:to|until|till|til|for)\s+(?:the\s+)?(?=\S)", re.IGNORECASE)
_MOVING = word_set("move slip shift push delay defer change bring switch reassign")
_DAY = re.compile(
    rf"\b(?:to|until|till|for)\s+(?:the\s+|next\s+|this\s+|coming\s+|following\s+)*(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?)?"
    rf"(?:tomorrow|tonight|{'|'.join((*WEEKDAYS, *MONTHS))})\b(?!\s+[A-Z])",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r"[:;]\s+|,?\s+(?:and|but|so|that|because|while|whereas|although|though|which|who|when|if|as)\s+(?:that\s+)?",
    re.IGNORECASE,
)
_FINITE = lexicon.AUXILIARIES - {"be", "been", "being", "do", "have"}
_AHEAD = word_set("will shall")
_OPENS_PHRASE = lexicon.PREPOSITIONS | lexicon.CONJUNCTIONS | {"to"}


@lru_cache(maxsize=KEPT)
def tenses_of(shape: Shape) -> tuple[tuple[int, Tense], ...]:
    """Return from which place of the clause on each tense holds, in order; the first from 0 on."""
    found = [(0, shape.tense)]
    if shape.verb >= 0:
        found += _later_verbs(shape)
        if reschedules(shape):
            found += _new_times(shape)
    return tuple(sorted(found, key=lambda tense: tense[0]))


def reschedules(shape: Shape) -> bool:
    """Whether the clause gives an event, a deadline or the like a new time."""
    if shape.verb < 0:
        return False
    done = next((word.lower for word in shape.rest if word.lower not in lexicon.ADVERBS), "")
    if {shape.base, verbs.base_of_participle(done)} & _OF_EVENTS_ALONE:
        return True
    if shape.base in ("be", "get") and verbs.base_of_participle(done) in _RESCHEDULING:
        return _movable(words_of(shape.subject_text)) or _to_a_day(shape, done)
    if _to_a_day(shape, done):
        return True
    if shape.base not in _RESCHEDULING:
        return False
    passive = bool(shape.helpers) and shape.helpers[-1] in lexicon.BE
    by_itself = bool(shape.rest) and shape.rest[0].lower in _OPENS_PHRASE  # "the launch moved to July"
    return _movable(words_of(shape.subject_text) if passive or by_itself else _object(shape))


def _to_a_day(shape: Shape, done: str) -> bool:
    """Whether something, whatever it is called, was moved to a day: "my assembly was moved to Friday"."""
    moved = shape.base in _MOVING or (shape.base in ("be", "get") and verbs.base_of_participle(done) in _MOVING)
    own = shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP, SubjectKind.PERSON)
    itself = own and bool(shape.rest) and shape.rest[0].lower in _OPENS_PHRASE  # "we moved to May Street"
    return moved and not itself and _DAY.search(shape.text, shape.words[shape.verb].end) is not None


def _later_verbs(shape: Shape) -> list[tuple[int, Tense]]:
    """Return the tenses of the verbs after the main one, each from the beginning of its own clause on."""
    found: list[tuple[int, Tense]] = []
    behind = shape.words[shape.verb].end
    for joint in _JOINT.finditer(shape.text, behind):
        part = analyse(shape.text[joint.end() :])
        if part.kind is not SubjectKind.NONE and part.verb >= 0:
            found.append((joint.end(), part.tense))
    if shape.tense is Tense.PAST:
        found += [
            (word.start, Tense.FUTURE if word.lower in _AHEAD else Tense.PRESENT)
            for word in shape.rest
            if word.text in _FINITE - lexicon.PAST_AUXILIARIES - {"would", "could", "might", "should"}
        ]
    return found


def _new_times(shape: Shape) -> list[tuple[int, Tense]]:
    """Return that what follows "to", "until" or "for" behind the verb lies ahead, and what follows "from" does not."""
    ahead = [(match.start(), Tense.FUTURE) for match in _NEW_TIME.finditer(shape.text, shape.words[shape.verb].end)]
    back = [(word.start, shape.tense) for word in shape.rest if word.lower in ("from", "on", "at", "because", "after")]
    return ahead + back


def _object(shape: Shape) -> tuple[Word, ...]:
    """Return the words of the object: those behind the verb up to the next preposition."""
    taken: list[Word] = []
    for word in shape.rest:
        if word.lower in _OPENS_PHRASE and taken:
            break
        taken.append(word)
    return tuple(taken)


def _movable(words: tuple[Word, ...]) -> bool:
    return any(word.lower in _MOVABLE or word.lower.removesuffix("s") in _MOVABLE for word in words)
