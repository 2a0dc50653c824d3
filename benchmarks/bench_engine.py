"""An engine on a store of its own, which goes away with the benchmark."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.by_url import UrlServer, url_server

from synap.api.admin import CreateInstance
from synap.bootstrap import Opening, open_engine
from synap.engine.api import EngineApi
from synap.engine.engine import Engine
from synap.sdk.client import Synap
from synap.sdk.connection import Connection, LocalLine
from synap.settings import Settings
from synap.store.server import Role


@contextlib.asynccontextmanager
async def bench_engine(*, workers: int = 2) -> AsyncIterator[Engine]:
    """Yield an engine on a fresh embedded store below the temporary folder."""
    async with bench_engine_at(workers=workers) as (engine, _):
        yield engine


@contextlib.asynccontextmanager
async def bench_engine_at(*, workers: int = 2) -> AsyncIterator[tuple[Engine, Path]]:
    """Yield such an engine and its data folder, for other processes on the same store."""
    folder = Path(tempfile.mkdtemp(prefix="synap-bench-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    data = folder / "data"
    engine = await open_engine(_settings(data), Opening(workers=workers))
    try:
        yield engine, data
    finally:
        await engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def bench_engine_by_url(*, workers: int = 0) -> AsyncIterator[tuple[Engine, Path, UrlServer]]:
    """Yield such an engine, its data folder, and the same server as it is reached by URL: over TCP and with passwords."""
    folder = Path(tempfile.mkdtemp(prefix="synap-bench-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    try:
        with url_server(folder / "data") as server:
            engine = await open_engine(_settings(folder / "data"), Opening(workers=workers))
            try:
                yield engine, folder / "data", server
            finally:
                await engine.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def engine_by_url(server: UrlServer) -> Engine:
    """Return another engine on the same database, which knows no more of it than its URL; without workers."""
    settings = _settings(None, SYNAP_DATABASE_URL=server.dsn(Role.APP), SYNAP_MIGRATION_URL=server.dsn(Role.OWNER))
    return await open_engine(settings, Opening(workers=0))


def _settings(data: Path | None, **more: str) -> Settings:
    """Return the settings of an embedded store in `data`, or `more` of them; the environment chooses the embedder alone."""
    chosen = {"SYNAP_EMBEDDER": name} if (name := os.environ.get("SYNAP_EMBEDDER")) else {}
    place = {} if data is None else {"SYNAP_DATA_DIR": str(data)}
    return Settings.from_environment({**place, **chosen, **more})


async def fresh_synap(engine: Engine, name: str) -> tuple[Synap, str]:
    """Return the SDK on a new, empty instance of an engine, and the instance's id."""
    api = await fresh_instance(engine, name)
    instance = engine.core.instance_of(api.caller).id
    operator = await engine.local_caller(kind="management")

    async def operations() -> EngineApi:
        # Asked with every call, as a server does: the instance's configuration may have changed since.
        return engine.api_for(await engine.caller_of(instance))

    async def stay() -> None:
        """Leave the engine to whoever opened it."""

    async def line() -> LocalLine:
        return LocalLine(operations=operations, management=engine.admin_for(operator), release=stay)

    return Synap(connection=Connection(line)), instance


async def fresh_instance(engine: Engine, name: str, *, tenancy: str = "open") -> EngineApi:
    """Return the operations of a new, empty instance."""
    operator = await engine.local_caller(kind="management")
    admin = engine.admin_for(operator)
    client_id = (await admin.clients())[0].client_id
    record = await admin.create_instance(CreateInstance(client_id=client_id, name=name, tenancy=tenancy))
    caller = await engine.caller_of(record.id)
    return engine.api_for(caller)
