"""E-mail: header lines, the body, quoted tails of earlier mails, the signature."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime

from synap.domain.documents import Block, BlockKind
from synap.ingestion.html import parse_html
from synap.ingestion.lines import Line, lines
from synap.ingestion.markdown import parse_markdown

_HEADER = re.compile(r"(?P<name>[A-Za-z][A-Za-z-]{1,40}):[ \t]*(?P<value>.*)")
_KNOWN = frozenset({"from", "to", "cc", "bcc", "subject", "date", "sent", "reply-to", "message-id", "in-reply-to"})
_TAIL = re.compile(
    r"(?:on .{4,200} wrote:|am .{4,200} schrieb.{0,80}:|le .{4,200} a écrit\s*:|el .{4,200} escribió:"
    r"|-{2,}\s*(?:original|forwarded) message\s*-{2,}|begin forwarded message:|_{20,})",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"--\s?")
_SENT_FROM = re.compile(r"(?:sent from my|get outlook for|von meinem) .{1,60}", re.IGNORECASE)


def parse_email(text: str) -> tuple[Block, ...]:
    """Return the blocks of an e-mail.

    Each header is a `HEADER` block with its name and value as cell; quoted lines, and everything below a line such as
    `On Monday, Dana wrote:`, are `QUOTE`; the signature is `BOILERPLATE`. The body's blocks carry the sender as
    speaker, the date as time and the subject as heading.
    """
    rows = list(lines(text))
    headers, body = _headers(rows, text)
    values = {block.cells[0][0].casefold(): block.cells[0][1] for block in headers}
    name, address = parseaddr(values.get("from", ""))
    sender = name or values.get("from", "").split("@")[0].strip(" <>") or address
    subject = values.get("subject", "")
    parts = _parts(rows, body)
    blocks = list(headers)
    for kind, start, end in parts:
        blocks += _blocks(text, kind, start, end, path=(subject,) if subject else ())
    moment = _date(values.get("date") or values.get("sent") or "")
    own = {BlockKind.QUOTE, BlockKind.BOILERPLATE, BlockKind.HEADER}
    return tuple(
        block if block.kind in own else replace(block, speaker=sender or None, time=moment) for block in blocks
    )


def _headers(rows: list[Line], text: str) -> tuple[list[Block], int]:
    """Return the header blocks and the index of the body's first line; without a known header there are none."""
    headers: list[Block] = []
    for index, row in enumerate(rows):
        gap = bool(headers) and text.count("\n", headers[-1].end, row.start) > 1
        match = _HEADER.fullmatch(row.text.strip())
        folded = bool(headers) and row.text[:1] in {" ", "\t"} and not match and not gap
        if folded:
            (key, value), whole = headers[-1].cells[0], f"{headers[-1].text} {row.text.strip()}"
            cells = ((key, f"{value} {row.text.strip()}"),)
            headers[-1] = replace(headers[-1], end=row.end, text=whole, cells=cells)
            continue
        if gap or not match or (not headers and match["name"].casefold() not in _KNOWN):
            return headers, index
        cells = ((match["name"], match["value"].strip()),)
        start = row.start + len(row.text) - len(row.text.lstrip())
        words = row.text.strip()
        headers.append(Block(kind=BlockKind.HEADER, start=start, end=start + len(words), text=words, cells=cells))
    return headers, len(rows)


def _parts(rows: list[Line], first: int) -> list[tuple[BlockKind, int, int]]:
    """Return stretches of the body by kind: own words, quotes, signature."""
    parts: list[tuple[BlockKind, int, int]] = []
    lasting: BlockKind | None = None
    for row in rows[first:]:
        words = row.text.strip()
        if lasting is not BlockKind.QUOTE and _TAIL.fullmatch(words):
            lasting = BlockKind.QUOTE
        elif lasting is None and (_SIGNATURE.fullmatch(row.text) or _SENT_FROM.fullmatch(words)):
            lasting = BlockKind.BOILERPLATE
        kind = lasting or (BlockKind.QUOTE if words.startswith(">") else BlockKind.PARAGRAPH)
        if parts and parts[-1][0] is kind:
            parts[-1] = (kind, parts[-1][1], row.end)
        else:
            parts.append((kind, row.start, row.end))
    return parts


def _blocks(text: str, kind: BlockKind, start: int, end: int, *, path: tuple[str, ...]) -> list[Block]:
    raw = text[start:end]
    if kind is not BlockKind.PARAGRAPH:
        words = "\n".join(bare for line in lines(raw) if (bare := line.text.strip().lstrip("> ")))
        return [Block(kind=kind, start=start, end=end, text=words, heading_path=path)] if words else []
    inner = parse_html(raw) if raw.lstrip()[:1] == "<" else parse_markdown(raw)
    return [
        replace(block, start=block.start + start, end=block.end + start, heading_path=path + block.heading_path)
        for block in inner
    ]


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
