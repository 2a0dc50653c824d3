"""From a prepared document to drafts of memories and retractions, by rules alone: pure, synchronous, deterministic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.utils import getaddresses

from synap.domain.documents import Block, BlockKind, DocumentType, Mode, PreparedDocument, Role
from synap.domain.memories import Draft, Evidence, Retraction
from synap.ingestion.document_facts import Reader, speaks_in_first_person
from synap.ingestion.languages import speaks_of_itself
from synap.ingestion.ledger import Ledger, Passages
from synap.ingestion.listening import Listener
from synap.ingestion.naming import own_name
from synap.ingestion.pieces import LONGEST, Piece, Pieces, Slice, before, opening
from synap.ingestion.rewrite import UNNAMED, Voice
from synap.ingestion.sections import LASTING, TITLED
from synap.ingestion.statements import Speaker
from synap.ingestion.zones import fixed

EXTRACTOR = "rules@1"
"""Id and version of this extractor, kept with every memory it makes."""

_USER = "the user"
_TWO, _THREE = 2, 3
_NOT_SAID = (BlockKind.CODE, BlockKind.QUOTE, BlockKind.BOILERPLATE, BlockKind.HEADER)
_PERSON_TYPES = (DocumentType.HUMAN_CHAT, DocumentType.MEETING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a document comes from, as far as extraction cares.

    Attributes:
        document_id: Caller's id of the document, for the evidence.
        document_type: How the document is to be read.
        created_at: When it was written, UTC; anchors relative dates of turns without a time of their own.
        rung: Rung of the scope it is written to (`user`, `customer`, …).
        user_name: Display name of the user, where known.
        mode: `FAST` skips emotions.
        gated: The gate will look at what is found, so that clauses are found on which the rules alone are silent.
        zone: Timezone of the speaker, where known: whose calendar "yesterday" and whose clock "at 5 pm" are. Whole days are
            kept as the calendar's, clock times as UTC instants. Where it is not known, a turn's own timestamp tells it by its offset.
    """

    document_id: str
    document_type: DocumentType = DocumentType.AI_CHAT
    created_at: datetime | None = None
    rung: str = "user"
    user_name: str | None = None
    mode: Mode = Mode.LONG_RANGE
    gated: bool = False
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What was found.

    Attributes:
        drafts: Statements in the order of the document.
        retractions: Wishes to drop something said before, also in earlier documents.
        opt_outs: How often the speaker forbade remembering.
        withdrawn: Passages on which statements rested that later words took back, corrected or forbade to remember.
        recanted: Those of them that stand before the slice, so that what rests on them may have been stored already.
        closed: Whether the slice ends inside a turn of which no more is for us.
    """

    drafts: tuple[Draft, ...] = ()
    retractions: tuple[Retraction, ...] = ()
    opt_outs: int = 0
    withdrawn: tuple[Evidence, ...] = ()
    recanted: tuple[Evidence, ...] = ()
    closed: bool = False


def extract(
    document: PreparedDocument,
    source: Source,
    part: Slice | None = None,
    *,
    parts: Sequence[Piece] | None = None,
    closed: bool = False,
) -> Extraction:
    """Return the statements and retractions of a document, or of one slice of it.

    Only humans feed memories: turns of role `user`, and the text of documents. Turns of the assistant and of the
    system are context at most. Nothing in a document is ever obeyed.

    Args:
        document: The whole document.
        source: Where it comes from.
        part: What is read of it; all of it where None.
        parts: The document's pieces, where the caller has them.
        closed: Whether the turn in which the slice begins was closed before (`Extraction.closed`).
    """
    if parts is None:
        parts = Pieces(document.blocks)
    part = part or Slice(start=0, end=len(parts), total=len(parts))
    reading = _Reading(document, source, parts, since=part.start)
    return reading.slice(part, closed=closed)


class _Reading:
    """A document on its way through the rules."""

    def __init__(self, document: PreparedDocument, source: Source, parts: Sequence[Piece], *, since: int) -> None:
        self._source, self._parts = source, parts
        self._ledger = Ledger(since=since)
        passages = Passages(document, source.document_id)
        self._listener = Listener(self._ledger, passages, feelings=source.mode is not Mode.FAST, gated=source.gated)
        self._reader = Reader(self._ledger, passages, anchor=_local(source.created_at, source.zone))
        self._cast = Cast(document, source)
        self._heard = -1

    def slice(self, part: Slice, *, closed: bool) -> Extraction:
        """Return what a slice says, read behind the pieces before it."""
        self._approach(part.start)
        here = range(part.start, part.end)
        if closed:
            here = range(next((at for at in here if not self._parts[at].continues), part.end), part.end)
        self._read(here)
        ledger, began = self._ledger, self._parts[part.start].text.start if part.start else 0
        withdrawn = tuple(dict.fromkeys(ledger.withdrawn))
        goes_on = not part.last and self._parts[part.end].continues
        return Extraction(
            drafts=ledger.drafts(),
            retractions=tuple(ledger.retractions),
            opt_outs=ledger.opt_outs,
            withdrawn=withdrawn,
            recanted=tuple(evidence for evidence in withdrawn if evidence.start < began),
            closed=goes_on and (self._closed(part.end - 1) if here else closed),
        )

    def _closed(self, place: int) -> bool:
        return self._listener.closed and self._heard == self._parts[place].block

    def _approach(self, start: int) -> None:
        """Read what comes before a slice as far as the slice has to be understood by it; nothing of it counts."""
        if not start:
            return
        near = before(self._parts, start)
        for at in (*range(min(TITLED, near.start)), *range(max(TITLED, near.start - LASTING), near.start)):
            piece = self._parts[at]
            if piece.text.role is Role.AUTHOR:
                self._reader.pass_by(piece.text, at)
        begun = opening(self._parts, near.start)
        self._read([begun, *near] if begun < near.start else near)
        self._ledger.forget_changes()

    def _read(self, places: Iterable[int]) -> None:
        listener, cast = self._listener, self._cast
        for at in places:
            piece = self._parts[at]
            block = piece.text
            said_at = _local(block.time or self._source.created_at, self._source.zone or fixed(block.offset))
            if block.role is Role.ASSISTANT:
                listener.ask(block)
            elif _speaks(block) or (block.role is Role.AUTHOR and cast.writes_of_themselves(block)):
                if piece.continues and self._heard == piece.block:
                    listener.hear_on(block, at)
                else:
                    listener.hear(block, at, cast.speaker_of(block), said_at)
                self._heard = piece.block
            elif block.role is Role.AUTHOR:
                self._reader.read(block, at, said_at)


def _speaks(block: Block) -> bool:
    """Whether a human's own words stand in a block."""
    return block.role is Role.USER and block.kind not in _NOT_SAID


