"""What an export holds besides its rows, and what exports and imports report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

FORMAT = "synap-export"
VERSION = 1
"""Of the form of an export; a reader refuses others."""


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="header"):
    """The first line of an export.

    Attributes:
        format, version: What it is.
        scope: `instance`, `customer` or `user`: all that the file is about, and nothing outside it.
        instance_id: Where it was made.
        tenancy: Of that instance.
        customer_id, user_id: Whose it is, where it is not of a whole instance.
        made_at: When it was begun.
        key: The public key that it is signed with at its end, hex.
        left_out: What the scope has and the file has not, in words.
    """

    format: str = FORMAT
    version: int = VERSION
    scope: str
    instance_id: str
    tenancy: str
    customer_id: str | None = None
    user_id: str | None = None
    made_at: datetime
    key: str
    left_out: tuple[str, ...] = ()


class Configuration(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="configuration"):
    """The instance's configuration in force; only in the export of an instance that has one."""

    source: str


class Owner(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="owner"):
    """The beginning of a section: whose the rows behind it are; without ids, those of the instance as such."""

    owner: int
    customer_id: str | None = None
    user_id: str | None = None


class OwnerEnd(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="owner_end"):
    """The end of a section: how many rows it has, and the last number given so far."""

    owner: int
    rows: int
    last: int


class End(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="end"):
    """The last line of an export: how much it holds, SHA-256 of all bytes before this line, and its signature; hex."""

    owners: int
    rows: int
    sha256: str
    signature: str


class ExportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an export holds; `rows` by record, of this run alone where it was resumed."""

    path: str
    scope: str
    owners: int
    rows: Mapping[str, int]
    sha256: str
    key: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import put in.

    Attributes:
        instance_id: Where.
        owners: Customers and users in the file, the instance as such included.
        already: Those that an earlier run of the same import had put in.
        rows: Rows put in by this run.
        embedded: Texts that got a vector.
        signed_by: The public key that the file is signed with.
        own: Whether that is this installation's.
    """

    instance_id: str
    owners: int
    already: int
    rows: int
    embedded: int
    signed_by: str
    own: bool
