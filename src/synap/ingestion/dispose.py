"""From a model's proposals to drafts: cited, grounded, dated by our own grammar, told of the right person, or dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from synap.domain.documents import PreparedDocument, Role, Segment
from synap.domain.memories import Draft, Evidence, MemoryType, Modality, Precision, Retraction, Statement, When
from synap.domain.normal_forms import normalise_subject
from synap.domain.slots import slots_of
from synap.domain.terms import tokenize
from synap.domain.values import Kind, read_values
from synap.ingestion.attributes import feeling_of, names_in
from synap.ingestion.citations import cited
from synap.ingestion.contractions import expand
from synap.ingestion.date_tenses import tenses_of
from synap.ingestion.dates import DateSpan, find_dates, readable, write_dates
from synap.ingestion.extract import Cast, Source
from synap.ingestion.flaws import flaws
from synap.ingestion.languages import language_of
from synap.ingestion.lexicon.calendar import MONTH_NAMES, WEEKDAY_NAMES
from synap.ingestion.proposals import (
    LONGEST_CONTENT,
    MODALITIES,
    MOST_PROPOSALS,
    SHORTEST_CONTENT,
    TYPES,
    Accepted,
    Proposal,
    Proposals,
    ProposedRetraction,
    Reason,
    rests_on,
)
from synap.ingestion.rewrite import UNNAMED
from synap.ingestion.shapes import analyse
from synap.ingestion.statements import Speaker, category_of
from synap.ingestion.windows import Window

SUREST = 0.9
"""Confidence of a proposal, at most."""

DATE_DISPUTED, DATE_UNPROVEN = 0.6, 0.75
"""What its confidence is multiplied with where our grammar reads another date in its quote, and where it reads none."""

_DATES = frozenset({Kind.DATE, Kind.MONTH, Kind.YEAR, Kind.WEEKDAY, Kind.CLOCK, Kind.HOURS, Kind.QUOTE})
_ISO = re.compile(r"(?P<y>\d{4})(?:-(?P<m>\d{2})(?:-(?P<d>\d{2}))?)?(?:T.*)?")
_CALENDAR = {name.casefold() for name in (*MONTH_NAMES, *WEEKDAY_NAMES)} | {"user", "the"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


class _Refused(Exception):  # noqa: N818 - a proposal that is dropped is no error
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def dispose(
    proposals: Proposals, window: Window, document: PreparedDocument, source: Source, *, extractor: str
) -> Accepted:
    """Return what may become of a model's proposals for a window. Pure; the same for the same arguments."""
    ground = _Ground(window, document, source)
    drafts: dict[tuple[MemoryType, str], Draft] = {}
    retractions: list[Retraction] = []
    dropped: Counter[Reason] = Counter()
    for proposal in proposals.memories[:MOST_PROPOSALS]:
        try:
            draft = _draft(proposal, ground, extractor)
        except _Refused as refused:
            dropped[refused.reason] += 1
            continue
        key = (draft.statement.type, draft.statement.content.casefold())
        dropped[Reason.REPEATED] += key in drafts
        drafts.setdefault(key, draft)
    for proposed in proposals.retractions[:MOST_PROPOSALS]:
        try:
            retractions.append(_retraction(proposed, ground))
        except _Refused as refused:
            dropped[refused.reason] += 1
    dropped[Reason.TOO_MANY] += max(0, len(proposals.memories) - MOST_PROPOSALS)
    return Accepted(drafts=tuple(drafts.values()), retractions=tuple(retractions), dropped=+dropped)


