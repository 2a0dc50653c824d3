"""Deleting, forgetting and profiles: the same in process and over HTTP, each with an instance of its own."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from tests.doors import DOORS, over_http, sdk_over

from synap import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, Synap
from synap.api.admin import CreateInstance
from synap.api.data import DataDeletion, DeleteData
from synap.api.protocol import AdminApi, Api
from synap.bootstrap import Opening, open_engine
from synap.engine import data
from synap.engine.accounts import MANAGEMENT_PREFIX, new_key, new_key_id
from synap.engine.engine import Engine
from synap.sdk.http import HttpApi
from synap.sdk.http_admin import HttpAdminApi
from synap.settings import Settings
from synap.testing import FixedEmbedder

NEEDLE = "xylocarp"
COLUMNS = """
select table_name, column_name from information_schema.columns
where table_schema = 'public' and data_type in ('text', 'jsonb', 'bytea', 'ARRAY')
and table_name not in (select relname from pg_class where relispartition)
"""


@dataclass(frozen=True)
class Home:
    """An engine, an instance in it, and the SDK by one of the doors."""

    engine: Engine
    operator: AdminApi
    instance_id: str
    sdk: Synap
    owner_dsn: str

    async def remember(self, text: str, **ids: Any) -> None:
        accepted = await self.sdk.memories.create(text, document_type="document", mode="fast", **ids)
        done = await self.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
        assert done.status == "completed"

    def traces(self, needle: str) -> list[tuple[str, str]]:
        """Return the columns, of all tables, that hold a text in any row."""
        found = []
        with psycopg.connect(self.owner_dsn) as connection:
            for table, column in connection.execute(COLUMNS).fetchall():
                query = f'select "{column}"::text from "{table}" where "{column}" is not null'  # noqa: S608 - names from the catalogue
                for (stored,) in connection.execute(query).fetchall():
                    raw = bytes.fromhex(stored[2:]) if stored.startswith("\\x") else stored.encode()
                    if needle.encode() in raw:
                        found.append((table, column))
        return found


OpenHome = Callable[..., Awaitable[Home]]


@pytest.fixture
def database_name(own_database: str) -> str:
    """A database of these tests' own, so that they wait for no job of others."""
    return own_database


@pytest.fixture(params=DOORS)
async def enter(request: pytest.FixtureRequest, dsn: str, owner_dsn: str) -> AsyncIterator[OpenHome]:
    """A function that makes an instance, by one of the doors."""
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=2, embedder=FixedEmbedder(dim=384)))
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    secret = new_key(MANAGEMENT_PREFIX)
    await engine.core.store.accounts.create_key(
        None, new_key_id(), secret=secret, label="test", now=engine.core.clock.now()
    )
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")

    async def entered(tenancy: str = "open", config: str = "") -> Home:
        instance = await operator.create_instance(
            CreateInstance(client_id=client.client_id, name=f"bot-{uuid.uuid4()}", tenancy=tenancy)
        )
        if config:
            await operator.set_config(instance.id, config)
        key = (await operator.create_key(instance.id, label="test")).api_key
        api: Api = engine.api_for(await engine.authenticate(key))
        admin: AdminApi = operator
        if request.param == "over http":
            api, admin = HttpApi(over_http(engine, key)), HttpAdminApi(over_http(engine, secret))
        return Home(
            engine=engine,
            operator=operator,
            instance_id=instance.id,
            sdk=sdk_over(api, admin),
            owner_dsn=owner_dsn,
        )

    yield entered
    await engine.stop()


