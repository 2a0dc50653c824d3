"""Where the main clause of a clause begins: behind "When I was ten, ", "In June 2024", "Dear diary, today"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synap.ingestion import verbs
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.calendar import MONTHS, NUMBERS, SEASONS, WEEKDAYS
from synap.ingestion.lexicon.sets import word_set

if TYPE_CHECKING:
    from synap.ingestion.shapes import Word

_TIME_WORDS = frozenset(
    {"today", "yesterday", "tomorrow", "tonight", "ago", "last", "next", "this", "the", "in", "on", "at", "past", "night",
     "morning", "evening", "afternoon", "day", "days", "week", "weeks", "month", "months", "year", "years", "weekend",
     "earlier", "later", "back", "of", "every", "other", "after", "before", "now", "recently", "lately", "around",
     *MONTHS, *SEASONS, *WEEKDAYS, *(n for n in NUMBERS if " " not in n)},
)  # fmt: skip
_DAYS = frozenset(
    {"today", "yesterday", "tomorrow", "tonight", "now", "night", "morning", "evening", "afternoon", "day", "days", "nowadays", "week", "weekend",
     "month", "year", "christmas", "easter", "halloween", "thanksgiving", "ramadan", "diwali", "hanukkah",
     *MONTHS, *SEASONS, *WEEKDAYS},
)  # fmt: skip
_LONGEST_LEAD = 16
_NO_ADVERBS = word_set("family only reply apply fly rely supply italy emily kelly sally july lily")
_PHRASE_OPENERS = lexicon.PREPOSITIONS | lexicon.DETERMINERS | {"and", "or", "to"}


def main_start(text: str, words: tuple[Word, ...]) -> int | None:
    """Return where the main clause begins: after a lead-in such as "When I was ten, " or "In June 2024"."""
    start = 0
    while start < len(words) and (words[start].lower in lexicon.CONJUNCTIONS or adverb(words[start].lower)):
        start += 1
    if start >= len(words):
        return None
    first = words[start].lower
    if first in lexicon.SUBORDINATORS:
        return _after_subordinate(text, words, start)
    if verbs.base_of_gerund(first) is not None:
        return _after_participle(text, words, start)
    if (
        first in lexicon.PREPOSITIONS
        or first in _TIME_WORDS - {"the", "this"}
        or (first == "this" and _timed(words, start))
    ):
        return _after_lead(text, words, start)
    return _after_a_day(text, words, start)


def _after_a_day(text: str, words: tuple[Word, ...], start: int) -> int:
    """Return where the main clause begins behind "This Christmas", "Dear diary, today"; `start` where no day opens it."""
    if words[start].lower == "the":
        return start  # "the day I met her": the words behind the day tell which day
    for index in range(start, min(len(words), start + _LONGEST_LEAD)):
        lower = words[index].lower
        if index > start and lower in ("i", "we"):
            lead = words[start:index]
            timed = any(word.lower in _DAYS for word in lead)
            return index if timed or "," in text[lead[0].start : words[index].start] else start
        if lower in lexicon.AUXILIARIES or (index > start and verbs.base_of_third(lower) is not None):
            return start
    return start


def _after_participle(text: str, words: tuple[Word, ...], start: int) -> int:
    """Return where the main clause begins behind "Being a nurse, "; `start` where no such part opens the clause."""
    for index in range(start + 2, min(len(words), start + _LONGEST_LEAD)):
        if words[index].lower in _NOMINATIVE and "," in text[words[index - 1].end : words[index].start]:
            return index
    return start


def _timed(words: tuple[Word, ...], start: int) -> bool:
    return start + 1 < len(words) and words[start + 1].lower in _TIME_WORDS


def _after_subordinate(text: str, words: tuple[Word, ...], start: int) -> int | None:
    if words[start].lower == "as" and words[start + 1 : start + 2] and words[start + 1].lower in ("a", "an", "the"):
        lead = range(start + 2, min(len(words), start + _LONGEST_LEAD))
        return next((index for index in lead if words[index].lower in _NOMINATIVE), None)
    seen = 0
    for index in range(start + 1, min(len(words), start + _LONGEST_LEAD * 2)):
        comma = "," in text[words[index - 1].end : words[index].start]
        nominative = words[index].lower in _NOMINATIVE
        if not seen and index > start + 2 and _named_subject(words, index):
            return index
        if nominative and index > start + 1 and (comma or seen):
            return index
        if comma and index > start + 2:
            return index
        seen += nominative
    return None


_NOMINATIVE = frozenset({"i", "we", "he", "she", "they", "my", "our"})


def _after_lead(text: str, words: tuple[Word, ...], start: int) -> int | None:
    only_time = True
    for index in range(start, min(len(words), start + _LONGEST_LEAD)):
        word = words[index]
        comma = index > start and "," in text[words[index - 1].end : word.start]
        if comma and word.lower not in _TIME_WORDS and not word.lower[0].isdigit():
            return index
        if index > start and word.lower in ("i", "we", "he", "she", "they"):
            return index
        if index > start + 1 and word.lower in ("my", "our") and not _opens_phrase(words[index - 1]):
            return index
        timed = word.lower in _TIME_WORDS or word.lower[0].isdigit()
        if index > start + 1 and not timed and _named_subject(words, index):
            return index
        if only_time and not timed and index > start + (words[start].lower in lexicon.PREPOSITIONS):
            return index
        only_time &= timed or index == start
    return None


def _named_subject(words: tuple[Word, ...], index: int) -> bool:
    """Whether a name stands before its verb and behind a day: "After the concert on Friday Wanda drove"."""
    if not words[index].text[0].isupper() or index + 1 >= len(words) or words[index - 1].lower not in _DAYS:
        return False
    after = words[index + 1].lower
    return (
        after in lexicon.AUXILIARIES or verbs.base_of_past(after) is not None or verbs.base_of_third(after) is not None
    )


def _opens_phrase(word: Word) -> bool:
    return word.lower in _PHRASE_OPENERS


def adverb(lower: str) -> bool:
    """Whether a lower-case word is an adverb that may stand between a subject and its verb."""
    return lower in lexicon.ADVERBS or (lower.endswith("ly") and lower not in _NO_ADVERBS)
