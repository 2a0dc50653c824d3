"""From what was handed in to a prepared document: checked, protected, parsed into blocks, split into segments."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from synap.domain.documents import DocumentType, PreparedDocument, Turn
from synap.domain.echoes import echo
from synap.domain.privacy import PiiHandling
from synap.errors import InvalidInputError
from synap.ingestion.parse import parse
from synap.ingestion.protect import protect
from synap.ingestion.records import is_record, record_segment
from synap.ingestion.segments import segments
from synap.ingestion.transcripts import RenderedTurns, as_turns, render

_ROLES = frozenset(
    {"user", "human", "assistant", "ai", "model", "bot", "agent", "system", "developer", "tool", "function"}
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def prepare(
    document: str | Sequence[Turn],
    *,
    document_type: DocumentType,
    created_at: datetime | None,
    pii: PiiHandling,
    salt: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> PreparedDocument:
    """Return the document ready to be stored and read by the extractors. Pure; linear in the document's size.

    Args:
        document: Text, or the turns of a transcript. A text that is a JSON array of messages counts as turns. Turns
            are rendered as `Speaker: content`, one after the other, and offsets refer to that text. A text that is one
            JSON object is a record: kept as it came, one segment, no blocks.
        document_type: Decides how text is parsed.
        created_at: The document's own date; completes times of day in a transcript (`[10:42] dana:`).
        pii: Applied to the text, the turns' contents and the speakers' names before anything else sees them.
        salt: See `synap.ingestion.protect.protect`.
        metadata: The caller's, protected; a record is found by it.

    Raises:
        InvalidInputError: The document is empty or blank, holds NUL or a lone surrogate, or a turn is malformed;
            `field` is `document`.
    """
    turns: Sequence[Turn] | None = as_turns(document) if isinstance(document, str) else document
    if turns is not None:
        protected_turns, counts = _protect_turns(_check_turns(turns), pii, salt)
        rendered = render(protected_turns)
    else:
        text, counts = protect(_check_text(str(document)), pii, salt)
        if is_record(str(document)):
            return _record(text, document_type, metadata or {}, counts)
        rendered = RenderedTurns(text=text, blocks=())
    blocks = rendered.blocks or parse(rendered.text, document_type=document_type, created_at=created_at)
    return PreparedDocument(
        text=rendered.text,
        blocks=blocks,
        segments=segments(rendered.text, blocks),
        content_hash=_content_hash(document_type, rendered.text),
        protected=counts,
    )


def _record(
    text: str, document_type: DocumentType, metadata: Mapping[str, Any], protected: dict[str, int]
) -> PreparedDocument:
    """Return a record. Equal data under other metadata is another record."""
    named = f"{json.dumps(metadata, sort_keys=True, default=str)}\0{text}"
    return PreparedDocument(
        text=text,
        blocks=(),
        segments=(record_segment(text, metadata),),
        content_hash=_content_hash(document_type, named),
        protected=protected,
    )


def _content_hash(document_type: DocumentType, text: str) -> str:
    return hashlib.sha256(f"{document_type.value}\0{text}".encode()).hexdigest()


def _check_text(text: str) -> str:
    if "\x00" in text:
        raise InvalidInputError("document must not contain the NUL character", field="document")
    if broken := _SURROGATE.search(text):
        raise InvalidInputError(
            f"document must be valid Unicode: it holds a lone surrogate at position {broken.start()}", field="document"
        )
    if not text.strip("\ufeff \t\r\n") or text.isspace():
        raise InvalidInputError("document must not be empty: give text, or turns with content", field="document")
    return text


def _check_turns(turns: Sequence[Turn]) -> Sequence[Turn]:
    if not turns:
        raise InvalidInputError("document must hold at least one turn", field="document")
    for position, turn in enumerate(turns):
        _check_turn(turn, at=f"document[{position}]")
    if all(not turn.content.strip() for turn in turns):
        raise InvalidInputError("document must not be empty: none of its turns has content", field="document")
    return turns


def _check_turn(turn: object, *, at: str) -> None:
    if not isinstance(turn, Turn):
        raise InvalidInputError(f"{at} must be a turn with role and content, not {type(turn).__name__}", field=at)
    for name in ("content", "role", "speaker", "id"):
        value, field = getattr(turn, name), f"{at}.{name}"
        if value is None and name in {"speaker", "id"}:
            continue
        if not isinstance(value, str):
            raise InvalidInputError(f"{field} must be a string, not {type(value).__name__}", field=field)
        if "\x00" in value or _SURROGATE.search(value):
            raise InvalidInputError(f"{field} must not hold a NUL character or a lone surrogate", field=field)
    if turn.role.strip().casefold() not in _ROLES:
        raise InvalidInputError(
            f"{at}.role must be one of user, assistant, system, tool, not {echo(turn.role)}", field=f"{at}.role"
        )


def _protect_turns(turns: Sequence[Turn], pii: PiiHandling, salt: str) -> tuple[list[Turn], dict[str, int]]:
    counts: Counter[str] = Counter()
    protected = []
    names: dict[str, str] = {}
    for turn in turns:
        content, found = protect(turn.content, pii, salt)
        counts.update(found)
        speaker = turn.speaker
        if speaker is not None:
            if speaker not in names:
                names[speaker], found = protect(speaker, pii, salt)
                counts.update(found)
            speaker = names[speaker]
        identity = _protect_id(turn.id, pii, salt)
        protected.append(Turn(content=content, role=turn.role, speaker=speaker, id=identity, timestamp=turn.timestamp))
    return protected, dict(counts)


def _protect_id(identity: str | None, pii: PiiHandling, salt: str) -> str | None:
    """Return a turn's id; one that holds a sensitive value as a digest, equal for equal ids and apart for different ones."""
    if identity is None or _UUID.fullmatch(identity) or not protect(identity, pii, salt)[1]:
        return identity
    key = hashlib.blake2b(salt.encode(), digest_size=32).digest()
    return f"turn_{hashlib.blake2b(identity.encode(), key=key, digest_size=10).hexdigest()}"
