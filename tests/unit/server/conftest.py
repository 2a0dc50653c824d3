"""The doors over an engine of plain values, which answers from memory and keeps what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from synap.api.admin import (
    AuditEntry,
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
from synap.api.bundles import Anticipate, ContextBundle
from synap.api.contexts import ContextAnswer, ContextItem, ContextMetadata, FetchContext, WhyNot, WhyNotAnswer
from synap.api.conversations import (
    CompactConversation,
    CompactedConversation,
    CompactionStarted,
    CompactionStatus,
    ConversationTurn,
    ConversationTurns,
    IngestedTranscript,
    IngestTranscript,
    PromptContext,
    PromptMessage,
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
from synap.api.events import ConversationEvent, EventBatch, EventOutcome
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
from synap.domain.scopes import Ids, Place
from synap.engine.callers import Caller, Instance
from synap.engine.metrics import Metrics
from synap.errors import AuthenticationError, ForbiddenError
from synap.maca.schema import Maca
from synap.server.backend import Gate
from synap.server.rest.app import create_app

NOW = datetime(2026, 5, 3, 10, tzinfo=UTC)
INSTANCE = "inst_0123456789abcdef"
CLIENT = "cli_0123456789abcdef"
APPLICATION_KEY = "synap_application"
MANAGEMENT_KEY = "synap_mgmt_operator"
SUSPENDED_KEY = "synap_suspended"


def memory_record(memory_id: str = "m1", content: str = "Prefers tea") -> MemoryRecord:
    return MemoryRecord(
        memory_id=memory_id,
        memory_type="preference",
        content=content,
        confidence=0.9,
        score=0.8,
        scope="user",
        status="active",
        created_at=NOW,
    )


def entity_record(entity_id: str = "e1") -> EntityRecord:
    return EntityRecord(entity_id=entity_id, name="Ines", kind="person", scope="user", first_seen=NOW, last_seen=NOW)


def ingestion(document_id: str = "d1", status: str = "queued") -> Ingestion:
    return Ingestion(ingestion_id="i1", document_id=document_id, status=status, queued_at=NOW, scope="user")


def instance_record(instance_id: str = INSTANCE, name: str = "support") -> InstanceRecord:
    return InstanceRecord(
        id=instance_id,
        client_id=CLIENT,
        name=name,
        agent_type="general",
        tenancy="open",
        status="active",
        created_at=NOW,
    )


class FakeApi:
    """Answers with fixed values; raises `failure` instead where one is set."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.failure: Exception | None = None
        self.correlation_id = ""
        self.batch_looks = 0

    def _note(self, asked: Any) -> None:
        self.asked.append(asked)
        if self.failure is not None:
            raise self.failure

    async def whoami(self) -> WhoAmI:
        self._note("whoami")
        return WhoAmI(
            client_id=CLIENT, instance_id=INSTANCE, user_context_isolation=None, credential_id="k1", tenancy="open"
        )

    async def create_memory(self, request: CreateMemory) -> Ingestion:
        self._note(request)
        return ingestion(request.document_id or "d1")

    async def upload_memory(self, request: UploadMemory) -> Ingestion:
        self._note(request)
        return ingestion(request.document_id or "d1")

    async def create_batch(self, requests: Sequence[CreateMemory], *, fail_fast: bool = False) -> BatchResult:
        self._note((tuple(requests), fail_fast))
        rows = tuple(ingestion(f"d{index}") for index, _ in enumerate(requests))
        return BatchResult(batch_id="b1", total=len(rows), succeeded=len(rows), failed=0, results=rows)

    async def batch(self, batch_id: str) -> BatchResult:
        self._note(batch_id)
        self.batch_looks += 1
        count = 7 if self.batch_looks > 1 else None
        return BatchResult(batch_id=batch_id, total=2, succeeded=2, failed=0, memory_count=count)

    async def ingestion(self, ingestion_id: str, *, ids: Ids = Ids()) -> Ingestion:  # noqa: B008 - Ids is immutable
        self._note((ingestion_id, ids))
        return ingestion(status="completed")

    async def memory(self, memory_id: str, *, ids: Ids = Ids()) -> MemoryRecord:  # noqa: B008 - Ids is immutable
        self._note((memory_id, ids))
        return memory_record(memory_id)

    async def memories(self, request: ListMemories) -> MemoryPage:
        self._note(request)
        return MemoryPage(
            data=(memory_record(),), page=request.page, page_size=request.page_size, total=1, total_pages=1
        )

    async def update_memory(self, request: UpdateMemory) -> MemoryRecord:
        self._note(request)
        return memory_record(request.memory_id, request.document)

    async def delete_memory(self, memory_id: str, *, ids: Ids = Ids()) -> DeletedMemory:  # noqa: B008 - Ids is immutable
        self._note((memory_id, ids))
        return DeletedMemory(memory_id=memory_id, deleted_at=NOW)

    async def memory_history(
        self,
        memory_id: str,
        *,
        ids: Ids = Ids(),  # noqa: B008 - Ids is immutable
    ) -> tuple[MemoryRecord, ...]:
        self._note((memory_id, ids))
        return (memory_record("m0"), memory_record(memory_id))

    async def why_not(self, request: WhyNot) -> WhyNotAnswer:
        self._note(request)
        return WhyNotAnswer(memory_id=request.memory_id, served=True, reason="served", explanation="it is", rank=1)

    async def restore_memory(self, memory_id: str, *, ids: Ids = Ids()) -> MemoryRecord:  # noqa: B008 - Ids is immutable
        self._note((memory_id, ids))
        return memory_record(memory_id)

    async def entities(self, request: ListEntities) -> EntityPage:
        self._note(request)
        return EntityPage(
            data=(entity_record(),), page=request.page, page_size=request.page_size, total=1, total_pages=1
        )

    async def entity(self, entity_id: str, *, ids: Ids = Ids()) -> EntityRecord:  # noqa: B008 - Ids is immutable
        self._note((entity_id, ids))
        return entity_record(entity_id)

    async def entity_context(self, request: FetchEntity) -> EntityContext:
        self._note(request)
        return EntityContext(
            entities=(entity_record(),), memories=(memory_record(),), formatted_context="- tea", tokens=3
        )

    async def merge_entities(self, request: MergeEntities) -> EntityRecord:
        self._note(request)
        return entity_record(request.entity_id)

    async def split_entity(self, request: SplitEntity) -> EntityRecord:
        self._note(request)
        return entity_record("e2")

    async def undo_ingestion(self, request: UndoIngestion) -> UndoneIngestion:
        self._note(request)
        return UndoneIngestion(ingestion_id=request.ingestion_id, document_id="d1", preview=request.preview)

    async def pending_retractions(self, *, ids: Ids = Ids()) -> tuple[PendingRetraction, ...]:  # noqa: B008 - Ids is immutable
        self._note(ids)
        return ()

    async def settle_retraction(self, request: SettleRetraction) -> SettledRetraction:
        self._note(request)
        return SettledRetraction(retraction_id=request.retraction_id, retracted_ids=request.memory_ids)

    async def forget_memories(self, request: ForgetMemories) -> Forgotten:
        self._note(request)
        return Forgotten(status="nothing_matches", request_id="r1")

    async def delete_data(self, request: DeleteData) -> DataDeletion:
        self._note(request)
        return DataDeletion(status="complete", scope=request.scope, deletion_id="x1", fully_removed=True)

    async def deletion(self, deletion_id: str) -> DataDeletion:
        self._note(deletion_id)
        return DataDeletion(status="in_progress", scope="user", deletion_id=deletion_id, continues=True)

    async def receipts(self, *, after: int = 0, limit: int = 100) -> ReceiptPage:
        self._note((after, limit))
        return ReceiptPage(data=(), key="k", after=after)

    async def user_profile(self, *, ids: Ids) -> UserProfile:
        self._note(ids)
        return UserProfile(overview="Drinks tea.", meta={"memories": 1})

    async def fetch_context(self, request: FetchContext) -> ContextAnswer:
        self._note(request)
        items = (
            ContextItem(
                id="1",
                type="fact",
                content="Works at Acme",
                scope="user",
                source="user:d1",
                confidence=0.9,
                score=0.9,
                rank=1,
            ),
            ContextItem(
                id="2",
                type="preference",
                content="Prefers tea",
                scope="customer",
                source="customer:d1",
                confidence=0.8,
                score=0.5,
                rank=2,
            ),
        )
        return ContextAnswer(
            items=items,
            formatted_context="- Works at Acme",
            metadata=ContextMetadata(correlation_id=self.correlation_id, scopes=("user", "client"), retrieved_at=NOW),
        )

    async def invalidate_client_cache(self) -> int:
        self._note("invalidate")
        return 3

    async def record_message(self, request: RecordMessage) -> RecordedMessage:
        self._note(request)
        return RecordedMessage(message_id="g1", conversation_id=request.conversation_id, recorded_at=NOW)

    async def record_messages(self, requests: Sequence[RecordMessage]) -> RecordedBatch:
        self._note(tuple(requests))
        return RecordedBatch(total=len(requests), succeeded=len(requests), failed=0)

    async def record_events(self, events: Sequence[ConversationEvent]) -> EventBatch:
        self._note(tuple(events))
        results = tuple(EventOutcome(status="accepted", event_id=str(event.event_id)) for event in events)
        return EventBatch(accepted=len(events), rejected=0, results=results)

    async def conversation_prompt(self, request: ReadPrompt) -> PromptContext:
        self._note(request)
        message = PromptMessage(role="user", content="hi", timestamp=NOW, message_id="g1")
        return PromptContext(formatted_context="user: hi", available=True, recent_messages=(message,))

    async def conversation_turns(self, request: ReadConversation) -> ConversationTurns:
        self._note(request)
        turn = ConversationTurn(role="user", content="hello", timestamp=NOW, message_id="g1", position=1)
        return ConversationTurns(turns=(turn,))

    async def compact_conversation(self, request: CompactConversation) -> CompactionStarted:
        self._note(request)
        return CompactionStarted(
            compaction_id="k1",
            conversation_id=request.conversation_id,
            status="in_progress",
            trigger_type="manual_api",
            initiated_at=NOW,
        )

    async def compaction_status(self, request: ReadCompaction) -> CompactionStatus:
        self._note(request)
        return CompactionStatus(conversation_id=request.conversation_id, status="none")

    async def compacted_conversation(self, request: ReadCompaction) -> CompactedConversation:
        self._note(request)
        return CompactedConversation(
            conversation_id=request.conversation_id,
            compaction_id="k1",
            version=2,
            formatted_context="user: hi",
            original_token_count=9,
            compacted_token_count=3,
            compression_ratio=3.0,
            strategy_used="balanced",
            validation_score=1.0,
            validation_passed=True,
            quality_warning=False,
            compacted_at=NOW,
        )

    async def ingest_transcript(self, request: IngestTranscript) -> IngestedTranscript:
        self._note(request)
        return IngestedTranscript(
            conversation_id="u1",
            external_conversation_id=request.conversation_id,
            ingestion_id="i1",
            status="queued",
            summary_status="in_progress",
            turns_recorded=1,
            queued_at=NOW,
        )

    async def health(self) -> Health:
        return Health(status="ok", store={}, embedder={}, queue={}, version="0")

    async def close(self) -> None:
        self.asked.append("close")


