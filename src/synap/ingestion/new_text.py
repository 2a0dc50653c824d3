"""New text for a memory: what of the old text stays beside it, and what kind of memory it makes.

The text is read as a document is, and what it ends of the old one is decided as it is between memories. The words stay
the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from synap.domain.documents import DocumentType, PreparedDocument
from synap.domain.memories import (
    Draft,
    Evidence,
    Memory,
    MemoryStatus,
    MemoryType,
    Retraction,
    Slot,
    Statement,
    When,
)
from synap.domain.normal_forms import USER
from synap.domain.own_slots import OwnSlot, with_own_slots
from synap.domain.sentences import sentences
from synap.domain.slots import content_hash, slots_of
from synap.domain.terms import tokenize
from synap.ingestion import verbs
from synap.ingestion.attributes import names_in
from synap.ingestion.dates import find_dates
from synap.ingestion.extract import Source, extract
from synap.ingestion.gate import certain
from synap.ingestion.leads import adverb
from synap.ingestion.lexicon.words import AUXILIARIES
from synap.ingestion.parse import parse
from synap.ingestion.reconcile import Related, reconcile
from synap.ingestion.segments import segments
from synap.ingestion.zones import zone_of

_ENDED = re.compile(r"[.!?\u2026\u3002\uff01\uff1f\u0964\u061f\u06d4][\"'\u2019\u201d\u00bb)\]]*$")
_THE_USER = re.compile(r"\b[Tt]he user(?:(?P<whose>['\u2019]s)\b|(?P<words>(?: [a-z]+){1,4}))")
_SPEAKER = re.compile(r"\b(?:I|[Mm]e|[Mm]y|[Mm]ine|[Ww]e|[Uu]s|[Oo]urs?)\b")
_AGREEING = {"is": "am", "has": "have", "does": "do"}
_OF_PEOPLE = (MemoryType.PREFERENCE, MemoryType.EMOTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What new text is read with.

    Attributes:
        now: When it was given; anchors its relative dates.
        document_type: How it is read; None for what suits the memory.
        own: Slots that the instance adds.
        wanted: Whether the instance keeps such a draft; one that it does not keep tells no kind.
    """

    now: datetime
    document_type: DocumentType | None = None
    own: Sequence[OwnSlot] = ()
    wanted: Callable[[Draft], bool] = lambda _: True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a text says: `text` as it was read, what was found in it, and the first time that it names."""

    text: str
    drafts: tuple[Draft, ...] = ()
    retractions: tuple[Retraction, ...] = ()
    when: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence of the old text. The new one says it too (`same`), or says otherwise or more of it (`over`)."""

    text: str
    statement: Statement
    same: bool = False
    over: bool = False


@dataclass(slots=True)
class _Kinds:
    """Statements that may tell the kind of a memory, by how much of its text they cover; of equal ones the first counts."""

    told: list[tuple[int, Statement]] = field(default_factory=list)

    def best(self) -> Statement | None:
        """Return the statement that covers most, with the first time that any of them names where it names none itself."""
        if not self.told:
            return None
        best = max(self.told, key=lambda one: one[0])[1]
        return replace(best, when=best.when or next((one.when for _, one in self.told if one.when), None))


def renewed(known: Memory, text: str, strategy: str, reading: Reading) -> Draft:
    """Return a memory after an update, with the evidence that its text still rests on.

    What the text says decides type, time, category and scores. Where nothing is found in it, only the time is new; where the
    text is as before, nothing is.

    Args:
        known: The memory as it stands.
        text: The new text.
        strategy: `replace`: the text alone; `append`: the old one, then the new one; `smart-merge`: the new one, then those
            sentences of the old one that it neither says too, nor ends, nor outdoes.
        reading: What the text is read with.
    """
    found = _read(known, text, reading, said_at=reading.now)
    old = _sentences(known)
    if strategy == "append":
        stays = replace(known.statement, when=known.statement.when or found.when)
        return _draft(known, joined([known.statement.content, text]), stays, old, reading)
    kept: list[_Sentence] = []
    if strategy == "smart-merge":
        old = _compared(known, old, found, text, reading)
        kept = [one for one in old if not (one.same or one.over)]
    content = joined([text, *(one.text for one in kept)])
    if content_hash(content) == content_hash(known.statement.content):
        return _draft(known, content, known.statement, old, reading, lasts=True)
    kinds = _Kinds([(_length(draft), draft.statement) for draft in found.drafts if reading.wanted(draft)])
    alone = len(kinds.told) == 1 and len(sentences(content)) == 1
    if kept and len(kept) == len(old):
        kinds.told.append((len(known.statement.content), known.statement))
    else:
        kinds.told += [(len(one.text), one.statement) for one in kept]
    said = kinds.best()
    if said is None:
        said = replace(known.statement, when=None)
    return _draft(known, content, replace(said, when=said.when or found.when), old, reading, lasts=alone)


