"""One PostgreSQL data folder on this machine: created, started, looked at and stopped with PostgreSQL's own programs.

Nothing here locks; `synap.store.server` decides who may call what when. A process is never looked for by name: the
number that PostgreSQL wrote into the data folder is the only way to it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from synap.errors import SetupError
from synap.store.binaries import Binaries, reachable
from synap.store.privileges import Account, named_account

OWNER = "synap"
"""The superuser that `initdb` makes; owns the schema and runs the migrations."""

PORT = 5432
"""Names the socket file; no TCP port is opened."""

_START_SECONDS = 600
_RETRY_SECONDS = 30.0
_STOP_SECONDS = 120
_LOG_BYTES = 10 * 1024 * 1024
_GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_BUILTIN_LOCALE_SINCE = 17
_IO_METHOD_SINCE = 18

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "effective_cache_size": "1GB",
    "jit": "off",
    "wal_compression": "on",
    "min_wal_size": "64MB",
    "max_wal_size": "1GB",
    "autovacuum_naptime": "20s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Statements and their values are content: an error is logged with its message alone.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
"""Written into the configuration of a new data folder; an operator may change them there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A data folder, the programs and the account that run it.

    Attributes:
        data: The data folder (`PGDATA`), of one major version.
        log: File that the server writes its messages to.
        sockets: Folder of the socket; its path must be short, see `synap.store.server`.
    """

    data: Path
    log: Path
    sockets: Path
    binaries: Binaries
    account: Account

    @property
    def exists(self) -> bool:
        """Whether the data folder was created."""
        return (self.data / "PG_VERSION").exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    """The server that runs on a data folder: its process, and the folder of its socket."""

    pid: int
    sockets: Path


def create(cluster: Cluster) -> None:
    """Create the data folder, whole or not at all.

    Raises:
        SetupError: `initdb` failed; the message carries its last words.
    """
    staging = cluster.data.with_suffix(".new")
    shutil.rmtree(staging, ignore_errors=True)
    maker = named_account(cluster.account)
    folders = (cluster.data.parent.parent, cluster.data.parent)
    lent = (
        [folder for folder in folders if folder.stat().st_uid == cluster.account.uid]
        if maker != cluster.account
        else []
    )
    try:
        for folder in lent:
            maker.give(folder)
        _initdb(cluster, maker, staging)
    finally:
        for folder in lent:
            cluster.account.give(folder)
    cluster.account.give(staging, recursive=True)
    staging.rename(cluster.data)


def start(cluster: Cluster, *, settings: Mapping[str, str]) -> None:
    """Start the server and wait until it answers, also through the recovery after a crash.

    A start right after a `kill -9` can fail while the last children of the killed server still hold its memory; it is
    repeated for some seconds.

    Raises:
        SetupError: It did not start; the message carries the end of its log.
    """
    _rotate(cluster.log)
    options = {"unix_socket_directories": str(cluster.sockets), **settings}
    arguments = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
    command = [cluster.binaries.program("pg_ctl"), "start", "-w", "-t", str(_START_SECONDS), "-D", str(cluster.data)]
    command += ["-l", str(cluster.log), "-o", f"-p {PORT} {arguments}"]
    deadline = time.monotonic() + _RETRY_SECONDS
    while True:
        _remove_stale_files(cluster)
        answer = _run(cluster.account, command, timeout=_START_SECONDS + 30)
        if answer.returncode == 0:
            return
        if time.monotonic() >= deadline:
            raise SetupError(
                f"PostgreSQL did not start on {cluster.data}: {_last_lines(answer)}\n"
                f"The end of its log ({cluster.log}): {_tail(cluster.log)}"
            )
        time.sleep(0.25)


def stop(cluster: Cluster) -> None:
    """Stop the server, rolling back what is open; without effect where none runs.

    Raises:
        SetupError: It did not stop in time.
    """
    if running(cluster) is None:
        return
    command = [cluster.binaries.program("pg_ctl"), "stop", "-w", "-m", "fast", "-t", str(_STOP_SECONDS)]
    answer = _run(cluster.account, [*command, "-D", str(cluster.data)], timeout=_STOP_SECONDS + 30)
    if answer.returncode != 0 and running(cluster) is not None:
        raise SetupError(f"PostgreSQL did not stop on {cluster.data}: {_last_lines(answer)}")
    with suppress(OSError):
        cluster.sockets.rmdir()


def running(cluster: Cluster) -> Postmaster | None:
    """Return the server that runs on the data folder, or None; it may still be starting up."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].lstrip("-").isdigit():
        return None
    pid = abs(int(lines[0]))
    if not _is_postmaster(pid, cluster.data):
        return None
    # Line 5 is the socket's folder, written once the socket is there (src/include/utils/pidfile.h).
    sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else cluster.sockets  # noqa: PLR2004 - see above
    return Postmaster(pid=pid, sockets=sockets)


