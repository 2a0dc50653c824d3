"""What the scenarios of the durability campaign share: a trial with its processes, writers with their log, and what is held.

A scenario is a function over a `Trial`, beside its number in the acceptance list, its promise and its method in words. What it
finds broken it tells by `Trial.find`, measured values by `Trial.note`. Nothing of the engine decides whether a promise was kept:
the log of acknowledgements lies outside, and the state is read as the database's owner.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from tests.by_url import url_server
from tests.campaign.history import Acknowledgements, State, violations
from tests.e2e.conftest import Home, Program

from synap.store.cluster import OWNER, conninfo
from synap.store.migrate import migrate
from synap.store.privileges import blocking_ancestor, server_account
from synap.store.server import DATABASE, Role, prepare

QUEUE_SECONDS = 180.0
CREATE = "/v1/memories/create"
FETCH = "/v1/context/user/fetch"

PAGE_BYTES = 8192
"""Of PostgreSQL, as the wheel builds it."""

MOST_FOUND = 40
"""Violations of one scenario that are told: more of them say nothing new."""

ANCHOR = "anchor"
"""A document that is there from the beginning, so that a read knows what it must show."""
ANCHOR_TEXT = "The anchor of the lighthouse was forged in 1871."
QUESTION = "When was the anchor of the lighthouse forged?"
SHOWN = "1871"

UNFINISHED = "select count(*) from ingestion where status <> 'completed'"
DOUBLES = (
    "select count(*) from (select 1 from memory where status = 0 "
    "group by bucket, scope_id, content having count(*) > 1) as twice"
)
ORPHANS = (
    "select count(*) from memory m left join document d on d.bucket = m.bucket and d.id = m.document_row "
    "where d.id is null and m.status = 0"
)


@dataclass(slots=True)
class Trial:
    """One run of a scenario.

    Attributes:
        home: A data folder of its own, and the programs on it.
        chance: Where all that is random comes from.
        rounds: How often, or how much; what it counts is the scenario's.
        found: What was not as promised, in words.
        notes: What was counted and measured.
        skipped: What could not be tried on this machine, and why.
        revive: Starts a killed database again where Synap's own processes do not.
    """

    home: Home
    chance: random.Random
    rounds: int
    found: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    revive: Callable[[], None] = lambda: None

    @property
    def by_url(self) -> bool:
        """Whether the database is one given by URL."""
        return self.home.database is not None

    def find(self, what: str) -> None:
        """Tell that a promise was not kept."""
        if len(self.found) < MOST_FOUND:
            self.found.append(what)
            self.tell(f"BROKEN: {what}")

    def check(self, held: object, what: str) -> None:
        """Tell it unless something holds."""
        if not held:
            self.find(what)

    def rows(self, query: str) -> list[Any]:
        """Return what the owner reads of the running database, which this neither starts nor keeps running."""
        with psycopg.connect(owner_of(self.home), connect_timeout=10) as connection:
            return connection.execute(query.encode()).fetchall()

    def note(self, name: str, value: Any) -> None:
        """Keep a figure for the report."""
        self.notes[name] = value

    def skip(self, what: str) -> None:
        """Tell that a part was not tried."""
        self.skipped.append(what)

    def tell(self, line: str) -> None:
        """Say how far it is."""
        sys.stdout.write(f"  {line}\n")
        sys.stdout.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A promise, and how it is tried.

    Attributes:
        number: In the list of faults and loads that acceptance asks for.
        name: What the command line calls it.
        promise: What has to hold.
        method: What is done, in a sentence.
        run: Does it.
        unit: What `rounds` counts.
        quick: How many without an argument.
        full: How many in the whole campaign.
        by_url: Whether it is tried on a database given by URL as well.
    """

    number: int
    name: str
    promise: str
    method: str
    run: Callable[[Trial], None]
    unit: str = "rounds"
    quick: int = 1
    full: int = 1
    by_url: bool = True


@contextmanager
def campaign_folder() -> Iterator[Path]:
    """Yield an empty folder that the database's account can pass, removed afterwards."""
    parents = [Path(tempfile.gettempdir()), Path("/var/tmp")]  # noqa: S108 - mkdtemp makes it private
    parent = next(one for one in parents if blocking_ancestor(one / "x", server_account()) is None)
    folder = Path(tempfile.mkdtemp(prefix="synap-campaign-", dir=parent))
    folder.chmod(0o711)  # as root the database runs under another uid, which has to pass
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded_trial(folder: Path, chance: random.Random, rounds: int) -> Iterator[Trial]:
    """Yield a trial over an embedded store in a folder."""
    with home_in(folder) as home:
        yield Trial(home=home, chance=chance, rounds=rounds)


