"""The durability campaign: faults and loads against real processes; acceptance (e) numbers 1 to 14, 16 and 18.

Each scenario prints its promise, its method, what was counted and the outcome. With `--report` what was found is kept as JSON, in
which a later run replaces the scenarios that it made, and beside it, for people, as a page of the same name. With `--store url` the
store is a PostgreSQL given by URL, and what only an embedded one has (folders, disk, machine; `away`, which tries both) is left out.

    python -m tests.campaign.durability [kills] [storms] ... [--full | --rounds 200] [--seed 1] [--store url]
        [--report docs/reports/durability.json]
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.campaign import away, bodies, kills, load, model, storms, surroundings
from tests.campaign.harness import TRIALS, Scenario, campaign_folder
from tests.campaign.report import keep, told

MODULES = (away, bodies, kills, load, model, storms, surroundings)
SCENARIOS: dict[str, Scenario] = {
    one.name: one for one in sorted((one for module in MODULES for one in module.SCENARIOS), key=lambda one: one.number)
}


def main() -> int:
    """Run scenarios; return 1 where one found something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []])
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--full", action="store_true", help="as many rounds as the whole campaign has")
    amount.add_argument("--rounds", type=int, help="of each; without, few")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=TRIALS, default="embedded")
    parser.add_argument("--report", type=Path)
    wanted = parser.parse_args()
    tried_here = [name for name, one in SCENARIOS.items() if one.by_url or wanted.store == "embedded"]
    if foreign := set(wanted.scenarios) - set(tried_here):
        parser.error(f"tried on the embedded store alone: {', '.join(sorted(foreign))}")
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # whoever is told to stop cleans up; a shell's background jobs ignore SIGINT
        signal.signal(number, _stop)
    red = 0
    for name in wanted.scenarios or tried_here:
        scenario = SCENARIOS[name]
        rounds = wanted.rounds or (scenario.full if wanted.full else scenario.quick)
        made = tried(scenario, rounds, wanted.seed, wanted.store)
        red += not made["passed"]
        if wanted.report is not None:
            keep(wanted.report, scenario, made, asked=tried_here)
    return 1 if red else 0


def tried(scenario: Scenario, rounds: int, seed: int, store: str) -> dict[str, Any]:
    """Run a scenario in a folder of its own, tell of it, and return what came out."""
    _say(
        f"{scenario.number} {scenario.name}: {scenario.promise}\n  {scenario.method}\n  {rounds} {scenario.unit}, seed {seed}, {store}"
    )
    began = time.monotonic()
    chance = random.Random(seed)  # noqa: S311 - to be drawn again by its seed
    with campaign_folder() as folder, TRIALS[store](folder, chance, rounds) as trial:
        try:
            scenario.run(trial)
        except Exception as error:  # noqa: BLE001 - one scenario that cannot go on must not end the others
            traceback.print_exc()
            trial.find(f"it could not go on: {type(error).__name__}: {str(error)[:500]}")
    seconds = round(time.monotonic() - began, 1)
    for name, value in trial.notes.items():
        _say(f"  {name}: {told(value)}")
    for one in trial.skipped:
        _say(f"  not tried: {one}")
    _say(f"  {'held' if not trial.found else 'BROKEN'}, {seconds} s")
    return {
        "rounds": rounds,
        "seed": seed,
        "store": store,
        "seconds": seconds,
        "passed": not trial.found,
        "found": trial.found,
        "notes": trial.notes,
        "skipped": trial.skipped,
    }


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
