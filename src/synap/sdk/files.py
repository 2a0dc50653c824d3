"""Files that a caller hands in by path or opened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO

from synap.errors import InvalidInputError


async def named_bytes(
    path: str | Path | None, file: IO[bytes] | bytes | None, filename: str | None
) -> tuple[str, bytes]:
    """Return a file's name and bytes, read off the event loop."""
    if path is not None:
        return filename or Path(path).name, await asyncio.to_thread(Path(path).read_bytes)
    if not filename:
        raise InvalidInputError("filename is required beside file: its ending tells the kind", field="filename")
    content = file if isinstance(file, bytes) or file is None else await asyncio.to_thread(file.read)
    if not isinstance(content, bytes):
        raise InvalidInputError("file must be opened in binary mode", field="file")
    return filename, content
