"""Ids: those the caller chooses (opaque), row ids of the store, and the public ids that carry a row's place."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from synap.errors import InvalidInputError, NotFoundError

MAX_CALLER_ID_BYTES = 1024
"""Longest customer, user, document or conversation id, in UTF-8 bytes."""

CONVERSATION_NAMESPACE = uuid.NAMESPACE_URL
"""Namespace under which a conversation id that is no UUID is mapped to one (UUID version 5, RFC 9562)."""

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EPOCH_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z
_SEQUENCE_BITS = 22
_LONGEST_SHOWN = 64


def check_caller_id(value: object, *, field: str) -> str:
    """Return `value` unchanged if it may serve as a caller's id.

    Ids are opaque: compared byte for byte, never trimmed, folded, normalised or truncated.

    Raises:
        InvalidInputError: Not a string, empty, above 1,024 UTF-8 bytes, or holding NUL or a lone surrogate.
    """
    if not isinstance(value, str):
        raise InvalidInputError(f"{field} must be a string, not {type(value).__name__}", field=field)
    if not value:
        raise InvalidInputError(f"{field} must not be empty; leave it out if there is none", field=field)
    if "\x00" in value:
        raise InvalidInputError(f"{field} must not contain the NUL character", field=field)
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"{field} must be valid Unicode: it holds a lone surrogate at position {error.start}", field=field
        ) from error
    if size > MAX_CALLER_ID_BYTES:
        raise InvalidInputError(f"{field} must be at most {MAX_CALLER_ID_BYTES} UTF-8 bytes, not {size}", field=field)
    return value


def conversation_uuid(conversation_id: str) -> str:
    """Return a conversation id as a UUID: itself if it is spelled as one, else its UUIDv5 in the URL namespace.

    Only the canonical spelling of RFC 9562 (lower case, hyphens) is taken as it is. Any other one, upper case, braces or
    `urn:uuid:` included, is an id of its own, as ids are compared byte for byte.
    """
    if _CANONICAL_UUID.fullmatch(conversation_id):
        return conversation_id
    return str(uuid.uuid5(CONVERSATION_NAMESPACE, conversation_id))


def new_client_id() -> str:
    """Return a fresh `cli_` + 16 hex digits."""
    return f"cli_{secrets.token_hex(8)}"


def new_instance_id() -> str:
    """Return a fresh `inst_` + 16 hex digits."""
    return f"inst_{secrets.token_hex(8)}"


class RowIds:
    """Makes row ids: 63-bit integers, time-ordered, unique within a process and practically so across processes.

    41 bits of milliseconds since 2024 are followed by 22 bits that start at random in each millisecond and count up,
    so that two processes meet with a chance of about one in four million per pair of ids of the same millisecond;
    the store's primary key then refuses the second.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        """Return the next id; always greater than the one before, also when the clock is set back."""
        with self._lock:
            fresh = ((self._now_ms() - _EPOCH_MS) << _SEQUENCE_BITS) | secrets.randbits(_SEQUENCE_BITS - 1)
            self._last = fresh if fresh > self._last else self._last + 1
            return self._last


KINDS = (
    "document",
    "ingestion",
    "batch",
    "memory",
    "segment",
    "message",
    "entity",
    "memory_shared",
    "segment_shared",
    "audit",
    "world",
    "deletion",
    "compaction",
    "receipt",
)
"""What a public id may name. The position is part of the id: append only, never reorder."""


@dataclass(frozen=True, slots=True)
class RowRef:
    """Where a row lives: what it is, its bucket (0..1023) and its row id."""

    kind: str
    bucket: int
    row_id: int


def encode_public_id(ref: RowRef) -> str:
    """Return the UUID (version 8, RFC 9562) that stands for a row outside.

    Layout of the 122 free bits, from the top: 63 row id, 6 kind, 10 bucket, 43 check. Ids sort by time of making.
    """
    body = (ref.row_id << 16) | (KINDS.index(ref.kind) << 10) | ref.bucket
    payload = (body << 43) | _check(body)
    high, low = payload >> 62, payload & ((1 << 62) - 1)
    value = ((high >> 12) << 80) | (8 << 76) | ((high & 0xFFF) << 64) | (2 << 62) | low
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def decode_public_id(text: str) -> RowRef | None:
    """Return the row that `text` stands for, or None if it is no public id of ours (case and hyphens are free)."""
    try:
        value = uuid.UUID(text).int
    except (ValueError, AttributeError, TypeError):
        return None
    if (value >> 76) & 0xF != 8 or (value >> 62) & 0x3 != 2:  # noqa: PLR2004 - version and variant of RFC 9562
        return None
    high = ((value >> 80) << 12) | ((value >> 64) & 0xFFF)
    payload = (high << 62) | (value & ((1 << 62) - 1))
    body = payload >> 43
    kind = (body >> 10) & 0x3F
    if payload & ((1 << 43) - 1) != _check(body) or kind >= len(KINDS):
        return None
    return RowRef(kind=KINDS[kind], bucket=body & 0x3FF, row_id=body >> 16)


def _check(body: int) -> int:
    digest = hashlib.blake2b(body.to_bytes(10, "big"), digest_size=8, person=b"synap-id").digest()
    return int.from_bytes(digest, "big") >> 21


def unknown(field: str, value: object) -> NotFoundError:
    """Return the one error for everything that is not there, or not the caller's to see."""
    shown = value if isinstance(value, str) and len(value) <= _LONGEST_SHOWN else "that"
    return NotFoundError(f"nothing is known under {field} {shown!r}", field=field)