def wait_until_ready(cluster: Cluster, *, timeout: float) -> bool:
    """Return whether the running server accepts a connection within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while (found := running(cluster)) is not None:
        try:
            psycopg.connect(conninfo(found.sockets, user=OWNER, database="postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True
    return False


def conninfo(sockets: Path, *, user: str, database: str) -> str:
    """Return the connection string for a server behind the socket in `sockets`."""
    return make_conninfo(host=str(sockets), port=PORT, user=user, dbname=database)


def _initdb(cluster: Cluster, maker: Account, target: Path) -> None:
    major = cluster.binaries.major
    locale = ["--locale=C"]
    if major >= _BUILTIN_LOCALE_SINCE:
        # The built-in provider keeps indexes valid when the folder moves to a machine with another C library.
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    settings = {**_SETTINGS, "shared_buffers": f"{_buffers()}MB"}
    if major >= _IO_METHOD_SINCE:
        settings["io_method"] = "sync"
    command = [reachable(cluster.binaries, maker).program("initdb"), "-D", str(target), "-U", OWNER]
    command += ["--auth=trust", "-E", "UTF8", *locale, "--no-instructions"]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    answer = _run(maker, command, timeout=_START_SECONDS)
    if answer.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        raise SetupError(f"PostgreSQL could not create {cluster.data}: {_last_lines(answer)}")


def _buffers() -> int:
    """Return how many MB of pages the server may keep: a thirty-second of the memory, 128 to 512.

    They are taken from the machine only as they are filled. A page found there is much cheaper than one asked from the
    system, and a fetch reads hundreds.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # no control group, or one without a limit ("max")
        memory = min(memory, int(_GROUP_LIMIT.read_text()))
    return max(128, min(512, memory // (32 * 1024 * 1024)))


def _run(account: Account, command: list[str], *, timeout: float) -> subprocess.CompletedProcess[str]:
    # A clean environment: PGDATA, PGOPTIONS or a foreign locale of the caller must not reach the server.
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    try:
        return account.run(command, timeout=timeout, env=env)
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{Path(command[0]).name} did not answer within {timeout:.0f} s") from error
    except OSError as error:
        raise SetupError(f"{command[0]} could not be run as uid {account.uid}: {error}") from error


def _is_postmaster(pid: int, data: Path) -> bool:
    """Return whether process `pid` lives and is the server of `data`, not a process that got its number later."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        # A process of another account is not the server: that runs under the account that owns the data.
        return False
    if not Path("/proc/self").exists():
        return True
    try:
        # A server works in its data folder; a dead one that nobody has waited for has no folder at all.
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        return True


def _remove_stale_files(cluster: Cluster) -> None:
    # PostgreSQL removes the file itself unless the number lives on in another process or in a dead child that nobody
    # waits for, as happens in containers; likewise the socket's lock. Its check of the shared memory still guards the data.
    if running(cluster) is None:
        socket = cluster.sockets / f".s.PGSQL.{PORT}"
        for stale in (cluster.data / "postmaster.pid", socket, socket.with_name(f"{socket.name}.lock")):
            stale.unlink(missing_ok=True)


def _rotate(log: Path) -> None:
    try:
        if log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
    except FileNotFoundError:
        return


def _last_lines(answer: subprocess.CompletedProcess[str]) -> str:
    said = [line for line in (answer.stderr + "\n" + answer.stdout).splitlines() if line.strip()]
    return " / ".join(said[-3:]) or f"exit code {answer.returncode}"


def _tail(log: Path) -> str:
    try:
        return " / ".join(log.read_text(errors="replace").splitlines()[-5:])
    except OSError:
        return "no log was written"
