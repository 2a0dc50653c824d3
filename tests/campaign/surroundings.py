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
from functools import partial
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

from synap.adapters.minilm.cache import SYSTEM_CACHE, model_dir

DISK_MIB = 400
FULL_SECONDS = 30.0
FULL = (503, 504, 429)
DESCRIPTORS = 64
DAY = 86_400
FAKETIME = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/*/faketime/libfaketime.so.1")
MAIN = "from synap.cli.entry import main; main()"


def disk(trial: Trial) -> None:
    """Fill the disk of the store, and that of its journal alone, while documents come in; then make room again."""
    for name, put in (("store", None), ("journal", _journal_on)):
        try:
            _full(trial, name, put)
        except PermissionError as error:
            trial.skip(f"a full disk: no small file system could be mounted here ({error})")


def _full(trial: Trial, name: str, put: Callable[[Home, Path], None] | None) -> None:
    """Fill the disk on which the store lies, or what `put` puts there."""
    seen: Counter[int] = Counter()
    recoveries: list[float] = []
    place = trial.home.folder / name
    with small_disk(place, mib=DISK_MIB) as folder, home_in(folder if put is None else _made(place)) as home:
        inner = Trial(home=home, chance=trial.chance, rounds=1, found=trial.found, notes=trial.notes)
        log = Acknowledgements(trial.home.folder / f"{name}.jsonl")
        if put is not None:
            home.serve()[0].stop()
            put(home, folder)
        program, client = home.serve()
        anchored(inner, client, log)
        for number in range(trial.rounds):
            seen += _filled(inner, client, log, folder / "ballast", prefix=f"{name}{number}")
            began, marker = time.monotonic(), f"{name}{number}room"
            (folder / "ballast").unlink()
            log.sent.add(marker)
            taken = partial(_taken, client, marker)
            inner.check(becomes(taken, seconds=60), f"{name}: with room again, writes are refused after 60 s")
            log.note(marker)
            recoveries.append(time.monotonic() - began)
            inner.check(program.process.poll() is None, "the server has ended")
            hold_to_log(inner, log, f"{name}, round {number}: ")
            trial.tell(f"{name}, round {number + 1}: {dict(seen)}, taken again after {recoveries[-1]:.1f} s")
        take_stock(inner)
        inner.check(program.stop() == 0, "the server did not stop cleanly")
        verify_pages(inner, f"disk of the {name} full: ", was_full=True)
        deaths = sum("died" in line for line in program.err.splitlines())
    trial.note(f"disk of the {name} full: writes by status", dict(sorted(seen.items())))
    trial.note(
        f"disk of the {name} full: longest recovery in seconds, deaths of the database", [max(recoveries), deaths]
    )


def _made(disk_: Path) -> Path:
    """Return a folder beside a disk, for a home of which only a part lies on it."""
    folder = disk_.with_name(f"{disk_.name}-home")
    folder.mkdir(mode=0o711)
    return folder


def _journal_on(home: Home, folder: Path) -> None:
    """Move the journal of a stopped database onto another disk."""
    (journal,) = home.data.glob("postgres/*/pg_wal")
    subprocess.run(["cp", "-a", str(journal), str(folder / "pg_wal")], check=True)  # noqa: S603, S607 - our own words
    shutil.rmtree(journal)
    journal.symlink_to(folder / "pg_wal")


def _taken(client: httpx.Client, marker: str) -> bool:
    return client.post(CREATE, json=document(marker)).is_success


def _filled(trial: Trial, client: httpx.Client, log: Acknowledgements, ballast: Path, *, prefix: str) -> Counter[int]:
    """Take all room, go on writing until it is felt and for some time after; reads must go on."""
    with ballast.open("wb") as file:
        free = shutil.disk_usage(ballast.parent).free
        os.posix_fallocate(file.fileno(), 0, max(free - 1024 * 1024, 1))
    seen: Counter[int] = Counter()
    deadline, until = time.monotonic() + 180, None
    serial = 0
    while time.monotonic() < (until or deadline):
        marker, serial = f"{prefix}n{serial}x", serial + 1
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
        until = until or time.monotonic() + FULL_SECONDS
    trial.check(until, "the disk never was full: nothing was tried")
    return seen


def machine(trial: Trial) -> None:
    """Start on folders that cannot be used, without the model, with few descriptors, and with a clock that jumps."""
    for _ in range(trial.rounds):
        _refused_starts(trial)
        _few_descriptors(trial)
    _clock(trial)  # once, as its documents are in no log


def _refused_starts(trial: Trial) -> None:
    """Hold that a start which cannot work says why, in a sentence that names what is wrong, and ends."""
    folder = trial.home.folder
    program, client = trial.home.serve()
    post(client, document("kept"))
    worked_through(trial)
    program.stop()
    fresh = {"SYNAP_DATA_DIR": str(folder / "fresh")}
    (folder / "file").touch()
    opened = folder / "open/postgres"
    opened.mkdir(parents=True, exist_ok=True)
    opened.chmod(0o755)
    nowhere = "postgresql://synap_app@127.0.0.1:9/synap"
    _refuses(trial, "a file for a folder", {"SYNAP_DATA_DIR": str(folder / "file")}, str(folder / "file"))
    _refuses(trial, "a database that is not there", {"SYNAP_DATABASE_URL": nowhere}, "cannot be reached")
    _refuses(trial, "a setting that cannot be", {**fresh, "SYNAP_BACKLOG": "many"}, "SYNAP_BACKLOG")
    _refuses(trial, "a database folder open to others", {"SYNAP_DATA_DIR": str(folder / "open")}, "chmod 700")
    _without_model(trial, {**fresh, "SYNAP_EMBEDDER": "minilm", "XDG_CACHE_HOME": str(folder / "none")})
    _read_only(trial)
    _, client = trial.home.serve()
    trial.check(
        "kept" in fetch(client, "Where is the box with label kept?").text,
        "after the refused starts the store is not as it was",
    )
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


def _without_model(trial: Trial, environment: dict[str, str]) -> None:
    """Ask for a model that is not prepared; where the machine has it, in a mount of our own that hides it."""
    if not model_dir(SYSTEM_CACHE).exists():
        _refuses(trial, "a missing model", environment, "models prepare")
    elif os.geteuid() == 0 and shutil.which("unshare"):
        hide = f'mount -t tmpfs none {SYSTEM_CACHE} && exec "$0" "$@"'
        _refuses(trial, "a missing model", environment, "models prepare", prefix=("unshare", "-m", "sh", "-c", hide))
    else:
        trial.skip("a missing model: this machine has it, and it cannot be hidden")


def _refuses(trial: Trial, name: str, environment: dict[str, str], said: str, *, prefix: tuple[str, ...] = ()) -> None:
    """Hold that a start ends by itself, and says what is wrong."""
    command = [*prefix, sys.executable, "-c", MAIN, "serve", "--http", "127.0.0.1:0", "--grpc", "off"]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, env=surroundings(**environment), capture_output=True, text=True, timeout=180, check=False
        )
    except subprocess.TimeoutExpired as error:
        trial.find(f"{name}: it does not end: {(error.stdout or b'')[-300:]!r}")
        return
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
        method=f"The store lies on a file system of {DISK_MIB} MiB, or its write-ahead log alone, which is filled to the last"
        " MiB while documents of 80 KB come in; after 30 s of refusals there is room again.",
        run=disk,
        quick=1,
        full=3,
        by_url=False,
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
        full=2,
        by_url=False,
    ),
)
