from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from synap import InvalidInputError, NetworkTimeoutError, NotFoundError
from synap.api.contexts import ContextAnswer, ContextItem, FetchContext
from synap.api.conversations import RecordMessage
from synap.api.memories import BatchResult, CreateMemory, Ingestion
from synap.api.protocol import Api
from synap.sdk import waiting
from synap.sdk.contexts import Client, Customer, User
from synap.sdk.conversations import Conversation
from synap.sdk.memories import Memories
from synap.sdk.responses import ContextResponse

NOW = datetime(2026, 5, 3, tzinfo=UTC)


def item(number: int, kind: str, scope: str = "user") -> ContextItem:
    return ContextItem(
        id=str(number), type=kind, content=f"c{number}", scope=scope, source=f"{scope}:d", confidence=0.9
    )


@dataclass
class Recorder:
    """Keeps what it is asked; its ingestions and batches are done at the third look."""

    asked: list[Any] = field(default_factory=list)
    looks: int = 0
    never_done: bool = False

    async def create_memory(self, request: CreateMemory) -> Ingestion:
        self.asked.append(request)
        return self._ingestion("queued")

    async def create_batch(self, requests: list[CreateMemory], *, fail_fast: bool = False) -> BatchResult:
        self.asked.append((list(requests), fail_fast))
        rows = tuple(self._ingestion("queued") for _ in requests)
        return BatchResult(batch_id=f"b{len(self.asked)}", total=len(rows), succeeded=len(rows), failed=0, results=rows)

    async def batch(self, batch_id: str) -> BatchResult:
        self.looks += 1
        total = len(self.asked[int(batch_id[1:]) - 1][0])
        count = 2 * total if self._done() else None
        return BatchResult(batch_id=batch_id, total=total, succeeded=total, failed=0, memory_count=count)

    async def ingestion(self, ingestion_id: str, **_: Any) -> Ingestion:
        self.looks += 1
        self.asked.append(ingestion_id)
        return self._ingestion("completed" if self._done() else "processing")

    async def fetch_context(self, request: FetchContext) -> ContextAnswer:
        self.asked.append(request)
        kinds = ("preference", "fact", "episode", "emotion", "temporal_event")
        return ContextAnswer(items=tuple(item(number, kind) for number, kind in enumerate(kinds)))

    def _done(self) -> bool:
        return self.looks >= 3 and not self.never_done

    def _ingestion(self, status: str) -> Ingestion:
        return Ingestion(ingestion_id="i", document_id="d", status=status, queued_at=NOW)


@pytest.fixture
def api() -> Recorder:
    return Recorder()


@pytest.fixture
def connect(api: Recorder) -> Callable[[], Awaitable[Api]]:
    async def connected() -> Api:
        return cast("Api", api)

    return connected


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST_PAUSE_SECONDS", 0.0)


async def test_create_names_its_arguments(api: Recorder, connect: Callable[[], Awaitable[Api]]) -> None:
    await Memories(connect).create(
        "hi", user_id="u", customer_id="c", metadata={"a": 1}, document_created_at="2026-05-03"
    )

    (request,) = api.asked
    assert (request.document, request.user_id, request.customer_id, request.metadata) == ("hi", "u", "c", {"a": 1})
    assert request.document_created_at == datetime(2026, 5, 3)  # noqa: DTZ001 - without an offset on purpose


async def test_an_empty_batch_gives_zeros_and_asks_nobody(api: Recorder, connect: Callable[[], Awaitable[Api]]) -> None:
    result = await Memories(connect).batch_create([])

    assert (result.total, result.succeeded, result.failed, result.memory_count, api.asked) == (0, 0, 0, 0, [])


async def test_a_batch_waits_for_its_true_count(api: Recorder, connect: Callable[[], Awaitable[Api]]) -> None:
    result = await Memories(connect).batch_create([{"document": "a"}, CreateMemory(document="b")])

    assert (result.memory_count, api.looks) == (4, 3)


async def test_a_batch_need_not_wait(api: Recorder, connect: Callable[[], Awaitable[Api]]) -> None:
    result = await Memories(connect).batch_create([{"document": "a"}], wait=False)

    assert (result.memory_count, api.looks) == (None, 0)


async def test_a_long_list_travels_in_parts_and_comes_back_as_one(
    api: Recorder, connect: Callable[[], Awaitable[Api]]
) -> None:
    result = await Memories(connect).batch_create([{"document": str(n)} for n in range(2500)])

    assert [len(requests) for requests, _ in api.asked] == [1000, 1000, 500]
    assert [requests[0].document for requests, _ in api.asked] == ["0", "1000", "2000"]
    assert (result.total, result.memory_count, result.batch_id) == (2500, 5000, "b1")


async def test_large_documents_travel_in_parts_too(api: Recorder, connect: Callable[[], Awaitable[Api]]) -> None:
    await Memories(connect).batch_create([{"document": "x" * 3_000_000} for _ in range(5)])

    assert [len(requests) for requests, _ in api.asked] == [2, 2, 1]


