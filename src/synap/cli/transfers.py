"""`synap export` and `synap import`: memory in a file, and out of one."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from synap.adapters.dumps.read import MAKERS, read_dump
from synap.api.memories import UploadMemory
from synap.api.transfers import ExportReport, ImportReport
from synap.cli.options import AsJson, CustomerId, DataDir, UserId
from synap.cli.outcome import Exit, run
from synap.cli.output import emit_json, emit_record
from synap.cli.serving import DatabaseUrl, opened_engine, read_settings
from synap.engine.batches import MAX_BATCH
from synap.engine.callers import Caller
from synap.engine.engine import Engine
from synap.engine.exporting import export
from synap.engine.importing import import_export
from synap.errors import InvalidInputError

OPERATOR = Caller(actor="process", kind="management")
CHAT = "chat"

Instance = Annotated[str | None, typer.Option("--instance", help="The instance; the oldest one where not given.")]


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What became of another maker's file: documents by their status, and memories made of them."""

    instance_id: str
    documents: int
    statuses: dict[str, int]


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
        told = ", ".join(f"{count} {status}" for status, count in sorted(done.statuses.items()))
        emit_record(done, f"{done.documents} documents handed in: {told}", as_json=False)
    if isinstance(done, HandedIn) and done.statuses.keys() - {"completed"}:
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
        ids = [(await api.upload_memory(upload)).ingestion_id]
        refused = 0
    else:
        documents = read_dump(content, maker=maker, user_id=user, customer_id=customer)
        ids, refused = [], 0
        for start in range(0, len(documents), MAX_BATCH):
            taken = await api.create_batch(documents[start : start + MAX_BATCH])
            ids += [row.ingestion_id for row in taken.results if row.ingestion_id]
            refused += sum(not row.ingestion_id for row in taken.results)
    await engine.worker.drain(seconds=24 * 3600)
    statuses = Counter([(await api.ingestion(one)).status for one in ids])
    statuses += Counter({"refused": refused})
    return HandedIn(instance_id=instance_id, documents=len(ids) + refused, statuses=dict(statuses))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be read: {error.strerror or error}", field="file") from error
