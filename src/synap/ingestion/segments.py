"""From blocks to segments: pieces of the source small enough to search and to serve.

A turn or a paragraph is one segment, short list items, rows and key-value lines share one under their heading. What is
too large is split at sentences, a monstrous sentence at words, a monstrous word between characters; nothing is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from synap.domain.documents import Block, BlockKind, Role, Segment
from synap.domain.sentences import sentences
from synap.domain.terms import TERM_CAP, tokenize
from synap.domain.tokens import count_tokens

MAX_TOKENS = 200
"""Tokens of a segment, at most, its label or heading included."""

_ITEMS = frozenset({BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.KEY_VALUE, BlockKind.HEADER})
_MAX_ITEMS = 5
_ITEMS_TOKENS = 80
_PREFIX_TERMS = 24
_PREFIX_TOKENS = 48
_SURELY_SMALL = 110  # ASCII characters; at 0.55 terms and 1.25 tokens each, the most there can be, they keep any limit
_CHARACTERS = 60  # pieces of a word without blanks: at most two terms and one token each stay inside the limits
_LONGEST_WORD = 24
_GLANCE = 16_000  # characters looked at for a first judgement; four words weigh a token at least
_STEP = " > "
_WORD = re.compile(r"\S+")
_RUN = re.compile(r"\S(?:.{0,57}\S)?(?!\S)|\S+", re.DOTALL)
"""Some words together, as text without sentences is measured; a longer word by itself."""


class _Piece(NamedTuple):
    """Part of a block's text: from, to (in `block.text`), its distinct terms and its tokens."""

    start: int
    end: int
    terms: frozenset[str]
    tokens: int


def segments(text: str, blocks: Sequence[Block]) -> tuple[Segment, ...]:
    """Return the segments of a document, in order, numbered from 0.

    None has more than `TERM_CAP` distinct terms or more than `MAX_TOKENS` tokens. Headings and boilerplate make no
    segments of their own unless the document has nothing else.

    Args:
        text: The stored text.
        blocks: Its blocks.
    """
    wanted = [i for i, b in enumerate(blocks) if b.kind not in {BlockKind.HEADING, BlockKind.BOILERPLATE}]
    made: list[Segment] = []
    for group in _groups(blocks, wanted or list(range(len(blocks)))):
        first = blocks[group[0]]
        prefix = _prefix(first)
        numbers = (group[0], group[-1] + 1)
        if len(group) > 1:
            pieces = [(first.start, blocks[group[-1]].end, "\n".join(blocks[i].text for i in group))]
        else:
            pieces = list(_split(text, first, prefix))
        for start, end, words in pieces:
            made.append(_segment(len(made), (start, end), prefix + words, first, blocks=numbers))
    return tuple(made)


def _groups(blocks: Sequence[Block], wanted: Sequence[int]) -> Iterator[list[int]]:
    """Yield the block numbers that share a segment: short items under one heading, all others alone."""
    group: list[int] = []
    terms: set[str] = set()
    tokens = 0
    for number in wanted:
        block = blocks[number]
        if block.kind not in _ITEMS:
            if group:
                yield group
                group = []
            yield [number]
            continue
        own, size = _terms(block.text), count_tokens(block.text)
        joins = group and number == group[-1] + 1 and _alike(blocks[group[-1]], block) and len(group) < _MAX_ITEMS
        if group and not (joins and len(terms | own) + _PREFIX_TERMS <= TERM_CAP and tokens + size <= _ITEMS_TOKENS):
            yield group
            group = []
        if not group:
            terms, tokens = set(), 0
        group.append(number)
        terms |= own
        tokens += size
    if group:
        yield group


def _alike(a: Block, b: Block) -> bool:
    return (a.kind, a.heading_path, a.speaker, a.time) == (b.kind, b.heading_path, b.speaker, b.time)


def _segment(ordinal: int, span: tuple[int, int], words: str, block: Block, *, blocks: tuple[int, int]) -> Segment:
    return Segment(
        ordinal=ordinal,
        start=span[0],
        end=span[1],
        text=words,
        turn_id=block.turn_id,
        speaker=block.speaker,
        role=block.role,
        time=block.time,
        blocks=blocks,
    )


def _prefix(block: Block) -> str:
    """Return what is put before a block's words so that they can be found: the speaker, or the headings above."""
    if block.kind is BlockKind.TURN:
        label = block.speaker or block.role.value.capitalize()
        return _fitting(f"{label}: ")
    if block.role is not Role.AUTHOR or not block.heading_path:
        return ""
    for first in range(len(block.heading_path)):
        prefix = _fitting(_STEP.join(block.heading_path[first:]) + "\n")
        if prefix:
            return prefix
    return ""


