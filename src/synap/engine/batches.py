"""`memories.batch_create`: documents judged one by one or all together, and the batch's progress told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

import msgspec

from synap.api.memories import BatchResult, CreateMemory, Ingestion
from synap.api.requests import checked
from synap.domain.documents import IngestionStatus
from synap.domain.echoes import echo
from synap.domain.ids import RowRef, check_caller_id, decode_public_id, encode_public_id, unknown
from synap.domain.scopes import bucket_of
from synap.engine.accepting import Accepted, accepted
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core
from synap.engine.lookups import reference
from synap.errors import ConflictError, ForbiddenError, InvalidInputError, SynapError, TransientError
from synap.store.ingestions import BatchRow, StoredBatch, batch_ref

logger = logging.getLogger(__name__)

MAX_BATCH = 1000
"""Documents in one batch."""

MAX_MISSED = 2
"""Documents of a batch that may find the store away, one after the other, before the rest is left untried."""

COURTESY = 4.0
"""How many times as long as a document took its batch waits, at most, while others are being answered."""

COURTESY_SECONDS = 0.1
"""The longest such wait."""

ERASED = "erased"
"""Message of a document of which nothing is kept any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one document: as it is answered, and as it is kept."""

    answer: Ingestion
    kept: BatchRow


async def create_batch(
    core: Core, caller: Caller, requests: Sequence[CreateMemory], *, fail_fast: bool = False
) -> BatchResult:
    """Accept 1 to 1,000 documents, judged one by one; with `fail_fast` one bad one refuses all and stores nothing."""
    if not 1 <= len(requests) <= MAX_BATCH:
        raise InvalidInputError(
            f"documents must hold between 1 and {MAX_BATCH} documents, not {len(requests)}", field="documents"
        )
    instance = core.instance_of(caller)
    await core.backlog.admit(instance.id, len(requests))
    batch_row = core.store.ids.next()
    outcomes = await _judge_all(core, caller, requests, batch_row)
    stored = await (_store_all(core, outcomes) if fail_fast else _store_each(core, outcomes))
    rows = [_row(core, instance, request, outcome) for request, outcome in zip(requests, stored, strict=True)]
    batch_id = await _keep(core, instance, batch_row, [row.kept for row in rows])
    failed = sum(1 for row in rows if row.kept.ingestion_id is None)
    await core.faults.point("accept")
    core.note(caller, "memory.batch", targets=(batch_id,), count=len(rows) - failed)
    core.wake()
    return BatchResult(
        batch_id=batch_id,
        total=len(rows),
        succeeded=len(rows) - failed,
        failed=failed,
        memory_count=0 if failed == len(rows) else None,
        results=tuple(row.answer for row in rows),
    )


async def batch(core: Core, caller: Caller, batch_id: str) -> BatchResult:
    """Return how far a batch has come; `memory_count` is None until every row has come to an end."""
    ref = reference(batch_id, "batch_id", "batch")
    stored = await core.store.batches.get(core.instance_of(caller).id, ref.row_id)
    if stored is None:
        raise unknown("batch_id", batch_id)
    results = await _progress(core, stored)
    failed = sum(1 for row in results if row.status == IngestionStatus.FAILED)
    ended = all(IngestionStatus(row.status).final for row in results)
    return BatchResult(
        batch_id=batch_id,
        total=len(results),
        succeeded=len(results) - failed,
        failed=failed,
        memory_count=sum(row.memories_created for row in results) if ended else None,
        results=tuple(results),
    )


async def _progress(core: Core, stored: StoredBatch) -> list[Ingestion]:
    """Return the rows of a batch as they stand now, in order; refused ones as they are kept, and erased ones as such."""
    refs = {row.ingestion_id: decode_public_id(row.ingestion_id) for row in stored.rows if row.ingestion_id is not None}
    known = [ref for ref in refs.values() if ref is not None]
    found = await core.store.ingestions.get_many(known)
    now = {row.record().ingestion_id: row.record() for row in found if row is not None}
    return [
        row.record if row.ingestion_id is None else now.get(row.ingestion_id) or _erased(row.record)
        for row in stored.rows
    ]


def _erased(record: Ingestion) -> Ingestion:
    """Return the row of a document that was taken in and is gone: at its end, so that nobody waits or hands it in again."""
    return Ingestion(
        ingestion_id=record.ingestion_id,
        document_id="",
        status=IngestionStatus.COMPLETED,
        queued_at=record.queued_at,
        scope=record.scope,
        error_message=ERASED,
    )


async def _judge_all(
    core: Core, caller: Caller, requests: Sequence[CreateMemory], batch_row: int
) -> list[Accepted | SynapError]:
    """Prepare the documents one after the other, giving way between them: a thousand may take this process many seconds."""
    outcomes: list[Accepted | SynapError] = []
    for index, request in enumerate(requests):
        started = time.perf_counter()
        outcomes.append(await _judge(core, caller, request, index, batch_row))
        await asyncio.sleep(0)  # who has called meanwhile is seen only now
        await core.calls.quiet(min(COURTESY * (time.perf_counter() - started), COURTESY_SECONDS))
    return outcomes


async def _judge(
    core: Core, caller: Caller, request: CreateMemory, index: int, batch_row: int
) -> Accepted | SynapError:
    try:
        return await accepted(core, caller, checked(request), batch_row)
    except (InvalidInputError, ForbiddenError) as error:
        field = f"documents[{index}]" + ("" if error.field is None else f".{error.field}")
        return type(error)(f"documents[{index}]: {error.message}", field=field)


async def _store_all(core: Core, outcomes: Sequence[Accepted | SynapError]) -> Sequence[Ingestion | SynapError]:
    """Store all documents of a batch or, where one is refused, none.

    Raises:
        SynapError: The first refusal; or the store's error, and then nothing was stored either.
    """
    ready = []
    for outcome in outcomes:
        if isinstance(outcome, SynapError):
            raise outcome
        ready.append((outcome.scope, outcome.document))
    return await core.store.documents.accept_all(ready)


async def _store_each(core: Core, outcomes: Sequence[Accepted | SynapError]) -> Sequence[Ingestion | SynapError]:
    """Store the documents of a batch one by one, each with what became of it.

    Where the store was away for two in a row, the others are not tried, as each might wait for long.
    """
    stored: list[Ingestion | SynapError] = []
    away: list[TransientError] = []
    for outcome in outcomes:
        if isinstance(outcome, SynapError):
            stored.append(outcome)
            continue
        if len(away) >= MAX_MISSED:
            stored.append(away[-1])
            continue
        try:
            stored.append(await core.store.documents.accept(outcome.scope, outcome.document))
            away.clear()
        except ConflictError as error:
            stored.append(error)
        except TransientError as error:
            stored.append(error)
            away.append(error)
    return stored


async def _keep(core: Core, instance: Instance, batch_row: int, rows: Sequence[BatchRow]) -> str:
    """Write down what a batch is answered with; return its id.

    Raises:
        TransientError: The store is away, and no document was stored. Where some were, they are answered all the same.
    """
    try:
        return await core.store.batches.create(instance.id, batch_row, rows, now=core.clock.now())
    except TransientError:
        if not any(row.ingestion_id for row in rows):
            raise
        logger.warning("a batch was stored, and its progress was not", extra={"documents": len(rows)})
        return encode_public_id(batch_ref(instance.id, batch_row))


def _row(core: Core, instance: Instance, request: CreateMemory, outcome: Ingestion | SynapError) -> Row:
    """Return a row; what is kept of it names no document: the name is the caller's, and nobody's erasure comes here."""
    if isinstance(outcome, Ingestion):
        kept = msgspec.structs.replace(outcome, document_id="", memory_ids=())
        return Row(answer=outcome, kept=BatchRow(ingestion_id=outcome.ingestion_id, record=kept))
    answer = _failed_row(core, instance, request, outcome)
    kept = msgspec.structs.replace(answer, document_id="", error_message=_without_echo(request, outcome))
    return Row(answer=answer, kept=BatchRow(ingestion_id=None, record=kept))


def _failed_row(core: Core, instance: Instance, request: CreateMemory, error: SynapError) -> Ingestion:
    """Return a complete row for a document that was not stored; its id leads to what is kept of it with its batch."""
    bucket = bucket_of(instance.id, "instance", instance.id)
    return Ingestion(
        ingestion_id=encode_public_id(RowRef(kind="ingestion", bucket=bucket, row_id=core.store.ids.next())),
        document_id=_proper_id(request.document_id),
        status=IngestionStatus.FAILED,
        queued_at=core.clock.now(),
        error_message=_told(error),
    )


def _proper_id(given: object) -> str:
    """Return the caller's id of a refused document, or the empty string where it is no proper id."""
    try:
        return check_caller_id(given, field="document_id")
    except InvalidInputError:
        return ""


def _told(error: SynapError) -> str:
    again = "not stored, and may be handed in again: " if isinstance(error, TransientError) else ""
    return f"{again}{error.message}"


def _without_echo(request: CreateMemory, error: SynapError) -> str:
    """Return what is kept of a refusal: its message without anything that the request holds."""
    place, metadata, _ = (error.field or "").partition("metadata")
    if metadata:  # whose keys, which the field names, are the caller's words as well
        return f"{place}metadata was refused ({error.code})"
    message = _told(error)
    for value in set(_texts_in(request)):
        message = message.replace(echo(value), "what was given")
    return message


def _texts_in(value: object) -> Iterator[str]:
    """Yield all text that a value holds: in lists, in the keys and values of mappings, in structs and dataclasses."""
    if isinstance(value, str):
        yield value
        return
    for member in _members_of(value):
        yield from _texts_in(member)


def _members_of(value: object) -> Sequence[object]:
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, msgspec.Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    return ()
