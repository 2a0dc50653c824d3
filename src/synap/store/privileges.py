"""Under which system account the embedded server runs, and what that account can reach.

PostgreSQL refuses to run as root. As an ordinary user the server simply runs as that user. As root it runs under a
number of its own, `SERVER_UID`, which needs no entry in the password file and is shared with no other service (as
`nobody` would be); an account named `synap` is taken instead where the administrator made one. No folder's mode is ever
widened for it: what it cannot reach is copied, or refused with a message.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from synap.errors import SetupError

SERVER_UID = 61043
"""Uid and gid of the server when root starts it: in the range that neither distributions nor systemd hand out."""

ACCOUNT_NAME = "synap"

_TRAVERSE = {"owner": stat.S_IXUSR, "group": stat.S_IXGRP, "other": stat.S_IXOTH}
_STAND_INS = ("daemon", "bin", "sys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user and group of the operating system, by number."""

    uid: int
    gid: int

    def run(
        self, command: Sequence[str], *, timeout: float, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` as this account and return what it printed; it sees `env` and nothing else."""
        drop = os.geteuid() == 0 and self.uid != 0
        return subprocess.run(  # noqa: S603 - the command is built from our own paths, without a shell
            command,
            cwd="/",
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            user=self.uid if drop else None,
            group=self.gid if drop else None,
            extra_groups=[] if drop else None,
        )

    def give(self, path: Path, *, recursive: bool = False) -> None:
        """Make this account the owner of `path`, where we are root; modes stay as they are."""
        if os.geteuid() != 0:
            return
        os.chown(path, self.uid, self.gid, follow_symlinks=False)
        if recursive:
            for folder, folders, files in os.walk(path):
                for name in (*folders, *files):
                    os.chown(Path(folder, name), self.uid, self.gid, follow_symlinks=False)


def server_account(existing: Path | None = None) -> Account:
    """Return the account that the server runs under.

    Args:
        existing: A folder of the server from an earlier start; as root, its owner goes on owning it.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    if existing is not None and existing.exists() and (owner := existing.stat()).st_uid != 0:
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        return Account(uid=SERVER_UID, gid=SERVER_UID)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def named_account(account: Account) -> Account:
    """Return `account` if the password file knows it, else one that it knows, to run `initdb` under.

    `initdb` looks its own user up by number and gives up on an unknown one; the server itself does not.

    Raises:
        SetupError: The password file holds nobody suitable.
    """
    try:
        pwd.getpwuid(account.uid)
    except KeyError:
        pass
    else:
        return account
    if os.geteuid() != 0:
        raise SetupError(
            f"the user id {account.uid} has no entry in /etc/passwd, which PostgreSQL needs to create a database; "
            "add one, or set SYNAP_DATABASE_URL to a server of your own"
        )
    for name in _STAND_INS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=account.gid)
    raise SetupError(f"create a system account named {ACCOUNT_NAME!r} (useradd --system {ACCOUNT_NAME}) for the server")


def blocking_ancestor(path: Path, account: Account) -> Path | None:
    """Return the first folder on the way to `path`, from the root down, that `account` cannot pass, or None."""
    for folder in reversed(path.absolute().parents):
        if not folder.exists():
            return None
        if not can_enter(folder, account):
            return folder
    return None


def can_enter(folder: Path, account: Account) -> bool:
    """Return whether the mode of `folder` lets `account` pass through it."""
    if account.uid == 0:
        return True
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & _TRAVERSE["owner"])
    if found.st_gid == account.gid:
        return bool(found.st_mode & _TRAVERSE["group"])
    return bool(found.st_mode & _TRAVERSE["other"])