async def test_a_deleted_user_leaves_no_byte_behind(enter: OpenHome) -> None:
    home = await enter()
    needle = f"{NEEDLE}{uuid.uuid4().hex[:8]}"
    ana: dict[str, Any] = {"user_id": "ana", "customer_id": "flora"}
    await home.remember(f"I live in {needle}. My dog is called {needle.upper()}. I prefer {needle} tea.", **ana)
    await home.sdk.conversation.record_message("c", "user", f"I met {needle} yesterday.", "ana", "flora")
    await home.remember("The roof is red.", user_id="ana", customer_id="fauna")
    await home.sdk.user.context.fetch("ana", "flora", search_query=needle)
    await home.engine.worker.drain(seconds=30)
    assert home.traces(needle)

    counted = await home.sdk.data.delete("user", **ana, dry_run=True)
    deleted = await home.sdk.data.delete("user", **ana, confirm="ana")

    assert (counted.status, counted.found, counted.deletion_id) == ("dry_run", True, None)
    assert counted.counts["memories"] > 0
    assert (deleted.status, deleted.fully_removed, deleted.still_present_in) == ("complete", True, ())
    assert {what: count for what, count in deleted.counts.items() if count} == {
        what: count for what, count in counted.counts.items() if count
    }
    assert home.traces(needle) == []
    assert home.traces(needle.upper()) == []
    assert (await home.sdk.user.context.fetch("ana", "flora", search_query=needle)).items == []
    assert (await home.sdk.memories.list(user_id="ana", customer_id="fauna")).total == 1
    assert deleted.deletion_id is not None
    record = await home.sdk.data.status(deleted.deletion_id)
    assert (record.status, record.counts, record.audit) == ("complete", deleted.counts, deleted.audit)
    (entry,) = [one for one in (await home.operator.audit(limit=50)).data if deleted.deletion_id in one.target_ids]
    assert (entry.action, entry.user_id, entry.count) == ("data.delete", "ana", sum(deleted.counts.values()))


async def test_a_deleted_user_may_come_back(enter: OpenHome) -> None:
    home = await enter()
    await home.remember("The roof is red.", user_id="ana")
    await home.sdk.data.delete("user", user_id="ana", confirm="ana")

    await home.remember("The roof is blue.", user_id="ana")

    assert [one.content for one in (await home.sdk.memories.list(user_id="ana")).data] != []
    again = await home.sdk.data.delete("user", user_id="ana", confirm="ana")
    assert again.fully_removed


async def test_a_deleted_conversation_keeps_what_was_learned_from_it(enter: OpenHome) -> None:
    home = await enter()
    needle = f"{NEEDLE}{uuid.uuid4().hex[:8]}"
    await home.sdk.conversation.record_message("c", "user", "I live in Lisbon.", "ana", "flora")
    await home.sdk.conversation.record_message("c", "assistant", f"Noted, says {needle}.", "ana", "flora")
    await home.sdk.conversation.record_message("d", "user", "My cat is called Biscuit.", "ana", "flora")
    await home.engine.worker.drain(seconds=30)
    before = (await home.sdk.memories.list(user_id="ana", customer_id="flora")).total

    deleted = await home.sdk.data.delete(
        "conversation", conversation_id="c", user_id="ana", customer_id="flora", confirm="c"
    )

    page = await home.sdk.memories.list(user_id="ana", customer_id="flora")
    assert (deleted.status, deleted.fully_removed, deleted.memories_kept) == ("complete", True, True)
    assert deleted.counts["messages"] == 2
    assert page.total == before > 0
    assert any("Lisbon" in one.content for one in page.data)
    assert await home.sdk.conversation.messages("c", "ana", "flora") == ()
    assert len(await home.sdk.conversation.messages("d", "ana", "flora")) == 1
    assert home.traces(needle) == []
    found = await home.sdk.user.context.fetch("ana", "flora", search_query="where do I live")
    assert any("Lisbon" in item.content for item in found.items)


async def test_a_conversation_without_ids_is_its_only_owners(enter: OpenHome) -> None:
    home = await enter()
    await home.sdk.conversation.record_message("c", "user", "The roof is red.", "ana", "flora")
    await home.sdk.conversation.record_message("d", "user", "The roof is red.", "ana", "flora")
    await home.sdk.conversation.record_message("d", "user", "The roof is red.", "ben", "flora")

    gone = await home.sdk.data.delete("conversation", conversation_id="c", confirm="c")
    unknown = await home.sdk.data.delete("conversation", conversation_id="x", confirm="x")
    with pytest.raises(InvalidInputError, match="several"):
        await home.sdk.data.delete("conversation", conversation_id="d", confirm="d")

    assert (gone.found, gone.fully_removed) == (True, True)
    assert (unknown.found, unknown.deletion_id) == (False, None)


