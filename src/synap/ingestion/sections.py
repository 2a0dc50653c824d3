"""What part of a document a fact stands in: its headings, a bare title line, the record that a first pair names.

The same key in two sections belongs to two things, so a slot of a document carries its section. A section tells the
thing only where its words name one; under `Overview` or under no heading at all the document itself is the section.
"""

from __future__ import annotations

import re

from synap.domain.documents import Block, BlockKind
from synap.domain.memories import Slot
from synap.domain.normal_forms import USER
from synap.domain.titles import telling_words, title_words
from synap.domain.values import Kind, read_values
from synap.domain.wordlists import listed
from synap.ingestion.shapes import analyse, words_of

TITLED, LASTING = 64, 256
"""Blocks in which a document's title is looked for; blocks for which a bare title or a record stands at most."""

ANYWHERE = "documents"
"""Section of what a document says of a thing that the sentence itself names, or of the scope as a whole."""

_LONGEST_TITLE = 6
_NUMBERING = frozenset({Kind.NUMBER, Kind.VERSION, Kind.CODE, Kind.YEAR})
_LABEL = re.compile(r"[\s:\uff1a#*_]+$")
_TITLE = re.compile(r"(?-i:[A-Z\d]).*\w[)]?")
_CLOSING = re.compile(
    r"(?:best|kind|warm|many|with|yours|thanks?|cheers|sincerely|regards|hello|hi|dear)\b", re.IGNORECASE
)
_NAMING = frozenset(
    listed(
        """
        name title project product site customer client invoice order account ticket item machine device server room
        office location branch building employee person model team department vehicle property store supplier vendor
        """
    )
)
"""Keys whose value names the thing that the pairs after them are about (`Project: Apollo`)."""


class Sections:
    """Follows the sections of one document, block by block."""

    def __init__(self, document_id: str) -> None:
        self._document = f"document {document_id}"
        self._path: tuple[str, ...] = ()
        self._title = ""
        self._part = ""
        self._record = ""
        self._marked = 0

    def enter(self, block: Block, place: int = 0) -> None:
        """Take note of a block at its place: a new heading, a bare title line, or the pair that names a record."""
        if block.heading_path != self._path or place - self._marked > LASTING:
            self._path, self._part, self._record = block.heading_path, "", ""
        if block.kind is BlockKind.PARAGRAPH and (title := bare_title(block.text) or title_above(block.text)):
            self._record, self._marked = "", place
            if self._title or self._path or place >= TITLED:
                self._part = title
            else:
                self._title = title
        elif block.kind in (BlockKind.KEY_VALUE, BlockKind.LIST_ITEM) and block.cells:
            key, value = (part.strip() for part in block.cells[0])
            if key.casefold() in _NAMING and len(words_of(value)) <= _LONGEST_TITLE:
                self._marked = place
                self._record = value if value.casefold().startswith(key.casefold()) else f"{key} {value}"

    def titles(self) -> tuple[str, ...]:
        """Return title and nearest heading of the place reached, then the record; each once."""
        headings = [_LABEL.sub("", heading).strip() for heading in self._path]
        found = [self._title, *headings[:1], *headings[-1:], self._part, self._record]
        return tuple(dict.fromkeys(title for title in found if title))

    def key(self) -> str:
        """Return the normal form of the place reached; the document itself where no heading names a thing."""
        titles = [title for title in (self._title, *self._path, self._part, self._record) if title]
        if not any(map(telling_words, titles)):
            return self._document
        return " / ".join(dict.fromkeys(" ".join(title_words(title)) for title in titles))

    def of(self, slot: Slot, text: str, *, prose: bool) -> str:
        """Return the section that a slot belongs to: none in particular where a sentence names its subject itself."""
        if prose and (not self.titles() or _named(slot.subject, text)):
            return ANYWHERE
        return self.key()


def bare_title(text: str) -> str:
    """Return a line that is nothing but a title (`Project Apollo`), or ""."""
    line = text.strip(" #*_")
    if "\n" in line or not _TITLE.fullmatch(line) or _CLOSING.match(line) or _states_a_value(line):
        return ""
    return line if len(words_of(line)) <= _LONGEST_TITLE and analyse(line).verb < 0 else ""


def title_above(text: str) -> str:
    """Return the title that stands as the first of several lines (`Project Apollo`, then `Owner: Kim`), or ""."""
    first, _, others = text.strip().partition("\n")
    return bare_title(first) if others.strip() else ""


def _states_a_value(line: str) -> bool:
    """Whether a line tells a measure; one number or version at its end only numbers the thing (`Invoice 12`)."""
    values, rest = read_values(line)
    numbered = len(values) == 1 and values[0].kind in _NUMBERING and not line[-2:].isalpha() and rest.strip() != ""
    return bool(values) and not numbered


def _named(subject: str, text: str) -> bool:
    """Whether a sentence names a subject by a proper name: a capital or digit inside it, or in front with a possessive."""
    if subject == USER:
        return False
    place = text.casefold().find(subject)
    if place < 0:
        return False
    written = text[place : place + len(subject)]
    inner = written if place else " ".join(written.split()[1:])
    return (
        re.search(r"[A-Z\d]", inner) is not None or re.match(r"['\u2019]s?\s", text[place + len(subject) :]) is not None
    )
