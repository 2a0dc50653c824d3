"""Markdown and plain text: headings, paragraphs, list items, tables, key-value lines, quotes, code, boilerplate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from synap.domain.documents import Block, BlockKind
from synap.ingestion.layout import layout
from synap.ingestion.lines import Line

_PART_LINES = 2_000  # large documents are parsed in parts, as nesting rules take more than linear time
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_INDENT = 3
_RULE = frozenset("|:- \t")
_LONGEST_TITLE = 120
_INTRODUCTION_WORDS = 8  # longer ones are statements of their own
_WRAPPED = 60  # a line this long was probably wrapped by its editor
_KEY_VALUE = re.compile(r"(?P<key>[^\W_][^:\n|?!]{0,48}):[ \t]+(?P<value>\S.{0,400})", re.DOTALL)
_KEY_WORDS = 5
_SHORT_VALUE_WORDS = 12
_TITLE_WORDS = 6
_FEWEST_PAIRS = 2
_OWN_LINE = 7  # below every level that Markdown has: a heading made of a line of text
_BOLD_LINE = re.compile(r"(\*\*|__)([^*_\n]{1,100})\1:?")
_BOILERPLATE = re.compile(
    r".{0,160}?(?:\.{4,}|(?: \.){4,}|\u2026{2,})\s*\d{1,4}"
    r"|(?:-\s*)?(?:page|seite|p\.)\s*\d{1,4}(?:\s*(?:of|/|von)\s*\d{1,4})?(?:\s*-)?|-\s*\d{1,4}\s*-"
    r"|(?:©|\(c\)\s|copyright\b).{0,160}|.{0,160}\ball rights reserved\b.{0,40}|table of contents",
    re.IGNORECASE,
)
_MARK = re.compile(r"[<\[*_`\\]")
_CLEANINGS = (
    (re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL), ""),
    (re.compile(r"!?\[([^\[\]\n]{0,500})\]\([^()\s]{0,1000}(?:\s\"[^\"\n]{0,200}\")?\)"), r"\1"),
    (re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>"), ""),
    (re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,500}?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])([*_])(?=\S)([^*_\n]{1,500}?)(?<=\S)\1(?![\w*])"), r"\2"),
    (re.compile(r"`([^`\n]{1,500})`"), r"\1"),
    (re.compile(r"\A\[[ xX]\]\s+"), ""),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|-])"), r"\1"),
)

_PARSER = MarkdownIt("commonmark").enable("table").disable(["code", "html_block", "reference"])
_PARSER.core.ruler.enableOnly(["normalize", "block"])


@dataclass(slots=True)
class _State:
    """Where the reading of a document stands."""

    source: Sequence[Line]
    blocks: list[Block] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    introduction: str | None = None
    items: list[str] = field(default_factory=list)
    lists: int = 0
    quotes: int = 0
    columns: list[str] = field(default_factory=list)
    since: int = 0
    head: Sequence[Line] = ()

    @property
    def path(self) -> tuple[str, ...]:
        path = [title for _, title in self.headings]
        if self.introduction:
            path.append(self.introduction)
        path += [item.rstrip(": ") for item in self.items[:-1] if item.endswith(":")]
        return tuple(path)


def parse_markdown(text: str) -> tuple[Block, ...]:
    """Return the blocks of Markdown or plain text, with the headings above each.

    A short line ending in a colon right above a list is that list's heading. Lines that are each `Key: value` become
    key-value blocks; dot leaders, page numbers and copyright lines become boilerplate.
    """
    state = _State(source=layout(text))
    _title(state)
    start = 0
    while start < len(state.source):
        start = _part(start, state)
    return tuple(state.blocks)


def _part(start: int, state: _State) -> int:
    """Read some lines from `start` on; the answer is where the next ones begin. Neither code nor a table is torn apart."""
    source = state.source
    end = min(start + _PART_LINES, len(source))
    fence, mark = _open_fence(source, start, end) if end < len(source) else (end, "")
    head = _table_head(start, state)
    part = [*head, *source[start:fence]]
    _read(_PARSER.parse("\n".join(line.text for line in part)), start - len(head), state)
    if not mark:
        return end
    closed = next((n for n in range(fence + 1, len(source)) if _closes(source[n].text, mark)), len(source))
    rows = [line for line in source[fence + 1 : closed] if line.start >= 0]
    _add(state, BlockKind.CODE, rows, words="\n".join(line.text for line in rows))
    return closed + 1


def _open_fence(source: Sequence[Line], start: int, end: int) -> tuple[int, str]:
    """Return the line that opens a block of code which is still open at `end`, and its mark; else `end` and nothing."""
    opened, mark = end, ""
    for number in range(start, end):
        text = source[number].text
        if mark and _closes(text, mark):
            opened, mark = end, ""
        elif not mark and (found := _FENCE.match(text)):
            opened, mark = number, found[1]
    return opened, mark


def _closes(text: str, mark: str) -> bool:
    return (
        len(text) - len(text.lstrip(" ")) <= _INDENT
        and text.strip().startswith(mark)
        and not text.strip().strip(mark[0])
    )


def _table_head(start: int, state: _State) -> Sequence[Line]:
    """Return the head of a table whose rows go on at `start`, its columns and the line below, and remember it."""
    source, since, above = state.source, state.since, state.head
    state.since, state.head = start, ()
    if not (start and source[start].text.lstrip().startswith("|")):
        return ()
    top = start
    while top > since and source[top - 1].text.lstrip().startswith("|"):
        top -= 1
    if top == since and above:
        state.head = above
    elif start - top >= len(("columns", "rule")):
        rule = source[top + 1].text
        state.head = source[top : top + 2] if "-" in rule and set(rule) <= _RULE else ()
    return state.head


def clean(words: str) -> str:
    """Return inline Markdown without its marks: links as their text, no emphasis, code marks, tags or check boxes."""
    if _MARK.search(words) is None:
        return words.strip()
    for pattern, plain in _CLEANINGS:
        words = pattern.sub(plain, words)
    return words.strip()


def key_value(words: str) -> tuple[str, str] | None:
    """Return key and value of a line such as `Support hours: 9 to 5`, or None for a sentence with a colon."""
    match = _KEY_VALUE.fullmatch(words)
    if not match or len(match["key"].split()) > _KEY_WORDS or match["key"].strip().lower() in {"http", "https"}:
        return None
    value = match["value"].strip()
    if value.endswith((".", "!", "?")) and len(value.split()) > _SHORT_VALUE_WORDS:
        return None
    return match["key"].strip(" *_"), value


def titles_pairs(rows: Sequence[str]) -> bool:
    """Whether the first of several lines is the title of the key-value lines that all others are."""
    first = clean(rows[0])
    return (
        len(rows) > _FEWEST_PAIRS
        and len(first.split()) <= _TITLE_WORDS
        and first[-1:].isalnum()
        and key_value(first) is None
        and all(key_value(clean(row)) for row in rows[1:])
    )


def boilerplate(words: str) -> bool:
    """Whether a line is a table of contents entry, a page number or a copyright notice."""
    return len(words) <= 2 * _LONGEST_TITLE and bool(_BOILERPLATE.fullmatch(words.strip()))


def join_wrapped(words: Sequence[str]) -> str:
    """Return lines as one text: lines broken by an editor joined by a blank, lines that stand alone kept apart."""
    pieces: list[str] = []
    for position, line in enumerate(words):
        if position:
            before = words[position - 1]
            wrapped = len(before) >= _WRAPPED and before[-1] not in ".!?:;"
            pieces.append(" " if wrapped or line[:1].islower() else "\n")
        pieces.append(line)
    return "".join(pieces)


def _title(state: _State) -> None:
    """Take a short first line above a heading (`Handbook`, then `## Rules`) as the document's title."""
    source = state.source
    following = next((line.text for line in source[1:3] if line.text), "")
    if source and following.startswith("#") and not source[0].text.startswith(("#", "-", "*", ">", "|", "<!--")):
        first = source[0]
        if len(first.text) <= _LONGEST_TITLE and not first.text.endswith((".", "!", "?")):
            title = clean(first.text).rstrip(": ")
            state.blocks.append(Block(kind=BlockKind.HEADING, start=first.start, end=first.end, text=title))
            state.headings.append((0, title))
            state.source = source[1:]


