"""What is handed in: documents, their blocks and segments, and how far an ingestion has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from synap.domain.memories import Statement


class DocumentType(StrEnum):
    """What kind of text a document is; decides how it is parsed."""

    AI_CHAT = "ai-chat-conversation"
    DOCUMENT = "document"
    EMAIL = "email"
    PDF = "pdf"
    IMAGE = "image"
    AUDIO = "audio"
    MEETING = "meeting-transcript"
    HUMAN_CHAT = "human-chat-conversation"
    SUPPORT_TICKET = "support-ticket"
    KNOWLEDGE_ARTICLE = "knowledge-article"
    NOTE = "note"

    @property
    def conversational(self) -> bool:
        """Whether the document is a dialogue, which b2b instances never keep at CLIENT scope."""
        return self in (DocumentType.AI_CHAT, DocumentType.HUMAN_CHAT)


class Mode(StrEnum):
    """How thoroughly a document is worked through."""

    FAST = "fast"
    LONG_RANGE = "long-range"


class IngestionStatus(StrEnum):
    """How far an ingestion has come."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    PARTIAL_SUCCESS = "partial_success"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self in (IngestionStatus.COMPLETED, IngestionStatus.FAILED, IngestionStatus.PARTIAL_SUCCESS)


class Role(StrEnum):
    """Who speaks in a block."""

    USER = "user"
    """A human: the user of the application, or any named person."""
    ASSISTANT = "assistant"
    """The machine; its statements are context, never facts about the user."""
    SYSTEM = "system"
    """Instructions and tool output inside a transcript; never a source of memories."""
    AUTHOR = "author"
    """The text of a document that is no dialogue."""
    RECORD = "record"
    """Data: a document that is one JSON object. It is given back as it came, and no source of memories."""


class BlockKind(StrEnum):
    """What a block is on the page."""

    TURN = "turn"
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    KEY_VALUE = "key_value"
    CODE = "code"
    QUOTE = "quote"
    HEADER = "header"
    """E-mail header lines."""
    BOILERPLATE = "boilerplate"
    """Tables of contents, page numbers, copyright lines: kept as source, never extracted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A message inside a transcript that was handed in as a list."""

    content: str
    role: str = "user"
    speaker: str | None = None
    id: str | None = None
    timestamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a document with one kind and one speaker.

    Attributes:
        kind: What it is on the page.
        start, end: Code points in the document's text, end exclusive.
        text: The piece's own words: `text` may differ from the source slice by markup removed (`- `, `**`, `|`).
        role: Who speaks.
        speaker: Display name, where known (`Melanie`, `Dana`); None for the bare role labels.
        turn_id: Caller's id of the turn.
        time: When it was said, where the source tells.
        offset: By how many minutes the speaker's clock was ahead of UTC, where the source tells the time with it.
        heading_path: Headings above it, outermost first; the document's title comes first.
        cells: For a table row: (column header, cell) pairs. For a key-value line: one (key, value) pair.
    """

    kind: BlockKind
    start: int
    end: int
    text: str
    role: Role = Role.AUTHOR
    speaker: str | None = None
    turn_id: str | None = None
    time: datetime | None = None
    heading_path: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    offset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of a document kept verbatim and searchable: a turn, a paragraph, some list items; never above the term cap.

    Attributes:
        ordinal: Position inside the document, 0, 1, …; neighbours differ by one.
        start, end: Code points in the document's text, end exclusive.
        text: What is indexed and served: speaker label or heading context included where it helps.
        turn_id, speaker, role, time: As of its block.
        blocks: Index of the first block and of the one after the last.
    """

    ordinal: int
    start: int
    end: int
    text: str
    turn_id: str | None = None
    speaker: str | None = None
    role: Role = Role.AUTHOR
    time: datetime | None = None
    blocks: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDocument:
    """A document ready to be stored: protected text, its blocks, its segments.

    Attributes:
        text: The stored text; offsets of blocks, segments and evidence refer to it.
        blocks: In order, not overlapping.
        segments: In order.
        content_hash: SHA-256 hex of type and text, for duplicate detection inside a scope.
        protected: How many values the PII rules replaced, by class (`{"email": 2}`).
        statements: Memories that the caller made itself; then nothing is extracted. Stored together with the blocks.
    """

    text: str
    blocks: tuple[Block, ...]
    segments: tuple[Segment, ...]
    content_hash: str
    protected: dict[str, int] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()


def transcript_key(conversation: str) -> str:
    """Return the document id of the transcript of a conversation (UUID form): there is one, and another text is refused."""
    return f"transcript:{conversation}"