async def test_a_customer_goes_with_its_users_and_for_the_operator_alone(enter: OpenHome) -> None:
    home = await enter()
    for user in ("ana", "ben"):
        await home.remember("The roof is red.", user_id=user, customer_id="flora")
    await home.remember("The fence is tall.", customer_id="flora")
    await home.remember("The roof is red.", user_id="ana", customer_id="fauna")
    api = await home.sdk._connection.api()  # noqa: SLF001 - the application's own way in

    with pytest.raises(ForbiddenError, match="management key"):
        await api.delete_data(DeleteData(scope="customer", customer_id="flora", confirm="flora"))
    deleted = await home.sdk.data.delete("customer", customer_id="flora", confirm="flora")

    assert (deleted.status, deleted.fully_removed) == ("complete", True)
    everyone: tuple[dict[str, Any], ...] = (
        {"user_id": "ana", "customer_id": "flora"},
        {"user_id": "ben", "customer_id": "flora"},
        {"customer_id": "flora"},
    )
    for ids in everyone:
        assert (await home.sdk.memories.list(**ids)).total == 0
    assert (await home.sdk.memories.list(user_id="ana", customer_id="fauna")).total == 1


async def test_a_deletion_that_takes_long_is_gone_on_with(enter: OpenHome, monkeypatch: pytest.MonkeyPatch) -> None:
    home = await enter()
    for user in ("ana", "ben", "cleo"):
        await home.remember("The roof is red.", user_id=user, customer_id="flora")
    monkeypatch.setattr(data, "WORK_SECONDS", 0.0)
    api = await home.sdk._connection.admin()  # noqa: SLF001 - one call at a time
    request = DeleteData(scope="customer", instance_id=home.instance_id, customer_id="flora", confirm="flora")

    first = await api.delete_data(request)
    with pytest.raises(ConflictError, match="being deleted"):
        await home.sdk.memories.create("The gate is green.", user_id="new", customer_id="flora")
    monkeypatch.setattr(data, "WORK_SECONDS", 5.0)
    second = await api.delete_data(request)

    assert (first.status, first.continues, first.fully_removed) == ("in_progress", True, False)
    assert (second.status, second.continues, second.fully_removed) == ("complete", False, True)
    assert second.deletion_id == first.deletion_id
    await home.remember("The gate is green.", user_id="new", customer_id="flora")


async def test_what_nobody_goes_on_with_is_finished_by_the_engine(
    enter: OpenHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = await enter()
    await home.remember("The roof is red.", user_id="ana")
    monkeypatch.setattr(data, "WORK_SECONDS", 0.0)
    begun = await home.sdk.data.delete("user", user_id="ana", confirm="ana", wait=False)

    await data._finish(home.engine.core, home.engine.instances, idle=0.0)  # noqa: SLF001 - one round of the loop

    assert begun.deletion_id is not None
    ended = await home.sdk.data.status(begun.deletion_id)
    assert (begun.status, ended.status, ended.fully_removed) == ("in_progress", "complete", True)
    assert (await home.sdk.memories.list(user_id="ana")).total == 0


async def test_two_callers_at_once_delete_once(enter: OpenHome) -> None:
    home = await enter()
    await home.remember("The roof is red.", user_id="ana")

    async def delete() -> DataDeletion | ConflictError:
        try:
            return await home.sdk.data.delete("user", user_id="ana", confirm="ana")
        except ConflictError as error:
            return error

    answers = await asyncio.gather(*(delete() for _ in range(4)))

    done = [one for one in answers if isinstance(one, DataDeletion)]
    assert done
    assert all(one.fully_removed for one in done)
    assert sum(one.found for one in done) == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"scope": "user", "user_id": "ana"}, "confirm"),
        ({"scope": "user", "user_id": "ana", "confirm": "ann"}, "confirm"),
        ({"scope": "user", "confirm": "ana"}, "user_id"),
        ({"scope": "conversation", "user_id": "ana", "confirm": "c"}, "conversation_id"),
        ({"scope": "customer", "confirm": "c"}, "customer_id"),
        ({"scope": "customer", "customer_id": "c", "user_id": "u", "confirm": "c"}, "user_id"),
        ({"scope": "client", "user_id": "ana", "confirm": "ana"}, "scope"),
        ({"scope": "user", "user_id": "", "confirm": ""}, "user_id"),
    ],
)
async def test_a_deletion_that_is_not_clear_is_refused(enter: OpenHome, asked: dict[str, str], field: str) -> None:
    home = await enter()

    with pytest.raises(InvalidInputError) as refused:
        await home.sdk.data.delete(**asked)  # type: ignore[arg-type]  # words

    assert refused.value.field == field


