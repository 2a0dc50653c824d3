"""`synap entities`: who and what is talked about; show, merge and split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from synap.api.entities import EntityRecord
from synap.cli.options import ApiKey, AsJson, BaseUrl, CustomerId, DataDir, UserId, open_synap
from synap.cli.outcome import run
from synap.cli.output import emit_json, emit_lines, emit_record, emit_table

entities = typer.Typer(help="Who and what is talked about: list, show, merge, split.", no_args_is_help=True)

EntityId = Annotated[str, typer.Argument(help="As `synap entities list` names it.")]


@entities.command("list")
def list_entities(
    customer: CustomerId = None,
    user: UserId = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="person, organisation, place, product, project, role or other.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Part of a name.")] = None,
    page: Annotated[int, typer.Option(help="From 1.")] = 1,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the entities of one scope, the most mentioned first."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)
    found = run(
        sdk,
        lambda: sdk.entities.list(customer_id=customer, user_id=user, kind=kind, name=name, page=page),
        as_json=as_json,
    )
    if as_json:
        emit_json(found)
        return
    emit_table(
        ("entity", "kind", "name", "mentions"),
        ((row.entity_id, row.kind, row.name, row.mentions) for row in found.data),
    )


@entities.command("show")
def show(
    entity_id: EntityId,
    about: Annotated[bool, typer.Option("--about", help="Show what is remembered of it as well.")] = False,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show an entity: its names and why they are its names, its relationships, and the log of decisions."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)

    async def work() -> tuple[EntityRecord, str]:
        found = await sdk.entities.get(entity_id)
        return found, (await sdk.entities.fetch(entity_id)).formatted_context if about else ""

    found, told = run(sdk, work, as_json=as_json)
    if as_json:
        emit_json({"entity": found, "about": told} if about else found)
        return
    emit_lines([*_lines(found), *([told] if told else [])])


@entities.command("merge")
def merge(
    entity_id: EntityId,
    other_id: Annotated[str, typer.Argument(help="The entity that becomes part of the first.")],
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Let two entities of one scope be one; `split --merged` undoes it."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)
    made = run(sdk, lambda: sdk.entities.merge(entity_id, other_id), as_json=as_json)
    emit_record(made, f"{other_id} is one with {made.entity_id} ({made.name})", as_json=as_json)


@entities.command("split")
def split(
    entity_id: EntityId,
    merged: Annotated[str | None, typer.Option("--merged", help="An entity that was merged into it.")] = None,
    alias: Annotated[str | None, typer.Option("--alias", help="A name of it, to be an entity of its own.")] = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Undo a merge, or make an entity of its own out of a name; `merge` undoes it."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)
    made = run(sdk, lambda: sdk.entities.split(entity_id, merged_id=merged, alias=alias), as_json=as_json)
    emit_record(made, f"{made.entity_id} ({made.name}) stands for itself", as_json=as_json)


def _lines(entity: EntityRecord) -> Iterator[str]:
    """Yield an entity for people to read."""
    yield f"{entity.name} ({entity.kind}, {entity.scope}), mentioned {entity.mentions} times"
    if entity.merged_into is not None:
        yield f"merged into {entity.merged_into}"
    for alias in entity.aliases:
        yield f"  called {alias.name} ({alias.reason}, {len(alias.memory_ids)} memories)"
    for merged in entity.merged_ids:
        yield f"  merged with {merged}"
    for one in entity.relationships:
        over = "" if one.holds and one.active and one.until is None else " (over)"
        yield f"  {one.subject} {one.relation} {one.object}{over} [{one.memory_id}]"
    for decision in entity.decisions:
        about = f" {decision.name}" if decision.name else ""
        yield f"  {decision.at:%Y-%m-%d} {decision.action}{about}: {decision.reason}, {decision.confidence:.2f}"
