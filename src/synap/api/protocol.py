"""The `Api` that every caller speaks: the engine in process and the HTTP client both implement it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from synap.api.admin import (
    AuditPage,
    ClientRecord,
    ConfigRecord,
    CreateInstance,
    Health,
    InstanceRecord,
    KeyRecord,
    NewKey,
    UpdateInstance,
    WhoAmI,
    WorldMemory,
)
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
from synap.domain.scopes import Ids


class Api(Protocol):
    """What an application may do inside its one instance. Bound to a caller, so no call can forget whose data it touches.

    Every method raises errors of `synap.errors` only. Ids unknown, or of another instance, customer or user, all give
    the same `NotFoundError`. `ids` beside a by-id call, where given, must match the row's owner.
    """

    async def whoami(self) -> WhoAmI:
        """Return the client, instance and tenancy behind the key."""
        ...

    async def create_memory(self, request: CreateMemory) -> Ingestion:
        """Accept a document; when this returns, document, segments and job are on disk."""
        ...

    async def upload_memory(self, request: UploadMemory) -> Ingestion:
        """Read a file and accept what it holds, as `create_memory` does; its name is kept as metadata `filename`."""
        ...

    async def create_batch(self, requests: Sequence[CreateMemory], *, fail_fast: bool = False) -> BatchResult:
        """Accept up to 1,000 documents, judged one by one; with `fail_fast` one bad one refuses all."""
        ...

    async def batch(self, batch_id: str) -> BatchResult:
        """Return how far a batch has come."""
        ...

    async def ingestion(self, ingestion_id: str, *, ids: Ids = ...) -> Ingestion:
        """Return how far an ingestion has come."""
        ...

    async def memory(self, memory_id: str, *, ids: Ids = ...) -> MemoryRecord:
        """Return one memory."""
        ...

    async def memories(self, request: ListMemories) -> MemoryPage:
        """List the memories of one scope, newest first."""
        ...

    async def update_memory(self, request: UpdateMemory) -> MemoryRecord:
        """Give a memory new text; the old one is superseded, not overwritten. Returns what is now current."""
        ...

    async def delete_memory(self, memory_id: str, *, ids: Ids = ...) -> DeletedMemory:
        """Erase one memory: its content, vector, entity links and the passages it rested on, wherever they stand."""
        ...

    async def memory_history(self, memory_id: str, *, ids: Ids = ...) -> tuple[MemoryRecord, ...]:
        """Return the chain of supersessions that a memory belongs to, oldest first."""
        ...

    async def why_not(self, request: WhyNot) -> WhyNotAnswer:
        """Return the first reason why a memory is not in the answer to a question, or its place in it."""
        ...

    async def restore_memory(self, memory_id: str, *, ids: Ids = ...) -> MemoryRecord:
        """Undo the supersession or retraction of a memory; what took its place is superseded in turn."""
        ...

    async def entities(self, request: ListEntities) -> EntityPage:
        """List the entities of exactly one scope, the most mentioned first; those merged into others are left out."""
        ...

    async def entity(self, entity_id: str, *, ids: Ids = Ids()) -> EntityRecord:  # noqa: B008 - Ids is immutable
        """Return one entity with its names and who uses them, its relationships, and the log of decisions."""
        ...

    async def entity_context(self, request: FetchEntity) -> EntityContext:
        """Return all that the chain of an entity, or of the ids beside a name, holds about it, within a budget.

        Raises:
            ConflictError: Several entities of one scope may be meant by the name; the message lists them.
        """
        ...

    async def merge_entities(self, request: MergeEntities) -> EntityRecord:
        """Let two entities of one scope be one, which `split_entity` undoes; return the one that stays.

        Raises:
            ConflictError: One of them was merged into a third.
        """
        ...

    async def split_entity(self, request: SplitEntity) -> EntityRecord:
        """Take a merged entity, or one name, out of an entity; return what stands for itself then. Merging undoes it.

        Raises:
            ConflictError: There is nothing to split, or another entity has the name.
        """
        ...

    async def undo_ingestion(self, request: UndoIngestion) -> UndoneIngestion:
        """Undo an ingestion: its document and what only that said are gone, what it ended is believed again."""
        ...

    async def pending_retractions(self, *, ids: Ids = ...) -> tuple[PendingRetraction, ...]:
        """Return the retractions of exactly one scope of which it is not clear what they mean, the oldest first."""
        ...

    async def settle_retraction(self, request: SettleRetraction) -> SettledRetraction:
        """Retract what a pending retraction meant, or let it go where no memory is named."""
        ...

    async def forget_memories(self, request: ForgetMemories) -> Forgotten:
        """Find the memories of one user that a description fits, and erase them with the mode `direct`."""
        ...

    async def delete_data(self, request: DeleteData) -> DataDeletion:
        """Delete everything of a user or a conversation, or count it; made again while `continues` says so."""
        ...

    async def deletion(self, deletion_id: str) -> DataDeletion:
        """Return the record of a deletion."""
        ...

    async def receipts(self, *, after: int = 0, limit: int = 100) -> ReceiptPage:
        """Return receipts of this instance's erasures in the order of their chain, from behind number `after`."""
        ...

    async def user_profile(self, *, ids: Ids) -> UserProfile:
        """Return a user's profile; `NotFoundError` where there is none."""
        ...

    async def fetch_context(self, request: FetchContext) -> ContextAnswer:
        """Return the context that a turn needs, within its budget; degrades with a reason instead of failing."""
        ...

    async def invalidate_client_cache(self) -> int:
        """Forget cached answers of this instance's CLIENT scope; returns how many."""
        ...

    async def record_message(self, request: RecordMessage) -> RecordedMessage:
        """Store one message of a conversation; it becomes memory in the background."""
        ...

    async def record_messages(self, requests: Sequence[RecordMessage]) -> RecordedBatch:
        """Store several messages, judged one by one."""
        ...

    async def record_events(self, events: Sequence[ConversationEvent]) -> EventBatch:
        """Take events of conversations, judged one by one; turns among them are stored once per `event_id`."""
        ...

    async def conversation_turns(self, request: ReadConversation) -> ConversationTurns:
        """Read messages back, in order; an unknown conversation gives none."""
        ...

    async def conversation_prompt(self, request: ReadPrompt) -> PromptContext:
        """Return a conversation made ready for a prompt; an unknown one is not available."""
        ...

    async def compact_conversation(self, request: CompactConversation) -> CompactionStarted:
        """Start the compaction of a conversation in the background; refused while one is being made."""
        ...

    async def compaction_status(self, request: ReadCompaction) -> CompactionStatus:
        """Return how the newest compaction of a conversation stands; `none` for an unknown conversation."""
        ...

    async def compacted_conversation(self, request: ReadCompaction) -> CompactedConversation:
        """Return the newest completed compaction of a conversation, or one of its kept versions."""
        ...

    async def ingest_transcript(self, request: IngestTranscript) -> IngestedTranscript:
        """Record a whole conversation; it becomes memory, and is compacted, in the background."""
        ...

    async def health(self) -> Health:
        """Return whether the engine can serve, and with what."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class AdminApi(Protocol):
    """What the operator may do with a management key.

    A deletion begins with the status `deleting`: from then on calls of the instance's keys are refused and nothing is
    written to it. Cut short, it goes on when the engine starts again, or when the same call is made again.
    """

    async def clients(self) -> tuple[ClientRecord, ...]:
        """List the clients."""
        ...

    async def create_client(self, *, name: str) -> ClientRecord:
        """Create a client."""
        ...

    async def update_client(
        self, client_id: str, *, name: str | None = None, status: str | None = None
    ) -> ClientRecord:
        """Rename a client or change its status; an inactive one suspends its instances."""
        ...

    async def delete_client(self, client_id: str) -> None:
        """Erase a client with all its instances and all their data."""
        ...

    async def instances(self, *, client_id: str) -> tuple[InstanceRecord, ...]:
        """List the instances of a client."""
        ...

    async def instance(self, instance_id: str) -> InstanceRecord:
        """Return one instance."""
        ...

    async def create_instance(self, request: CreateInstance) -> InstanceRecord:
        """Create an instance; it is active at once, with the default configuration."""
        ...

    async def update_instance(self, instance_id: str, request: UpdateInstance) -> InstanceRecord:
        """Change an instance; suspended and archived ones refuse every call of their keys."""
        ...

    async def delete_instance(self, instance_id: str) -> None:
        """Erase an instance with all its data."""
        ...

    async def keys(self, instance_id: str) -> tuple[KeyRecord, ...]:
        """List the keys of an instance, revoked ones included."""
        ...

    async def create_key(self, instance_id: str, *, label: str) -> NewKey:
        """Make a key for an instance; its secret is shown this once."""
        ...

    async def revoke_key(self, instance_id: str, key_id: str) -> None:
        """Revoke a key at once."""
        ...

    async def config(self, instance_id: str) -> ConfigRecord:
        """Return the configuration in force."""
        ...

    async def set_config(self, instance_id: str, source: str | Mapping[str, Any]) -> ConfigRecord:
        """Validate a MACA document (YAML text or a mapping) and put it in force."""
        ...

    async def add_world_memory(self, request: WorldMemory) -> MemoryRecord:
        """Write a memory that every instance reads."""
        ...

    async def world_memories(self, *, page: int = 1, page_size: int = 20) -> MemoryPage:
        """List the WORLD memories."""
        ...

    async def delete_world_memory(self, memory_id: str) -> DeletedMemory:
        """Erase a WORLD memory."""
        ...

    async def delete_data(self, request: DeleteData) -> DataDeletion:
        """Delete everything of a customer, a user or a conversation of the instance that the request names, or count it."""
        ...

    async def deletion(self, instance_id: str, deletion_id: str) -> DataDeletion:
        """Return the record of a deletion in an instance."""
        ...

    async def receipts(self, instance_id: str, *, after: int = 0, limit: int = 100) -> ReceiptPage:
        """Return receipts of the erasures of an instance, or of a client; also of one that was deleted itself."""
        ...

    async def receipt_books(self) -> Mapping[str, int]:
        """Return which instances and clients there are receipts of, each with the number of its last one."""
        ...

    async def audit(self, *, instance_id: str | None = None, cursor: str | None = None, limit: int = 100) -> AuditPage:
        """Read the audit trail, newest first."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