async def test_tenancy_holds_for_deletions(enter: OpenHome) -> None:
    apart, plain = await enter("b2b"), await enter("b2c")

    with pytest.raises(InvalidInputError, match="customer_id is required"):
        await apart.sdk.data.delete("user", user_id="ana", confirm="ana")
    with pytest.raises(InvalidInputError, match="customer_id must be left out"):
        await plain.sdk.data.delete("customer", customer_id="flora", confirm="flora")


async def test_the_record_of_a_deletion_is_not_told_to_another_instance(enter: OpenHome) -> None:
    home, other = await enter(), await enter()
    await home.remember("The roof is red.", user_id="ana")
    deleted = await home.sdk.data.delete("user", user_id="ana", confirm="ana")

    assert deleted.deletion_id is not None
    for asked in (deleted.deletion_id, str(uuid.uuid4())):
        with pytest.raises(NotFoundError):
            await other.sdk.data.status(asked)


async def test_forgetting_shows_first_and_takes_only_what_is_meant(enter: OpenHome) -> None:
    home = await enter()
    ana: dict[str, Any] = {"user_id": "ana", "customer_id": "flora"}
    needle = f"{NEEDLE}{uuid.uuid4().hex[:8]}"
    await home.remember(f"My cat is called {needle}.", **ana)
    await home.remember("I work at Acme as a nurse.", **ana)
    await home.remember("My sister lives in Oslo.", **ana)
    await home.remember("Our office cat is called Pixel.", customer_id="flora")
    before = (await home.sdk.memories.list(**ana)).total

    shown = await home.sdk.memories.forget("what my cat is called", **ana)
    nothing = await home.sdk.memories.forget("something nobody ever said", **ana)
    kept = (await home.sdk.memories.list(**ana)).total
    gone = await home.sdk.memories.forget("what my cat is called", **ana, mode="direct")

    assert (shown.status, nothing.status, kept) == ("preview", "nothing_matches", before)
    assert all(needle in one.content.casefold() for one in shown.candidates)
    assert (gone.status, gone.failed_ids, gone.still_present_in) == ("deleted", (), ())
    assert set(gone.deleted_ids) == {one.memory_id for one in shown.candidates}
    assert home.traces(needle) == []
    assert (await home.sdk.memories.list(**ana)).total == before - len(gone.deleted_ids)
    assert (await home.sdk.memories.list(customer_id="flora")).total == 1
    for memory_id in gone.deleted_ids:
        with pytest.raises(NotFoundError):
            await home.sdk.memories.get(memory_id)


async def test_forgetting_never_reaches_another_user(enter: OpenHome) -> None:
    home = await enter()
    await home.remember("My cat is called Biscuit.", user_id="ana", customer_id="flora")

    for ids in (
        {"user_id": "ben", "customer_id": "flora"},
        {"user_id": "ana", "customer_id": "fauna"},
        {"user_id": "ana"},
    ):
        answer = await home.sdk.memories.forget("my cat Biscuit", **ids, mode="direct")
        assert answer.status == "nothing_matches"

    assert (await home.sdk.memories.list(user_id="ana", customer_id="flora")).total == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"description": "ca", "user_id": "ana"}, "description"),
        ({"description": "  a  ", "user_id": "ana"}, "description"),
        ({"description": "x" * 501, "user_id": "ana"}, "description"),
        ({"description": "my cat", "user_id": ""}, "user_id"),
        ({"description": "my cat", "user_id": None}, "user_id"),
        ({"description": "my cat", "user_id": "ana", "mode": "now"}, "mode"),
    ],
)
async def test_forgetting_that_is_not_clear_is_refused(enter: OpenHome, asked: Any, field: str) -> None:
    home = await enter()

    with pytest.raises(InvalidInputError) as refused:
        await home.sdk.memories.forget(**asked)

    assert refused.value.field == field


