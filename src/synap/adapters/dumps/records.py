"""Values of a foreign file, read with care: what is not as expected is named with its place, or left out where it may be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from synap.api.memories import CreateMemory
from synap.errors import InvalidInputError

Record = Mapping[str, Any]

_DIGITS = 32
"""Hexadecimal digits of a digest: 128 bits."""


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
        except (ValueError, RecursionError):
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


def entries(record: Record, name: str, *, at: str = "") -> Iterator[tuple[str, Record]]:
    """Yield the objects of the list under a name, each with its place in the file; none where the record has no such list.

    Raises:
        InvalidInputError: What stands there is no list; `at` is the place of the record that the message names.
    """
    path = f"{at}.{name}" if at else name
    for position, one in records(_listed(record, name, at)):
        yield f"{path}[{position}]", one


def texts(record: Record, name: str, *, at: str) -> list[str]:
    """Return the list of texts under a name, empty where the record has none.

    Raises:
        InvalidInputError: What stands there is no such list; `at` is the place of the record that the message names.
    """
    found = _listed(record, name, at)
    for one in found:
        if not isinstance(one, str):
            raise _misfit(one, name, at, "a list of texts, and one of them is")
    return found


def table(record: Record, name: str, *, at: str) -> dict[str, Any]:
    """Return the object under a name, empty where the record has none.

    Raises:
        InvalidInputError: What stands there is no object; `at` is the place of the record that the message names.
    """
    found = record.get(name)
    if found is not None and not isinstance(found, dict):
        raise _misfit(found, name, at, "an object, not")
    return found or {}


def said(record: Record, *names: str, at: str) -> str:
    """Return what a record says: the first text under one of the names, trimmed, or nothing where it has none.

    Raises:
        InvalidInputError: Something else than text stands there; `at` is the place of the record that the message names.
    """
    found = words(record, *names)
    odd = next((name for name in names if not found and not isinstance(record.get(name), str | None)), None)
    if odd is not None:
        raise _misfit(record[odd], odd, at, "text, not")
    return found


def identified(made: CreateMemory, kind: str, own: str = "") -> CreateMemory:
    """Return a document under the id of its record or, where that has none, under a digest of all that is read of it.

    A place in a file would not do: it tells another record in the next file, which would then replace this one.
    """
    told = json.dumps(msgspec.to_builtins(made), sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]
    return msgspec.structs.replace(made, document_id=f"{kind}:{own or digest}")


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


def _listed(record: Record, name: str, at: str) -> list[Any]:
    found = record.get(name)
    if found is not None and not isinstance(found, list):
        raise _misfit(found, name, at, "a list, not")
    return found or []


def _misfit(value: object, name: str, at: str, wanted: str) -> InvalidInputError:
    place = f"{at}.{name}" if at else name
    return InvalidInputError(f"{place} of the file must be {wanted} {type(value).__name__}", field="file")
