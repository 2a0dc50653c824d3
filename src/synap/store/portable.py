"""Rows as an export holds them: numbers in place of row ids, words in place of codes, JSON in place of packed columns.

What is made of a row again is left out: vectors, terms, lengths, counts of tokens. Every row of a section that others refer
to has a `number`, unique in the file; a reference to a row that is not in the section is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from synap.domain.memories import Retraction
from synap.domain.slots import content_hash
from synap.domain.terms import TERM_CAP, term_hashes
from synap.domain.tokens import count_tokens
from synap.errors import InvalidInputError
from synap.store.parts import DocumentParts
from synap.store.rows import SEGMENT_BLANKED, STATUSES, TYPES, Detail, terms_text

SEGMENT_STATES = ("live", "withheld", "blanked")
_RECORD_LEN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the rows of one table are made of, outside.

    Attributes:
        name: The table, and the word under `record`.
        numbered: Whether rows have ids that others refer to.
        refs: Columns that refer to a row, and to which table.
        lists: Columns that refer to several.
        words: Columns of codes, with their words in the order of the codes.
        packed: Columns of MessagePack, and what they hold.
        json: Columns of JSON.
        binary: Columns of bytes, told in hex.
        derived: Returns the columns that are made again.
        shared: Whether CLIENT rows lie in a table of their own.
    """

    name: str
    numbered: bool = True
    refs: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    packed: Mapping[str, type] = field(default_factory=dict)
    json: tuple[str, ...] = ()
    binary: tuple[str, ...] = ()
    derived: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    shared: bool = True


def _of_memory(row: Mapping[str, Any]) -> dict[str, Any]:
    hashes = term_hashes(row["content"])[:TERM_CAP]
    return {
        "content_hash": "\\x" + content_hash(row["content"]).hex(),
        "tokens": count_tokens(row["content"]),
        "len": len(hashes),
        "terms": terms_text(hashes),
    }


