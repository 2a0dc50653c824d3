"""Our own HTTP client speaking to our own routes: what goes in one end comes out at the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from synap.api.admin import CreateInstance, UpdateInstance, WorldMemory
from synap.api.contexts import FetchContext
from synap.api.conversations import (
    CompactConversation,
    IngestTranscript,
    ReadCompaction,
    ReadConversation,
    ReadPrompt,
    RecordMessage,
    TranscriptTurn,
)
from synap.api.events import ConversationEvent
from synap.api.memories import (
    CreateMemory,
    ListMemories,
    SettleRetraction,
    StructuredMemory,
    UndoIngestion,
    UpdateMemory,
)
from synap.domain.documents import Turn
from synap.domain.ids import conversation_uuid
from synap.domain.scopes import Ids
from synap.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InstanceNotReadyError,
    InvalidInputError,
    NotFoundError,
    PayloadTooLargeError,
    PermanentError,
    RateLimitError,
    ScopeMissingError,
    SetupError,
    SynapError,
    UnprocessableError,
)
from synap.sdk.http import HttpApi
from synap.sdk.http_admin import HttpAdminApi
from synap.sdk.transport import Transport

NOW = datetime(2026, 5, 3, 10, tzinfo=UTC)


@pytest.fixture
async def api(door: httpx.AsyncBaseTransport, backend: Any) -> AsyncIterator[HttpApi]:
    made = HttpApi(Transport("http://synap", backend.application_key, timeout=5, through=door))
    yield made
    await made.close()


@pytest.fixture
async def admin(door: httpx.AsyncBaseTransport, backend: Any) -> AsyncIterator[HttpAdminApi]:
    made = HttpAdminApi(Transport("http://synap", backend.management_key, timeout=5, through=door))
    yield made
    await made.close()


CALLS: list[Callable[[Any], Awaitable[Any]]] = [
    lambda api: api.whoami(),
    lambda api: api.create_memory(
        CreateMemory(
            document=(Turn(content="hi", speaker="Dana", timestamp=NOW),),
            document_created_at=NOW,
            metadata={"a": [1, None, {"b": "ü"}]},
            user_id="a/ü b",
        )
    ),
    lambda api: api.create_memory(CreateMemory(memories=(StructuredMemory(type="fact", content="x", event_date=NOW),))),
    lambda api: api.create_batch([CreateMemory(document="a"), CreateMemory(document="b")], fail_fast=True),
    lambda api: api.batch("b1"),
    lambda api: api.ingestion("i1", ids=Ids(customer_id="c&d=e", user_id="+u")),
    lambda api: api.memory("..m ?x&y%2Fz", ids=Ids(user_id="u")),
    lambda api: api.memories(ListMemories(user_id="u", page=3, page_size=7, type="fact", status="superseded")),
    lambda api: api.update_memory(UpdateMemory(memory_id="m", document="new", metadata={"k": 1}, user_id="u")),
    lambda api: api.delete_memory("m", ids=Ids(customer_id="c")),
    lambda api: api.memory_history("m"),
    lambda api: api.restore_memory("m"),
    lambda api: api.undo_ingestion(UndoIngestion(ingestion_id="i 1", preview=True, user_id="u")),
    lambda api: api.pending_retractions(ids=Ids(user_id="u")),
    lambda api: api.settle_retraction(SettleRetraction(retraction_id="i:0", memory_ids=("m", "n"), customer_id="c")),
    lambda api: api.fetch_context(
        FetchContext(target="user", user_id="u", search_query=("a", "b"), as_of=NOW, scopes=("user",), explain=True)
    ),
    lambda api: api.invalidate_client_cache(),
    lambda api: api.record_message(
        RecordMessage(conversation_id="mon-standup", role="user", content="hi", event_id="e")
    ),
    lambda api: api.record_messages([RecordMessage(conversation_id="c", role="user", content="hi", event_id="e")]),
    lambda api: api.record_events([ConversationEvent(event_id="e", event_type="tool_call", conversation_id="c")]),
    lambda api: api.health(),
]


@pytest.mark.parametrize("call", CALLS)
async def test_every_operation_asks_and_answers_the_same_over_http(
    api: HttpApi, backend: Any, call: Callable[[Any], Awaitable[Any]]
) -> None:
    over_http = await call(api)
    asked_over_http, correlation_id = backend.api.asked, backend.api.correlation_id
    backend.api.__init__()
    backend.api.correlation_id = correlation_id
    directly = await call(backend.api)

    assert over_http == directly
    assert asked_over_http == backend.api.asked


@pytest.mark.parametrize(
    "call",
    [
        lambda api: api.compact_conversation(CompactConversation(conversation_id="a/b", strategy="low", force=True)),
        lambda api: api.ingest_transcript(
            IngestTranscript(
                conversation_id="a/b", user_id="u", transcript=(TranscriptTurn(content="hi", speaker="Ann"),)
            )
        ),
    ],
)
async def test_compaction_and_transcripts_go_the_same_way_over_http(
    api: HttpApi, backend: Any, call: Callable[[Any], Awaitable[Any]]
) -> None:
    over_http = await call(api)
    asked = backend.api.asked[:]
    backend.api.asked.clear()

    assert over_http == await call(backend.api)
    assert asked == backend.api.asked


async def test_a_compaction_is_read_by_the_conversations_uuid(api: HttpApi, backend: Any) -> None:
    request = ReadCompaction(conversation_id="a/compacted", user_id="u", format="narrative", version=3)
    answer = await api.compacted_conversation(request)
    status = await api.compaction_status(ReadCompaction(conversation_id="a/b", customer_id="c"))

    assert (answer.strategy_used, status.status) == ("balanced", "none")
    assert backend.api.asked == [
        ReadCompaction(conversation_id=conversation_uuid("a/compacted"), user_id="u", format="narrative", version=3),
        ReadCompaction(conversation_id=conversation_uuid("a/b"), customer_id="c"),
    ]


async def test_a_conversation_is_made_ready_for_a_prompt_by_its_uuid(api: HttpApi, backend: Any) -> None:
    answer = await api.conversation_prompt(ReadPrompt(conversation_id="a/b", customer_id="c", style="narrative"))

    expected = ReadPrompt(conversation_id=conversation_uuid("a/b"), customer_id="c", style="narrative")
    assert backend.api.asked == [expected]
    assert (answer.formatted_context, answer.recent_messages[0].content) == ("user: hi", "hi")


async def test_messages_are_read_back_by_the_conversations_uuid(api: HttpApi, backend: Any) -> None:
    await api.conversation_turns(ReadConversation(conversation_id="a/b", user_id="u", start=2, limit=3))

    expected = ReadConversation(conversation_id=conversation_uuid("a/b"), user_id="u", start=2, limit=3)
    assert backend.api.asked == [expected]


@pytest.mark.parametrize(
    "failure",
    [
        InvalidInputError("document must be text", field="document"),
        ScopeMissingError("customer_id is required", field="customer_id"),
        PayloadTooLargeError("too large", field="document"),
        UnprocessableError("too many", field="last_n_conversations"),
        AuthenticationError("no key"),
        ForbiddenError("not yours"),
        NotFoundError("there is no memory x", field="memory_id"),
        ConflictError("there already", field="document_id"),
        SetupError("no model"),
        PermanentError("never"),
        InstanceNotReadyError("loading", retry_after_seconds=1),
        RateLimitError("slower", retry_after_seconds=1),
    ],
)
async def test_an_error_is_the_same_over_http(api: HttpApi, backend: Any, failure: SynapError) -> None:
    backend.api.failure = failure

    with pytest.raises(SynapError) as raised:
        await api.create_memory(CreateMemory(document="x"))

    error = raised.value
    assert (type(error), error.code, error.field, error.message) == (
        type(failure),
        failure.code,
        failure.field,
        failure.message,
    )
    assert error.correlation_id
    assert getattr(error, "retry_after_seconds", None) == getattr(failure, "retry_after_seconds", None)


async def test_management_works_over_http(admin: HttpAdminApi, backend: Any) -> None:
    assert len(await admin.clients()) == 130
    assert (await admin.create_client(name="Acme")).name == "Acme"
    assert (await admin.update_client("cli", status="inactive")).status == "inactive"
    await admin.delete_client("cli")
    assert (await admin.instances(client_id="cli"))[0].name == "support"
    assert (await admin.instance("inst")).id == "inst"
    assert (await admin.create_instance(CreateInstance(client_id="cli", name="bot"))).name == "bot"
    assert (await admin.update_instance("inst", UpdateInstance(name="n"))).id == "inst"
    await admin.delete_instance("inst")
    assert (await admin.keys("inst"))[0].key_id == "k1"
    assert (await admin.create_key("inst", label="ci")).label == "ci"
    await admin.revoke_key("inst", "k1")
    assert (await admin.config("inst")).revision == 1
    assert (await admin.set_config("inst", "a: b")).revision == 2
    assert (await admin.set_config("inst", {"a": "b"})).revision == 2
    assert (await admin.add_world_memory(WorldMemory(content="x"))).content == "x"
    assert (await admin.world_memories(page=2, page_size=5)).page == 2
    assert (await admin.delete_world_memory("w")).memory_id == "w"
    assert (await admin.audit(instance_id="inst", limit=5)).cursor == "next"

    assert backend.admin.asked == [
        ("delete_client", "cli"),
        ("instances", "cli"),
        CreateInstance(client_id="cli", name="bot"),
        UpdateInstance(name="n"),
        ("delete_instance", "inst"),
        ("revoke_key", "inst", "k1"),
        "a: b",
        {"a": "b"},
        ("inst", None, 5),
    ]
