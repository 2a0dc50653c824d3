"""`synap data`: everything of a user, a conversation or a customer deleted, or counted."""

from __future__ import annotations

from typing import Annotated

import typer

from synap.api.data import DataDeletion
from synap.cli.options import ApiKey, AsJson, BaseUrl, CustomerId, DataDir, ManagementKey, UserId, open_synap
from synap.cli.outcome import confirm, run
from synap.cli.output import emit_record
from synap.errors import InvalidInputError

data = typer.Typer(help="What is kept of somebody: count it, delete it.", no_args_is_help=True)


@data.command("delete")
def delete_data(
    customer: CustomerId = None,
    user: UserId = None,
    conversation: Annotated[str | None, typer.Option("--conversation", help="Only this conversation.")] = None,
    instance: Annotated[str | None, typer.Option("--instance", help="Of which instance a customer is deleted.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    management_key: ManagementKey = None,
    as_json: AsJson = False,
) -> None:
    """Delete a conversation, a user, or (with no user) a customer with all its users."""
    if conversation is not None:
        scope, target = "conversation", conversation
    elif user is not None:
        scope, target = "user", user
    elif customer is not None:
        scope, target = "customer", customer
    else:
        raise InvalidInputError("--user, --customer or --conversation must say what to delete", field="user")
    if not dry_run:
        confirm(f"Delete everything of {scope} {target}?", yes=yes, as_json=as_json)
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key, management_key=management_key)

    async def work() -> DataDeletion:
        return await sdk.data.delete(
            scope, user, customer, conversation, dry_run=dry_run, confirm=target, instance_id=instance
        )

    _show(run(sdk, work, as_json=as_json), as_json=as_json)


@data.command("status")
def show_deletion(
    deletion_id: Annotated[str, typer.Argument(help="As `synap data delete` names it.")],
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a deletion has come, and what it removed."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)
    _show(run(sdk, lambda: sdk.data.status(deletion_id), as_json=as_json), as_json=as_json)


def _show(found: DataDeletion, *, as_json: bool) -> None:
    counts = ", ".join(f"{count} {what}" for what, count in sorted(found.counts.items()) if count) or "nothing"
    left = f"; still present in {', '.join(found.still_present_in)}" if found.still_present_in else ""
    name = f" ({found.deletion_id})" if found.deletion_id else ""
    emit_record(found, f"{found.status}{name}: {counts}{left}", as_json=as_json)
