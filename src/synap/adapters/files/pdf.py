"""PDF files, by pypdf."""

from __future__ import annotations

import io
import re

from synap.adapters.files.content import FileContent, unreadable
from synap.domain.documents import DocumentType

MAX_PAGES = 5000
_HYPHEN = re.compile(r"(?<=[a-zà-öø-ÿ])-[ \t]*\n[ \t]*(?=[a-zà-öø-ÿ])")
"""A word broken at the end of a line; joined, so that it can be found."""


def read_pdf(filename: str, content: bytes) -> FileContent:
    """Return the text of a PDF, page after page.

    Raises:
        InvalidInputError: It is no PDF, is encrypted, damaged or too long, holds no text, or the server has no parser.
    """
    try:
        from pypdf import PdfReader  # noqa: PLC0415 - an extra
        from pypdf.errors import PyPdfError  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise unreadable(filename, "needs the extra `pdf` where the engine runs; or send its text") from error
    if b"%PDF-" not in content[:1024]:
        raise unreadable(filename, "is no PDF: it does not begin with %PDF-")
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise unreadable(filename, "is encrypted: send it without its password")
        if len(reader.pages) > MAX_PAGES:
            raise unreadable(filename, f"has {len(reader.pages)} pages: send at most {MAX_PAGES} at a time")
        pages = [page.extract_text().strip() for page in reader.pages]
    # The parser meets damage with errors of every kind; none of them may take the caller's request down otherwise.
    except (PyPdfError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise unreadable(filename, f"is damaged: {type(error).__name__}") from error
    text = _HYPHEN.sub("", "\n\n".join(page for page in pages if page)).replace("\x00", "")
    if not text:
        raise unreadable(filename, "holds no text: run character recognition (OCR) on it first")
    return FileContent(document=text, document_type=DocumentType.PDF, metadata={"pages": len(pages)})
