"""Facts of documents: list items, table rows, key-value lines and sentences, each made to stand alone by its headings.

The document's own words stay; what is added is the context they stood in, in brackets behind them:
`Sprint reviews: every other Friday at 2pm PT (Team processes)`. Nothing in a document is an instruction or a wish of
the user: all of it is data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from synap.domain.documents import Block, BlockKind
from synap.domain.memories import MemoryType, Modality, Slot, Statement, When
from synap.domain.sentences import sentences
from synap.domain.slots import slots_of
from synap.ingestion import languages, verbs
from synap.ingestion.attributes import names_in, participants_of, significance_of
from synap.ingestion.dates import DateSpan, find_dates, write_dates
from synap.ingestion.gate import DOCUMENT, cues_of
from synap.ingestion.kinds import coming
from synap.ingestion.ledger import Found, Ledger, Passages
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import EVENT_NOUNS
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.markdown import key_value
from synap.ingestion.pieces import LONGEST
from synap.ingestion.quoting import in_the_name_of, ordered, speaks_as_somebody, taken_back
from synap.ingestion.sections import Sections, title_above
from synap.ingestion.shapes import Shape, SubjectKind, analyse, words_of
from synap.ingestion.tenses import Tense
from synap.ingestion.validity import Validity, holds, opening_moved, validity_of, without_validity

CONFIDENCE = 0.9
"""Of what a document states in its own words."""

_OWNER = "the user"
_LONGEST = 600
_FEWEST_WORDS = 3
_VERBLESS = 6
_DEADLINE = re.compile(
    r"\b(?:due|deadline|expires?|closes?|opens?|launch(?:es)?|release(?:s|d)?|scheduled|starts?|begins?|ends?|takes place|until|by|moved to|effective|goes live)\b",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"^\s*(?:system|assistant|user|human|ai|developer|instruction)\s*:|\b(?:ignore|disregard) (?:all |any )?(?:previous|prior|above|earlier)\b|\byou are now\b",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\bI(?:['\u2019](?:m|ve|d|ll))?\b|\b[Mm]y\b|\bme\b")
_POINTING = re.compile(
    r"^(?P<word>it|they|this|these|that)\b(?!\s+(?!(?:is|are|was|were|has|have|can|may|must|will|should|does|do|also|only|\w+s)\b))",
    re.IGNORECASE,
)
_NO_STATEMENT = re.compile(
    r"^(?:https?://\S+|[\W\d_]*|see (?:also|below|above)\b.*|click here.*|(?:figure|table|page|section|chapter) [\d.]+.*|note:?|(?:thank(?:s| you)|welcome|hello|hi|dear)\b.*|all rights reserved.*|copyright.*)$",
    re.IGNORECASE,
)
_DEICTIC = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|last|next|this|coming|previous|ago|from now|in (?:a|an|one|two|three|four|five|six|seven|eight|nine|ten|\d+))\b|day",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|(?<!\w)['\u2018][^'\u2019]{1,80}['\u2019](?!\w)")
_NO_NOUNS = (
    lexicon.PREPOSITIONS | lexicon.ADVERBS | lexicon.CONJUNCTIONS | lexicon.SUBORDINATORS | {"not", "to", "who", "set"}
)
_NOUNS_TOO = word_set("plans costs limits rates charges places starts ends changes uses tests reports features types")
_LABEL = re.compile(r"[\s:\uff1a#*_]+$")


def speaks_in_first_person(blocks: Iterable[Block]) -> bool:
    """Whether the author of the blocks speaks of themselves: at least a third of the pieces of prose say "I" or "my".

    A piece that is too long to be read at once is judged by how it begins, as this is asked again for each slice.
    """
    prose = [block for block in blocks if block.kind in (BlockKind.PARAGRAPH, BlockKind.TURN, BlockKind.LIST_ITEM)]
    own = sum(_FIRST_PERSON.search(block.text, 0, LONGEST) is not None for block in prose)
    return own > 0 and own * 3 >= len(prose)


class Reader:
    """Reads the blocks of one document in order."""

    def __init__(self, ledger: Ledger, passages: Passages, *, anchor: datetime | None) -> None:
        self._ledger = ledger
        self._passages = passages
        self._anchor = anchor
        self._sections = Sections(passages.document_id)
        self._lead_in = ""
        self._question = ""

    def pass_by(self, block: Block, index: int) -> None:
        """Take note of the headings and titles of a block whose statements are not wanted."""
        self._sections.enter(block, index)

    def read(self, block: Block, index: int, said_at: datetime | None) -> None:
        """Enter what one block states into the ledger."""
        self.pass_by(block, index)
        if block.kind is BlockKind.TABLE_ROW:
            self._enter(block, index, table_row(block.cells), block.text, said_at)
        elif block.kind is BlockKind.KEY_VALUE and block.cells:
            self._pair(block, index, said_at)
        elif block.kind is BlockKind.LIST_ITEM:
            self._item(block, index, said_at)
        elif block.kind in (BlockKind.PARAGRAPH, BlockKind.TURN):
            self._prose(block, index, said_at)
        if block.kind is not BlockKind.LIST_ITEM:
            self._lead_in = _lead_in(block) if block.kind is BlockKind.PARAGRAPH else ""

    def _pair(self, block: Block, index: int, said_at: datetime | None) -> None:
        """Enter a key and its value; a question waits for its answer, and both are told together."""
        key, value = (part.strip() for part in block.cells[0])
        if key.casefold() in ("q", "question"):
            self._question = value
            return
        answers = key.casefold() in ("a", "answer") and self._question
        self._enter(block, index, f"{self._question if answers else f'{key}:'} {value}", block.text, said_at)
        self._question = ""

    def _item(self, block: Block, index: int, said_at: datetime | None) -> None:
        spans = sentences(block.text)
        whole = len(spans) <= 1 or len(block.text) <= _LONGEST // 3
        for start, end in [(0, len(block.text))] if whole else spans:
            part = block.text[start:end]
            if whole or len(words_of(part)) >= _FEWEST_WORDS:
                self._enter(block, index, part, part, said_at)

    def _prose(self, block: Block, index: int, said_at: datetime | None) -> None:
        subject = ""
        titled = title_above(block.text) != ""
        for start, end in sentences(block.text):
            if end - start > _LONGEST:
                continue
            part = block.text[start:end]
            text, subject = _resolved(part, subject)
            if text is not None and (_states(text) or (titled and key_value(text))):
                self._enter(block, index, text, part, said_at)

    def _enter(self, block: Block, index: int, text: str, part: str, said_at: datetime | None) -> None:
        text = _tidied(text)
        if not text or len(text) > _LONGEST or text.endswith("?") or _NO_STATEMENT.match(text) or _ORDER.search(text):
            return
        if taken_back(text):
            return
        anchor = said_at or self._anchor
        shape = analyse(opening_moved(text, anchor))
        tense = shape.tense if shape.verb >= 0 else Tense.PRESENT
        spans = _told_dates(text, find_dates(text, anchor, tense))
        written = write_dates(text, [span for span in spans if _deictic(text, span)])
        told = in_the_name_of(written, next(iter(self._sections.titles()), ""))
        note = f" ({context})" if (context := self._context(block, told)) else ""
        content = told + note
        validity = validity_of(text, spans) if tense is not Tense.PAST else Validity()
        lasting = validity.start is not None and validity.end is None and (shape.verb < 0 or holds(shape))
        when = next((span.when for span in spans if not (lasting and span in validity.spans)), None)
        kind = MemoryType.FACT if lasting else _kind(text, shape, spans, anchor)
        statement = Statement(
            type=kind,
            content=content,
            confidence=CONFIDENCE,
            score=significance_of(shape, dated=when is not None) if kind is MemoryType.EPISODE else 0.8,
            subject="" if speaks_as_somebody(shape.subject_text) or ordered(text) else _subject_of(text, shape),
            modality=Modality.PLANNED if shape.tense is Tense.FUTURE else Modality.ASSERTED,
            participants=participants_of(shape, block.speaker or "") if kind is MemoryType.EPISODE else (),
            slots=self._slots(block, text, (without_validity(text, validity) if lasting else written) + note),
            entities=names_in(content),
            when=when,
            valid_from=validity.start if lasting else None,
            valid_until=validity.end,
            said_at=anchor,
            language=languages.language_of(text),
            verbatim=told != written,
        )
        evidence = (self._passages.evidence(block, part),)
        prose = block.kind in (BlockKind.PARAGRAPH, BlockKind.TURN)
        cues = cues_of(shape, statement, register=DOCUMENT, doubtful=False) if prose else frozenset()
        self._ledger.add(Found(statement=statement, evidence=evidence, clause=text, speaker="", turn=index, cues=cues))

    def _slots(self, block: Block, text: str, content: str) -> tuple[Slot, ...]:
        """Return what a fact settles, each slot tied to the section that it stands in; an order settles nothing."""
        if ordered(text):
            return ()
        prose = block.kind in (BlockKind.PARAGRAPH, BlockKind.TURN)
        return tuple(
            replace(slot, section=self._sections.of(slot, content, prose=prose))
            for slot in slots_of(content, subject=_OWNER)
        )

    def _context(self, block: Block, text: str) -> str:
        """Return what the fact stands under (title, nearest heading, record), as far as the text does not say it itself."""
        lead_in = _LABEL.sub("", self._lead_in).strip() if block.kind is BlockKind.LIST_ITEM else ""
        wanted = dict.fromkeys([*self._sections.titles(), lead_in])
        told = text.casefold(), text.casefold().replace(":", "")
        return ": ".join(part for part in wanted if part and not any(part.casefold() in words for words in told))


def table_row(cells: tuple[tuple[str, str], ...]) -> str:
    """Return a table row as text: `Pro: Requests per minute is 1,000; Price is $49`."""
    filled = [
        (header.strip(), cell.strip()) for header, cell in cells if cell.strip() not in ("", "-", "\u2013", "—", "n/a")
    ]
    if len(filled) <= 1:
        return f"{filled[0][0]}: {filled[0][1]}" if filled and filled[0][0] else ""
    (_, name), *others = filled
    return f"{name}: " + "; ".join(_cell(header, cell) for header, cell in others)


def _cell(header: str, cell: str) -> str:
    """Return a cell under its header: `Price is $49`; a header that is a verb or no noun at all keeps its own grammar."""
    words = [word.lower for word in words_of(header)]
    if not words:
        return cell
    if words[-1] in lexicon.MODALS or (
        len(words) == 1 and verbs.base_of_third(words[0]) and words[0] not in _NOUNS_TOO
    ):
        return f"{header.lower()} {cell}"
    if words[-1] in _NO_NOUNS or any(word in lexicon.AUXILIARIES for word in words):
        return f"{header}: {cell}"
    return f"{header} is {cell}"


def _told_dates(text: str, spans: list[DateSpan]) -> list[DateSpan]:
    """Return the dates that a document tells, without those that it only quotes."""
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    return [span for span in spans if not any(start <= span.start < end for start, end in quoted)]


def _lead_in(block: Block) -> str:
    """Return what a paragraph announces for the list after it: its last sentence with a colon, or a bare title."""
    spans = sentences(block.text)
    last = block.text[slice(*spans[-1])] if spans else ""
    title = len(spans) == 1 and len(words_of(last)) <= _VERBLESS and last[-1:].isalnum() and analyse(last).verb < 0
    return last if last.endswith(":") or title else ""


def _tidied(text: str) -> str:
    return " ".join(text.split()).strip(" -\u2013—•·*").removesuffix(".").strip()


def _states(text: str) -> bool:
    """Whether a sentence of prose states something: it has a verb and says more than a caption."""
    words = words_of(text)
    if len(words) < _FEWEST_WORDS or text.rstrip().endswith(("?", ":")):
        return False
    shape = analyse(text)
    if shape.verb < 0:
        return len(words) >= _VERBLESS or any(word.text[0].isdigit() for word in words)
    return shape.kind not in (SubjectKind.DUMMY, SubjectKind.PERSON)


def _resolved(sentence: str, subject: str) -> tuple[str | None, str]:
    """Return the sentence with a leading "it" replaced by the subject of the one before, and its own subject."""
    pointing = _POINTING.match(sentence)
    if pointing:
        if not subject:
            return None, ""
        return f"{subject}{sentence[pointing.end() :]}", subject
    shape = analyse(sentence)
    known = shape.kind in (SubjectKind.NAMED, SubjectKind.THING) and shape.subject[0] == 0
    return sentence, shape.subject_text if known else ""


def _kind(text: str, shape: Shape, spans: list[DateSpan], anchor: datetime | None) -> MemoryType:
    span = next(iter(spans), None)
    if span is None or span.when.recurrence is not None:
        return MemoryType.FACT
    definite = _deictic(text, span) or str(span.whole.start.year) in text
    if definite and coming(span.when, anchor) and (_DEADLINE.search(text) or _event(text)):
        return MemoryType.TEMPORAL_EVENT
    if shape.verb >= 0 and shape.tense is Tense.PAST and shape.base not in ("be", "have") and _gone(span.when, anchor):
        return MemoryType.EPISODE
    return MemoryType.FACT


def _deictic(text: str, span: DateSpan) -> bool:
    """Whether a date only makes sense on the day of writing; "in March" in a document may mean every March."""
    return span.relative and _DEICTIC.search(text[span.start : span.end]) is not None


def _gone(when: When, anchor: datetime | None) -> bool:
    return anchor is None or when.start <= anchor


def _event(text: str) -> bool:
    return any(word.lower in EVENT_NOUNS or word.lower.removesuffix("s") in EVENT_NOUNS for word in words_of(text))


def _subject_of(text: str, shape: Shape) -> str:
    if ": " in text[:60]:
        return text.split(": ", 1)[0].strip().casefold()
    if shape.verb < 0 or not shape.subject_text:
        return ""
    words = [word.lower for word in words_of(shape.subject_text) if word.lower not in lexicon.DETERMINERS]
    return " ".join(words)
