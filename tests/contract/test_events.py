"""Events are judged one by one, and a turn is stored once per event, through every `Api`."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.doors import DOORS, over_http, sdk_over

from synap import Synap
from synap.api.admin import CreateInstance
from synap.bootstrap import Opening, open_engine
from synap.domain.scopes import Tenancy
from synap.engine.engine import Engine
from synap.errors import ConflictError, InvalidInputError
from synap.sdk.http import HttpApi
from synap.server.backend import Gate
from synap.server.rest.app import create_app
from synap.settings import Settings
from synap.testing import FixedEmbedder


@pytest.fixture
async def engine(dsn: str, owner_dsn: str) -> AsyncIterator[Engine]:
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=0, embedder=FixedEmbedder(dim=384)))
    yield engine
    await engine.stop()


async def new_key_of(engine: Engine, tenancy: Tenancy = Tenancy.OPEN) -> str:
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    request = CreateInstance(client_id=client.client_id, name="bot", tenancy=tenancy.value)
    instance = await operator.create_instance(request)
    return (await operator.create_key(instance.id, label="test")).api_key


async def way_in(engine: Engine, key: str, door: str) -> Synap:
    if door == "in process":
        return sdk_over(engine.api_for(await engine.authenticate(key)))
    return sdk_over(HttpApi(over_http(engine, key)))


@pytest.fixture(params=DOORS)
async def sdk(engine: Engine, request: pytest.FixtureRequest) -> Synap:
    return await way_in(engine, await new_key_of(engine), str(request.param))


def event(event_id: str | None, content: Any = "hello", **more: Any) -> dict[str, Any]:
    told = {"event_id": event_id, "event_type": "user_message", "conversation_id": "c", "user_id": "ana", **more}
    return {name: value for name, value in {**told, "content": content}.items() if value is not None}


async def test_turns_are_stored_once_per_event(sdk: Synap) -> None:
    first = await sdk.conversation.record_events([event("1", "a"), event("2", "b", event_type="assistant_message")])

    again = await sdk.conversation.record_events([event("2", "b", event_type="assistant_message"), event("3", "c")])

    assert [one.status for one in (*first.results, *again.results)] == ["accepted", "accepted", "duplicate", "accepted"]
    assert [one.conversation_message_count for one in (*first.results, *again.results)] == [1, 2, 2, 3]
    assert (again.accepted, again.rejected) == (2, 0)
    turns = await sdk.conversation.messages("c", "ana")
    assert [(turn.role, turn.content) for turn in turns] == [("user", "a"), ("assistant", "b"), ("user", "c")]
    assert turns[1].message_id == first.results[1].message_id == again.results[0].message_id


async def test_a_turn_is_the_assistants_where_its_type_or_its_role_says_so(sdk: Synap) -> None:
    told = await sdk.conversation.record_events(
        [event("1", "a", role="assistant"), event("2", "b", role="user", event_type="assistant_message")]
    )

    assert told.accepted == 2
    assert [turn.role for turn in await sdk.conversation.messages("c", "ana")] == ["assistant", "assistant"]


async def test_events_that_are_no_turns_are_taken_and_leave_nothing(sdk: Synap) -> None:
    taken = await sdk.conversation.record_events(
        [event("1", "", event_type=kind, role="system") for kind in ("tool_call", "context_fetch", "dance")]
    )

    assert taken.accepted == 3
    assert "dance" in taken.results[2].reason
    assert await sdk.conversation.messages("c", "ana") == ()


BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "no event id": ("event_id", event(None)),
    "an empty event id": ("event_id", event("")),
    "no conversation": ("conversation_id", event("1", conversation_id=None)),
    "no content": ("content", event("1", None)),
    "blank content": ("content", event("1", "  ")),
    "content that is no text": ("content", event("1", 7)),
    "a role that nobody speaks in": ("role", event("1", role="system")),
    "no type": ("event_type", event("1", event_type=None)),
    "a time that is none": ("timestamp", event("1", timestamp="soon")),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_event_is_refused_by_name_and_holds_up_no_other(sdk: Synap, case: str) -> None:
    field, bad = BAD[case]

    told = await sdk.conversation.record_events([event("a", "one"), bad, event("b", "two")])

    assert (told.accepted, told.rejected) == (2, 1)
    refused = told.results[1]
    assert (refused.status, refused.code, refused.retryable) == ("rejected", "invalid_input", False)
    assert field in refused.reason
    assert [turn.content for turn in await sdk.conversation.messages("c", "ana")] == ["one", "two"]


async def test_the_id_of_an_event_is_not_taken_for_another_conversation(sdk: Synap) -> None:
    await sdk.conversation.record_events([event("1")])

    told = await sdk.conversation.record_events([event("1", conversation_id="d")])

    assert (told.rejected, told.results[0].code) == (1, "conflict")


@pytest.mark.parametrize("door", DOORS)
async def test_the_same_event_of_another_instance_customer_or_user_is_another(engine: Engine, door: str) -> None:
    one = await way_in(engine, await new_key_of(engine), door)
    other = await way_in(engine, await new_key_of(engine), door)
    await one.conversation.record_events([event("1", "ana's secret")])

    elsewhere = [
        await other.conversation.record_events([event("1")]),
        await one.conversation.record_events([event("1", user_id="ivo")]),
        await one.conversation.record_events([event("1", customer_id="flora")]),
    ]

    assert [told.results[0].status for told in elsewhere] == ["accepted"] * 3
    assert [turn.content for turn in await other.conversation.messages("c", "ana")] == ["hello"]


@pytest.mark.parametrize(("tenancy", "ids"), [(Tenancy.B2B, {}), (Tenancy.B2C, {"customer_id": "flora"})])
async def test_ids_that_do_not_fit_the_tenancy_are_refused(
    engine: Engine, tenancy: Tenancy, ids: dict[str, str]
) -> None:
    sdk = await way_in(engine, await new_key_of(engine, tenancy), "over http")

    told = await sdk.conversation.record_events([event("1", **ids)])

    assert (told.rejected, told.results[0].code) == (1, "invalid_input.scope")


async def test_a_turn_told_late_is_dated_by_its_own_time(engine: Engine) -> None:
    key = await new_key_of(engine)
    sdk = await way_in(engine, key, "in process")
    now = datetime.now(UTC)
    times = {"late": now - timedelta(days=2), "future": now + timedelta(hours=1), "ancient": now - timedelta(days=4000)}

    await sdk.conversation.record_events(
        [
            event(name, f"The {name} ferry leaves from pier seven.", timestamp=at.isoformat())
            for name, at in times.items()
        ]
    )

    answer = await sdk.user.context.fetch("ana", search_query="ferry pier", max_results=10)
    said = {item.content.split()[2]: item.said_at for item in answer.items if item.said_at is not None}
    assert said["late"] == times["late"]
    assert all(abs((said[name] - now).total_seconds()) < 60 for name in ("future", "ancient"))


async def test_the_route_refuses_what_is_no_list_of_events(engine: Engine) -> None:
    app: Any = create_app(Gate(engine))
    headers = {"Authorization": f"Bearer {await new_key_of(engine)}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://synap", headers=headers) as http:
        bodies: list[Any] = [{}, {"events": "x"}, [], {"events": [event(str(n)) for n in range(1001)]}]
        answers = [await http.post("/v1/events/batch", content=json.dumps(body)) for body in bodies]
        row = await http.post("/v1/events/batch", content=json.dumps({"events": [7, event("1", scope={"team": "x"})]}))
        keyless = await http.post("/v1/events/batch", content="{}", headers={"Authorization": ""})

    assert [answer.status_code for answer in answers] == [400] * 4
    assert (row.status_code, row.json()["rejected"]) == (200, 2)
    assert [result["status"] for result in row.json()["results"]] == ["rejected", "rejected"]
    assert keyless.status_code == 401


@pytest.mark.parametrize("door", DOORS)
async def test_a_message_told_again_under_its_event_id_is_recorded_once(engine: Engine, door: str) -> None:
    synap = await way_in(engine, await new_key_of(engine), door)
    message: dict[str, Any] = {"conversation_id": "c", "role": "user", "content": "Good morning.", "user_id": "ana"}
    message["event_id"] = "e1"

    async with synap:
        first = await synap.conversation.record_message(**message)
        again = await synap.conversation.record_message(**message)
        batch = await synap.conversation.record_messages_batch([message, {**message, "event_id": "e2"}])
        elsewhere = await synap.conversation.record_message(**{**message, "user_id": "bob"})
        with pytest.raises(ConflictError, match="event_id"):
            await synap.conversation.record_message(**{**message, "conversation_id": "d"})
        with pytest.raises(InvalidInputError, match="event_id"):
            await synap.conversation.record_message(**{**message, "event_id": ""})

    assert (again.message_id, again.conversation_message_count) == (first.message_id, 1)
    assert [row.message_id == first.message_id for row in batch.results] == [True, False]
    assert elsewhere.conversation_message_count == 1


async def test_a_message_without_a_session_is_of_one_with_all_of_its_conversation(sdk: Synap) -> None:
    bare = [await sdk.conversation.record_message("c", "user", text, "ana") for text in ("Hello.", "Bye.")]
    named = await sdk.conversation.record_message("c", "user", "Hm.", "ana", session_id="evening")
    batch = await sdk.conversation.record_messages_batch(
        [{"conversation_id": "c", "role": "user", "content": "So.", "user_id": "ana"}]
    )

    assert {message.session_id for message in (*bare, *batch.results)} == {bare[0].conversation_id}
    assert named.session_id == "evening"


async def test_a_call_repeated_to_another_process_is_recorded_once(engine: Engine) -> None:
    """As a published client does it whose server died before it answered, and came back."""
    headers = {
        "Authorization": f"Bearer {await new_key_of(engine)}",
        "X-Correlation-ID": "syn_inst_a_1779000000000_0a1b2c",
    }
    row = {"conversation_id": "c", "role": "user", "content": "Good morning.", "user_id": "ana"}
    counts = []
    for body in ({"messages": [row, row]}, {"messages": [row, row]}, {"messages": [row]}):
        app: Any = create_app(Gate(engine))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://synap") as http:
            answer = await http.post("/v1/conversations/messages/batch", json=body, headers=headers)
        counts.append([told["conversation_message_count"] for told in answer.json()["results"]])

    assert counts == [[1, 2], [2, 2], [3]]
