"""What a program hands to the SDK, checked here so that it is refused alike in process and over the wire.

In a batch, an argument under another name would be ignored. Where it is an owner's id, that would leave the row to a
broader scope.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from synap.domain.ids import check_caller_id, unknown
from synap.errors import InvalidInputError


def check_row_id(value: object, *, field: str) -> str:
    """Return an id that Synap gave out, unchanged; one that could not be part of a path is known to nobody.

    Raises:
        InvalidInputError: It is no id at all.
        NotFoundError: It holds a slash, or means a folder.
    """
    given = check_caller_id(value, field=field)
    if "/" in given or given in (".", ".."):
        raise unknown(field, given)
    return given


def checked_rows(kind: type[msgspec.Struct], rows: Iterable[Any], *, field: str) -> list[Any]:
    """Return `rows` as a list, each of which is a request of `kind` or a mapping with arguments that it knows.

    What the arguments hold is judged row by row, later.

    Raises:
        InvalidInputError: `rows` is no list, or a row is of another kind, or has an unknown argument; `field` is its path.
    """
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise InvalidInputError(f"{field} must be a list of mappings or requests, not {_word(rows)}", field=field)
    listed = list(rows)
    for index, row in enumerate(listed):
        if not isinstance(row, kind):
            _check(kind, row, at=f"{field}[{index}]")
    return listed


def _check(kind: type[msgspec.Struct], row: Any, *, at: str) -> None:
    if not isinstance(row, Mapping):
        raise InvalidInputError(f"{at} must be a mapping or a {kind.__name__}, not {_word(row)}", field=at)
    for name in row:
        if name not in kind.__struct_fields__:
            raise InvalidInputError(f"{at}.{name} is not known: {_hint(kind, name)}", field=f"{at}.{name}")


def _hint(kind: type[msgspec.Struct], name: Any) -> str:
    close = difflib.get_close_matches(str(name).lower(), kind.__struct_fields__, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(kind.__struct_fields__)}"


def _word(value: Any) -> str:
    return "None" if value is None else type(value).__name__
