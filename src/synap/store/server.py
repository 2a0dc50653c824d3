"""The embedded PostgreSQL: started by the first process that needs it, shared by the others, stopped by the last.

Layout of a data folder::

    DATA_DIR/            mode 0700 where we make it
    └── postgres/        mode 0700, owned by the server's account
        ├── 18/          the data of one major version
        ├── server.log   the server's messages; never statements or values
        ├── start.lock   held alone while somebody starts or stops the server
        └── users.lock   held shared by every process that uses the server

The server listens on a socket alone, in a folder of mode 0700 with a short path, and trusts whoever can reach it.
Killed clients leave a server behind, which the next start adopts; a killed server recovers at the next start.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs
import psycopg

from synap.errors import SetupError
from synap.store import cluster as clusters
from synap.store.binaries import find_binaries, reachable
from synap.store.cluster import Cluster
from synap.store.locks import FileLock, held_alone
from synap.store.privileges import Account, blocking_ancestor, can_enter, server_account

DATABASE = "synap"

SYSTEM_DATA_DIR = Path("/var/lib/synap")
"""Where root keeps the data."""

_LOCK_SECONDS = 700.0
_ADOPT_SECONDS = 600.0
_SOCKET_PATH_BYTES = 107
_SOCKET_NAME = f"/.s.PGSQL.{clusters.PORT}.lock"


class Role(StrEnum):
    """Who logs in to the embedded server."""

    OWNER = clusters.OWNER
    """Owns the schema; for migrations and maintenance."""
    APP = "synap_app"
    """Serves requests, behind row-level security."""
    WORKER = "synap_worker"
    """Works through the queue, behind row-level security."""


class EmbeddedServer:
    """One process's use of an embedded server; ends with `stop`, or with the process."""

    def __init__(self, cluster: Cluster, *, settings: Mapping[str, str], stay: bool) -> None:
        self._cluster = cluster
        self._settings = settings
        self._stay = stay
        self._use: FileLock | None = None
        self._process = os.getpid()
        self._sockets = cluster.sockets

    @classmethod
    def start(
        cls, data_dir: Path | None = None, *, stay: bool = False, settings: Mapping[str, str] | None = None
    ) -> Self:
        """Return a server that accepts connections, starting it if nobody has; blocks until then.

        Args:
            data_dir: Where the data lies; by default the user's data folder, for root `SYSTEM_DATA_DIR`.
            stay: Leave the server running when this process is the last to stop using it.
            settings: PostgreSQL settings beyond the configured ones, if this call is the one that starts the server.

        Raises:
            SetupError: The server cannot run; the message says why and what to do.
        """
        folder = (data_dir or default_data_dir()).expanduser().absolute()
        server = cls(prepare(folder), settings=dict(settings or {}), stay=stay)
        server.ensure_running()
        return server

    @property
    def cluster(self) -> Cluster:
        """The data folder of the server's version, with its programs."""
        return self._cluster

    @property
    def data_dir(self) -> Path:
        """The folder that was given to `start`."""
        return self._home.parent

    @property
    def log(self) -> Path:
        """The file with the server's messages."""
        return self._cluster.log

    @property
    def pid(self) -> int | None:
        """The number of the server's process, or None if it does not run."""
        found = clusters.running(self._cluster)
        return None if found is None else found.pid

    def dsn(self, role: Role = Role.APP, *, database: str = DATABASE) -> str:
        """Return the connection string of `role`."""
        return clusters.conninfo(self._sockets, user=role.value, database=database)

    def ensure_running(self) -> None:
        """Start the server again if it died (adopting it if somebody else did), and register this process as its user.

        Raises:
            SetupError: The server cannot run.
        """
        with held_alone(self._home / "start.lock", timeout=_LOCK_SECONDS):
            if not self._cluster.exists:
                clusters.create(self._cluster)
            self._adopt_or_start()
            self._create_database()
            if self._use is None:
                self._use = FileLock(self._home / "users.lock")
                self._use.acquire(shared=True, timeout=_LOCK_SECONDS)
                atexit.register(self.stop)

    def stop(self) -> None:
        """End this process's use; the last one out stops the server, unless it was told to stay. Safe to repeat."""
        if self._use is None or self._process != os.getpid():
            # A forked child shares its parent's lock and must not give it away.
            return
        atexit.unregister(self.stop)
        with held_alone(self._home / "start.lock", timeout=_LOCK_SECONDS):
            self._use.release()
            self._use = None
            if self._stay:
                return
            last = FileLock(self._home / "users.lock")
            if last.acquire(shared=False, timeout=0):
                try:
                    clusters.stop(self._cluster)
                finally:
                    last.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _home(self) -> Path:
        return self._cluster.data.parent

    def _adopt_or_start(self) -> None:
        found = clusters.running(self._cluster)
        if found is not None and not (found.sockets / f".s.PGSQL.{clusters.PORT}").exists():
            # Somebody cleared the runtime folder: nobody can connect any more, so nothing is lost by starting anew.
            clusters.stop(self._cluster)
            found = None
        if found is None or not clusters.wait_until_ready(self._cluster, timeout=_ADOPT_SECONDS):
            _make_socket_folder(self._cluster.sockets, self._cluster.account)
            clusters.start(self._cluster, settings=self._settings)
            found = clusters.running(self._cluster)
        self._sockets = self._cluster.sockets if found is None else found.sockets

    def _create_database(self) -> None:
        try:
            with psycopg.connect(self.dsn(Role.OWNER, database="postgres"), autocommit=True) as connection:
                known = connection.execute("select from pg_database where datname = %s", [DATABASE]).fetchone()
                if known is None:
                    connection.execute("create database synap")
        except psycopg.OperationalError as error:
            raise SetupError(f"the server was started, and went away or has no room: {str(error).strip()}") from error


