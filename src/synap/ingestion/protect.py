"""Taking personal data and secrets out of a text before anything of it is stored.

`redact` puts a label in the place of each value, `mask` leaves a few of its characters. Both are one-way,
deterministic, and change nothing when applied again.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from synap.domain.privacy import PiiHandling
from synap.ingestion.secrets import secret_name
from synap.ingestion.sensitive import DETECTORS

_KEPT_DIGITS = {"card": 4, "ssn": 2, "phone": 2}
_PASSES = 5


def protect(text: str, handling: PiiHandling | str, salt: str = "") -> tuple[str, dict[str, int]]:
    """Return `text` without its sensitive values, and how many were replaced, by class.

    Classes: `secret`, `email`, `iban`, `card`, `ssn`, `phone`, `ip`.

    Args:
        text: Any text.
        handling: `off` returns the text as it is.
        salt: With a salt, redaction labels carry a tag (`[EMAIL_k3mwq2]`) that is equal for equal values, so that
            two people stay apart without the value being stored; it cannot be computed without the salt.
    """
    handling = PiiHandling(handling)
    counts: Counter[str] = Counter()
    if handling is PiiHandling.OFF:
        return text, {}
    # A replacement can free what stood glued to the value, so the text is searched until nothing is found.
    for _ in range(_PASSES):
        spans = _find(text)
        if not spans:
            break
        pieces = []
        position = 0
        for start, end, kind in spans:
            pieces += [text[position:start], _replacement(kind, text[start:end], handling, salt)]
            position = end
            counts[kind] += 1
        text = "".join([*pieces, text[position:]])
    return text, dict(counts)


def protect_metadata(
    metadata: Mapping[str, Any], handling: PiiHandling | str, salt: str = ""
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return metadata with all its strings protected, keys and nested values included, and the counts by class.

    A string under a name such as `api_key` or `password` is a secret whatever it looks like.
    """
    counts: Counter[str] = Counter()
    handling = PiiHandling(handling)

    def walk(value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            if handling is not PiiHandling.OFF and value and secret_name(name) and "[SECRET" not in value:
                counts["secret"] += "***" not in value
                return _replacement("secret", value, handling, salt) if "***" not in value else value
            protected, found = protect(value, handling, salt)
            counts.update(found)
            return protected
        if isinstance(value, Mapping):
            return {walk(str(key)): walk(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [walk(inner, name) for inner in value]
        return value

    protected = {walk(str(key)): walk(value, str(key)) for key, value in metadata.items()}
    return protected, dict(counts)


def _find(text: str) -> list[tuple[int, int, str]]:
    """Return the sensitive spans with their class, in order; of overlapping ones the class named first in the table."""
    taken: list[tuple[int, int, str]] = []
    for kind, detect in DETECTORS.items():
        found = sorted((start, end, kind) for start, end in detect(text) if start < end)
        if found:
            taken = _without_overlaps(taken, found)
    return taken


def _without_overlaps(
    taken: list[tuple[int, int, str]], found: list[tuple[int, int, str]]
) -> list[tuple[int, int, str]]:
    """Merge two ordered lists of spans; a span that overlaps an earlier choice only widens it."""
    merged: list[tuple[int, int, str]] = []
    ranked = sorted([(s, e, 0, k) for s, e, k in taken] + [(s, e, 1, k) for s, e, k in found])
    for start, end, rank, kind in ranked:
        if merged and start < merged[-1][1]:
            before = merged[-1]
            merged[-1] = (before[0], max(before[1], end), before[2] if rank else kind)
        else:
            merged.append((start, end, kind))
    return merged


def _replacement(kind: str, value: str, handling: PiiHandling, salt: str) -> str:
    if handling is PiiHandling.MASK:
        return _mask(kind, value)
    if not salt:
        return f"[{kind.upper()}]"
    key = hashlib.blake2b(salt.encode(), digest_size=32).digest()
    digest = hashlib.blake2b(value.casefold().encode("utf-8", "surrogatepass"), key=key, digest_size=5).digest()
    return f"[{kind.upper()}_{base64.b32encode(digest).decode().lower()}]"


def _mask(kind: str, value: str) -> str:
    if kind == "email":
        local, _, domain = value.rpartition("@")
        name, _, ending = domain.rpartition(".")
        return f"{local[0]}***@{name[0]}***.{ending}"
    if kind in _KEPT_DIGITS:
        return _stars(value, keep=_KEPT_DIGITS[kind])
    if kind == "iban":
        return f"{value[:2]}** **** **{value[-2:]}"
    if kind == "ip":
        return re.split(r"[.:]", value)[0] + (".*.*.*" if "." in value else ":****")
    return "***"


def _stars(value: str, *, keep: int) -> str:
    """Return the value with every digit but the last `keep` turned into a star; its punctuation stays."""
    left = sum(map(str.isdecimal, value)) - keep
    masked = []
    for character in value:
        hidden = character.isdecimal() and left > 0
        left -= hidden
        masked.append("*" if hidden else character)
    return "".join(masked)
