"""Since when and until when a clause says that something holds: `from 1 May`, `as of next Monday`, `until Friday`.

Such a phrase tells about the value beside it and is no event of its own. Where it opens the clause it is read as if it
stood at the end, so that the subject comes first. Phrases of the past (`I stayed until Friday`) limit nothing today.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from synap.domain.memories import Precision, When
from synap.ingestion.dates import DateSpan, find_dates
from synap.ingestion.lexicon.cues import EVENT_NOUNS
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.shapes import Shape, SubjectKind, words_of
from synap.ingestion.tenses import Tense

_ON = r"(?:\s+(?:on|in|at|from))?(?:\s+the)?"
_BEGINS = re.compile(
    rf"\b(?:starting|beginning|effective(?:\s+(?:as\s+)?(?:of|from))?|as\s+(?:of|from)|with\s+effect\s+from|from|since)"
    rf"{_ON}\s*$",
    re.IGNORECASE,
)
_ENDS = re.compile(rf"\b(?:until|till|til|through|thru|up\s+(?:to|until)){_ON}\s*$", re.IGNORECASE)
_FOR = re.compile(r"\bfor(?:\s+(?:the\s+(?:whole|rest)\s+of|all\s+of|just|only))?(?:\s+the)?\s*$", re.IGNORECASE)
_INNER = re.compile(r"(?:since|from|to|until|till|through|thru|starting|beginning|of|for)\b", re.IGNORECASE)
_ONWARDS = re.compile(r"\s+(?:on|onwards?|forward)\b(?!\s+\w+day)", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:starting|beginning|effective|as\s+(?:of|from)|with\s+effect\s+from|from|since|until|through)\b", re.IGNORECASE
)
_FIRST_OF_TWO = re.compile(r"\bfrom\s*$", re.IGNORECASE)
_LASTING = word_set(
    "be have cost live work reside stay use apply own rent hold lead manage report run charge offer take open close pay "
    "earn get receive serve belong contain include allow permit require need deliver ship answer provide support accept "
    "sell teach attend commute eat follow drive ride keep"
)
_WIDE = (Precision.WEEK, Precision.MONTH, Precision.QUARTER, Precision.YEAR)
_RANGE_GAP = re.compile(r"\s*(?:to|until|till|through|-|\u2013)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """How long something holds, as far as a clause says so.

    Attributes:
        start, end: First and last moment, UTC; None where open.
        spans: The dates that say it.
        phrases: Code points of their phrases in the clause, prepositions included, in order.
    """

    start: datetime | None = None
    end: datetime | None = None
    spans: tuple[DateSpan, ...] = ()
    phrases: tuple[tuple[int, int], ...] = ()


def validity_of(text: str, spans: Sequence[DateSpan]) -> Validity:
    """Return what the dates of a clause say about how long it holds; empty where they say nothing."""
    start: datetime | None = None
    end: datetime | None = None
    used: list[DateSpan] = []
    phrases: list[tuple[int, int]] = []
    for place, span in enumerate(spans):
        if span.when.recurrence is not None:
            continue
        opening = _opening(text, span)
        before = text[: span.core_start] + opening
        ranged = bool(used) and _RANGE_GAP.fullmatch(text[spans[place - 1].end : span.core_start] + opening)
        if found := _BEGINS.search(before):
            start = span.when.start
            end = _last(span.when) if _stretch(span.when) and _FIRST_OF_TWO.search(found[0]) else end
        elif (found := _ENDS.search(before)) or (ranged and used[-1] is spans[place - 1]):
            end = (
                span.when.start
                if found and found[0].lower().startswith("un") and _wide(span.when)
                else _last(span.when)
            )
        elif (found := _FOR.search(before)) and (_wide(span.when) or _stretch(span.when)):
            start, end = span.when.start, _last(span.when)
        else:
            continue
        after = _ONWARDS.match(text, span.end)
        used.append(span)
        phrases.append((found.start() if found else span.start, after.end() if after else span.end))
    return Validity(start=start, end=end, spans=tuple(used), phrases=tuple(phrases))


def opening_moved(text: str, anchor: datetime | None) -> str:
    """Return the clause with a phrase of validity that opens it put at its end: `the office is closed until Friday`.

    Args:
        text: A clause, contractions written out.
        anchor: When it was said, UTC.
    """
    if _LEAD.match(text) is None:
        return text
    phrases = validity_of(text, find_dates(text, anchor, Tense.PRESENT)).phrases
    if not phrases or phrases[0][0] != 0:
        return text
    end = phrases[0][1]
    for begins, ends in phrases[1:]:
        if text[end:begins].strip():
            break
        end = ends
    main = text[end:].lstrip(" ,")
    if len(words_of(main)) < 3:  # noqa: PLR2004 - subject, verb, value
        return text
    closing = re.search(r"[\s.!,]*$", main)
    cut = closing.start() if closing else len(main)
    lead = text[:end].strip(" ,")
    return f"{main[:cut]} {lead[0].lower()}{lead[1:]}{main[cut:].rstrip(' ,')}"


def without_validity(text: str, validity: Validity) -> str:
    """Return the clause without its phrases of validity."""
    for start, end in reversed(validity.phrases):
        text = f"{text[:start].rstrip(' ,')} {text[end:].lstrip(' ,')}".strip()
    return text


def holds(shape: Shape) -> bool:
    """Whether a clause states a lasting value or state, of which a date can be the beginning, and no event."""
    if shape.tense is Tense.PAST or shape.base not in _LASTING or shape.helpers[-1:] in (("might",), ("could",)):
        return False
    told = words_of(shape.subject_text) if shape.kind not in (SubjectKind.SPEAKER, SubjectKind.GROUP) else shape.rest
    return not any(word.lower in EVENT_NOUNS or word.lower.removesuffix("s") in EVENT_NOUNS for word in told[-4:])


def _opening(text: str, span: DateSpan) -> str:
    """Return the preposition that the phrase for the date itself begins with, and what stands between, or ""."""
    inner = _INNER.match(text[span.core_start : span.core_end])
    return f"{inner[0]} " if inner else ""


def _stretch(when: When) -> bool:
    return when.end is not None and when.precision is Precision.DAY and when.end.date() != when.start.date()


def _wide(when: When) -> bool:
    """Whether a time is so wide that "until" it means until it begins."""
    return when.precision in _WIDE


def _last(when: When) -> datetime:
    return when.end or when.start
