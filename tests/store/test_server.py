"""The embedded server over its life: several processes, and what is left when some of them are killed."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from synap.errors import SetupError
from synap.store import cluster as clusters
from synap.store import server as servers
from synap.store.binaries import Binaries, find_binaries, reachable
from synap.store.migrate import migrate
from synap.store.privileges import Account, blocking_ancestor, server_account
from synap.store.server import EmbeddedServer, Role

CLIENT = """
import sys
from pathlib import Path
from synap.store.server import EmbeddedServer
server = EmbeddedServer.start(Path(sys.argv[1]))
print(server.pid, flush=True)
sys.stdin.read()
server.stop()
"""
ORDINARY = Account(uid=1, gid=1)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another uid")


class Client:
    """Another process that uses the server."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-c", CLIENT, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.postmaster = int(self.process.stdout.readline())

    def leave(self) -> None:
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def server(server_folder: Callable[[], Path]) -> Iterator[EmbeddedServer]:
    """An embedded server, also in a run by URL."""
    made = server_folder()
    with EmbeddedServer.start(made) as started:
        yield started
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def folder(server_folder: Callable[[], Path]) -> Iterator[Path]:
    made = server_folder()
    yield made
    EmbeddedServer.start(made).stop()
    shutil.rmtree(made, ignore_errors=True)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def write(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("create table if not exists kept (n int)")
        connection.execute("insert into kept values (1)")


def count(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
    assert row is not None
    return int(row[0])


def test_it_listens_on_a_private_socket_alone_and_syncs_to_disk(server: EmbeddedServer) -> None:
    with psycopg.connect(server.dsn(Role.OWNER)) as connection:
        settings: dict[str, str] = dict(
            connection.execute(
                "select name, setting from pg_settings where name in "
                "('listen_addresses', 'fsync', 'full_page_writes', 'synchronous_commit', 'unix_socket_directories')"
            ).fetchall()
        )
    sockets = Path(settings.pop("unix_socket_directories"))

    assert settings == {"listen_addresses": "", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.data_dir / "postgres").stat().st_mode) == 0o700


@as_root
def test_as_root_the_server_runs_under_a_uid_of_its_own(server: EmbeddedServer) -> None:
    assert server.pid is not None
    uid = Path(f"/proc/{server.pid}").stat().st_uid

    assert uid == server_account().uid
    assert uid not in (0, 65534)
    assert (server.data_dir / "postgres" / "18").stat().st_uid == uid


@as_root
@pytest.mark.skipif(
    blocking_ancestor(Path(sys.executable).resolve(), ORDINARY) is not None,
    reason="this interpreter lies in a folder that other users may not enter",
)
def test_an_ordinary_user_runs_the_server_as_itself(server_folder: Callable[[], Path]) -> None:
    folder = server_folder()
    ORDINARY.give(folder)
    script = CLIENT.replace("sys.stdin.read()", "assert Path(f'/proc/{server.pid}').stat().st_uid == 1")

    answer = ORDINARY.run(
        [sys.executable, "-c", script, str(folder / "data")], timeout=60, env={"HOME": str(folder), "PATH": os.defpath}
    )

    assert answer.returncode == 0, answer.stderr
    assert (folder / "data").stat().st_uid == 1
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700
    shutil.rmtree(folder)


def test_a_second_process_shares_the_server_and_the_last_one_stops_it(folder: Path) -> None:
    first, second = Client(folder), Client(folder)
    shared = first.postmaster == second.postmaster

    first.leave()
    left_running = alive(second.postmaster)
    second.leave()

    assert shared
    assert left_running
    assert not alive(second.postmaster)


def test_processes_that_start_at_once_end_up_with_one_server(folder: Path) -> None:
    processes = [
        subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-c", CLIENT, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    seen = {process.communicate(timeout=120)[0].strip() for process in processes}

    assert "" not in seen
    # Each leaves as soon as it has started, so a later one may find the server stopped; none fails or damages the data.
    with EmbeddedServer.start(folder) as server:
        write(server.dsn(Role.OWNER))
        assert count(server.dsn(Role.OWNER)) == 1


def test_a_server_left_behind_by_killed_clients_is_adopted_and_stopped(folder: Path) -> None:
    killed = Client(folder)
    killed.kill()
    assert alive(killed.postmaster)

    heir = EmbeddedServer.start(folder)
    adopted = heir.pid
    heir.stop()

    assert adopted == killed.postmaster
    assert not alive(killed.postmaster)


def test_committed_rows_survive_the_kill_of_the_server(folder: Path) -> None:
    with EmbeddedServer.start(folder) as server:
        write(server.dsn(Role.OWNER))
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)

        server.ensure_running()

        assert count(server.dsn(Role.OWNER)) == 1


def test_a_server_told_to_stay_outlives_its_last_user(folder: Path) -> None:
    server = EmbeddedServer.start(folder, stay=True)
    pid = server.pid
    server.stop()

    assert pid is not None
    assert alive(pid)


def test_a_process_number_that_passed_to_somebody_else_does_not_block_the_start(folder: Path) -> None:
    EmbeddedServer.start(folder).stop()
    data = folder / "postgres" / str(find_binaries().major)
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n{int(time.time())}\n5432\n/run\n\n\nready\n")

    with EmbeddedServer.start(folder) as server:
        write(server.dsn(Role.OWNER))

        assert server.pid != os.getpid()


def test_a_cleared_runtime_folder_is_made_again(folder: Path) -> None:
    with EmbeddedServer.start(folder) as server:
        with psycopg.connect(server.dsn(Role.OWNER)) as connection:
            row = connection.execute("show unix_socket_directories").fetchone()
        assert row is not None
        shutil.rmtree(row[0])

        server.ensure_running()

        write(server.dsn(Role.OWNER))


@pytest.mark.parametrize("below", ["", "data", "data/more"])
def test_a_data_folder_that_is_a_file_is_refused_by_name(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(SetupError, match="SYNAP_DATA_DIR") as refusal:
        EmbeddedServer.start(file / below)

    assert str(file) in refusal.value.message


def test_a_data_folder_on_a_read_only_disk_is_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(path: Path, **_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(servers, "held_alone", locked)

    with pytest.raises(SetupError, match=r"cannot be used: Read-only file system: .*start\.lock"):
        EmbeddedServer.start(folder)


def test_a_server_without_fsync_is_refused(folder: Path) -> None:
    with (
        EmbeddedServer.start(folder, settings={"fsync": "off"}) as server,
        pytest.raises(SetupError, match="fsync=off"),
    ):
        migrate(server.dsn(Role.OWNER))


def test_its_log_holds_no_statement_and_no_value(folder: Path) -> None:
    with EmbeddedServer.start(folder) as server:
        with psycopg.connect(server.dsn(Role.OWNER), autocommit=True) as connection:
            connection.execute("create table secret (word text unique)")
            connection.execute("insert into secret values ('zq7fmarker')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("insert into secret values ('zq7fmarker')")

        assert "unique" in server.log.read_text()
        assert "zq7fmarker" not in server.log.read_text()


def test_a_start_that_fails_tells_the_reason_from_the_log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_RETRY_SECONDS", 0.0)

    with pytest.raises(SetupError, match="no_such_setting"):
        EmbeddedServer.start(folder, settings={"no_such_setting": "1"})


@as_root
def test_a_folder_behind_a_closed_one_is_refused_and_no_mode_is_changed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(SetupError, match="cannot pass"):
        EmbeddedServer.start(closed / "data")

    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_programs_behind_a_closed_folder_are_copied_once_and_run_from_there(server_folder: Callable[[], Path]) -> None:
    closed, cache = server_folder(), server_folder()
    cache.chmod(0o755)
    install = find_binaries().bin.parent
    package, site = install.parent, install.parent.parent
    hidden = closed / package.name / install.name
    shutil.copytree(install, hidden, copy_function=os.link, symlinks=True)
    shutil.copytree(site / f"{package.name}.libs", closed / f"{package.name}.libs", copy_function=os.link)
    binaries = Binaries(bin=hidden / "bin", major=18, movable=True)
    account = Account(uid=61043, gid=61043)

    moved = reachable(binaries, account, cache=cache)
    again = reachable(binaries, account, cache=cache)

    assert moved == again
    assert len(list(cache.iterdir())) == 1
    for name in ("postgres", "initdb", "pg_ctl"):
        answer = account.run([moved.program(name), "--version"], timeout=30, env={})
        assert answer.stdout.startswith(f"{name} (PostgreSQL) 18"), answer.stderr
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    shutil.rmtree(closed)
    shutil.rmtree(cache)
