"""Backups of an embedded store: taken while it is written to, checked file by file, put back into an empty folder.

A backup is a folder: `data`, which PostgreSQL's own `pg_basebackup` makes with the log that it takes to be consistent, and
`backup.json`, which says what it is and vouches for `data`. It is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg.conninfo import conninfo_to_dict

from synap.errors import ConflictError, InvalidInputError, SetupError
from synap.store.cluster import running
from synap.store.locks import held_alone
from synap.store.migrate import SCHEMA_VERSION, schema_version
from synap.store.server import EmbeddedServer, Role, prepare

FORMAT, VERSION = "synap-backup", 1
ABOUT, DATA, MANIFEST = "backup.json", "data", "backup_manifest"

_SECONDS = 24 * 3600
_LOCK_SECONDS = 60.0
_LOG = "pg_wal"


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What `backup.json` says.

    Attributes:
        format, version: What it is.
        made_at: When it was ended.
        postgres: Major version of PostgreSQL, which it can be restored under.
        schema: Of the store.
        bytes: Size of all files.
        manifest: SHA-256 of PostgreSQL's own list of files and checksums, hex.
        log: SHA-256 of each segment of the log, by name, which that list does not hold.
    """

    format: str = FORMAT
    version: int = VERSION
    made_at: datetime
    postgres: int
    schema: int
    bytes: int
    manifest: str
    log: dict[str, str]


def back_up(server: EmbeddedServer, target: Path, *, now: datetime) -> Backup:
    """Write a backup of a running embedded store to a new folder; blocks. Readers and writers are not held up.

    Raises:
        ConflictError: The folder is there already and holds something.
        SetupError: PostgreSQL could not make it; nothing is left of it.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConflictError(f"{target} is there already: name a new folder", field="folder")
    staging = target.with_name(f".{target.name}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(mode=0o700, parents=True)
        _copy(server, staging / DATA)
        about = _about(staging / DATA, server, now)
        (staging / ABOUT).write_bytes(msgspec.json.format(msgspec.json.encode(about)))
        if target.exists():
            target.rmdir()
        staging.rename(target)
    except OSError as error:
        raise SetupError(f"the backup cannot be written to {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return about


def check_backup(source: Path) -> Backup:
    """Read every byte of a backup, and return what it is.

    Raises:
        InvalidInputError: It is none, of another version, cut short, or damaged; the message names the file.
    """
    try:
        raw = json.loads((source / ABOUT).read_bytes())
        about = msgspec.convert(raw, Backup) if raw.get("version") == VERSION else None
        listed = (source / DATA / MANIFEST).read_bytes()
    except (OSError, ValueError, AttributeError, msgspec.ValidationError) as error:
        raise _wrong(source, "is no whole backup: `synap backup` makes a folder with backup.json and data") from error
    if about is None or about.format != FORMAT:
        told = raw.get("version")
        raise _wrong(
            source, f"is of version {told!r}, and this release reads {VERSION}: restore it with the one that made it"
        )
    if hashlib.sha256(listed).hexdigest() != about.manifest:
        raise _wrong(source, "was changed: its list of files is another one")
    for name, size, digest in _listed(json.loads(listed)):
        _check_file(source, source / DATA / name, size=size, digest=digest)
    for name, digest in about.log.items():
        _check_file(source, source / DATA / _LOG / name, size=None, digest=digest)
    return about


def restore(source: Path, data_dir: Path) -> Backup:
    """Put a backup into a data folder that holds no store, checked first; the next start brings it to a consistent state.

    Raises:
        InvalidInputError: It is no whole and undamaged backup.
        ConflictError: The folder holds a store.
        SetupError: The backup needs another PostgreSQL, or a newer release.
    """
    about = check_backup(source)
    cluster = prepare(data_dir.expanduser().absolute())
    home = cluster.data.parent
    if about.postgres != cluster.binaries.major:
        raise SetupError(
            f"the backup is of PostgreSQL {about.postgres}, and {cluster.binaries.major} is installed: install that one"
        )
    if about.schema > SCHEMA_VERSION:
        raise SetupError(
            f"the backup has schema {about.schema}, newer than the {SCHEMA_VERSION} of this release: upgrade synap-memory"
        )
    with held_alone(home / "start.lock", timeout=_LOCK_SECONDS):
        if cluster.exists or running(cluster) is not None:
            raise ConflictError(
                f"{data_dir} holds a store already: restore into another folder, or move {home} away", field="data_dir"
            )
        staging = cluster.data.with_suffix(".restoring")
        shutil.rmtree(staging, ignore_errors=True)
        try:
            shutil.copytree(source / DATA, staging, symlinks=True)
            staging.chmod(0o700)
            cluster.account.give(staging, recursive=True)
            staging.rename(cluster.data)
        except OSError as error:
            raise SetupError(f"the backup cannot be restored to {data_dir}: {error.strerror or error}") from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return about


def _copy(server: EmbeddedServer, target: Path) -> None:
    where = conninfo_to_dict(server.dsn(Role.OWNER))
    command = [server.cluster.binaries.program("pg_basebackup"), "-D", str(target)]
    command += ["-h", str(where["host"]), "-p", str(where["port"]), "-U", str(where["user"]), "-w"]
    command += ["-X", "stream", "-c", "fast", "--manifest-checksums=SHA256"]
    try:
        answer = subprocess.run(  # noqa: S603 - a program of the installation, without a shell
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"pg_basebackup did not end within {_SECONDS} s") from error
    if answer.returncode != 0:
        said = " / ".join(answer.stderr.strip().splitlines()[-3:])
        raise SetupError(f"PostgreSQL could not make the backup: {said}")


def _about(data: Path, server: EmbeddedServer, now: datetime) -> Backup:
    files = [path for path in data.rglob("*") if path.is_file()]
    return Backup(
        made_at=now,
        postgres=server.cluster.binaries.major,
        schema=schema_version(server.dsn(Role.OWNER)),
        bytes=sum(path.stat().st_size for path in files),
        manifest=_digest(data / MANIFEST),
        log={path.name: _digest(path) for path in sorted((data / _LOG).iterdir()) if path.is_file()},
    )


def _listed(manifest: Any) -> Iterator[tuple[str, int, str]]:
    for one in manifest["Files"]:
        name = one["Path"] if "Path" in one else bytes.fromhex(one["Encoded-Path"]).decode("utf-8", "surrogateescape")
        yield name, one["Size"], one["Checksum"]


def _check_file(source: Path, path: Path, *, size: int | None, digest: str) -> None:
    if not path.is_file() or (size is not None and path.stat().st_size != size):
        raise _wrong(source, f"is cut short: {path.relative_to(source)} is missing, or not as long as it was")
    if _digest(path) != digest:
        raise _wrong(source, f"is damaged: {path.relative_to(source)} was changed")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _wrong(source: Path, problem: str) -> InvalidInputError:
    return InvalidInputError(f"{source} {problem}", field="folder")
