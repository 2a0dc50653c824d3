"""The report of the durability campaign: a later run takes the place of the scenarios that it made, and of no others."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.campaign.durability import SCENARIOS, main
from tests.campaign.report import DEFECTS, keep

NUMBERS = [*range(1, 15), 16, 18]


def made(**changed: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "rounds": 3, "seed": 7, "seconds": 1.5, "passed": True, "found": [], "notes": {"kills": {"server": 2}}, "skipped": [],
        "store": "embedded",
    }  # fmt: skip
    return {**whole, **changed}


def test_every_scenario_that_is_asked_for_is_there_once() -> None:
    assert [one.number for one in SCENARIOS.values()] == NUMBERS
    assert all(0 < one.quick <= one.full for one in SCENARIOS.values())


def test_a_report_keeps_other_scenarios_and_tells_what_broke(tmp_path: Path) -> None:
    path = tmp_path / "durability.json"
    keep(path, SCENARIOS["storms"], made(), asked=SCENARIOS)
    keep(path, SCENARIOS["kills"], made(passed=False, found=["a was acknowledged and is lost"]), asked=SCENARIOS)
    keep(path, SCENARIOS["storms"], made(rounds=9, skipped=["a full disk"]), asked=SCENARIOS)

    kept = json.loads(path.read_text())
    page = path.with_suffix(".md").read_text()

    assert [(name, one["rounds"]) for name, one in kept.items()] == [("kills", 3), ("storms", 9)]
    assert "| 1 | kills | 3 kills | 7 | 1.5 | **broken** (1) |" in page
    assert "- a was acknowledged and is lost" in page
    assert "- not tried: a full disk" in page
    assert "Not in this report: stages, deletions," in page
    assert "python -m tests.campaign.durability storms --rounds 9 --seed 7" in page
    assert str(tmp_path) not in page


def test_a_report_by_url_names_the_store_and_tells_defects_of_no_other(tmp_path: Path) -> None:
    by_url, embedded = (tmp_path / f"{name}.json" for name in ("by-url", "embedded"))
    keep(by_url, SCENARIOS["kills"], made(store="url"), asked=["kills"])
    keep(embedded, SCENARIOS["kills"], made(), asked=["kills"])

    page = by_url.with_suffix(".md").read_text()
    assert "kills --rounds 3 --seed 7 --store url" in page
    assert DEFECTS.read_text().strip() not in page
    assert DEFECTS.read_text().strip() in embedded.with_suffix(".md").read_text()


def test_what_an_embedded_store_alone_has_is_not_tried_by_url(capsys: pytest.CaptureFixture[str]) -> None:
    with mock.patch.object(sys, "argv", ["durability", "disk", "--store", "url"]), pytest.raises(SystemExit):
        main()

    assert "tried on the embedded store alone: disk" in capsys.readouterr().err
