"""Routes of `memories.*`, under the documented paths and under those that published clients use."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Router, delete, get, patch, post
from litestar.params import FromPath

from synap.api.contexts import WhyNot, WhyNotAnswer
from synap.api.conversations import RecordedBatch
from synap.api.data import ForgetMemories, Forgotten
from synap.api.memories import (
    BatchResult,
    CreateMemory,
    DeletedMemory,
    Ingestion,
    ListMemories,
    MemoryPage,
    MemoryRecord,
    PendingRetraction,
    SettledRetraction,
    SettleRetraction,
    UndoIngestion,
    UndoneIngestion,
    UpdateMemory,
)
from synap.api.requests import build, message_batch, why_not_request
from synap.api.requests import create_batch as batch_requests
from synap.api.requests import upload_memory as upload_request
from synap.engine.conversations import ROLES
from synap.errors import InvalidInputError
from synap.server.rest import forms
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import (
    OwnerQuery,
    check_row,
    read_body,
    read_object,
    read_owner,
    read_query,
    without_empty_customer,
)
from synap.server.rest.replay import named

_OK = 200


class TurnsOfConversation(msgspec.Struct, frozen=True, kw_only=True):
    """Turns of one conversation; those of other roles than user and assistant are passed over."""

    conversation_id: str
    messages: list[dict[str, Any]]
    user_id: str | None = None
    customer_id: str | None = None
    source: str | None = None


@post(["/", "/create"], status_code=_OK, opt={"body": CreateMemory}, summary="Hand a document in")
async def create(request: Request[Any, Any, Any], api: Application) -> Ingestion:
    """Accept a document."""
    return await api.create_memory(await read_body(request, CreateMemory))


@post("/upload", status_code=_OK, opt={"content": forms.SCHEMA}, summary="Hand a file in")
async def upload(request: Request[Any, Any, Any], api: Application) -> Ingestion:
    """Accept a file, or text, out of a form."""
    values, file = await forms.read_form(request)
    values.pop("relationship_type", None)  # the instance's tenancy decides; published clients send it all the same
    text = values.pop("text", None)
    if (text is None) == (file is None):
        raise InvalidInputError("give exactly one of text and file", field="file")
    if file is None:
        return await api.create_memory(build(CreateMemory, {"document_type": "document", **values, "document": text}))
    return await api.upload_memory(upload_request({"filename": file.name, **values}, file.content))


@post(
    "/batch",
    status_code=_OK,
    opt={"body": CreateMemory, "list": "documents", "beside": {"fail_fast": {"type": "boolean", "default": False}}},
    summary="Hand documents in",
)
async def create_batch(request: Request[Any, Any, Any], api: Application) -> BatchResult:
    """Accept documents, judged one by one."""
    values = await read_object(request)
    documents = [without_empty_customer(row) for row in rows_of(values, "documents")]
    fail_fast = values.get("fail_fast")
    if fail_fast not in (None, True, False):
        raise InvalidInputError("fail_fast must be true or false", field="fail_fast")
    return await api.create_batch(batch_requests(documents, check_row), fail_fast=bool(fail_fast))


@get("/batch/{batch_id:str}", summary="How far a batch has come")
async def batch(batch_id: FromPath[str], api: Application) -> BatchResult:
    """Return how far a batch has come."""
    return await api.batch(batch_id)


@get("/status/{ingestion_id:str}", opt={"query": OwnerQuery}, summary="How far an ingestion has come")
async def status(request: Request[Any, Any, Any], ingestion_id: FromPath[str], api: Application) -> Ingestion:
    """Return how far an ingestion has come."""
    return await api.ingestion(ingestion_id, ids=read_owner(request))


@post(
    "/status/{ingestion_id:str}/undo",
    status_code=_OK,
    opt={"body": UndoIngestion, "known": ("ingestion_id",)},
    summary="Undo an ingestion",
)
async def undo(request: Request[Any, Any, Any], ingestion_id: FromPath[str], api: Application) -> UndoneIngestion:
    """Undo an ingestion, or tell what that would do."""
    return await api.undo_ingestion(await read_body(request, UndoIngestion, ingestion_id=ingestion_id))


@get("/retractions", opt={"query": OwnerQuery}, summary="Retractions that are not clear")
async def retractions(request: Request[Any, Any, Any], api: Application) -> dict[str, list[PendingRetraction]]:
    """Return the pending retractions of one scope, under `data`."""
    return {"data": list(await api.pending_retractions(ids=read_owner(request)))}


@post(
    "/retractions/{retraction_id:str}",
    status_code=_OK,
    opt={"body": SettleRetraction, "known": ("retraction_id",)},
    summary="Say what a retraction meant",
)
async def settle(request: Request[Any, Any, Any], retraction_id: FromPath[str], api: Application) -> SettledRetraction:
    """Retract what a pending retraction meant, or let it go."""
    return await api.settle_retraction(await read_body(request, SettleRetraction, retraction_id=retraction_id))


@get("/", opt={"query": ListMemories}, summary="List the memories of one scope")
async def listing(request: Request[Any, Any, Any], api: Application) -> MemoryPage:
    """List the memories of one scope."""
    return await api.memories(read_query(request, ListMemories))


@post("/forget", status_code=_OK, opt={"body": ForgetMemories}, summary="Find what is to be forgotten, or erase it")
async def forget(request: Request[Any, Any, Any], api: Application) -> Forgotten:
    """Find the memories of one user that a description fits; erase them with the mode `direct`."""
    return await api.forget_memories(await read_body(request, ForgetMemories))


@post("/ingest", status_code=_OK, opt={"body": TurnsOfConversation}, summary="Record the turns of a conversation")
async def ingest(request: Request[Any, Any, Any], api: Application) -> RecordedBatch:
    """Record messages as `/v1/conversations/messages/batch` does; the form in which the TypeScript client sends them."""
    values = without_empty_customer(await read_object(request))
    turns = build(TurnsOfConversation, values)
    check_row(values)
    shared = {"user_id": turns.user_id, "customer_id": turns.customer_id}
    metadata = {} if turns.source is None else {"source": turns.source}
    rows = [
        {
            **shared,
            "conversation_id": turns.conversation_id,
            "role": turn.get("role"),
            "content": _text_of(turn.get("content")),
            "metadata": metadata,
        }
        for turn in turns.messages
        if turn.get("role") in ROLES
    ]
    return await api.record_messages(await named(request, message_batch(rows, check_row)))


@get("/{memory_id:str}", opt={"query": OwnerQuery}, summary="One memory")
async def memory(request: Request[Any, Any, Any], memory_id: FromPath[str], api: Application) -> MemoryRecord:
    """Return one memory."""
    return await api.memory(memory_id, ids=read_owner(request))


@patch("/{memory_id:str}", opt={"body": UpdateMemory, "known": ("memory_id",)}, summary="Give a memory new text")
async def update(request: Request[Any, Any, Any], memory_id: FromPath[str], api: Application) -> MemoryRecord:
    """Give a memory new text."""
    return await api.update_memory(await read_body(request, UpdateMemory, memory_id=memory_id))


@delete("/{memory_id:str}", status_code=_OK, opt={"query": OwnerQuery}, summary="Erase a memory")
async def erase(request: Request[Any, Any, Any], memory_id: FromPath[str], api: Application) -> DeletedMemory:
    """Erase one memory."""
    return await api.delete_memory(memory_id, ids=read_owner(request))


@get("/{memory_id:str}/history", opt={"query": OwnerQuery}, summary="The chain of supersessions of a memory")
async def history(
    request: Request[Any, Any, Any], memory_id: FromPath[str], api: Application
) -> dict[str, list[MemoryRecord]]:
    """Return the chain of supersessions, oldest first, under `data`."""
    return {"data": list(await api.memory_history(memory_id, ids=read_owner(request)))}


@post(
    "/{memory_id:str}/why-not",
    status_code=_OK,
    opt={"body": WhyNot, "known": ("memory_id",)},
    summary="Why a memory is not served",
)
async def why_not(request: Request[Any, Any, Any], memory_id: FromPath[str], api: Application) -> WhyNotAnswer:
    """Return the first reason why a memory is not in the answer to a question."""
    return await api.why_not(why_not_request({**await read_object(request), "memory_id": memory_id}))


@post("/{memory_id:str}/restore", status_code=_OK, opt={"query": OwnerQuery}, summary="Undo a supersession")
async def restore(request: Request[Any, Any, Any], memory_id: FromPath[str], api: Application) -> MemoryRecord:
    """Undo the supersession or retraction of a memory."""
    return await api.restore_memory(memory_id, ids=read_owner(request))


def _text_of(content: Any) -> Any:
    """Return a turn's text; of one in parts, as the TypeScript client has them, that of its text parts."""
    if not isinstance(content, list):
        return content
    return "\n".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))


def rows_of(values: dict[str, Any], name: str) -> list[Any]:
    """Return the rows of a batch's body.

    Raises:
        InvalidInputError: They are no list.
    """
    rows = values.get(name)
    if not isinstance(rows, list):
        raise InvalidInputError(f"{name} must be a list", field=name)
    return rows


def routers() -> list[Router]:
    """Return the routes under both prefixes."""
    handlers = [
        *(create, upload, create_batch, forget, ingest, batch, status, undo, retractions, settle),
        *(listing, memory, update, erase, history, why_not, restore),
    ]
    return [Router(path=path, route_handlers=handlers) for path in ("/v1/memories", "/api/v1/memories")]
