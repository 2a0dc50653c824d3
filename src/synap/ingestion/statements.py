"""From one clause to one statement: kind, third person, dates, attributes, confidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from synap.domain.memories import MemoryType, Modality, Precision, Slot, Statement, When
from synap.domain.normal_forms import normalise_name
from synap.domain.slots import slots_of
from synap.ingestion import verbs
from synap.ingestion.attributes import (
    Feeling,
    Liking,
    affects_the_speaker,
    feeling_of,
    liking_of,
    modality_of,
    names_in,
    participants_of,
    reported,
    significance_of,
)
from synap.ingestion.date_tenses import reschedules, tenses_of
from synap.ingestion.dates import DateSpan, find_dates, readable, write_dates
from synap.ingestion.kinds import kind_of
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.lexicon.topics import TOPICS
from synap.ingestion.mentions import Mentions, modifies
from synap.ingestion.naming import name_told
from synap.ingestion.rewrite import UNNAMED, Voice, rewrite, verbatim
from synap.ingestion.shapes import Shape, SubjectKind, Word, analyse, is_name, words_of
from synap.ingestion.tenses import Tense
from synap.ingestion.validity import Validity, holds, validity_of, without_validity

CERTAIN, ABOUT_OTHERS, UNSURE, OWN_WORDS = 0.95, 0.9, 0.75, 0.72
"""Confidence of plain statements of the speaker, of plain ones about others, of hedged ones, of words kept as they are."""

_WILL = re.compile(r"\bwill (\w+)\b", re.IGNORECASE)
_NO_MOMENT = word_set("be have live work grow know own belong study stay remain")
"""Verbs of states, which do not lie on the day of what was told before them."""
_REPORTED = 0.8
_FULL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks in a turn and to whom.

    Attributes:
        voice: How the rewriting names speaker and listener.
        key: Subject of the speaker's statements (`the user`, `melanie`).
        to_machine: The listener is an assistant.
        heeded: Requests and retractions count: they are made to us, not written in a mail or a document.
    """

    voice: Voice
    key: str
    to_machine: bool
    heeded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a clause has to be read with.

    Attributes:
        speaker: Who says it.
        said_at: When, UTC.
        mentions: The persons named so far in the turn.
        feelings: Whether feelings are kept.
        inherited: The date of the clause before, where this one shares its subject with it.
        hedged: The speaker is not sure.
        doubtful: The gate has to decide; then the speaker's own words will do.
    """

    speaker: Speaker
    said_at: datetime | None
    mentions: Mentions
    feelings: bool = True
    inherited: When | None = None
    hedged: bool = False
    doubtful: bool = False


def statement_of(shape: Shape, spans: list[DateSpan], around: Circumstances) -> Statement | None:
    """Return what a clause states, or None where it can neither be rewritten nor is worth keeping as it was said.

    Args:
        shape: The clause.
        spans: The dates in its text.
        around: What it is read with.
    """
    name = name_told(shape.text, around.speaker.voice.name)
    if name is not None:
        return _introduction(name, around)
    validity = _validity(shape, spans)
    if around.inherited is not None and shape.base in _NO_MOMENT:
        around = replace(around, inherited=None)
    main = _main_date(spans, shape)
    when = around.inherited if main is None else main.when
    feeling = feeling_of(shape) if shape.kind is not SubjectKind.THING or affects_the_speaker(shape) else None
    liking = liking_of(shape)
    ahead = main is not None and main.tense is not Tense.PAST and shape.tense is Tense.PAST
    kind = kind_of(shape, feeling=feeling, liking=liking, when=when, said_at=around.said_at, ahead=ahead)
    if kind is MemoryType.EMOTION and not around.feelings:
        if shape.base in ("be", "feel"):
            return None
        kind = MemoryType.FACT
    lasting = validity.start is not None and kind in (MemoryType.FACT, MemoryType.TEMPORAL_EVENT)
    if lasting and validity.end is not None and kind is MemoryType.TEMPORAL_EVENT:
        lasting = False  # a closed stretch of time is an event; it only has an end
    if lasting:
        kind, when = MemoryType.FACT, None if len(validity.spans) == len(spans) else when
    voice = around.mentions.voiced(around.speaker.voice)
    content, exact = _content(shape, spans, voice, around)
    if content is None:
        return None
    score, category, positive = _measure(shape, kind, feeling=feeling, liking=liking, dated=when is not None)
    return Statement(
        type=kind,
        content=content,
        confidence=_confidence(shape, hedge=around.hedged, exact=exact),
        score=score,
        subject=_subject(shape, voice, around.speaker.key),
        category=category,
        positive=positive,
        modality=Modality.ASSERTED if lasting and "will" in shape.helpers else modality_of(shape),
        participants=participants_of(shape, voice.name) if kind is MemoryType.EPISODE else (),
        slots=slots_of(_for_slots(shape, spans, voice, around) or content, subject=around.speaker.key) if exact else (),
        entities=tuple(name for name in names_in(content) if name not in ("The", UNNAMED)),
        when=when,
        valid_from=validity.start if lasting else _since(spans, shape),
        valid_until=validity.end,
        said_at=around.said_at,
        verbatim=not exact,
    )


def _introduction(name: str, around: Circumstances) -> Statement | None:
    """Return that somebody is called so; None where the statement would only say that X is X."""
    speaker = around.speaker
    own = speaker.key == UNNAMED.casefold()
    if not own and name.casefold() == speaker.voice.name.casefold():
        return None
    return Statement(
        type=MemoryType.FACT,
        content=f"{UNNAMED if own else speaker.voice.name}'s name is {name}",
        confidence=CERTAIN,
        subject=speaker.key,
        slots=(Slot(subject=speaker.key, name="name", value=normalise_name(name)),),
        entities=(name,),
        said_at=around.said_at,
    )


def _validity(shape: Shape, spans: list[DateSpan]) -> Validity:
    """Return how long a clause says that it holds: only a lasting value begins, and nothing past or moved ends."""
    if not spans or shape.tense is Tense.PAST or reschedules(shape):
        return Validity()
    found = validity_of(shape.text, spans)
    visit = shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP) and shape.base in ("be", "stay")
    if found.start is not None and (not holds(shape) or (visit and (found.end or shape.tense is Tense.FUTURE))):
        return replace(found, start=None)
    return found


def _content(shape: Shape, spans: list[DateSpan], voice: Voice, around: Circumstances) -> tuple[str | None, bool]:
    """Return the content and whether it is a rewrite; the speaker's own words only where they say enough."""
    dated = write_dates(shape.text, spans)
    past = shape.tense is Tense.PAST or _looks_back(spans, around.said_at)
    fragment = around.doubtful and shape.verb < 0
    content = None if fragment else rewrite(analyse(dated), voice, past=past)
    if content is not None:
        note = f" ({readable(around.inherited)})" if around.inherited is not None and not spans else ""
        return content + note, True
    own_words = around.doubtful or _worth_own_words(shape, spans)
    return (verbatim(dated.strip(" .!,"), voice), False) if own_words else (None, False)


