"""File locks between processes: who may start or stop the embedded server, and who is using it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synap.errors import SetupError

_POLL_SECONDS = 0.02


class FileLock:
    """A lock on a file (`flock`), held by one open file description and freed by the kernel when its process dies.

    Two locks on one path exclude each other inside one process as well. The file itself stays when the lock is freed:
    removing it would let two processes hold locks on two files of the same name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, *, shared: bool, timeout: float) -> bool:
        """Take the lock, shared with other sharers or alone; return whether it came within `timeout` seconds."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + timeout
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        while True:
            try:
                fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return False
                time.sleep(_POLL_SECONDS)
            else:
                self._descriptor = descriptor
                return True

    def release(self) -> None:
        """Free the lock; without effect where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def held_alone(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold the lock on `path` exclusively.

    Raises:
        SetupError: Somebody else held it for longer than `timeout` seconds.
    """
    lock = FileLock(path)
    if not lock.acquire(shared=False, timeout=timeout):
        raise SetupError(
            f"another process has been starting or stopping the embedded server for over {timeout:.0f} s "
            f"(lock {path}); wait for it or end it"
        )
    try:
        yield
    finally:
        lock.release()
