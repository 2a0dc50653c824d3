"""Streams over a real engine, spoken to by a plain gRPC client."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from synap.api.admin import CreateInstance, UpdateInstance
from synap.api.bundles import Anticipate, ContextBundle
from synap.api.contexts import ContextAnswer, ContextItem, FetchContext
from synap.api.conversations import CompactConversation, ReadConversation
from synap.bootstrap import Opening, open_engine
from synap.domain.ids import conversation_uuid
from synap.domain.scopes import Tenancy
from synap.engine.callers import Caller
from synap.engine.engine import Engine
from synap.errors import ServiceUnavailableError
from synap.server.backend import Gate
from synap.server.grpc.door import Door
from synap.server.grpc.limits import StreamLimits
from synap.server.grpc.messages import SERVICE, StreamEvent, StreamResponse, TelemetryAck, TelemetryEvent
from synap.server.grpc.metrics import StreamMetrics
from synap.settings import Settings
from synap.testing import FixedEmbedder

LIMITS = StreamLimits(renew_seconds=0.05, check_seconds=0.1, signal_seconds=0.1)


class Line:
    """One stream of a client: what it was sent, with the moment."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self.got: list[tuple[float, Any]] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while (message := await self.call.read()) is not grpc.aio.EOF:
            self.got.append((time.monotonic(), message))

    async def say(self, event_id: str, content: str = "hello", **more: Any) -> float:
        told = {"event_type": "user_message", "role": "user", "conversation_id": "c", "user_id": "ana", **more}
        if told["event_type"] == "assistant_message":
            told["role"] = "assistant"
        await self.call.write(StreamEvent(conversation_event={**told, "event_id": event_id, "content": content}))
        return time.monotonic()

    def of(self, kind: str) -> list[Any]:
        return [getattr(message, kind) for _, message in self.got if message.WhichOneof("payload") == kind]

    @property
    def acked(self) -> list[str]:
        return [event_id for ack in self.of("event_ack") for event_id in ack.event_ids]

    async def until(self, true: Callable[[], object], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                if self._reader.done():
                    self._reader.result()
                    assert true(), "the stream ended"
                await asyncio.sleep(0.005)

    async def hang_up(self) -> grpc.StatusCode:
        await self.call.done_writing()
        code: grpc.StatusCode = await asyncio.wait_for(self.call.code(), 60)
        await asyncio.wait([self._reader])
        return code


@dataclass
class Foreseeing:
    """An engine whose foresight is the test's."""

    engine: Engine
    bundles: tuple[ContextBundle, ...] = ()
    fresh: ContextBundle | None = None
    away: bool = False
    held: asyncio.Event | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def api_for(self, caller: Caller, *, correlation_id: str = "") -> Any:
        if self.away:
            raise ServiceUnavailableError("the database is not available")
        return self.engine.api_for(caller, correlation_id=correlation_id)

    async def anticipate(self, caller: Caller, turn: Anticipate) -> AsyncIterator[ContextBundle]:
        assert caller.instance is not None
        if self.held is not None:
            await self.held.wait()
        for one in self.bundles:
            yield replace_struct(one, user_id=turn.user_id, conversation_id=turn.conversation_id)

    async def renew(self, caller: Caller, bundle: ContextBundle) -> ContextBundle | None:
        assert caller.instance is not None
        return self.fresh if bundle in self.bundles_sent(bundle) else None

    def bundles_sent(self, bundle: ContextBundle) -> tuple[ContextBundle, ...]:
        return () if bundle == self.fresh else (bundle,)


def replace_struct(bundle: ContextBundle, **changes: Any) -> ContextBundle:
    return ContextBundle(**{**{name: getattr(bundle, name) for name in bundle.__struct_fields__}, **changes})


class House:
    """A door before an engine, and keys of fresh instances."""

    def __init__(self, engine: Engine, limits: StreamLimits) -> None:
        self.backend = Foreseeing(engine)
        self.registry = CollectorRegistry()
        self.reported: list[int] = []
        self.gate = Gate(self.backend)
        self.door = Door(
            self.gate,
            StreamMetrics(self.registry),
            reported=self.reported.append,
            max_document_bytes=100_000,
            limits=limits,
        )
        self.channels: list[Any] = []
        self.port = 0

    @property
    def engine(self) -> Engine:
        return self.backend.engine

    async def operator(self) -> Any:
        return self.engine.admin_for(await self.engine.local_caller(kind="management"))

    async def key(self, tenancy: Tenancy = Tenancy.OPEN) -> str:
        operator = await self.operator()
        client = await operator.create_client(name=f"client-{uuid.uuid4()}")
        request = CreateInstance(client_id=client.client_id, name="bot", tenancy=tenancy.value)
        instance = await operator.create_instance(request)
        self.instance_id = instance.id
        self.key_record = await operator.create_key(instance.id, label="test")
        return str(self.key_record.api_key)

    def call(self, key: str | None, **metadata: str) -> Any:
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{self.port}")
        self.channels.append(channel)
        listen = channel.stream_stream(
            f"/{SERVICE}/Listen",
            request_serializer=StreamEvent.SerializeToString,
            response_deserializer=StreamResponse.FromString,
        )
        given = [(name.replace("_", "-"), value) for name, value in metadata.items()]
        return listen(metadata=[*given, *([] if key is None else [("authorization", f"Bearer {key}")])])

    def line(self, key: str, **metadata: str) -> Line:
        return Line(self.call(key, **metadata))

    async def turns(self, key: str, conversation: str = "c", user: str = "ana") -> list[tuple[int, str, str]]:
        api = self.engine.api_for(await self.engine.authenticate(key))
        read = await api.conversation_turns(ReadConversation(conversation_id=conversation, user_id=user))
        return [(turn.position, turn.role, turn.content) for turn in read.turns]

    def counted(self, sample: str) -> float:
        text = generate_latest(self.registry).decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(sample))


