"""`synap clients`, `synap instances`, `synap keys`: who may use this installation."""

from __future__ import annotations

from typing import Annotated

import typer

from synap.cli.options import AsJson, BaseUrl, DataDir, ManagementKey, open_synap
from synap.cli.outcome import run
from synap.cli.output import emit_json, emit_lines, emit_table

clients = typer.Typer(help="Organisations: create, list, change, delete.", no_args_is_help=True)
instances = typer.Typer(help="Deployed agents: create, list, suspend, resume, delete.", no_args_is_help=True)
keys = typer.Typer(help="Keys of instances: create, list, revoke.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(help="cli_…")]
InstanceId = Annotated[str, typer.Argument(help="inst_…")]
Sure = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@clients.command("list")
def list_clients(
    data_dir: DataDir = None, url: BaseUrl = None, management_key: ManagementKey = None, as_json: AsJson = False
) -> None:
    """List the clients."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    found = run(sdk, sdk.admin.clients.list, as_json=as_json)
    if as_json:
        emit_json(found)
        return
    emit_table(("client", "name", "status"), ((row.client_id, row.name, row.status) for row in found))


@clients.command("create")
def create_client(
    name: Annotated[str, typer.Argument(help="Display name.")],
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Create a client."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    made = run(sdk, lambda: sdk.admin.clients.create(name), as_json=as_json)
    emit_json(made) if as_json else emit_lines([made.client_id])


@clients.command("delete")
def delete_client(
    client_id: ClientId,
    yes: Sure = False,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Erase a client with all its instances and all their data."""
    if not yes:
        typer.confirm(f"Erase {client_id} and everything it remembers?", abort=True)
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    run(sdk, lambda: sdk.admin.clients.delete(client_id), as_json=as_json)


@instances.command("list")
def list_instances(
    client_id: ClientId,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """List the instances of a client."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    found = run(sdk, lambda: sdk.admin.instances.list(client_id), as_json=as_json)
    if as_json:
        emit_json(found)
        return
    emit_table(
        ("instance", "name", "tenancy", "status"), ((row.id, row.name, row.tenancy, row.status) for row in found)
    )


@instances.command("create")
def create_instance(
    client_id: ClientId,
    name: Annotated[str, typer.Argument(help="Unique inside the client.")],
    tenancy: Annotated[str, typer.Option(help="open, b2b or b2c; stays as it is.")] = "open",
    agent_type: Annotated[str, typer.Option(help="What kind of agent it is.")] = "general",
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Create an instance; it is active at once."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    made = run(
        sdk,
        lambda: sdk.admin.instances.create(client_id, name, tenancy=tenancy, agent_type=agent_type),
        as_json=as_json,
    )
    emit_json(made) if as_json else emit_lines([made.id])


@instances.command("suspend")
def suspend_instance(
    instance_id: InstanceId,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Refuse all calls of an instance's keys from now on."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    run(sdk, lambda: sdk.admin.instances.suspend(instance_id), as_json=as_json)


@instances.command("resume")
def resume_instance(
    instance_id: InstanceId,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Let an instance's keys work again."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    run(sdk, lambda: sdk.admin.instances.resume(instance_id), as_json=as_json)


@instances.command("delete")
def delete_instance(
    instance_id: InstanceId,
    yes: Sure = False,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Erase an instance with all its data."""
    if not yes:
        typer.confirm(f"Erase {instance_id} and everything it remembers?", abort=True)
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    run(sdk, lambda: sdk.admin.instances.delete(instance_id), as_json=as_json)


@keys.command("list")
def list_keys(
    instance_id: InstanceId,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """List the keys of an instance, revoked ones included."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    found = run(sdk, lambda: sdk.admin.keys.list(instance_id), as_json=as_json)
    if as_json:
        emit_json(found)
        return
    emit_table(
        ("key", "label", "begins", "created", "revoked"),
        ((row.key_id, row.label, row.prefix, row.created_at, row.revoked_at) for row in found),
    )


@keys.command("create")
def create_key(
    instance_id: InstanceId,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a key for an instance; it is shown this once."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    made = run(sdk, lambda: sdk.admin.keys.create(instance_id, label), as_json=as_json)
    emit_json(made) if as_json else emit_lines([made.api_key])


@keys.command("revoke")
def revoke_key(
    instance_id: InstanceId,
    key_id: Annotated[str, typer.Argument(help="As `synap keys list` names it.")],
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key at once."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    run(sdk, lambda: sdk.admin.keys.revoke(instance_id, key_id), as_json=as_json)
