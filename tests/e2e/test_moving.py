"""The commands that carry memory about, as a user runs them: export, import, back up, restore, receipts, purge."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.by_url import BY_URL
from typer.testing import CliRunner

from synap.cli.main import app
from synap.cli.outcome import Exit

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(BY_URL, reason="the commands open embedded stores of their own")]

SAMPLES = Path(__file__).parents[2] / "examples" / "imports"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def synap(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs a command, and returns its exit code and what it printed."""
    monkeypatch.setenv("SYNAP_EMBEDDER", "hashing")
    for name in ("SYNAP_DATABASE_URL", "SYNAP_API_KEY", "SYNAP_BASE_URL", "SYNAP_MANAGEMENT_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(word) for word in words])
        return result.exit_code, result.stdout + result.stderr

    return run


def test_memory_is_carried_about(synap: Run, server_folder: Callable[[], Path], tmp_path: Path) -> None:
    home, other, third = server_folder(), server_folder(), server_folder()

    assert synap("import", SAMPLES / "mem0.json", "--from", "mem0", "--data-dir", home)[0] == Exit.OK
    chat = tmp_path / "chat.json"
    chat.write_text('[{"role": "user", "content": "I play the cello."}, {"role": "assistant", "content": "Nice."}]')
    assert synap("import", chat, "--from", "chat", "--user", "nora", "--data-dir", home)[0] == Exit.OK
    assert synap("export", tmp_path / "nora.jsonl", "--user", "nora", "--data-dir", home)[0] == Exit.OK
    assert "Ghent" not in (tmp_path / "nora.jsonl").read_text()

    code, told = synap("import", tmp_path / "nora.jsonl", "--user", "nora2", "--data-dir", other)
    assert (code, "signed by another installation" in told) == (Exit.OK, True)
    assert "cello" in synap("fetch", "what do I play", "--user", "nora2", "--data-dir", other)[1]

    assert synap("backup", tmp_path / "backup", "--data-dir", home)[0] == Exit.OK
    assert synap("data", "delete", "--user", "nora", "--yes", "--data-dir", home)[0] == Exit.OK
    code, told = synap("receipts", "list", "--data-dir", home, "--json")
    kept = tmp_path / "receipts.json"
    receipts, _ = json.JSONDecoder().raw_decode(told)
    kept.write_text(json.dumps(receipts, indent=2))
    assert [one["action"] for one in receipts["receipts"]] == ["user"]
    verify = ("receipts", "verify", kept, "--public-key", receipts["key"])
    assert synap(*verify)[0] == Exit.OK
    instance = receipts["receipts"][0]["book"]
    found = synap("receipts", "find", "--instance", instance, "--user", "nora", "--data-dir", home, "--json")[1]
    assert receipts["receipts"][0]["receipt_id"] in found
    assert (
        receipts["receipts"][0]["receipt_id"]
        not in synap("receipts", "find", "--instance", instance, "--user", "pieter", "--data-dir", home, "--json")[1]
    )
    kept.write_text(kept.read_text().replace('"action": "user"', '"action": "memory"'))
    code, told = synap(*verify)
    assert (code, "was changed" in told) == (Exit.FAILED, True)

    assert synap("restore", tmp_path / "backup", "--data-dir", home)[0] == Exit.CONFLICT
    assert synap("restore", tmp_path / "backup", "--data-dir", third)[0] == Exit.OK
    assert "cello" in synap("fetch", "what do I play", "--user", "nora", "--data-dir", third)[1]
    assert synap("purge", "--data-dir", home)[0] == Exit.OK


def test_what_a_restore_brings_back_is_found_by_kept_receipts_and_erased_again(
    synap: Run, server_folder: Callable[[], Path], tmp_path: Path
) -> None:
    home, restored, kept = server_folder(), server_folder(), tmp_path / "kept.json"
    chat = tmp_path / "chat.json"
    chat.write_text('[{"role": "user", "content": "I play the cello."}, {"role": "assistant", "content": "Nice."}]')
    for user in ("nora", "pieter"):
        owner = ("--user", user, "--customer", "trio")
        assert synap("import", chat, "--from", "chat", *owner, "--data-dir", home)[0] == Exit.OK
    assert synap("backup", tmp_path / "backup", "--data-dir", home)[0] == Exit.OK
    ours = ("--customer", "trio", "--yes", "--data-dir")
    assert synap("data", "delete", "--user", "nora", *ours, home)[0] == Exit.OK
    receipts, _ = json.JSONDecoder().raw_decode(synap("receipts", "list", "--data-dir", home, "--json")[1])
    kept.write_text(json.dumps(receipts))
    find = ("receipts", "find", "--file", kept, "--data-dir")
    assert synap(*find, home)[0] == Exit.OK

    assert synap("restore", tmp_path / "backup", "--data-dir", restored)[0] == Exit.OK
    code, told = synap(*find, restored, "--json")
    again, _ = json.JSONDecoder().raw_decode(told)
    (one,) = again["again"]
    done = synap(*shlex.split(one["command"])[1:])

    assert code == Exit.PARTIAL
    assert (one["action"], one["customer_id"], one["user_id"]) == ("user", "trio", "nora")
    assert done[0] == Exit.OK
    code, told = synap(*find, restored)
    assert (code, "nothing is to be erased again" in told) == (Exit.OK, True)
    ask = ("fetch", "what do I play", "--customer", "trio", "--data-dir", restored, "--user")
    assert ["cello" in synap(*ask, user)[1] for user in ("nora", "pieter")] == [False, True]

    kept.write_text(kept.read_text().replace('"action": "user"', '"action": "memory"'))
    code, told = synap(*find, restored)
    assert (code, "was changed" in told) == (Exit.USAGE, True)


def test_what_is_for_the_embedded_store_says_so_where_a_url_is_set(
    synap: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SYNAP_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    (tmp_path / "backup").mkdir()

    for words in (("purge",), ("backup", tmp_path / "new"), ("restore", tmp_path / "backup")):
        code, told = synap(*words)
        assert (code, "embedded store" in told) == (Exit.SETUP, True), words


def test_a_trial_of_a_server_needs_its_key(synap: Run) -> None:
    assert synap("verify", "erasure", "--url", "http://127.0.0.1:1")[0] == Exit.USAGE
