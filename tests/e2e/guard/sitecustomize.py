"""Keeps every Python process of a test run on this machine: names of other hosts are not resolved, their addresses not called.

Python loads it at its start where its folder is on `PYTHONPATH`, so programs and servers that a test starts are kept
as well as the test itself. What was refused is written to the file that `GUARD_LOG` names.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any, NoReturn

LOOPBACK_NAMES = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - a name, nothing listens

_resolve = socket.getaddrinfo
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


def refuse(host: str) -> NoReturn:
    """Write down the host and fail as a machine without a network does."""
    if log := os.environ.get("GUARD_LOG"):
        with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123 - as few imports as possible at every start
            file.write(f"{host}\n")
    raise socket.gaierror(socket.EAI_NONAME, f"the tests' guard: {host!r} is not this machine")


def resolve(host: Any, *arguments: Any, **named: Any) -> Any:
    """Resolve names of this machine, and no other."""
    name = host.decode() if isinstance(host, bytes) else (host or "")
    if name not in LOOPBACK_NAMES:
        refuse(name)
    return _resolve(host, *arguments, **named)


def _check(address: Any) -> None:
    if isinstance(address, tuple):
        host = str(address[0])
        try:
            local = ipaddress.ip_address(host).is_loopback
        except ValueError:
            local = host in LOOPBACK_NAMES
        if not local:
            refuse(host)


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _check(address)
    return _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _check(address)
    return _connect_ex(self, address)


socket.getaddrinfo = resolve
socket.socket.connect = _guarded_connect  # type: ignore[assignment,method-assign]  # a subclass is not met everywhere
socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[assignment,method-assign]  # a subclass is not met everywhere
