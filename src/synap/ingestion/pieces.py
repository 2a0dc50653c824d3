"""A document in portions: pieces of bounded length, and slices of them that are worked through one after the other.

What a document says does not depend on its slices: a piece is cut by the block's length alone, a slice is read behind
the pieces before it, and whatever later words change of what lies further back is settled by reconciliation, as between
two documents.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple, overload

from synap.domain.documents import Block, BlockKind, PreparedDocument, Role
from synap.ingestion.turn_layout import own_prose

LONGEST, PART = 8_000, 2_000
"""Code points of a block that is not cut, and of the parts of one that is: each ends with a sentence, else with a word,
a little before it would."""

SLICE = 600
"""Weight of a slice, at most: about as many short sentences, some seconds of work with the embedding."""

BEFORE = 48
"""Pieces before a slice that are read again with it, so that its words are understood; they weigh a tenth at most."""

_BEFORE_WEIGHT = SLICE // 10
_REACH = 400  # code points in which a piece's end is looked for
_STOPS = ".!?\n\u3002\uff01\uff1f"
_STOP = re.compile(r"[\n\u3002\uff01\uff1f]|[.!?](?=\s)")
_BLANK = re.compile(r"\s")
_UNREAD = frozenset({BlockKind.CODE, BlockKind.BOILERPLATE, BlockKind.HEADING})
_PER_UNIT = 80  # code points of text without a stop that are as much work as a short sentence


class Piece(NamedTuple):
    """A block or a part of one; `block` is its number in the document, `continues` whether it goes on with that before."""

    text: Block
    block: int
    continues: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What is worked through at a time: pieces from, to (exclusive), of how many there are in all."""

    start: int
    end: int
    total: int

    @property
    def last(self) -> bool:
        """Whether nothing of the document comes after it."""
        return self.end >= self.total


class _Parts:
    """A block in parts; code and quotations of a turn are blanked first, as a part does not know that it is in one.

    Their number follows from the length alone, so that a place in the document stays the same one when a passage of it is
    blanked. Where marks were taken out of the block's text, a part's place is told as closely as it can be without looking.
    """

    def __init__(self, block: Block) -> None:
        spoken = block.kind is BlockKind.TURN and block.role is Role.USER
        self._block = block
        self._text = own_prose(block.text) if spoken else block.text
        ends = (_end(self._text, target) for target in range(PART, len(self._text) + PART, PART))
        self._cuts = [0, *ends]

    def __len__(self) -> int:
        return len(self._cuts) - 1

    def __getitem__(self, at: int) -> Block:
        """Return a part, counted from 0."""
        block = self._block
        start, end = self._cuts[at : at + 2]
        first = min(block.start + start, block.end)
        last = max(first, block.end - (len(self._text) - end))
        return replace(block, text=self._text[start:end], start=first, end=last)


class Pieces(Sequence[Piece]):
    """The blocks of a document, those that are too long in parts; a piece is made when it is asked for."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self._long = [number for number, block in enumerate(blocks) if len(block.text) > LONGEST]
        self._parts = [_Parts(blocks[number]) for number in self._long]
        more = [0, *accumulate(len(parts) - 1 for parts in self._parts)]
        self._firsts = [number + before for number, before in zip(self._long, more, strict=False)]
        """The pieces with which the long blocks begin."""
        self._count = len(blocks) + more[-1]

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Piece: ...
    @overload
    def __getitem__(self, place: slice) -> list[Piece]: ...
    def __getitem__(self, place: int | slice) -> Piece | list[Piece]:
        """Return a piece, or several."""
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(self._count))]
        at = range(self._count)[place]
        near = bisect_right(self._firsts, at) - 1
        if near < 0:
            return Piece(self._blocks[at], at, continues=False)
        beyond, parts, number = at - self._firsts[near], self._parts[near], self._long[near]
        if beyond < len(parts):
            return Piece(parts[beyond], number, continues=beyond > 0)
        number += beyond - len(parts) + 1
        return Piece(self._blocks[number], number, continues=False)


def weight(block: Block) -> int:
    """Return how much work a block is, in short sentences."""
    text = block.text
    said = block.kind not in _UNREAD and not text.isspace()
    return max(1, len(text) // _PER_UNIT, sum(map(text.count, _STOPS)) if said else 0)


def is_large(document: PreparedDocument) -> bool:
    """Whether a document is more than one slice."""
    return not document.statements and sum(map(weight, document.blocks)) > SLICE


def slice_at(parts: Sequence[Piece], start: int) -> Slice:
    """Return the slice that begins at a piece: as many pieces as weigh no more than `SLICE`, one at least."""
    end, weighs = start, 0
    while end < len(parts) and (end == start or weighs + weight(parts[end].text) <= SLICE):
        weighs += weight(parts[end].text)
        end += 1
    return Slice(start=start, end=end, total=len(parts))


def before(parts: Sequence[Piece], start: int) -> range:
    """Return the pieces that are read again for a slice beginning at a piece: the last few, one at least."""
    first, weighs = start, 0
    while first > 0 and start - first < BEFORE:
        weighs += weight(parts[first - 1].text)
        if first < start and weighs > _BEFORE_WEIGHT:
            break
        first -= 1
    return range(first, start)


def opening(parts: Sequence[Piece], piece: int) -> int:
    """Return the piece with which the block of a piece begins."""
    while parts[piece].continues:
        piece -= 1
    return piece


def covered(parts: Sequence[Piece], part: Slice) -> tuple[int, int]:
    """Return the code points at which a slice begins and ends: it ends where the next one begins."""
    begin = parts[part.start].text.start if part.start else 0
    return begin, parts[-1].text.end if part.last else parts[part.end].text.start


def stretches(parts: Sequence[Piece], part: Slice) -> list[tuple[int, int]]:
    """Return the stretches of a document that are read for a slice: where the block before it opens, what is near, itself."""
    near = before(parts, part.start)
    begun = parts[opening(parts, near.start)].text
    return [(begun.start, begun.end), (parts[near.start].text.start, covered(parts, part)[1])]


def segments_of(document: PreparedDocument, parts: Sequence[Piece], part: Slice) -> range:
    """Return the positions of the segments that belong to a slice; each belongs to exactly one.

    The last slice has all that are left: of a record, which has no pieces, its only one.
    """
    starts = [segment.start for segment in document.segments]

    def place(piece: int) -> int:
        if piece <= 0:
            return 0
        return len(starts) if piece >= len(parts) else bisect_left(starts, parts[piece].text.start)

    return range(place(part.start), len(starts) if part.last else place(part.end))


def _end(text: str, end: int) -> int:
    """Return where a part ends that is to end at `end` or a little before: behind a sentence, else behind a word."""
    if end >= len(text):
        return len(text)
    first, behind = end - _REACH, end + 1
    if stops := [at for stop in _STOP.finditer(text, first, behind) if (at := stop.end()) <= end]:
        return stops[-1]
    blanks = [blank.start() for blank in _BLANK.finditer(text, first + 1, behind)]
    return blanks[-1] if blanks else end
