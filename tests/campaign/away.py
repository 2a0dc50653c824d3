"""Number 14: the database killed, cut off, silent or slow, while the engine writes and reads; it recovers by itself."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from psycopg.conninfo import conninfo_to_dict
from tests.by_url import url_server
from tests.campaign.harness import (
    CREATE,
    QUESTION,
    SHOWN,
    Scenario,
    Trial,
    anchored,
    becomes,
    degraded,
    document,
    fetch,
    hold_to_log,
    home_in,
    kill_database,
    speaker_of,
    take_stock,
    write_until,
)
from tests.campaign.history import Acknowledgements
from tests.campaign.relay import Relay, relay

from synap.store.cluster import PORT
from synap.store.migrate import migrate
from synap.store.server import Role

RECOVERY_SECONDS = 60.0
AWAY_SECONDS = (8.0, 75.0)
GOOD = (200, 202)
UNAVAILABLE = (429, 503, 504)
"""What a call may be refused with while the database is away."""


@dataclass(slots=True)
class Seen:
    """What callers saw of one fault: statuses of writes, kinds of reads, and how long until both were well again."""

    writes: Counter[int]
    reads: Counter[str]
    recovery: float = 0.0


def away(trial: Trial) -> None:
    """Kill the embedded database; then one given by URL, behind a relay, is killed, cut off, silent and slow."""
    kinds = Counter[str]()
    log = Acknowledgements(trial.home.folder / "embedded.jsonl")
    recoveries: dict[str, float] = {}
    for number in range(trial.rounds):
        for name, seen in (("embedded, killed", _embedded(trial, log, number)), *_by_url(trial, number)):
            kinds += Counter({f"write {status}": count for status, count in seen.writes.items()}) + seen.reads
            recoveries[name] = max(recoveries.get(name, 0.0), seen.recovery)
            writes, reads = dict(sorted(seen.writes.items())), dict(seen.reads)
            trial.tell(f"{name}: writes {writes}, reads {reads}, well {seen.recovery:.1f} s after it was back")
    trial.note("answers", dict(sorted(kinds.items())))
    trial.note("longest recovery, seconds", recoveries)


def _embedded(trial: Trial, log: Acknowledgements, number: int) -> Seen:
    """Kill the embedded database while its server runs: that starts it again."""
    _, client = trial.home.serve()
    anchored(trial, client, log)
    seen = asyncio.run(
        _through(
            trial,
            client,
            log,
            f"e{number}",
            seconds=AWAY_SECONDS[0],
            fault=lambda: kill_database(trial.home),
            mend=_nothing,
        )
    )
    _hold(trial, log, f"embedded, killed, round {number}: ")
    for program in trial.home.programs:
        if program.process.poll() is None:
            program.stop()
    return seen


def _by_url(trial: Trial, number: int) -> Iterator[tuple[str, Seen]]:
    folder = trial.home.folder / f"url{number}"
    data = folder / "data"  # the home's own, so that its database is found there
    for one in (folder, data):
        one.mkdir(mode=0o711)
    with url_server(data) as server, _relayed(server.dsn) as (between, dsn), home_in(folder, database=dsn) as home:
        migrate(server.dsn(Role.OWNER))
        program, client = home.serve()
        # The queue is worked by a process of its own as well, whose connections fail by themselves.
        home.start("worker", "--concurrency", "1")
        inner = Trial(home=home, chance=trial.chance, rounds=1, found=trial.found)
        log = Acknowledgements(folder / "acknowledged.jsonl")
        anchored(inner, client, log)
        faults: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "by URL, killed": (partial(kill_database, home), server.start_again),
            "by URL, cut off": (between.cut, between.mend),
            "by URL, silent": (between.hush, between.mend),
            "by URL, 500 ms late": (partial(between.slow, 0.5), between.mend),
            "by URL, every connection hangs for ever": (between.strand, _nothing),
        }
        seconds = AWAY_SECONDS[number % len(AWAY_SECONDS)]
        for serial, (name, (fault, mend)) in enumerate(faults.items()):
            yield (
                name,
                asyncio.run(
                    _through(inner, client, log, f"u{number}f{serial}", seconds=seconds, fault=fault, mend=mend)
                ),
            )
            inner.check(program.process.poll() is None, f"{name}: the server has ended")
        _hold(inner, log, f"by URL, round {number}: ")


@contextmanager
def _relayed(direct: Callable[..., str]) -> Iterator[tuple[Relay, Callable[[Role], str]]]:
    """A relay before a database, and where roles log in through it; the owner, who inspects, goes around it."""
    with relay(str(conninfo_to_dict(direct(Role.APP))["host"]), PORT) as between:

        def dsn(role: Role) -> str:
            if role is Role.OWNER:
                return direct(role)
            parts = conninfo_to_dict(direct(role))
            user, password, name = parts["user"], parts["password"], parts["dbname"]
            return f"postgresql://{user}:{password}@127.0.0.1:{between.port}/{name}"

        yield between, dsn


async def _through(
    trial: Trial,
    client: httpx.Client,
    log: Acknowledgements,
    prefix: str,
    *,
    seconds: float,
    fault: Callable[[], None],
    mend: Callable[[], None],
) -> Seen:
    """Write and read through a fault and its end; return what was seen."""
    stop, statuses, reads = asyncio.Event(), dict[int, int](), Counter[str]()
    async with speaker_of(client, seconds=40) as speaker, asyncio.TaskGroup() as group:
        for writer in range(3):
            group.create_task(write_until(speaker, log, f"{prefix}w{writer}", stop, statuses=statuses))
        for _ in range(2):
            group.create_task(_read_until(trial, speaker, reads, stop))
        await asyncio.sleep(2)
        await asyncio.to_thread(fault)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(mend)
        began = time.monotonic()
        well = await asyncio.to_thread(becomes, partial(_well, client, log, prefix), seconds=RECOVERY_SECONDS)
        recovery = time.monotonic() - began
        stop.set()
    trial.check(well, f"{prefix}: not well {RECOVERY_SECONDS:.0f} s after the database was back")
    odd = {status: count for status, count in statuses.items() if status not in (*GOOD, *UNAVAILABLE)}
    trial.check(not odd, f"{prefix}: writes were answered with {odd}")
    return Seen(writes=Counter(statuses), reads=reads, recovery=recovery)


async def _read_until(trial: Trial, speaker: httpx.AsyncClient, reads: Counter[str], stop: asyncio.Event) -> None:
    """Ask for what is known to be there: it is there, or the answer says that it is degraded, or that it cannot be had."""
    body = {"user_id": "u", "search_query": [QUESTION]}
    while not stop.is_set():
        try:
            answer = await speaker.post("/v1/context/user/fetch", json=body)
        except httpx.HTTPError as error:
            trial.find(f"a read was not answered at all: {type(error).__name__}")
            continue
        reads[_kind(trial, answer)] += 1
        await asyncio.sleep(0.05)


def _kind(trial: Trial, answer: httpx.Response) -> str:
    if answer.status_code in UNAVAILABLE:
        return f"read {answer.status_code}"
    if answer.status_code != 200:
        trial.find(f"a read was answered with {answer.status_code}: {answer.text[:300]}")
        return "read broken"
    if degraded(answer):
        return "read degraded"
    if SHOWN not in answer.text:
        trial.find(f"a read lied: nothing found, and not degraded: {answer.text[:300]}")
        return "read that lied"
    return "read whole"


def _well(client: httpx.Client, log: Acknowledgements, prefix: str) -> bool:
    """Whether a write is taken, a read is whole, and the server says that it is well."""
    marker = f"{prefix}well"
    log.sent.add(marker)
    taken = client.post(CREATE, json=document(marker, user_id=prefix), timeout=10)
    read = fetch(client, QUESTION)
    health = client.get("/health", timeout=10).json()["status"]
    if not taken.is_success or SHOWN not in read.text or degraded(read) or health != "ok":
        return False
    log.note(marker)
    return True


def _hold(trial: Trial, log: Acknowledgements, label: str) -> None:
    """Hold the store against the log; leases of claims whose answer was lost run out by themselves."""
    hold_to_log(trial, log, label)
    take_stock(trial, label)


def _nothing() -> None:
    """Leave the mending to the engine."""


SCENARIOS = (
    Scenario(
        number=14,
        name="away",
        promise="While the database is gone, cut off, silent or slow, writes are taken or refused with 503, 504 or 429, reads"
        " are whole, or degraded and say so, or refused likewise; 60 s after it is back all is well without a restart, and every"
        " acknowledged document is there, once.",
        method="The embedded database is killed under its server. A database given by URL, behind a relay, is killed and started"
        " again, cut off, kept silent and made 500 ms late, for 8 s each or 75 s in every second round, and all connections are"
        " left hanging while new ones work, as after a move; all this while three write and two read what is known to be there.",
        run=away,
        quick=1,
        full=5,
        by_url=False,
    ),
)
