"""Compaction and transcripts as callers meet them: over the engine in process and over HTTP, with the clock in hand."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.doors import DOORS, over_http, sdk_over

from synap import ConflictError, InvalidInputError, NotFoundError, PayloadTooLargeError, Synap, TranscriptConflictError
from synap.api.admin import CreateInstance
from synap.bootstrap import Opening, open_engine
from synap.engine import worker as workers
from synap.engine.engine import Engine
from synap.engine.faults import Fault, Faults
from synap.sdk.http import HttpApi
from synap.settings import Settings
from synap.store.queue import COMPACT
from synap.testing import FixedClock, FixedEmbedder

QUICK = workers.Pace(poll_seconds=0.05, reap_seconds=0.05, lease_seconds=5.0, tries=2, backoff_seconds=0.01)
LIMIT = 100_000
TALK = [
    ("user", "Hi there! I live in Graz with my wife Clara, and my budget is 4,500 euros."),
    ("assistant", "Thanks, noted! Anything else?"),
    ("user", "We fly on 14 June. I prefer aisle seats."),
    ("assistant", "Sure thing."),
    ("user", "We decided to book Casa Amora for nine nights."),
]


class Place:
    """An engine that works when told to, and ways into its instances through one of the doors."""

    def __init__(self, engine: Engine, clock: FixedClock, door: str) -> None:
        self.engine = engine
        self.clock = clock
        self.door = door

    async def way_in(self, tenancy: str = "open") -> Synap:
        operator = self.engine.admin_for(await self.engine.local_caller(kind="management"))
        client = await operator.create_client(name=f"client-{uuid.uuid4()}")
        request = CreateInstance(client_id=client.client_id, name="bot", tenancy=tenancy)
        instance = await operator.create_instance(request)
        if self.door == "in process":
            api: Any = self.engine.api_for(await self.engine.caller_of(instance.id))
        else:
            key = (await operator.create_key(instance.id, label="test")).api_key
            api = HttpApi(over_http(self.engine, key, max_document_bytes=LIMIT))
        return sdk_over(api)

    async def work(self) -> None:
        """Work until nothing waits."""
        task = asyncio.create_task(self.engine.worker.run(concurrency=1))
        try:
            assert await self.engine.worker.drain(seconds=30)
        finally:
            self.engine.worker.stop()
            await task
            self.engine.worker._stopping.clear()  # noqa: SLF001 - the same worker goes on in the next step


@pytest.fixture(params=DOORS)
async def place(request: pytest.FixtureRequest, fresh_dsn: str, fresh_owner_dsn: str) -> AsyncIterator[Place]:
    clock = FixedClock(datetime(2026, 5, 3, 10, tzinfo=UTC))
    settings = Settings(database_url=fresh_dsn, migration_url=fresh_owner_dsn, max_document_bytes=LIMIT)
    opening = Opening(workers=0, embedder=FixedEmbedder(dim=384), pace=QUICK, clock=clock)
    engine = await open_engine(settings, opening)
    yield Place(engine, clock, str(request.param))
    await engine.stop()


@pytest.fixture
async def sdk(place: Place) -> Synap:
    return await place.way_in()


async def talk(sdk: Synap, conversation: str = "a/b c", user: str = "ana") -> None:
    for role, content in TALK:
        await sdk.conversation.record_message(conversation, role, content, user_id=user)


async def test_a_conversation_is_compacted_in_the_background_and_put_into_prompts(place: Place, sdk: Synap) -> None:
    context = sdk.conversation.context
    await talk(sdk)

    before = await context.get_compaction_status("a/b c")
    started = await context.compact("a/b c", strategy="low")
    running = await context.get_compaction_status("a/b c")
    with pytest.raises(ConflictError, match="already"):
        await context.compact("a/b c", force=True)
    nothing = await context.get_compacted("a/b c")
    await place.work()
    done = await context.get_compaction_status("a/b c")
    compacted = await context.get_compacted("a/b c")

    assert (before.status, nothing) == ("none", None)
    assert (started.status, started.trigger_type, started.estimated_completion_seconds) == (
        "in_progress",
        "manual_api",
        60,
    )
    assert (running.status, running.compaction_id) == ("in_progress", started.compaction_id)
    assert (done.status, done.compaction_id, done.latest_version) == ("completed", started.compaction_id, 1)
    assert compacted is not None
    assert (compacted.strategy_used, compacted.validation_passed) == ("conservative", True)
    assert compacted.compression_ratio == pytest.approx(
        compacted.original_token_count / compacted.compacted_token_count, abs=0.001
    )
    assert [point.content for point in compacted.decisions] == ["We decided to book Casa Amora for nine nights."]
    assert [point.content for point in compacted.preferences] == ["I prefer aisle seats."]
    (fact, *_) = compacted.facts
    assert ("4,500 euros" in fact.content, fact.speaker, fact.positions) == (True, "user", (1,))
    assert "noted" not in compacted.formatted_context

    await sdk.conversation.record_message("a/b c", "user", "And a cot for Mia.", user_id="ana")
    prompt = await context.get_context_for_prompt("a/b c")
    place.clock.advance(timedelta(minutes=16))
    later = await context.get_context_for_prompt("a/b c", style="narrative")

    assert prompt.formatted_context.startswith("## Conversation so far (compacted")
    assert prompt.formatted_context.endswith("user: And a cot for Mia.")
    assert prompt.context_block in prompt.formatted_context
    assert [message.content for message in prompt.recent_messages] == ["And a cot for Mia."]
    assert (prompt.compacted_message_count, prompt.recent_message_count, prompt.total_message_count) == (5, 1, 6)
    assert (prompt.compaction_id, prompt.is_stale, later.is_stale) == (started.compaction_id, False, True)
    assert (later.compaction_age_seconds, later.available) == (16 * 60, True)
    turns = await sdk.conversation.messages("a/b c")
    assert [turn.content for turn in turns] == [*(content for _, content in TALK), "And a cot for Mia."]


async def test_the_previous_compaction_stays_usable_and_answers_where_nothing_is_new(place: Place, sdk: Synap) -> None:
    context = sdk.conversation.context
    await talk(sdk)
    first = await context.compact("a/b c")
    await place.work()

    again = await context.compact("a/b c")
    forced = await context.compact("a/b c", force=True)
    meanwhile = await context.get_compacted("a/b c")
    place.clock.advance(timedelta(seconds=7))
    await place.work()
    newest = await context.get_compacted("a/b c")
    pinned = await context.get_compacted("a/b c", version=1, format="bullet_points")

    assert (again.status, again.compaction_id) == ("completed", first.compaction_id)
    assert (forced.status, forced.previous_compaction_id, forced.previous_context_age_seconds) == (
        "in_progress",
        first.compaction_id,
        0,
    )
    assert meanwhile is not None
    assert newest is not None
    assert pinned is not None
    assert (meanwhile.version, newest.version, pinned.version) == (1, 2, 1)
    assert newest.facts == meanwhile.facts
    assert pinned.formatted_context.startswith("- user: ")
    assert await context.get_compacted("a/b c", version=3) is None


async def test_a_conversations_context_carries_its_summary(place: Place, sdk: Synap) -> None:
    await talk(sdk)
    await sdk.conversation.context.compact("a/b c")
    await place.work()

    answer = await sdk.conversation.context.fetch("a/b c", search_query="budget")
    plain = await sdk.user.context.fetch("ana")

    found = answer.conversation_context
    assert found is not None
    assert found.summary.startswith("## Conversation so far (compacted")
    assert found.compaction_id
    assert found.compacted_at is not None
    assert {"facts", "decisions", "preferences"} == set(found.key_extractions)
    assert found.current_state.last_message == TALK[-1][1]
    assert len(found.recent_turns) == len(TALK)
    assert (answer.metadata.compaction_applied, plain.metadata.compaction_applied) == (True, False)


async def test_what_cannot_be_compacted_is_refused_by_name(sdk: Synap) -> None:
    context = sdk.conversation.context
    with pytest.raises(NotFoundError):
        await context.compact("never")
    await talk(sdk)
    with pytest.raises(InvalidInputError, match=r"'balanced'.*'high'") as strategy:
        await context.compact("a/b c", strategy="brutal")
    with pytest.raises(InvalidInputError) as target:
        await context.compact("a/b c", target_tokens=0)
    with pytest.raises(InvalidInputError) as form:
        await context.get_compacted("a/b c", format="haiku")
    with pytest.raises(InvalidInputError) as version:
        await context.get_compacted("a/b c", version=0)

    fields = [error.value.field for error in (strategy, target, form, version)]
    assert fields == ["strategy", "target_tokens", "format", "version"]


async def test_nobody_else_reaches_a_compaction(place: Place, sdk: Synap) -> None:
    await talk(sdk)
    await sdk.conversation.context.compact("a/b c")
    await place.work()
    other = await place.way_in()

    strangers: list[tuple[Synap, dict[str, Any]]] = [
        (other, {}),
        (sdk, {"user_id": "ben"}),
        (sdk, {"user_id": "ana", "customer_id": "acme"}),
    ]
    for stranger, ids in strangers:
        context = stranger.conversation.context
        assert await context.get_compacted("a/b c", **ids) is None
        assert (await context.get_compaction_status("a/b c", **ids)).status == "none"
        assert not (await context.get_context_for_prompt("a/b c", **ids)).available
        with pytest.raises(NotFoundError):
            await context.compact("a/b c", **ids)


async def test_a_worker_that_dies_in_the_middle_is_followed_by_another(place: Place, sdk: Synap) -> None:
    await talk(sdk)
    await sdk.conversation.context.compact("a/b c")
    queue, now = place.engine.core.store.queue, place.clock.now()
    for bucket in await queue.discover(now=now):
        held = await queue.claim(bucket, "w_dead", now=now, lease_until=now + timedelta(seconds=5), limit=16)
        assert COMPACT in {job.kind for job in held}
    still = await sdk.conversation.context.get_compaction_status("a/b c")

    place.clock.advance(timedelta(seconds=10))
    reaped = await queue.reap(now=place.clock.now(), patience=QUICK.patience)
    place.clock.advance(timedelta(minutes=10))
    await place.work()
    done = await sdk.conversation.context.get_compaction_status("a/b c")

    assert reaped.returned == len(TALK) + 1
    assert (still.status, done.status, done.latest_version) == ("in_progress", "completed", 1)


async def test_a_compaction_that_fails_says_so_and_leaves_the_earlier_one(
    place: Place, sdk: Synap, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(sdk)
    await sdk.conversation.context.compact("a/b c")
    await place.work()
    await sdk.conversation.context.compact("a/b c", force=True)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("synap.engine.compactions.compact", broken)
    ticking = asyncio.create_task(_tick(place.clock))
    await place.work()
    ticking.cancel()
    failed = await sdk.conversation.context.get_compaction_status("a/b c")
    usable = await sdk.conversation.context.get_compacted("a/b c")

    assert (failed.status, failed.latest_version) == ("failed", 1)
    assert failed.error_message is not None
    assert "messages themselves are kept" in failed.error_message
    assert usable is not None
    assert usable.version == 1


async def _tick(clock: FixedClock) -> None:
    """Let time pass, so that a retry comes due."""
    while True:
        await asyncio.sleep(0.02)
        clock.advance(timedelta(seconds=1))


async def test_an_interrupted_compaction_is_tried_again(place: Place, sdk: Synap) -> None:
    await talk(sdk)
    await sdk.conversation.context.compact("a/b c")
    object.__setattr__(place.engine.core, "faults", Faults((Fault("compacted", "error", 1),)))
    ticking = asyncio.create_task(_tick(place.clock))
    await place.work()
    ticking.cancel()

    assert (await sdk.conversation.context.get_compaction_status("a/b c")).status == "completed"


async def test_a_conversation_that_outgrows_its_budget_is_compacted_by_itself(place: Place, sdk: Synap) -> None:
    for number in range(9):
        text = (
            f"In week {number} we sold {number + 3} boats in Genoa. " + "The weather was rather fine that week. " * 55
        )
        await sdk.conversation.record_message("long", "user", text, user_id="ana")
    await place.work()
    await place.work()  # the compaction that the last of the messages brought about

    compacted = await sdk.conversation.context.get_compacted("long")
    prompt = await sdk.conversation.context.get_context_for_prompt("long")

    assert compacted is not None
    assert compacted.strategy_used
    assert prompt.compacted_message_count >= 1


async def test_a_transcript_is_recorded_once_remembered_and_compacted(place: Place, sdk: Synap) -> None:
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "My cat is called Biscuit.", "timestamp": "2026-05-01T09:00:00+00:00"},
        {"role": "assistant", "content": "What a sweet name!"},
        {"role": "user", "content": "We moved to Graz in March.", "speaker": "Ana", "metadata": {"mood": "calm"}},
    ]
    about: dict[str, Any] = {
        "conversation_type": "voice",
        "analysis": {"classification": {"primary_category": "pets"}},
        "metadata": {"call": 7},
        "started_at": datetime(2026, 5, 1, 9, tzinfo=UTC),
        "ended_at": "2026-05-01T09:10:00Z",
    }

    first = await sdk.conversation.ingest_transcript("+43 1:call", "ana", turns, **about)
    again = await sdk.conversation.ingest_transcript("+43 1:call", "ana", turns, **about)
    with pytest.raises(TranscriptConflictError):
        await sdk.conversation.ingest_transcript("+43 1:call", "ana", "User: something else")
    await place.work()
    third = await sdk.conversation.ingest_transcript("+43 1:call", "ana", turns, **about)
    messages = await sdk.conversation.messages("+43 1:call")
    done = await sdk.memories.status(first.ingestion_id)
    answer = await sdk.user.context.fetch("ana", search_query="cat Biscuit")

    assert (first.status, first.summary_status, first.turns_recorded) == ("queued", "in_progress", 3)
    assert uuid.UUID(first.conversation_id)
    assert first.external_conversation_id == "+43 1:call"
    assert (again.status, again.ingestion_id, again.turns_recorded) == ("duplicate", first.ingestion_id, 0)
    assert (third.status, third.summary_status) == ("duplicate", "already_compacted")
    assert [(m.role, m.position) for m in messages] == [("user", 1), ("assistant", 2), ("user", 3)]
    assert messages[0].timestamp == datetime(2026, 5, 1, 9, tzinfo=UTC)
    assert done.status == "completed"
    assert any("Biscuit" in item.content for item in answer.items)
    compacted = await sdk.conversation.context.get_compacted("+43 1:call")
    assert compacted is not None
    assert "Biscuit" in compacted.formatted_context
    assert {point.speaker for point in compacted.facts} >= {"user", "Ana"}


async def test_text_is_split_into_turns(sdk: Synap) -> None:
    done = await sdk.conversation.ingest_transcript("t", "ana", "User: Hello\nAssistant: Hi there\nUser: I row boats.")
    plain = await sdk.conversation.ingest_transcript("p", "ana", "A letter without any labels.")

    assert (done.turns_recorded, plain.turns_recorded) == (3, 1)
    turns = await sdk.conversation.messages("t")
    assert [(turn.role, turn.content) for turn in turns] == [
        ("user", "Hello"),
        ("assistant", "Hi there"),
        ("user", "I row boats."),
    ]


async def test_messages_that_are_there_already_are_kept(sdk: Synap) -> None:
    await sdk.conversation.record_message("live", "user", "Hello", user_id="ana")

    done = await sdk.conversation.ingest_transcript("live", "ana", "User: Hello\nAssistant: Hi")

    assert (done.status, done.turns_recorded, len(done.warnings)) == ("queued", 0, 1)
    assert [turn.content for turn in await sdk.conversation.messages("live")] == ["Hello"]


WRONG: list[tuple[dict[str, Any], str, type[Exception]]] = [
    ({"transcript": "  "}, "transcript", InvalidInputError),
    ({"transcript": []}, "transcript", InvalidInputError),
    ({"transcript": 5}, "transcript", InvalidInputError),
    ({"transcript": [{"role": "judge", "content": "x"}]}, "transcript[0].role", InvalidInputError),
    ({"transcript": [{"role": "user", "content": " "}]}, "transcript[0].content", InvalidInputError),
    ({"transcript": "User: " + "x" * LIMIT}, "transcript", PayloadTooLargeError),
    ({"conversation_type": "x" * 65}, "conversation_type", InvalidInputError),
    ({"analysis": {"a": "x" * 65_536}}, "analysis", InvalidInputError),
    ({"metadata": {"a": "x" * 65_536}}, "metadata", InvalidInputError),
    ({"started_at": "soon"}, "started_at", InvalidInputError),
    ({"started_at": "2026-05-02", "ended_at": "2026-05-01"}, "ended_at", InvalidInputError),
]


@pytest.mark.parametrize(("change", "field", "kind"), WRONG)
async def test_a_wrong_transcript_is_refused_by_its_field(
    sdk: Synap, change: dict[str, Any], field: str, kind: type[Exception]
) -> None:
    given: dict[str, Any] = {"conversation_id": "t", "user_id": "ana", "transcript": "User: hi"}
    with pytest.raises(kind) as refusal:
        await sdk.conversation.ingest_transcript(**{**given, **change})

    assert getattr(refusal.value, "field", None) == field
    assert await sdk.conversation.messages("t") == ()


async def test_the_latest_conversations_of_a_user_are_summarised(place: Place, sdk: Synap) -> None:
    await sdk.conversation.ingest_transcript(
        "call-1", "ana", "User: My cat is called Biscuit.", analysis={"classification": {"objective": "chat"}}
    )
    place.clock.advance(timedelta(hours=1))
    await talk(sdk, "call-2")
    await talk(sdk, "call-3", user="ben")

    before = await sdk.user.context.fetch("ana", context_mode="conversation-summary", last_n_conversations=20)
    await place.work()
    after = await sdk.user.context.fetch("ana", context_mode="conversation-summary", last_n_conversations=20)
    one = await sdk.user.context.fetch("ana", context_mode="conversation-summary")
    none = await sdk.user.context.fetch("ana", context_mode="conversation-summary", last_n_conversations=0)

    assert [(row.external_conversation_id, row.summary_status) for row in before.conversations] == [
        ("call-2", "pending"),
        ("call-1", "pending"),
    ]
    assert [(row.summary_status, row.message_count) for row in after.conversations] == [
        ("available", 5),
        ("available", 1),
    ]
    assert after.conversations[1].summary is not None
    assert "Biscuit" in after.conversations[1].summary.narrative_summary
    assert after.conversations[1].classification == {"objective": "chat"}
    assert [len(answer.conversations) for answer in (one, none)] == [1, 0]
    assert not after.items
    wrongs: list[dict[str, Any]] = [
        {"context_mode": "story"},
        {"context_mode": "conversation-summary", "last_n_conversations": 21},
    ]
    for wrong in wrongs:
        with pytest.raises(InvalidInputError):
            await sdk.user.context.fetch("ana", **wrong)


async def test_an_analysis_makes_sure_of_what_the_transcript_says_and_adds_nothing(place: Place, sdk: Synap) -> None:
    text = "User: I think I live in Graz now.\nAssistant: Noted."
    told = {"gist": "Lives in Graz now. Works as a baker in Oslo."}
    await sdk.conversation.ingest_transcript("plain", "ana", text)
    await sdk.conversation.ingest_transcript("hinted", "ben", text, analysis=told)
    await place.work()

    plain = await sdk.user.context.fetch("ana", search_query="Graz")
    hinted = await sdk.user.context.fetch("ben", search_query="Graz baker Oslo")

    def sureness(answer: Any) -> list[float]:
        return [item.confidence for item in answer.items if not item.excerpt and "Graz" in item.content]

    assert max(sureness(plain)) < 0.9 <= max(sureness(hinted))
    assert "baker" not in hinted.formatted_context