def _for_slots(shape: Shape, spans: list[DateSpan], voice: Voice, around: Circumstances) -> str:
    """Return the clause without its validity and with a named user called "the user", so that slots always meet.

    What will hold from a day on is put as if it held: the day stands in `valid_from`. Empty where nothing differs.
    """
    validity = _validity(shape, spans)
    renamed = around.speaker.key == UNNAMED.casefold() and voice.name != UNNAMED
    if not renamed and not validity.phrases:
        return ""
    text = without_validity(shape.text, validity)
    if validity.start is not None:
        text = _WILL.sub(lambda match: verbs.third_person(match[1].casefold()), text)
    spans = find_dates(text, around.said_at, tenses_of(analyse(text))) if validity.phrases else spans
    past = shape.tense is Tense.PAST or _looks_back(spans, around.said_at)
    named = replace(voice, name=UNNAMED) if renamed else voice
    return rewrite(analyse(write_dates(text, spans)), named, past=past) or ""


def _measure(
    shape: Shape, kind: MemoryType, *, feeling: Feeling | None, liking: Liking | None, dated: bool
) -> tuple[float, str, bool]:
    """Return the score of the kind, the category, and the polarity."""
    if kind is MemoryType.EMOTION and feeling is not None:
        return feeling.intensity, feeling.category, True
    if kind is MemoryType.PREFERENCE and liking is not None:
        return liking.strength, category_of(shape.text), liking.positive
    if kind is MemoryType.EPISODE:
        return significance_of(shape, dated=dated), "", not shape.negated
    return 0.8, "", not shape.negated