def _local(moment: datetime | None, zone: tzinfo | None) -> datetime | None:
    """Return a moment by the speaker's clock, so that their "yesterday" is a day of their calendar."""
    return moment if moment is None or zone is None else moment.astimezone(zone)


class Cast:
    """Who speaks in a document: the names of its humans, and whether they talk to a machine or to each other."""

    def __init__(self, document: PreparedDocument, source: Source) -> None:
        self._source = source
        humans = [block for block in document.blocks if block.role is Role.USER]
        self._names = tuple(dict.fromkeys(block.speaker for block in humans if block.speaker))
        machine = any(block.role is Role.ASSISTANT for block in document.blocks)
        self._among_people = (len(self._names) >= _TWO or source.document_type in _PERSON_TYPES) and not machine
        self._reader = _recipient(document.blocks) if source.document_type is DocumentType.EMAIL else None
        self._learnt = source.user_name or _learnt_name(humans)
        self._first_person = (
            source.rung == "user"
            and not source.document_type.conversational
            and _of_themselves([block for block in document.blocks if block.role is Role.AUTHOR])
        )

    def speaker_of(self, block: Block) -> Speaker:
        """Return the speaker of a block with everything the rewriting needs."""
        name = block.speaker or self._learnt or UNNAMED
        alone = block.role is Role.USER and len(self._names) < _TWO and not self._among_people
        own = block.speaker is None or block.speaker == self._source.user_name or alone
        others = [other for other in self._names[:_THREE] if other != block.speaker]
        addressee: str | None = "the assistant"
        if block.role is Role.AUTHOR:
            addressee = self._reader
        elif self._among_people:
            addressee = others[0] if len(others) == 1 else None
        return Speaker(
            voice=Voice(name=name, addressee=addressee),
            key=_USER if own else name.casefold(),
            to_machine=not self._among_people,
            heeded=block.role is not Role.AUTHOR,
        )

    def writes_of_themselves(self, block: Block) -> bool:
        """Whether the author of a block is its speaker: a sender of mail, or the user who writes in the first person."""
        if block.kind not in (BlockKind.PARAGRAPH, BlockKind.TURN, BlockKind.LIST_ITEM):
            return False
        return self._first_person or (block.speaker is not None and speaks_in_first_person([block]))


def _of_themselves(blocks: list[Block]) -> bool:
    """Whether the author speaks of themselves, in English or in a language that is kept as it is."""
    return speaks_in_first_person(blocks) or any(
        speaks_of_itself(block.text) for block in blocks if block.kind is BlockKind.PARAGRAPH
    )


def _recipient(blocks: Sequence[Block]) -> str:
    """Return the name of the one to whom a mail is written; "the recipient" where it is nobody alone."""
    to = next((value for block in blocks for key, value in block.cells[:1] if key.casefold() == "to"), "")
    people = [name or address.split("@")[0] for name, address in getaddresses([to])]
    return people[0] if len(people) == 1 and people[0] else "the recipient"


def _learnt_name(humans: list[Block]) -> str | None:
    """Return the name that the one unnamed speaker gave, or None."""
    for block in humans:
        if block.speaker is None and (name := own_name(block.text[:LONGEST])) is not None:
            return name
    return None
