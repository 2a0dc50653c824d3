"""`memories.create`: a request checked, its document prepared and stored, its progress told."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from synap.api.memories import (
    CreateMemory,
    Ingestion,
)
from synap.domain.documents import DocumentType, PreparedDocument
from synap.domain.ids import conversation_uuid, unknown
from synap.domain.memories import Statement
from synap.domain.privacy import PiiHandling
from synap.domain.scopes import Ids, Scope
from synap.engine import checks
from synap.engine.callers import Caller, write_scope
from synap.engine.core import Core
from synap.engine.guard import in_time
from synap.engine.lookups import check_owner, reachable, reference
from synap.errors import InvalidInputError
from synap.ingestion.pieces import is_large
from synap.ingestion.prepare import prepare
from synap.ingestion.protect import protect, protect_metadata
from synap.store.documents import AcceptDocument

logger = logging.getLogger(__name__)

INLINE_CHARACTERS = 8192
"""Documents up to this size are parsed on the event loop; larger ones in a thread."""

CHARACTERS_PER_SECOND = 100_000
"""How much longer a large document may take to be stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A request that has passed all checks and is ready to be stored."""

    scope: Scope
    document: AcceptDocument


async def create(core: Core, caller: Caller, request: CreateMemory) -> Ingestion:
    """Accept one document; on disk when this returns."""
    ready = await accepted(core, caller, request)
    await core.backlog.admit(core.instance_of(caller).id)
    async with core.calls.entered(core.instance_of(caller).id):
        limit = core.settings.write_timeout + len(ready.document.prepared.text) / CHARACTERS_PER_SECOND
        ingestion = await in_time(core.store.documents.accept(ready.scope, ready.document), seconds=limit)
    await core.faults.point("accept")
    core.note(caller, "memory.create", scope=ready.scope, targets=(ingestion.ingestion_id,), count=1)
    core.wake()
    return ingestion


async def ingestion(core: Core, caller: Caller, ingestion_id: str, *, ids: Ids) -> Ingestion:
    """Return how far an ingestion has come; for a row that a batch refused, that it failed and why."""
    ref = reference(ingestion_id, "ingestion_id", "ingestion")
    row, instance = await core.store.ingestions.get(ref), core.instance_of(caller)
    refused = await core.store.batches.refused(instance.id, ref) if row is None else None
    if refused is not None:
        return refused
    # A document of CLIENT is one document for all instances that share it, whichever of them handed it in first.
    if row is None or not (row.instance_id == instance.id or (row.scope.shared and reachable(instance, row.scope))):
        raise unknown("ingestion_id", ingestion_id)
    check_owner(row.scope, ids, field="ingestion_id", value=ingestion_id)
    return row.record()


async def accepted(core: Core, caller: Caller, request: CreateMemory, batch_row: int | None = None) -> Accepted:
    """Return a request checked and ready to be stored, as part of a batch where one is named by its row id.

    Raises:
        InvalidInputError: It is wrong; `field` names where.
        ForbiddenError: The caller may not write there.
    """
    instance = core.instance_of(caller)
    checks.exactly_one_source(request)
    document_type, mode = checks.document_type(request), checks.mode(request)
    duplicate, key = checks.on_duplicate(request), checks.document_key(request)
    conversation = checks.conversation_key(request)
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    conversational = (document_type.conversational and request.memories is None) or conversation is not None
    scope = write_scope(instance, ids, conversational=conversational)
    now = core.clock.now()
    created_at = checks.moment(request.document_created_at, field="document_created_at")
    pii = PiiHandling(instance.maca.ingestion.pii.handling)
    metadata = protect_metadata(checks.metadata(request.metadata), pii)[0]
    prepared = await _read_document(core, request, document_type, created_at or now, pii=pii, metadata=metadata)
    return Accepted(
        scope=scope,
        document=AcceptDocument(
            instance_id=instance.id,
            document_id=key,
            document_type=document_type,
            mode=mode,
            prepared=prepared,
            large=is_large(prepared),
            created_at=created_at or now,
            recorded_at=now,
            metadata=metadata,
            conversation=None if conversation is None else conversation_uuid(conversation),
            batch_id=batch_row,
            on_duplicate=duplicate,
            priority=0 if batch_row is None else 1,
        ),
    )


async def _read_document(
    core: Core,
    request: CreateMemory,
    document_type: DocumentType,
    created_at: datetime,
    *,
    pii: PiiHandling,
    metadata: Mapping[str, Any],
) -> PreparedDocument:
    if request.memories is not None:
        checks.memories_size(request.memories, limit=core.settings.max_document_bytes)
        return _direct_document(checks.statements(request.memories, now=created_at), pii)
    document = request.document
    if not isinstance(document, (str, tuple)):
        raise InvalidInputError("document must be text or a list of turns", field="document")
    checks.document_size(document, limit=core.settings.max_document_bytes)
    work = partial(prepare, document, document_type=document_type, created_at=created_at, pii=pii, metadata=metadata)
    short = isinstance(document, str) and len(document) <= INLINE_CHARACTERS
    prepared = work() if short else await asyncio.to_thread(work)
    checks.speakers(document, prepared)
    return prepared


def _direct_document(given: Sequence[Statement], pii: PiiHandling) -> PreparedDocument:
    """Return the document that stands for memories made by the caller: one line per memory, nothing to extract."""
    statements = tuple(_protected(statement, pii) for statement in given)
    text = "\n".join(statement.content for statement in statements)
    # Not the moment of the call: the same memories handed in again are the same.
    told = [replace(statement, said_at=None) for statement in statements]
    digest = hashlib.sha256(b"direct\x00" + msgspec.json.encode(told)).hexdigest()
    return PreparedDocument(text=text, blocks=(), segments=(), content_hash=digest, statements=statements)


def _protected(statement: Statement, pii: PiiHandling) -> Statement:
    """Return a statement made by the caller with personal data hidden in all of its texts, names included."""

    def safe(text: str) -> str:
        return protect(text, pii)[0]

    return replace(
        statement,
        content=safe(statement.content),
        subject=safe(statement.subject),
        category=safe(statement.category),
        participants=tuple(safe(name) for name in statement.participants),
        entities=tuple(safe(name) for name in statement.entities),
        slots=tuple(
            replace(slot, subject=safe(slot.subject), name=safe(slot.name), value=safe(slot.value))
            for slot in statement.slots
        ),
    )
