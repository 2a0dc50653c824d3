"""Text, HTML and CSV files."""

from __future__ import annotations

import codecs
import csv
import io
import re

from synap.adapters.files.content import FileContent, unreadable
from synap.domain.documents import DocumentType

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_LONGEST_HEAD = 4096
_LONGEST_CELL = 10_000_000


def read_text(filename: str, content: bytes) -> FileContent:
    """Return a text file as it stands: UTF-8, or what its byte order mark says.

    Raises:
        InvalidInputError: It is neither.
    """
    return FileContent(document=decode(filename, content), document_type=DocumentType.DOCUMENT)


def read_html(filename: str, content: bytes) -> FileContent:
    """Return an HTML page as it stands, in the character set that it declares.

    Raises:
        InvalidInputError: It is in another one.
    """
    declared = _CHARSET.search(content[:_LONGEST_HEAD])
    text = decode(filename, content, declared=declared[1].decode("ascii") if declared else "utf-8")
    page = text if text.lstrip("\ufeff \t\r\n")[:1] == "<" else f"<p>{text}</p>"
    return FileContent(document=page, document_type=DocumentType.DOCUMENT)


def read_csv(filename: str, content: bytes) -> FileContent:
    """Return a table as Markdown; its first row names the columns, separated by comma, semicolon, tab or bar.

    Raises:
        InvalidInputError: It is no UTF-8, or no table.
    """
    text = decode(filename, content)
    if "\x00" in text:
        raise unreadable(filename, "is no text: it holds the NUL character")
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:_LONGEST_HEAD], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), dialect) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise unreadable(filename, f"cannot be read as CSV: {error}") from error
    return FileContent(document=table(rows), document_type=DocumentType.DOCUMENT)


def table(rows: list[list[str]]) -> str:
    """Return rows as a Markdown table; the first row is its head."""
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = ["| " + " | ".join(map(_cell, [*row, *[""] * (width - len(row))])) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def decode(filename: str, content: bytes, *, declared: str = "utf-8") -> str:
    """Return bytes as text, by their byte order mark or else as what they are declared to be.

    Raises:
        InvalidInputError: They are not.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), declared)
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable(filename, f"is no {encoding} text: save it as UTF-8 ({error})") from error


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