@contextmanager
def url_trial(folder: Path, chance: random.Random, rounds: int) -> Iterator[Trial]:
    """Yield a trial over a PostgreSQL of its own that is reached by URL, whose files lie in the home's data folder."""
    data = folder / "data"
    data.mkdir(mode=0o711)
    with url_server(data) as server:
        migrate(server.dsn(Role.OWNER))
        with home_in(folder, database=server.dsn) as home:
            yield Trial(home=home, chance=chance, rounds=rounds, revive=server.start_again)


TRIALS = {"embedded": embedded_trial, "url": url_trial}
"""Ways to a trial, by the kind of store that it is over."""


@contextmanager
def home_in(folder: Path, **options: Any) -> Iterator[Home]:
    """Yield a home in a folder; its programs and its database are stopped afterwards."""
    home = Home(folder, **options)
    try:
        yield home
    finally:
        home.close()


def document(marker: str, text: str | None = None, **more: Any) -> dict[str, Any]:
    """Return the body of a document under the id `marker`, which its one statement names."""
    said = f"The box with label {marker} stands in the cellar." if text is None else text
    return {"document": said, "document_type": "document", "document_id": marker, "user_id": "u", **more}


def post(client: httpx.Client, body: Mapping[str, Any]) -> dict[str, Any]:
    """Hand a document in; return the ingestion."""
    answer = client.post(CREATE, json=body)
    if not answer.is_success:
        raise AssertionError(f"{answer.status_code}: {answer.text[:500]}")
    ingestion: dict[str, Any] = answer.json()
    return ingestion


def fetch(client: httpx.Client, query: str, user: str = "u") -> httpx.Response:
    """Ask for the context of a user."""
    return client.post(FETCH, json={"user_id": user, "search_query": [query]})


def speaker_of(client: httpx.Client, *, seconds: float = 20.0) -> httpx.AsyncClient:
    """Return an asynchronous client with the address and the key of a synchronous one."""
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(
        base_url=client.base_url, headers=client.headers, timeout=seconds, trust_env=False, limits=limits
    )


async def write_until(
    speaker: httpx.AsyncClient,
    log: Acknowledgements,
    name: str,
    stop: asyncio.Event,
    *,
    statuses: dict[int, int] | None = None,
    user: str | None = None,
) -> None:
    """Hand documents in, one after the other, and log what was acknowledged; go on through failures until told to stop."""
    serial = 0
    while not stop.is_set():
        marker, serial = f"{name}n{serial}x", serial + 1
        log.sent.add(marker)
        try:
            answer = await speaker.post(CREATE, json=document(marker, user_id=user or name))
        except httpx.HTTPError:
            if statuses is not None:
                statuses[0] = statuses.get(0, 0) + 1
            await asyncio.sleep(0.05)
            continue
        if statuses is not None:
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        if answer.is_success:
            log.note(marker)
        else:
            await asyncio.sleep(0.05)


async def written(
    client: httpx.Client,
    log: Acknowledgements,
    prefix: str,
    fault: Callable[[], None],
    *,
    writers: int = 4,
    before: float = 1.0,
    after: float = 1.0,
) -> dict[int, int]:
    """Let writers write, do something to them in the middle, and let them go on with what is left; returns the statuses."""
    stop, statuses = asyncio.Event(), dict[int, int]()
    async with speaker_of(client) as speaker, asyncio.TaskGroup() as group:
        for writer in range(writers):
            group.create_task(write_until(speaker, log, f"{prefix}w{writer}", stop, statuses=statuses))
        await asyncio.sleep(before)
        await asyncio.to_thread(fault)
        await asyncio.sleep(after)
        stop.set()
    return statuses


def kill_database(home: Home) -> None:
    """End the database and all its processes without asking."""
    for process in home.postgres():
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def halt_database(home: Home) -> None:
    """Have a database end its sessions and stop, as PostgreSQL's fast shutdown does."""
    processes = home.postgres()
    if processes:
        processes[0].send_signal(signal.SIGINT)
        psutil.wait_procs(processes, timeout=60)


