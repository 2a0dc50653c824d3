"""Numbers 11 and 12: a full disk, and a machine that is closed, broken, short of file descriptors, or wrong about the time."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
from tests.campaign.harness import (
    CREATE,
    FETCH,
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
    post,
    small_disk,
    take_stock,
    verify_pages,
    worked_through,
)
from tests.campaign.history import Acknowledgements
from tests.e2e.conftest import Home, surroundings

DISK_MIB = 400
FULL = (503, 504, 429)
DESCRIPTORS = 64
DAY = 86_400
FAKETIME = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/*/faketime/libfaketime.so.1")
MAIN = "from synap.cli.main import main; main()"


def disk(trial: Trial) -> None:
    """Fill the disk of the store while documents come in: refused clearly, read on, well again once there is room."""
    seen: Counter[int] = Counter()
    recoveries: list[float] = []
    try:
        with small_disk(trial.home.folder / "disk", mib=DISK_MIB) as folder, home_in(folder) as home:
            inner = Trial(home=home, chance=trial.chance, rounds=1, found=trial.found)
            log = Acknowledgements(trial.home.folder / "acknowledged.jsonl")
            program, client = home.serve()
            anchored(inner, client, log)
            for number in range(trial.rounds):
                seen += _filled(inner, client, log, number)
                began = time.monotonic()
                (folder / "ballast").unlink()
                marker = f"room{number}"
                log.sent.add(marker)
                back = becomes(lambda m=marker: client.post(CREATE, json=document(m)).is_success, seconds=60)  # type: ignore[misc]
                inner.check(back, "with room again, writes are still refused after 60 s")
                log.note(marker)
                recoveries.append(time.monotonic() - began)
                inner.check(program.process.poll() is None, "the server has ended")
                hold_to_log(inner, log, f"round {number}: ")
                trial.tell(f"round {number + 1}: {dict(seen)}, taken again after {recoveries[-1]:.1f} s")
            take_stock(inner)
            inner.check(program.stop() == 0, "the server did not stop cleanly")
            verify_pages(inner)
    except PermissionError as error:
        trial.skip(f"a full disk: no small file system could be mounted here ({error})")
        return
    trial.note("writes on a full disk, by status", dict(sorted(seen.items())))
    trial.note("longest recovery, seconds", max(recoveries))


def _filled(trial: Trial, client: httpx.Client, log: Acknowledgements, number: int) -> Counter[int]:
    """Take all room, go on writing until it is felt and for some seconds after; reads must go on."""
    ballast = trial.home.folder / "ballast"
    with ballast.open("wb") as file:
        free = shutil.disk_usage(trial.home.folder).free
        os.posix_fallocate(file.fileno(), 0, max(free - 1024 * 1024, 1))
    seen: Counter[int] = Counter()
    deadline, until = time.monotonic() + 90, None
    serial = 0
    while time.monotonic() < (until or deadline):
        marker = f"full{number}n{serial}x"
        serial += 1
        log.sent.add(marker)
        text = f"The box with label {marker} stands in the cellar." + "\n\n" + trial.chance.randbytes(40_000).hex()
        try:
            answer = client.post(CREATE, json=document(marker, text, user_id="filler"))
        except httpx.HTTPError as error:
            trial.find(f"a write on a full disk was not answered: {type(error).__name__}")
            continue
        seen[answer.status_code] += 1
        if answer.is_success:
            log.note(marker)
            continue
        trial.check(answer.status_code in FULL, f"a write on a full disk: {answer.status_code} {answer.text[:300]}")
        read = fetch(client, QUESTION)
        good = read.is_success and (SHOWN in read.text or degraded(read))
        trial.check(good or read.status_code in FULL, f"a read on a full disk: {read.status_code} {read.text[:300]}")
        until = until or time.monotonic() + 15
    trial.check(until, "the disk never was full: nothing was tried")
    return seen


def machine(trial: Trial) -> None:
    """Start on folders that cannot be used, without the model, with few descriptors, and with a clock that jumps."""
    for _ in range(trial.rounds):
        _refused_starts(trial)
        _few_descriptors(trial)
        _clock(trial)


def _refused_starts(trial: Trial) -> None:
    """Hold that a start which cannot work says why, in a sentence that names what is wrong, and ends."""
    folder = trial.home.folder
    program, client = trial.home.serve()
    post(client, document("kept"))
    worked_through(trial)
    program.stop()
    wrong: dict[str, tuple[Callable[[], dict[str, str]], str]] = {
        "a file for a folder": (lambda: {"SYNAP_DATA_DIR": str(_touched(folder / "file"))}, str(folder / "file")),
        "a missing model": (
            lambda: {"SYNAP_EMBEDDER": "minilm", "XDG_DATA_HOME": str(folder / "none"), "HOME": str(folder / "none")},
            "models prepare",
        ),
        "a database that is not there": (
            lambda: {"SYNAP_DATABASE_URL": "postgresql://synap_app@127.0.0.1:9/synap"},
            "cannot be reached",
        ),
        "a variable that cannot be": (lambda: {"SYNAP_BACKLOG": "many"}, "SYNAP_BACKLOG"),
    }
    for name, (make, said) in wrong.items():
        environment = make()
        where = (
            {}
            if {"SYNAP_DATA_DIR", "SYNAP_DATABASE_URL"} & environment.keys()
            else {"SYNAP_DATA_DIR": str(folder / "fresh")}
        )
        _refuses(trial, name, {**where, **environment}, said)
    (folder / "open").mkdir(exist_ok=True)
    (folder / "open/postgres").mkdir(mode=0o755, exist_ok=True)
    (folder / "open/postgres").chmod(0o755)
    _refuses(trial, "a database folder open to others", {"SYNAP_DATA_DIR": str(folder / "open")}, "chmod 700")
    _read_only(trial)
    _, client = trial.home.serve()
    trial.check("kept" in fetch(client, "Which box?").text, "after the refused starts the store is not as it was")
    for one in trial.home.programs:
        if one.process.poll() is None:
            one.stop()


def _read_only(trial: Trial) -> None:
    """Mount the store read-only: the start is refused, and the store is untouched."""
    data = str(trial.home.data)
    try:
        for options in (["--bind", data, data], ["-o", "remount,bind,ro", data]):
            subprocess.run(["mount", *options], check=True, capture_output=True)  # noqa: S603, S607 - our own words
    except (subprocess.CalledProcessError, FileNotFoundError):
        trial.skip("a read-only store: nothing can be mounted here")
        return
    try:
        _refuses(trial, "a read-only store", {"SYNAP_DATA_DIR": data}, "ead-only")
    finally:
        subprocess.run(["umount", "-l", data], check=False)  # noqa: S603, S607 - our own words


def _touched(path: Path) -> Path:
    path.touch()
    return path


def _refuses(trial: Trial, name: str, environment: dict[str, str], said: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", MAIN, "serve", "--http", "127.0.0.1:0", "--grpc", "off"],
        env=surroundings(**environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = done.stdout + done.stderr
    trial.check(done.returncode not in (0, -9), f"{name}: it ended with {done.returncode}")
    trial.check(said in told, f"{name}: it does not say {said!r}: {told[-600:]}")
    trial.check("Traceback" not in told, f"{name}: a traceback instead of a sentence: {told[-600:]}")


def _few_descriptors(trial: Trial) -> None:
    """Let the server have 64 descriptors and open more connections than that: no call is lost for ever, none is a 500."""
    log = Acknowledgements(trial.home.folder / "descriptors.jsonl")
    log.sent.add("kept")
    program, client = trial.home.serve()
    resource.prlimit(program.process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    held: list[httpx.Client] = []
    statuses: Counter[str] = Counter()
    for serial in range(DESCRIPTORS + 20):
        one = httpx.Client(base_url=client.base_url, headers=client.headers, timeout=5, trust_env=False)
        held.append(one)
        marker = f"fd{serial}x"
        log.sent.add(marker)
        try:
            answer = one.post(CREATE, json=document(marker))
        except httpx.HTTPError:
            statuses["no connection"] += 1
            continue
        statuses[str(answer.status_code)] += 1
        if answer.is_success:
            log.note(marker)
        trial.check(
            answer.is_success or answer.status_code in FULL,
            f"with few descriptors: {answer.status_code} {answer.text[:200]}",
        )
    for one in held:
        one.close()
    back = becomes(lambda: client.post(FETCH, json={"user_id": "u", "search_query": ["box"]}).is_success, seconds=60)
    trial.check(back, "with the connections closed the server does not answer after 60 s")
    trial.check(program.process.poll() is None, "the server has ended")
    trial.note(f"calls with {DESCRIPTORS} descriptors and {DESCRIPTORS + 20} connections", dict(statuses))
    hold_to_log(trial, log, "few descriptors: ")
    program.stop()


def _clock(trial: Trial) -> None:
    """Set the clock of a running server back by a day and forward by one: work goes on, and the newest statement wins."""
    library = next((str(found) for one in FAKETIME for found in Path("/").glob(one[1:])), os.environ.get("LIBFAKETIME"))
    if library is None:
        trial.skip("a clock that jumps: libfaketime is not installed (LIBFAKETIME may name it)")
        return
    home, setting = trial.home, trial.home.folder / "clock"
    setting.write_text("+0\n")
    faked = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(setting),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    program, client = home.serve(**faked)
    places = ("Graz", "Lyon", "Turin", "Porto")
    for serial, (offset, place) in enumerate(zip((0, -DAY, DAY, -DAY), places, strict=True)):
        setting.write_text(f"{offset:+d}\n")
        said = client.get("/health").headers.get("date", "")
        post(
            client,
            document(
                f"clock{serial}", f"User: I live in {place}.", user_id="traveller", document_type="ai-chat-conversation"
            ),
        )
        worked_through(trial, seconds=60)
        trial.tell(f"clock {offset:+d} s ({said})")
    shown = home.rows("select content from memory where status = 0 and content like '%lives in%'")
    trial.check(
        len(shown) == 1 and places[-1] in shown[0][0],
        f"after the jumps the newest statement is not what stands: {shown}",
    )
    trial.check(client.get("/health").json()["status"] == "ok", "the server is not well")
    program.stop()
    _after_the_jumps(trial, home)


def _after_the_jumps(trial: Trial, home: Home) -> None:
    _, client = home.serve()
    post(client, document("clockafter", "The harp stands in the hall.", user_id="traveller"))
    worked_through(trial, seconds=60)
    take_stock(trial, "after the jumps of the clock: ")


SCENARIOS = (
    Scenario(
        number=11,
        name="disk",
        promise="On a full disk writes are refused with 503, reads go on, nothing is half there; with room again writes are taken"
        " within 60 s without a restart.",
        method=f"The store lies on a file system of {DISK_MIB} MiB, which is filled to the last MiB while documents of 80 KB come in;"
        " after 15 s of refusals there is room again.",
        run=disk,
        quick=1,
        full=10,
    ),
    Scenario(
        number=12,
        name="machine",
        promise="What cannot work is refused at the start in a sentence that says what is wrong; with few file descriptors and a"
        " clock that jumps it works on, and the newer statement wins by the order of coming.",
        method="Starts on a file, an open folder, a read-only mount, without the model, the database or a sane setting; 84 connections"
        " to a server with 64 descriptors; the clock of a running server set a day back and forth (libfaketime).",
        run=machine,
        quick=1,
        full=3,
    ),
)
