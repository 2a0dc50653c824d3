"""The SQL of the operations: named statements of `store/sql/*.sql`, made fit for a pair of tables and a vector column.

A file holds statements, each under a line `-- name: operation`. Some marks are filled in at load time, from fixed words
only; everything else is a bound parameter:

* `{t}` the table suffix: nothing, or `_shared` for the rows of CLIENT and WORLD;
* `{at}` and `{at:x}` the bucket predicate, `bucket = %(bucket)s and` (of alias `x`); nothing for shared tables;
* `{key}` what stands before the other columns of a unique key: `bucket, ` or nothing;
* `{emb}` the vector column: `emb` or `emb_alt`;
* `{believed}` and `{shown}` the rows of memories and segments that count: those of now, or those of `%(as_of)s`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row

from synap.store.database import Connection

Slot = Literal["emb", "emb_alt"]
"""Name of a vector column."""

PORTION = 1000
"""Rows that one statement carries at most."""

INLINE = 50
"""Rows that are made ready on the event loop."""

Row = TypeVar("Row")
Made = TypeVar("Made")

_NOW = {"{believed}": "status = 0", "{shown}": "status = 0"}
_THEN = {
    "{believed}": "seen_count > 0 and recorded_at <= %(as_of)s and (superseded_at is null or superseded_at > %(as_of)s) and status < 3",
    "{shown}": "recorded_at <= %(as_of)s and (withheld_at is null or withheld_at > %(as_of)s) and status < 2",
}

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_AT = re.compile(r"\{at(?::(\w+))?\}")


@cache
def statement(name: str, *, shared: bool = False, slot: Slot = "emb", then: bool = False) -> bytes:
    """Return the statement called `name` for one pair of tables, one vector column, and now or `then` (`%(as_of)s`).

    Raises:
        KeyError: No file has it.
    """
    text = _statements()[name]
    text = _AT.sub("" if shared else _bucket_predicate, text)
    text = text.replace("{t}", "_shared" if shared else "").replace("{key}", "" if shared else "bucket, ")
    for mark, condition in (_THEN if then else _NOW).items():
        text = text.replace(mark, condition)
    return text.replace("{emb}", slot).encode()


def portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield rows in portions that one statement may carry, in order, so that no statement runs into its time limit."""
    for start in range(0, len(rows), PORTION):
        yield rows[start : start + PORTION]


async def aside(count: int, work: Callable[[], Made]) -> Made:
    """Return what `work` makes out of `count` rows, in a thread where they are many: others wait for the event loop."""
    return work() if count <= INLINE else await asyncio.to_thread(work)


async def execute(
    connection: Connection,
    name: str,
    params: Mapping[str, Any],
    *,
    shared: bool = False,
    slot: Slot = "emb",
    then: bool = False,
    binary: bool = False,
) -> AsyncCursor[DictRow]:
    """Send the statement called `name`; inside a pipeline it is on its way when this returns, and fetching waits.

    With `binary` the answer comes in binary, which is cheaper where it is big.
    """
    cursor = connection.cursor(row_factory=dict_row, binary=binary)
    return await cursor.execute(statement(name, shared=shared, slot=slot, then=then), params)


def statement_names() -> tuple[str, ...]:
    """Return the names of all statements, sorted; tests walk them."""
    return tuple(sorted(_statements()))


def _bucket_predicate(match: re.Match[str]) -> str:
    alias = f"{match[1]}." if match[1] else ""
    return f"{alias}bucket = %(bucket)s and"


@cache
def _statements() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(files("synap.store").joinpath("sql").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
            found.update(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))
    return found
