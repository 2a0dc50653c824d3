"""The durability campaign: real processes killed at random, and storms of duplicates; acceptance (e) numbers 1 and 4.

Each scenario prints its promise, method, numbers and outcome, and what was found goes into a JSON report.

    python -m tests.campaign.durability [kills] [storms] --rounds 200 --seed 1 --report durability.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from tests.campaign.history import Acknowledgements, State, violations
from tests.e2e.conftest import Home, eventually

from synap.store.privileges import blocking_ancestor, server_account

WRITERS = 4
START_SECONDS = 5.0
AT_ONCE = 50

UNFINISHED = "select count(*) from ingestion where status <> 'completed'"
DOUBLES = (
    "select count(*) from (select 1 from memory where status = 0 "
    "group by bucket, scope_id, content having count(*) > 1) as twice"
)
ORPHANS = (
    "select count(*) from memory m left join document d on d.bucket = m.bucket and d.id = m.document_row "
    "where d.id is null and m.status = 0"
)

Report = dict[str, Any]


def kills(home: Home, chance: random.Random, rounds: int) -> Report:
    """Kill the server, the database or both at random moments, while four write; after each, hold all against the log."""
    log = Acknowledgements(home.folder / "acknowledged.jsonl")
    found: list[str] = []
    starts: list[float] = []
    victims: dict[str, int] = {}
    for number in range(rounds):
        program, client = home.serve()
        victim = chance.choice(("server", "database", "both"))
        victims[victim] = victims.get(victim, 0) + 1
        asyncio.run(_written(client, log, number, chance, partial(_kill, home, program, victim)))
        if program.process.poll() is None:
            program.kill()
        found += [f"round {number} ({victim}): {one}" for one in _held(home, log, starts)]
        sys.stdout.write(
            f"kills: round {number + 1} of {rounds}, {victim}, {len(log.read())} acknowledged, {len(found)} found\n"
        )
    late = [round(one, 2) for one in starts if one > START_SECONDS]
    return {
        "promise": "what was acknowledged is there after a restart, complete and once; what was not, wholly or not at all",
        "method": f"kill -9 of {victims}, {WRITERS} writers, {rounds} rounds, a log of acknowledgements outside",
        "acknowledged": len(log.read()),
        "sent": len(log.sent),
        "starts_over_5_s": late,
        "slowest_start_seconds": round(max(starts), 2),
        "found": found,
        "passed": not found and bool(log.read()),
    }


def storms(home: Home, chance: random.Random, rounds: int) -> Report:
    """Hand one document in 50 times at once under one id, then changed: one result, and then its update."""
    _, client = home.serve()
    found: list[str] = []
    for number in range(rounds):
        marker = f"storm{number}x{chance.getrandbits(32):08x}"
        first, changed = (f"The crate {marker} stands in hall {hall}." for hall in ("one", "two"))
        answers = asyncio.run(_at_once(client, [_document(marker, first)] * AT_ONCE))
        ingestions = {answer.json()["ingestion_id"] for answer in answers if answer.status_code == 200}
        refused = [answer.status_code for answer in answers if answer.status_code not in (200, 429, 503)]
        if len(ingestions) != 1 or refused:
            found.append(f"{marker}: {len(ingestions)} ingestions, refused with {refused}")
        eventually(lambda: home.rows(UNFINISHED) == [(0,)])
        update = client.post("/v1/memories/create", json=_document(marker, changed)).json()
        if update.get("duplicate") or update.get("ingestion_id") in ingestions:
            found.append(f"{marker}: changed text was taken for the same")
        eventually(lambda: home.rows(UNFINISHED) == [(0,)])
        said = [row[0] for row in home.rows("select content from memory where status = 0") if marker in row[0]]
        if len(said) != 1 or "two" not in said[0]:
            found.append(f"{marker}: {said}")
        sys.stdout.write(f"storms: round {number + 1} of {rounds}, {len(found)} found\n")
    return {
        "promise": "the same document at once is one document, and changed text is its update",
        "method": f"{AT_ONCE} equal calls at once under one document_id, then one with other text, {rounds} rounds",
        "found": found,
        "passed": not found,
    }


SCENARIOS: dict[str, Callable[[Home, random.Random, int], Report]] = {"kills": kills, "storms": storms}


def main() -> int:
    """Run scenarios; return 1 where one found something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    wanted = parser.parse_args()
    made: dict[str, Report] = {}
    for name in wanted.scenarios or SCENARIOS:
        began = time.monotonic()
        report = _in_a_home(SCENARIOS[name], random.Random(wanted.seed), wanted.rounds)  # noqa: S311 - repeatable
        made[name] = {"seed": wanted.seed, **report, "seconds": round(time.monotonic() - began, 1)}
        sys.stdout.write(f"{name}: {'held' if report['passed'] else 'BROKEN'}: {report['promise']}\n")
        sys.stdout.writelines(f"  {one}\n" for one in report["found"])
    if wanted.report is not None:
        wanted.report.parent.mkdir(parents=True, exist_ok=True)
        wanted.report.write_text(json.dumps(made, indent=2) + "\n")
    return 0 if all(one["passed"] for one in made.values()) else 1