def _read(tokens: list[Token], base: int, state: _State) -> None:
    for position, token in enumerate(tokens):
        if token.type == "tr_open":
            _row(tokens, position, base, state)
        elif token.type == "fence":
            _code(token, base, state)
        elif token.type == "inline":
            _inline(tokens, position, base, state)
        else:
            _nest(token, state)


def _nest(token: Token, state: _State) -> None:
    """Follow the reading into and out of lists, their items and quotes."""
    kind = token.type
    if kind in {"bullet_list_open", "ordered_list_open", "bullet_list_close", "ordered_list_close"}:
        state.lists += token.nesting
        if not state.lists:
            state.introduction = None
    elif kind == "list_item_open":
        state.items.append("")
    elif kind == "list_item_close":
        state.items.pop()
    elif kind in {"blockquote_open", "blockquote_close"}:
        state.quotes += token.nesting


def _inline(tokens: list[Token], position: int, base: int, state: _State) -> None:
    token, opening = tokens[position], tokens[position - 1]
    if opening.type in {"th_open", "td_open"} or not token.map:
        return
    rows = state.source[base + token.map[0] : base + token.map[1]]
    placed = list(_placed(rows, token.content.split("\n")))
    if not placed:
        return
    if opening.type == "heading_open":
        _heading(placed, int(opening.tag[1:]), state)
    elif state.quotes:
        _add(state, BlockKind.QUOTE, placed)
    elif state.lists:
        _item(placed, state)
    else:
        following = tokens[position + 2].type if position + 2 < len(tokens) else ""
        _paragraph(placed, state, before_list=following in {"bullet_list_open", "ordered_list_open"})