def default_data_dir() -> Path:
    """Return where the data lies when nobody says: root's system folder, or the user's own data folder."""
    return SYSTEM_DATA_DIR if os.geteuid() == 0 else Path(platformdirs.user_data_dir("synap", appauthor=False))


def prepare(data_dir: Path) -> Cluster:
    """Return the cluster of a data folder, with its folders made; nothing is started."""
    home = data_dir / "postgres"
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        for folder in (data_dir, home):
            folder.mkdir(mode=0o700, exist_ok=True)
        # Owners are looked at and changed under the lock: they belong to somebody else while a cluster is created.
        with held_alone(home / "start.lock", timeout=_LOCK_SECONDS):
            return _prepare_alone(data_dir, home)
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise SetupError(
            f"{data_dir} cannot be the data folder: {error.strerror}: {error.filename}; choose another with SYNAP_DATA_DIR",
            field="SYNAP_DATA_DIR",
        ) from error
    except PermissionError as error:
        raise SetupError(
            f"{error.filename} is not accessible to this user (uid {os.geteuid()}); the data in {data_dir} belongs to "
            "another one: run as that user, or choose another folder with SYNAP_DATA_DIR"
        ) from error


def _prepare_alone(data_dir: Path, home: Path) -> Cluster:
    major = _check_version(home, find_binaries().major)
    account = server_account(home / str(major))
    _hand_over(data_dir, home, account)
    return Cluster(
        data=home / str(major),
        log=home / "server.log",
        sockets=_socket_folder(home),
        binaries=reachable(find_binaries(), account),
        account=account,
    )


def _hand_over(data_dir: Path, home: Path, account: Account) -> None:
    """Make sure that the server's account can use its folders, changing the owner of those that are ours alone.

    Raises:
        SetupError: A folder on the way keeps the account out.
    """
    blocked = blocking_ancestor(data_dir, account)
    if blocked is None and not can_enter(data_dir, account):
        if [path for path in data_dir.iterdir() if path != home]:
            blocked = data_dir
        else:
            account.give(data_dir)
    if blocked is not None:
        raise SetupError(
            f"the server runs as uid {account.uid}, which cannot pass {blocked}, and we change no folder's mode: "
            f"choose another data folder (such as {SYSTEM_DATA_DIR}), or run: chmod o+x {blocked}"
        )
    if home.is_symlink() or home.stat().st_mode & 0o077:
        raise SetupError(f"{home} must be a folder closed to others; run: chmod 700 {home}")
    account.give(home)


def _make_socket_folder(folder: Path, account: Account) -> None:
    """Make `folder` with mode 0700 for `account`; one that is there already must be exactly that.

    Raises:
        SetupError: Somebody else made it, or opened it to others: whoever reaches the socket is trusted.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid in (account.uid, os.geteuid())
        if not ours or found.st_mode & 0o077:
            raise SetupError(f"{folder} must be a folder of uid {account.uid} with mode 0700; remove it") from None
    account.give(folder)


def _check_version(home: Path, major: int) -> int:
    """Return `major` after checking that `home` does not hold data of other versions alone."""
    others = sorted(path.name for path in home.iterdir() if path.name.isdigit() and path.name != str(major))
    if others and not (home / str(major)).exists():
        raise SetupError(
            f"{home} holds data of PostgreSQL {', '.join(others)}, but PostgreSQL {major} is installed: install the "
            "older one, dump the data with pg_dump and restore it under the newer one"
        )
    return major


def _socket_folder(home: Path) -> Path:
    """Return the folder for the socket of `home`: the same for every process, and short.

    A socket's path may have at most 107 bytes, which a data folder's path easily exceeds.
    """
    name = f"synap-{hashlib.blake2b(os.fsencode(home.resolve()), digest_size=6).hexdigest()}"
    for parent in _runtime_folders():
        folder = parent / name
        if len(os.fsencode(str(folder) + _SOCKET_NAME)) <= _SOCKET_PATH_BYTES:
            return folder
    raise SetupError("no folder with a path short enough for a socket was found; set TMPDIR=/tmp")


def _runtime_folders() -> list[Path]:
    if os.geteuid() == 0:
        found = [Path("/run")]
    else:
        own = os.environ.get("XDG_RUNTIME_DIR")
        found = [Path(own)] if own else []
    candidates = [*found, Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 - the folder is made 0700 and checked
    return [folder for folder in candidates if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)]
