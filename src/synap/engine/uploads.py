"""`memories.create_from_file`: a file made text, then accepted like any document."""

from __future__ import annotations

import asyncio

from synap.adapters.files.read import read_file
from synap.api.memories import CreateMemory, Ingestion, UploadMemory
from synap.engine import accepting, checks
from synap.engine.callers import Caller
from synap.engine.core import Core
from synap.errors import InvalidInputError, PayloadTooLargeError


async def upload(core: Core, caller: Caller, request: UploadMemory) -> Ingestion:
    """Accept a file; on disk when this returns."""
    core.instance_of(caller)
    limit = core.settings.max_document_bytes
    if not request.filename.strip():
        raise InvalidInputError("filename must tell the kind of the file, as in notes.md", field="filename")
    if len(request.content) > limit:
        raise PayloadTooLargeError(
            f"file must be at most {limit} bytes; split it, or raise SYNAP_MAX_DOCUMENT_BYTES", field="file"
        )
    checks.metadata(request.metadata)  # before the file is read: the reader knows nothing of the caller's mistakes
    found = await asyncio.to_thread(read_file, request.filename, request.content)
    return await accepting.create(
        core,
        caller,
        CreateMemory(
            document=found.document,
            document_type=request.document_type or found.document_type.value,
            user_id=request.user_id,
            customer_id=request.customer_id,
            mode=request.mode,
            document_id=request.document_id,
            document_created_at=request.document_created_at,
            metadata={"filename": request.filename, **found.metadata, **request.metadata},
            on_duplicate=request.on_duplicate,
        ),
    )