def _of_segment(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["status"] == SEGMENT_BLANKED:
        return {"tokens": 0, "len": 0, "terms": terms_text(())}
    hashes = term_hashes(row["text"])
    length = _RECORD_LEN if row["role"] == "record" else len(hashes)
    return {"tokens": count_tokens(row["text"]), "len": length, "terms": terms_text(hashes)}


TABLES = (
    Table(name="ingestion", refs={"document_row": "document"}, lists={"memory_ids": "memory"}, shared=False),
    Table(
        name="document",
        refs={"ingestion_id": "ingestion", "previous": "document"},
        packed={"blocks": DocumentParts},
        json=("metadata",),
        binary=("content_hash",),
    ),
    Table(name="segment", refs={"document_row": "document"}, words={"status": SEGMENT_STATES}, derived=_of_segment),
    Table(
        name="memory",
        refs={"document_row": "document", "segment_row": "segment", "superseded_by": "memory"},
        lists={"sources": "segment"},
        words={"type": [one.value for one in TYPES], "status": [one.value for one in STATUSES]},
        packed={"detail": Detail},
        json=("metadata",),
        derived=_of_memory,
    ),
    Table(name="entity", refs={"root": "entity", "merged_into": "entity", "split_from": "entity"}),
    Table(name="alias", numbered=False, refs={"entity_id": "entity"}),
    Table(name="mention", numbered=False, refs={"entity_id": "entity", "memory_id": "memory"}),
    Table(name="relation", numbered=False, refs={"subject_id": "entity", "object_id": "entity", "memory_id": "memory"}),
    Table(name="decision", refs={"entity_id": "entity", "memory_id": "memory"}, lists={"others": "entity"}),
    Table(name="conversation", json=("analysis", "metadata"), shared=False),
    Table(
        name="message",
        refs={"conversation_row": "conversation"},
        json=("metadata",),
        binary=("event_key",),
        shared=False,
    ),
    Table(
        name="effect",
        numbered=False,
        refs={
            "ingestion_id": "ingestion",
            "memory_id": "memory",
            "document_row": "document",
            "segment_row": "segment",
        },
        lists={"sources": "segment"},
        packed={"detail": Detail, "said": Detail},
    ),
    Table(
        name="retraction",
        numbered=False,
        refs={"ingestion_id": "ingestion"},
        lists={"candidates": "memory"},
        packed={"detail": Retraction},
    ),
)
"""In the order of an export."""

NAMES = {table.name: table for table in TABLES}
REQUIRED = {
    *(("alias", "entity_id"), ("mention", "entity_id"), ("mention", "memory_id"), ("segment", "document_row")),
    *(("relation", "subject_id"), ("relation", "object_id"), ("relation", "memory_id"), ("decision", "entity_id")),
    *(("message", "conversation_row"), ("effect", "ingestion_id"), ("effect", "memory_id")),
    *(("retraction", "ingestion_id"), ("document", "ingestion_id")),
}
"""References without which a row means nothing; one that leads nowhere takes its row along."""


def outside(rows: Mapping[str, Sequence[Mapping[str, Any]]], *, first: int) -> Iterator[dict[str, Any]]:
    """Yield the records of a section, as an export holds them.

    Args:
        rows: The rows of a scope by their table, ids and codes as stored.
        first: The first number to give.
    """
    numbers: dict[str, dict[int, int]] = {name: {} for name in NAMES}
    number = first
    for table in TABLES:
        for row in rows[table.name] if table.numbered else ():
            numbers[table.name][row["id"]] = number
            number += 1
    for table in TABLES:
        for row in rows[table.name]:
            record = _outside(table, row, numbers)
            if record is not None:
                yield record


def _outside(table: Table, row: Mapping[str, Any], numbers: Mapping[str, Mapping[int, int]]) -> dict[str, Any] | None:
    record: dict[str, Any] = {"record": table.name, **row}
    if table.numbered:
        record["number"] = numbers[table.name][record.pop("id")]
    for column, name in table.refs.items():
        record[column] = numbers[name].get(row[column])
        if record[column] is None and (table.name, column) in REQUIRED:
            return None
    for column, name in table.lists.items():
        record[column] = [numbers[name][one] for one in row[column] if one in numbers[name]]
    for column, words in table.words.items():
        record[column] = words[row[column]]
    for column, held in table.packed.items():
        if row[column] is not None:
            record[column] = msgspec.to_builtins(msgspec.msgpack.decode(row[column], type=held))
    for column in table.json:
        record[column] = None if row[column] is None else msgspec.json.decode(row[column])
    for column in table.binary:
        record[column] = None if row[column] is None else bytes(row[column]).hex()
    return record


def inside(record: Mapping[str, Any], *, base: int) -> dict[str, Any]:
    """Return the columns of a record, as they are put into its table; a number becomes the row id `base` + number.

    Raises:
        InvalidInputError: It is none that an export holds; the message names what is wrong.
    """
    table = NAMES.get(str(record.get("record")))
    if table is None:
        raise InvalidInputError(f"{record.get('record')!r} is no kind of record that this release knows")
    try:
        return _inside(table, record, base)
    except (KeyError, IndexError, TypeError, ValueError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"a {table.name} is not as an export holds it: {error}") from error


def _inside(table: Table, record: Mapping[str, Any], base: int) -> dict[str, Any]:
    row = {name: value for name, value in record.items() if name not in ("record", "number")}
    if table.numbered:
        row["id"] = base + _number(record["number"])
    for column in table.refs:
        row[column] = None if record[column] is None else base + _number(record[column])
        if row[column] is None and (table.name, column) in REQUIRED:
            msg = f"{column} is missing"
            raise ValueError(msg)
    for column in table.lists:
        row[column] = [base + _number(one) for one in record[column]]
    for column, words in table.words.items():
        row[column] = list(words).index(record[column])
    for column, held in table.packed.items():
        if record[column] is not None:
            packed = msgspec.msgpack.encode(msgspec.convert(record[column], held))
            row[column] = "\\x" + packed.hex()
    for column in table.binary:
        row[column] = None if record[column] is None else "\\x" + bytes.fromhex(record[column]).hex()
    if table.derived is not None:
        row |= table.derived(row)
    return row


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**40:
        msg = f"{value!r} is no number of a record"
        raise ValueError(msg)
    return value
