"""Statements that are made without taking a clause apart: minutes, wishes for lasting behaviour, words kept as they were said."""

from __future__ import annotations

import re
from datetime import datetime

from synap.domain.memories import MemoryType, Modality, Precision, Statement, When
from synap.ingestion.attributes import names_in
from synap.ingestion.clauses import split
from synap.ingestion.dates import find_dates, write_dates
from synap.ingestion.foreign_dates import foreign_date, past_told
from synap.ingestion.kinds import coming
from synap.ingestion.languages import Foreign
from synap.ingestion.rewrite import UNNAMED, rewrite, verbatim
from synap.ingestion.shapes import analyse, words_of
from synap.ingestion.statements import ABOUT_OTHERS, CERTAIN, OWN_WORDS, Speaker, category_of
from synap.ingestion.tenses import Tense
from synap.ingestion.wishes import standing_content

_LABELLED = re.compile(
    r"^(?P<label>decisions?|decided|agreed|action(?: items?)?|to-?do|next steps?|deadline|owner)\s*[:\u2013-]\s*(?P<what>.+)$",
    re.IGNORECASE,
)
_SHORT_TURN = 8
_SHORT_CHARACTERS = 200
_QUANTITY = re.compile(
    r"^[A-Za-z][\w-]*(?: [\w-]+){0,3} \d[\w.,]*(?: [\w%°-]+){0,4}$|^[A-Za-z][\w -]{1,24}: \S.{0,80}$"
)
_NEGATIVE = re.compile(r"(?:don['\u2019]?t|do not|never|no|not|stop|avoid)\b", re.IGNORECASE)


def minute(text: str, speaker: Speaker, said_at: datetime | None) -> tuple[Statement, str] | None:
    """Return a decision or an action item of a meeting under its label, with its own words; None where none is labelled."""
    match = _LABELLED.match(text)
    if match is None:
        return None
    what = split(match["what"])[0].text if ";" in match["what"] else match["what"].strip(" .!")
    spans = find_dates(what, said_at, Tense.FUTURE)
    written = write_dates(what, spans)
    rewritten = rewrite(analyse(written), speaker.voice)
    statement = Statement(
        type=MemoryType.TEMPORAL_EVENT if spans else MemoryType.FACT,
        content=f"{match['label'].capitalize()}: {rewritten or written}",
        confidence=ABOUT_OTHERS,
        subject=speaker.key,
        modality=Modality.PLANNED,
        when=spans[0].when if spans else None,
        entities=names_in(written),
        verbatim=rewritten is None,
    )
    return statement, what


def standing(wanted: str, sentence: str, speaker: Speaker) -> Statement:
    """Return a wish for lasting behaviour; the whole sentence as it was said where the wish cannot be put safely."""
    content = standing_content(wanted, speaker.voice)
    return Statement(
        type=MemoryType.PREFERENCE,
        content=content or verbatim(sentence, speaker.voice),
        confidence=OWN_WORDS if content is None else CERTAIN,
        score=0.9,
        subject=speaker.key,
        category=category_of(wanted) or "assistant",
        positive=_NEGATIVE.match(wanted) is None,
        verbatim=content is None,
    )


def bare_quantity(turn: str, text: str) -> bool:
    """Whether a short turn is nothing but a fragment with a figure ("size 42 shoes") that only its speaker can be about."""
    fragment = text.strip(" .!")
    alone = len(turn) <= _SHORT_CHARACTERS and turn.strip().strip(" .!") == fragment
    short = alone and len(words_of(fragment)) <= _SHORT_TURN
    return short and analyse(text).verb < 0 and _QUANTITY.match(fragment) is not None


def kept(
    text: str, speaker: Speaker, said_at: datetime | None, *, asked: str = "", correction: bool = False
) -> Statement:
    """Return a fragment as it was said, its dates written out, with the question that it answers."""
    spans = find_dates(text, said_at, Tense.PRESENT)
    words = verbatim(write_dates(text.strip(" .!"), spans), speaker.voice)
    return Statement(
        type=MemoryType.FACT,
        content=f"{words} (asked: {asked})" if asked else words,
        confidence=OWN_WORDS,
        subject=speaker.key,
        entities=names_in(text),
        when=spans[0].when if spans else None,
        correction=correction,
        verbatim=True,
    )


def _dated_kind(part: Foreign, language: str, when: When | None, said_at: datetime | None) -> MemoryType:
    """Return the type of a statement in another language: a fact with its day is something that happened or will."""
    if part.kind is not MemoryType.FACT or when is None or when.precision is not Precision.DAY:
        return part.kind
    if past_told(part.text, language):
        return MemoryType.EPISODE
    return MemoryType.TEMPORAL_EVENT if coming(when, said_at) else part.kind


def foreign(part: Foreign, speaker: Speaker, language: str, said_at: datetime | None = None) -> Statement:
    """Return a statement in another language than English; a fact of a day to come is an event.

    Its words stay as they are; the day that they name goes with it.
    """
    when = foreign_date(part.text, language, said_at, past=part.kind is MemoryType.EPISODE)
    content = part.text if speaker.voice.name == UNNAMED else f"{speaker.voice.name}: {part.text}"
    return Statement(
        type=_dated_kind(part, language, when, said_at),
        content=content,
        when=when,
        confidence=part.confidence,
        subject=speaker.key,
        positive=part.positive,
        language=language,
        verbatim=True,
    )
