"""A backup holds one moment of a store that is written to, and is put back whole or not at all."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from tests.by_url import BY_URL

from synap.errors import ConflictError, InvalidInputError, SetupError
from synap.store.backups import back_up, check_backup, restore
from synap.store.migrate import SCHEMA_VERSION, migrate
from synap.store.server import EmbeddedServer, Role

pytestmark = pytest.mark.skipif(BY_URL, reason="backups are of the embedded store")
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(server_folder: Callable[[], Path]) -> Iterator[EmbeddedServer]:
    """A store of this module's own, with a table of numbers."""
    folder = server_folder()
    with EmbeddedServer.start(folder) as started:
        migrate(started.dsn(Role.OWNER))
        with psycopg.connect(started.dsn(Role.OWNER)) as connection:
            connection.execute("create table pair (one int primary key, other int not null)")
        yield started
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def backup(store: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it, taken while somebody writes; beside it the numbers that were acknowledged before."""
    target = tmp_path_factory.mktemp("backups") / "one"
    stop, acknowledged = threading.Event(), [0]

    def write() -> None:
        with psycopg.connect(store.dsn(Role.OWNER), autocommit=True) as connection:
            while not stop.is_set():
                number = acknowledged[0] + 1
                with connection.transaction():
                    connection.execute("insert into pair values (%s, 0)", [number])
                    connection.execute("update pair set other = one where one = %s", [number])
                acknowledged[0] = number

    writer = threading.Thread(target=write)
    writer.start()
    while acknowledged[0] < 50:
        stop.wait(0.01)
    before = acknowledged[0]
    about = back_up(store, target, now=NOW)
    stop.set()
    writer.join()
    (target.parent / "numbers.json").write_text(json.dumps([before, acknowledged[0]]))
    assert (about.schema, about.made_at) == (SCHEMA_VERSION, NOW)
    return target


def test_a_restored_store_holds_all_that_was_acknowledged_before_and_nothing_in_halves(
    backup: Path, server_folder: Callable[[], Path]
) -> None:
    folder = server_folder()
    restore(backup, folder)
    before, after = json.loads((backup.parent / "numbers.json").read_text())

    with EmbeddedServer.start(folder) as restored, psycopg.connect(restored.dsn(Role.OWNER)) as connection:
        row = connection.execute("select count(*), max(one), count(*) filter (where one <> other) from pair").fetchone()
        assert migrate(restored.dsn(Role.OWNER)) == []

    assert row is not None
    assert before <= row[0] == row[1] <= after
    assert row[2] == 0
    shutil.rmtree(folder, ignore_errors=True)


def test_a_backup_is_not_restored_over_a_store(backup: Path, store: EmbeddedServer) -> None:
    with pytest.raises(ConflictError, match="holds a store already"):
        restore(backup, store.data_dir)

    with psycopg.connect(store.dsn(Role.OWNER)) as connection:
        assert connection.execute("select count(*) > 0 from pair").fetchone() == (True,)


def test_a_folder_that_holds_something_is_not_written_over(store: EmbeddedServer, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")

    with pytest.raises(ConflictError, match="there already"):
        back_up(store, tmp_path, now=NOW)

    assert (tmp_path / "mine").read_text() == "keep"


def _damage(copy: Path) -> None:
    path = copy / "data" / "global" / "pg_control"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def _shorten(copy: Path) -> None:
    path = next(path for path in (copy / "data" / "base").rglob("*") if path.is_file() and path.stat().st_size > 8192)
    path.write_bytes(path.read_bytes()[:-8192])


def _lose_log(copy: Path) -> None:
    for path in (copy / "data" / "pg_wal").glob("0*"):
        path.unlink()


def _change_list(copy: Path) -> None:
    path = copy / "data" / "backup_manifest"
    path.write_text(path.read_text().replace("pg_control", "pg_contrul"))


def _other_version(copy: Path) -> None:
    about = json.loads((copy / "backup.json").read_text())
    (copy / "backup.json").write_text(json.dumps(about | {"version": 9}))


def _no_word(copy: Path) -> None:
    (copy / "backup.json").unlink()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_damage, "is damaged: data/global/pg_control"),
        (_shorten, "is cut short"),
        (_lose_log, "is cut short: data/pg_wal"),
        (_change_list, "was changed"),
        (_other_version, "version 9"),
        (_no_word, "no whole backup"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_restored(
    backup: Path, tmp_path: Path, server_folder: Callable[[], Path], change: Callable[[Path], None], told: str
) -> None:
    copy, folder = tmp_path / "copy", server_folder()
    shutil.copytree(backup, copy)
    change(copy)

    with pytest.raises(InvalidInputError, match=told):
        restore(copy, folder)

    assert not (folder / "postgres").exists()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_backup_of_a_newer_schema_is_refused(backup: Path, tmp_path: Path, server_folder: Callable[[], Path]) -> None:
    copy, folder = tmp_path / "copy", server_folder()
    shutil.copytree(backup, copy)
    about = json.loads((copy / "backup.json").read_text())
    (copy / "backup.json").write_text(json.dumps(about | {"schema": SCHEMA_VERSION + 1}))

    with pytest.raises(SetupError, match="upgrade"):
        restore(copy, folder)
    assert check_backup(backup).schema == SCHEMA_VERSION
    shutil.rmtree(folder, ignore_errors=True)
