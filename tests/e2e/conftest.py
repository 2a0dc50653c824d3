"""Real processes: `synap serve` and `synap worker` on a data folder of their own, and the command line beside them."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import httpx
import psutil
import psycopg
import pytest
from psycopg import sql
from tests.by_url import BY_URL

from synap.cli.main import main
from synap.store.server import EmbeddedServer, Role

# Run in environments of their own, without our engine and with packages that this one does not hold (see the Makefile).
collect_ignore = ["guard", "integrations", "official"]

START_SECONDS = 180.0
_URL = re.compile(r"listening on (https?://\S+)")
_STREAM = re.compile(r"grpc on (\S+)")
_COMMAND = [sys.executable, "-c", "from synap.cli.entry import main; main()"]


def surroundings(**more: str) -> dict[str, str]:
    """Return an environment without settings of ours but these, and with an embedder that needs no files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNAP_")}
    return {**kept, "SYNAP_EMBEDDER": "hashing", "COLUMNS": "200", **more}


class Program:
    """A running `synap` command, its output gathered."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [*_COMMAND, *arguments],
            env=surroundings(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: dict[str, list[str]] = {"out": [], "err": []}
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in (("out", self.process.stdout), ("err", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, stream: Any) -> None:
        with stream:
            self._lines[name].extend(stream)

    @property
    def out(self) -> str:
        return "".join(self._lines["out"])

    @property
    def err(self) -> str:
        return "".join(self._lines["err"])

    def expect(self, text: str) -> None:
        """Wait until `text` stands in the output."""
        eventually(lambda: text in self.out or self.process.poll() is not None)
        assert text in self.out, self.err

    def wait(self, timeout: float = START_SECONDS) -> int:
        """Wait for the end; returns the exit code, negative for a signal."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(5)
        return code

    def stop(self) -> int:
        """Ask it to end."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it without asking, children and all that it started left behind."""
        self.process.kill()
        self.wait()


def eventually(true: Callable[[], object], *, seconds: float = START_SECONDS) -> None:
    """Wait until something holds, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def _ended(arguments: list[str], environment: dict[str, str]) -> Ended:
    """Run a command in a process of its own."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*_COMMAND, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def _ended_here(arguments: list[str], environment: dict[str, str]) -> Ended:
    """Run a command in this process, by the same entry; what it does to the loggers is undone."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        with (
            mock.patch.object(sys, "argv", ["synap", *arguments]),
            mock.patch.dict(os.environ, environment, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main()
    finally:
        root.handlers[:], root.level = handlers, level
    said, complained = (stream.buffer.getvalue().decode() for stream in (out, err))
    return Ended(int(end.value.code or 0), said, complained)


class Home:
    """A data folder, and the programs that run on it."""

    def __init__(self, folder: Path, *, database: Callable[[Role], str] | None = None) -> None:
        self.folder = folder
        self.database = database
        self.data = folder / "data"
        self.key_file = folder / "keys.json"
        self.programs: list[Program] = []
        self.clients: list[httpx.Client] = []

    def start(self, *arguments: str, **environment: str) -> Program:
        """Start a `synap` command on this folder."""
        where = ("--data-dir", str(self.data)) if self.database is None else ()
        program = Program(*arguments, *where, **self._urls, **environment)
        self.programs.append(program)
        return program

    def serve(self, *arguments: str, **environment: str) -> tuple[Program, httpx.Client]:
        """Start a server on a free port; return it, ready, and a client with the API key."""
        ports = ("--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
        program = self.start("serve", *ports, "--key-file", str(self.key_file), *arguments, **environment)
        program.expect("listening on")
        program.expect("ready")
        return program, self.client(program)

    def client(self, program: Program) -> httpx.Client:
        """Return a client of a server."""
        found = _URL.search(program.out)
        assert found
        headers = {"Authorization": f"Bearer {self.keys['api_key']}"}
        client = httpx.Client(base_url=found[1], headers=headers, timeout=30, trust_env=False)
        self.clients.append(client)
        return client

    def stream_of(self, program: Program) -> str:
        """Return where a server takes streams: address and port."""
        found = _STREAM.search(program.out)
        assert found
        return found[1]

    @property
    def keys(self) -> dict[str, str]:
        """What the first start wrote."""
        read: dict[str, str] = json.loads(self.key_file.read_text())
        return read

    def run(self, *arguments: str, code: int = 0, url: str | None = None, apart: bool = False) -> Any:
        """Run a command with `--json` to its end, on this folder or against the server at `url`; return what it printed, read.

        It is run in this process, as to start one takes seconds, or `apart`, in one of its own.
        """
        environment = self._urls or {"SYNAP_DATA_DIR": str(self.data)}
        if url is not None:
            environment = {"SYNAP_BASE_URL": url, "SYNAP_MANAGEMENT_KEY": self.keys["management_key"]}
        done = (_ended if apart else _ended_here)([*arguments, "--json"], surroundings(**environment))
        assert done.code == code, (done.out, done.err)
        said = done.out if code == 0 or done.out.strip() else done.err.strip().splitlines()[-1]
        return json.loads(said) if said.strip() else None

    def postgres(self) -> list[psutil.Process]:
        """Return the processes of this folder's database server."""
        pid = self.database_pid()
        if pid is None:
            return []
        server = psutil.Process(pid)
        return [server, *server.children(recursive=True)]

    def database_pid(self) -> int | None:
        files = list(self.data.glob("postgres/*/postmaster.pid"))
        return int(files[0].read_text().split()[0]) if files else None

    def rows(self, query: str) -> list[Any]:
        """Return what the owner reads; row-level security does not bind it."""
        with self._as_owner() as connection:
            return connection.execute(query.encode()).fetchall()

    def run_out_leases(self) -> None:
        """Let the leases of killed processes run out now, instead of after half a minute or two."""
        with self._as_owner() as connection:
            for table in ("job", "deletion"):
                past = sql.SQL("update {} set lease_until = now() - interval '1 s' where state = 'running'")
                connection.execute(past.format(sql.Identifier(table)))

    def close(self) -> None:
        for client in self.clients:
            client.close()
        for program in self.programs:
            if program.process.poll() is None:
                program.kill()
        if self.database is None:
            # An orphaned database is adopted, so that it can be stopped as usual.
            EmbeddedServer.start(self.data).stop()

    @property
    def _urls(self) -> dict[str, str]:
        """Where the programs find the database; nothing for the embedded one in the data folder."""
        if self.database is None:
            return {}
        return {
            "SYNAP_DATABASE_URL": self.database(Role.APP),
            "SYNAP_MIGRATION_URL": self.database(Role.OWNER),
        }

    @contextmanager
    def _as_owner(self) -> Iterator[psycopg.Connection[Any]]:
        if self.database is not None:
            with psycopg.connect(self.database(Role.OWNER)) as connection:
                yield connection
            return
        with EmbeddedServer.start(self.data) as server, psycopg.connect(server.dsn(Role.OWNER)) as connection:
            yield connection


@pytest.fixture
def home(server_folder: Callable[[], Path], request: pytest.FixtureRequest) -> Iterator[Home]:
    """A data folder, or in a run by URL a migrated database, of this test's own."""
    folder = server_folder()
    made = Home(folder)
    if BY_URL:
        databases, name = request.getfixturevalue("databases"), request.getfixturevalue("fresh_name")
        made = Home(folder, database=lambda role: databases.dsn(role, name))
    folder.chmod(0o711)
    made.data.mkdir()
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def patience() -> Callable[..., None]:
    """`eventually`."""
    return eventually