async def opened(dsn: str, owner_dsn: str, limits: StreamLimits) -> AsyncIterator[House]:
    settings = Settings(database_url=dsn, migration_url=owner_dsn, max_document_bytes=100_000)
    engine = await open_engine(settings, Opening(workers=0, embedder=FixedEmbedder(dim=384)))
    house = House(engine, limits)
    house.port = await house.door.start("127.0.0.1", 0)
    try:
        yield house
    finally:
        for channel in house.channels:
            await channel.close()
        await house.door.stop()
        await engine.stop()


@pytest.fixture
async def house(dsn: str, owner_dsn: str) -> AsyncIterator[House]:
    async for house in opened(dsn, owner_dsn, LIMITS):
        yield house


LATE = replace(LIMITS, ack_seconds=2.0, finish_seconds=30.0)
"""Of streams that take their time to acknowledge, and to end."""


@pytest.fixture
async def late_house(dsn: str, owner_dsn: str) -> AsyncIterator[House]:
    async for house in opened(dsn, owner_dsn, LATE):
        yield house


async def test_a_turn_is_recorded_then_acknowledged_then_counted(house: House) -> None:
    key = await house.key()
    line = house.line(key)
    said = await line.say("e1", "I moved to Porto.")
    await line.until(lambda: line.of("conversation_state"))
    await line.say("e2", "Noted.", event_type="assistant_message")
    await line.until(lambda: len(line.of("conversation_state")) == 2)

    assert await line.hang_up() is grpc.StatusCode.OK
    acknowledged = next(at for at, message in line.got if message.WhichOneof("payload") == "event_ack")
    assert acknowledged - said >= 0.04
    assert line.acked == ["e1", "e2"]
    assert [(state.conversation_id, state.message_count) for state in line.of("conversation_state")] == [
        ("c", 1),
        ("c", 2),
    ]
    assert await house.turns(key) == [(1, "user", "I moved to Porto."), (2, "assistant", "Noted.")]


async def test_acknowledgements_do_not_hold_up_what_follows(late_house: House) -> None:
    house = late_house
    key = await house.key()
    line = house.line(key)
    started = time.monotonic()

    for number in range(60):
        await line.say(f"e{number}", f"word {number}", conversation_id=f"c{number % 4}", user_id=f"u{number % 4}")
    await line.until(lambda: len(line.acked) == 60, seconds=60)

    assert time.monotonic() - started < 60 / 4 * LATE.ack_seconds  # as each conversation would take by itself
    for at in range(4):
        turns = await house.turns(key, f"c{at}", f"u{at}")
        assert [content for _, _, content in turns] == [f"word {number}" for number in range(at, 60, 4)]