def _in_a_home(scenario: Callable[[Home, random.Random, int], Report], chance: random.Random, rounds: int) -> Report:
    parents = [Path(tempfile.gettempdir()), Path("/var/tmp")]  # noqa: S108 - mkdtemp makes it private
    parent = next(one for one in parents if blocking_ancestor(one / "x", server_account()) is None)
    home = Home(Path(tempfile.mkdtemp(prefix="synap-campaign-", dir=parent)))
    home.folder.chmod(0o711)  # as root the database runs under another uid, which has to pass
    try:
        return scenario(home, chance, rounds)
    finally:
        home.close()
        shutil.rmtree(home.folder, ignore_errors=True)


def _document(marker: str, text: str) -> dict[str, str]:
    return {"document": text, "document_type": "document", "document_id": marker, "user_id": "u"}


def _kill(home: Home, program: Any, victim: str) -> None:
    if victim != "server":
        for process in home.postgres():
            os.kill(process.pid, signal.SIGKILL)
    if victim != "database":
        program.kill()


async def _written(
    client: httpx.Client, log: Acknowledgements, number: int, chance: random.Random, kill: Callable[[], None]
) -> None:
    """Let writers write, kill in the middle, and let them go on for a moment with what is left."""
    stop = asyncio.Event()
    async with (
        httpx.AsyncClient(base_url=client.base_url, headers=client.headers, timeout=20, trust_env=False) as speaker,
        asyncio.TaskGroup() as group,
    ):
        for writer in range(WRITERS):
            group.create_task(_write(speaker, log, f"r{number}w{writer}", stop))
        await asyncio.sleep(chance.uniform(0.2, 3.0))
        await asyncio.to_thread(kill)
        await asyncio.sleep(1.0)
        stop.set()


async def _write(speaker: httpx.AsyncClient, log: Acknowledgements, name: str, stop: asyncio.Event) -> None:
    serial = 0
    while not stop.is_set():
        marker, serial = f"{name}n{serial}x", serial + 1
        log.sent.add(marker)
        body = {**_document(marker, f"The box with label {marker} stands in the cellar."), "user_id": name[-2:]}
        try:
            answer = await speaker.post("/v1/memories/create", json=body)
        except httpx.HTTPError:
            await asyncio.sleep(0.05)
            continue
        if answer.is_success:
            log.note(marker)


async def _at_once(client: httpx.Client, bodies: list[dict[str, str]]) -> list[httpx.Response]:
    async with httpx.AsyncClient(
        base_url=client.base_url, headers=client.headers, timeout=60, trust_env=False
    ) as speaker:
        return list(await asyncio.gather(*(speaker.post("/v1/memories/create", json=body) for body in bodies)))


def _held(home: Home, log: Acknowledgements, starts: list[float]) -> list[str]:
    """Start again, noting how long that takes, let the queue run empty, and return what is not as the log has it."""
    began = time.monotonic()
    program, _ = home.serve()
    starts.append(time.monotonic() - began)
    home.run_out_leases()
    eventually(lambda: home.rows(UNFINISHED) == [(0,)], seconds=120)
    state = State(
        documents=dict(home.rows("select document_key, count(*) from document group by document_key")),
        contents=[row[0] for row in home.rows("select content from memory where status = 0")],
        unfinished=home.rows(UNFINISHED)[0][0],
        orphans=home.rows(ORPHANS)[0][0],
        doubles=home.rows(DOUBLES)[0][0],
        jobs=home.rows("select count(*) from job")[0][0],
    )
    program.stop()
    return violations(log.read(), log.sent, state)


if __name__ == "__main__":
    sys.exit(main())