class _Ground:
    """What a window's proposals are checked against."""

    def __init__(self, window: Window, document: PreparedDocument, source: Source) -> None:
        self.document = document
        self.source = source
        self.cast = Cast(document, source)
        self.own: Mapping[int, Segment] = {segment.ordinal: segment for segment in window.own}
        self.shown = "\n".join(segment.text for segment in (*window.context, *window.own))
        self.words = {word.casefold() for word in re.findall(r"\w+", f"{self.shown} {source.user_name or ''}")}
        self.figures = _figures(self.shown)

    def said_at(self, segment: Segment) -> datetime | None:
        """When a segment was said or written."""
        return segment.time or self.source.created_at

    def text_of(self, segment: Segment) -> str:
        """A segment as it stands in the source."""
        return self.document.text[segment.start : segment.end]

    def cite(self, quote: str, ordinals: Sequence[int]) -> tuple[Segment, Evidence]:
        """Return where one of the segments named holds a quotation."""
        named = [self.own[ordinal] for ordinal in dict.fromkeys(ordinals) if ordinal in self.own]
        if not named:
            raise _Refused(Reason.UNKNOWN_SEGMENT)
        for segment in named:
            place = cited(quote, self.text_of(segment))
            if place is None:
                continue
            if segment.role not in (Role.USER, Role.AUTHOR):
                raise _Refused(Reason.NOT_SAID)
            start, end = segment.start + place.start, segment.start + place.end
            return segment, Evidence(
                document_id=self.source.document_id,
                start=start,
                end=end,
                quote=self.document.text[start:end],
                turn_id=segment.turn_id,
                segment=segment.ordinal,
            )
        raise _Refused(Reason.NOT_QUOTED)


def _draft(proposal: Proposal, ground: _Ground, extractor: str) -> Draft:
    kind, modality = _kinds(proposal)
    content = " ".join(_CONTROL.sub(" ", proposal.content).split()).rstrip(" .")
    if not SHORTEST_CONTENT <= len(content) <= LONGEST_CONTENT:
        raise _Refused(Reason.INVALID)
    segment, evidence = ground.cite(proposal.quote, proposal.segments)
    said_at = ground.said_at(segment)
    content = write_dates(content, find_dates(content, said_at, tenses_of(analyse(content))))
    _check_text(content, ground)
    if not rests_on(content, f"{evidence.quote} {ground.text_of(segment)}"):
        raise _Refused(Reason.UNGROUNDED)
    dated = _date(proposal, content, evidence.quote, said_at)
    speaker = ground.cast.speaker_of(ground.document.blocks[segment.blocks[0]])
    subject = _subject(proposal.subject, speaker)
    statement = Statement(
        type=kind,
        content=dated.content,
        confidence=round(min(SUREST, max(0.0, proposal.confidence)) * dated.trust, 4),
        score=_score(proposal, kind),
        subject=subject,
        category=_category(kind, dated.content),
        positive=proposal.positive,
        modality=modality,
        slots=slots_of(_for_slots(dated.content, speaker), subject=speaker.key),
        entities=tuple(name for name in names_in(dated.content) if name not in ("The", UNNAMED)),
        when=dated.when,
        said_at=said_at,
        language=language_of(dated.content),
    )
    return Draft(statement=statement, evidence=(evidence,), extractor=extractor)


def _kinds(proposal: Proposal) -> tuple[MemoryType, Modality]:
    kind = TYPES.get(proposal.type.strip().casefold().replace(" ", "_").replace("-", "_"))
    modality = MODALITIES.get(proposal.modality.strip().casefold())
    if kind is None or modality is None:
        raise _Refused(Reason.INVALID)
    if modality is Modality.HYPOTHETICAL:
        raise _Refused(Reason.HYPOTHETICAL)
    return kind, modality


def _check_text(content: str, ground: _Ground) -> None:
    """Refuse a text that does not stand alone, or that tells names or figures which nobody mentioned."""
    if _figures(content) - ground.figures:
        raise _Refused(Reason.UNGROUNDED)
    if language_of(content) != "en":
        return  # where any noun may have a capital letter, names cannot be told from words
    if flaws(content):
        raise _Refused(Reason.FLAWED)
    names = {word.casefold() for name in names_in(content) for word in re.findall(r"\w+", name)}
    known = {word.removesuffix("s") for word in ground.words | _CALENDAR}
    if any(name.removesuffix("s") not in known for name in names):
        raise _Refused(Reason.UNGROUNDED)


def _figures(text: str) -> set[tuple[object, object]]:
    """Return the amounts, measures and numbers in a text, in comparable form, dates left out."""
    bare = text
    for span in reversed(find_dates(text, None)):
        bare = bare[: span.start] + " " + bare[span.end :]
    values, _ = read_values(bare)
    return {(value.kind, value.value) for value in values if value.kind not in _DATES}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    """A statement's text and time once both have been compared, and how far the time can be trusted, 0..1."""

    content: str
    when: When | None
    trust: float = 1.0


