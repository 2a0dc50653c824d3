"""A real `synap serve` for tests that live in an environment of other people's packages.

Those environments hold no code of ours: the server runs by the command that `SYNAP_SERVE` names (by default the one of
the project's own environment), and everything here needs httpx, pytest and the standard library alone.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0
ANY_PORT = "127.0.0.1:0"
_TENANCIES = {"any": "open", "b2b": "b2b", "b2c": "b2c"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A deployed agent on the server, and the key that opens it."""

    client_id: str
    instance_id: str
    api_key: str
    mode: str
    """`any`, `b2b` or `b2c`."""


@dataclass(slots=True)
class Server:
    """A `synap serve` on a data folder of its own; stopped or killed it can be started again on the same ports."""

    folder: Path
    url: str = ""
    grpc: str = ""
    management_key: str = ""
    instances: dict[str, Instance] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    _said: list[str] = field(default_factory=list)
    _complaints: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def start(self, **more: str) -> None:
        """Start it, or start it again, with these variables besides; wait until it can serve.

        Raises:
            RuntimeError: It ended or was not ready in time; what it said is told.
        """
        keys = self.folder / "keys.json"
        command = os.environ.get("SYNAP_SERVE", str(ROOT / ".venv/bin/synap"))
        doors = ("--http", self.url.removeprefix("http://") or ANY_PORT, "--grpc", self.grpc or ANY_PORT)
        self._said.clear()
        self._process = subprocess.Popen(  # noqa: S603 - our own server
            [
                *(command, "serve", *doors),
                *("--key-file", str(keys), "--data-dir", str(self.folder / "data"), "--json"),
            ],
            env={**_server_surroundings(), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for lines, pipe in ((self._said, self._process.stdout), (self._complaints, self._process.stderr)):
            threading.Thread(target=_gather, args=(lines, pipe), daemon=True).start()
        self._await_ready(self._process)
        told = {name: value for event in self._events() for name, value in event.items()}
        self.url, self.grpc = told["url"], told["grpc"]
        self.management_key = json.loads(keys.read_text())["management_key"]

    def stop(self) -> None:
        """Ask it to end and wait."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End it in the middle of what it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_SECONDS)
            self._process = None

    def wait(self) -> int:
        """Wait until it has ended by itself; return its exit code, negative for a signal."""
        assert self._process is not None
        code = self._process.wait(START_SECONDS)
        self._process = None
        return code

    @property
    def complaints(self) -> str:
        """What it wrote to stderr: warnings and errors, as JSON lines."""
        return "".join(self._complaints)

    def instance(self, mode: str = "any") -> Instance:
        """Return the instance that all tests of a mode share: ids in them must be the tests' own."""
        if mode not in self.instances:
            self.instances[mode] = self.fresh_instance(mode)
        return self.instances[mode]

    def api_key(self, mode: str = "any") -> str:
        """Return the key of the shared instance of a mode."""
        return self.instance(mode).api_key

    def fresh_instance(self, mode: str = "any") -> Instance:
        """Make an instance that nobody else knows, of a client of its own."""
        headers = {"Authorization": f"Bearer {self.management_key}"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30) as http:

            def post(path: str, **body: Any) -> Any:
                answer = http.post(path, json=body)
                assert answer.is_success, answer.text
                return answer.json()

            client_id = post("/v1/clients", name=f"client {next(self._numbers)}")["client_id"]
            made = post("/v1/instances", client_id=client_id, name=f"{mode} agent", tenancy=_TENANCIES[mode])
            key = post(f"/v1/instances/{made['id']}/api-keys", label="tests")["api_key"]
        return Instance(client_id=client_id, instance_id=made["id"], api_key=key, mode=mode)

    def surroundings(self, instance: Instance, storage: Path) -> dict[str, str]:
        """Return the variables, and only these, by which an official client finds this server.

        Args:
            instance: Whose key to use.
            storage: Where the client may keep its files.
        """
        host, _, port = self.grpc.partition(":")
        return {
            "SYNAP_API_KEY": instance.api_key,
            "SYNAP_BASE_URL": self.url,
            "SYNAP_GRPC_HOST": host,
            "SYNAP_GRPC_PORT": port,
            "SYNAP_GRPC_USE_TLS": "false",
            "SYNAP_AUTO_LISTEN": "true",
            "SYNAP_STORAGE_PATH": str(storage),
            # The client keeps its cache under the home folder, whatever the storage path says.
            "HOME": str(storage),
        }

    def run(
        self, program: Path, instance: Instance, storage: Path, *arguments: str, python: str = sys.executable
    ) -> str:
        """Run a program to its end against this server by environment variables alone; return what it printed.

        It runs in the interpreter of the tests, or in that of another environment, without any other variable of ours, and
        can reach no other machine.
        """
        done = subprocess.run(  # noqa: S603 - a program of this project
            [python, str(program), *arguments],
            env={**_plain_surroundings(), **self.surroundings(instance, storage)},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            cwd=storage,
        )
        assert done.returncode == 0, f"{program.name} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _events(self) -> Iterator[dict[str, Any]]:
        for line in list(self._said):
            yield json.loads(line)

    def _await_ready(self, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not any(event["event"] == "ready" for event in self._events()):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {''.join(self._said)}{self.complaints}")
            time.sleep(0.05)


@contextmanager
def served() -> Iterator[Server]:
    """Start a server on an empty folder; end it and remove the folder afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="synap-test-"))
    # As root the embedded database runs under another uid, which has to pass this folder.
    folder.chmod(0o711)
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def check_guard() -> None:
    """Check that this run is kept on this machine.

    Raises:
        RuntimeError: It was started without the guard.
    """
    guard = sys.modules.get("sitecustomize")
    if Path(getattr(guard, "__file__", None) or "").parent != ROOT / "tests/e2e/guard":
        raise RuntimeError("start these tests by `make e2e-official` or `make e2e-integrations`: the guard is missing")


# ---------------------------------------------------------------- fixtures


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server of the session: its instances are shared by mode, or fresh where a test needs to be alone."""
    check_guard()
    with served() as started:
        yield started


@pytest.fixture
def names() -> Callable[[str], str]:
    """A function that makes ids which no other test, and no earlier run, has used."""
    run = uuid.uuid4().hex[:8]
    return lambda stem: f"{stem}-{run}"


def _plain_surroundings() -> dict[str, str]:
    """Return this process's environment without what is ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SYNAP_", "PYTEST_"))}


def _server_surroundings() -> dict[str, str]:
    kept = _plain_surroundings()
    kept.pop("PYTHONPATH", None)
    return {**kept, "SYNAP_EMBEDDER": os.environ.get("SYNAP_EMBEDDER", "hashing")}


def _gather(lines: list[str], pipe: Any) -> None:
    with pipe:
        lines.extend(pipe)
