"""`synap evaluate` on cases of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from synap.cli import entry
from synap.cli.outcome import Exit

CASES: list[dict[str, Any]] = [
    {"id": "fact-01", "input": "User: I live in Graz.", "expected": [{"type": "fact", "must_contain": ["Graz"]}]},
    {"id": "none-01", "input": "User: Thanks a lot!", "expected": [], "max_memories": 0},
    {"id": "fact-02", "input": "User: I live in Graz.", "expected": [{"type": "fact", "must_contain": ["Linz"]}]},
]


def evaluate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    for name in ("SYNAP_LLM_URL", "SYNAP_LLM_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["synap", "evaluate", *arguments])
    with pytest.raises(SystemExit) as end:
        entry.main()
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(json.dumps(case) for case in CASES), encoding="utf-8")
    return path


def test_the_figures_are_printed_and_the_failures_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = evaluate(monkeypatch, capsys, str(file), "--verbose")

    assert code == Exit.OK
    assert "strict 2/3 (67%), recall 50%, precision 50%" in out
    assert "fact-02: missed finds fact ['Linz']" in out
    assert "lives in Graz" in out


def test_everything_measured_is_written_for_scripts(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.json"

    evaluate(monkeypatch, capsys, str(file), "--json", str(target))

    figures = json.loads(target.read_text())
    assert (figures["mode"], figures["cases"], figures["strict"]) == ("standard", 3, 0.6667)
    assert figures["groups"]["fact"] == {"passed": 1, "cases": 2}
    assert figures["failures"][0]["memories"][0]["type"] == "fact"


@pytest.mark.parametrize(
    ("content", "arguments", "code", "problem"),
    [
        (None, (), Exit.USAGE, "cannot be read"),
        ("", (), Exit.USAGE, "holds no cases"),
        ("{}", (), Exit.USAGE, "line 1 is no case"),
        ('{"id": "a-1", "input": " "}', (), Exit.USAGE, "case a-1"),
        ('{"id": "a-1", "input": "x", "document_type": "poem"}', (), Exit.USAGE, "case a-1"),
        ('{"id": "a-1", "input": "x"}', ("--mode", "enhanced"), Exit.SETUP, "SYNAP_LLM_URL"),
    ],
)
def test_what_cannot_be_measured_says_what_is_wrong(
    *,
    content: str | None,
    arguments: tuple[str, ...],
    code: Exit,
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "cases.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    ended, _, err = evaluate(monkeypatch, capsys, str(path), *arguments)

    assert ended == code
    assert problem in err
