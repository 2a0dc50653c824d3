"""What a file holds once it is read, and the refusal of one that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synap.domain.documents import DocumentType, Turn
from synap.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file's document: its text or turns, of which type it is, and what else is to be kept about it."""

    document: str | tuple[Turn, ...]
    document_type: DocumentType
    metadata: Mapping[str, Any] = field(default_factory=dict)


def unreadable(filename: str, reason: str) -> InvalidInputError:
    """Return the refusal of a file."""
    return InvalidInputError(f"{filename[:200]} {reason}", field="file")
