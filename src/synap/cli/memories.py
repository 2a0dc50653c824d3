"""`synap ingest` and `synap fetch`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from synap.adapters.files.content import FileContent
from synap.adapters.files.read import SUFFIXES, read_file
from synap.api.memories import BatchResult, Ingestion
from synap.cli.options import ApiKey, AsJson, BaseUrl, CustomerId, DataDir, UserId, open_synap
from synap.cli.outcome import Exit, run
from synap.cli.output import console, emit_json, emit_lines
from synap.errors import InvalidInputError
from synap.sdk.client import Synap
from synap.sdk.responses import ContextResponse

GROUP = 100
"""Documents per batch, so that the progress bar moves and memory stays small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A file that was not taken, and why."""

    path: str
    reason: str


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders to walk.", exists=True)],
    customer: CustomerId = None,
    user: UserId = None,
    document_type: Annotated[
        str | None, typer.Option("--type", help="Document type; by default what the file's kind tells.")
    ] = None,
    mode: Annotated[str, typer.Option(help="fast or long-range.")] = "long-range",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until everything is processed.")] = True,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Ingest files and folders: text, Markdown, HTML, CSV, e-mail, chat exports, and with their extras PDF and Word. A file's path is its document id, so that a second run updates what changed."""
    files, refusals = collect(paths)
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)

    async def work() -> list[BatchResult]:
        return await _ingest_files(
            sdk, files, refusals, customer=customer, user=user, document_type=document_type, mode=mode, wait=wait
        )

    results = run(sdk, work, as_json=as_json)
    _report(results, refusals, as_json=as_json)
    if refusals or any(result.failed for result in results):
        raise typer.Exit(Exit.PARTIAL)


def collect(paths: Sequence[Path]) -> tuple[list[Path], list[Refusal]]:
    """Return the files to ingest, sorted, and named files of a kind that is not read.

    Folders are walked; hidden files and folders, and files of other kinds inside folders, are passed over.
    """
    files: list[Path] = []
    refusals: list[Refusal] = []
    for path in paths:
        if path.is_dir():
            files += sorted(found for found in path.rglob("*") if found.is_file() and _wanted(found, path))
        elif path.suffix.casefold() in SUFFIXES or not path.suffix:
            files.append(path)
        else:
            refusals.append(Refusal(path=str(path), reason=f"{path.suffix} is not a kind that is read; give its text"))
    return files, refusals


def _wanted(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return not hidden and path.suffix.casefold() in SUFFIXES


def _read(path: Path) -> FileContent:
    return read_file(path.name, path.read_bytes())


async def _ingest_files(
    sdk: Synap,
    files: Sequence[Path],
    refusals: list[Refusal],
    *,
    customer: str | None,
    user: str | None,
    document_type: str | None,
    mode: str,
    wait: bool,
) -> list[BatchResult]:
    results: list[BatchResult] = []
    columns = (TextColumn("ingesting"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("ingesting", total=len(files))
        for start in range(0, len(files), GROUP):
            group = files[start : start + GROUP]
            documents = []
            for path in group:
                try:
                    found = await asyncio.to_thread(_read, path)
                except (OSError, InvalidInputError) as error:
                    refusals.append(Refusal(path=str(path), reason=str(error)))
                    continue
                documents.append(
                    {
                        "document": found.document,
                        "document_type": document_type or found.document_type.value,
                        "document_id": str(path),
                        "customer_id": customer,
                        "user_id": user,
                        "mode": mode,
                        "metadata": {"path": str(path), **found.metadata},
                    }
                )
            if documents:
                results.append(await sdk.memories.batch_create(documents=documents, wait=wait))
            progress.advance(task, len(group))
    return results


def _report(results: Sequence[BatchResult], refusals: Sequence[Refusal], *, as_json: bool) -> None:
    failed: list[Ingestion] = [row for result in results for row in result.results if row.status == "failed"]
    totals = {
        "documents": sum(result.succeeded for result in results),
        "memories": sum(result.memory_count or 0 for result in results),
        "failed": len(failed) + len(refusals),
    }
    if as_json:
        emit_json(
            {
                **totals,
                "errors": [{"document_id": row.document_id, "error": row.error_message} for row in failed]
                + [{"document_id": refusal.path, "error": refusal.reason} for refusal in refusals],
            }
        )
        return
    emit_lines(f"failed: {row.document_id}: {row.error_message}" for row in failed)
    emit_lines(f"failed: {refusal.path}: {refusal.reason}" for refusal in refusals)
    emit_lines([f"{totals['documents']} documents, {totals['memories']} memories, {totals['failed']} failed"])


def fetch(
    query: Annotated[list[str] | None, typer.Argument(help="One or several questions; none for the newest.")] = None,
    customer: CustomerId = None,
    user: UserId = None,
    conversation: Annotated[str | None, typer.Option("--conversation", help="Conversation id; any string.")] = None,
    max_results: Annotated[int, typer.Option(help="Items, 50 at most.")] = 10,
    max_tokens: Annotated[int | None, typer.Option(help="Token budget.")] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="Only memories of this type.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was believed at this ISO 8601 moment.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show how each score came about.")] = False,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the context for a user, a customer, a conversation, or (with no ids) the application."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)
    shared: dict[str, Any] = {
        "search_query": query,
        "max_results": max_results,
        "max_tokens": max_tokens,
        "types": types,
        "as_of": as_of,
        "explain": explain,
    }

    async def work() -> ContextResponse:
        if conversation is not None:
            return await sdk.conversation.context.fetch(
                conversation_id=conversation, user_id=user, customer_id=customer, **shared
            )
        if user is not None:
            return await sdk.user.context.fetch(user_id=user, customer_id=customer, **shared)
        if customer is not None:
            return await sdk.customer.context.fetch(customer_id=customer, **shared)
        return await sdk.client.context.fetch(**shared)

    context = run(sdk, work, as_json=as_json)
    if as_json:
        emit_json(
            {"items": context.items, "formatted_context": context.formatted_context, "metadata": context.metadata}
        )
        return
    for item in context.items:
        mark = " (overridden)" if item.overridden_by else ""
        detail = "  " + ", ".join(f"{k} {v:.2f}" for k, v in item.score_parts.items()) if explain else ""
        emit_lines([f"[{item.scope}] {item.content}{mark}{detail}"])
    for warning in context.metadata.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if not context.items:
        typer.echo(f"nothing found: {context.metadata.reason or 'nothing is known yet'}", err=True)
