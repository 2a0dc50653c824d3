"""From a document's text to its blocks: which parser reads which kind of document."""

from __future__ import annotations

import re
from datetime import datetime

from synap.domain.documents import Block, BlockKind, DocumentType, Role
from synap.ingestion.emails import parse_email
from synap.ingestion.html import parse_html
from synap.ingestion.markdown import parse_markdown
from synap.ingestion.transcripts import parse_transcript

_DIALOGUES = frozenset(
    {
        DocumentType.AI_CHAT,
        DocumentType.HUMAN_CHAT,
        DocumentType.MEETING,
        DocumentType.SUPPORT_TICKET,
        DocumentType.AUDIO,
    }
)
_NAMED = _DIALOGUES - {DocumentType.AI_CHAT}
_HTML = re.compile(
    r"[\ufeff\s]*<(?:!doctype html|html|head|body|main|article|section|div|p|h[1-6]|table|ul|ol)\b", re.IGNORECASE
)


def parse(text: str, *, document_type: DocumentType, created_at: datetime | None) -> tuple[Block, ...]:
    """Return the blocks of `text`, in order and not overlapping; each slice of `text` holds its block's words.

    Chats, meetings, tickets and audio are read as transcripts where they have labels; a chat without any is one turn
    of the user. E-mails are read by their headers, HTML by its tags, all else as Markdown, which plain text is. A
    document in which users and assistants both speak is a transcript too.
    """
    if document_type is DocumentType.EMAIL:
        return parse_email(text)
    blocks = parse_transcript(text, named=document_type in _NAMED, created_at=created_at)
    if blocks and (document_type in _DIALOGUES or _is_dialogue(blocks)):
        return blocks
    if document_type is DocumentType.AI_CHAT:
        return _one_turn(text)
    return parse_html(text) if _HTML.match(text) else parse_markdown(text)


def _is_dialogue(blocks: tuple[Block, ...]) -> bool:
    """Whether a human and the machine speak, and somebody does from the first line on."""
    roles = {block.role for block in blocks if block.speaker is None}
    return {Role.USER, Role.ASSISTANT} <= roles


def _one_turn(text: str) -> tuple[Block, ...]:
    content = text.strip("\ufeff \t\r\n")
    start = text.index(content)
    return (Block(kind=BlockKind.TURN, start=start, end=start + len(content), text=content, role=Role.USER),)