def joined(parts: Sequence[str]) -> str:
    """Return texts as one, each of them a sentence of its own."""
    *before, last = [part.strip() for part in parts]
    return " ".join([*(part if _ENDED.search(part) else f"{part.rstrip(' ,;:')}." for part in before), last])


def in_first_person(text: str) -> str:
    """Return a text about the user as the user would say it (`The user's cat is` → `my cat is`), which the rules read best."""
    return _THE_USER.sub(_as_speaker, text)


def _as_speaker(match: re.Match[str]) -> str:
    if match["whose"]:
        return "my"
    words = match["words"].split()
    place = next((at for at, word in enumerate(words) if not (adverb(word) or word == "no")), len(words))
    verb = words[place] if place < len(words) else ""
    if not (verb in AUXILIARIES or verbs.base_of(verb) or verbs.looks_past(verb)):
        return match[0]
    words[place] = _AGREEING.get(verb) or verbs.base_of_third(verb) or verb
    return f"I {' '.join(words)}"


def _draft(
    known: Memory, content: str, said: Statement, old: Sequence[_Sentence], reading: Reading, *, lasts: bool = False
) -> Draft:
    """Return the memory with other text and the kind of what is said; `lasts` keeps until when that holds."""
    kind, score = said.type, said.score
    if kind is MemoryType.TEMPORAL_EVENT and said.when is None:
        kind, score = MemoryType.FACT, said.confidence
    statement = replace(
        known.statement,
        content=content,
        type=kind,
        confidence=said.confidence,
        score=score,
        category=said.category,
        positive=said.positive,
        modality=said.modality,
        participants=said.participants,
        slots=_slots(known, content),
        entities=names_in(content),
        when=said.when,
        valid_from=said.valid_from if lasts else None,
        valid_until=said.valid_until if lasts else None,
        said_at=reading.now,
        verbatim=False,
    )
    return Draft(statement=with_own_slots(statement, reading.own), evidence=_remaining(known, content, old))


def _slots(known: Memory, text: str, more: Sequence[Slot] = ()) -> tuple[Slot, ...]:
    """Return what a text settles, tied to the section of the document that the memory was told in.

    Whoever says "I" is the user; a sentence without a subject is about whom the memory is about.
    """
    sections = {slot.name: slot.section for slot in known.statement.slots}
    told = list(more)
    for start, end in sentences(text):
        sentence = text[start:end]
        told += slots_of(sentence, subject=USER if _SPEAKER.search(sentence) else known.statement.subject)
    return tuple(dict.fromkeys(replace(slot, section=sections.get(slot.name, "")) for slot in told))


def _remaining(known: Memory, content: str, old: Sequence[_Sentence]) -> tuple[Evidence, ...]:
    """Return the evidence of those old sentences that the text still holds or says in other words."""
    here = {content_hash(content[start:end]) for start, end in sentences(content)}

    def told(evidence: Evidence) -> _Sentence:
        words = set(tokenize(evidence.quote))
        return max(old, key=lambda one: len(words & set(tokenize(one.text))))

    return tuple(
        evidence for evidence in known.evidence if (one := told(evidence)).same or content_hash(one.text) in here
    )


def _read(known: Memory, text: str, reading: Reading, *, said_at: datetime) -> _Found:
    """Return what a text says: read as told, and where nothing is found as written, or the other way about."""
    spoken = known.scope.user_id is not None or known.statement.type in _OF_PEOPLE
    usual = (DocumentType.AI_CHAT, DocumentType.DOCUMENT) if spoken else (DocumentType.DOCUMENT, DocumentType.AI_CHAT)
    for kind in usual if reading.document_type is None else (reading.document_type,):
        found = _read_as(kind, known, text, reading, said_at=said_at)
        if found.drafts or found.retractions:
            return found
    zone = _zone(known)
    dates = find_dates(text, said_at if zone is None else said_at.astimezone(zone))
    return _Found(text=text, when=dates[0].when if dates else None)


