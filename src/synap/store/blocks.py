"""Rows of one scope as a search reads them, in arrays: unpacked from the database, joined, and rid of what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synap.store.texts import SEGMENT, RowKey, Texts

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

MERGED_BELOW = 512
"""Blocks of fewer rows are joined with the one before them, so that many small writes do not make many blocks."""

ORDINAL_BITS = 32
"""Bits of a place's number that tell the ordinal."""

_VECTOR_HEAD, _TERMS_HEAD = 4, 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Rows in arrays of one length `n`, memories first, then segments in the order of their places.

    Attributes:
        memories: How many of the rows are memories.
        ids: `(n,)` row ids.
        documents: `(n,)` document rows of segments, 0 for memories.
        ordinals: `(n,)` places of segments in their documents, 0 for memories.
        types: `(n,)` numbers of the memories' types, -1 for segments.
        lens: `(n,)` lengths for BM25.
        vectors: `(n, dim)` float32; zeros for what has no vector yet.
        embedded: `(n,)` whether a row has its vector.
        terms: `(t,)` hashed terms that any row holds, ascending.
        starts: `(t + 1,)` where each term's rows begin in `holders`.
        holders: Row numbers, term after term.
        distinct: `(d,)` documents of the segments, ascending.
        places: `(n - memories,)` the segments' documents, as positions in `distinct`, and ordinals as one number each, ascending.
    """

    memories: int
    ids: Ints
    documents: Ints
    ordinals: Ints
    types: NDArray[np.int8]
    lens: NDArray[np.int32]
    vectors: NDArray[np.float32]
    embedded: Flags
    terms: NDArray[np.int32]
    starts: Ints
    holders: NDArray[np.int32]
    distinct: Ints
    places: Ints

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size(self) -> int:
        """Bytes that the arrays take."""
        return sum(value.nbytes for name in _ARRAYS if (value := getattr(self, name)) is not None)

    def holding(self, terms: NDArray[np.int32]) -> list[NDArray[np.int32]]:
        """Return the numbers of the rows that hold each of `terms`."""
        if not len(self.terms):
            return [self.holders[:0]] * len(terms)
        at = np.searchsorted(self.terms, terms).tolist()
        last = len(self.terms)
        return [
            self.holders[self.starts[place] : self.starts[place + 1]]
            if place < last and self.terms[place] == term
            else self.holders[:0]
            for place, term in zip(at, terms.tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resident:
    """A scope as it was at one version: blocks, which of their rows are still there, and the texts read of them so far.

    `learnt` is the latest version that may have touched memories, as far as the writes since it was read tell.
    """

    version: int | None
    learnt: int = 0
    blocks: tuple[Block, ...] = ()
    present: tuple[Flags, ...] = ()
    texts: Texts = field(default_factory=Texts)

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return sum(block.size + len(block) for block in self.blocks) + self.texts.size

    @property
    def rows(self) -> int:
        """Rows that are looked through."""
        return sum(map(len, self.blocks))

    def unread(self, *, shared: bool) -> list[RowKey]:
        """Return the rows whose text was not read yet."""
        keys: list[RowKey] = []
        for block, there in zip(self.blocks, self.present, strict=True):
            parts = SEGMENT * (block.types < 0) + shared
            keys += zip(parts[there].tolist(), block.ids[there].tolist(), strict=True)
        return [key for key in keys if self.texts.get(key) is None]


def unpacked(rows: Sequence[Mapping[str, Any]]) -> Block:
    """Return the block of a scope's rows as `resident_rows` and `resident_changes` pack them."""
    by_part = {row["part"]: row for row in rows}
    parts = [_part(by_part[0]), _part(by_part[2])]
    return _joined(parts)


