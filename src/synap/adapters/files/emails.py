"""E-mail files: the headers that matter, and the body as text, by the standard library's parser."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from synap.adapters.files.content import FileContent, unreadable
from synap.domain.documents import DocumentType

_HEADERS = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To")


def read_email(filename: str, content: bytes) -> FileContent:
    """Return an e-mail: its headers, a blank line, its plain body, or the HTML one where there is no other.

    Attachments are not read; their names are kept as `attachments_not_read`.

    Raises:
        InvalidInputError: It has no header of an e-mail, no body, or one in an unknown character set.
    """
    message = BytesParser(policy=policy.default).parsebytes(content)
    headers = [f"{name}: {value}" for name in _HEADERS if (value := _header(filename, message, name))]
    if not headers:
        raise unreadable(filename, "is no e-mail: it has none of the headers From, To, Subject, Date")
    part = message.get_body(preferencelist=("plain", "html"))
    try:
        body = "" if part is None else str(part.get_content())
    except (LookupError, ValueError, KeyError) as error:
        raise unreadable(filename, f"has a body that cannot be decoded: {error}") from error
    text = "\n".join([*headers, "", body.strip()])
    left = [attachment.get_filename("") or attachment.get_content_type() for attachment in message.iter_attachments()]
    metadata = {"attachments_not_read": left} if left else {}
    return FileContent(document=text, document_type=DocumentType.EMAIL, metadata=metadata)


def _header(filename: str, message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, AttributeError) as error:  # the standard parser stumbles over some broken headers
        raise unreadable(filename, f"has a malformed header {name}") from error