class FakeAdmin:
    """Answers management calls with fixed values."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def clients(self) -> tuple[ClientRecord, ...]:
        return tuple(
            ClientRecord(client_id=f"cli_{n}", name=f"c{n}", status="active", created_at=NOW) for n in range(130)
        )

    async def create_client(self, *, name: str) -> ClientRecord:
        return ClientRecord(client_id=CLIENT, name=name, status="active", created_at=NOW)

    async def update_client(
        self, client_id: str, *, name: str | None = None, status: str | None = None
    ) -> ClientRecord:
        return ClientRecord(client_id=client_id, name=name or "same", status=status or "active", created_at=NOW)

    async def delete_client(self, client_id: str) -> None:
        self.asked.append(("delete_client", client_id))

    async def instances(self, *, client_id: str) -> tuple[InstanceRecord, ...]:
        self.asked.append(("instances", client_id))
        return (instance_record(),)

    async def instance(self, instance_id: str) -> InstanceRecord:
        return instance_record(instance_id)

    async def create_instance(self, request: CreateInstance) -> InstanceRecord:
        self.asked.append(request)
        return instance_record(name=request.name)

    async def update_instance(self, instance_id: str, request: UpdateInstance) -> InstanceRecord:
        self.asked.append(request)
        return instance_record(instance_id)

    async def delete_instance(self, instance_id: str) -> None:
        self.asked.append(("delete_instance", instance_id))

    async def keys(self, instance_id: str) -> tuple[KeyRecord, ...]:
        return (
            KeyRecord(
                key_id="k1", kind="application", label="ci", prefix="synap_a", created_at=NOW, instance_id=instance_id
            ),
        )

    async def create_key(self, instance_id: str, *, label: str) -> NewKey:
        return NewKey(
            key_id="k2", api_key="synap_new", kind="application", label=label, created_at=NOW, instance_id=instance_id
        )

    async def revoke_key(self, instance_id: str, key_id: str) -> None:
        self.asked.append(("revoke_key", instance_id, key_id))

    async def config(self, instance_id: str) -> ConfigRecord:
        return ConfigRecord(instance_id=instance_id, revision=1, source="", values={}, applied_at=NOW)

    async def set_config(self, instance_id: str, source: str | Mapping[str, Any]) -> ConfigRecord:
        self.asked.append(source)
        return ConfigRecord(instance_id=instance_id, revision=2, source=str(source), values={}, applied_at=NOW)

    async def add_world_memory(self, request: WorldMemory) -> MemoryRecord:
        return memory_record("w1", request.content)

    async def world_memories(self, *, page: int = 1, page_size: int = 20) -> MemoryPage:
        return MemoryPage(data=(memory_record("w1"),), page=page, page_size=page_size, total=1, total_pages=1)

    async def delete_world_memory(self, memory_id: str) -> DeletedMemory:
        return DeletedMemory(memory_id=memory_id, deleted_at=NOW)

    async def delete_data(self, request: DeleteData) -> DataDeletion:
        self.asked.append(request)
        return DataDeletion(status="complete", scope=request.scope, deletion_id="x1", fully_removed=True)

    async def deletion(self, instance_id: str, deletion_id: str) -> DataDeletion:
        self.asked.append((instance_id, deletion_id))
        return DataDeletion(status="complete", scope="customer", deletion_id=deletion_id, fully_removed=True)

    async def receipts(self, instance_id: str, *, after: int = 0, limit: int = 100) -> ReceiptPage:
        self.asked.append((instance_id, after, limit))
        return ReceiptPage(data=(), key="k", after=after)

    async def receipt_books(self) -> dict[str, int]:
        return {"inst_1": 3}

    async def audit(self, *, instance_id: str | None = None, cursor: str | None = None, limit: int = 100) -> AuditPage:
        self.asked.append((instance_id, cursor, limit))
        return AuditPage(data=(AuditEntry(at=NOW, action="memory.create", actor="key:k1"),), cursor="next")

    async def close(self) -> None:
        self.asked.append("close")


class FakeBackend:
    """Knows three keys and answers with one `FakeApi` and one `FakeAdmin`."""

    application_key = APPLICATION_KEY
    management_key = MANAGEMENT_KEY
    suspended_key = SUSPENDED_KEY
    instance_id = INSTANCE

    def __init__(self) -> None:
        self.api = FakeApi()
        self.admin = FakeAdmin()
        self.bundles: tuple[ContextBundle, ...] = ()
        self.renewed: ContextBundle | None = None
        self.update: ContextBundle | None = None
        self.metrics = Metrics()

    async def authenticate(self, key: str) -> Caller:
        if key == APPLICATION_KEY:
            place = Place(instance_id=INSTANCE, client_id=CLIENT)
            return Caller(
                actor="key:k1", kind="application", key_id="k1", instance=Instance(place=place, maca=Maca(), revision=1)
            )
        if key == MANAGEMENT_KEY:
            return Caller(actor="key:k0", kind="management", key_id="k0")
        if key == SUSPENDED_KEY:
            raise ForbiddenError(f"instance {INSTANCE} is suspended or archived")
        raise AuthenticationError("the API key is unknown or revoked")

    def api_for(self, caller: Caller, *, correlation_id: str = "") -> FakeApi:  # noqa: ARG002 - the backend's signature
        self.api.correlation_id = correlation_id
        return self.api

    def expect(self, caller: Caller, event: ConversationEvent) -> Callable[[], None]:  # noqa: ARG002 - as above
        return lambda: None

    async def anticipate(self, caller: Caller, turn: Anticipate) -> AsyncIterator[ContextBundle]:  # noqa: ARG002 - as above
        for bundle in self.bundles:
            yield bundle

    async def renew(self, caller: Caller, bundle: ContextBundle) -> ContextBundle | None:  # noqa: ARG002 - as above
        return self.renewed

    async def compaction_update(self, caller: Caller, turn: Anticipate, *, known: str) -> ContextBundle | None:  # noqa: ARG002 - as above
        return None if self.update is None or self.update.bundle_id == known else self.update

    def admin_for(self, caller: Caller, *, correlation_id: str = "") -> FakeAdmin:  # noqa: ARG002 - as above
        return self.admin

    async def health(self) -> Health:
        return await self.api.health()


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def door(backend: FakeBackend) -> httpx.AsyncBaseTransport:
    app: Any = create_app(Gate(backend), max_document_bytes=1000)
    return httpx.ASGITransport(app, raise_app_exceptions=False)


@pytest.fixture
async def http(door: httpx.AsyncBaseTransport) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {APPLICATION_KEY}"}
    async with httpx.AsyncClient(transport=door, base_url="http://synap", headers=headers) as client:
        yield client


@pytest.fixture
async def operator(door: httpx.AsyncBaseTransport) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {MANAGEMENT_KEY}"}
    async with httpx.AsyncClient(transport=door, base_url="http://synap", headers=headers) as client:
        yield client
