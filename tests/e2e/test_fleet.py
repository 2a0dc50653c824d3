"""A fleet as its operator sees it: workers that stop, a queue that is too long, jobs that were given up, a unit that runs."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.by_url import BY_URL

from synap.store.privileges import Account, blocking_ancestor

ROOT = Path(__file__).parents[2]
COUNT = 40
MAIN = "from synap.cli.entry import main; main()"
GIVEN_UP = """
with dead as (
    update job set state = 'dead', error_code = 'ValueError', error_message = 'gone wrong' where state = 'ready'
    returning bucket, ingestion_id)
update ingestion i set status = 'failed' from dead where i.bucket = dead.bucket and i.id = dead.ingestion_id returning i.id
"""
"""In one statement, as a worker does it in one transaction: between two, somebody could find an ingestion without a job."""


def accept(client: httpx.Client, text: str) -> str:
    answer = client.post("/v1/memories/create", json={"document": text, "user_id": "ida", "document_type": "note"})
    assert answer.status_code in (200, 202), answer.text
    ingestion: str = answer.json()["ingestion_id"]
    return ingestion


def test_a_worker_that_is_told_to_stop_leaves_no_job_half_done(home: Any, patience: Any) -> None:
    _, client = home.serve("--workers", "0")
    for number in range(COUNT):
        accept(client, f"Shelf {number} holds the year {1900 + number}.")
    worker = home.start("worker", "--concurrency", "2")
    patience(lambda: home.rows("select 1 from ingestion where status = 'completed' limit 1"))

    code = worker.stop()
    states = dict(home.rows("select status, count(*) from ingestion group by 1"))
    running = home.rows("select count(*) from job where state = 'running'")[0][0]
    home.start("worker")
    patience(lambda: home.rows("select count(*) from ingestion where status = 'completed'")[0][0] == COUNT)

    assert code == 0
    assert running == 0
    assert sum(states.values()) == COUNT
    assert home.run("doctor", code=8)["stock"]["found"] == {}


def test_a_worker_answers_for_its_health_and_tells_its_own_metrics(home: Any, patience: Any) -> None:
    _, client = home.serve("--workers", "0")
    accept(client, "The harbour office opens at nine.")
    worker = home.start("worker", "--http", "127.0.0.1:0")
    worker.expect("listening on")
    worker.expect("working")
    patience(lambda: home.rows("select 1 from ingestion where status = 'completed'"))

    watched = home.client(worker)
    told = [watched.get("/health").status_code, watched.get("/v1/memories").status_code]
    lags = [
        re.search(r"^synap_ingestion_lag_seconds_count (\S+)$", one.get("/metrics").text, re.MULTILINE)
        for one in (client, watched)
    ]
    code = worker.stop()

    assert told == [200, 404]
    assert [float(lag[1]) for lag in lags if lag] == [0.0, 1.0]
    assert code == 0


def test_a_queue_that_is_too_long_sends_writers_away_for_a_while(home: Any, patience: Any) -> None:
    _, client = home.serve("--workers", "0", SYNAP_BACKLOG="3")
    for number in range(3):
        accept(client, f"Shelf {number} holds the year {1900 + number}.")

    refused = client.post("/v1/memories/create", json={"document": "One more.", "user_id": "ida"})
    read = client.get("/v1/memories", params={"user_id": "ida"})
    metrics = client.get("/metrics").text

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    assert refused.json()["retry_after_seconds"] == 10
    assert read.status_code == 200
    assert "synap_queue_ready_jobs 3.0" in metrics
    assert "synap_backlog_refusals_total 1.0" in metrics
    home.start("worker")
    patience(lambda: not home.rows("select 1 from job"))
    patience(lambda: client.post("/v1/memories/create", json={"document": "More.", "user_id": "ida"}).is_success)


def test_jobs_are_listed_explained_retried_and_dropped(home: Any, patience: Any) -> None:
    _, client = home.serve("--workers", "0")
    instance = home.keys["instance_id"]
    first, second = accept(client, "The attic holds the maps."), accept(client, "The cellar holds the wine.")

    def run(*arguments: str, code: int = 0) -> Any:
        return home.run("jobs", *arguments, code=code)

    waiting = run("list", instance, "--state", "ready")
    explained = run("explain", instance, first)["explanation"]
    assert len(home.rows(GIVEN_UP)) == 2
    dead = run("list", instance)
    stranger = run("explain", "inst_0000000000000000", first, code=4)
    again = run("retry", instance, first)
    dropped = run("drop", instance, second)
    wrong = run("retry", instance, second, code=4)
    home.start("worker")
    patience(lambda: home.rows("select count(*) from ingestion where status = 'completed'")[0][0] == 1)

    assert {row["id"] for row in waiting} == {first, second}
    assert any("start `synap worker`" in line for line in explained)
    assert [(row["state"], row["code"]) for row in dead] == [("dead", "ValueError")] * 2
    assert "has no ingestion" in stranger["error"]
    assert again == {"id": first, "status": "queued"}
    assert dropped == {"id": second, "status": "dropped"}
    assert "was given up" in wrong["error"]
    assert home.rows("select count(*) from ingestion where status = 'failed'")[0][0] == 1
    assert run("list", instance) == []


@pytest.fixture
def plain_home(server_folder: Callable[[], Path]) -> Iterator[tuple[Path, Account]]:
    """A folder of a user without powers, and the user."""
    if BY_URL:
        pytest.skip("the unit brings its own database")
    if os.geteuid() == 0:
        entry = pwd.getpwnam("daemon")
        account = Account(uid=entry.pw_uid, gid=entry.pw_gid)
    else:
        account = Account(uid=os.geteuid(), gid=os.getegid())
    for needed in (Path(sys.executable).resolve(), Path(sys.prefix) / "bin", ROOT / "src/synap"):
        if (blocked := blocking_ancestor(needed, account)) is not None:
            pytest.skip(f"a plain user may not pass {blocked}")
    folder = server_folder()
    folder.chmod(0o711)
    for name in ("lib", "run"):
        (folder / name).mkdir(mode=0o700)
        account.give(folder / name)
    yield folder, account
    shutil.rmtree(folder, ignore_errors=True)


def test_the_unit_of_the_embedded_server_runs_as_a_plain_user(
    plain_home: tuple[Path, Account], patience: Callable[..., None]
) -> None:
    folder, account = plain_home
    unit = (ROOT / "deploy/systemd/synap.service").read_text().replace("/var/lib/synap", str(folder / "lib"))
    unit = unit.replace("/run/synap", str(folder / "run"))
    (line,) = re.findall(r"^ExecStart=/opt/synap/bin/synap (.*)$", unit, re.MULTILINE)
    environment = dict(pair.split("=", 1) for pair in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE))
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    own = os.geteuid() != 0
    log = folder / "out"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", MAIN, *line.split(), "--http", "127.0.0.1:0", "--grpc", "off"],
            env={**kept, **environment, "SYNAP_EMBEDDER": "hashing", "HOME": str(folder / "lib")},
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd="/",
            umask=0o077,
            user=None if own else account.uid,
            group=None if own else account.gid,
            extra_groups=None if own else [],
        )
    try:
        patience(lambda: "ready" in log.read_text() or process.poll() is not None)
        found = re.search(r"listening on (\S+)", log.read_text())
        assert found, log.read_text()
        health = httpx.get(f"{found[1]}/health", trust_env=False).json()
        keys = folder / "lib/keys.json"

        assert health["status"] == "ok"
        assert (keys.stat().st_mode & 0o777, keys.stat().st_uid) == (0o600, account.uid)
        assert (folder / "lib/data").stat().st_uid == account.uid
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    assert code == 0
