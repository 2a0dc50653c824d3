"""The isolation campaign at full length: 200,000 checks, three seeds, on the embedded store and on one given by URL.

Each run is `synap verify isolation` as a user starts it, on a store of its own, and leaves a report in `docs/reports`. A run
whose report is there, for as many checks and of this version, is not made again, so that a campaign that was stopped goes on.

    python -m tests.campaign.isolation --checks 200000 --seeds 1 2 3 --stores embedded url [--minutes 60] [--anew]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.by_url import url_server
from tests.campaign.harness import campaign_folder

from synap.store.migrate import migrate
from synap.store.server import Role
from synap.version import __version__

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "docs/reports/isolation"
STORES = ("embedded", "url")


def main() -> int:
    """Make the runs that are missing; return 1 if any report, old or new, is not green."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--stores", choices=STORES, nargs="+", default=list(STORES))
    parser.add_argument("--minutes", type=float, help="of each run at most")
    parser.add_argument("--reports", type=Path, default=REPORTS)
    parser.add_argument("--anew", action="store_true", help="also where a report is there")
    wanted = parser.parse_args()
    wanted.reports.mkdir(parents=True, exist_ok=True)
    red = 0
    for store in wanted.stores:
        for seed in wanted.seeds:
            path = wanted.reports / f"{store}-{seed}.json"
            if wanted.anew or not made_already(path, wanted.checks):
                run(store, seed, wanted.checks, wanted.minutes, path)
            red += not told(path)
    return 1 if red else 0


def made_already(path: Path, checks: int) -> bool:
    """Whether a report is there, of this version and of as many checks."""
    if not path.exists():
        return False
    report = json.loads(path.read_text())
    return bool(report.get("version") == __version__ and report["checks"] >= checks)


def run(store: str, seed: int, checks: int, minutes: float | None, path: Path) -> None:
    """Run one campaign and keep its report, with the command that makes it."""
    with place(store) as (surroundings, where):
        options = ["verify", "isolation", "--checks", str(checks), "--seed", str(seed)]
        options += [] if minutes is None else ["--minutes", str(minutes)]
        command = [sys.executable, "-c", "from synap.cli.entry import main; main()", *options, *where]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "SYNAP_EMBEDDER": "hashing"}
        report = path.with_suffix(".new")
        subprocess.run(  # noqa: S603 - our own command
            [*command, "--report", str(report)], env={**environment, **surroundings}, check=False
        )
    if not report.exists():
        raise SystemExit(f"no report was made of {store}, seed {seed}: see above")
    facts = {"version": __version__, "command": f"synap {' '.join(options)} ({store}, hashing embedder)"}
    path.write_text(json.dumps({**facts, **json.loads(report.read_text())}, indent=2, ensure_ascii=False) + "\n")
    report.unlink()


@contextmanager
def place(store: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Yield variables and options by which the command finds a store of this run's own."""
    with campaign_folder() as folder:
        if store == "embedded":
            yield {}, ["--data-dir", str(folder / "data")]
            return
        with url_server(folder) as server:
            migrate(server.dsn(Role.OWNER))
            yield {"SYNAP_DATABASE_URL": server.dsn(Role.APP), "SYNAP_MIGRATION_URL": server.dsn(Role.OWNER)}, []


def told(path: Path) -> bool:
    """Print a line about a report; return whether it is green."""
    report = json.loads(path.read_text())
    outcome = "green" if report["passed"] else f"RED: {'; '.join(report['problems'])}"
    figures = f"{report['checks']:,} checks, {report['leaks']} leaks, {report['checks_per_second']} checks/s"
    sys.stdout.write(f"{path.stem}: {outcome}; {figures}\n")
    return bool(report["passed"])


if __name__ == "__main__":
    sys.exit(main())
