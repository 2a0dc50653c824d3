"""Numbers 6, 7, 16 and 18: many at once, a neighbour who pours, one erased among many, and the same load for a long time."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import httpx
import psutil
from tests.campaign.harness import (
    CREATE,
    FETCH,
    Scenario,
    Trial,
    document,
    hold_to_log,
    memory_mib,
    post,
    quantile,
    speaker_of,
    state_of,
    take_stock,
    worked_through,
)
from tests.campaign.history import Acknowledgements
from tests.e2e.conftest import Program

WRITERS = READERS = 32
READ_YOUR_WRITE = 8
"""Every so many-th document of a writer is waited for and asked after."""

CREATED_SECONDS = 120.0
MEMORY_SHARE = 0.10
MEMORY_MIB = 32.0
"""Growth that is no growth: of a process that had hardly begun, a tenth is little."""

OWN_MEMORY = "memory beside what searches read MiB"
KEPT = ("synap_resident_bytes ", "synap_nearest_bytes ")

TAIL = 10.0
TAIL_SECONDS = 1.0
BUSY = (429, 503)
NEIGHBOUR_DOCUMENTS = 1_000
POURERS = 50
"""Users of the customer who pours documents in."""


@dataclass(slots=True)
class Watched:
    """What readers and writers saw, and how much memory the server held beside what it keeps of the store, in MiB."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    own_reads: int = 0


def crowd(trial: Trial) -> None:
    """Let 32 write and 32 read as one user, then as a thousand."""
    program, client = trial.home.serve()
    log = Acknowledgements(trial.home.folder / "acknowledged.jsonl")
    for name, users in (("one user", 1), ("1,000 users", 1_000)):
        seen = asyncio.run(_crowd(trial, program, client, log, users=users))
        broken = {one: count for one, count in seen.statuses.items() if one.startswith("5") or one == "none"}
        trial.check(not broken, f"{name}: answers {broken}")
        p50, p99 = quantile(seen.reads, 0.5), quantile(seen.reads, 0.99)
        trial.check(
            p99 < max(TAIL * p50, TAIL_SECONDS),
            f"{name}: reads take {p50:.3f} s, and {p99:.3f} s at the 99th percentile",
        )
        trial.check(seen.own_reads, f"{name}: no write was read back: nothing was tried")
        trial.note(f"{name}: statuses", dict(seen.statuses))
        trial.note(
            f"{name}: reads p50, p99, writes p50, p99 in s",
            [p50, p99, quantile(seen.writes, 0.5), quantile(seen.writes, 0.99)],
        )
        trial.note(f"{name}: writes read back", seen.own_reads)
        _flat(trial, name, seen.memory)
    hold_to_log(trial, log)
    take_stock(trial)
    trial.note("acknowledged", len(log.read()))


