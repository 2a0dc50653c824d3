"""`sdk.memories`: documents in, memories by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from synap.api.contexts import WhyNotAnswer
from synap.api.data import ForgetMemories, Forgotten
from synap.api.memories import (
    BatchResult,
    CreateMemory,
    DeletedMemory,
    Ingestion,
    ListMemories,
    MemoryPage,
    MemoryRecord,
    StructuredMemory,
    UpdateMemory,
)
from synap.api.requests import build, create_batch, upload_memory, why_not_request
from synap.domain.documents import DocumentType, IngestionStatus, Turn
from synap.domain.scopes import Ids
from synap.errors import InvalidInputError
from synap.sdk import batches
from synap.sdk.files import named_bytes
from synap.sdk.rows import check_row_id, checked_rows
from synap.sdk.undoing import Undoing
from synap.sdk.waiting import deadline as deadline_in
from synap.sdk.waiting import pauses, until


class Memories(Undoing):
    """What is remembered: handing documents in, following them, and working with single memories."""

    async def create(
        self,
        document: str | Sequence[Turn | Mapping[str, Any]] | Mapping[str, Any] | None = None,
        *,
        document_type: str = "ai-chat-conversation",
        user_id: str | None = None,
        customer_id: str | None = None,
        mode: str = "long-range",
        document_id: str | None = None,
        document_created_at: datetime | str | None = None,
        metadata: Mapping[str, Any] | None = None,
        on_duplicate: str = "update",
        memories: Sequence[StructuredMemory | Mapping[str, Any]] | None = None,
    ) -> Ingestion:
        """Hand a document in; when this returns it is safe on disk and can be found by its words.

        The ids decide whose it is: both → the user's, `customer_id` alone → the customer's, neither → everyone's.

        Args:
            document: Text, or turns as `Turn` or mappings with `content`, `role`, `speaker`, `timestamp`, `id`. A mapping
                is a record, kept as JSON; one of `messages` or `turns` alone is these turns.
            document_type: What kind of text it is; decides how it is read.
            user_id: The user it belongs to.
            customer_id: The customer it belongs to.
            mode: `long-range` for full extraction, `fast` for memories within seconds.
            document_id: Your id; the same again with the same content is the first ingestion, with other content an update.
            document_created_at: When it was written, which is what its relative dates are counted from.
            metadata: Kept with every memory made from it.
            on_duplicate: `update`, or `reject` for a `ConflictError`.
            memories: Memories to write as they are, instead of a document.

        Raises:
            InvalidInputError: An argument is wrong; `field` names it.
            ConflictError: The document is there already and `on_duplicate` is `reject`.
        """
        request = build(
            CreateMemory,
            {
                "document": document,
                "document_type": document_type,
                "user_id": user_id,
                "customer_id": customer_id,
                "mode": mode,
                "document_id": document_id,
                "document_created_at": document_created_at,
                "metadata": metadata,
                "on_duplicate": on_duplicate,
                "memories": memories,
            },
        )
        return await (await self._connect()).create_memory(request)

    async def create_from_file(
        self,
        file_path: str | Path | None = None,
        *,
        file: IO[bytes] | bytes | None = None,
        filename: str | None = None,
        text: str | None = None,
        document_type: str | None = None,
        user_id: str | None = None,
        customer_id: str | None = None,
        mode: str = "long-range",
        document_id: str | None = None,
        document_created_at: datetime | str | None = None,
        metadata: Mapping[str, Any] | None = None,
        on_duplicate: str = "update",
    ) -> Ingestion:
        """Hand a file in: txt, md, html, csv, eml, a chat export in JSON, and with their extras pdf and docx.

        The file is read where the engine runs. Its name is kept as metadata `filename`.

        Args:
            file_path: Where the file lies; or
            file: its bytes, or an open binary file, together with
            filename: its name, whose ending tells its kind; or
            text: what it holds, already text.
            document_type: Of which type it is; None for what follows from its kind.
            user_id: The user it belongs to.
            customer_id: The customer it belongs to.
            mode: As in `create`.
            document_id: As in `create`.
            document_created_at: As in `create`.
            metadata: Kept with every memory made from it.
            on_duplicate: As in `create`.

        Raises:
            InvalidInputError: Not exactly one source is given, or the file is of an unknown kind or damaged.
            PayloadTooLargeError: It is larger than the largest document.
            OSError: The file cannot be read here.
        """
        if sum(source is not None for source in (file_path, file, text)) != 1:
            raise InvalidInputError("give exactly one of file_path, file and text", field="file")
        given = {
            "user_id": user_id,
            "customer_id": customer_id,
            "mode": mode,
            "document_id": document_id,
            "document_created_at": document_created_at,
            "metadata": metadata,
            "on_duplicate": on_duplicate,
        }
        if text is not None:
            kind = document_type or DocumentType.DOCUMENT.value
            create = build(CreateMemory, {"document": text, "document_type": kind, **given})
            return await (await self._connect()).create_memory(create)
        name, content = await named_bytes(file_path, file, filename)
        upload = upload_memory({"filename": name, "document_type": document_type, **given}, content)
        return await (await self._connect()).upload_memory(upload)

    async def batch_create(
        self,
        documents: Sequence[Mapping[str, Any] | CreateMemory],
        *,
        fail_fast: bool = False,
        wait: bool = True,
        timeout_seconds: float | None = None,
    ) -> BatchResult:
        """Hand in many documents, each with the arguments of `create`.

        Bad documents fail one by one, and their rows say why; with `fail_fast` one bad document refuses all. A row
        that is no mapping, or has an argument that `create` does not know, is a mistake of the call and refuses all:
        an id under another name would be lost, and the document be everyone's. More than 1,000 documents travel as
        several batches and come back as one result, under the first batch's id.

        Args:
            documents: Mappings or requests; none gives zeros.
            fail_fast: Refuse all if one is bad; at most 1,000 documents then.
            wait: Return when all are worked through, with the true `memory_count`; else at once, with None there.
            timeout_seconds: How long to wait; None for as long as it takes.

        Raises:
            InvalidInputError: `documents` or one of its rows is no such thing; `field` names it.
            NetworkTimeoutError: They were not through in time; they still will be.
        """
        requests = create_batch(checked_rows(CreateMemory, documents, field="documents"))
        if not requests:
            return BatchResult(batch_id="", total=0, succeeded=0, failed=0, memory_count=0)
        if fail_fast and len(requests) > batches.BATCH_DOCUMENTS:
            raise InvalidInputError(
                f"documents must hold at most {batches.BATCH_DOCUMENTS} documents with fail_fast, not {len(requests)}",
                field="documents",
            )
        api = await self._connect()
        parts = [requests] if fail_fast else list(batches.parts(requests))
        accepted = [await api.create_batch(part, fail_fast=fail_fast) for part in parts]
        if wait:
            deadline = deadline_in(timeout_seconds)
            accepted = [await batches.finished_batch(api, batch, deadline) for batch in accepted]
        return batches.joined(accepted)

    async def status(
        self, ingestion_id: str, *, user_id: str | None = None, customer_id: str | None = None
    ) -> Ingestion:
        """Return how far an ingestion has come."""
        ids = Ids.checked(customer_id=customer_id, user_id=user_id)
        ingestion_id = check_row_id(ingestion_id, field="ingestion_id")
        return await (await self._connect()).ingestion(ingestion_id, ids=ids)

    async def wait_for_completion(
        self, ingestion_id: str, timeout_seconds: float = 300, poll_interval_seconds: float | None = None
    ) -> Ingestion:
        """Return an ingestion once nothing more will happen to it by itself.

        Args:
            ingestion_id: As `create` gave it.
            timeout_seconds: How long to wait.
            poll_interval_seconds: Time between two looks; None begins at 0.05 s and slows down to 2 s.

        Raises:
            NetworkTimeoutError: Not through in time; it still will be. Python's `TimeoutError` catches it too.
        """
        ingestion_id = check_row_id(ingestion_id, field="ingestion_id")
        api = await self._connect()
        return await until(
            lambda: api.ingestion(ingestion_id),
            lambda ingestion: IngestionStatus(ingestion.status).final,
            deadline=deadline_in(timeout_seconds),
            pauses=pauses(poll_interval_seconds),
            what=f"ingestion {ingestion_id}",
        )

    async def get(self, memory_id: str, *, user_id: str | None = None, customer_id: str | None = None) -> MemoryRecord:
        """Return one memory. Ids, where given, must be its owner's."""
        ids = Ids.checked(customer_id=customer_id, user_id=user_id)
        memory_id = check_row_id(memory_id, field="memory_id")
        return await (await self._connect()).memory(memory_id, ids=ids)

    async def list(
        self,
        *,
        user_id: str | None = None,
        customer_id: str | None = None,
        page: int = 1,
        page_size: int = 20,
        type: str | None = None,  # noqa: A002 - the wire's own name
        status: str = "active",
    ) -> MemoryPage:
        """List the memories of exactly one scope, newest first; broader scopes are not mixed in."""
        request = build(
            ListMemories,
            {
                "user_id": user_id,
                "customer_id": customer_id,
                "page": page,
                "page_size": page_size,
                "type": type,
                "status": status,
            },
        )
        return await (await self._connect()).memories(request)

    async def update(
        self,
        memory_id: str,
        document: str | Mapping[str, Any],
        merge_strategy: str = "smart-merge",
        *,
        document_type: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        customer_id: str | None = None,
    ) -> MemoryRecord:
        """Give a memory new text; the old one is superseded, not overwritten. Returns what is now current.

        Type, time and category are read from the text; its words stay as given.

        Args:
            memory_id: The memory; it keeps its id.
            document: The new text.
            merge_strategy: `replace` keeps the new text alone, `append` puts it behind the old one, `smart-merge` puts it first
                and keeps what of the old one it neither says too nor ends.
            document_type: How the text is read; None for what suits the memory.
            metadata: Added to the memory's own.
            user_id: The user it belongs to.
            customer_id: The customer it belongs to.
        """
        request = build(
            UpdateMemory,
            {
                "memory_id": check_row_id(memory_id, field="memory_id"),
                "document": document,
                "merge_strategy": merge_strategy,
                "document_type": document_type,
                "metadata": metadata,
                "user_id": user_id,
                "customer_id": customer_id,
            },
        )
        return await (await self._connect()).update_memory(request)

    async def delete(
        self, memory_id: str, *, user_id: str | None = None, customer_id: str | None = None
    ) -> DeletedMemory:
        """Erase one memory."""
        ids = Ids.checked(customer_id=customer_id, user_id=user_id)
        memory_id = check_row_id(memory_id, field="memory_id")
        return await (await self._connect()).delete_memory(memory_id, ids=ids)

    async def forget(
        self,
        description: str,
        *,
        user_id: str,
        customer_id: str | None = None,
        mode: str = "preview",
    ) -> Forgotten:
        """Find what a description fits of a user's own memories; erase it with `mode="direct"`.

        Args:
            description: What to forget, in 3 to 500 characters.
            user_id: The user.
            customer_id: The user's customer.
            mode: `preview` shows what fits, `direct` erases it, as `delete` does each.

        Raises:
            InvalidInputError: An argument is wrong, or names not exactly one user.
            ServiceUnavailableError: The embedder does not answer; nothing was erased.
        """
        values = {"description": description, "user_id": user_id, "customer_id": customer_id, "mode": mode}
        return await (await self._connect()).forget_memories(build(ForgetMemories, values))

    async def history(
        self, memory_id: str, *, user_id: str | None = None, customer_id: str | None = None
    ) -> tuple[MemoryRecord, ...]:
        """Return the chain of supersessions that a memory belongs to, oldest first."""
        ids = Ids.checked(customer_id=customer_id, user_id=user_id)
        memory_id = check_row_id(memory_id, field="memory_id")
        return await (await self._connect()).memory_history(memory_id, ids=ids)

    async def why_not(
        self,
        memory_id: str,
        query: str,
        *,
        user_id: str | None = None,
        customer_id: str | None = None,
        max_results: int = 10,
        types: str | Sequence[str] | None = None,
        mode: str | None = None,
        max_tokens: int | None = None,
        query_date: datetime | str | None = None,
        as_of: datetime | str | None = None,
        scopes: Sequence[str] | None = None,
    ) -> WhyNotAnswer:
        """Return the first reason why a memory is not in the answer to a question, or its place in it.

        Args:
            memory_id: The memory, or an excerpt's id; one that these ids may not see is as unknown as none.
            query: The question.
            user_id: For whom it is asked.
            customer_id: The user's customer, or for whom it is asked.
            max_results: As in the fetch that is asked about, like all that follow.
            types: Memory types wanted.
            mode: `fast` or `accurate`.
            max_tokens: Budget of the formatted context.
            query_date: The moment from which the question is asked.
            as_of: Serve what was believed at this moment.
            scopes: Rungs to which the answer is narrowed.

        Raises:
            NotFoundError: There is no such memory for these ids.
        """
        values = {
            "memory_id": check_row_id(memory_id, field="memory_id"),
            "query": query,
            "user_id": user_id,
            "customer_id": customer_id,
            "max_results": max_results,
            "types": types,
            "mode": mode,
            "max_tokens": max_tokens,
            "query_date": query_date,
            "as_of": as_of,
            "scopes": scopes,
        }
        return await (await self._connect()).why_not(why_not_request(values))

    async def restore(
        self, memory_id: str, *, user_id: str | None = None, customer_id: str | None = None
    ) -> MemoryRecord:
        """Undo the supersession or retraction of a memory."""
        ids = Ids.checked(customer_id=customer_id, user_id=user_id)
        memory_id = check_row_id(memory_id, field="memory_id")
        return await (await self._connect()).restore_memory(memory_id, ids=ids)
