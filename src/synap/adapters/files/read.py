"""Which reader reads which kind of file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath

from synap.adapters.files.chats import read_chat
from synap.adapters.files.content import FileContent, unreadable
from synap.adapters.files.emails import read_email
from synap.adapters.files.pdf import read_pdf
from synap.adapters.files.text import read_csv, read_html, read_text
from synap.adapters.files.word import read_docx

_READERS: Mapping[str, Callable[[str, bytes], FileContent]] = {
    **dict.fromkeys((".txt", ".text", ".md", ".markdown", ".rst"), read_text),
    **dict.fromkeys((".html", ".htm"), read_html),
    **dict.fromkeys((".csv", ".tsv"), read_csv),
    ".eml": read_email,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".json": read_chat,
}

SUFFIXES = frozenset(_READERS)
"""Kinds of files that are read."""


def read_file(filename: str, content: bytes) -> FileContent:
    """Return what a file holds; its kind is told by the ending of its name, and no ending means text.

    Blocking, and linear in the file's size for all but damaged PDFs: call it in a thread.

    Raises:
        InvalidInputError: It is empty, of an unknown kind, or not what its name says; `field` is `file`.
    """
    if not content.strip():
        raise unreadable(filename, "is empty")
    suffix = PurePath(filename).suffix.casefold()
    reader = _READERS.get(suffix or ".txt")
    if reader is None:
        known = ", ".join(sorted(SUFFIXES))
        raise unreadable(filename, f"is of a kind that is not read ({suffix}): send {known}, or its text")
    return reader(filename, content)