def _flat(trial: Trial, name: str, memory: list[float]) -> None:
    """Hold that memory stayed the same after a warm-up of a third of the time."""
    warm = memory[len(memory) // 3 :]
    third = max(1, len(warm) // 3)
    first, last = quantile(warm[:third], 0.5), quantile(warm[-third:], 0.5)
    trial.note(f"{name}: {OWN_MEMORY} after the warm-up and in the end", [first, last])
    trial.check(
        last <= first * (1 + MEMORY_SHARE) + MEMORY_MIB, f"{name}: memory grew from {first:.0f} to {last:.0f} MiB"
    )


async def _crowd(trial: Trial, program: Program, client: httpx.Client, log: Acknowledgements, *, users: int) -> Watched:
    seen, stop = Watched(), asyncio.Event()
    async with speaker_of(client, seconds=120) as speaker, asyncio.TaskGroup() as group:
        for number in range(WRITERS):
            group.create_task(_write(trial, speaker, log, seen, stop, name=f"c{users}w{number}", users=users))
        for number in range(READERS):
            group.create_task(_read(speaker, seen, stop, user=f"user{number * 31 % users}"))
        until = time.monotonic() + trial.rounds
        while time.monotonic() < until:
            await asyncio.sleep(0.5)
            seen.memory.append(memory_mib(program) - await _kept_mib(speaker))
        stop.set()
    return seen


async def _timed(
    seen: Watched, taken: list[float], call: Callable[[], Awaitable[httpx.Response]]
) -> httpx.Response | None:
    began = time.monotonic()
    try:
        answer = await call()
    except httpx.HTTPError as error:
        seen.statuses[f"none: {type(error).__name__}"] += 1
        return None
    taken.append(time.monotonic() - began)
    seen.statuses[str(answer.status_code)] += 1
    if answer.status_code in BUSY:
        await asyncio.sleep(0.5)
    return answer


async def _write(
    trial: Trial,
    speaker: httpx.AsyncClient,
    log: Acknowledgements,
    seen: Watched,
    stop: asyncio.Event,
    *,
    name: str,
    users: int,
) -> None:
    serial = 0
    while not stop.is_set():
        marker, user = f"{name}n{serial}x", f"user{(hash_of(name) + serial * 7) % users}"
        serial += 1
        log.sent.add(marker)
        body = document(marker, user_id=user)
        answer = await _timed(seen, seen.writes, partial(speaker.post, CREATE, json=body))
        if answer is None or not answer.is_success:
            continue
        log.note(marker)
        if serial % READ_YOUR_WRITE == 1:
            await _read_back(trial, speaker, seen, answer.json()["ingestion_id"], marker=marker, user=user)


async def _read_back(
    trial: Trial, speaker: httpx.AsyncClient, seen: Watched, ingestion: str, *, marker: str, user: str
) -> None:
    """Hold that a document which is said to be completed is found."""
    until = time.monotonic() + CREATED_SECONDS
    while time.monotonic() < until:
        status = await speaker.get(f"/v1/memories/status/{ingestion}")
        if status.is_success and status.json()["status"] == "completed":
            body = {"user_id": user, "search_query": [f"Where is the box with label {marker}?"]}
            found = await speaker.post(FETCH, json=body)
            whole = found.is_success and (marker in found.text or found.json().get("retrieval", {}).get("degraded"))
            trial.check(
                whole or found.status_code in BUSY,
                f"{marker} is completed, and not found by its user: {found.status_code}",
            )
            seen.own_reads += 1
            return
        await asyncio.sleep(0.25)


async def _read(speaker: httpx.AsyncClient, seen: Watched, stop: asyncio.Event, *, user: str) -> None:
    body = {"user_id": user, "search_query": ["Where are the boxes?"]}
    while not stop.is_set():
        await _timed(seen, seen.reads, lambda: speaker.post(FETCH, json=body))
        await asyncio.sleep(0.05)


def hash_of(text: str) -> int:
    """Return a number that follows from a text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())


def neighbour(trial: Trial) -> None:
    """Let one customer pour documents in while another reads and writes now and then."""
    _, client = trial.home.serve()
    log = Acknowledgements(trial.home.folder / "acknowledged.jsonl")
    for serial in range(20):
        post(client, document(f"quiet{serial}x", user_id="quiet", customer_id="quiet"))
        log.sent.add(f"quiet{serial}x")
        log.note(f"quiet{serial}x")
    worked_through(trial)
    alone = asyncio.run(_quiet(trial, client, log, "before", seconds=10.0))
    poured = NEIGHBOUR_DOCUMENTS * trial.rounds
    beside = asyncio.run(_beside(trial, client, log, poured))
    before, after = quantile(alone[0], 0.95), quantile(beside[0], 0.95)
    trial.note("documents poured in", poured)
    trial.note("another's fetch p95 alone and beside, ms", [before * 1000, after * 1000])
    trial.note("another's document until completed, alone and beside, longest in s", [max(alone[1]), max(beside[1])])
    trial.check(
        after <= 2 * before + 0.1, f"another's fetch p95 went from {before * 1000:.0f} to {after * 1000:.0f} ms"
    )
    left = trial.rows("select count(*) from ingestion where status <> 'completed'")[0][0]
    trial.note("of the pour still to be worked through when the other's last document was", left)
    trial.check(max(beside[1]) < CREATED_SECONDS, f"another's document waited {max(beside[1]):.0f} s")
    worked_through(trial, seconds=max(180.0, poured * 0.5))
    hold_to_log(trial, log)
    take_stock(trial)


async def _beside(
    trial: Trial, client: httpx.Client, log: Acknowledgements, count: int
) -> tuple[list[float], list[float]]:
    """Pour documents in, in batches, and let another go on until a while after the last."""
    poured = asyncio.Event()
    async with speaker_of(client, seconds=120) as speaker, asyncio.TaskGroup() as group:
        quiet = group.create_task(_quiet(trial, client, log, "beside", until=poured))
        for start in range(0, count, 100):
            markers = [f"pour{start + number}x" for number in range(100)]
            log.sent |= set(markers)
            bodies = [
                document(marker, user_id=f"pourer{number % POURERS}", customer_id="pourer")
                for number, marker in enumerate(markers)
            ]
            answer = await speaker.post("/v1/memories/batch", json={"documents": bodies})
            trial.check(
                answer.is_success or answer.status_code in BUSY, f"a batch: {answer.status_code} {answer.text[:200]}"
            )
            if answer.is_success:
                for marker in markers:
                    log.note(marker)
        await asyncio.sleep(5)
        poured.set()
    return quiet.result()


async def _quiet(
    trial: Trial,
    client: httpx.Client,
    log: Acknowledgements,
    name: str,
    *,
    seconds: float = 0.0,
    until: asyncio.Event | None = None,
) -> tuple[list[float], list[float]]:
    """Read every fifth of a second and write now and then; return how long reads and ingestions took."""
    reads, ingestions = list[float](), list[float]()
    end, serial = time.monotonic() + seconds, 0
    ids = {"user_id": "quiet", "customer_id": "quiet"}
    async with speaker_of(client, seconds=120) as speaker:
        while time.monotonic() < end if until is None else not until.is_set() or not ingestions:
            marker, serial = f"{name}{serial}q", serial + 1
            log.sent.add(marker)
            began = time.monotonic()
            made = await speaker.post(CREATE, json=document(marker, **ids))
            trial.check(made.is_success, f"another's write: {made.status_code}")
            log.note(marker)
            while True:
                asked = time.monotonic()
                answer = await speaker.post(FETCH, json={**ids, "search_query": ["Where are the boxes?"]})
                reads.append(time.monotonic() - asked)
                trial.check(answer.is_success, f"another's read: {answer.status_code}")
                status = await speaker.get(f"/v1/memories/status/{made.json()['ingestion_id']}")
                if status.json()["status"] == "completed" or time.monotonic() - began > CREATED_SECONDS:
                    break
                await asyncio.sleep(0.2)
            ingestions.append(time.monotonic() - began)
    return reads, ingestions


MEMORIES = (
    "select s.user_id, count(*) from memory m join scope s on s.bucket = m.bucket and s.id = m.scope_id group by 1"
)
OTHERS = (
    "document", "segment", "memory", "entity", "mention", "conversation", "message", "alias", "relation", "decision", "effect",
)  # fmt: skip


def erasing(trial: Trial) -> None:
    """Export and erase one user among many: the export is complete, nothing is left, and of the others no row has changed."""
    _, client = trial.home.serve()
    users = max(2, trial.rounds)
    leaver = f"user{trial.chance.randrange(users)}"
    bodies = [
        document(
            f"e{number}x",
            f"My dentist is called Dr Marker{number}x. The box {number} stands in the cellar.",
            user_id=f"user{number % users}",
        )
        for number in range(users + 40)
    ] + [
        document(f"leaver{number}x", f"The safe leaver{number}x holds the ledger.", user_id=leaver)
        for number in range(20)
    ]
    for start in range(0, len(bodies), 200):
        answer = client.post("/v1/memories/batch", json={"documents": bodies[start : start + 200]}, timeout=120)
        trial.check(answer.is_success and not answer.json()["failed"], f"a batch: {answer.status_code}")
    worked_through(trial, seconds=max(180.0, users))
    file = trial.home.folder / "leaver.jsonl"
    trial.home.run("export", str(file), "--user", leaver, apart=True)
    exported = file.read_text()
    theirs = {body["document_id"] for body in bodies if body["user_id"] == leaver}
    trial.check(all(one in exported for one in theirs), "the export lacks documents of its user")
    records = [json.loads(line) for line in exported.splitlines()]
    trial.check(not _strangers(exported, leaver, bodies), "the export holds what is somebody else's")
    before = _digests(trial, leaver)
    manager = {"Authorization": f"Bearer {trial.home.keys['management_key']}"}
    request = {"scope": "user", "confirm": leaver, "user_id": leaver, "instance_id": trial.home.keys["instance_id"]}
    done = client.post("/v1/data/delete", json=request, headers=manager, timeout=120)
    trial.check(
        done.is_success and done.json()["status"] == "complete", f"the erasure: {done.status_code} {done.text[:300]}"
    )
    after = _digests(trial, leaver)
    changed = [key for key in before if before[key] != after.get(key)]
    trial.check(not changed and after.keys() == before.keys(), f"rows of others have changed: {changed[:5]}")
    left = dict(trial.rows(MEMORIES)).get(leaver, 0)
    trial.check(not left, f"{left} memories of the erased user are left")
    trial.check(not theirs & state_of(trial).documents.keys(), "documents of the erased user are left")
    take_stock(trial)
    trial.note("users", users)
    trial.note("records exported, scopes and tables of others compared", [len(records), len(before)])


def _strangers(exported: str, leaver: str, bodies: list[dict[str, object]]) -> list[str]:
    return [
        str(body["document_id"])
        for body in bodies
        if body["user_id"] != leaver and f'"{body["document_id"]}"' in exported
    ]


def _digests(trial: Trial, leaver: str) -> dict[tuple[str, str], str]:
    """Return a digest of the rows of everyone but one user, by table and user."""
    found: dict[tuple[str, str], str] = {}
    for table in OTHERS:
        rows = trial.rows(
            f"select s.user_id, md5(string_agg(t::text, chr(10) order by t::text)) from {table} t "  # noqa: S608 - our own words
            f"join scope s on s.bucket = t.bucket and s.id = t.scope_id where s.user_id <> '{leaver}' group by 1"
        )
        found |= {(table, user): digest for user, digest in rows}
    return found


def soak(trial: Trial) -> None:
    """Write and read at a third of what the machine can do, for minutes or an hour: nothing grows but what is remembered."""
    program, client = trial.home.serve()
    log = Acknowledgements(trial.home.folder / "acknowledged.jsonl")
    asyncio.run(_soaked(trial, client, log, program, seconds=20.0, pause=0.0))
    worked_through(trial)
    minutes = float(trial.rounds)
    samples = asyncio.run(_soaked(trial, client, log, program, seconds=minutes * 60, pause=2.0))
    third = max(1, len(samples) // 3)
    first, last = samples[:third], samples[-third:]
    names = ("read s", "queue", "handles", "log MiB", OWN_MEMORY)
    told = {name: [quantile([one[n] for one in part], 0.5) for part in (first, last)] for n, name in enumerate(names)}
    trial.note("first and last third, median", told)
    trial.check(told["queue"][1] <= max(told["queue"][0], 20), f"the queue grows: {told['queue']}")
    trial.check(told["handles"][1] <= told["handles"][0] + 10, f"handles grow: {told['handles']}")
    trial.check(told["log MiB"][1] <= max(1_100, told["log MiB"][0]), f"the write-ahead log grows: {told['log MiB']}")
    trial.check(
        told[OWN_MEMORY][1] <= told[OWN_MEMORY][0] * (1 + MEMORY_SHARE) + MEMORY_MIB,
        f"memory grows: {told[OWN_MEMORY]}",
    )
    trial.check(told["read s"][1] <= 1.5 * told["read s"][0] + 0.05, f"reads take longer: {told['read s']}")
    hold_to_log(trial, log)
    take_stock(trial)


async def _soaked(
    trial: Trial, client: httpx.Client, log: Acknowledgements, program: Program, *, seconds: float, pause: float
) -> list[tuple[float, float, float, float, float]]:
    """Write and read; after each took so long, rest so many times as long."""
    samples = []
    process, until, serial = psutil.Process(program.process.pid), time.monotonic() + seconds, 0
    async with speaker_of(client, seconds=120) as speaker:
        while time.monotonic() < until:
            marker, serial = f"soak{seconds:.0f}n{serial}x", serial + 1
            log.sent.add(marker)
            began = time.monotonic()
            made = await speaker.post(CREATE, json=document(marker, user_id=f"user{serial % 200}"))
            trial.check(made.is_success, f"a write: {made.status_code} {made.text[:200]}")
            log.note(marker)
            asked = time.monotonic()
            read = await speaker.post(
                FETCH, json={"user_id": f"user{serial * 7 % 200}", "search_query": ["Which box?"]}
            )
            took = time.monotonic() - asked
            trial.check(read.is_success, f"a read: {read.status_code} {read.text[:200]}")
            if serial % 20 == 1:
                row = await asyncio.to_thread(
                    trial.rows, "select (select count(*) from job), (select sum(size) from pg_ls_waldir())"
                )
                own = memory_mib(program) - await _kept_mib(speaker)
                samples.append((took, float(row[0][0]), float(process.num_fds()), float(row[0][1]) / 2**20, own))
            await asyncio.sleep(min(pause * (time.monotonic() - began), 1.0))
    return samples


async def _kept_mib(speaker: httpx.AsyncClient) -> float:
    """Return how much the server keeps in memory of what searches and writes read: it grows with the store, up to its setting."""
    lines = (await speaker.get("/metrics")).text.splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith(KEPT)) / 2**20


SCENARIOS = (
    Scenario(
        number=6,
        name="crowd",
        promise="32 writers and 32 readers see no 5xx, lose nothing, find what is said to be completed, wait at the 99th"
        " percentile less than 10 times the median (or 1 s), and memory stays flat but for what searches read (which has a bound"
        " of its own).",
        method="Both at once for so many seconds, as one user and as 1,000; every eighth document is waited for and asked after.",
        run=crowd,
        unit="seconds each",
        quick=20,
        full=600,
    ),
    Scenario(
        number=7,
        name="neighbour",
        promise="While one customer pours documents in, another's fetches take at most twice as long (p95, and 0.1 s), and its"
        " documents are not kept waiting behind the pour.",
        method="Batches of 100 documents, one after the other, of fifty of its users, beside another customer's user who writes one"
        " document after the other and reads.",
        run=neighbour,
        unit="thousand documents",
        quick=1,
        full=100,
    ),
    Scenario(
        number=16,
        name="erasing",
        promise="The export of one user holds all of it and nothing of others; its erasure leaves nothing of it, and no byte of a"
        " row of others changes.",
        method="One of so many users is exported by `synap export` and erased; digests of all rows of all others, before and after.",
        run=erasing,
        unit="users",
        quick=50,
        full=5_000,
    ),
    Scenario(
        number=18,
        name="soak",
        promise="Under a steady load at a third of the machine nothing grows but what is remembered: not the queue, the"
        " write-ahead log beyond its bound, open handles, memory beside what searches read (which has a bound of its own), or how"
        " long a read takes.",
        method="One writes and reads and rests twice as long, for so many minutes (an hour in the whole campaign, not a day).",
        run=soak,
        unit="minutes",
        quick=1,
        full=60,
    ),
)
