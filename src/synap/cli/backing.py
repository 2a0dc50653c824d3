"""`synap backup` and `synap restore`: the embedded store as a whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from synap.cli.options import AsJson, DataDir
from synap.cli.outcome import run
from synap.cli.output import emit_record
from synap.cli.serving import read_settings
from synap.errors import SetupError
from synap.settings import Settings
from synap.store.backups import Backup, back_up, restore
from synap.store.migrate import migrate
from synap.store.server import EmbeddedServer, Role, default_data_dir

MIB = 1024 * 1024


def backup_store(
    folder: Annotated[Path, typer.Argument(help="A new folder for the backup.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Back up the embedded store while it is in use: one moment's state, with all that was acknowledged until then."""

    async def work() -> Backup:
        server = await asyncio.to_thread(EmbeddedServer.start, _embedded(data_dir).data_dir)
        try:
            return await asyncio.to_thread(back_up, server, folder, now=datetime.now(UTC))
        finally:
            await asyncio.to_thread(server.stop)

    done = run(None, work, as_json=as_json)
    emit_record(done, f"{folder}: {done.bytes / MIB:.1f} MiB, schema {done.schema}", as_json=as_json)


def restore_store(
    folder: Annotated[Path, typer.Argument(help="A backup, as `synap backup` made it.", exists=True, file_okay=False)],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a data folder that holds no store; every byte is checked before anything is written."""

    async def work() -> Backup:
        target = _embedded(data_dir).data_dir or default_data_dir()
        done = await asyncio.to_thread(restore, folder, target)
        server = await asyncio.to_thread(EmbeddedServer.start, target)
        try:
            await asyncio.to_thread(migrate, server.dsn(Role.OWNER))
        finally:
            await asyncio.to_thread(server.stop)
        return done

    done = run(None, work, as_json=as_json)
    emit_record(done, f"restored the state of {done.made_at:%Y-%m-%d %H:%M} UTC; the store starts", as_json=as_json)


def _embedded(data_dir: Path | None) -> Settings:
    settings = read_settings(data_dir, None)
    if settings.database_url is not None:
        raise SetupError(
            "this is for the embedded store, and SYNAP_DATABASE_URL is set: docs/howto/back-up.md tells what to do there"
        )
    return settings
