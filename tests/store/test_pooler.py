"""A pooler in transaction mode may stand before the database: nothing is kept in a session that it would hand to others."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from synap.api.admin import CreateInstance
from synap.api.contexts import FetchContext
from synap.api.memories import CreateMemory
from synap.bootstrap import Opening, open_engine
from synap.engine.engine import Engine
from synap.settings import Settings
from synap.store.privileges import server_account
from synap.testing import FixedEmbedder

POOLER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
pytestmark = pytest.mark.skipif(POOLER is None, reason="pgbouncer is not installed")

FEWER_THAN_CLIENTS = 3
"""Connections to the server: less than the engine opens, so that transactions of several meet in one session."""


@pytest.fixture
def pooled_dsn(fresh_dsn: str, server_folder: Callable[[], Path]) -> Iterator[str]:
    """Where the application logs in through pgbouncer, which gives a session to a transaction and to no more."""
    folder, account = server_folder(), server_account()
    target = conninfo_to_dict(fresh_dsn)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = " ".join(f"{key}={target[key]}" for key in ("host", "port", "user", "password") if target.get(key))
    (folder / "users.txt").write_text(f'"{target["user"]}" "any"\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\npooled = {server} dbname={target['dbname']}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = trust\nauth_file = {folder}/users.txt\npool_mode = transaction\n"
        f"default_pool_size = {FEWER_THAN_CLIENTS}\nunix_socket_dir =\nlogfile = {folder}/log\n"
        "ignore_startup_parameters = extra_float_digits\n"
    )
    account.give(folder, recursive=True)
    own = os.geteuid() != 0
    process = subprocess.Popen(  # noqa: S603 - our own paths
        [str(POOLER), str(folder / "pgbouncer.ini")],
        user=None if own else account.uid,
        group=None if own else account.gid,
        extra_groups=None if own else [],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    dsn = f"postgresql://{target['user']}:any@127.0.0.1:{port}/pooled"
    try:
        _wait(dsn, folder / "log")
        yield dsn
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(dsn: str, log: Path) -> None:
    for _ in range(100):
        try:
            psycopg.connect(dsn, prepare_threshold=None).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"pgbouncer does not answer: {log.read_text()[-500:]}")


@pytest.fixture
async def engine(pooled_dsn: str, fresh_owner_dsn: str) -> AsyncIterator[Engine]:
    settings = Settings(database_url=pooled_dsn, migration_url=fresh_owner_dsn)
    opened = await open_engine(settings, Opening(workers=2, embedder=FixedEmbedder(dim=16)))
    yield opened
    await opened.stop()


async def test_the_engine_remembers_and_fetches_through_a_pooler(engine: Engine) -> None:
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    instance = await operator.create_instance(CreateInstance(client_id=client.client_id, name="bot"))
    api = engine.api_for(await engine.caller_of(instance.id))
    for number in range(12):
        document = f"User: My locker is number {number}1{number}."
        await api.create_memory(CreateMemory(document=document, user_id=f"user {number}", customer_id="acme"))
    assert await engine.worker.drain(seconds=30)

    contexts = [
        await api.fetch_context(
            FetchContext(target="user", user_id=f"user {number}", customer_id="acme", search_query=("Which locker?",))
        )
        for number in range(12)
    ]

    for number, context in enumerate(contexts):
        said = " ".join(item.content for item in context.items)
        assert f"{number}1{number}" in said
        assert not any(f" {other}1{other}." in said for other in range(12) if other != number)
    assert (await engine.take_stock(seconds=30)).found == {}


def test_no_scope_is_left_in_a_session_for_the_next(pooled_dsn: str) -> None:
    with psycopg.connect(pooled_dsn, autocommit=True, prepare_threshold=None) as one:
        with one.transaction():
            one.execute("select synap_enter(array[1]::bigint[])")
            one.execute("select count(*) from memory where bucket = 0")
        for _ in range(2 * FEWER_THAN_CLIENTS):
            with psycopg.connect(pooled_dsn, autocommit=True, prepare_threshold=None) as other:
                with pytest.raises(psycopg.errors.Error) as refused:
                    other.execute("select count(*) from memory where bucket = 0")
                assert refused.value.sqlstate in ("42704", "22P02")