def _read_as(kind: DocumentType, known: Memory, text: str, reading: Reading, *, said_at: datetime) -> _Found:
    told = in_first_person(text) if kind.conversational else text
    blocks = parse(told, document_type=kind, created_at=said_at)
    document = PreparedDocument(text=told, blocks=blocks, segments=segments(told, blocks), content_hash="")
    name = known.metadata.get("user_name")
    source = Source(
        document_id=known.id,
        document_type=kind,
        created_at=said_at,
        rung=known.scope.rung,
        user_name=name if isinstance(name, str) and name.strip() else None,
        zone=_zone(known),
    )
    found = extract(document, source)
    drafts = tuple(
        replace(draft, statement=with_own_slots(draft.statement, reading.own)) for _, draft in certain(found.drafts)
    )
    when = next((draft.statement.when for draft in drafts if draft.statement.when is not None), None)
    return _Found(text=told, drafts=drafts, retractions=found.retractions, when=when)


def _zone(known: Memory) -> tzinfo | None:
    zone = known.metadata.get("timezone")
    return zone_of(zone) if isinstance(zone, str) else None


def _sentences(known: Memory) -> list[_Sentence]:
    """Return the sentences of a memory; until each is read, with what the whole of it states."""
    content = known.statement.content
    return [_Sentence(text=content[start:end], statement=known.statement) for start, end in sentences(content)]


def _sentence(known: Memory, text: str, reading: Reading, *, said_at: datetime) -> _Sentence:
    found = _read(known, text, reading, said_at=said_at)
    best = max(found.drafts, key=_length, default=None)
    if best is not None:
        statement = replace(best.statement, slots=_slots(known, text, best.statement.slots))
        return _Sentence(text=text, statement=statement)
    plain = replace(known.statement, content=text, slots=_slots(known, text), when=found.when)
    return _Sentence(text=text, statement=with_own_slots(plain, reading.own))


def _compared(known: Memory, old: Sequence[_Sentence], found: _Found, text: str, reading: Reading) -> list[_Sentence]:
    """Return the old sentences with how the new text stands to them: as new statements do to stored memories.

    One that shares half of its words with the text is over too: the text then speaks of the same, and wins.
    """
    if len(old) > 1:
        said_at = known.statement.said_at or known.recorded_at
        old = [_sentence(known, one.text, reading, said_at=said_at) for one in old]
    drafts = _new(known, found, reading)
    before = [
        Memory(
            id=str(at),
            scope=known.scope,
            statement=replace(one.statement, said_at=None, valid_from=None),
            recorded_at=known.recorded_at,
        )
        for at, one in enumerate(old)
    ]
    related = Related(
        neighbours={key: [(memory, None) for memory in before] for key in range(len(drafts))},
        topics={at: [(memory, 1.0) for memory in before] for at in range(len(found.retractions))},
    )
    retractions = [replace(one, said_at=reading.now) for one in found.retractions]
    changes = reconcile(drafts, retractions, related, now=reading.now)
    over = {one.memory_id for one in changes.supersede if one.status is not MemoryStatus.ACTIVE}
    same = {one.memory_id for one in changes.refresh}
    words = set(tokenize(text))
    return [
        replace(one, same=str(at) in same, over=str(at) in over or _outdone(one.text, words))
        for at, one in enumerate(old)
    ]


def _new(known: Memory, found: _Found, reading: Reading) -> list[Draft]:
    """Return the statements of new text, a sentence in which nothing was found as a plain one."""
    drafts = [
        replace(draft, statement=replace(said, slots=_slots(known, draft.evidence[0].quote, said.slots)))
        for draft in found.drafts
        for said in [draft.statement]
    ]
    taken = [*(piece for draft in drafts for piece in draft.evidence), *(one.evidence for one in found.retractions)]
    for start, end in sentences(found.text):
        if any(start < piece.end and piece.start < end for piece in taken):
            continue
        text = found.text[start:end]
        plain = Statement(
            type=MemoryType.FACT, content=text, subject=known.statement.subject, slots=_slots(known, text)
        )
        quote = Evidence(document_id=known.id, start=start, end=end, quote=text)
        drafts.append(Draft(statement=with_own_slots(plain, reading.own), evidence=(quote,)))
    return [replace(draft, statement=replace(draft.statement, said_at=reading.now)) for draft in drafts]


def _length(draft: Draft) -> int:
    return sum(piece.end - piece.start for piece in draft.evidence)


def _outdone(sentence: str, words: set[str]) -> bool:
    own = set(tokenize(sentence))
    return not own or 2 * len(own & words) >= len(own)
