"""An embedded store of a trial's own, whose every byte can be looked at."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from synap.bootstrap import Opening, open_engine
from synap.settings import EmbedderChoice, Settings
from synap.store.migrate import migrate
from synap.store.privileges import blocking_ancestor, server_account
from synap.store.purging import purge
from synap.store.server import EmbeddedServer, Role
from synap.verify.erasure import Disk
from synap.verify.files import Sightings, sight
from synap.verify.installations import InProcess

_PLAIN = {"wal_compression": "off"}
"""Nothing in the log may hide from the look at it behind a compression."""

_TEXTS = """
select c.relname::text, a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
  and a.attstorage = 'x'
"""


@asynccontextmanager
async def own_store() -> AsyncIterator[tuple[InProcess, Disk]]:
    """Yield an installation on a store of its own, and its disk; both are gone afterwards.

    What is written to its log, and the log of this process meanwhile, lies in the store's folder and is looked at too.
    """
    folder = await asyncio.to_thread(_folder)
    server = None
    log = logging.FileHandler(folder / "process.log", delay=True)
    try:
        server = await asyncio.to_thread(EmbeddedServer.start, folder, settings=_PLAIN)
        logging.getLogger("synap").addHandler(log)
        owner = server.dsn(Role.OWNER)
        await asyncio.to_thread(migrate, owner)
        await asyncio.to_thread(_uncompressed, owner)
        settings = Settings(data_dir=folder, embedder=EmbedderChoice.HASHING)
        engine = await open_engine(settings, Opening(workers=2))
        installation = InProcess(engine, None, kind="embedded")
        try:
            yield installation, Disk(look=_looking(folder, owner), purge=_purging(owner))
        finally:
            await installation.close()
            await engine.stop()
    finally:
        logging.getLogger("synap").removeHandler(log)
        log.close()
        if server is not None:
            await asyncio.to_thread(server.stop)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _folder() -> Path:
    """Make a folder that the server's account can reach."""
    account = server_account()
    parents = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/tmp")]  # noqa: S108 - mkdtemp makes it private
    parent = next(one for one in parents if one.is_dir() and blocking_ancestor(one / "x", account) is None)
    return Path(tempfile.mkdtemp(prefix="synap-erasure-", dir=parent))


def _uncompressed(dsn: str) -> None:
    """Let the store keep its texts as they are: compressed ones could not be found."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table, column in connection.execute(_TEXTS).fetchall():
            change = sql.SQL("alter table {} alter column {} set storage external")
            connection.execute(change.format(sql.Identifier(str(table)), sql.Identifier(str(column))))


def _looking(folder: Path, dsn: str) -> Callable[[Sequence[str]], Awaitable[Mapping[str, Sightings]]]:
    async def look(markers: Sequence[str]) -> Mapping[str, Sightings]:
        await asyncio.to_thread(_flush, dsn)
        return await asyncio.to_thread(sight, folder, markers)

    return look


def _purging(dsn: str) -> Callable[[], Awaitable[float]]:
    async def purged() -> float:
        return (await asyncio.to_thread(purge, dsn)).seconds

    return purged


def _flush(dsn: str) -> None:
    """Write what the server holds in memory to its files, the planner's samples of the tables included."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("analyze")
        connection.execute("checkpoint")