def _placed(rows: Sequence[Line], contents: list[str]) -> Iterator[Line]:
    """Yield the content of an inline token, line by line, with the place of each in the document."""
    for row, content in zip(rows, contents, strict=False):
        bare = content.strip()
        found = row.text.find(bare)
        if bare:
            start = row.start + max(found, 0)
            yield Line(start, start + len(bare) if found >= 0 else row.end, bare)


def _heading(placed: list[Line], level: int, state: _State) -> None:
    title = clean(" ".join(line.text for line in placed)).rstrip(": ")
    while state.headings and state.headings[-1][0] >= level:
        state.headings.pop()
    state.introduction = None
    _add(state, BlockKind.HEADING, placed, words=title)
    if title:
        state.headings.append((level, title))


def _item(placed: list[Line], state: _State) -> None:
    own = [line for line in placed if not boilerplate(line.text)]
    if own != placed:
        for line in placed:
            _add(state, BlockKind.BOILERPLATE if line not in own else BlockKind.LIST_ITEM, [line])
        return
    words = clean(join_wrapped([line.text for line in placed]))
    if not state.items[-1]:
        state.items[-1] = words
    pair = key_value(words)
    _add(state, BlockKind.LIST_ITEM, placed, words=words, cells=(pair,) if pair else ())


def _paragraph(placed: list[Line], state: _State, *, before_list: bool) -> None:
    state.introduction = None
    last = placed[-1]
    if before_list and last.text.endswith(":") and len(last.text.split()) <= _INTRODUCTION_WORDS:
        if placed[:-1]:
            _plain(placed[:-1], state)
        title = clean(last.text).rstrip(": ")
        _add(state, BlockKind.HEADING, [last], words=title)
        state.introduction = title
        return
    bold = _BOLD_LINE.fullmatch(last.text) if len(placed) == 1 else None
    if bold:
        _heading([Line(last.start, last.end, bold[2])], _OWN_LINE, state)
        return
    _plain(placed, state)


def _plain(placed: list[Line], state: _State) -> None:
    """Add lines as key-value lines, a title above them, boilerplate and paragraphs."""
    if titles_pairs([line.text for line in placed]):
        _heading(placed[:1], _OWN_LINE, state)
        placed = placed[1:]
    pairs = [key_value(clean(line.text)) for line in placed]
    if all(pairs) and not any(_continues(*both) for both in pairwise(placed)):
        for line, pair in zip(placed, pairs, strict=True):
            _add(state, BlockKind.KEY_VALUE, [line], cells=(pair,) if pair else ())
        return
    run: list[Line] = []
    for line in placed:
        if not boilerplate(line.text):
            run.append(line)
            continue
        _add(state, BlockKind.PARAGRAPH, run)
        _add(state, BlockKind.BOILERPLATE, [line])
        run = []
    _add(state, BlockKind.PARAGRAPH, run)


def _continues(before: Line, line: Line) -> bool:
    """Whether a line goes on with the sentence that the one before it was broken in."""
    return len(before.text) >= _WRAPPED and before.text[-1] not in ".!?:;" and line.text[:1].islower()


def _row(tokens: list[Token], position: int, base: int, state: _State) -> None:
    """Add a table's row, or remember its head."""
    cells: list[str] = []
    head = False
    for token in tokens[position:]:
        if token.type == "tr_close":
            break
        head = head or token.type == "th_open"
        if token.type == "inline":
            cells.append(clean(token.content))
    if head:
        state.columns = cells
        return
    token = tokens[position]
    if not token.map or not any(cells):
        return
    line = state.source[base + token.map[0]]
    pairs = tuple((column, cell) for column, cell in zip(state.columns, cells, strict=False) if cell)
    words = "; ".join(f"{column}: {cell}" if column else cell for column, cell in pairs)
    _add(state, BlockKind.TABLE_ROW, [line], words=words, cells=pairs)


def _code(token: Token, base: int, state: _State) -> None:
    if token.map and token.content.strip():
        rows = [row for row in state.source[base + token.map[0] : base + token.map[1]] if row.start >= 0]
        _add(state, BlockKind.CODE, rows, words=token.content.rstrip("\n"))


def _add(
    state: _State,
    kind: BlockKind,
    placed: Sequence[Line],
    *,
    words: str | None = None,
    cells: tuple[tuple[str, str], ...] = (),
) -> None:
    """Add a block over the placed lines; blocks without words are left out."""
    if not placed:
        return
    if words is None:
        words = clean(join_wrapped([line.text for line in placed]))
    start, end = placed[0].start, placed[-1].end
    if words and start >= (state.blocks[-1].end if state.blocks else 0):
        block = Block(kind=kind, start=start, end=end, text=words, heading_path=state.path, cells=cells)
        state.blocks.append(block)
