"""Reading what an embeddings server answers, believing none of it."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synap.errors import ServiceUnavailableError


def read_vectors(body: bytes, *, count: int, longest: int) -> NDArray[np.float32]:
    """Return `(count, n)` unit vectors out of an answer, in the order of the texts, n at most `longest`.

    Vectors may come as lists of numbers or as base64 of little-endian float32. Longer ones are cut, which suits models
    trained for it (Kusupati et al., "Matryoshka Representation Learning", NeurIPS 2022) and harms others little.

    Raises:
        ServiceUnavailableError: The answer is not one vector per text, all of one length, finite and not zero.
    """
    try:
        rows = json.loads(body)["data"]
        places = [row.get("index", place) for place, row in enumerate(rows)]
        if sorted(places) != list(range(count)):
            raise ServiceUnavailableError(f"the embedding server answered {len(rows)} vectors for {count} texts")
        ordered = sorted(zip(places, rows, strict=True), key=lambda pair: pair[0])
        matrix = np.stack([_vector(row["embedding"]) for _, row in ordered])[:, :longest]
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error, RecursionError) as error:
        raise ServiceUnavailableError("the embedding server's answer is not in the form of the protocol") from error
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise ServiceUnavailableError("the embedding server answered a vector that has no direction")
    unit: NDArray[np.float32] = (matrix / lengths).astype(np.float32)
    return unit


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> int | None:
    """Return the whole seconds that a `Retry-After` header asks for, or None (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(int(value[:9]), 10**6)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, math.ceil((moment - (now or datetime.now(UTC))).total_seconds()))


def _vector(value: Any) -> NDArray[np.float64]:
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value, validate=True), "<f4").astype(np.float64)
    vector = np.asarray(value, np.float64)
    if vector.ndim != 1 or not vector.size:
        raise ValueError("a vector must be a list of numbers")
    return vector