def _fitting(prefix: str) -> str:
    terms, tokens = _size(prefix)
    return prefix if terms <= _PREFIX_TERMS and tokens <= _PREFIX_TOKENS else ""


@lru_cache(maxsize=1024)
def _size(prefix: str) -> tuple[int, int]:
    """Return the distinct terms and the tokens of a prefix, which the blocks of a document share."""
    return len(_terms(prefix)), count_tokens(prefix)


def _split(text: str, block: Block, prefix: str) -> Iterator[tuple[int, int, str]]:
    """Yield source span and words of the pieces of a block, all of it in one piece where that is small enough."""
    words = block.text
    terms, size = _size(prefix)
    room, tokens = TERM_CAP - terms, MAX_TOKENS - size
    small = words.isascii() and len(words) <= _SURELY_SMALL
    if small or (not _vast(words) and _fits(_piece(words, 0, len(words)), room, tokens)):
        yield block.start, block.end, words
        return
    cursor = block.start
    for start, end in _packed(_pieces(words, room, tokens), room, tokens):
        piece = words[start:end]
        first, cursor = locate(text, piece, cursor, block.end)
        yield first, cursor, piece


def _pieces(words: str, room: int, tokens: int) -> Iterator[_Piece]:
    for start, end in sentences(words):
        sentence = None if _vast(words, start, end) else _piece(words, start, end)
        if sentence is not None and _fits(sentence, room, tokens):
            yield sentence
            continue
        for run in _RUN.finditer(words, start, end):
            several = _piece(words, *run.span())
            if _fits(several, room, tokens):
                yield several
                continue
            for match in _WORD.finditer(words, *run.span()):
                word = _piece(words, *match.span()) if len(match.group()) <= 4 * _CHARACTERS else None
                if word and _fits(word, room, tokens):
                    yield word
                    continue
                for at in range(match.start(), match.end(), _CHARACTERS):
                    yield _piece(words, at, min(at + _CHARACTERS, match.end()))


def _packed(pieces: Iterator[_Piece], room: int, tokens: int) -> Iterator[tuple[int, int]]:
    """Yield spans that take as many following pieces as fit."""
    start = end = -1
    terms: frozenset[str] = frozenset()
    size = 0
    for piece in pieces:
        if start >= 0 and (len(terms | piece.terms) > room or size + piece.tokens + 2 > tokens):
            yield start, end
            start = -1
        if start < 0:
            start, terms, size = piece.start, frozenset(), 0
        end, terms, size = piece.end, terms | piece.terms, size + piece.tokens + 1
    if start >= 0:
        yield start, end


def _piece(words: str, start: int, end: int) -> _Piece:
    part = words[start:end]
    terms, tokens = _word(part) if len(part) <= _LONGEST_WORD else (_terms(part), count_tokens(part))
    return _Piece(start, end, terms, tokens)


@lru_cache(maxsize=8192)
def _word(part: str) -> tuple[frozenset[str], int]:
    """Return the terms and tokens of a word; text without sentences is measured word by word, and most words return."""
    return _terms(part), count_tokens(part)


def _vast(words: str, start: int = 0, end: int | None = None) -> bool:
    """Whether a text is too large for a segment at a glance, by its words: measuring ten megabytes takes seconds."""
    end = len(words) if end is None else end
    return end - start > _GLANCE and len(words[start : min(end, start + _GLANCE)].split()) > 4 * MAX_TOKENS


def _fits(piece: _Piece, room: int, tokens: int) -> bool:
    return len(piece.terms) <= room and piece.tokens <= tokens


def _terms(words: str) -> frozenset[str]:
    return frozenset(tokenize(words))


def locate(text: str, piece: str, cursor: int, limit: int) -> tuple[int, int]:
    """Return where a piece of a block's text stands in the source, from `cursor` on.

    The words are looked up one after the other, as marks may stand between them there.
    """
    exact = text.find(piece, cursor, min(limit, cursor + 2 * len(piece) + 64))
    if exact >= 0:
        return exact, exact + len(piece)
    first: int | None = None
    for word in piece.split():
        found = text.find(word, cursor, min(limit, cursor + len(word) + 256))
        if found >= 0:
            first = found if first is None else first
            cursor = found + len(word)
    return (cursor if first is None else first), cursor
