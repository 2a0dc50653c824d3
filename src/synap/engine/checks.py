"""What a request must hold before anything is done with it. Every refusal names the field and the fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from synap.api.memories import CreateMemory, StructuredMemory
from synap.domain.documents import DocumentType, Mode, PreparedDocument, Turn
from synap.domain.echoes import echo
from synap.domain.ids import check_caller_id
from synap.domain.memories import MAX_NAME_CHARACTERS, MemoryType, Precision, Slot, Statement, When
from synap.errors import InvalidInputError, PayloadTooLargeError

MAX_METADATA_BYTES = 64 * 1024
MAX_DIRECT_MEMORIES = 1000
MAX_MEMORY_CHARACTERS = 8000
"""Longest content of a memory that a caller makes itself; anything longer is a document."""

MAX_NAMED = 100
"""Participants, and entities, of one memory."""

MAX_PAGE_SIZE = 100
MAX_PAGE = 1_000_000_000
"""Far beyond any scope's memories, and small enough that the store can still count up to it."""

_MIN_YEAR, _MAX_YEAR = 1, 9998

Choice = TypeVar("Choice", bound=StrEnum)


def one_of(kind: type[Choice], value: str, *, field: str) -> Choice:
    """Return `value` as a member of `kind`.

    Raises:
        InvalidInputError: It is none; the message lists what is allowed.
    """
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(repr(member.value) for member in kind)
        raise InvalidInputError(f"{field} must be one of {allowed}, not {echo(value)}", field=field) from None


def moment(value: datetime | None, *, field: str) -> datetime | None:
    """Return a moment in UTC; one without an offset is taken as UTC.

    Raises:
        InvalidInputError: It lies outside the years 1..9998 once in UTC.
    """
    if value is None:
        return None
    try:
        in_utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise InvalidInputError(f"{field} must lie in the years {_MIN_YEAR} to {_MAX_YEAR}", field=field) from None
    if not _MIN_YEAR <= in_utc.year <= _MAX_YEAR:
        raise InvalidInputError(f"{field} must lie in the years {_MIN_YEAR} to {_MAX_YEAR}", field=field)
    return in_utc


def metadata(value: Mapping[str, Any], *, field: str = "metadata") -> dict[str, Any]:
    """Return metadata, or what else is the caller's own, that can be stored and given back as it came.

    Raises:
        InvalidInputError: Not a mapping with text keys, not JSON, holding NUL or a lone surrogate, or above 64 KiB.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidInputError(f"{field} must be an object with text keys", field=field)
    try:
        body = msgspec.json.encode(value)
        plain = msgspec.json.decode(body)
    except (TypeError, ValueError, UnicodeEncodeError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidInputError(f"{field} must be JSON: {error}", field=field) from error
    if b"\\u0000" in body or b"\x00" in body:
        raise InvalidInputError(f"{field} must not contain the NUL character", field=field)
    if len(body) > MAX_METADATA_BYTES:
        raise InvalidInputError(
            f"{field} must be at most {MAX_METADATA_BYTES} bytes as JSON, not {len(body)}", field=field
        )
    return dict(plain)


def text(value: object, *, field: str, limit: int, blank: bool = True) -> str:
    """Return text of the operator's, such as a name, unchanged.

    Raises:
        InvalidInputError: Not a string, above `limit` characters, blank where that is not allowed, or holding NUL or a
            lone surrogate.
    """
    if not isinstance(value, str) or len(value) > limit or not (blank or value.strip()):
        raise InvalidInputError(f"{field} must be text of at most {limit} characters", field=field)
    if "\x00" in value or not _is_unicode(value):
        raise InvalidInputError(f"{field} must not contain the NUL character or a lone surrogate", field=field)
    return value


def page(number: object, size: object) -> None:
    """Check which page of a list is asked for: counted from 1, of 1 to 100 rows.

    Raises:
        InvalidInputError: The page or its size is out of range.
    """
    for value, limit, field in ((number, MAX_PAGE, "page"), (size, MAX_PAGE_SIZE, "page_size")):
        if not isinstance(value, int) or not 1 <= value <= limit:
            raise InvalidInputError(f"{field} must be a whole number from 1 to {limit}", field=field)


def document_size(document: str | Sequence[Turn], *, limit: int, field: str = "document") -> None:
    """Check that a document is within `limit` UTF-8 bytes.

    Raises:
        PayloadTooLargeError: It is not.
    """
    texts = (document,) if isinstance(document, str) else tuple(turn.content for turn in document)
    size = 0
    for text in texts:
        size += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if size > limit:
            raise PayloadTooLargeError(
                f"{field} must be at most {limit} bytes; split it, or raise SYNAP_MAX_DOCUMENT_BYTES", field=field
            )


def document_type(request: CreateMemory) -> DocumentType:
    """Return the request's document type."""
    return one_of(DocumentType, request.document_type, field="document_type")


def mode(request: CreateMemory) -> Mode:
    """Return the request's mode."""
    return one_of(Mode, request.mode, field="mode")


def document_key(request: CreateMemory) -> str | None:
    """Return the caller's document id, from the field or as a fall-back from `metadata.document_id`."""
    if request.document_id is not None:
        return check_caller_id(request.document_id, field="document_id")
    given = request.metadata.get("document_id") if isinstance(request.metadata, Mapping) else None
    return None if given is None else check_caller_id(given, field="metadata.document_id")


def conversation_key(request: CreateMemory) -> str | None:
    """Return the conversation that the request's metadata names, or None."""
    given = request.metadata.get("conversation_id") if isinstance(request.metadata, Mapping) else None
    return None if given is None else check_caller_id(given, field="metadata.conversation_id")