def becomes(true: Callable[[], object], *, seconds: float = QUEUE_SECONDS) -> bool:
    """Wait until something holds; return whether it did. A call that fails meanwhile counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if true():
                return True
        except (httpx.HTTPError, psycopg.Error, AssertionError):
            pass
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)


def worked_through(trial: Trial, *, seconds: float = QUEUE_SECONDS) -> None:
    """Wait until every ingestion is completed; tell what is not, by state and error."""
    if not becomes(lambda: trial.rows(UNFINISHED) == [(0,)], seconds=seconds):
        states = trial.rows(
            "select i.status, j.state, coalesce(j.error_code, ''), count(*) from ingestion i left join job j "
            "on j.bucket = i.bucket and j.ingestion_id = i.id where i.status <> 'completed' group by 1, 2, 3"
        )
        trial.find(f"not worked through after {seconds:.0f} s: {states}")


def state_of(trial: Trial) -> State:
    """Return what the store holds, read as its owner."""
    return State(
        documents=dict(trial.rows("select document_key, count(*) from document group by document_key")),
        contents=[row[0] for row in trial.rows("select content from memory where status = 0")],
        unfinished=trial.rows(UNFINISHED)[0][0],
        orphans=trial.rows(ORPHANS)[0][0],
        doubles=trial.rows(DOUBLES)[0][0],
        jobs=trial.rows("select count(*) from job")[0][0],
    )


def hold_to_log(trial: Trial, log: Acknowledgements, label: str = "") -> None:
    """Let the queue run empty, then hold what is there against what was acknowledged."""
    worked_through(trial)
    becomes(lambda: trial.rows("select count(*) from job") == [(0,)], seconds=20)
    for one in violations(log.read(), log.sent, state_of(trial)):
        trial.find(f"{label}{one}")


def take_stock(trial: Trial, label: str = "") -> None:
    """Have the installation examined by its own command: no segment, vector, mention or job may stand alone."""
    found = trial.home.run("doctor", code=8, apart=True)["stock"]["found"]
    trial.check(found == {}, f"{label}stock shows damage: {found}")


def verify_pages(trial: Trial, label: str = "", *, was_full: bool = False) -> None:
    """Have every page of the stopped store checked against its checksum by PostgreSQL's own program.

    An embedded one was stopped by the last process on it; one by URL is stopped for this, and started again. Where its disk
    `was_full`, a table's file may end in part of a page: PostgreSQL counts whole pages alone and writes over that part when the
    file grows, but its program stops there; so it is cut off, and told.
    """
    if trial.by_url:
        halt_database(trial.home)
    cluster = prepare(trial.home.data)
    if was_full:
        trial.note(f"{label}files that ended in part of a page", _cut_to_pages(cluster.data))
    command = [cluster.binaries.program("pg_checksums"), "--check", "-D", str(cluster.data)]
    done = cluster.account.run(command, timeout=300, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
    trial.check(done.returncode == 0, f"{label}pages are damaged: {done.stdout[-300:]} {done.stderr[-300:]}")
    trial.revive()


def _cut_to_pages(data: Path) -> int:
    """Cut off what follows the last whole page of the files of a stopped database; return how many had that."""
    torn = [file for file in (data / "base").glob("*/[0-9]*") if file.stat().st_size % PAGE_BYTES]
    for file in torn:
        os.truncate(file, file.stat().st_size // PAGE_BYTES * PAGE_BYTES)
    return len(torn)


def owner_of(home: Home) -> str:
    """Return where the owner of a home's database logs in."""
    if home.database is not None:
        return home.database(Role.OWNER)
    return conninfo(prepare(home.data).sockets, user=OWNER, database=DATABASE)


def memory_mib(program: Program) -> float:
    """Return the resident memory of a process, in MiB."""
    return float(psutil.Process(program.process.pid).memory_info().rss) / 2**20


def peak_mib(program: Program) -> float:
    """Return the most memory that a process ever held at once, in MiB; what it holds now where the system keeps no peak."""
    status = Path(f"/proc/{program.process.pid}/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return memory_mib(program)


def quantile(values: list[float], share: float) -> float:
    """Return the value that a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def anchored(trial: Trial, client: httpx.Client, log: Acknowledgements) -> None:
    """Hand the anchor in, and hold that it is found."""
    log.sent.add(ANCHOR)
    post(client, document(ANCHOR, ANCHOR_TEXT))
    log.note(ANCHOR)
    worked_through(trial)
    trial.check(SHOWN in fetch(client, QUESTION).text, "what is asked for is not found at first")


def degraded(answer: httpx.Response) -> bool:
    """Whether a fetch says that it is not what it could be."""
    return bool(answer.json().get("retrieval", {}).get("degraded"))


@contextmanager
def small_disk(folder: Path, *, mib: int) -> Iterator[Path]:
    """Yield a folder on a file system of so many MiB.

    Raises:
        PermissionError: This process may not mount one.
    """
    folder.mkdir(mode=0o711, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=711", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise PermissionError(done.stderr.strip() or "mount failed")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)  # noqa: S603, S607 - our own words
