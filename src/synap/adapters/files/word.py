"""Word documents, by python-docx."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from synap.adapters.files.content import FileContent, unreadable
from synap.adapters.files.text import table
from synap.domain.documents import DocumentType

if TYPE_CHECKING:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

MAX_UNPACKED_BYTES = 200 * 1024 * 1024


def read_docx(filename: str, content: bytes) -> FileContent:
    """Return a Word document as Markdown: headings, paragraphs, lists and tables in their order.

    Raises:
        InvalidInputError: It is no such document, is damaged or too large, holds no text, or the server has no parser.
    """
    try:
        import docx  # noqa: PLC0415 - an extra
        from docx.opc.exceptions import OpcError  # noqa: PLC0415 - an extra
        from docx.table import Table  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise unreadable(filename, "needs the extra `docx` where the engine runs; or send its text") from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise unreadable(filename, f"unpacks to {unpacked} bytes: at most {MAX_UNPACKED_BYTES} are read")
        document = docx.Document(io.BytesIO(content))
        parts = [_table(part) if isinstance(part, Table) else _line(part) for part in document.iter_inner_content()]
    # A damaged package fails with whatever its missing part means to the parser; malformed XML is a `SyntaxError`.
    except (OpcError, SyntaxError, zipfile.BadZipFile, AttributeError, LookupError, OSError, ValueError) as error:
        raise unreadable(filename, f"is no readable Word document (.docx): {type(error).__name__}") from error
    text = "\n\n".join(part for part in parts if part)
    if not text:
        raise unreadable(filename, "holds no text")
    return FileContent(document=text, document_type=DocumentType.DOCUMENT)


def _line(paragraph: Paragraph) -> str:
    text = " ".join(paragraph.text.split())
    style = "" if paragraph.style is None else str(paragraph.style.name)
    if not text:
        return ""
    if style == "Title":
        return f"# {text}"
    if style.startswith("Heading ") and style[-1].isdecimal():
        return f"{'#' * min(int(style[-1]), 6)} {text}"
    return f"- {text}" if style.startswith("List") else text


def _table(found: Table) -> str:
    return table([[cell.text for cell in row.cells] for row in found.rows])
