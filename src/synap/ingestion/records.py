"""Records: documents that are one JSON object. They are data, not prose: kept and given back as they came.

A record is found by the caller's metadata, whose values name it, and by the words in it; nothing is extracted from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from synap.domain.documents import Role, Segment
from synap.domain.terms import TERM_CAP, tokenize
from synap.domain.tokens import count_tokens
from synap.ingestion.segments import MAX_TOKENS

_MARGINS = "\ufeff \t\r\n"
_NAME_TERMS = TERM_CAP // 2
_OPAQUE = re.compile(r"\S{65,}")
_LONGEST_VALUE = 400


def is_record(text: str) -> bool:
    """Whether a text is one JSON object, and nothing before or after it."""
    return _read(text) is not None


def record_segment(text: str, metadata: Mapping[str, Any]) -> Segment:
    """Return the one segment of a record: it stands for all of the text, and is found by what names and describes it.

    Args:
        text: The stored text; personal data may have been taken out of it, and with it the JSON broken.
        metadata: The caller's metadata, whose values name the record.
    """
    names, terms = _fitting(_names(metadata), _NAME_TERMS, frozenset())
    value = _read(text)
    told = _lines(value) if value is not None else iter(text.split("\n"))
    words, _ = _fitting(told, TERM_CAP, terms)
    return Segment(ordinal=0, start=0, end=len(text), text=f"{' '.join(names)}\n" + "\n".join(words), role=Role.RECORD)


def meaning_of(segment: Segment) -> str:
    """Return what a record's segment says besides its names; "" where it says nothing that can be read."""
    return segment.text.partition("\n")[2]


def _read(text: str) -> Mapping[str, Any] | None:
    bare = text.strip(_MARGINS)
    if not (bare.startswith("{") and bare.endswith("}")):
        return None
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _fitting(lines: Iterator[str], limit: int, terms: frozenset[str]) -> tuple[list[str], frozenset[str]]:
    """Return the lines that keep to `limit` distinct terms, `terms` included, and to a segment's tokens; and all terms."""
    kept: list[str] = []
    tokens = 0
    for line in lines:
        together, size = terms | set(tokenize(line)), count_tokens(line)
        if len(together) <= limit and tokens + size <= MAX_TOKENS // 2:
            kept.append(line)
            terms, tokens = together, tokens + size
        if tokens >= MAX_TOKENS // 2:
            break
    return kept, terms


def _leaves(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts and numbers of a value, however deep, each with the nearest key above it, in their order."""
    waiting = [("", value)]
    while waiting:
        key, part = waiting.pop()
        if isinstance(part, Mapping):
            waiting += [(str(name), inner) for name, inner in reversed(list(part.items()))]
        elif isinstance(part, (list, tuple)):
            waiting += [(key, inner) for inner in reversed(part)]
        elif isinstance(part, (str, int, float)) and not isinstance(part, bool) and str(part).strip():
            yield key, str(part)


def _names(metadata: Mapping[str, Any]) -> Iterator[str]:
    for _, leaf in _leaves(metadata):
        yield " ".join(leaf[:_LONGEST_VALUE].split())


def _lines(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield `key: value` for each text that a person could read; a long run without a blank is no word but encoded data."""
    for key, leaf in _leaves(value):
        words = " ".join(leaf[:_LONGEST_VALUE].split())
        if not _OPAQUE.search(words):
            yield f"{key}: {words}" if key else words