def hold_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Have turns wait before they are recorded; returns what lets them through."""
    through = asyncio.Event()
    genuine = engine.core.store.conversations.record

    async def record(*args: Any, **named: Any) -> Any:
        await through.wait()
        return await genuine(*args, **named)

    monkeypatch.setattr(engine.core.store.conversations, "record", record)
    return through


async def test_who_asks_right_after_saying_it_on_a_stream_finds_it_and_nobody_else_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await house.key()
    core, api = house.engine.core, house.engine.api_for(await house.engine.authenticate(key))
    line, through = house.line(key), hold_up(house.engine, monkeypatch)

    def asked(user: str, **more: Any) -> asyncio.Task[ContextAnswer]:
        request = FetchContext(user_id=user, search_query=("What am I allergic to?",), **more)
        return asyncio.create_task(api.fetch_context(request))

    await line.say("e", "I am allergic to peanuts.", conversation_id="c")
    await line.until(lambda: core.in_hand)
    mine, of_the_talk = asked("ana", target="user"), asked("ana", target="conversation", conversation_id="c")
    read = asyncio.create_task(api.conversation_turns(ReadConversation(conversation_id="c", user_id="ana")))
    others = await asyncio.wait_for(asked("ben", target="user"), 5)
    waited = not mine.done() and not of_the_talk.done() and not read.done()
    through.set()

    assert waited
    assert others.items == ()
    assert [turn.content for turn in (await read).turns] == ["I am allergic to peanuts."]
    assert ["peanuts" in item.content for item in (await mine).items] == [True]
    assert ["peanuts" in item.content for item in (await of_the_talk).items] == [True]
    assert not core.in_hand


async def test_nobody_waits_for_a_turn_that_the_store_did_not_take(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await house.key()
    line, core = house.line(key), house.engine.core
    genuine, away = core.store.conversations.record, [True]

    async def record(*args: Any, **named: Any) -> Any:
        if away[0]:
            raise ServiceUnavailableError("the database is not available")
        return await genuine(*args, **named)

    monkeypatch.setattr(core.store.conversations, "record", record)
    await line.say("e", "I am allergic to peanuts.", conversation_id="c")
    await line.until(lambda: bool(line.of("signal")))
    waited_for = bool(core.in_hand)
    away[0] = False
    await line.until(lambda: line.acked == ["e"])

    assert not waited_for
    assert [content for _, _, content in await house.turns(key)] == ["I am allergic to peanuts."]


async def test_turns_of_a_client_that_has_gone_are_waited_for_no_longer_than_they_are_finished(
    dsn: str, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async for house in opened(dsn, owner_dsn, replace(LIMITS, finish_seconds=0.05, linger_seconds=0.05)):
        line, in_hand = house.line(await house.key()), house.engine.core.in_hand
        hold_up(house.engine, monkeypatch)
        for number in range(3):
            await line.say(f"e{number}")
        await line.until(partial(bool, in_hand))

        line.call.cancel()

        assert await in_hand.dealt_with([(house.instance_id, conversation_uuid("c"))], seconds=5)
        assert await house.turns(house.key_record.api_key) == []


async def test_an_event_sent_again_is_acknowledged_again_and_recorded_once(house: House) -> None:
    key = await house.key()
    for _ in range(2):
        line = house.line(key)
        for number in range(3):
            await line.say(f"e{number}", f"word {number}")
        await line.until(lambda at=line: len(at.acked) == 3)  # type: ignore[misc]  # bound at once
        assert await line.hang_up() is grpc.StatusCode.OK

    assert {state.message_count for state in line.of("conversation_state")} == {3}
    assert await house.turns(key) == [(n + 1, "user", f"word {n}") for n in range(3)]


async def test_one_event_id_of_two_users_stands_for_two_events(house: House) -> None:
    key = await house.key()
    line = house.line(key)

    await line.say("1", "of ana")
    await line.say("1", "of ben", conversation_id="d", user_id="ben")
    await line.until(lambda: len(line.acked) == 2)

    assert await house.turns(key) == [(1, "user", "of ana")]
    assert await house.turns(key, "d", "ben") == [(1, "user", "of ben")]


async def test_several_streams_at_once_record_an_event_once(house: House) -> None:
    key = await house.key()
    lines = [house.line(key) for _ in range(4)]

    await asyncio.gather(*(line.say("e", "once") for line in lines))
    for line in lines:
        await line.until(lambda at=line: at.acked == ["e"])  # type: ignore[misc]  # bound at once

    assert await house.turns(key) == [(1, "user", "once")]


async def test_what_the_assistant_says_under_the_type_of_the_user_is_the_assistants(house: House) -> None:
    """As the published client sends it whose caller names the role alone."""
    key = await house.key()
    line = house.line(key)

    await line.say("e", "Noted.", role="assistant")
    await line.until(lambda: line.acked == ["e"])

    assert await house.turns(key) == [(1, "assistant", "Noted.")]
    assert line.of("signal") == []


async def test_what_is_no_turn_is_acknowledged_and_not_recorded(house: House) -> None:
    key = await house.key()
    line = house.line(key)
    kinds = ("tool_call", "tool_result", "agent_thinking", "context_request", "context_fetch", "session_start", "dance")

    for kind in kinds:
        await line.say(kind, "", event_type=kind, role="")
    await line.until(lambda: len(line.acked) == len(kinds))

    assert line.of("conversation_state") == line.of("signal") == []
    assert await house.turns(key) == []
    assert house.counted('synap_stream_events_total{outcome="accepted",type="other"}') == 1


@pytest.mark.parametrize(
    ("tenancy", "bad"),
    [
        (Tenancy.OPEN, {"conversation_id": ""}),
        (Tenancy.OPEN, {"content": "  "}),
        (Tenancy.OPEN, {"event_type": ""}),
        (Tenancy.OPEN, {"role": "system"}),
        (Tenancy.OPEN, {"scope": {"team": "x"}}),
        (Tenancy.OPEN, {"content": "x" * 100_001}),
        (Tenancy.B2B, {}),
        (Tenancy.B2C, {"customer_id": "flora"}),
    ],
)
async def test_a_hopeless_event_is_told_counted_and_acknowledged(
    house: House, tenancy: Tenancy, bad: dict[str, Any]
) -> None:
    key = await house.key(tenancy)
    line = house.line(key)

    await line.say("bad", **bad)
    await line.until(lambda: line.acked == ["bad"])

    (signal,) = line.of("signal")
    assert (signal.signal_type, signal.metadata["event_id"]) == ("error", "bad")
    assert signal.reason
    assert house.counted('synap_stream_events_total{outcome="rejected"') == 1
    assert await line.hang_up() is grpc.StatusCode.OK


async def test_an_event_without_an_id_is_recorded_and_not_acknowledged(house: House) -> None:
    key = await house.key()
    line = house.line(key)
    await line.say("", "from an old client")

    await line.until(lambda: line.of("conversation_state"))

    assert line.acked == []
    assert await house.turns(key) == [(1, "user", "from an old client")]


async def test_while_the_store_is_away_nothing_is_acknowledged_and_order_is_kept(house: House) -> None:
    key = await house.key()
    line = house.line(key)
    house.backend.away = True
    for number in range(3):
        await line.say(f"e{number}", f"word {number}")
    await line.until(lambda: line.of("signal"))
    await line.say("e0", "word 0")
    await asyncio.sleep(0.3)
    held = list(line.acked)

    house.backend.away = False
    await line.until(lambda: len(line.acked) == 3)

    signal = line.of("signal")[0]
    assert held == []
    assert (signal.signal_type, signal.metadata["code"]) == ("throttle", "instance_not_ready")
    assert await house.turns(key) == [(n + 1, "user", f"word {n}") for n in range(3)]


async def test_a_half_closed_stream_finishes_what_it_has_and_ends_well(late_house: House) -> None:
    line = late_house.line(await late_house.key())
    for number in range(20):
        await line.say(f"e{number}", f"word {number}")

    code = await line.hang_up()

    assert code is grpc.StatusCode.OK
    assert len(line.acked) == 20


async def test_a_client_that_goes_without_a_word_loses_no_turn_that_was_read(house: House) -> None:
    key = await house.key()
    line = house.line(key)
    house.backend.away = True
    await line.say("e1", "last words")
    await line.until(lambda: line.of("signal"))

    line.call.cancel()
    house.backend.away = False

    for _ in range(200):
        if await house.turns(key):
            break
        await asyncio.sleep(0.02)
    assert await house.turns(key) == [(1, "user", "last words")]


async def test_a_ping_is_answered(house: House) -> None:
    line = house.line(await house.key())

    await line.call.write(StreamEvent(heartbeat_ping={"timestamp_ms": 77}))

    await line.until(lambda: line.of("heartbeat_pong"))
    assert line.of("heartbeat_pong")[0].timestamp_ms == 77


async def test_what_clients_say_about_themselves_is_counted(house: House) -> None:
    line = house.line(await house.key())
    await line.call.write(StreamEvent(session_control={"action": "start", "conversation_id": "c"}))
    await line.call.write(StreamEvent(context_used={"bundle_id": "b", "served_item_ids": ["1", "2"]}))
    await line.call.write(StreamEvent(context_assembled={"assembly_source": "cache"}))

    assert await line.hang_up() is grpc.StatusCode.OK

    assert house.counted('synap_stream_sessions_total{action="start"}') == 1
    assert (house.counted("synap_context_used_total"), house.counted("synap_context_used_items_total")) == (1, 2)
    assert house.counted("synap_context_assembled_total") == 1


async def refused(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError):
        await call.read()
    code: grpc.StatusCode = await call.code()
    return code


async def test_a_stream_needs_a_key_that_holds(house: House) -> None:
    key = await house.key()
    secret = f"synap_mgmt_{uuid.uuid4().hex}"
    operator = await house.operator()
    assert await refused(house.call(None)) is grpc.StatusCode.UNAUTHENTICATED
    assert await refused(house.call("synap_wrong")) is grpc.StatusCode.UNAUTHENTICATED
    assert await refused(house.call(secret)) is grpc.StatusCode.UNAUTHENTICATED
    assert await refused(house.call(key, x_instance_id="inst_0000000000000000")) is grpc.StatusCode.PERMISSION_DENIED
    assert await refused(house.call(key, x_client_id="cli_0")) is grpc.StatusCode.PERMISSION_DENIED
    hinted = house.line(key, x_instance_id=house.instance_id, x_client_id="")
    assert await hinted.hang_up() is grpc.StatusCode.OK

    await operator.update_instance(house.instance_id, UpdateInstance(status="suspended"))
    assert await refused(house.call(key)) is grpc.StatusCode.PERMISSION_DENIED


async def test_a_stream_ends_when_its_key_is_revoked(house: House) -> None:
    key = await house.key()
    line = house.line(key)
    await line.say("e1")
    await line.until(lambda: line.acked)

    await (await house.operator()).revoke_key(house.instance_id, house.key_record.key_id)

    assert await asyncio.wait_for(line.call.code(), 5) is grpc.StatusCode.UNAUTHENTICATED


async def test_before_the_engine_is_there_clients_are_told_to_come_again(house: House) -> None:
    key = await house.key()
    house.gate.close()

    call = house.call(key)

    assert await refused(call) is grpc.StatusCode.UNAVAILABLE
    assert ("code", "instance_not_ready") in [tuple(pair) for pair in await call.trailing_metadata()]


async def test_events_of_one_instance_are_unknown_to_another(house: House) -> None:
    keys = [await house.key(), await house.key()]
    for key in keys:
        line = house.line(key)
        await line.say("same", f"of {keys.index(key)}")
        await line.until(lambda at=line: at.acked)  # type: ignore[misc]  # bound at once

    assert [(await house.turns(key))[0][2] for key in keys] == ["of 0", "of 1"]
    assert await house.turns(keys[0], user="ivo") == []


async def talk_on(line: Line) -> None:
    for number in range(10_000):
        await line.say(f"e{number}", conversation_id=f"c{number}")


async def test_a_client_that_never_reads_loses_the_stream(dsn: str, owner_dsn: str) -> None:
    limits = replace(LIMITS, stalled_seconds=0.5, events=8)
    async for house in opened(dsn, owner_dsn, limits):
        house.backend.bundles = (bundle("x" * 2_000_000),)
        call = house.call(await house.key())
        writing = Line.__new__(Line)
        writing.call = call

        talking = asyncio.create_task(talk_on(writing))
        for _ in range(400):
            if house.counted('synap_streams_refused_total{status="resource_exhausted"}'):
                break
            await asyncio.sleep(0.05)
        assert house.counted('synap_streams_refused_total{status="resource_exhausted"}') == 1
        assert house.counted("synap_streams ") == 0
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)


def bundle(*contents: str, bundle_id: str = "b1") -> ContextBundle:
    items = tuple(
        ContextItem(id=f"m{at}", type="fact", content=text, scope="user", source="user:d", confidence=0.9, score=0.5)
        for at, text in enumerate(contents)
    )
    return ContextBundle(
        bundle_id=bundle_id, bundle_type="anticipation", created_at=datetime.now(UTC), items=items, scope="user"
    )


async def test_a_turn_brings_a_bundle_stamped_with_whose_it_is(house: House) -> None:
    house.backend.bundles = (bundle("Lives in Porto."),)
    line = house.line(await house.key())

    await line.say("e1")
    await line.until(lambda: line.of("context_bundle"))

    (sent,) = line.of("context_bundle")
    assert (sent.bundle_id, sent.anticipation_user_id, sent.anticipation_conversation_id) == ("b1", "ana", "c")
    assert [item.content for item in sent.items_by_type["facts"].items] == ["Lives in Porto."]


async def test_slow_foresight_delays_no_acknowledgement_and_skips_to_the_newest_turn(house: House) -> None:
    house.backend.bundles, house.backend.held = (bundle("x"),), asyncio.Event()
    line = house.line(await house.key())

    for number in range(6):
        await line.say(f"e{number}")
    await line.until(lambda: len(line.acked) == 6)
    assert line.of("context_bundle") == []
    house.backend.held.set()

    await line.until(lambda: len(line.of("context_bundle")) == 2)
    await asyncio.sleep(0.7)
    assert len(line.of("context_bundle")) == 2


async def test_a_bundle_that_does_not_hold_any_more_is_withdrawn_and_replaced(house: House) -> None:
    house.backend.bundles = (bundle("Lives in Lisbon.", "Likes tea."),)
    line = house.line(await house.key())
    await line.say("e1")
    await line.until(lambda: line.of("context_bundle"))

    house.backend.fresh = bundle("Lives in Porto.", "Likes tea.")
    await line.until(lambda: len(line.of("context_bundle")) == 3)

    first, gone, fresh = line.of("context_bundle")
    assert (gone.bundle_id, gone.anticipation_scope_rung) == (first.bundle_id, "-")
    assert [item.content for item in gone.items_by_type["facts"].items] == [""]
    assert fresh.bundle_id == "b1.1"
    assert [item.content for item in fresh.items_by_type["facts"].items] == ["Lives in Porto.", "Likes tea."]


async def test_a_finished_compaction_is_told_to_the_listener_of_its_conversation_alone(house: House) -> None:
    key = await house.key()
    ana, ben = house.line(key), house.line(key)
    for number in range(4):
        await ana.say(f"e{number}", f"The launch is on {number + 1} June and costs {number}00 euros.")
    await ben.say("other", user_id="ben")
    await ana.until(lambda: len(ana.acked) == 4)

    caller = await house.engine.authenticate(key)
    started = await house.engine.api_for(caller).compact_conversation(
        CompactConversation(conversation_id="c", user_id="ana")
    )
    working = asyncio.create_task(house.engine.worker.run(concurrency=1))
    await ana.until(lambda: any(one.bundle_type == "compaction_update" for one in ana.of("context_bundle")), seconds=30)

    (told,) = [one for one in ana.of("context_bundle") if one.bundle_type == "compaction_update"]
    assert told.conversation_context.compaction_id == started.compaction_id
    assert told.conversation_context.compacted_message_count == 4
    assert (told.anticipation_user_id, told.anticipation_conversation_id) == ("ana", "c")
    await asyncio.sleep(0.3)
    assert [one.bundle_type for one in ana.of("context_bundle")].count("compaction_update") == 1
    assert not any(one.bundle_type == "compaction_update" for one in ben.of("context_bundle"))
    house.engine.worker.stop()
    await working


async def test_telemetry_is_counted(house: House) -> None:
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{house.port}")
    house.channels.append(channel)
    ingest: Any = channel.stream_unary(
        f"/{SERVICE}/IngestTelemetry",
        request_serializer=TelemetryEvent.SerializeToString,
        response_deserializer=TelemetryAck.FromString,
    )
    events = [TelemetryEvent(event_type="fetch"), TelemetryEvent(event_type="fetch")]

    ack = await ingest(iter(events), metadata=[("authorization", f"Bearer {await house.key()}")])

    assert (ack.status, ack.events_received, house.reported) == ("accepted", 2, [2])
    with pytest.raises(grpc.aio.AioRpcError):
        await ingest(iter(events))


async def test_a_server_that_stops_finishes_what_it_has_and_says_so_last(house: House) -> None:
    key = await house.key()
    line = house.line(key)
    for number in range(5):
        await line.say(f"e{number}", f"word {number}")
    await asyncio.sleep(0.03)

    await house.door.stop()

    assert await line.call.code() is grpc.StatusCode.OK
    assert [message.WhichOneof("payload") for _, message in line.got][-1] == "signal"
    assert line.of("signal")[-1].signal_type == "closing"
    assert len(await house.turns(key)) == len(line.acked)
