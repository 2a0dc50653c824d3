"""What the tests about pages and examples share: a reader's machine, with a database of its own on the shared server."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from synap.cli.main import app

ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.1:8787"
START_SECONDS = 60.0

NOT_RUN = {
    ("make",): "sets up the whole project",
    ("pip",): "needs a network",
    ("python", "-m", "asyncio"): "waits for what the reader types; the blocks after it are run",
    ("synap", "models", "prepare"): "needs a network, or a file that came over one",
}
"""Commands of the pages that are not run, with the reason."""

MAY_END_WITH = {"doctor": {0, 8}}
"""Exit codes that are right for a command: `doctor` ends with 8 where something needs attention."""

OWN = "example.net"
"""What stands for the reader's own hosts: a variable that names one stays as the machine has it."""

_FENCE = re.compile(r"^```(?P<language>\w+)?[ ]*(?P<file>\S*)$")
_REFUSED = re.compile(r"#\s*[45]\d\d\b")
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_VARIABLE = re.compile(r"\$([A-Z][A-Z_]*)")
_ASSIGNMENT = re.compile(r"(?:export )?([A-Z][A-Z_]*)=(\S+)$")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, the file it stands for, where it begins, and its text."""

    language: str
    file: str
    line: int
    text: str

    def commands(self) -> list[str]:
        """Return what stands behind the prompts of a console, continued lines joined."""
        joined = self.text.replace("\\\n", " ")
        return [line.removeprefix("$ ").strip() for line in joined.splitlines() if line.startswith("$ ")]


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    found: list[Block] = []
    opened: tuple[re.Match[str], int] | None = None
    body: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is not None and line == "```":
            start, where = opened
            found.append(Block(start["language"] or "", start["file"], where, "\n".join(body) + "\n"))
            opened = None
        elif opened is None and fence is not None:
            opened, body = (fence, number), []
        else:
            body.append(line)
    assert opened is None, f"{page}: a block is not closed"
    return found


@dataclass
class Machine:
    """A reader who types what a page says, in an empty folder, with Synap installed."""

    folder: Path
    environment: dict[str, str]
    address: str = ADDRESS
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__page__"})
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def blocks(self, page: Path) -> list[Block]:
        """Return the fenced blocks of a page, in order."""
        return blocks_of(page)

    def python(self, source: str, *, where: str) -> str:
        """Run a block as a notebook would, `await` included, and return what it printed."""
        text = source.replace(ADDRESS, self.address)
        code = compile(text, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            outcome = eval(code, self.names)  # noqa: S307 - the pages are ours, and running them is the point
            if inspect.iscoroutine(outcome):
                self.runner.run(outcome)
        return printed.getvalue()

    def shell(self, command: str) -> str:
        """Run a line of a console and return what it printed on stdout."""
        if (assigned := _ASSIGNMENT.fullmatch(self.filled(command))) is not None:
            if OWN not in assigned[2]:
                self.environment[assigned[1]] = assigned[2]
            return ""
        words = shlex.split(self.filled(command), comments=True)
        if any(tuple(words[: len(start)]) == start for start in NOT_RUN):
            return ""
        if words[0] == "synap":
            return self._synap(words[1:])
        return self._program(words, refused=_REFUSED.search(command) is not None)

    def filled(self, text: str) -> str:
        """Return a line with `$(…)`, `$NAME` and the server's address filled in."""
        done = _SUBSTITUTION.sub(lambda found: self.shell(found[1]).strip(), text)
        done = _VARIABLE.sub(lambda found: self.environment[found[1]], done)
        return done.replace(ADDRESS, self.address)

    def _synap(self, words: list[str]) -> str:
        if words[0] == "worker" or (words[0] == "serve" and "--key-file" not in words):
            return self._invoke([words[0], "--help"])
        return self._serve(words) if words[0] == "serve" else self._invoke(words)

    def _invoke(self, words: list[str]) -> str:
        """Run a command in this process, which saves starting one."""
        result = CliRunner().invoke(app, words, env=self.environment)
        right = MAY_END_WITH.get(words[0], {0})
        said = f"{result.stdout[-2000:]}\n{result.stderr or repr(result.exception)}"
        assert result.exit_code in right, f"{words}: {result.exit_code}, {said}"
        return result.stdout

    def _program(self, words: list[str], *, refused: bool) -> str:
        """Run another program; a line that tells of a status from 400 on, in a comment, gets an error, and no other."""
        if shutil.which(words[0]) is None:
            pytest.skip(f"{words[0]} is not installed here")
        done = subprocess.run(  # noqa: S603 - the pages are ours
            words, cwd=self.folder, env={**os.environ, **self.environment}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        assert done.stdout.startswith('{"error":') is refused, f"{words}: {done.stdout}"
        return done.stdout

    def _serve(self, words: list[str]) -> str:
        """Start a server on a free port and return once it is ready; from then on the page's address leads to it."""
        output = self.folder / f"serve-{len(self.servers)}.log"
        start = [
            sys.executable,
            "-c",
            "from synap.cli.entry import main; main()",
            *words,
            "--http",
            "127.0.0.1:0",
            "--grpc",
            "127.0.0.1:0",
        ]
        with output.open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - our own command
                start, cwd=self.folder, env={**os.environ, **self.environment}, stdout=log, stderr=subprocess.STDOUT
            )
        self.servers.append(server)
        deadline = time.monotonic() + START_SECONDS
        while "\nready\n" not in (said := output.read_text(encoding="utf-8")):
            assert server.poll() is None, f"{words}: {said}"
            assert time.monotonic() < deadline, f"{words}: not ready after {START_SECONDS} s: {said}"
            time.sleep(0.05)
        address = re.search(r"listening on http://(\S+)", said)
        assert address is not None, said
        self.address = address[1]
        return said

    def leave(self) -> None:
        """Stop what was started."""
        for server in self.servers:
            server.terminate()
        for server in self.servers:
            server.wait(timeout=START_SECONDS)
        self.runner.close()


def url(dsn: str) -> str:
    """Return a connection string as a URL."""
    return f"postgresql:///?{urlencode(conninfo_to_dict(dsn))}"


@pytest.fixture
def page_blocks() -> Callable[[Path], list[Block]]:
    """`blocks_of`, for pages that need no machine."""
    return blocks_of


@pytest.fixture
def machine(tmp_path: Path, fresh_dsn: str, fresh_owner_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A reader's machine. What a command does to the loggers is undone."""
    environment = {
        "SYNAP_DATABASE_URL": url(fresh_dsn),
        "SYNAP_MIGRATION_URL": url(fresh_owner_dsn),
        "SYNAP_EMBEDDER": "hashing",
    }
    for name in [name for name in os.environ if name.startswith("SYNAP_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    kept, level = list(root.handlers), root.level
    reader = Machine(tmp_path, environment)
    yield reader
    reader.leave()
    root.handlers[:], root.level = kept, level
