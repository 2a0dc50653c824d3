"""Numbers 1 to 3: processes killed at random moments, at every stage of an ingestion, and in the middle of a deletion."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from functools import partial
from typing import Any

import httpx
from tests.campaign.harness import (
    CREATE,
    Scenario,
    Trial,
    becomes,
    document,
    fetch,
    hold_to_log,
    kill_database,
    post,
    quantile,
    state_of,
    take_stock,
    verify_pages,
    worked_through,
    written,
)
from tests.campaign.history import Acknowledgements
from tests.e2e.conftest import Program

from synap.store.purging import purge
from synap.store.server import EmbeddedServer, Role
from synap.verify.files import sight

START_SECONDS = 5.0
WORKER_STAGES = ("claimed", "extract", "embed", "reconcile", "apply", "applied")
VICTIMS = ("server", "worker", "database", "all")
SLOTS = (
    "select (select count(*) from memory where status = 0), (select count(*) from memory m where status = 0 and exists "
    "(select from locator l where l.bucket = m.bucket and l.id = m.id))"
)


def kills(trial: Trial) -> None:
    """Kill processes while four write; after each round start again and hold everything against the log."""
    log = Acknowledgements(trial.home.folder / "acknowledged.jsonl")
    starts: list[float] = []
    clean: list[float] = []
    victims: Counter[str] = Counter()
    for number in range(trial.rounds):
        began = time.monotonic()
        program, client = trial.home.serve("--workers", "1")
        if number:
            clean.append(time.monotonic() - began)
        worker = trial.home.start("worker", "--concurrency", "1")
        victim = trial.chance.choice(VICTIMS)
        victims[victim] += 1
        kill = partial(_kill, trial, program, worker, victim)
        asyncio.run(written(client, log, f"r{number}", kill, before=trial.chance.uniform(0.2, 3.0)))
        for one in (program, worker):
            if one.process.poll() is None:
                one.kill()
        began = time.monotonic()
        program, _ = trial.home.serve()
        starts.append(time.monotonic() - began)
        trial.home.run_out_leases()
        hold_to_log(trial, log, f"round {number} ({victim}): ")
        trial.check(program.stop() == 0, f"round {number}: the server did not stop cleanly: {program.err[-500:]}")
        verify_pages(trial, f"round {number} ({victim}): ")
        trial.tell(f"round {number + 1}, {victim} killed, {len(log.read())} acknowledged")
    usual = quantile(clean or starts, 0.5)
    late = [round(one, 1) for one in starts if one > usual + max(START_SECONDS, usual)]
    trial.check(
        len(late) <= len(starts) // 10,
        f"starts that take {START_SECONDS:.0f} s more than a clean one's {usual:.1f}, and twice as long: {late}",
    )
    trial.check(log.read(), "nothing was acknowledged: nothing was tried")
    trial.note("killed", dict(victims))
    trial.note("acknowledged, sent", [len(log.read()), len(log.sent)])
    trial.note(
        "seconds of a clean start, of one after a kill: median, longest", [usual, quantile(starts, 0.5), max(starts)]
    )


def stages(trial: Trial) -> None:
    """Kill the worker at each stage in turn, and the server between storing and answering; then let one finish."""
    log = Acknowledgements(trial.home.folder / "acknowledged.jsonl")
    for number in range(trial.rounds):
        server, client = trial.home.serve("--workers", "0", SYNAP_FAULT="accept:kill@25")
        for serial in range(24):
            marker = f"s{number}n{serial}x"
            log.sent.add(marker)
            post(client, document(marker, user_id=f"u{serial % 3}"))
            log.note(marker)
        for stage in WORKER_STAGES:
            passage = trial.chance.randint(1, 1 if stage in ("claimed", "embed") else 6)
            worker = trial.home.start("worker", SYNAP_FAULT=f"{stage}:kill@{passage}")
            ended = worker.wait()
            trial.check(
                ended == -signal.SIGKILL, f"nobody died at {stage}, passage {passage}: {ended} {worker.err[-300:]}"
            )
            trial.home.run_out_leases()
            lost = log.read() - state_of(trial).documents.keys()
            trial.check(not lost, f"killed at {stage}: {sorted(lost)} are lost")
            trial.tell(f"round {number + 1}: the worker was killed at {stage}, passage {passage}")
        unanswered = document(f"s{number}unanswered")
        log.sent.add(unanswered["document_id"])
        try:
            client.post(CREATE, json=unanswered)
            trial.find("the server answered although it was to die before")
        except httpx.HTTPError:
            server.wait()
        server, client = trial.home.serve()
        again = post(client, unanswered)
        trial.check(again["duplicate"], "what was stored and not answered is not known when handed in again")
        log.note(unanswered["document_id"])
        hold_to_log(trial, log, f"round {number}: ")
        trial.check(server.stop() == 0, f"the server did not stop cleanly: {server.err[-300:]}")
    ((memories, located),) = trial.home.rows(SLOTS)  # the last server has stopped an embedded database
    trial.check(memories == located, f"{memories} memories, {located} found by their id")
    take_stock(trial)
    trial.note("stages", ["accept", *WORKER_STAGES])
    trial.note("documents", len(log.sent))


def deletions(trial: Trial) -> None:
    """Kill the server in the middle of a user's erasure; the next one ends it, and no file holds the user's words."""
    for number in range(trial.rounds):
        secret, other = (f"{word}{number}{_word(trial)}" for word in ("gone", "kept"))
        server, client = trial.home.serve(SYNAP_FAULT="erased:kill@1")
        for serial in range(20):
            post(
                client,
                document(f"d{number}n{serial}", f"The safe {secret}{serial} holds the ledger.", user_id="leaver"),
            )
        post(client, document(f"d{number}other", f"The safe {other} holds the ledger.", user_id="stayer"))
        worked_through(trial)
        trial.check(
            secret in fetch(client, "Which safe?", "leaver").text, "the markers were never served: nothing is tried"
        )
        manager = {"Authorization": f"Bearer {trial.home.keys['management_key']}"}
        request = {
            "scope": "user",
            "confirm": "leaver",
            "user_id": "leaver",
            "instance_id": trial.home.keys["instance_id"],
        }
        try:
            client.post("/v1/data/delete", json=request, headers=manager)
            trial.find("the server answered although it was to die in the middle of the deletion")
        except httpx.HTTPError:
            server.wait()
        trial.home.run_out_leases()
        server, client = trial.home.serve()
        shown = _shown(client, secret)
        trial.check(not shown, f"round {number}: after the kill the erased user is served: {shown}")
        ended = becomes(lambda: trial.rows("select count(*) from deletion where state <> 'complete'") == [(0,)])
        trial.check(ended, f"round {number}: the deletion was never brought to its end")
        trial.check(not _shown(client, secret), f"round {number}: after its end the erased user is served")
        trial.check(
            other in fetch(client, "Which safe?", "stayer").text, f"round {number}: the other user's memory is gone"
        )
        trial.check(server.stop() == 0, "the server did not stop cleanly")
        _hold_files(trial, secret, other)
        trial.tell(f"round {number + 1}: killed in the middle, ended by the next process")
    take_stock(trial)
    if trial.by_url:
        trial.skip("the purge and the search of files: of a database by URL an erasure is logical")


def _word(trial: Trial) -> str:
    return "".join(trial.chance.choices("bcdfghklmnprstvz", k=10))


def _shown(client: httpx.Client, secret: str) -> list[str]:
    listed = client.get("/v1/memories", params={"user_id": "leaver"})
    answers: dict[str, Any] = {
        "fetch": fetch(client, "Which safe?", "leaver"),
        "list": listed,
        "metrics": client.get("/metrics"),
    }
    return [name for name, answer in answers.items() if secret in answer.text]


def _hold_files(trial: Trial, secret: str, other: str) -> None:
    """Look through the logs for what was erased; purge an embedded store, and look through its files for both markers."""
    logged = [one for one in trial.home.programs if secret in one.out + one.err]
    trial.check(not logged, "the log of a process holds the erased words")
    if trial.by_url:
        return
    with EmbeddedServer.start(trial.home.data) as server:
        purge(server.dsn(Role.OWNER))
    seen = sight(trial.home.folder, [secret, other])
    trial.check(not seen[secret].bytes, f"after the purge the erased words lie in {dict(seen[secret].files)}")
    trial.check(seen[other].bytes, "the look through the files is blind: what was kept is not seen either")


def _kill(trial: Trial, program: Program, worker: Program, victim: str) -> None:
    if victim in ("database", "all"):
        kill_database(trial.home)
    if victim in ("server", "all"):
        program.kill()
    if victim in ("worker", "all"):
        worker.kill()
    if victim in ("database", "all"):
        trial.revive()


SCENARIOS = (
    Scenario(
        number=1,
        name="kills",
        promise="What was acknowledged is there after a restart, complete and once; what was not, wholly or not at all; the"
        " start takes 5 s more than a clean one at most (twice as long where that takes longer), and every page of the store is whole.",
        method="kill -9 of the API server, the worker, PostgreSQL or all of them at a random moment, while four write; then"
        " a start, the queue run empty, everything held against the log, and all pages against their checksums.",
        run=kills,
        unit="kills",
        quick=3,
        full=200,
    ),
    Scenario(
        number=2,
        name="stages",
        promise="An ingestion killed at any stage is resumed or done again, with one result; no passage, vector, mention or"
        " job is left alone.",
        method="A worker dies by kill -9 at each stage in turn, at a random document of its group; the server between"
        " storing and answering. Then the log is held against the store, and `synap doctor` takes stock.",
        run=stages,
        quick=1,
        full=10,
    ),
    Scenario(
        number=3,
        name="deletions",
        promise="The erasure of a user goes on to its end after a kill; from the call on nothing of it is served, and after"
        " `synap purge` no file of the store holds it.",
        method="kill -9 of the server after the first step of the erasure, a start, looks by fetch, list and metrics before"
        " and after the end; then a purge, and a search for the markers in all files, logs included.",
        run=deletions,
        quick=1,
        full=10,
    ),
)
