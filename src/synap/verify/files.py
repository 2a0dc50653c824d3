"""Bytes in files: where in a folder a text is written, whatever file it is."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """Where a text was found.

    Attributes:
        files: Times per file, by its path below the folder.
        bytes: All of them together, in bytes.
    """

    files: Mapping[str, int]
    bytes: int


def sight(folder: Path, texts: Sequence[str]) -> dict[str, Sightings]:
    """Return where each text is found in the files below a folder, in either case of its letters.

    A text may be cut in two by the border of a page: its halves are looked for, and each counts by itself.

    Raises:
        OSError: A file cannot be read; one that is removed meanwhile counts as not there.
    """
    needles = {text: _halves(text) for text in texts}
    found: dict[str, dict[str, int]] = {text: {} for text in texts}
    total = dict.fromkeys(texts, 0)
    for path in _files(folder):
        content = _content(path)
        if not content:
            continue
        lower = content.lower()
        for text, halves in needles.items():
            counts = [lower.count(half) for half in halves]
            if any(counts):
                found[text][str(path.relative_to(folder))] = max(counts)
                total[text] += sum(count * len(half) for count, half in zip(counts, halves, strict=True))
    return {text: Sightings(files=found[text], bytes=total[text]) for text in texts}


def _halves(text: str) -> tuple[bytes, bytes]:
    raw = text.lower().encode()
    return raw[: len(raw) // 2], raw[len(raw) // 2 :]


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                return b""
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return view[:]
    except FileNotFoundError:
        return b""


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path