async def test_a_profile_is_there_where_it_is_wanted_and_for_the_user_alone(enter: OpenHome) -> None:
    home = await enter(config="retrieval:\n  profiles: true\n")
    ana: dict[str, Any] = {"user_id": "github|1/x", "customer_id": "flora"}
    await home.remember("I live in Lisbon. I work at Acme. I prefer window seats on flights.", **ana)
    await home.remember("The office of Flora is in Porto.", customer_id="flora")

    profile = await home.sdk.user.profile(**ana)

    assert profile.attributes["residence"].value == "Lisbon"
    assert 0 < profile.attributes["residence"].confidence <= 1
    assert "Lisbon" in profile.overview
    assert any("window" in one for one in profile.extras["preferences"])
    assert "Porto" not in str(profile)
    beside = await home.sdk.user.context.fetch(**ana, context_mode="conversation-summary")
    without = await home.sdk.user.context.fetch(**ana, context_mode="conversation-summary", include_profile=False)
    assert beside.profile is not None
    assert beside.profile.attributes == profile.attributes
    assert without.profile is None
    for ids in ({"user_id": "github|1/x"}, {"user_id": "other", "customer_id": "flora"}):
        with pytest.raises(NotFoundError, match="no profile"):
            await home.sdk.user.profile(**ids)


async def test_without_being_wanted_there_is_no_profile(enter: OpenHome) -> None:
    home = await enter()
    await home.remember("I live in Lisbon.", user_id="ana")

    with pytest.raises(NotFoundError, match="no profile"):
        await home.sdk.user.profile("ana")


async def test_each_of_several_questions_has_its_share(enter: OpenHome) -> None:
    home = await enter()
    await home.remember("I like green tea. I like black tea. I like white tea. I like iced tea.", user_id="ana")
    await home.remember("I play the oboe.", user_id="ana")

    found = await home.sdk.user.context.fetch(
        "ana", search_query=["tea", "oboe"], max_results=3, max_results_per_query=2, types=["facts", "preferences"]
    )

    assert any("oboe" in item.content for item in found.items)
    assert len(found.items) <= 3
    with pytest.raises(InvalidInputError, match="max_results_per_query"):
        await home.sdk.user.context.fetch("ana", search_query="tea", max_results_per_query=0)


async def talked(home: Home, needle: str, user: str = "ana") -> None:
    """Say a word in every way in which it can be said, and let it be summarised."""
    about: dict[str, Any] = {"analysis": {"gist": needle}, "metadata": {"told": needle}, "conversation_type": needle}
    text = f"User: My code word is {needle}.\nAssistant: I will keep {needle} safe."
    told = await asyncio.gather(
        *(home.sdk.conversation.ingest_transcript("call", user, text, "flora", **about) for _ in range(6))
    )
    assert sum(one.turns_recorded for one in told) == 2
    assert len({one.ingestion_id for one in told}) == 1
    event = {
        "event_id": f"e-{needle}",
        "event_type": "user_message",
        "conversation_id": "chat",
        "content": f"I told you that {needle} is the word.",
        "user_id": user,
        "customer_id": "flora",
    }
    taken = await asyncio.gather(*(home.sdk.conversation.record_events([event]) for _ in range(4)))
    assert sorted(one.results[0].status for one in taken) == ["accepted", *["duplicate"] * 3]
    await home.engine.worker.drain(seconds=30)
    await home.sdk.conversation.context.compact("chat", user_id=user, customer_id="flora")
    await home.engine.worker.drain(seconds=30)
    for conversation in ("call", "chat"):
        found = await home.sdk.conversation.context.get_compacted(conversation, user_id=user, customer_id="flora")
        assert found is not None
        assert needle in found.formatted_context


async def test_transcripts_events_and_summaries_go_with_a_user(enter: OpenHome) -> None:
    home = await enter()
    needle = f"{NEEDLE}{uuid.uuid4().hex[:8]}"
    await talked(home, needle)
    assert {table for table, _ in home.traces(needle)} >= {"conversation", "message", "summary", "document", "memory"}

    deleted = await home.sdk.data.delete("user", user_id="ana", customer_id="flora", confirm="ana")

    assert deleted.fully_removed
    assert home.traces(needle) == []


async def test_transcripts_events_and_summaries_go_with_their_conversation(enter: OpenHome) -> None:
    home = await enter()
    needle = f"{NEEDLE}{uuid.uuid4().hex[:8]}"
    await talked(home, needle)

    for conversation in ("call", "chat"):
        deleted = await home.sdk.data.delete(
            "conversation", conversation_id=conversation, user_id="ana", customer_id="flora", confirm=conversation
        )
        assert deleted.fully_removed

    assert {table for table, _ in home.traces(needle)} <= {"memory", "entity"}


