"""Exports: everything of an instance, a customer or a user in one file of JSON lines, owner by owner, signed at its end."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from synap.api.transfers import FORMAT, VERSION, Configuration, End, ExportReport, Header, Owner, OwnerEnd
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core
from synap.engine.receipts import signer_of
from synap.errors import ConflictError, InvalidInputError, NotFoundError
from synap.store.portable import TABLES, outside

LEFT_OUT = ("vectors and terms, which are made again", "summaries of conversations", "keys", "audit trail", "receipts")
SHARED_CLIENT = "CLIENT memories, which the instances of the client share"


@dataclass(slots=True)
class Writing:
    """A file being written: how far it is, and the digest of what it holds."""

    file: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)
    owners: int = 0
    rows: int = 0
    last: int = 0
    after: tuple[str, str] | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def put(self, record: object) -> None:
        """Write a record as a line."""
        line = msgspec.json.encode(record) + b"\n"
        self.digest.update(line)
        self.file.write(line)


async def export(
    core: Core,
    caller: Caller,
    instance: Instance,
    path: Path,
    *,
    customer_id: str | None = None,
    user_id: str | None = None,
    resume: bool = False,
) -> ExportReport:
    """Write all of a user, of a customer with its users, or without ids of an instance to a new file.

    Args:
        core: The parts.
        caller: Who asks, for the audit trail.
        instance: The instance.
        path: The file; one that is cut short is gone on with where `resume` says so.
        customer_id: Whose.
        user_id: Whose.
        resume: Whether to go on with a file.

    Raises:
        NotFoundError: Nothing is known of them.
        ConflictError: The file is there already, or is whole, or is of something else.
        InvalidInputError: An id is wrong, or the file cannot be written or is no export.
    """
    ids = Ids.checked(customer_id=customer_id, user_id=user_id)
    scope = "instance" if ids.empty else "customer" if ids.user_id is None else "user"
    scopes = await _scopes(core, instance, ids)
    signer = await signer_of(core)
    shared = (SHARED_CLIENT,) if ids.empty and instance.place.client_space == "client" else ()
    header = Header(
        scope=scope,
        instance_id=instance.id,
        tenancy=instance.place.tenancy.value,
        customer_id=ids.customer_id,
        user_id=ids.user_id,
        made_at=core.clock.now(),
        key=signer.key,
        left_out=(*LEFT_OUT, *shared),
    )
    with _open(path, resume=resume) as file:
        writing = await asyncio.to_thread(_resumed, file, header) if resume else Writing(file)
        if not resume:
            writing.put(header)
            revision = await core.store.accounts.configuration(instance.id) if ids.empty else None
            if revision is not None:
                writing.put(Configuration(source=revision.source))
        for one in scopes:
            if writing.after is None or _place(one) > writing.after:
                await _section(core, writing, one)
        sha256 = writing.digest.hexdigest()
        writing.put(End(owners=writing.owners, rows=writing.rows, sha256=sha256, signature=signer.sign(sha256)))
        await asyncio.to_thread(_settle, file)
    owner = None if ids.empty else decide_scope(instance.place, ids)
    await core.record(caller, "data.export", scope=owner, count=writing.rows, instance_id=instance.id)
    return ExportReport(
        path=str(path),
        scope=scope,
        owners=writing.owners,
        rows=dict(sorted(writing.counts.items())),
        sha256=sha256,
        key=signer.key,
    )


async def _scopes(core: Core, instance: Instance, ids: Ids) -> list[Scope]:
    if ids.empty:
        found = await core.store.scopes.of_instance(instance.id)
        found += [] if instance.place.client_space == "client" else [decide_scope(instance.place, Ids())]
    else:
        target = decide_scope(instance.place, ids)
        whole = ids.user_id is None
        known = await core.store.scopes.of_customer(target) if whole else [target]
        found = [one for one in known if whole or one == target]
    if not found:
        raise NotFoundError("nothing is known of this customer", field="customer_id")
    return sorted(set(found), key=_place)


def _place(scope: Scope) -> tuple[str, str]:
    """Return where a scope stands in an export: the instance as such, users without customers, customers with theirs."""
    return (scope.customer_id or "", scope.user_id or "")


async def _section(core: Core, writing: Writing, scope: Scope) -> None:
    rows = await core.store.transfers.read(scope)
    if any(rows.values()):
        await asyncio.to_thread(_write_section, writing, scope, rows)


def _write_section(writing: Writing, scope: Scope, rows: dict[str, list[dict[str, Any]]]) -> None:
    writing.owners += 1
    writing.put(Owner(owner=writing.owners, customer_id=scope.customer_id, user_id=scope.user_id))
    count = 0
    for record in outside(rows, first=writing.last + 1):
        writing.put(record)
        writing.counts[record["record"]] += 1
        count += 1
    writing.last += sum(len(rows[table.name]) for table in TABLES if table.numbered)
    writing.rows += count
    writing.put(OwnerEnd(owner=writing.owners, rows=count, last=writing.last))


def _open(path: Path, *, resume: bool) -> BinaryIO:
    try:
        return path.open("r+b" if resume else "xb")
    except FileExistsError as error:
        raise ConflictError(f"{path} is there already: name another file, or go on with it by --resume") from error
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror or error}", field="file") from error


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _resumed(file: BinaryIO, header: Header) -> Writing:
    """Return how far a file that was cut short is; what stands behind its last whole section is cut off."""
    writing = Writing(file)
    seen, offset, whole = hashlib.sha256(), 0, 0
    place = ("", "")
    for line in file:
        record = _record(line) if line.endswith(b"\n") else None
        if offset == 0:
            _check_header(record, header)
        if record is None:
            break
        if record["record"] == "end":
            raise ConflictError("the export is whole already: there is nothing to go on with")
        seen.update(line)
        offset += len(line)
        if record["record"] == "owner":
            place = (record.get("customer_id") or "", record.get("user_id") or "")
        elif record["record"] == "owner_end":
            writing.owners, writing.last, writing.after = record["owner"], record["last"], place
            writing.rows += record["rows"]
        if record["record"] in ("header", "configuration", "owner_end"):
            whole, writing.digest = offset, seen.copy()
    if not whole:
        raise InvalidInputError("the file is empty: begin anew, without --resume", field="file")
    file.seek(whole)
    file.truncate()
    return writing


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("record"), str) else None


def _check_header(record: dict[str, Any] | None, wanted: Header) -> None:
    if record is None or record.get("format") != FORMAT or record.get("version") != VERSION:
        raise InvalidInputError(
            f"the file is no {FORMAT} of version {VERSION}: it cannot be gone on with", field="file"
        )
    same = ("scope", "instance_id", "customer_id", "user_id", "key")
    if any(record.get(name) != getattr(wanted, name) for name in same):
        raise ConflictError("the file is an export of something else, or of another installation")
