"""`synap memories`: what became of a memory, why, and taking it back."""

from __future__ import annotations

from typing import Annotated

import typer

from synap.api.memories import MemoryRecord, PendingRetraction, SettledRetraction, UndoneIngestion
from synap.cli.options import ApiKey, AsJson, BaseUrl, CustomerId, DataDir, UserId, open_synap
from synap.cli.outcome import confirm, run
from synap.cli.output import emit_json, emit_lines, emit_record

memories = typer.Typer(help="What became of memories, and undoing it.", no_args_is_help=True)

MemoryId = Annotated[str, typer.Argument(help="Id of a memory.")]


@memories.command("history")
def history(
    memory_id: MemoryId,
    customer: CustomerId = None,
    user: UserId = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show the chain of supersessions that a memory belongs to, oldest first: what it said, why it ended, what it rests on."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)

    async def work() -> tuple[MemoryRecord, ...]:
        return await sdk.memories.history(memory_id, user_id=user, customer_id=customer)

    found = run(sdk, work, as_json=as_json)
    emit_json(found) if as_json else emit_lines(line for one in found for line in _told(one))


@memories.command("restore")
def restore(
    memory_id: MemoryId,
    customer: CustomerId = None,
    user: UserId = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Believe a superseded or retracted memory again; what took its place is superseded in turn."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)

    async def work() -> MemoryRecord:
        return await sdk.memories.restore(memory_id, user_id=user, customer_id=customer)

    found = run(sdk, work, as_json=as_json)
    emit_record(found, f"{found.status}: {found.content}", as_json=as_json)


@memories.command("undo")
def undo(
    ingestion_id: Annotated[str, typer.Argument(help="Id of an ingestion.")],
    customer: CustomerId = None,
    user: UserId = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would do, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Undo an ingestion: its document and what only that said are gone, what it ended is believed again."""
    if not dry_run:
        confirm(f"Undo ingestion {ingestion_id}?", yes=yes, as_json=as_json)
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)

    async def work() -> UndoneIngestion:
        return await sdk.memories.undo(ingestion_id, user_id=user, customer_id=customer, preview=dry_run)

    found = run(sdk, work, as_json=as_json)
    would = "would be " if found.preview else ""
    counts = f"{len(found.removed_ids)} memories {would}removed, {len(found.restored_ids)} {would}restored"
    emit_record(found, f"{found.document_id}: {counts}", as_json=as_json)


@memories.command("retractions")
def retractions(
    customer: CustomerId = None,
    user: UserId = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List what a user took back without it being clear what was meant, with the memories that it may mean."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)

    async def work() -> tuple[PendingRetraction, ...]:
        return await sdk.memories.pending_retractions(user_id=user, customer_id=customer)

    found = run(sdk, work, as_json=as_json)
    if as_json:
        emit_json(found)
        return
    for one in found:
        emit_lines([f"{one.retraction_id}: {one.topic}"])
        emit_lines(f"  {candidate.memory_id}: {candidate.content}" for candidate in one.candidates)


@memories.command("retract")
def retract(
    retraction_id: Annotated[str, typer.Argument(help="As `synap memories retractions` names it.")],
    memory_ids: Annotated[list[str] | None, typer.Argument(help="What was meant; nothing lets it go.")] = None,
    customer: CustomerId = None,
    user: UserId = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Retract what a pending retraction meant, or let it go."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)

    async def work() -> SettledRetraction:
        return await sdk.memories.settle_retraction(retraction_id, memory_ids or (), user_id=user, customer_id=customer)

    found = run(sdk, work, as_json=as_json)
    emit_record(found, f"{len(found.retracted_ids)} memories retracted", as_json=as_json)


def _told(one: MemoryRecord) -> list[str]:
    """Return the lines that tell a memory: what it says, why it ended, the attributes it settles, its evidence."""
    ended = f", {one.reason}" if one.reason and one.status != "active" else ""
    lines = [f"{one.memory_id} [{one.status}{ended}] {one.content}"]
    lines += [
        f"  {attribute.subject}: {attribute.name} is {'' if attribute.holds else 'not '}{attribute.value}"
        for attribute in one.attributes
    ]
    return [*lines, *(f'  from {piece.document_id}: "{piece.quote}"' for piece in one.evidence)]