async def test_transcripts_events_and_summaries_go_with_an_instance(enter: OpenHome) -> None:
    home = await enter()
    needle = f"{NEEDLE}{uuid.uuid4().hex[:8]}"
    await talked(home, needle)

    await home.operator.delete_instance(home.instance_id)

    assert home.traces(needle) == []


async def test_a_feeling_about_what_is_deleted_goes_with_it_and_what_stands_beside_it_stays(enter: OpenHome) -> None:
    home = await enter()
    needle = f"{NEEDLE}{uuid.uuid4().hex[:8]}".capitalize()
    accepted = await home.sdk.memories.create(
        f"User: My sister works at {needle} Labs since May 2023, and I was happy about it. I live in Oslo.",
        user_id="ana",
        customer_id="flora",
    )
    await home.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
    known = (await home.sdk.memories.list(user_id="ana", customer_id="flora")).data
    (fact,) = [one for one in known if needle in one.content and "happy" not in one.content]

    await home.sdk.memories.delete(fact.memory_id)

    left = (await home.sdk.memories.list(user_id="ana", customer_id="flora")).data
    assert any("happy because" in one.content for one in known)
    assert [one.content for one in left] == ["The user lives in Oslo"]
    assert home.traces(needle) == home.traces(needle.lower()) == []


async def test_what_is_forgotten_is_in_no_transcript_or_summary(enter: OpenHome) -> None:
    home = await enter()
    needle = f"{NEEDLE}{uuid.uuid4().hex[:8]}"
    text = f"User: My code word is {needle}.\nAssistant: Noted."
    await home.sdk.conversation.ingest_transcript("call", "ana", text, "flora", analysis={"gist": needle})
    await home.engine.worker.drain(seconds=30)

    done = await home.sdk.memories.forget(f"code word {needle}", user_id="ana", customer_id="flora", mode="direct")

    await home.engine.worker.drain(seconds=30)
    assert done.status == "deleted"
    assert home.traces(needle) == []


async def said(home: Home, text: str, **ids: Any) -> str:
    """Hand in what a user says, and return the id of its ingestion, which has ended."""
    accepted = await home.sdk.memories.create(f"User: {text}", **ids)
    done = await home.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
    return done.ingestion_id


async def test_an_undone_ingestion_leaves_no_byte_and_what_it_ended_is_believed_again(enter: OpenHome) -> None:
    home = await enter()
    needle = f"X{uuid.uuid4().hex[:8]}"
    await said(home, "My dentist is Dr. Haug.", user_id="ana")
    last = await said(home, f"My dentist is Dr. {needle}.", user_id="ana")
    (old,) = (await home.sdk.memories.list(user_id="ana", status="superseded")).data

    history = await home.sdk.memories.history(old.memory_id)
    looked = await home.sdk.memories.undo(last, preview=True)
    undone = await home.sdk.memories.undo(last, user_id="ana")

    assert [(one.reason, [(a.name, a.value) for a in one.attributes]) for one in history] == [
        ("newer value of dentist", [("dentist", "dr haug")]),
        ("", [("dentist", f"dr {needle.casefold()}")]),
    ]
    assert all(one.evidence for one in history)
    assert looked.preview
    assert (looked.removed_ids, looked.restored_ids) == (undone.removed_ids, undone.restored_ids)
    assert undone.restored_ids == (old.memory_id,)
    assert home.traces(needle) == []
    assert [row.content for row in (await home.sdk.memories.list(user_id="ana")).data] == [old.content]
    with pytest.raises(NotFoundError):
        await home.sdk.memories.undo(last)


@pytest.mark.parametrize("served", ["what was written", "what stood before"])
async def test_what_somebody_wrote_into_a_memory_goes_with_its_ingestion_and_how_it_stood_before_too(
    enter: OpenHome, served: str
) -> None:
    home = await enter()
    needle = f"X{uuid.uuid4().hex[:8]}"
    await said(home, "My dentist is Dr. Haug.", user_id="ana")
    last = await said(home, f"My dentist is Dr. {needle}.", user_id="ana")
    (memory,) = (await home.sdk.memories.list(user_id="ana")).data
    await home.sdk.memories.update(memory.memory_id, f"My dentist is Dr. {needle}-Ruiz.", "replace")
    earlier = (await home.sdk.memories.history(memory.memory_id))[-2]
    if served == "what stood before":
        await home.sdk.memories.restore(earlier.memory_id)

    looked = await home.sdk.memories.undo(last, preview=True)
    undone = await home.sdk.memories.undo(last, user_id="ana")

    assert set(undone.removed_ids) == {memory.memory_id, earlier.memory_id}
    assert (looked.removed_ids, looked.restored_ids) == (undone.removed_ids, undone.restored_ids)
    assert home.traces(needle) == []
    assert [row.content for row in (await home.sdk.memories.list(user_id="ana")).data] == [
        "The user's dentist is Dr. Haug"
    ]


