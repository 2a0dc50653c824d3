"""Files of exports, read: line by line and checked whole, then section by section."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from synap.api.transfers import FORMAT, VERSION, Configuration, End, Header, Owner, OwnerEnd
from synap.engine.signing import signed
from synap.errors import InvalidInputError
from synap.maca.load import read
from synap.store.portable import inside

_CUT_SHORT = "is cut short: go on with it by `synap export --resume`, or export again"

Kind = TypeVar("Kind", Header, Configuration, Owner, OwnerEnd, End)


@dataclass(slots=True)
class Read:
    """A section: whose it is, and its records by what they are."""

    owner: Owner
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(slots=True)
class Checked:
    """What a file turned out to be.

    Attributes:
        header: Its first line.
        end: Its last line.
        configuration: The source of the instance's configuration, or None.
        owners: Whose sections it has.
        last: The last number in it.
    """

    header: Header
    end: End
    configuration: str | None = None
    owners: list[Owner] = field(default_factory=list)
    last: int = 0


def check(path: Path, public_key: str | None = None) -> Checked:
    """Read a file whole: each record of it, its digest and its signature; return what it is.

    Raises:
        InvalidInputError: It is no export of this version, cut short, changed, not signed, or not with `public_key`.
    """
    reading = _Reading(path)
    for line in _lines(path):
        reading.take(line)
    checked = reading.checked()
    if not signed(checked.header.key, checked.end.sha256, checked.end.signature):
        raise _wrong(path, "is not signed by the installation that it names")
    if public_key is not None and public_key != checked.header.key:
        raise _wrong(path, f"is signed with the key {checked.header.key}, not with the one that was asked for")
    if checked.configuration is not None:
        read(checked.configuration)
    return checked


def sections(path: Path) -> Iterator[Read]:
    """Yield the sections of a file that was checked."""
    section: Read | None = None
    for number, line in enumerate(_lines(path), start=1):
        record = _record(line, path, number)
        if record["record"] == "owner":
            section = Read(_typed(record, Owner, path, number))
        elif record["record"] == "owner_end" and section is not None:
            yield section
            section = None
        elif section is not None:
            section.rows.setdefault(record["record"], []).append(record)


class _Reading:
    """A file on its way through the checks, a line at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()
        self._number = 0
        self._header: Header | None = None
        self._end: End | None = None
        self._configuration: str | None = None
        self._owners: list[Owner] = []
        self._inside = False
        self._count = 0
        self._rows = 0
        self._last = 0

    def take(self, line: bytes) -> None:
        """Check the next line."""
        self._number += 1
        if self._end is not None:
            raise _wrong(self._path, f"goes on behind its end, in line {self._number}")
        record = _record(line, self._path, self._number)
        if self._header is None:
            self._header = _header(record, self._path)
        elif record["record"] == "end":
            self._finish(_typed(record, End, self._path, self._number))
        elif self._inside:
            self._take_inside(record)
        else:
            self._take_between(record)
        self._digest.update(line)

    def checked(self) -> Checked:
        """Return what the file is, once every line was taken."""
        if self._header is None or self._end is None:
            raise _wrong(self._path, _CUT_SHORT)
        return Checked(
            header=self._header,
            end=self._end,
            configuration=self._configuration,
            owners=self._owners,
            last=self._last,
        )

    def _take_between(self, record: Mapping[str, Any]) -> None:
        if record["record"] == "configuration":
            self._configuration = _typed(record, Configuration, self._path, self._number).source
        elif record["record"] == "owner":
            self._owners.append(_typed(record, Owner, self._path, self._number))
            self._inside, self._count = True, 0
        else:
            raise _wrong(self._path, f"has a record out of place in line {self._number}")

    def _take_inside(self, record: Mapping[str, Any]) -> None:
        if record["record"] != "owner_end":
            try:
                inside(record, base=0)
            except InvalidInputError as error:
                raise _wrong(self._path, f"cannot be taken, line {self._number}: {error.message}") from error
            self._count += 1
            return
        ended = _typed(record, OwnerEnd, self._path, self._number)
        if ended.owner != self._owners[-1].owner or ended.rows != self._count or ended.last < self._last:
            raise _wrong(self._path, f"does not hold what line {self._number} says")
        self._rows += self._count
        self._last, self._inside = ended.last, False

    def _finish(self, end: End) -> None:
        if self._inside or end.rows != self._rows or end.owners != len(self._owners):
            raise _wrong(self._path, "does not hold as much as its end says")
        if end.sha256 != self._digest.hexdigest():
            raise _wrong(self._path, "was changed: its content is not what its end says")
        self._end = end


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror or error}") from error


def _header(record: Mapping[str, Any], path: Path) -> Header:
    if record.get("record") != "header" or record.get("format") != FORMAT:
        raise _wrong(path, f"is no {FORMAT}; for files of other makers name the maker with --from")
    if record.get("version") != VERSION:
        raise _wrong(
            path,
            f"is of version {record.get('version')!r} of the format, and this release reads {VERSION}: "
            "import it with the release that wrote it, or export it again with this one",
        )
    return _typed(record, Header, path, 1)


def _record(line: bytes, path: Path, number: int) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise _wrong(path, f"{_CUT_SHORT} (it ends in the middle of line {number})")
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _wrong(path, f"has no JSON in line {number}: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("record"), str):
        raise _wrong(path, f"has something in line {number} that is no record of an export; is --from missing?")
    return record


def _typed(record: Mapping[str, Any], kind: type[Kind], path: Path, number: int) -> Kind:
    try:
        return msgspec.convert(record, kind)
    except msgspec.ValidationError as error:
        raise _wrong(path, f"has a {record['record']} in line {number} that is not as it should be: {error}") from error


def _wrong(path: Path, problem: str) -> InvalidInputError:
    return InvalidInputError(f"{path} {problem}", field="file")
