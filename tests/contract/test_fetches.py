"""What a fetch owes its caller when something is away, expired, or asked for in vain; asked of the engine in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from synap.api.admin import CreateInstance
from synap.api.contexts import ContextAnswer, FetchContext
from synap.api.memories import CreateMemory
from synap.api.receipts import problems_of
from synap.bootstrap import Opening, open_engine
from synap.domain.scopes import Scope
from synap.engine.cache import CLIENT_TTL_SECONDS
from synap.engine.engine import Engine
from synap.engine.recalling import SCOPES_OUT_OF_REACH
from synap.engine.signing import signed
from synap.engine.upkeep import AWAY, Upkeep
from synap.errors import NetworkTimeoutError, ServiceUnavailableError
from synap.settings import Settings
from synap.store.retention import Retention
from synap.testing import FixedClock, FixedEmbedder


class Moody(FixedEmbedder):
    """An embedder that fails when told to, in a way of its own."""

    failing = False

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.failing:
            raise RuntimeError("out of memory")
        return await super().embed_queries(texts)


@dataclass(frozen=True)
class Room:
    """An engine with its parts, and an instance to work in."""

    engine: Engine
    clock: FixedClock
    embedder: Moody
    instance_id: str

    async def remember(self, text: str, user: str = "ana") -> None:
        api = self.engine.api_for(await self.engine.caller_of(self.instance_id))
        await api.create_memory(CreateMemory(document=text, document_type="document", user_id=user))
        await self.engine.worker.drain(seconds=30)

    async def fetch(self, *queries: str, **changes: Any) -> ContextAnswer:
        api = self.engine.api_for(await self.engine.caller_of(self.instance_id))
        return await api.fetch_context(FetchContext(target="user", user_id="ana", search_query=queries, **changes))

    async def configure(self, config: dict[str, Any]) -> None:
        admin = self.engine.admin_for(await self.engine.local_caller(kind="management"))
        await admin.set_config(self.instance_id, config)


@pytest.fixture
def database_name(own_database: str) -> str:
    return own_database


@pytest.fixture
async def room(dsn: str, owner_dsn: str) -> AsyncIterator[Room]:
    clock, embedder = FixedClock(), Moody(dim=384)
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=1, embedder=embedder, clock=clock))
    admin = engine.admin_for(await engine.local_caller(kind="management"))
    client = await admin.create_client(name="c")
    instance = await admin.create_instance(CreateInstance(client_id=client.client_id, name="i"))
    yield Room(engine=engine, clock=clock, embedder=embedder, instance_id=instance.id)
    await engine.stop()


async def test_an_embedder_that_fails_in_its_own_way_degrades_the_answer(room: Room) -> None:
    await room.remember("The greenhouse alarm code is marigold.")
    room.embedder.failing = True

    answer = await room.fetch("greenhouse alarm code")

    assert "marigold" in answer.formatted_context
    assert (answer.metadata.degraded, answer.metadata.degraded_code) == ("partial", "unavailable")
    assert [warning.partition(":")[0] for warning in answer.metadata.warnings] == ["no_vectors"]


async def test_an_answer_that_is_not_whole_is_not_for_clients_to_keep(room: Room) -> None:
    api = room.engine.api_for(await room.engine.caller_of(room.instance_id))
    await api.create_memory(CreateMemory(document="The alarm code is marigold.", document_type="document"))
    await room.engine.worker.drain(seconds=30)
    times = []
    for failing in (True, False):
        room.embedder.failing = failing
        answer = await api.fetch_context(FetchContext(target="client", search_query=("alarm code",)))
        assert "marigold" in answer.formatted_context
        times.append(answer.metadata.ttl_seconds)

    assert times == [-1, CLIENT_TTL_SECONDS]


async def test_without_a_query_no_embedder_is_missed(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await room.remember("The greenhouse alarm code is marigold.")
    monkeypatch.setattr(room.engine.core.spaces, "live", _away)

    answer = await room.fetch()

    assert answer.items
    assert answer.metadata.degraded == ""


async def _away() -> None:
    raise RuntimeError


async def test_an_instance_without_vectors_is_answered_by_words_and_is_not_degraded(room: Room) -> None:
    await room.remember("The greenhouse alarm code is marigold.")
    await room.configure({"storage.vector.enabled": False})
    asked = len(room.embedder.calls)

    answer = await room.fetch("greenhouse alarm code")

    assert "marigold" in answer.formatted_context
    assert (answer.metadata.degraded, answer.metadata.embedder) == ("", "")
    assert len(room.embedder.calls) == asked


async def test_scopes_out_of_reach_give_an_empty_answer_that_says_so(room: Room) -> None:
    answer = await room.fetch("anything", scopes=("customer",))

    assert (answer.items, answer.metadata.reason) == ((), SCOPES_OUT_OF_REACH)


async def test_an_answer_tells_how_long_each_stage_took(room: Room) -> None:
    answer = await room.fetch("anything")

    assert answer.metadata.timings_ms.keys() == {"wait", "embed", "store", "compose", "total"}


async def test_a_question_that_shares_nothing_with_memory_scores_far_below_one_that_does(room: Room) -> None:
    await room.remember("Parcels leave at noon.")

    (far,) = (await room.fetch("capital Mongolia")).items
    (near,) = (await room.fetch("When do parcels leave?")).items

    assert far.score < near.score / 2


@pytest.mark.parametrize("policy", ["auto", "delete", "archive"])
async def test_what_has_expired_is_not_served_before_nor_after_the_hourly_pass(room: Room, policy: str) -> None:
    await room.configure({"storage.retention.max_memory_age_days": 7, "storage.retention.compaction_policy": policy})
    await room.remember("The greenhouse alarm code is marigold. How odd.")
    fresh = await room.fetch("greenhouse alarm code")
    room.clock.advance(timedelta(days=7, seconds=1))
    room.engine.core.cache.forget(instance_id=room.instance_id)

    before = await room.fetch("greenhouse alarm code")
    await Upkeep(room.engine.core, room.engine.instances, room.engine.metrics).expire()
    after = await room.fetch("greenhouse alarm code")

    assert fresh.items
    assert (before.items, after.items) == ((), ())
    await room.configure({})
    assert (await room.fetch("greenhouse alarm code")).items == ()


@pytest.mark.parametrize(("policy", "actions"), [("delete", ["retention"]), ("archive", [])])
async def test_what_retention_erases_gives_a_receipt(room: Room, policy: str, actions: list[str]) -> None:
    await room.configure({"storage.retention.max_memory_age_days": 7, "storage.retention.compaction_policy": policy})
    await room.remember("The greenhouse alarm code is marigold.")
    admin = room.engine.admin_for(await room.engine.local_caller(kind="management"))
    room.clock.advance(timedelta(days=7, seconds=1))

    for _ in range(2):
        await Upkeep(room.engine.core, room.engine.instances, room.engine.metrics).expire()

    page = await admin.receipts(room.instance_id)
    assert [one.action for one in page.data] == actions
    assert [one.removed for one in page.data] == [{"documents": 1, "memories": 1, "segments": 1} for _ in actions]
    assert problems_of(page.data, key=page.key, signed=signed, whole=True) == ()


@pytest.mark.parametrize(
    ("error", "code", "trouble"),
    [
        (NetworkTimeoutError("locked"), "transient.timeout", None),
        (RuntimeError("broken"), "unexpected", "RuntimeError"),
    ],
)
async def test_retention_that_fails_for_one_user_ends_what_all_others_have(
    room: Room, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str, trouble: str | None
) -> None:
    await room.configure({"storage.retention.max_memory_age_days": 7})
    users = ("ana", "ben", "cora", "dan")
    for user in users:
        await room.remember("The greenhouse alarm code is marigold.", user)
    room.clock.advance(timedelta(days=7, seconds=1))
    upkeep, real = Upkeep(room.engine.core, room.engine.instances, room.engine.metrics), Retention.erase

    async def erase(self: Retention, scope: Scope, **moments: Any) -> int:
        if (scope.space, scope.user_id) == (room.instance_id, "ben"):
            raise error
        return await real(self, scope, **moments)

    with monkeypatch.context() as patched:
        patched.setattr(Retention, "erase", erase)
        async with upkeep.guard.round():
            ended = await upkeep.expire()
    told = upkeep.guard.trouble
    async with upkeep.guard.round():
        later = await upkeep.expire()

    assert (ended, told) == (len(users) - 1, trouble)
    assert f'synap_retention_failures_total{{code="{code}"}} 1.0' in room.engine.metrics.text().decode()
    assert (later, upkeep.guard.trouble) == (1, None)


async def test_where_the_store_is_away_retention_gives_the_round_up(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.configure({"storage.retention.max_memory_age_days": 7})
    for number in range(AWAY + 2):
        await room.remember("The greenhouse alarm code is marigold.", f"user-{number}")
    room.clock.advance(timedelta(days=7, seconds=1))
    tried = []

    async def end(*asked: Any, **_: Any) -> int:
        tried.append(asked)
        raise ServiceUnavailableError("away")

    for way in ("erase", "archive"):
        monkeypatch.setattr(Retention, way, end)
    with pytest.raises(ServiceUnavailableError):
        await Upkeep(room.engine.core, room.engine.instances, room.engine.metrics).expire()

    assert len(tried) == AWAY


async def test_an_answer_that_will_expire_soon_is_not_kept(room: Room) -> None:
    await room.configure({"storage.retention.max_memory_age_days": 7})
    await room.remember("The greenhouse alarm code is marigold.")
    hits = []
    for ahead in (timedelta(), timedelta(days=6, hours=23, minutes=45)):
        room.clock.advance(ahead)
        room.engine.core.cache.forget(instance_id=room.instance_id)
        await room.fetch("greenhouse alarm code")
        hits.append((await room.fetch("greenhouse alarm code")).metadata.cache_hit)

    assert hits == [True, False]


async def test_a_budget_beyond_all_numbers_is_answered(room: Room) -> None:
    await room.remember("The greenhouse alarm code is marigold.")

    assert "marigold" in (await room.fetch("greenhouse alarm code", max_tokens=2**70)).formatted_context


async def test_where_no_memory_answers_passages_do_for_their_own_type(room: Room) -> None:
    await room.remember("The greenhouse alarm code: is it marigold?")

    facts = await room.fetch("greenhouse alarm code", types=("fact",))
    preferences = await room.fetch("greenhouse alarm code", types=("preference",))

    assert [item.excerpt for item in facts.items] == [True]
    assert preferences.items == ()


async def test_a_question_about_somebody_unnamed_is_asked_again_by_name_in_accurate_mode(room: Room) -> None:
    for text in ("Tilda's sister is Wanda.", "Wanda mends clocks.", "Lorne mends nets.", "Petra mends clocks at sea."):
        await room.remember(text)

    fast = await room.fetch("What does Tilda's sister mend?", response_shape="ranked")
    deep = await room.fetch("What does Tilda's sister mend?", response_shape="ranked", mode="accurate")
    plain = await room.fetch("What does Petra mend?", response_shape="ranked", mode="accurate")

    assert fast.metadata.mode_note == ""
    assert deep.metadata.mode_note.endswith("second hop")
    assert [item.content for item in deep.items].index("Wanda mends clocks") <= 1
    assert "second hop" not in plain.metadata.mode_note


async def test_a_kept_answer_tells_each_request_what_concerns_that_one(room: Room) -> None:
    await room.remember("The greenhouse alarm code is marigold.")

    answers = [await room.fetch("greenhouse alarm code", max_results=most) for most in (100, 50, 100)]

    assert [answer.metadata.cache_hit for answer in answers] == [False, True, True]
    assert ["not 100" in " ".join(answer.metadata.warnings) for answer in answers] == [True, False, True]
    assert all("marigold" in answer.formatted_context for answer in answers)
