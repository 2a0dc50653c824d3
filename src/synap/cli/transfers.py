"""`synap export` and `synap import`: memory in a file, and out of one."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from synap.adapters.dumps.read import MAKERS, read_dump
from synap.api.memories import CreateMemory, Ingestion, UploadMemory
from synap.api.transfers import ExportReport, ImportReport
from synap.cli.options import AsJson, CustomerId, DataDir, UserId
from synap.cli.outcome import Exit, run
from synap.cli.output import emit_json, emit_lines, emit_record
from synap.cli.serving import DatabaseUrl, opened_engine, read_settings
from synap.domain.documents import IngestionStatus
from synap.domain.echoes import echo
from synap.engine.api import EngineApi
from synap.engine.batches import MAX_BATCH
from synap.engine.callers import Caller
from synap.engine.engine import Engine
from synap.engine.exporting import export
from synap.engine.importing import import_export
from synap.errors import InvalidInputError

OPERATOR = Caller(actor="process", kind="management")
CHAT = "chat"

Instance = Annotated[str | None, typer.Option("--instance", help="The instance; the oldest one where not given.")]


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was refused or not worked through, and why."""

    document_id: str
    status: str
    error: str


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What became of another maker's file: documents by their status, and each that is not complete."""

    instance_id: str
    documents: int
    statuses: dict[str, int]
    errors: tuple[Shortfall, ...] = ()


def export_memory(
    file: Annotated[Path, typer.Argument(help="The file to write, JSON lines.")],
    instance: Instance = None,
    customer: CustomerId = None,
    user: UserId = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a file that was cut short.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write all of a user, of a customer with its users, or of a whole instance to a file, signed at its end."""

    async def work() -> ExportReport:
        async with opened_engine(read_settings(data_dir, database_url)) as engine:
            place = await engine.instances.get(instance or engine.default_instance)
            return await export(engine.core, OPERATOR, place, file, customer_id=customer, user_id=user, resume=resume)

    done = run(None, work, as_json=as_json)
    rows = ", ".join(f"{count} {what}" for what, count in done.rows.items()) or "nothing"
    emit_record(done, f"{done.path}: {done.owners} owners; {rows}; signed with {done.key}", as_json=as_json)


def import_memory(
    file: Annotated[Path, typer.Argument(help="The file to read.", exists=True, dir_okay=False)],
    instance: Instance = None,
    customer: CustomerId = None,
    user: UserId = None,
    maker: Annotated[
        str | None, typer.Option("--from", help=f"Another maker's file: {', '.join(MAKERS)}, or {CHAT} for a chat log.")
    ] = None,
    public_key: Annotated[str | None, typer.Option("--public-key", help="The key that it must be signed with.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Put an export into an instance; or, with --from, hand in what another maker's file holds.

    An export of one user may be put in under other ids. Other makers' records go to --user, or to the users they name; a
    chat log names none, so it needs --user.
    """

    async def work() -> ImportReport | HandedIn:
        if maker == CHAT and user is None:
            raise InvalidInputError(
                "a chat log does not tell whose it is: give --user; `synap ingest` takes what all may read",
                field="user",
            )
        async with opened_engine(read_settings(data_dir, database_url), workers=2 if maker else 0) as engine:
            instance_id = instance or engine.default_instance
            if maker is not None:
                return await _hand_in(engine, instance_id, file, maker, user=user, customer=customer)
            place = await engine.instances.get(instance_id)
            return await import_export(
                engine.core, OPERATOR, place, file, customer_id=customer, user_id=user, public_key=public_key
            )

    done = run(None, work, as_json=as_json)
    if as_json:
        emit_json(done)
    elif isinstance(done, ImportReport):
        whose = "this installation" if done.own else "another installation"
        line = (
            f"{done.rows} rows of {done.owners} owners, {done.already} of them in before; {done.embedded} vectors made"
        )
        emit_record(done, f"{line}; signed by {whose} ({done.signed_by})", as_json=False)
    else:
        emit_lines(f"{one.status}: {one.document_id}: {one.error}" for one in done.errors)
        told = ", ".join(f"{count} {status}" for status, count in sorted(done.statuses.items()))
        emit_record(done, f"{done.documents} documents handed in: {told}", as_json=False)
    if isinstance(done, HandedIn) and done.errors:
        raise typer.Exit(Exit.PARTIAL)


async def _hand_in(
    engine: Engine, instance_id: str, file: Path, maker: str, *, user: str | None, customer: str | None
) -> HandedIn:
    """Hand in every record of a file, once all of it could be read; return when all were worked on."""
    api = engine.api_for(await engine.caller_of(instance_id))
    content = await asyncio.to_thread(_content, file)
    if maker == CHAT:
        key = f"{CHAT}:{hashlib.sha256(content).hexdigest()}"  # without one each run would be a conversation of its own
        upload = UploadMemory(filename=file.name, content=content, document_id=key, user_id=user, customer_id=customer)
        accepted = [await api.upload_memory(upload)]
    else:
        accepted = await _accepted(api, read_dump(content, maker=maker, user_id=user, customer_id=customer))
    await engine.worker.drain(seconds=24 * 3600)
    # A refusal is whole in its answer alone: what a batch keeps of it repeats nothing that was given.
    ended = [row if row.status == IngestionStatus.FAILED else await api.ingestion(row.ingestion_id) for row in accepted]
    return HandedIn(
        instance_id=instance_id,
        documents=len(ended),
        statuses=dict(Counter(row.status for row in ended)),
        errors=tuple(
            Shortfall(
                document_id=one.document_id, status=row.status, error=row.error_message or ", ".join(row.warnings)
            )
            for one, row in zip(accepted, ended, strict=True)
            if row.status != IngestionStatus.COMPLETED
        ),
    )


async def _accepted(api: EngineApi, documents: Sequence[CreateMemory]) -> list[Ingestion]:
    """Hand documents in, a batch at a time; one whose id was refused is still named by what can be shown of that."""
    rows: list[Ingestion] = []
    for start in range(0, len(documents), MAX_BATCH):
        batch = documents[start : start + MAX_BATCH]
        for one, row in zip(batch, (await api.create_batch(batch)).results, strict=True):
            rows.append(row if row.document_id else msgspec.structs.replace(row, document_id=echo(one.document_id)))
    return rows


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be read: {error.strerror or error}", field="file") from error
