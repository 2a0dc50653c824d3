"""`synap`: serve, ingest, fetch, and what the operator needs. Exit codes: `synap.cli.outcome.Exit`."""

from __future__ import annotations

import sys
from typing import Annotated, Any, cast

import typer

from synap.cli.backing import backup_store, restore_store
from synap.cli.data import data
from synap.cli.entities import entities
from synap.cli.erasing import purge_store, verify_erasure
from synap.cli.evaluate import evaluate_cases
from synap.cli.explaining import why_not
from synap.cli.installation import doctor, migrate_store, models
from synap.cli.jobs import jobs
from synap.cli.memories import fetch, ingest
from synap.cli.operation import audit, cache, config, world
from synap.cli.outcome import report
from synap.cli.receipts import receipts
from synap.cli.remembered import memories
from synap.cli.serving import configure_logging, serve, worker
from synap.cli.tenants import clients, instances, keys
from synap.cli.transfers import export_memory, import_memory
from synap.cli.verifying import verify
from synap.errors import InvalidInputError, SynapError
from synap.version import __version__

_USAGE = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""What Typer raises for wrong usage; the class's home is another one in each of its versions."""

app = typer.Typer(
    name="synap",
    help="The open memory engine for AI agents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command("serve")(serve)
app.command("worker")(worker)
app.command("ingest")(ingest)
app.command("fetch")(fetch)
app.command("why-not")(why_not)
app.command("audit")(audit)
app.command("migrate")(migrate_store)
app.command("doctor")(doctor)
app.command("evaluate")(evaluate_cases)
app.command("purge")(purge_store)
app.command("backup")(backup_store)
app.command("restore")(restore_store)
app.command("export")(export_memory)
app.command("import")(import_memory)
verify.command("erasure")(verify_erasure)
for name, group in (
    ("clients", clients),
    ("instances", instances),
    ("keys", keys),
    ("config", config),
    ("world", world),
    ("memories", memories),
    ("data", data),
    ("receipts", receipts),
    ("entities", entities),
    ("cache", cache),
    ("models", models),
    ("jobs", jobs),
    ("verify", verify),
):
    app.add_typer(group, name=name)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"synap {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """The open memory engine for AI agents."""
    configure_logging()


def main() -> None:
    """Run the command line; an error of ours ends it with its exit code and one line on stderr.

    A script gets wrong usage as JSON too; people get it as Typer words it.
    """
    as_json = "--json" in sys.argv[1:]
    try:
        sys.exit(app(standalone_mode=not as_json))
    except _USAGE as error:
        sys.exit(report(_refusal(error), as_json=True))
    except SynapError as error:
        sys.exit(report(error, as_json=as_json))


def _refusal(error: Any) -> InvalidInputError:
    parameter = getattr(error, "param", None)
    return InvalidInputError(" ".join(error.format_message().split()), field=getattr(parameter, "name", None))
