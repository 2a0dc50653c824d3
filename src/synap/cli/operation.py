"""`synap config`, `world`, `audit`, `cache`: how memory behaves, what all may know, who did what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synap.cli.options import ApiKey, AsJson, BaseUrl, DataDir, ManagementKey, open_synap, read_file
from synap.cli.outcome import run
from synap.cli.output import emit_json, emit_lines, emit_record, emit_table
from synap.cli.tenants import InstanceId
from synap.maca.load import load
from synap.maca.schema import Maca

config = typer.Typer(help="An instance's memory architecture configuration: show, set, check.", no_args_is_help=True)
world = typer.Typer(help="What every instance may read: add, list, delete.", no_args_is_help=True)
cache = typer.Typer(help="Cached answers.", no_args_is_help=True)

ConfigFile = Annotated[Path, typer.Argument(help="A YAML file.", exists=True, dir_okay=False)]


@config.command("show")
def show_config(
    instance_id: InstanceId,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Show the configuration in force."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    found = run(sdk, lambda: sdk.admin.config.get(instance_id), as_json=as_json)
    emit_record(found, found.source, as_json=as_json)


@config.command("set")
def set_config(
    instance_id: InstanceId,
    file: ConfigFile,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Validate a configuration and put it in force."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    text = read_file(file, field="file")
    made = run(sdk, lambda: sdk.admin.config.set(instance_id, text), as_json=as_json)
    emit_record(made, f"revision {made.revision} is in force", as_json=as_json)


@config.command("check")
def check_config(file: ConfigFile, as_json: AsJson = False) -> None:
    """Validate a configuration without setting it."""

    async def work() -> Maca:
        return load(read_file(file, field="file"))

    run(None, work, as_json=as_json)
    emit_record({"valid": True}, "valid", as_json=as_json)


@world.command("add")
def add_world(
    content: Annotated[str, typer.Argument(help="The memory's text.")],
    kind: Annotated[str, typer.Option("--type", help="fact, preference, episode, emotion or temporal_event.")] = "fact",
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Write a memory that every instance reads."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    made = run(sdk, lambda: sdk.admin.world.add(content, type=kind), as_json=as_json)
    emit_record(made, made.memory_id, as_json=as_json)


@world.command("list")
def list_world(
    page: Annotated[int, typer.Option(help="From 1.")] = 1,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """List the memories that every instance reads."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    found = run(sdk, lambda: sdk.admin.world.list(page), as_json=as_json)
    if as_json:
        emit_json(found)
        return
    emit_table(("memory", "type", "content"), ((row.memory_id, row.memory_type, row.content) for row in found.data))


@world.command("delete")
def delete_world(
    memory_id: Annotated[str, typer.Argument(help="As `synap world list` names it.")],
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Erase a memory that every instance reads."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    erased = run(sdk, lambda: sdk.admin.world.delete(memory_id), as_json=as_json)
    emit_record(erased, f"{erased.memory_id} is erased", as_json=as_json)


@cache.command("invalidate")
def invalidate_cache(
    data_dir: DataDir = None, url: BaseUrl = None, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Forget the cached answers of CLIENT scope."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)
    dropped = run(sdk, sdk.client.context.invalidate, as_json=as_json)
    emit_record({"invalidated": dropped}, f"{dropped} answers forgotten", as_json=as_json)


def audit(
    instance: Annotated[str | None, typer.Option("--instance", help="Only this instance.")] = None,
    limit: Annotated[int, typer.Option(help="Entries, newest first.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Read who did what to which ids; never content."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    page = run(sdk, lambda: sdk.admin.audit.list(instance_id=instance, cursor=cursor, limit=limit), as_json=as_json)
    if as_json:
        emit_json(page)
        return
    emit_table(
        ("at", "action", "actor", "scope", "customer", "user", "count"),
        ((row.at, row.action, row.actor, row.scope, row.customer_id, row.user_id, row.count) for row in page.data),
    )
    if page.cursor is not None:
        emit_lines([f"more: --cursor {page.cursor}"])
