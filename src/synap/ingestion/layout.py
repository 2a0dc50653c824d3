"""The lines of a document as a parser wants them: dedented, with lost line breaks restored, each knowing its place.

Text copied out of code is indented as a whole, and text that went through a form or a search index has lost the line
breaks before its headings and list items (`# Title ## Rules - First rule - Second rule`). Both are undone here on a
list of lines; the document itself stays as it is and every line keeps its offsets into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from synap.ingestion.lines import Line, lines

BLANK = Line(-1, -1, "")
"""Stands for any number of empty lines between two others."""

_INDENT = re.compile(r"[ \t]*")
_GLUED_HEADING = re.compile(r"(?<=\S)\s+(?=#{1,6} +[^\W_])")
_GLUED_ITEM = re.compile(r"(?<=[^\s|])\s+(?=[-*•] +[\"'`(\[*]{0,3}[^\W_])")
_RANGE = re.compile(  # `10am - 2pm`, `Monday - Friday`: a dash that is no list mark
    r"(?:\d\s?(?:[ap]\.?m\.?|h|uhr)?\s+-\s+\d|\b(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-z]{0,6}\.?\s+-\s+(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))",
    re.IGNORECASE,
)
_LOOK_BACK = 12
_MARKED = re.compile(r"\s*(?:#{1,6}|[-*•]) ")
_HEADING = re.compile(r"\s*#{1,6} +")
_NUMBERING = re.compile(r"\d+(?:\.\d+)*[.):]?")
_SHORTEST_GLUED = 40
_LONGEST_TITLE = 120
_CONNECTORS = frozenset("a an the and or of for in on to with by vs via per from at &".split())  # noqa: SIM905 - read as prose
_OPENERS = frozenset("all the this these our we you each every to if when please for it there any no".split())  # noqa: SIM905 - read as prose


def layout(text: str) -> list[Line]:
    """Return the lines of `text`, dedented and split where breaks were lost; `BLANK` for gaps of empty lines."""
    raw = [line for line in lines(text) if not line.text.isspace()]
    if not raw:
        return []
    indents = [_indent(line) for line in raw]
    # A first line that follows the opening quotes directly has lost its indent; the others decide then.
    margin = min(indents[1:] if indents[0] == 0 and len(indents) > 1 else indents)
    laid: list[Line] = []
    for line, indent in zip(raw, indents, strict=True):
        if laid and _gap(text, laid[-1].end, line.start):
            laid.append(BLANK)
        taken = min(margin, indent)
        laid += _restored(Line(line.start + taken, line.end, line.text[taken:]))
    return laid


def _indent(line: Line) -> int:
    match = _INDENT.match(line.text)
    return match.end() if match else 0


def _gap(text: str, end: int, start: int) -> bool:
    """Whether an empty line lies between two offsets (more than one line end, CR LF counting once)."""
    if start - end <= 1:
        return False
    between = text[end : min(start, end + 4096)].replace("\r\n", "\n").replace("\r", "\n")
    return between.count("\n") > 1


def _restored(line: Line) -> Iterator[Line]:
    """Yield the line, or the headings and items that were run together in it."""
    if len(line.text) < _SHORTEST_GLUED:
        yield line
        return
    for part in _cut_at(line, [match.end() for match in _GLUED_HEADING.finditer(line.text)]):
        yield from _items(part, headed=part is not line or bool(_HEADING.match(line.text)))


def _items(line: Line, *, headed: bool) -> Iterator[Line]:
    """Yield a heading or opening, and after it the items of its list."""
    cuts = [
        match.end()
        for match in _GLUED_ITEM.finditer(line.text)
        if not _in_range(line.text, match) and _opens_item(line.text, match.end())
    ]
    listed = headed or len(cuts) > 1
    introduced = bool(cuts) and (line.text[: cuts[0]].rstrip().endswith(":") or bool(_MARKED.match(line.text)))
    if not cuts or not listed or not (headed or introduced):
        yield from _title(line)
        return
    for position, part in enumerate(_cut_at(line, cuts)):
        yield from _title(part) if position == 0 else iter([part])


def _in_range(text: str, gap: re.Match[str]) -> bool:
    return any(
        found.end() > gap.end() for found in _RANGE.finditer(text, max(0, gap.start() - _LOOK_BACK), gap.end() + 8)
    )


def _opens_item(text: str, position: int) -> bool:
    first = text[position + 1 :][:8].lstrip(" \"'`([*")[:1]
    return first.isupper() or first.isdecimal() or not first.isascii()


def _title(line: Line) -> Iterator[Line]:
    """Yield a glued heading and the paragraph that ran into it, where the two can be told apart."""
    heading = _HEADING.match(line.text)
    if not heading or len(line.text) <= _LONGEST_TITLE // 2:
        yield line
        return
    words = list(re.compile(r"\S+").finditer(line.text, heading.end(), heading.end() + _LONGEST_TITLE))
    plain = next((i for i, w in enumerate(words) if w.group()[0].islower() and w.group() not in _CONNECTORS), None)
    titled = 1 + bool(words and _NUMBERING.fullmatch(words[0].group()))
    if plain is None or plain <= titled:  # a title needs a word of its own, and the paragraph one to begin with
        yield line
        return
    opener = next((i for i in range(titled, plain) if words[i].group().casefold() in _OPENERS), plain - 1)
    yield from _cut_at(line, [words[opener].start()])


def _cut_at(line: Line, cuts: list[int]) -> list[Line]:
    if not cuts:
        return [line]
    edges = [0, *cuts, len(line.text)]
    parts = []
    for start, end in pairwise(edges):
        piece = line.text[start:end].rstrip()
        if piece:
            parts.append(Line(line.start + start, line.start + start + len(piece), piece))
    return parts
