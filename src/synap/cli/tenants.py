"""`synap clients`, `synap instances`, `synap keys`: who may use this installation."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from synap.api.admin import InstanceRecord
from synap.cli.options import AsJson, BaseUrl, DataDir, ManagementKey, open_synap
from synap.cli.outcome import confirm, run
from synap.cli.output import emit_json, emit_record, emit_table

clients = typer.Typer(help="Organisations: create, list, change, delete.", no_args_is_help=True)
instances = typer.Typer(help="Deployed agents: create, list, show, change, delete.", no_args_is_help=True)
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
    emit_record(made, made.client_id, as_json=as_json)


@clients.command("update")
def update_client(
    client_id: ClientId,
    name: Annotated[str | None, typer.Option(help="New display name.")] = None,
    status: Annotated[str | None, typer.Option(help="active, inactive or soft_deleted.")] = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Rename a client, or set its status; what is not given stays."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    made = run(sdk, lambda: sdk.admin.clients.update(client_id, name=name, status=status), as_json=as_json)
    emit_record(made, f"{made.client_id} {made.name}: {made.status}", as_json=as_json)


@clients.command("suspend")
def suspend_client(
    client_id: ClientId,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Refuse all calls of all instances of a client from now on: its status becomes inactive."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    made = run(sdk, lambda: sdk.admin.clients.update(client_id, status="inactive"), as_json=as_json)
    emit_record(made, f"{made.client_id} is {made.status}", as_json=as_json)


@clients.command("resume")
def resume_client(
    client_id: ClientId,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Let the instances of a client serve again."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    made = run(sdk, lambda: sdk.admin.clients.update(client_id, status="active"), as_json=as_json)
    emit_record(made, f"{made.client_id} is {made.status}", as_json=as_json)


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
    confirm(f"Erase {client_id} and everything it remembers?", yes=yes, as_json=as_json)
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    run(sdk, lambda: sdk.admin.clients.delete(client_id), as_json=as_json)
    emit_record({"client_id": client_id, "status": "deleted"}, f"{client_id} is erased", as_json=as_json)


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
    emit_record(made, made.id, as_json=as_json)


@instances.command("show")
def show_instance(
    instance_id: InstanceId,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Show an instance, with the number of its memories."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    found = run(sdk, lambda: sdk.admin.instances.get(instance_id), as_json=as_json)
    if as_json:
        emit_json(found)
        return
    emit_table(("what", "value"), msgspec.structs.asdict(found).items())


@instances.command("update")
def update_instance(
    instance_id: InstanceId,
    name: Annotated[str | None, typer.Option(help="New name, unique inside the client.")] = None,
    agent_type: Annotated[str | None, typer.Option(help="What kind of agent it is.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    status: Annotated[str | None, typer.Option(help="active, suspended or archived.")] = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Change an instance; what is not given stays."""
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)

    async def work() -> InstanceRecord:
        return await sdk.admin.instances.update(
            instance_id, name=name, agent_type=agent_type, description=description, status=status
        )

    made = run(sdk, work, as_json=as_json)
    emit_record(made, f"{made.id} {made.name}: {made.status}", as_json=as_json)


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
    made = run(sdk, lambda: sdk.admin.instances.suspend(instance_id), as_json=as_json)
    emit_record(made, f"{made.id} is {made.status}", as_json=as_json)


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
    made = run(sdk, lambda: sdk.admin.instances.resume(instance_id), as_json=as_json)
    emit_record(made, f"{made.id} is {made.status}", as_json=as_json)


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
    confirm(f"Erase {instance_id} and everything it remembers?", yes=yes, as_json=as_json)
    sdk = open_synap(data_dir=data_dir, base_url=url, management_key=management_key)
    run(sdk, lambda: sdk.admin.instances.delete(instance_id), as_json=as_json)
    emit_record({"id": instance_id, "status": "deleted"}, f"{instance_id} is erased", as_json=as_json)


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
    emit_record(made, made.api_key, as_json=as_json)


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
    emit_record({"key_id": key_id, "status": "revoked"}, f"{key_id} is revoked", as_json=as_json)
