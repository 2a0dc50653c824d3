"""Blocks of rows: what is packed comes out again, and changes leave what a plain dict would hold."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synap.store import blocks
from synap.store.blocks import Block, Resident, changed, unpacked, whole


@dataclass(frozen=True)
class Row:
    """A row as it is stored; `place` is None for a memory."""

    terms: frozenset[int]
    vector: tuple[float, float] | None
    place: tuple[int, int] | None = None


Rows = Mapping[int, Row]

terms = st.frozensets(st.integers(0, 12), max_size=4)
vectors = st.none() | st.tuples(st.sampled_from([0.0, 0.5, -1.0]), st.sampled_from([1.0, 0.25]))
memories = st.dictionaries(st.integers(1, 30), st.builds(Row, terms, vectors), max_size=8)
places = st.tuples(st.integers(1, 3), st.integers(0, 5))
segments = st.dictionaries(st.integers(1, 30), st.builds(Row, terms, vectors, places), max_size=8)
writes = st.tuples(memories, segments, st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))


def packed(part: int, rows: Rows) -> dict[str, Any]:
    """Return rows as the database packs them."""

    def joined(pieces: Iterable[bytes]) -> bytes | None:
        return b"".join(pieces) or None

    return {
        "part": part,
        "count": len(rows),
        "ids": joined(struct.pack(">q", one) for one in rows),
        "documents": joined(struct.pack(">q", row.place[0]) for row in rows.values() if row.place) if part else None,
        "ordinals": joined(struct.pack(">i", row.place[1]) for row in rows.values() if row.place) if part else None,
        "types": None if part else joined(struct.pack(">h", 0) for _ in rows),
        "lens": joined(struct.pack(">i", len(row.terms)) for row in rows.values()),
        "terms": joined(
            struct.pack(
                f">3i{len(row.terms)}i{len(row.terms)}f",
                100,
                len(row.terms),
                0,
                *sorted(row.terms),
                *[1.0] * len(row.terms),
            )
            for row in rows.values()
        ),
        "vectors": joined(struct.pack(">hh2e", 2, 0, *row.vector) for row in rows.values() if row.vector),
        "absent": joined(struct.pack("?", row.vector is None) for row in rows.values()),
    }


def block_of(of_memories: Rows, of_segments: Rows) -> Block:
    return unpacked([packed(0, of_memories), packed(2, of_segments)])


def rows_of(resident: Resident) -> tuple[dict[int, Row], dict[int, Row]]:
    """Return the memories and the segments that are still there."""
    found: tuple[dict[int, Row], dict[int, Row]] = ({}, {})
    for block, present in zip(resident.blocks, resident.present, strict=True):
        held: dict[int, set[int]] = {}
        for term, rows in zip(block.terms.tolist(), block.holding(block.terms), strict=True):
            for row in rows.tolist():
                held.setdefault(row, set()).add(term)
        for row in np.flatnonzero(present).tolist():
            verbatim = row >= block.memories
            place = (int(block.documents[row]), int(block.ordinals[row])) if verbatim else None
            vector = tuple(block.vectors[row].tolist()) if block.embedded[row] else None
            key = int(block.ids[row])
            assert key not in found[verbatim]
            found[verbatim][key] = Row(frozenset(held.get(row, ())), vector, place)
            assert block.lens[row] == len(held.get(row, ()))
    return found


@given(memories, segments)
def test_what_is_packed_comes_out_again(of_memories: Rows, of_segments: Rows) -> None:
    assert rows_of(whole(block_of(of_memories, of_segments), version=1)) == (of_memories, of_segments)


@given(st.lists(writes, max_size=6), st.sampled_from([1, 4, 512]))
def test_changes_leave_what_a_dict_would_hold(made: list[Any], merged_below: int) -> None:
    held: tuple[dict[int, Row], dict[int, Row]] = ({}, {})
    resident = whole(block_of({}, {}), version=0)

    for version, (of_memories, of_segments, gone_memories, gone_segments) in enumerate(made, start=1):
        block = block_of(of_memories, of_segments)
        with mock.patch.object(blocks, "MERGED_BELOW", merged_below):
            resident = changed(resident, block, version=version, memories=gone_memories, segments=gone_segments)
        for rows, fresh, gone in zip(held, (of_memories, of_segments), (gone_memories, gone_segments), strict=True):
            for one in gone:
                rows.pop(one, None)
            rows.update(fresh)

    assert rows_of(resident) == held
    assert resident.version == len(made)


@given(memories, segments)
def test_segments_are_found_by_their_places(of_memories: Rows, of_segments: Rows) -> None:
    block = block_of(of_memories, of_segments)

    assert block.places.tolist() == sorted(block.places.tolist())
    assert len(block.places) == len(block) - block.memories


def test_its_size_is_what_its_arrays_take() -> None:
    resident = whole(block_of({1: Row(frozenset({3}), (0.5, 1.0))}, {}), version=1)

    (block,) = resident.blocks
    assert resident.size >= block.vectors.nbytes + block.ids.nbytes + block.holders.nbytes + len(block)