async def test_all_or_nothing_is_one_batch_only(api: Recorder, connect: Callable[[], Awaitable[Api]]) -> None:
    with pytest.raises(InvalidInputError, match="fail_fast"):
        await Memories(connect).batch_create([{"document": "x"}] * 1001, fail_fast=True)

    assert api.asked == []


WRONG_LISTS: dict[str, tuple[Any, str, str]] = {
    "none": (None, "documents", "list"),
    "a number": (5, "documents", "list"),
    "a text": ("I prefer rooibos.", "documents", "list"),
    "one mapping": ({"document": "x"}, "documents", "list"),
    "a text as a row": ([{"document": "x"}, "I prefer rooibos."], "documents[1]", "mapping"),
    "a message as a row": ([RecordMessage(conversation_id="c", role="user", content="x")], "documents[0]", "mapping"),
    "a misspelt user": ([{"document": "x", "userid": "zed"}], "documents[0].userid", "user_id"),
    "a misspelt customer": ([{"document": "x", "customerId": "acme"}], "documents[0].customerId", "customer_id"),
    "a user alone": ([{"document": "x", "user": "zed"}], "documents[0].user", "user_id"),
    "a name like no other": ([{"document": "x", "qqq": 1}], "documents[0].qqq", "document_type"),
}


@pytest.mark.parametrize("name", WRONG_LISTS)
async def test_rows_that_would_lose_their_owner_are_refused_before_anything_is_asked(
    api: Recorder, connect: Callable[[], Awaitable[Api]], name: str
) -> None:
    documents, field, hint = WRONG_LISTS[name]

    with pytest.raises(InvalidInputError, match=hint) as refusal:
        await Memories(connect).batch_create(documents)

    assert (refusal.value.field, api.asked) == (field, [])


async def test_rows_of_messages_are_held_to_their_names_too(connect: Callable[[], Awaitable[Api]]) -> None:
    rows: list[dict[str, Any]] = [{"conversation_id": "c", "role": "user", "content": "x", "userid": "zed"}]

    with pytest.raises(InvalidInputError, match="did you mean user_id") as refusal:
        await Conversation(connect).record_messages_batch(rows)
    with pytest.raises(InvalidInputError, match="messages must be a list"):
        await Conversation(connect).record_messages_batch(cast("Any", None))

    assert refusal.value.field == "messages[0].userid"


@pytest.mark.parametrize("memory_id", ["a/../b", "..", "."])
async def test_an_id_that_cannot_be_part_of_a_path_is_unknown_without_asking(
    api: Recorder, connect: Callable[[], Awaitable[Api]], memory_id: str
) -> None:
    with pytest.raises(NotFoundError) as refusal:
        await Memories(connect).get(memory_id)

    assert (refusal.value.field, api.asked) == ("memory_id", [])


async def test_waiting_ends_when_nothing_more_will_happen(connect: Callable[[], Awaitable[Api]]) -> None:
    assert (await Memories(connect).wait_for_completion("i", poll_interval_seconds=0)).status == "completed"


async def test_waiting_gives_up_in_time_with_an_error_that_python_knows(
    api: Recorder, connect: Callable[[], Awaitable[Api]]
) -> None:
    api.never_done = True

    with pytest.raises(TimeoutError) as late:
        await Memories(connect).wait_for_completion("i", timeout_seconds=0.01, poll_interval_seconds=0.001)

    assert isinstance(late.value, NetworkTimeoutError)


async def test_an_empty_memory_id_is_refused_before_anything_is_asked(
    api: Recorder, connect: Callable[[], Awaitable[Api]]
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        await Memories(connect).get("")

    assert (refusal.value.field, api.asked) == ("memory_id", [])


async def test_each_door_asks_for_its_own_target(api: Recorder, connect: Callable[[], Awaitable[Api]]) -> None:
    await User(connect).context.fetch("u", "c", search_query="tea")
    await Customer(connect).context.fetch("c")
    await Client(connect).context.fetch(scopes=["client"])
    await Conversation(connect).context.fetch("mon-standup", query_date=NOW)

    user, customer, client, conversation = api.asked
    assert (user.target, user.user_id, user.customer_id, user.search_query) == ("user", "u", "c", ("tea",))
    assert (customer.target, customer.customer_id) == ("customer", "c")
    assert (client.target, client.scopes) == ("client", ("client",))
    assert (conversation.target, conversation.conversation_id) == ("conversation", "mon-standup")
    assert conversation.query_date == "2026-05-03T00:00:00+00:00"


async def test_facts_hold_preferences_and_every_list_is_best_first(connect: Callable[[], Awaitable[Api]]) -> None:
    context = await User(connect).context.fetch("u")

    assert [found.type for found in context.facts] == ["preference", "fact"]
    assert [found.type for found in context.preferences] == ["preference"]
    lists = (context.episodes, context.emotions, context.temporal_events)
    assert [[found.type for found in found_list] for found_list in lists] == [
        ["episode"],
        ["emotion"],
        ["temporal_event"],
    ]
    assert len(context) == 5


def test_an_item_shows_its_scope_and_its_content() -> None:
    response = ContextResponse.of(ContextAnswer(items=(item(1, "fact", "customer"),)))

    assert repr(response.facts) == "[[customer] c1]"
