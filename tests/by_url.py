"""A PostgreSQL reached as one's own is: by URL, over TCP, each role with a password checked by SCRAM.

It is the embedded store's server, told to listen on a loopback address of this run's own as well.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from synap.store.cluster import PORT
from synap.store.server import DATABASE, EmbeddedServer, Role

BY_URL = os.environ.get("SYNAP_TEST_STORE", "embedded") == "url"
"""Whether this run is over a server given by URL (`make test-server`)."""

_HBA = "local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n"


class AnyServer(Protocol):
    """Where roles log in."""

    def dsn(self, role: Role = Role.APP, *, database: str = DATABASE) -> str:
        """Return where `role` logs in to a database."""
        ...


class UrlServer:
    """A server of whose roles only addresses and passwords are known."""

    def __init__(self, folder: Path, address: str, passwords: dict[Role, str]) -> None:
        self._folder = folder
        self._address = address
        self._passwords = passwords

    def dsn(self, role: Role = Role.APP, *, database: str = DATABASE) -> str:
        """Return the URL with which `role` logs in to a database."""
        return f"postgresql://{role.value}:{self._passwords[role]}@{self._address}:{PORT}/{database}"

    def start_again(self) -> None:
        """Start it after it was stopped or killed, as whoever runs it would."""
        EmbeddedServer.start(self._folder, stay=True, settings={"listen_addresses": self._address}).stop()


@contextmanager
def url_server(folder: Path) -> Iterator[UrlServer]:
    """Run a server in `folder` that takes logins by password alone."""
    address = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}.{2 + secrets.randbelow(253)}"
    passwords = {role: secrets.token_urlsafe(16) for role in Role}
    with EmbeddedServer.start(folder, settings={"listen_addresses": address}) as server:
        with psycopg.connect(server.dsn(Role.OWNER), autocommit=True) as connection:
            for role in Role:
                known = connection.execute("select from pg_roles where rolname = %s", (role.value,)).fetchone()
                verb = sql.SQL("alter role" if known is not None else "create role")
                login = sql.SQL("{} {} login password {}").format(verb, sql.Identifier(role.value), passwords[role])
                connection.execute(login)
            row = connection.execute("show hba_file").fetchone()
            assert row is not None
            Path(row[0]).write_text(_HBA)
            connection.execute("select pg_reload_conf()")
        made = UrlServer(folder, address, passwords)
        _check_passwords_count(made)
        yield made


def _check_passwords_count(server: UrlServer) -> None:
    """Fail unless a wrong password is refused: a server that trusts everybody would prove nothing."""
    try:
        psycopg.connect(server.dsn(Role.OWNER), password="wrong").close()  # noqa: S106 - meant to be refused
    except psycopg.OperationalError:
        return
    raise AssertionError("the server takes any password")
