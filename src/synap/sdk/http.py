"""`Api` over HTTP: every operation is one request to one route of a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from synap.api.admin import Health, WhoAmI
from synap.api.contexts import ContextAnswer, FetchContext, WhyNot, WhyNotAnswer
from synap.api.conversations import (
    CompactConversation,
    CompactedConversation,
    CompactionStarted,
    CompactionStatus,
    ConversationTurns,
    IngestedTranscript,
    IngestTranscript,
    PromptContext,
    ReadCompaction,
    ReadConversation,
    ReadPrompt,
    RecordedBatch,
    RecordedMessage,
    RecordMessage,
)
from synap.api.data import DataDeletion, DeleteData, ForgetMemories, Forgotten, UserProfile, UserProfileAnswer
from synap.api.entities import (
    EntityContext,
    EntityPage,
    EntityRecord,
    FetchEntity,
    ListEntities,
    MergeEntities,
    SplitEntity,
)
from synap.api.events import ConversationEvent, EventBatch
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
    UploadMemory,
)
from synap.api.receipts import ReceiptPage
from synap.api.wire import decode_answer
from synap.domain.ids import conversation_uuid
from synap.domain.scopes import Ids
from synap.errors import InvalidInputError, ServiceUnavailableError
from synap.sdk.transport import Transport, encode, form, segment

Result = TypeVar("Result")


class HttpApi:
    """The operations of one instance, asked of a server with an application key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def whoami(self) -> WhoAmI:
        """Return the client, instance and tenancy behind the key."""
        return read(await self._transport.call("GET", "/v1/auth/whoami", repeatable=True), WhoAmI)

    async def create_memory(self, request: CreateMemory) -> Ingestion:
        """Accept a document."""
        return read(await self._transport.call("POST", "/v1/memories", body=request), Ingestion)

    async def upload_memory(self, request: UploadMemory) -> Ingestion:
        """Read a file and accept what it holds."""
        members = msgspec.structs.asdict(request)
        name, file = members.pop("filename"), members.pop("content")
        fields = {key: _field(value) for key, value in members.items() if value is not None}
        content = form({"filename": name, **fields}, name, file)
        return read(await self._transport.call("POST", "/v1/memories/upload", content=content), Ingestion)

    async def create_batch(self, requests: Sequence[CreateMemory], *, fail_fast: bool = False) -> BatchResult:
        """Accept documents, judged one by one."""
        body = {"documents": list(requests), "fail_fast": fail_fast}
        return read(await self._transport.call("POST", "/v1/memories/batch", body=body), BatchResult)

    async def batch(self, batch_id: str) -> BatchResult:
        """Return how far a batch has come."""
        path = f"/v1/memories/batch/{segment(batch_id)}"
        return read(await self._transport.call("GET", path, repeatable=True), BatchResult)

    async def ingestion(self, ingestion_id: str, *, ids: Ids = Ids()) -> Ingestion:  # noqa: B008 - Ids is immutable
        """Return how far an ingestion has come."""
        path = f"/v1/memories/status/{segment(ingestion_id)}"
        return read(await self._transport.call("GET", path, query=owner(ids), repeatable=True), Ingestion)

    async def memory(self, memory_id: str, *, ids: Ids = Ids()) -> MemoryRecord:  # noqa: B008 - Ids is immutable
        """Return one memory."""
        path = f"/v1/memories/{segment(memory_id)}"
        return read(await self._transport.call("GET", path, query=owner(ids), repeatable=True), MemoryRecord)

    async def memories(self, request: ListMemories) -> MemoryPage:
        """List the memories of one scope."""
        query = msgspec.structs.asdict(request)
        return read(await self._transport.call("GET", "/v1/memories", query=query, repeatable=True), MemoryPage)

    async def update_memory(self, request: UpdateMemory) -> MemoryRecord:
        """Give a memory new text."""
        path = f"/v1/memories/{segment(request.memory_id)}"
        return read(await self._transport.call("PATCH", path, body=request), MemoryRecord)

    async def delete_memory(self, memory_id: str, *, ids: Ids = Ids()) -> DeletedMemory:  # noqa: B008 - Ids is immutable
        """Erase one memory."""
        path = f"/v1/memories/{segment(memory_id)}"
        return read(await self._transport.call("DELETE", path, query=owner(ids)), DeletedMemory)

    async def memory_history(
        self,
        memory_id: str,
        *,
        ids: Ids = Ids(),  # noqa: B008 - Ids is immutable
    ) -> tuple[MemoryRecord, ...]:
        """Return the chain of supersessions that a memory belongs to."""
        path = f"/v1/memories/{segment(memory_id)}/history"
        body = await self._transport.call("GET", path, query=owner(ids), repeatable=True)
        return read_list(body, MemoryRecord)

    async def why_not(self, request: WhyNot) -> WhyNotAnswer:
        """Return why a memory is not in the answer to a question."""
        path = f"/v1/memories/{segment(request.memory_id)}/why-not"
        return read(await self._transport.call("POST", path, body=request, repeatable=True), WhyNotAnswer)

    async def restore_memory(self, memory_id: str, *, ids: Ids = Ids()) -> MemoryRecord:  # noqa: B008 - Ids is immutable
        """Undo the supersession or retraction of a memory."""
        path = f"/v1/memories/{segment(memory_id)}/restore"
        return read(await self._transport.call("POST", path, query=owner(ids)), MemoryRecord)

    async def entities(self, request: ListEntities) -> EntityPage:
        """List the entities of one scope."""
        query = msgspec.structs.asdict(request)
        return read(await self._transport.call("GET", "/v1/entities", query=query, repeatable=True), EntityPage)

    async def entity(self, entity_id: str, *, ids: Ids = Ids()) -> EntityRecord:  # noqa: B008 - Ids is immutable
        """Return one entity."""
        path = f"/v1/entities/{segment(entity_id)}"
        return read(await self._transport.call("GET", path, query=owner(ids), repeatable=True), EntityRecord)

    async def entity_context(self, request: FetchEntity) -> EntityContext:
        """Return all about an entity."""
        body = await self._transport.call("POST", "/v1/entities/fetch", body=request, repeatable=True)
        return read(body, EntityContext)

    async def merge_entities(self, request: MergeEntities) -> EntityRecord:
        """Let two entities be one."""
        path = f"/v1/entities/{segment(request.entity_id)}/merge"
        return read(await self._transport.call("POST", path, body=request), EntityRecord)

    async def split_entity(self, request: SplitEntity) -> EntityRecord:
        """Take a merged entity, or one name, out of an entity."""
        path = f"/v1/entities/{segment(request.entity_id)}/split"
        return read(await self._transport.call("POST", path, body=request), EntityRecord)

    async def undo_ingestion(self, request: UndoIngestion) -> UndoneIngestion:
        """Undo an ingestion."""
        path = f"/v1/memories/status/{segment(request.ingestion_id)}/undo"
        return read(await self._transport.call("POST", path, body=request), UndoneIngestion)

    async def pending_retractions(self, *, ids: Ids = Ids()) -> tuple[PendingRetraction, ...]:  # noqa: B008 - Ids is immutable
        """Return the retractions of one scope that are not clear."""
        body = await self._transport.call("GET", "/v1/memories/retractions", query=owner(ids), repeatable=True)
        return read_list(body, PendingRetraction)

    async def settle_retraction(self, request: SettleRetraction) -> SettledRetraction:
        """Say what a pending retraction meant."""
        path = f"/v1/memories/retractions/{segment(request.retraction_id)}"
        return read(await self._transport.call("POST", path, body=request), SettledRetraction)

    async def forget_memories(self, request: ForgetMemories) -> Forgotten:
        """Find the memories of one user that a description fits, and erase them where asked."""
        return read(await self._transport.call("POST", "/v1/memories/forget", body=request), Forgotten)

    async def delete_data(self, request: DeleteData) -> DataDeletion:
        """Delete everything of a user or a conversation, or count it."""
        return read(await self._transport.call("POST", "/v1/data/delete", body=request), DataDeletion)

    async def deletion(self, deletion_id: str) -> DataDeletion:
        """Return the record of a deletion."""
        path = f"/v1/data/delete/{segment(deletion_id)}"
        return read(await self._transport.call("GET", path, repeatable=True), DataDeletion)

    async def receipts(self, *, after: int = 0, limit: int = 100) -> ReceiptPage:
        """Return receipts of this instance's erasures."""
        query = {"after": after, "limit": limit}
        return read(await self._transport.call("GET", "/v1/receipts", query=query, repeatable=True), ReceiptPage)

    async def user_profile(self, *, ids: Ids) -> UserProfile:
        """Return a user's profile."""
        path = f"/v1/users/{segment(ids.user_id or '')}/profile"
        query = {"customer_id": ids.customer_id}
        return read(await self._transport.call("GET", path, query=query, repeatable=True), UserProfileAnswer).profile

    async def fetch_context(self, request: FetchContext) -> ContextAnswer:
        """Return the context that a turn needs."""
        path = f"/v1/context/{segment(request.target)}/fetch"
        body = await self._transport.call("POST", path, body=request, repeatable=True)
        try:
            return decode_answer(read(body, dict[str, Any]))
        except InvalidInputError as error:
            raise ServiceUnavailableError(f"the server's answer could not be read ({error.message})") from error

    async def invalidate_client_cache(self) -> int:
        """Forget cached answers of this instance's CLIENT scope."""
        body = await self._transport.call("POST", "/v1/context/client/invalidate", repeatable=True)
        return read(body, dict[str, int])["invalidated"]

    async def record_message(self, request: RecordMessage) -> RecordedMessage:
        """Store one message of a conversation."""
        return read(await self._transport.call("POST", "/v1/conversations/messages", body=request), RecordedMessage)

    async def record_messages(self, requests: Sequence[RecordMessage]) -> RecordedBatch:
        """Store several messages, judged one by one."""
        body = {"messages": list(requests)}
        return read(await self._transport.call("POST", "/v1/conversations/messages/batch", body=body), RecordedBatch)

    async def record_events(self, events: Sequence[ConversationEvent]) -> EventBatch:
        """Take events of conversations, judged one by one."""
        body = {"events": list(events)}
        answer = await self._transport.call("POST", "/v1/events/batch", body=body, repeatable=True)
        return read(answer, EventBatch)

    async def conversation_turns(self, request: ReadConversation) -> ConversationTurns:
        """Read messages back, in order."""
        path = f"/v1/conversations/{conversation_uuid(request.conversation_id)}/messages"
        query = {
            "user_id": request.user_id,
            "customer_id": request.customer_id,
            "start": request.start,
            "limit": request.limit,
        }
        return read(await self._transport.call("GET", path, query=query, repeatable=True), ConversationTurns)

    async def conversation_prompt(self, request: ReadPrompt) -> PromptContext:
        """Return a conversation made ready for a prompt."""
        path = f"/v1/conversations/{conversation_uuid(request.conversation_id)}/context-for-prompt"
        query = {"user_id": request.user_id, "customer_id": request.customer_id, "style": request.style}
        return read(await self._transport.call("GET", path, query=query, repeatable=True), PromptContext)

    async def compact_conversation(self, request: CompactConversation) -> CompactionStarted:
        """Start the compaction of a conversation."""
        return read(await self._transport.call("POST", "/v1/conversations/compact", body=request), CompactionStarted)

    async def compaction_status(self, request: ReadCompaction) -> CompactionStatus:
        """Return how the newest compaction of a conversation stands."""
        path = f"/v1/conversations/{conversation_uuid(request.conversation_id)}/compaction/status"
        query = {"user_id": request.user_id, "customer_id": request.customer_id}
        return read(await self._transport.call("GET", path, query=query, repeatable=True), CompactionStatus)

    async def compacted_conversation(self, request: ReadCompaction) -> CompactedConversation:
        """Return a completed compaction of a conversation."""
        path = f"/v1/conversations/{conversation_uuid(request.conversation_id)}/compacted"
        query = {
            "user_id": request.user_id,
            "customer_id": request.customer_id,
            "format": request.format,
            "version": request.version,
        }
        return read(await self._transport.call("GET", path, query=query, repeatable=True), CompactedConversation)

    async def ingest_transcript(self, request: IngestTranscript) -> IngestedTranscript:
        """Record a whole conversation."""
        body = await self._transport.call("POST", "/v1/conversations/ingest", body=request, repeatable=True)
        return read(body, IngestedTranscript)

    async def health(self) -> Health:
        """Return whether the server can serve, and with what."""
        return read(await self._transport.call("GET", "/health", repeatable=True), Health)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


def read(body: bytes, kind: type[Result]) -> Result:
    """Return an answer's body as `kind`.

    Raises:
        ServiceUnavailableError: It is none; what answered is probably not a Synap server.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ServiceUnavailableError(
            f"the server's answer could not be read ({error}); is base_url the address of a Synap server?"
        ) from error


def read_list(body: bytes, kind: type[Result]) -> tuple[Result, ...]:
    """Return the rows under `data` of an answer's body."""
    rows = read(body, dict[str, Any]).get("data")
    try:
        return msgspec.convert(rows, tuple[kind, ...])  # type: ignore[valid-type]  # the type is an argument
    except msgspec.ValidationError as error:
        raise ServiceUnavailableError(f"the server's answer could not be read ({error})") from error


def owner(ids: Ids) -> Mapping[str, str | None]:
    """Return ids as query parameters."""
    return {"customer_id": ids.customer_id, "user_id": ids.user_id}


def _field(value: Any) -> str:
    """Return a value as a field of a form: text as it is, all else as JSON or ISO 8601."""
    return value if isinstance(value, str) else encode(value).decode().strip('"')
