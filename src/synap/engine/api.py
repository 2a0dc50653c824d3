"""`Api` in process: the operations, bound to one caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

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
from synap.api.data import DataDeletion, DeleteData, ForgetMemories, Forgotten, UserProfile
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
from synap.domain.scopes import Ids, Tenancy
from synap.engine import (
    accepting,
    batches,
    compactions,
    contexts,
    conversations,
    data,
    entities,
    explaining,
    forgetting,
    memories,
    profiles,
    receipts,
    transcripts,
    undoing,
    uploads,
)
from synap.engine.callers import Caller
from synap.engine.core import Core
from synap.engine.events import record_events
from synap.engine.metrics import Metrics
from synap.engine.tracing import span
from synap.errors import ForbiddenError, NotFoundError

NO_IDS = Ids()
ISOLATION = {Tenancy.B2B: "strict", Tenancy.B2C: "equals_customer", Tenancy.OPEN: None}


@dataclass(frozen=True, slots=True)
class EngineApi:
    """What one caller may do. Implements `synap.api.protocol.Api`; the docstrings stand there."""

    core: Core
    caller: Caller
    metrics: Metrics
    report: Callable[[], Awaitable[Health]]
    release: Callable[[], Awaitable[None]]

    async def whoami(self) -> WhoAmI:
        """See `Api.whoami`."""
        place = self.core.instance_of(self.caller).place
        return WhoAmI(
            client_id=place.client_id,
            instance_id=place.instance_id,
            user_context_isolation=ISOLATION[place.tenancy],
            credential_id=self.caller.key_id,
            tenancy=place.tenancy,
        )

    async def create_memory(self, request: CreateMemory) -> Ingestion:
        """See `Api.create_memory`."""
        with span("memories.create", document_type=str(request.document_type), mode=str(request.mode)):
            return await accepting.create(self.core, self.caller, request)

    async def upload_memory(self, request: UploadMemory) -> Ingestion:
        """See `Api.upload_memory`."""
        with span("memories.upload", document_type=str(request.document_type), mode=str(request.mode)):
            return await uploads.upload(self.core, self.caller, request)

    async def create_batch(self, requests: Sequence[CreateMemory], *, fail_fast: bool = False) -> BatchResult:
        """See `Api.create_batch`."""
        with span("memories.batch", documents=len(requests)):
            return await batches.create_batch(self.core, self.caller, requests, fail_fast=fail_fast)

    async def batch(self, batch_id: str) -> BatchResult:
        """See `Api.batch`."""
        return await batches.batch(self.core, self.caller, batch_id)

    async def ingestion(self, ingestion_id: str, *, ids: Ids = NO_IDS) -> Ingestion:
        """See `Api.ingestion`."""
        return await accepting.ingestion(self.core, self.caller, ingestion_id, ids=ids)

    async def memory(self, memory_id: str, *, ids: Ids = NO_IDS) -> MemoryRecord:
        """See `Api.memory`."""
        return await memories.get(self.core, self.caller, memory_id, ids=ids)

    async def memories(self, request: ListMemories) -> MemoryPage:
        """See `Api.memories`."""
        return await memories.listing(self.core, self.caller, request)

    async def update_memory(self, request: UpdateMemory) -> MemoryRecord:
        """See `Api.update_memory`."""
        return await memories.update(self.core, self.caller, request)

    async def delete_memory(self, memory_id: str, *, ids: Ids = NO_IDS) -> DeletedMemory:
        """See `Api.delete_memory`."""
        return await memories.delete(self.core, self.caller, memory_id, ids=ids)

    async def memory_history(self, memory_id: str, *, ids: Ids = NO_IDS) -> tuple[MemoryRecord, ...]:
        """See `Api.memory_history`."""
        return await memories.history(self.core, self.caller, memory_id, ids=ids)

    async def why_not(self, request: WhyNot) -> WhyNotAnswer:
        """See `Api.why_not`."""
        with span("memories.why_not"):
            return await explaining.why_not(self.core, self.caller, request)

    async def restore_memory(self, memory_id: str, *, ids: Ids = NO_IDS) -> MemoryRecord:
        """See `Api.restore_memory`."""
        return await memories.restore(self.core, self.caller, memory_id, ids=ids)

    async def entities(self, request: ListEntities) -> EntityPage:
        """See `Api.entities`."""
        return await entities.listing(self.core, self.caller, request)

    async def entity(self, entity_id: str, *, ids: Ids = NO_IDS) -> EntityRecord:
        """See `Api.entity`."""
        return await entities.get(self.core, self.caller, entity_id, ids=ids)

    async def entity_context(self, request: FetchEntity) -> EntityContext:
        """See `Api.entity_context`."""
        with span("entities.fetch"):
            return await entities.fetch(self.core, self.caller, request)

    async def merge_entities(self, request: MergeEntities) -> EntityRecord:
        """See `Api.merge_entities`."""
        return await entities.merge(self.core, self.caller, request)

    async def split_entity(self, request: SplitEntity) -> EntityRecord:
        """See `Api.split_entity`."""
        return await entities.split(self.core, self.caller, request)

    async def undo_ingestion(self, request: UndoIngestion) -> UndoneIngestion:
        """See `Api.undo_ingestion`."""
        return await undoing.undo(self.core, self.caller, request)

    async def pending_retractions(self, *, ids: Ids = NO_IDS) -> tuple[PendingRetraction, ...]:
        """See `Api.pending_retractions`."""
        return await undoing.pending(self.core, self.caller, ids=ids)

    async def settle_retraction(self, request: SettleRetraction) -> SettledRetraction:
        """See `Api.settle_retraction`."""
        return await undoing.settle(self.core, self.caller, request)

    async def forget_memories(self, request: ForgetMemories) -> Forgotten:
        """See `Api.forget_memories`."""
        with span("memories.forget", mode=request.mode):
            return await forgetting.forget(self.core, self.caller, request)

    async def delete_data(self, request: DeleteData) -> DataDeletion:
        """See `Api.delete_data`."""
        instance = self.core.instance_of(self.caller)
        if request.instance_id not in (None, instance.id):
            raise ForbiddenError("instance_id names another instance than the key is bound to", field="instance_id")
        with span("data.delete", scope=request.scope):
            return await data.delete(self.core, self.caller, instance, request)

    async def deletion(self, deletion_id: str) -> DataDeletion:
        """See `Api.deletion`."""
        return await data.status(self.core, self.core.instance_of(self.caller), deletion_id)

    async def receipts(self, *, after: int = 0, limit: int = 100) -> ReceiptPage:
        """See `Api.receipts`."""
        return await receipts.page(self.core, self.core.instance_of(self.caller).id, after=after, limit=limit)

    async def user_profile(self, *, ids: Ids) -> UserProfile:
        """See `Api.user_profile`."""
        found = await profiles.profile(self.core, self.caller, ids)
        if found is None:
            raise NotFoundError(
                "no profile: this instance has none (retrieval.profiles), or nothing is known of the user"
            )
        return found

    async def fetch_context(self, request: FetchContext) -> ContextAnswer:
        """See `Api.fetch_context`."""
        with span("context.fetch", target=request.target, queries=len(request.search_query)):
            answer = await contexts.fetch(self.core, self.caller, request)
        metadata = answer.metadata
        self.metrics.fetched(request.target, cache_hit=metadata.cache_hit, degraded_code=metadata.degraded_code)
        for stage, milliseconds in metadata.timings_ms.items():
            self.metrics.stage(f"fetch_{stage}", milliseconds / 1000)
        return answer

    async def invalidate_client_cache(self) -> int:
        """See `Api.invalidate_client_cache`."""
        return contexts.invalidate_client(self.core, self.caller)

    async def record_message(self, request: RecordMessage) -> RecordedMessage:
        """See `Api.record_message`."""
        return await conversations.record(self.core, self.caller, request)

    async def record_messages(self, requests: Sequence[RecordMessage]) -> RecordedBatch:
        """See `Api.record_messages`."""
        return await conversations.record_batch(self.core, self.caller, requests)

    async def record_events(self, events: Sequence[ConversationEvent]) -> EventBatch:
        """See `Api.record_events`."""
        return await record_events(self.core, self.caller, events)

    async def conversation_turns(self, request: ReadConversation) -> ConversationTurns:
        """See `Api.conversation_turns`."""
        return await conversations.turns(self.core, self.caller, request)

    async def conversation_prompt(self, request: ReadPrompt) -> PromptContext:
        """See `Api.conversation_prompt`."""
        return await conversations.prompt(self.core, self.caller, request)

    async def compact_conversation(self, request: CompactConversation) -> CompactionStarted:
        """See `Api.compact_conversation`."""
        return await compactions.start(self.core, self.caller, request)

    async def compaction_status(self, request: ReadCompaction) -> CompactionStatus:
        """See `Api.compaction_status`."""
        return await compactions.status(self.core, self.caller, request)

    async def compacted_conversation(self, request: ReadCompaction) -> CompactedConversation:
        """See `Api.compacted_conversation`."""
        return await compactions.compacted(self.core, self.caller, request)

    async def ingest_transcript(self, request: IngestTranscript) -> IngestedTranscript:
        """See `Api.ingest_transcript`."""
        return await transcripts.ingest(self.core, self.caller, request)

    async def health(self) -> Health:
        """See `Api.health`."""
        return await self.report()

    async def close(self) -> None:
        """See `Api.close`."""
        await self.release()