async def test_an_unclear_retraction_waits_until_somebody_says_what_was_meant(enter: OpenHome) -> None:
    home = await enter()
    await said(home, "I booked a trip to Rome.", user_id="ana")
    await said(home, "My sister hated our trip to Oslo in the rain.", user_id="ana")
    doubtful = await said(home, "Forget what I said about the trip.", user_id="ana")

    (waiting,) = await home.sdk.memories.pending_retractions(user_id="ana")
    status = await home.sdk.memories.status(doubtful)
    meant = next(one for one in waiting.candidates if "Rome" in one.content)
    settled = await home.sdk.memories.settle_retraction(waiting.retraction_id, [meant.memory_id], user_id="ana")

    assert (waiting.ingestion_id, waiting.topic, len(waiting.candidates)) == (doubtful, "trip", 2)
    assert "retraction pending" in (status.error_message or "")
    assert settled.retracted_ids == (meant.memory_id,)
    assert (await home.sdk.memories.get(meant.memory_id)).status == "retracted"
    assert await home.sdk.memories.pending_retractions(user_id="ana") == ()
    assert len((await home.sdk.memories.list(user_id="ana")).data) == 1


async def test_nobody_else_undoes_or_settles_what_is_a_users(enter: OpenHome) -> None:
    home, stranger = await enter(), await enter()
    ids: dict[str, Any] = {"user_id": "ana", "customer_id": "flora"}
    await said(home, "I booked a trip to Rome.", **ids)
    await said(home, "My sister hated our trip to Oslo in the rain.", **ids)
    doubtful = await said(home, "Forget what I said about the trip.", **ids)
    await said(home, "I live in Voss.", user_id="ben", customer_id="flora")
    (waiting,) = await home.sdk.memories.pending_retractions(**ids)
    (bens,) = (await home.sdk.memories.list(user_id="ben", customer_id="flora")).data
    before = await home.sdk.memories.list(**ids, page_size=100)

    others: list[tuple[Synap, dict[str, Any]]] = [(stranger.sdk, {}), (home.sdk, {"user_id": "ben"})]
    for sdk, whose in [*others, (home.sdk, {"customer_id": "fauna"})]:
        with pytest.raises(NotFoundError):
            await sdk.memories.undo(doubtful, **whose)
        with pytest.raises(NotFoundError):
            await sdk.memories.settle_retraction(waiting.retraction_id, (), **whose)
    for wrong in (bens.memory_id, str(uuid.uuid4())):
        with pytest.raises(NotFoundError):
            await home.sdk.memories.settle_retraction(waiting.retraction_id, [wrong], **ids)
    for unknown in (f"{waiting.ingestion_id}:7", f"{waiting.ingestion_id}:x", "x", ""):
        with pytest.raises((NotFoundError, InvalidInputError)):
            await home.sdk.memories.settle_retraction(unknown, (), **ids)

    assert await stranger.sdk.memories.pending_retractions(**ids) == ()
    assert await home.sdk.memories.pending_retractions(user_id="ben", customer_id="flora") == ()
    assert len(await home.sdk.memories.pending_retractions(**ids)) == 1
    assert await home.sdk.memories.list(**ids, page_size=100) == before


async def test_a_slot_of_the_configuration_takes_one_value_at_a_time(enter: OpenHome) -> None:
    config = "ingestion:\n  slots:\n    - {name: mooring, aliases: [berth]}\n"
    home = await enter(config=config)
    await said(home, "My mooring is B14.", user_id="ana")
    await said(home, "My berth was moved to C2.", user_id="ana")

    (old,) = (await home.sdk.memories.list(user_id="ana", status="superseded")).data

    assert "B14" in old.content
    assert old.reason == "newer value of mooring"
