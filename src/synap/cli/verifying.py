"""`synap verify`: what the engine promises, tried on one's own installation."""

from __future__ import annotations

import logging
import secrets
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from synap.bootstrap import Opening, open_engine
from synap.cli.options import BaseUrl, DataDir, ManagementKey
from synap.cli.outcome import Exit, run
from synap.cli.output import emit_json, emit_lines, emit_table
from synap.cli.serving import DatabaseUrl, configure_logging, read_settings
from synap.engine.engine import Engine
from synap.errors import InvalidInputError
from synap.verify.installations import InProcess, Installation, OverHttp
from synap.verify.isolation import Wanted, verify_isolation

verify = typer.Typer(help="Try on this installation what the engine promises.", no_args_is_help=True)

TELL_SECONDS = 10.0
"""How often a campaign says how far it has come."""

_WIDEST_ID = 40


@verify.callback()
def begin() -> None:
    """Try on this installation what the engine promises: each command is one promise, and prints what it tried."""


@verify.command("isolation")
def try_isolation(
    checks: Annotated[int, typer.Option("--checks", help="Answers to hold against the model.", min=1)] = 20_000,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of everything that is drawn; a random one where not given.")
    ] = None,
    statements: Annotated[
        int | None, typer.Option("--statements", help="Planted first; a tenth of the checks where not given.", min=0)
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="End after this time, whatever is left.")] = None,
    no_world: Annotated[
        bool, typer.Option("--no-world", help="Write nothing to WORLD, which every instance reads meanwhile.")
    ] = False,
    report_file: Annotated[Path | None, typer.Option("--report", help="Write the report here as well, JSON.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Try to be shown what is somebody else's, in instances made for it and removed after. Exits 1 where that was possible.

    In process (the embedded store, or a database by URL), or with --url and --management-key on a server that runs.
    """
    configure_logging(logging.ERROR)
    if url is not None and (data_dir is not None or no_world):
        raise InvalidInputError("--url is for a server: leave --data-dir and --no-world out", field="url")
    if url is None and management_key is not None:
        raise InvalidInputError("--url is required beside --management-key: it opens a server", field="url")
    if url is not None and management_key is None:
        raise InvalidInputError(
            "--management-key is required beside --url: instances are made for the campaign", field="management_key"
        )
    wanted = Wanted(
        checks=checks,
        seed=secrets.randbelow(1_000_000) if seed is None else seed,
        statements=statements,
        seconds=None if minutes is None else minutes * 60,
    )

    async def work() -> dict[str, Any]:
        opened = (
            OverHttp(url, management_key)
            if url is not None and management_key is not None
            else await _in_process(data_dir, database_url, world=not no_world)
        )
        return await _tried(opened, wanted, quiet=as_json)

    made = run(None, work, as_json=as_json)
    if report_file is not None:
        _write(report_file, made)
    emit_json(made) if as_json else _show(made)
    if not made["passed"]:
        raise typer.Exit(Exit.FAILED)


async def _in_process(data_dir: Path | None, database_url: str | None, *, world: bool) -> InProcess:
    settings = read_settings(data_dir, database_url)

    async def opened() -> Engine:
        return await open_engine(settings, Opening(workers=2))

    kind = "embedded" if settings.database_url is None else "database by URL"
    return InProcess(await opened(), opened, kind=kind, world=world)


async def _tried(installation: Installation, wanted: Wanted, *, quiet: bool) -> dict[str, Any]:
    last = time.monotonic()

    def tell(done: int, seconds: float) -> None:
        nonlocal last
        if not quiet and time.monotonic() - last > TELL_SECONDS:
            last = time.monotonic()
            typer.echo(f"{done} of {wanted.checks} checks in {seconds:.0f} s", err=True)

    if not quiet:
        left_out = f"; not tried this way: {', '.join(installation.left_out)}" if installation.left_out else ""
        typer.echo(f"isolation, {installation.kind}, seed {wanted.seed}{left_out}", err=True)
    try:
        return await verify_isolation(installation, wanted, tell=tell)
    finally:
        await installation.close()


def _show(made: dict[str, Any]) -> None:
    emit_table(
        ("check", "made", "showed something", "seen as a leak if shown to a stranger"),
        ((kind, row["checks"], row["showed"], row["controls"]) for kind, row in made["by_kind"].items()),
    )
    emit_lines(_failure(one) for one in made["failures"])
    rate = made["leak_rate_below"]
    bound = "" if rate is None else f" (with 95 % confidence less than one in {1 / rate:,.0f} answers leaks)"
    left_out = ", ".join(made["left_out"]) or "nothing"
    emit_lines(
        [
            (
                f"{made['checks']} checks, {made['owners']} owners, {made['statements']} markers, seed {made['seed']}:"
                f" {made['leaks']} leaks{bound}"
            ),
            f"{made['seconds']} s, {made['checks_per_second']} checks/s; left out: {left_out}",
            "passed" if made["passed"] else f"FAILED: {'; '.join(made['problems'])}",
        ]
    )


def _failure(one: dict[str, Any]) -> str:
    viewer = ", ".join(f"{name} {str(value)[:_WIDEST_ID]!r}" for name, value in one["viewer"].items())
    markers = f" {', '.join(one['markers'])}" if one["markers"] else ""
    return f"{one['what']}: {one['kind']} as {viewer}, asked {one['asked'][:80]!r}:{markers} {one['detail'][:200]}"


def _write(path: Path, made: dict[str, Any]) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror or error}", field="report") from error