def _date(proposal: Proposal, content: str, quote: str, said_at: datetime | None) -> _Dated:
    """Return the time as our own grammar reads it in the quote; only where it reads none, as the model does."""
    wanted = _iso(proposal.date)
    read = find_dates(expand(quote), said_at, tenses_of(analyse(expand(quote))))
    ours = _of_words(read, proposal.date_words, quote)
    told = find_dates(content, None)
    if ours is None:
        unproven = [span for span in told if not _among(span.when, read)]
        if wanted is None and not unproven:
            return _Dated(content=content, when=None)
        anchored = wanted is not None and (said_at is not None or str(wanted.start.year) in quote)
        return _Dated(content=content, when=wanted if anchored else None, trust=DATE_UNPROVEN)
    agreed = (wanted is None or _meets(wanted, ours.when)) and all(
        _meets(span.when, ours.when) or _among(span.when, read) for span in told
    )
    if agreed:
        return _Dated(content=content, when=ours.when)
    wrong = [span for span in told if not _among(span.when, read)]
    if len(wrong) == 1 and ours.when.recurrence is None:
        span = wrong[0]
        content = content[: span.core_start] + readable(ours.whole) + content[span.core_end :]
    return _Dated(content=content, when=ours.when, trust=DATE_DISPUTED)


def _of_words(read: Sequence[DateSpan], words: str | None, quote: str) -> DateSpan | None:
    """Return the date that the model points at; the only one of the quote where it points at none that is there."""
    if words:
        place = cited(words, expand(quote))
        if place is not None:
            for span in read:
                if span.start < place.end and place.start < span.end:
                    return span
    return read[0] if len(read) == 1 else None


def _among(when: When, spans: Sequence[DateSpan]) -> bool:
    return any(_meets(when, span.when) or _meets(when, span.whole) for span in spans)


def _meets(one: When, other: When) -> bool:
    """Whether two times can be the same, the coarser holding the finer."""
    return one.start <= (other.end or other.start) and other.start <= (one.end or one.start)


def _iso(text: str | None) -> When | None:
    found = _ISO.fullmatch((text or "").strip())
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.group("y", "m", "d"))
    try:
        start = datetime(year or 0, month or 1, day or 1, tzinfo=UTC)
        if day is not None:
            return When(start=start, end=start.replace(hour=23, minute=59, second=59), precision=Precision.DAY)
        following = start.replace(year=start.year + 1) if month is None else _next_month(start)
    except ValueError:
        return None
    end = datetime.fromtimestamp(following.timestamp() - 1, tz=UTC)
    return When(start=start, end=end, precision=Precision.YEAR if month is None else Precision.MONTH)


def _next_month(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def _subject(proposed: str, speaker: Speaker) -> str:
    """Return whom a statement is about, as the rules call them: the speaker by their key, others in lower case."""
    plain = normalise_subject(proposed) if proposed.strip() else ""
    own = {normalise_subject(UNNAMED), normalise_subject(speaker.voice.name), "user", ""}
    return speaker.key if plain in own else plain


def _for_slots(content: str, speaker: Speaker) -> str:
    """Return the text with a named user called "the user", as the rules do, so that slots always meet."""
    name = speaker.voice.name
    if speaker.key != UNNAMED.casefold() or name == UNNAMED or not content.startswith(name):
        return content
    return UNNAMED + content[len(name) :]


def _score(proposal: Proposal, kind: MemoryType) -> float:
    measured = kind in (MemoryType.PREFERENCE, MemoryType.EMOTION, MemoryType.EPISODE)
    return round(min(1.0, max(0.0, proposal.strength)), 4) if measured else 0.8


def _category(kind: MemoryType, content: str) -> str:
    if kind is MemoryType.PREFERENCE:
        return category_of(content)
    feeling = feeling_of(analyse(content)) if kind is MemoryType.EMOTION else None
    return "" if feeling is None else feeling.category


def _retraction(proposed: ProposedRetraction, ground: _Ground) -> Retraction:
    segment, evidence = ground.cite(proposed.quote, [proposed.segment])
    if segment.role is not Role.USER:
        raise _Refused(Reason.NOT_SAID)
    topic = " ".join(_CONTROL.sub(" ", proposed.topic).split())
    if not topic or not set(tokenize(topic)) <= set(tokenize(ground.text_of(segment))):
        raise _Refused(Reason.UNGROUNDED)
    speaker = ground.cast.speaker_of(ground.document.blocks[segment.blocks[0]])
    return Retraction(topic=topic, evidence=evidence, subject=speaker.key, said_at=ground.said_at(segment))
