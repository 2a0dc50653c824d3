"""HTML: its text by blocks, without navigation, scripts, styles and footers; by the standard library's parser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from synap.domain.documents import Block, BlockKind

_SKIPPED = frozenset(
    {"nav", "script", "style", "footer", "aside", "template", "noscript", "svg", "form", "button", "head"}
)
_KINDS = {
    "li": BlockKind.LIST_ITEM,
    "dt": BlockKind.PARAGRAPH,
    "dd": BlockKind.PARAGRAPH,
    "blockquote": BlockKind.QUOTE,
    "pre": BlockKind.CODE,
    "tr": BlockKind.TABLE_ROW,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), BlockKind.HEADING),
}
_BREAKS = frozenset(
    {"p", "div", "section", "article", "main", "header", "body", "html", "ul", "ol", "dl", "table", "thead", "tbody"}
    | {"br", "hr", "figure", "figcaption", "address"}
) | frozenset(_KINDS)
_CELLS = frozenset({"td", "th"})
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DECLARATION = re.compile(r"<(?:!(?!--)|\?)[^>]*>")
_NO_TAG = re.compile(
    r"<(?=[a-zA-Z/!?])(?!/?[a-zA-Z](?:[^<>\"']|\"[^\"]{0,2000}\"|'[^']{0,2000}'){0,500}+>)", re.IGNORECASE
)


def parse_html(text: str) -> tuple[Block, ...]:
    """Return the blocks of an HTML page; each slice of `text` runs from a block's first word to its last."""
    reader = _Reader(text)
    reader.feed(_tags_only(text))
    reader.close()
    reader.flush()
    return tuple(reader.blocks)


def _tags_only(text: str) -> str:
    """Return the page with blanks in the place of comments, declarations and whatever else opens like a tag and is none.

    The parser looks for the end of each one again and again where it never comes, and refuses some malformed ones.
    """
    for pattern, ending in ((_COMMENT, "-->"), (_DECLARATION, ">")):
        last = text.rfind(ending) + len(ending) if ending in text else 0  # behind it a search would be in vain
        text = pattern.sub(_blank, text[:last]) + text[last:]
    return _NO_TAG.sub(" ", text.replace("<!--", "    "))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\r\n]", " ", match[0])


class _Reader(HTMLParser):
    """Collects words between block tags and keeps their offsets in the source."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.blocks: list[Block] = []
        self._starts = _line_starts(text)
        self._words: list[str] = []
        self._span: tuple[int, int] | None = None
        self._kind = BlockKind.PARAGRAPH
        self._level = 0
        self._headings: list[tuple[int, str]] = []
        self._skipping: list[str] = []
        self._cells: list[list[str]] = []
        self._columns: list[str] = []
        self._head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's signature
        if tag in _SKIPPED:
            self.flush()
            self._skipping.append(tag)
        elif tag in _BREAKS:
            self.flush()
            self._kind = _KINDS.get(tag, self._kind if tag in {"br", "p", "div"} else BlockKind.PARAGRAPH)
            self._level = int(tag[1]) if self._kind is BlockKind.HEADING and tag[1:].isdecimal() else 0
            if tag == "tr":
                self._cells, self._head = [], False
            elif tag == "table":
                self._columns = []
        elif tag in _CELLS:
            self._cells.append([])
            self._head = self._head or tag == "th"

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipping:
            del self._skipping[self._skipping.index(tag) :]
        elif tag in _BREAKS:
            self.flush()
            self._kind = BlockKind.PARAGRAPH

    def handle_data(self, data: str) -> None:
        self._take(data, data)

    def handle_entityref(self, name: str) -> None:
        self._take(self.unescape_reference(f"&{name};"), f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._take(self.unescape_reference(f"&#{name};"), f"&#{name};")

    @staticmethod
    def unescape_reference(reference: str) -> str:
        from html import unescape  # noqa: PLC0415 - the name `html` is this module's own inside the package

        return unescape(reference)

    def flush(self) -> None:
        """End the open block."""
        if self._span is not None:
            self._add(self._span)
        self._words, self._span = [], None

    def _take(self, words: str, source: str) -> None:
        if self._skipping:
            return
        line, column = self.getpos()
        start = self._starts[line - 1] + column
        bare = source.strip()
        self._words.append(words)
        if self._cells:
            self._cells[-1].append(words)
        if bare:
            first = start + source.index(bare)
            self._span = (self._span[0] if self._span else first, first + len(bare))

    def _add(self, span: tuple[int, int]) -> None:
        words = "".join(self._words)
        words = words.strip("\n") if self._kind is BlockKind.CODE else " ".join(words.split())
        path = tuple(title for _, title in self._headings)
        cells: tuple[tuple[str, str], ...] = ()
        if self._kind is BlockKind.HEADING:
            while self._headings and self._headings[-1][0] >= self._level:
                self._headings.pop()
            path = tuple(title for _, title in self._headings)
            self._headings.append((self._level, words))
        elif self._kind is BlockKind.TABLE_ROW:
            values = [" ".join("".join(cell).split()) for cell in self._cells]
            self._cells = []
            if self._head and not self._columns:
                self._columns = values
                return
            names = self._columns or [""] * len(values)
            cells = tuple((name, value) for name, value in zip(names, values, strict=False) if value)
            words = "; ".join(f"{name}: {value}" if name else value for name, value in cells)
        if words:
            block = Block(kind=self._kind, start=span[0], end=span[1], text=words, heading_path=path, cells=cells)
            self.blocks.append(block)


def _line_starts(text: str) -> list[int]:
    starts = [0]
    position = text.find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = text.find("\n", position + 1)
    return starts