def changed(old: Resident, block: Block, *, version: int, memories: Iterable[int], segments: Iterable[int]) -> Resident:
    """Return `old` at a later version: without the rows that were touched, with those of `block` in their place."""
    memories = list(memories)
    of_memories = np.union1d(np.fromiter(memories, np.int64), block.ids[: block.memories])
    of_segments = np.union1d(np.fromiter(segments, np.int64), block.ids[block.memories :])
    present = [
        there & ~_among(one, of_memories, of_segments) for one, there in zip(old.blocks, old.present, strict=True)
    ]
    parts = list(zip(old.blocks, present, strict=True))
    if len(block):
        parts.append((block, np.ones(len(block), np.bool_)))
    texts = old.texts.without(set(of_memories.tolist()), set(of_segments.tolist()))
    return replace(_merged(parts, version), texts=texts, learnt=version if memories else old.learnt)


def whole(block: Block, *, version: int | None) -> Resident:
    """Return a scope of one block."""
    return (
        Resident(version=version, learnt=version or 0, blocks=(block,), present=(np.ones(len(block), np.bool_),))
        if len(block)
        else Resident(version=version, learnt=version or 0)
    )


def _merged(parts: list[tuple[Block, Flags]], version: int) -> Resident:
    """Return the blocks with small ones joined to those before them, and those that are mostly gone rid of the rest."""
    kept: list[tuple[Block, Flags]] = []
    for block, present in parts:
        count = int(present.sum())
        if not count:
            continue
        tidy = (block, present) if 2 * count > len(block) else _tidied([(block, present)])
        if kept and (len(kept[-1][0]) < 2 * len(tidy[0]) or len(tidy[0]) + len(kept[-1][0]) < MERGED_BELOW):
            tidy = _tidied([kept.pop(), tidy])
        kept.append(tidy)
    return Resident(
        version=version, blocks=tuple(block for block, _ in kept), present=tuple(present for _, present in kept)
    )


def _tidied(parts: Sequence[tuple[Block, Flags]]) -> tuple[Block, Flags]:
    block = _joined([_Rows.of(block, present) for block, present in parts])
    return block, np.ones(len(block), np.bool_)


def _among(block: Block, memories: Ints, segments: Ints) -> Flags:
    found = np.zeros(len(block), np.bool_)
    for touched, rows in ((memories, slice(0, block.memories)), (segments, slice(block.memories, None))):
        if len(touched):
            at = np.searchsorted(touched, block.ids[rows])
            found[rows] = touched[np.minimum(at, len(touched) - 1)] == block.ids[rows]
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Rows before they are put in order: the columns of a block, and the terms of each row, `counts` of them."""

    ids: Ints
    documents: Ints
    ordinals: Ints
    types: NDArray[np.int8]
    lens: NDArray[np.int32]
    vectors: NDArray[np.float32]
    embedded: Flags
    terms: NDArray[np.int32]
    rows: NDArray[np.int32]

    @classmethod
    def of(cls, block: Block, present: Flags) -> _Rows:
        terms = np.repeat(block.terms, np.diff(block.starts))
        held = present[block.holders]
        number = (np.cumsum(present) - 1).astype(np.int32)
        return cls(
            ids=block.ids[present],
            documents=block.documents[present],
            ordinals=block.ordinals[present],
            types=block.types[present],
            lens=block.lens[present],
            vectors=block.vectors[present],
            embedded=block.embedded[present],
            terms=terms[held],
            rows=number[block.holders[held]],
        )


def _joined(parts: Sequence[_Rows]) -> Block:
    parts = [part for part in parts if len(part.ids)] or parts[:1]
    dim = max(part.vectors.shape[1] for part in parts)
    types = np.concatenate([part.types for part in parts])
    documents, ordinals = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("documents", "ordinals")
    )
    order = np.lexsort((ordinals, documents, types < 0))
    number = np.empty(len(order), np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    shifts = np.cumsum([0, *(len(part.ids) for part in parts)])
    terms = np.concatenate([part.terms for part in parts])
    rows = np.concatenate([part.rows + shift for part, shift in zip(parts, shifts, strict=False)]).astype(np.int64)
    by_term = np.argsort(terms, kind="stable")
    terms = terms[by_term]
    edges = np.flatnonzero(np.diff(terms, prepend=-1))
    memories = int((types >= 0).sum())
    distinct, position = np.unique(documents[order][memories:], return_inverse=True)
    return Block(
        memories=memories,
        distinct=distinct,
        places=(position << ORDINAL_BITS) + ordinals[order][memories:],
        ids=np.concatenate([part.ids for part in parts])[order],
        documents=documents[order],
        ordinals=ordinals[order],
        types=types[order],
        lens=np.concatenate([part.lens for part in parts])[order],
        vectors=np.concatenate([_as_wide(part.vectors, dim) for part in parts])[order],
        embedded=np.concatenate([part.embedded for part in parts])[order],
        terms=terms[edges],
        starts=np.append(edges, len(terms)),
        holders=number[rows[by_term]],
    )


def _as_wide(vectors: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """Return the vectors of rows of which none has one as wide as the others'."""
    return vectors if vectors.shape[1] == dim else np.zeros((len(vectors), dim), np.float32)


