"""How the command line ends: one line or one object, and an exit code that scripts can use."""

from __future__ import annotations

import builtins
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from synap.cli import entry, serving
from synap.cli.outcome import Exit, run
from synap.errors import ServiceUnavailableError, SetupError
from synap.server.serve import listen


def ended(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """Run `synap` with arguments; return its exit code and what it said on stderr."""
    monkeypatch.setattr(sys, "argv", ["synap", *arguments])
    with pytest.raises(SystemExit) as end:
        entry.main()
    return int(end.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["fetch", "--frobnicate"], None),
        (["fetch", "--max-results", "many"], "max_results"),
        (["instances", "create"], "client_id"),
        (["nope"], None),
        (["serve", "--http", "8787"], "http"),
        (["serve", "--grpc", "50051"], "grpc"),
        (["worker", "--http", "8787"], "http"),
        (["serve", "--tls-cert", "cert.pem"], "tls_key"),
        (["instances", "delete", "inst_1"], "yes"),
        (["clients", "delete", "cli_1"], "yes"),
        (["verify", "isolation", "--checks", "0"], "checks"),
        (["verify", "isolation", "--minutes", "0"], "minutes"),
        (["verify", "isolation", "--url", "http://127.0.0.1:1"], "management_key"),
        (["verify", "isolation", "--management-key", "synap_mgmt_x"], "url"),
        (["verify", "isolation", "--url", "http://127.0.0.1:1", "--management-key", "k", "--no-world"], "url"),
    ],
)
def test_a_script_gets_wrong_usage_as_one_object(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], field: str | None
) -> None:
    code, said = ended(capsys, monkeypatch, *arguments, "--json")

    body = json.loads(said)
    assert (code, body["code"], body["field"]) == (Exit.USAGE, "invalid_input", field)
    assert body["error"]


def test_people_get_wrong_usage_in_words(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = ended(capsys, monkeypatch, "fetch", "--frobnicate")

    assert code == Exit.USAGE
    assert "--frobnicate" in said


@pytest.mark.parametrize("as_json", [False, True])
def test_without_the_extra_the_command_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    honest = builtins.__import__

    def without_typer(name: str, *rest: Any) -> Any:
        if name == "synap.cli.main":
            raise ModuleNotFoundError("No module named 'typer'", name="typer")
        return honest(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_typer)
    code, said = ended(capsys, monkeypatch, "doctor", *(["--json"] if as_json else []))

    told = json.loads(said)["error"] if as_json else said
    assert (code, "pip install 'synap-memory[engine]'" in told) == (Exit.SETUP, True)
    assert "Traceback" not in said


def test_the_entry_itself_needs_nothing_of_the_extra() -> None:
    source = Path(importlib.import_module("synap.cli.entry").__file__ or "").read_text(encoding="utf-8")

    top = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert top == ["from __future__ import annotations", "import json", "import os", "import sys"]


@pytest.mark.parametrize("text", [b"nope: 1\n", b"\xff\xfe\x00", b"a: [", b"retrieval: {budget: {max_tokens: many}}\n"])
def test_a_server_is_not_started_with_a_configuration_that_cannot_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: bytes
) -> None:
    file = tmp_path / "maca.yaml"
    file.write_bytes(text)
    listened: list[Any] = []
    monkeypatch.setattr(serving, "listen", lambda *at: listened.append(at))

    served = ended(capsys, monkeypatch, "serve", "--config", str(file))
    checked = ended(capsys, monkeypatch, "config", "check", str(file))

    for code, said in (served, checked):
        assert (code, len(said.splitlines())) == (Exit.USAGE, 1), said
        assert said.startswith("error: ")
    assert listened == []


def test_a_port_in_use_ends_the_server_before_an_engine_is_opened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    async def open_engine(*asked: Any) -> Any:
        opened.append(asked)

    monkeypatch.setattr(serving, "open_engine", open_engine)
    with listen(port=0) as taken:
        port = taken.getsockname()[1]
        code, said = ended(capsys, monkeypatch, "serve", "--http", f"127.0.0.1:{port}")

    assert (code, said.startswith(f"error: cannot listen on 127.0.0.1:{port}")) == (Exit.SETUP, True)
    assert (opened, len(said.splitlines())) == ([], 1)


@pytest.mark.parametrize("command", [["serve", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"], ["worker"]])
def test_an_engine_that_cannot_be_opened_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    async def open_engine(*_: Any) -> Any:
        raise SetupError("the database cannot be reached:\n\tis it running?")

    monkeypatch.setattr(serving, "open_engine", open_engine)

    code, said = ended(capsys, monkeypatch, *command)

    assert (code, said) == (Exit.SETUP, "error: the database cannot be reached: is it running?\n")


def test_our_error_in_a_group_of_tasks_is_the_one_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        raise ExceptionGroup("tasks", [ExceptionGroup("more", [ServiceUnavailableError("away")])])

    async def bug() -> None:
        raise ExceptionGroup("tasks", [ZeroDivisionError()])

    with pytest.raises(typer.Exit) as end:
        run(None, work, as_json=False)
    with pytest.raises(ExceptionGroup):
        run(None, bug, as_json=False)

    assert (end.value.exit_code, capsys.readouterr().err) == (Exit.UNAVAILABLE, "error: away\n")


@pytest.mark.parametrize("name", ["missing/keys.json", "."])
async def test_keys_are_not_made_where_they_cannot_be_written(tmp_path: Path, name: str) -> None:
    asked: list[str] = []

    class Accounts:
        async def keys(self, instance_id: str) -> list[Any]:
            asked.append(instance_id)
            return []

    class Anything:
        accounts = Accounts()
        default_instance = "inst_1"

        @property
        def core(self) -> Anything:
            return self

        @property
        def store(self) -> Anything:
            return self

    engine: Any = Anything()
    with pytest.raises(SetupError) as refusal:
        await serving._announce_keys(  # noqa: SLF001 - a step of its own
            engine, tmp_path / name, serving.Addresses(url="", grpc=""), serving.Teller(as_json=False)
        )

    assert (refusal.value.field, asked) == ("key_file", ["inst_1"])