def on_duplicate(request: CreateMemory) -> str:
    """Return what to do about a document that is there already: `update` or `reject`."""
    if request.on_duplicate not in ("update", "reject"):
        raise InvalidInputError(
            f"on_duplicate must be 'update' or 'reject', not {echo(request.on_duplicate)}", field="on_duplicate"
        )
    return request.on_duplicate


def exactly_one_source(request: CreateMemory) -> None:
    """Check that the request holds a document or memories, not both and not neither."""
    if request.document is not None and request.memories is not None:
        raise InvalidInputError(
            "memories must be left out where a document is given, or the document", field="memories"
        )
    if request.document is None and request.memories is None:
        raise InvalidInputError("document is required: text, a list of turns, or `memories` instead", field="document")


def memories_size(given: Sequence[StructuredMemory], *, limit: int) -> None:
    """Check that the contents of memories are within `limit` UTF-8 bytes together, as a document must be.

    Raises:
        PayloadTooLargeError: They are not.
    """
    if sum(len(memory.content.encode("utf-8", "surrogatepass")) for memory in given) > limit:
        raise PayloadTooLargeError(
            f"memories must hold at most {limit} bytes of content; split them, or raise SYNAP_MAX_DOCUMENT_BYTES",
            field="memories",
        )


def statements(given: Sequence[StructuredMemory], *, now: datetime) -> tuple[Statement, ...]:
    """Return memories that the caller has made as statements.

    Raises:
        InvalidInputError: One is wrong; the field names its index.
    """
    if not given:
        raise InvalidInputError("memories must hold at least one memory", field="memories")
    if len(given) > MAX_DIRECT_MEMORIES:
        raise InvalidInputError(f"memories must hold at most {MAX_DIRECT_MEMORIES}, not {len(given)}", field="memories")
    return tuple(_statement(memory, index, now) for index, memory in enumerate(given))


def memory_content(content: str, *, field: str) -> str:
    """Return the content of a memory that a caller makes or changes, without blanks around it.

    Raises:
        InvalidInputError: It is blank, or above 8,000 characters.
    """
    if not isinstance(content, str) or not content.strip():
        raise InvalidInputError(f"{field} must be text", field=field)
    if len(content.strip()) > MAX_MEMORY_CHARACTERS:
        raise InvalidInputError(
            f"{field} must be at most {MAX_MEMORY_CHARACTERS} characters, not {len(content.strip())}: "
            "hand a longer text in as a document",
            field=field,
        )
    return content.strip()


def speakers(document: object, prepared: PreparedDocument) -> None:
    """Check the names of those who speak in a document, given as turns or as text.

    Raises:
        InvalidInputError: One is above 256 characters.
    """
    for index, turn in enumerate(document if isinstance(document, tuple) else ()):
        name(turn.speaker or "", field=f"document[{index}].speaker")
    for block in prepared.blocks:
        if len(block.speaker or "") > MAX_NAME_CHARACTERS:
            raise InvalidInputError(
                f"document must name its speakers in at most {MAX_NAME_CHARACTERS} characters, "
                f"not {len(block.speaker or '')}",
                field="document",
            )


def name(value: str, *, field: str) -> None:
    """Check the length of a name: of a speaker, an entity, an attribute.

    Raises:
        InvalidInputError: It is above 256 characters.
    """
    if len(value) > MAX_NAME_CHARACTERS:
        raise InvalidInputError(
            f"{field} must be at most {MAX_NAME_CHARACTERS} characters, not {len(value)}; only the content may be longer",
            field=field,
        )


def _names(memory: StructuredMemory, at: str) -> None:
    for field in ("subject", "category", "attribute", "value"):
        name(getattr(memory, field), field=f"{at}.{field}")
    for field in ("participants", "entities"):
        given = getattr(memory, field)
        if len(given) > MAX_NAMED:
            raise InvalidInputError(
                f"{at}.{field} must hold at most {MAX_NAMED} names, not {len(given)}", field=f"{at}.{field}"
            )
        for index, one in enumerate(given):
            name(one, field=f"{at}.{field}[{index}]")


def _statement(memory: StructuredMemory, index: int, now: datetime) -> Statement:
    at = f"memories[{index}]"
    kind = one_of(MemoryType, memory.type, field=f"{at}.type")
    content = memory_content(memory.content, field=f"{at}.content")
    _names(memory, at)
    score = memory.confidence if memory.score is None else memory.score
    for name, value in (("confidence", memory.confidence), ("score", score)):
        if not 0.0 <= value <= 1.0:
            raise InvalidInputError(f"{at}.{name} must lie between 0 and 1, not {value}", field=f"{at}.{name}")
    event = moment(memory.event_date, field=f"{at}.event_date")
    if kind is MemoryType.TEMPORAL_EVENT and event is None:
        raise InvalidInputError(f"{at}.event_date is required for a temporal_event", field=f"{at}.event_date")
    valid_from = moment(memory.valid_from, field=f"{at}.valid_from")
    valid_until = moment(memory.valid_until, field=f"{at}.valid_until")
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise InvalidInputError(f"{at}.valid_until must not be before valid_from", field=f"{at}.valid_until")
    subject = memory.subject or "the user"
    slots = (Slot(subject=subject.casefold(), name=memory.attribute, value=memory.value),) if memory.attribute else ()
    return Statement(
        type=kind,
        content=content,
        confidence=memory.confidence,
        score=score,
        subject=subject,
        category=memory.category,
        participants=tuple(memory.participants),
        slots=slots,
        entities=tuple(memory.entities),
        when=None if event is None else When(start=event, precision=Precision.DAY),
        valid_from=valid_from,
        valid_until=valid_until,
        said_at=now,
    )


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
