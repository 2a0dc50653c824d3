"""Values of a foreign file, read with care: what is not as expected is named with its place, or left out where it may be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from synap.errors import InvalidInputError

Record = Mapping[str, Any]


def parse(content: bytes, *, maker: str) -> Any:
    """Return the JSON of a file: one value, or one of a line each.

    Raises:
        InvalidInputError: It is neither, or cut short.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(maker, f"must be UTF-8 text: byte {error.start} is not") from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [json.loads(line) for line in lines] if len(lines) > 1 else _fail(error)
        except ValueError:
            raise refusal(maker, f"is no JSON, or cut short: {error}") from error


def _fail(error: Exception) -> Any:
    raise ValueError(str(error))


def records(value: Any, *names: str) -> Iterator[tuple[int, Record]]:
    """Yield the objects of a list with their positions: of `value` itself, or of what it has under one of the names."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in names if isinstance(value.get(name), list)), [])
    for position, one in enumerate(value if isinstance(value, list) else []):
        if isinstance(one, Mapping):
            yield position, one


def words(record: Record, *names: str) -> str:
    """Return the first text under one of the names, trimmed, or nothing."""
    return next((one.strip() for name in names if isinstance(one := record.get(name), str) and one.strip()), "")


def moment(record: Record, *names: str) -> datetime | None:
    """Return the first moment under one of the names: ISO 8601, or seconds since 1970; UTC where no zone is told."""
    for name in names:
        value = record.get(name)
        try:
            if isinstance(value, str) and value.strip():
                told = datetime.fromisoformat(value.strip())
                return told if told.tzinfo is not None else told.replace(tzinfo=UTC)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return datetime.fromtimestamp(value, tz=UTC)
        except (ValueError, OverflowError, OSError):
            continue
    return None


def refusal(maker: str, problem: str) -> InvalidInputError:
    """Return the refusal of a file."""
    return InvalidInputError(f"the file of {maker} {problem}", field="file")