def _part(row: Mapping[str, Any]) -> _Rows:
    """Return the rows of one table out of its packed columns."""
    count = row["count"]
    ids = numbers(row["ids"], ">i8").astype(np.int64)
    embedded = ~numbers(row["absent"], "?")
    terms, counts = _terms(row["terms"], count)
    segments = row["documents"] is not None
    return _Rows(
        ids=ids,
        documents=numbers(row["documents"], ">i8").astype(np.int64) if segments else np.zeros(count, np.int64),
        ordinals=numbers(row["ordinals"], ">i4").astype(np.int64) if segments else np.zeros(count, np.int64),
        types=np.full(count, -1, np.int8) if segments else numbers(row["types"], ">i2").astype(np.int8),
        lens=numbers(row["lens"], ">i4").astype(np.int32),
        vectors=_vectors(row["vectors"], embedded),
        embedded=embedded,
        terms=terms,
        rows=np.repeat(np.arange(count, dtype=np.int32), counts),
    )


def numbers(data: bytes | None, kind: str) -> NDArray[Any]:
    """Return numbers out of their packed wire form; none for None."""
    return np.frombuffer(data or b"", dtype=kind)


def halves_of(data: bytes | None, count: int) -> NDArray[Any]:
    """Return the `(count, dim)` numbers of half precision out of `halfvec`s as they are sent."""
    return numbers(data, ">f2").reshape(count, -1)[:, _VECTOR_HEAD // 2 :] if count else np.zeros((0, 0), np.float16)


def _vectors(data: bytes | None, embedded: Flags) -> NDArray[np.float32]:
    """Return `(n, dim)` rows out of `halfvec`s as they are sent, for the rows that have one; see `synap.store.vectors`."""
    if not data:
        return np.zeros((len(embedded), 0), np.float32)
    packed = halves_of(data, int(embedded.sum()))
    if embedded.all():
        return packed.astype(np.float32)
    vectors = np.zeros((len(embedded), packed.shape[1]), np.float32)
    vectors[embedded] = packed
    return vectors


def _terms(data: bytes | None, count: int) -> tuple[NDArray[np.int32], Ints]:
    """Return the terms of all rows, row after row, and how many each has, out of `sparsevec`s as they are sent.

    Wire form (pgvector, `sparsevec_send`): dimensions, count, an unused number, the places from 0, the values; four bytes each.
    """
    packed = np.frombuffer(data or b"", dtype=">i4")
    flat = packed.tolist() if count < MERGED_BELOW else packed
    starts, counts = np.empty(count, np.int64), np.empty(count, np.int64)
    at = 0
    for row in range(count):
        held = int(flat[at + 1])
        starts[row], counts[row] = at + _TERMS_HEAD, held
        at += _TERMS_HEAD + 2 * held
    first = np.cumsum(counts) - counts
    places = np.repeat(starts - first, counts) + np.arange(int(counts.sum()))
    return packed[places].astype(np.int32), counts


_ARRAYS = tuple(column.name for column in fields(Block) if column.name != "memories")
