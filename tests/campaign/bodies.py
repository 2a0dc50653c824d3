"""Numbers 8 and 10: documents of monstrous size, and text made to keep expressions and tokenizers busy for ever."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import httpx
import psutil
from tests.campaign.harness import (
    CREATE,
    Scenario,
    Trial,
    anchored,
    becomes,
    document,
    memory_mib,
    peak_mib,
    post,
    quantile,
    speaker_of,
    take_stock,
    worked_through,
)
from tests.campaign.history import Acknowledgements
from tests.e2e.conftest import Program

MIB = 2**20
PEAK_MIB = 512
CPU_SECONDS = 10.0
LARGE_SECONDS = 1_800.0
UNDER_WAY = "select count(*) from ingestion where status in ('queued', 'processing')"


def monsters(tenths: int) -> Iterator[tuple[str, object, bool]]:
    """Yield documents that are too much, each with whether it must be refused; of those that are not, so many tenths."""
    size = tenths * MIB
    yield "50 MB", "The cellar holds a box. " * (50 * MIB // 24), True
    yield "one line of 10 MB", "word " * (size // 5 - 1), False
    yield (
        "a chat of 200,000 turns",
        [{"role": "user", "content": f"I have box {n}."} for n in range(20_000 * tenths)],
        False,
    )
    yield "1 million blank lines", "\n" * (100_000 * tenths) + "The cellar holds a box.", False
    yield "one letter, 10 million times", "a" * (size - 100), False
    yield "one sentence, 400,000 times", "The cellar holds a box. " * (size // 24), False


def huge(trial: Trial) -> None:
    """Hand in monsters while another user goes on; memory stays bounded, and the other is served all the time."""
    _, client = trial.home.serve("--workers", "0")
    worker = trial.home.start("worker", "--concurrency", "1")
    server = trial.home.programs[0]
    log = Acknowledgements(trial.home.folder / "acknowledged.jsonl")
    anchored(trial, client, log)
    peaks: dict[str, list[float]] = {}
    for name, body, refused in monsters(trial.rounds):
        answer, waits = asyncio.run(
            _beside(trial, client, {**document(f"huge {name}"), "document": body, "user_id": "huge"})
        )
        statuses = (413,) if refused else (200, 400, 413)
        trial.check(answer.status_code in statuses, f"{name}: {answer.status_code} {answer.text[:300]}")
        began, cpu = time.monotonic(), _cpu(worker)
        done = becomes(lambda: trial.rows(UNDER_WAY) == [(0,)], seconds=LARGE_SECONDS)
        trial.check(done, f"{name}: not worked through after {LARGE_SECONDS:.0f} s")
        failed = trial.rows(
            "select status, message from ingestion where status not in ('completed', 'queued', 'processing')"
        )
        trial.check(not failed, f"{name}: {failed}")
        peaks[name] = [
            float(answer.status_code),
            _cpu(worker) - cpu,
            peak_mib(server),
            peak_mib(worker),
            max(waits or [0.0]),
        ]
        trial.tell(
            f"{name}: {answer.status_code}, {time.monotonic() - began:.0f} s, peaks {peaks[name][2]:.0f} and {peaks[name][3]:.0f} MiB"
        )
        for one in (server, worker):
            trial.check(one.process.poll() is None, f"{name}: a process has ended")
    for one, what in ((server, "server"), (worker, "worker")):
        trial.check(peak_mib(one) < PEAK_MIB, f"the {what}'s memory came to {peak_mib(one):.0f} MiB")
    trial.note(
        "status, CPU seconds of the worker, peaks of server and worker so far in MiB, another's longest wait in s",
        peaks,
    )
    take_stock(trial)


async def _beside(trial: Trial, client: httpx.Client, body: dict[str, object]) -> tuple[httpx.Response, list[float]]:
    """Send a monster while another user asks; return the answer, and how long the other waited each time."""
    encoded = json.dumps(body).encode()
    waits: list[float] = []
    async with speaker_of(client, seconds=LARGE_SECONDS) as speaker:
        sending = asyncio.create_task(
            speaker.post(CREATE, content=encoded, headers={"Content-Type": "application/json"})
        )
        while not sending.done():
            began = time.monotonic()
            read = await speaker.post("/v1/context/user/fetch", json={"user_id": "u", "search_query": ["anchor"]})
            waits.append(time.monotonic() - began)
            trial.check(read.status_code == 200, f"another user's read beside it: {read.status_code}")
            await asyncio.sleep(0.1)
        return await sending, waits


def bombs() -> Iterator[tuple[str, str]]:
    """Yield texts that make a careless expression or tokenizer take quadratic time or worse."""
    size = 100_000
    yield "a letter", "a" * size
    yield "a letter and a mark", "a" * size + "!"
    yield "blanks", " " * size + "x"
    yield "tabs and line ends", "\t\n" * (size // 2)
    yield "open brackets", "(" * size
    yield "pairs of brackets", "[](" * (size // 3)
    yield "tags that never end", "<a " * (size // 3)
    yield "entities", "&amp" * (size // 4)
    yield "at signs", "a@" * (size // 2)
    yield "an address that never ends", "a.b-" * (size // 4) + "@"
    yield "digits", "1" * size
    yield "digits and dashes", "1-" * (size // 2)
    yield "a card's number for ever", "4111 " * (size // 5)
    yield "dates", "2026-" * (size // 5)
    yield "days", "monday " * (size // 7)
    yield "colons", "a:" * (size // 2)
    yield "names", "User: " * (size // 6)
    yield "quotes", "> " * (size // 2)
    yield "backticks", "`" * size
    yield "stars", "*a" * (size // 2)
    yield "table bars", "|" * size
    yield "dashes", "-" * size
    yield "commas", "a," * (size // 2)
    yield "and", "and " * (size // 4)
    yield "not", "I do not " * (size // 9)
    yield "because", "because I said " * (size // 15)
    yield "apostrophes", "I'" * (size // 2)
    yield "capitals", "Ab" * (size // 2)
    yield "names of people", "Anna Maria " * (size // 11)
    yield "slashes", "http://" * (size // 7)
    yield "zero width", "\u200b" * size
    yield "combining marks", "e" + "\u0301" * (size // 2)
    yield "right to left", "\u202e" * (size // 2)
    yield "Chinese", "\u4e2d" * (size // 2)
    yield "emoji", "\U0001f469\u200d" * (size // 2)
    yield "base64", "QUJDRA==" * (size // 8)
    yield "I am", "I am " * (size // 5)
    yield "my is is", "my name is " * (size // 11)
    yield "questions", "what?" * (size // 5)
    yield "numbers with words", "one hundred and " * (size // 16)


def tokenizers(trial: Trial) -> None:
    """Hand in bombs one by one, and count the CPU that the worker spends on each."""
    _, client = trial.home.serve("--workers", "0")
    worker = trial.home.start("worker", "--concurrency", "1")
    server = trial.home.programs[0]
    post(client, document("first"))
    worked_through(trial)
    spent: dict[str, float] = {}
    for number in range(trial.rounds):
        for name, text in bombs():
            kind = ("document", "ai-chat-conversation")[number % 2]
            before = _cpu(worker) + _cpu(server)
            answer = client.post(
                CREATE, json={**document(f"bomb{number}{name}", text), "document_type": kind}, timeout=120
            )
            trial.check(answer.status_code in (200, 400), f"{name}: {answer.status_code} {answer.text[:200]}")
            done = becomes(lambda: trial.rows(UNDER_WAY) == [(0,)], seconds=300)
            trial.check(done, f"{name}: not worked through after 300 s")
            spent[name] = max(spent.get(name, 0.0), _cpu(worker) + _cpu(server) - before)
            trial.check(spent[name] < CPU_SECONDS, f"{name} as {kind}: {spent[name]:.1f} s of CPU")
    slowest = dict(sorted(spent.items(), key=lambda one: -one[1])[:5])
    trial.note("bombs", len(spent))
    trial.note("CPU seconds of the dearest, and the median", [slowest, quantile(list(spent.values()), 0.5)])
    trial.note("memory of the worker in the end, MiB", memory_mib(worker))
    take_stock(trial)


def _cpu(program: Program) -> float:
    times = psutil.Process(program.process.pid).cpu_times()
    return float(times.user + times.system)


SCENARIOS = (
    Scenario(
        number=8,
        name="huge",
        promise="A document above the documented limit is refused with 413; one below it is worked through, however it is made, with"
        " less than 512 MiB in each process, and others are served meanwhile.",
        method="Documents of 50 MB, one line of 10 MB, 200,000 turns, a million blank lines, one letter 10 million times, one"
        " sentence 400,000 times, while another user asks.",
        run=huge,
        unit="tenths of that size",
        quick=1,
        full=10,
    ),
    Scenario(
        number=10,
        name="bombs",
        promise="No text costs more than 10 s of CPU, whatever it is made of.",
        method="Forty texts of 100,000 characters that repeat what expressions and tokenizers look for, each as a document and as a"
        " chat; the CPU of server and worker is counted.",
        run=tokenizers,
        quick=1,
        full=2,
    ),
)