def _confidence(shape: Shape, *, hedge: bool, exact: bool) -> float:
    if not exact:
        return OWN_WORDS
    if hedge or modality_of(shape) is Modality.HYPOTHETICAL:
        return UNSURE
    if reported(shape):
        return _REPORTED
    return CERTAIN if shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP, SubjectKind.OWN) else ABOUT_OTHERS


def _subject(shape: Shape, voice: Voice, key: str) -> str:
    """Return whom the clause is about: the speaker, a person by name or relation, or a thing."""
    if shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP, SubjectKind.DUMMY):
        return key
    if shape.kind is SubjectKind.PERSON:
        meant = {"she": voice.she, "he": voice.he, "they": voice.they}.get(shape.subject_text.casefold())
        return (meant or key).casefold().rpartition("'s ")[2]
    words = words_of(shape.subject_text)
    if shape.kind is SubjectKind.OWN:
        names = [word.text.removesuffix("'s") for word in words[1:] if is_name(word.text)]
        relation = _relation(words)
        return (" ".join(names) if names and relation else relation or key).casefold()
    told = next((place for place, word in enumerate(words) if place and word.lower in ("i", "we", "you")), len(words))
    return " ".join(word.lower for word in words[:told] if word.lower not in ("the", "a", "an", "this", "that"))


def _relation(words: tuple[Word, ...]) -> str | None:
    for place, word in enumerate(words):
        owner = word.lower.removesuffix("'s")
        if owner in lexicon.PEOPLE and not modifies(words, place):
            return owner
    return None


def _main_date(spans: list[DateSpan], shape: Shape) -> DateSpan | None:
    """Return the date that the clause is about: the first that is no mere beginning of a state, the new one of a move."""
    if reschedules(shape):
        ahead = next((span for span in spans if span.tense is Tense.FUTURE), None)
        if ahead is not None:
            return ahead
    return next((span for span in spans if not _opened_by(span, shape, "since") and not _over(span, shape)), None)


def _over(span: DateSpan, shape: Shape) -> bool:
    """Whether something repeated itself in the past, on no day in particular ("every summer we went to Crete")."""
    return span.when.recurrence is not None and shape.tense is Tense.PAST


def _opened_by(span: DateSpan, shape: Shape, preposition: str) -> bool:
    """Whether a preposition stands before a date or at its beginning."""
    before = shape.text[: span.start].casefold().rstrip()
    return shape.text[span.start : span.end].casefold().startswith(preposition) or before.endswith(preposition)


def _since(spans: list[DateSpan], shape: Shape) -> datetime | None:
    return next((span.when.start for span in spans if _opened_by(span, shape, "since")), None)


def _looks_back(spans: list[DateSpan], said_at: datetime | None) -> bool:
    return said_at is not None and any(
        span.when.start < said_at and span.when.precision is not Precision.YEAR and span.when.recurrence is None
        for span in spans
    )


def _worth_own_words(shape: Shape, spans: list[DateSpan]) -> bool:
    """Whether a clause that cannot be rewritten says enough to be kept as it was said."""
    speakers = shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP, SubjectKind.OWN)
    return (
        speakers
        and len(shape.words) >= _FULL
        and (bool(spans) or len(names_in(shape.text)) > 0 or any(w.text[0].isdigit() for w in shape.words))
    )


def category_of(text: str) -> str:
    """Return the topic of a preference by its first telling word, or ""."""
    return next((TOPICS[word.lower] for word in words_of(text) if word.lower in TOPICS), "")
