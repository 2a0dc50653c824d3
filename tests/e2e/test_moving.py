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


def test_a_chat_log_is_of_one_user_and_a_second_run_changes_nothing(
    synap: Run, server_folder: Callable[[], Path], tmp_path: Path
) -> None:
    home, chat = server_folder(), tmp_path / "chat.json"
    chat.write_text('[{"role": "user", "content": "I play the cello."}, {"role": "assistant", "content": "Nice."}]')
    take = ("import", chat, "--from", "chat", "--data-dir", home)

    for whose in ((), ("--customer", "acme")):
        code, told = synap(*take, *whose)
        assert (code, "give --user" in told) == (Exit.USAGE, True), told
    assert not any(home.iterdir())
    for name in ("once", "twice"):
        assert synap(*take, "--user", "nora")[0] == Exit.OK
        assert synap("export", tmp_path / name, "--user", "nora", "--data-dir", home)[0] == Exit.OK

    once, twice = [(tmp_path / name).read_text().splitlines()[1:-1] for name in ("once", "twice")]
    assert once == twice
    assert "cello" not in synap("fetch", "what is played", "--user", "pieter", "--data-dir", home)[1]


def test_a_second_agent_of_a_user_leaves_the_first_ones_memories_as_they_are(
    synap: Run, server_folder: Callable[[], Path], tmp_path: Path
) -> None:
    home, other = server_folder(), tmp_path / "other.af"
    whole = (SAMPLES / "letta.af").read_text()
    other.write_text(whole.replace("walnuts", "celery").replace("carpenter", "glazier").replace("2019", "2021"))

    for file in (SAMPLES / "letta.af", other, SAMPLES / "letta.af"):
        code, told = synap("import", file, "--from", "letta", "--user", "nora", "--data-dir", home)
        assert (code, "3 documents handed in: 3 completed" in told) == (Exit.OK, True), told

    synap("export", tmp_path / "nora.jsonl", "--user", "nora", "--data-dir", home)
    rows = [json.loads(line) for line in (tmp_path / "nora.jsonl").read_text().splitlines()]
    documents = [row for row in rows if row["record"] == "document"]
    assert [row["current"] for row in documents] == [True] * 6
    said = "".join(row["text"] for row in documents)
    assert [word for word in ("walnuts", "celery", "carpenter", "glazier", "2019", "2021") if word not in said] == []


def test_records_that_were_refused_are_told_with_their_reason(
    synap: Run, server_folder: Callable[[], Path], tmp_path: Path
) -> None:
    home, file = server_folder(), tmp_path / "memories.json"
    records = [
        {"memory": "Sings", "user_id": "nora"},
        {"memory": "x" * 9000, "user_id": "nora", "id": "m1"},
        {"memory": "Dances", "user_id": "nora", "id": "y" * 2000},
    ]
    file.write_text(json.dumps(records))

    code, told = synap("import", file, "--from", "mem0", "--data-dir", home)

    assert code == Exit.PARTIAL
    lines = told.splitlines()
    assert [line for line in lines if line.startswith("failed: mem0:m1: ") and "at most 8000 characters" in line]
    assert [line for line in lines if line.startswith("failed: 'mem0:yyy") and "at most 1024 UTF-8 bytes" in line]
    assert "3 documents handed in: 1 completed, 2 failed" in lines
    printed = synap("import", file, "--from", "mem0", "--data-dir", home, "--json")[1]
    errors = json.JSONDecoder().raw_decode(printed)[0]["errors"]
    assert [(one["document_id"][:8], one["status"]) for one in errors] == [
        ("mem0:m1", "failed"),
        ("'mem0:yy", "failed"),
    ]


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
