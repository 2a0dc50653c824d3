"""What every `Api` owes its callers: one suite over the engine in process and over HTTP, asked through the SDK.

Each test has a fresh client and instance in the shared database, so that it meets nobody.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.doors import DOORS, over_http, sdk_over

from synap import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    PayloadTooLargeError,
    ScopeMissingError,
    ServiceUnavailableError,
    Synap,
    SynapError,
    Turn,
    UnprocessableError,
)
from synap.api.protocol import AdminApi
from synap.bootstrap import Opening, open_engine
from synap.engine.accounts import MANAGEMENT_PREFIX, new_key, new_key_id
from synap.engine.engine import Engine
from synap.sdk.http import HttpApi
from synap.sdk.http_admin import HttpAdminApi
from synap.settings import Settings
from synap.testing import FixedEmbedder

DOCUMENT_BYTES = 100_000


@dataclass(frozen=True)
class House:
    """An engine, and ways into its instances through one of the doors."""

    engine: Engine
    operator: AdminApi
    management_key: str
    client_id: str

    async def way_in(self, door: str, *, tenancy: str = "open") -> Synap:
        """Return an SDK for a new instance, by way of `door`."""
        local = sdk_over(None, self.operator)
        instance = await local.admin.instances.create(self.client_id, f"bot-{uuid.uuid4()}", tenancy=tenancy)
        key = (await local.admin.keys.create(instance.id, "test")).api_key
        return await (self._http(key) if door == "over http" else self._process(key))

    async def _process(self, key: str) -> Synap:
        api = self.engine.api_for(await self.engine.authenticate(key))
        return sdk_over(api, self.operator)

    async def _http(self, key: str) -> Synap:
        api, admin = (
            over_http(self.engine, secret, max_document_bytes=DOCUMENT_BYTES) for secret in (key, self.management_key)
        )
        return sdk_over(HttpApi(api), HttpAdminApi(admin))


@pytest.fixture
async def house(dsn: str, owner_dsn: str) -> AsyncIterator[House]:
    settings = Settings(database_url=dsn, migration_url=owner_dsn, max_document_bytes=DOCUMENT_BYTES)
    engine = await open_engine(settings, Opening(workers=2, embedder=FixedEmbedder(dim=384)))
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    secret = new_key(MANAGEMENT_PREFIX)
    now = engine.core.clock.now()
    await engine.core.store.accounts.create_key(None, new_key_id(), secret=secret, label="test", now=now)
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    yield House(engine=engine, operator=operator, management_key=secret, client_id=client.client_id)
    await engine.stop()


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def sdk(house: House, door: str) -> Synap:
    return await house.way_in(door)


async def remembered(sdk: Synap, text: str, **ids: str) -> None:
    accepted = await sdk.memories.create(text, document_type="document", mode="fast", **ids)  # type: ignore[arg-type]  # ids are strings
    done = await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
    assert done.status == "completed"


async def test_a_document_is_found_again_by_its_owner_and_by_nobody_else(sdk: Synap) -> None:
    await remembered(sdk, "The greenhouse alarm code is marigold.", user_id="ana", customer_id="flora")

    hers = await sdk.user.context.fetch("ana", "flora", search_query="greenhouse alarm code")
    strangers = await sdk.user.context.fetch("ana", "fauna", search_query="greenhouse alarm code")
    colleague = await sdk.user.context.fetch("ben", "flora", search_query="greenhouse alarm code")

    assert any("marigold" in item.content for item in hers.items)
    assert all("marigold" not in item.content for item in [*strangers.items, *colleague.items])


async def test_a_file_is_read_found_again_and_known_by_its_name(sdk: Synap, tmp_path: Path) -> None:
    table = tmp_path / "codes.csv"
    table.write_text("Building,Alarm code\nGreenhouse,marigold\n")

    taken = await sdk.memories.create_from_file(table, user_id="ana", customer_id="flora", metadata={"shelf": 3})
    assert (await sdk.memories.wait_for_completion(taken.ingestion_id)).status == "completed"

    hers = await sdk.user.context.fetch("ana", "flora", search_query="greenhouse alarm code")
    strangers = await sdk.user.context.fetch("ana", "fauna", search_query="greenhouse alarm code")
    found = next(item for item in hers.items if "marigold" in item.content)
    assert (found.metadata["filename"], found.metadata["shelf"]) == ("codes.csv", 3)
    assert all("marigold" not in item.content for item in strangers.items)


async def test_text_and_bytes_are_taken_as_files_are(sdk: Synap) -> None:
    as_text = await sdk.memories.create_from_file(text="Ana keeps bees.", user_id="ana")
    as_bytes = await sdk.memories.create_from_file(file=b"Ana keeps goats.", filename="goats.txt", user_id="ana")

    for taken in (as_text, as_bytes):
        assert (await sdk.memories.wait_for_completion(taken.ingestion_id)).status == "completed"
    kept = " ".join(item.content for item in (await sdk.user.context.fetch("ana", search_query="Ana keeps")).items)
    assert "bees" in kept
    assert "goats" in kept


async def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(sdk: Synap) -> None:
    for filename, content in (("sums.xlsx", b"PK"), ("plan.pdf", b"%PDF-1.4 broken"), ("old.txt", b"\xff\xfe\xfa")):
        with pytest.raises(InvalidInputError) as caught:
            await sdk.memories.create_from_file(file=content, filename=filename, user_id="ana")
        assert caught.value.field == "file"
        assert filename in caught.value.message
    with pytest.raises(PayloadTooLargeError):
        await sdk.memories.create_from_file(file=b"x" * (DOCUMENT_BYTES + 1), filename="big.txt", user_id="ana")
    with pytest.raises(InvalidInputError):
        await sdk.memories.create_from_file(file=b"x", filename="a.txt", text="y", user_id="ana")

    assert (await sdk.memories.list(user_id="ana")).total == 0


async def test_shared_documents_are_read_from_below_and_carry_their_scope(sdk: Synap) -> None:
    await remembered(sdk, "Invoices are sent on the first of the month.", customer_id="flora")
    await remembered(sdk, "The product speaks twelve languages.")

    context = await sdk.user.context.fetch("ana", "flora", search_query=["invoices", "languages"])

    scopes = {item.scope for item in context.items}
    assert {"customer", "client"} <= scopes
    assert all(item.source.startswith(item.scope) for item in context.items)


async def test_a_fetch_for_someone_unknown_is_empty(sdk: Synap) -> None:
    context = await sdk.user.context.fetch("nobody", "nowhere")

    assert (list(context.items), context.facts) == ([], [])


async def test_an_ingestion_tells_how_far_it_has_come(sdk: Synap) -> None:
    accepted = await sdk.memories.create("User: I prefer window seats.", user_id="ana")
    done = await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)

    assert (accepted.status, accepted.scope) == ("queued", "user")
    assert (done.status, done.document_id) == ("completed", accepted.document_id)
    assert done.memories_created == len(done.memory_ids)


async def test_a_document_may_be_an_object_wherever_one_is_handed_in(sdk: Synap) -> None:
    made = await sdk.memories.create({"locker": "marigold"}, user_id="ana")
    batch = await sdk.memories.batch_create([{"document": {"shed": "nettle"}, "user_id": "ana"}])
    turns = {"messages": [{"role": "user", "content": "I prefer rooibos tea."}]}
    told = await sdk.memories.create(turns, user_id="ana")
    for ingestion_id in (made.ingestion_id, told.ingestion_id):
        assert (await sdk.memories.wait_for_completion(ingestion_id)).status == "completed"
    (memory,) = (await sdk.memories.list(user_id="ana")).data

    records = (await sdk.user.context.fetch("ana", search_query="locker shed")).items
    changed = await sdk.memories.update(memory.memory_id, {"tea": "green"}, "replace")

    assert batch.results[0].status == "completed"
    assert {'{"locker": "marigold"}', '{"shed": "nettle"}'} <= {item.content for item in records}
    assert (memory.memory_type, changed.content) == ("preference", '{"tea": "green"}')


async def test_the_same_document_twice_is_one(sdk: Synap) -> None:
    first = await sdk.memories.create("Opening hours are 9 to 5.", document_type="document", document_id="hours")
    again = await sdk.memories.create("Opening hours are 9 to 5.", document_type="document", document_id="hours")

    assert (again.ingestion_id, again.duplicate) == (first.ingestion_id, True)
    with pytest.raises(ConflictError):
        await sdk.memories.create(
            "Opening hours are 9 to 5.", document_type="document", document_id="hours", on_duplicate="reject"
        )


async def test_the_same_memories_written_twice_are_one(sdk: Synap) -> None:
    memories = [{"type": "fact", "content": "The bakery opens at six."}]
    first = await sdk.memories.create(memories=memories, document_id="bakery")
    again = await sdk.memories.create(memories=memories, document_id="bakery")
    other = await sdk.memories.create(memories=[{**memories[0], "content": "It opens at seven."}], document_id="bakery")

    assert (again.ingestion_id, again.duplicate) == (first.ingestion_id, True)
    assert not other.duplicate


async def test_the_same_document_in_the_other_mode_is_read_anew(sdk: Synap) -> None:
    text = "User: I am frustrated with the slow printer. I live in Oslo."
    first = await sdk.memories.create(text, user_id="ana", document_id="printer", mode="fast")
    await sdk.memories.wait_for_completion(first.ingestion_id, timeout_seconds=30)
    again = await sdk.memories.create(text, user_id="ana", document_id="printer", mode="long-range")
    done = await sdk.memories.wait_for_completion(again.ingestion_id, timeout_seconds=30)

    page = await sdk.memories.list(user_id="ana")

    assert (again.duplicate, done.status) == (False, "completed")
    assert again.ingestion_id != first.ingestion_id
    assert [one.memory_type for one in page.data].count("emotion") == 1
    assert [one.content for one in page.data].count("The user lives in Oslo") == 1


async def test_a_single_memory_is_listed_read_changed_and_erased(sdk: Synap) -> None:
    accepted = await sdk.memories.create(memories=[{"type": "fact", "content": "Ana owns a kiln."}], user_id="ana")
    await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)

    page = await sdk.memories.list(user_id="ana")
    memory = await sdk.memories.get(page.data[0].memory_id, user_id="ana")
    changed = await sdk.memories.update(memory.memory_id, "Ana owns two kilns.", "replace")
    history = await sdk.memories.history(changed.memory_id)
    erased = await sdk.memories.delete(changed.memory_id)

    assert (page.total, memory.content) == (1, "Ana owns a kiln.")
    assert [record.content for record in history] == ["Ana owns a kiln.", "Ana owns two kilns."]
    assert erased.memory_id == changed.memory_id == memory.memory_id
    with pytest.raises(NotFoundError):
        await sdk.memories.get(changed.memory_id)


async def test_new_text_is_read_anew(sdk: Synap) -> None:
    accepted = await sdk.memories.create("User: I have a dentist appointment on 5 May 2030 at 10:00.", user_id="ana")
    done = await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
    before = await sdk.memories.get(done.memory_ids[0])

    moved = await sdk.memories.update(before.memory_id, "The user has a dentist appointment on 19 May 2030")
    other = await sdk.memories.update(moved.memory_id, "I prefer light mode now", "replace")
    history = await sdk.memories.history(before.memory_id)

    assert before.evidence
    assert (moved.memory_type, moved.evidence) == ("temporal_event", ())
    assert moved.event_date is not None
    assert (moved.event_date.day, moved.content) == (19, "The user has a dentist appointment on 19 May 2030")
    assert (other.memory_type, other.event_date, other.memory_id) == ("preference", None, before.memory_id)
    assert [(one.memory_type, bool(one.evidence)) for one in history] == [
        ("temporal_event", True),
        ("temporal_event", False),
        ("preference", False),
    ]


async def test_an_outdated_statement_does_not_stay_beside_the_newer_one(sdk: Synap) -> None:
    accepted = await sdk.memories.create("User: I live in Berlin.", user_id="ana")
    done = await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)

    changed = await sdk.memories.update(done.memory_ids[0], "I moved to Oslo")

    assert changed.content == "I moved to Oslo"
    assert [one.value for one in changed.attributes if one.name == "residence"] == ["oslo"]


async def test_a_conversation_is_made_ready_for_a_prompt(sdk: Synap) -> None:
    for role, content in (("user", "Is {this} it?"), ("assistant", "It is.")):
        await sdk.conversation.record_message("ready", role, content, user_id="ana")

    prompt = await sdk.conversation.context.get_context_for_prompt("ready", style="bullet_points")
    unknown = await sdk.conversation.context.get_context_for_prompt("never")

    assert prompt.formatted_context == "- user: Is {this} it?\n- assistant: It is."
    assert [message.role for message in prompt.recent_messages] == ["user", "assistant"]
    assert (prompt.available, prompt.recent_message_count, prompt.total_message_count) == (True, 2, 2)
    assert (unknown.available, unknown.recent_messages) == (False, ())
    with pytest.raises(InvalidInputError):
        await sdk.conversation.context.get_context_for_prompt("ready", style="haiku")


async def test_a_batch_judges_its_rows_one_by_one_and_counts_its_memories(sdk: Synap) -> None:
    result = await sdk.memories.batch_create(
        [
            {"document": "The archive moved to the second floor.", "document_type": "document"},
            {"document": 5},
            {"document": "x", "document_type": "scroll"},
        ],
        timeout_seconds=30,
    )

    assert (result.total, result.succeeded, result.failed) == (3, 1, 2)
    assert [row.status for row in result.results] == ["completed", "failed", "failed"]
    assert all(row.error_message for row in result.results[1:])
    assert isinstance(result.memory_count, int)


WRONG_ROWS: list[dict[str, Any]] = [
    {"document": "x", "user_id": 5},
    {"document": "x", "user_id": "a\ud800"},
    {"document": "x\x00"},
    {"document": "x", "metadata": 5},
    {"document": "x", "metadata": {"n": float("nan")}},
    {"document": [5]},
    {"document": [{"content": 5}]},
    {"document": 5},
    {"document": "x", "mode": ["fast"]},
    {"document": "x", "document_type": {}},
    {"document": "x", "document_created_at": "soon"},
    {"document": "x", "on_duplicate": 1},
    {"memories": 5},
    {"memories": [{"type": "fact", "content": "x", "confidence": "sure"}]},
]


async def test_rows_of_wrong_types_fail_alone_through_every_door(house: House) -> None:
    messages = []
    for door in DOORS:
        sdk = await house.way_in(door)
        result = await sdk.memories.batch_create([*WRONG_ROWS, {"document": "A fine row.", "document_type": "note"}])
        assert (result.succeeded, result.failed) == (1, len(WRONG_ROWS))
        messages.append([row.error_message for row in result.results])

    assert messages[0] == messages[1]


async def test_what_is_no_json_is_no_document_through_any_door(sdk: Synap) -> None:
    wrong: list[Any] = [object(), Turn(content="x"), {1: "x"}, {"a": {1: "x"}}, {"a": float("nan")}, {}]

    result = await sdk.memories.batch_create([{"document": one} for one in wrong])

    assert (result.succeeded, result.failed) == (0, len(wrong))


async def test_a_refused_row_is_known_under_the_id_it_was_answered_with(house: House, door: str) -> None:
    sdk, stranger = await house.way_in(door), await house.way_in(door)
    result = await sdk.memories.batch_create([{"document": "x", "mode": "slow"}, {"document": ""}], wait=False)

    failed = [await sdk.memories.wait_for_completion(row.ingestion_id) for row in result.results]

    assert (result.memory_count, result.failed) == (0, 2)
    assert [row.status for row in failed] == ["failed", "failed"]
    assert "mode must be one of" in str(failed[0].error_message)
    with pytest.raises(NotFoundError):
        await stranger.memories.status(failed[0].ingestion_id)


async def test_a_memory_is_not_changed_to_an_unknown_document_type(sdk: Synap) -> None:
    accepted = await sdk.memories.create(memories=[{"type": "fact", "content": "Ana owns a kiln."}], user_id="ana")
    done = await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)

    with pytest.raises(InvalidInputError) as refusal:
        await sdk.memories.update(done.memory_ids[0], "Ana owns two kilns.", document_type="bogus")

    assert refusal.value.field == "document_type"


async def test_one_bad_row_refuses_all_where_that_is_wished(sdk: Synap) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        await sdk.memories.batch_create([{"document": "fine"}, {"document": 5}], fail_fast=True)

    assert refusal.value.field == "documents[1].document"
    assert (await sdk.memories.list()).total == 0


async def test_messages_are_read_back_in_order_under_any_name(sdk: Synap) -> None:
    for role, content in (("user", "Hello"), ("assistant", "Hi, how can I help?")):
        await sdk.conversation.record_message("mon/standup ü", role, content, "ana", "flora")

    turns = await sdk.conversation.messages("mon/standup ü", "ana", "flora")
    context = await sdk.conversation.context.fetch("mon/standup ü")

    assert [(turn.position, turn.content) for turn in turns] == [(1, "Hello"), (2, "Hi, how can I help?")]
    assert context.conversation_context is not None
    assert [turn.content for turn in context.conversation_context.recent_turns] == [turn.content for turn in turns]


async def test_another_spelling_of_a_uuid_is_another_conversation(sdk: Synap) -> None:
    canonical = "3f25e1d2-9dad-41d1-80b4-00c04fd430c8"
    await sdk.conversation.record_message(canonical, "user", "We meet on Monday.", "ana", "flora")

    for spelling in (canonical.upper(), canonical.replace("-", ""), "{" + canonical + "}", f"urn:uuid:{canonical}"):
        assert await sdk.conversation.messages(spelling, "ana", "flora") == ()
        assert (await sdk.conversation.context.fetch(spelling)).metadata.reason == "unknown_conversation"
    assert len(await sdk.conversation.messages(canonical, "ana", "flora")) == 1


async def test_an_empty_id_is_no_missing_id(sdk: Synap) -> None:
    await sdk.conversation.record_message("cv1", "user", "We meet on Monday.", "ana", "flora")

    for field, fetched in (
        ("customer_id", sdk.user.context.fetch("ana", "")),
        ("user_id", sdk.user.context.fetch("", "flora")),
        ("customer_id", sdk.customer.context.fetch("")),
        ("user_id", sdk.conversation.context.fetch("cv1", "", "flora")),
        ("customer_id", sdk.conversation.context.fetch("cv1", "ana", "")),
        ("customer_id", sdk.conversation.context.fetch("cv1", "", "")),
        ("conversation_id", sdk.conversation.context.fetch("")),
    ):
        with pytest.raises(InvalidInputError) as refusal:
            await fetched
        assert refusal.value.field == field


async def test_an_unknown_conversation_is_empty_and_says_why(sdk: Synap) -> None:
    context = await sdk.conversation.context.fetch("never heard of")

    assert list(context.items) == []
    assert context.metadata.reason


async def test_the_operator_manages_instances_and_keys(house: House, sdk: Synap) -> None:
    made = await sdk.admin.instances.create(house.client_id, "bot", tenancy="b2b")
    key = await sdk.admin.keys.create(made.id, "ci")
    await sdk.admin.keys.revoke(made.id, key.key_id)
    await sdk.admin.instances.suspend(made.id)

    assert (await sdk.admin.instances.get(made.id)).status == "suspended"
    assert [row.revoked_at is None for row in await sdk.admin.keys.list(made.id)] == [False]
    with pytest.raises(SynapError):
        await house.engine.authenticate(key.api_key)


async def test_a_configuration_is_checked_and_kept(sdk: Synap) -> None:
    instance_id = (await sdk.whoami()).instance_id

    kept = await sdk.admin.config.set(instance_id, "retrieval:\n  budget:\n    max_tokens: 64\n")

    assert (await sdk.admin.config.get(instance_id)).revision == kept.revision
    with pytest.raises(InvalidInputError):
        await sdk.admin.config.set(instance_id, {"retrieval": {"budget": {"max_tokens": "many"}}})


async def test_a_configuration_that_names_its_version_names_a_newer_one(sdk: Synap) -> None:
    instance_id = (await sdk.whoami()).instance_id
    newer = "version: 1.1.0\nretrieval: {floor: 0.1}\n"

    taken = [await sdk.admin.config.set(instance_id, source) for source in ("version: 1.0.0\n", newer, newer)]
    with pytest.raises(InvalidInputError) as refusal:
        await sdk.admin.config.set(instance_id, "version: 1.1.0\nretrieval: {floor: 0.2}\n")
    unnamed = await sdk.admin.config.set(instance_id, {"retrieval": {"floor": 0.2}})

    assert [one.revision for one in (*taken, unnamed)] == [1, 2, 3, 4]
    assert refusal.value.field == "version"


BAD_CALLS: dict[str, tuple[type[SynapError], Callable[[Synap], Awaitable[Any]]]] = {
    "no document": (InvalidInputError, lambda sdk: sdk.memories.create()),
    "empty document": (InvalidInputError, lambda sdk: sdk.memories.create("  ")),
    "wrong type": (InvalidInputError, lambda sdk: sdk.memories.create(5)),  # type: ignore[arg-type]  # on purpose
    "unknown document type": (InvalidInputError, lambda sdk: sdk.memories.create("x", document_type="scroll")),
    "unknown mode": (InvalidInputError, lambda sdk: sdk.memories.create("x", mode="slow")),
    "empty user": (InvalidInputError, lambda sdk: sdk.memories.create("x", user_id="")),
    "surrogate": (InvalidInputError, lambda sdk: sdk.memories.create("x", user_id="a\ud800")),
    "nul": (InvalidInputError, lambda sdk: sdk.memories.create("x\x00")),
    "long id": (InvalidInputError, lambda sdk: sdk.memories.create("x", user_id="u" * 1025)),
    "bad date": (InvalidInputError, lambda sdk: sdk.memories.create("x", document_created_at="soon")),
    "far date": (
        InvalidInputError,
        lambda sdk: sdk.memories.create("x", document_created_at="9999-12-31T23:00:00-05:00"),
    ),
    "bad metadata": (InvalidInputError, lambda sdk: sdk.memories.create("x", metadata={"n": float("inf")})),
    "too large": (PayloadTooLargeError, lambda sdk: sdk.memories.create("x" * (DOCUMENT_BYTES + 1))),
    "empty user on fetch": (InvalidInputError, lambda sdk: sdk.user.context.fetch("")),
    "surrogate on fetch": (InvalidInputError, lambda sdk: sdk.user.context.fetch("a\ud800")),
    "fewer results than none": (InvalidInputError, lambda sdk: sdk.user.context.fetch("u", max_results=-1)),
    "too many conversations": (UnprocessableError, lambda sdk: sdk.user.context.fetch("u", last_n_conversations=21)),
    "unknown rung": (InvalidInputError, lambda sdk: sdk.user.context.fetch("u", scopes=["planet"])),
    "no list of documents": (InvalidInputError, lambda sdk: sdk.memories.batch_create(None)),  # type: ignore[arg-type]  # on purpose
    "a text among documents": (InvalidInputError, lambda sdk: sdk.memories.batch_create(["x"])),  # type: ignore[list-item]  # on purpose
    "a misspelt owner": (InvalidInputError, lambda sdk: sdk.memories.batch_create([{"document": "x", "userid": "u"}])),
    "no list of messages": (InvalidInputError, lambda sdk: sdk.conversation.record_messages_batch(None)),  # type: ignore[arg-type]  # on purpose
    "a role that is none": (InvalidInputError, lambda sdk: sdk.memories.create([{"content": "x", "role": "robot"}])),
    "a large message": (
        PayloadTooLargeError,
        lambda sdk: sdk.conversation.record_message("c", "user", "x" * (DOCUMENT_BYTES + 1), "u"),
    ),
    "an id with a path in it": (NotFoundError, lambda sdk: sdk.memories.get("a/../b")),
    "an instance with a path in it": (NotFoundError, lambda sdk: sdk.admin.instances.get("../inst")),
    "a name of another type": (InvalidInputError, lambda sdk: sdk.admin.clients.create(5)),  # type: ignore[arg-type]  # on purpose
    "a status of another type": (InvalidInputError, lambda sdk: sdk.admin.clients.update("cli_0", status=5)),  # type: ignore[arg-type]  # on purpose
    "a label of another type": (InvalidInputError, lambda sdk: sdk.admin.keys.create("inst_0", 5)),  # type: ignore[arg-type]  # on purpose
    "a configuration of another type": (InvalidInputError, lambda sdk: sdk.admin.config.set("inst_0", 5)),  # type: ignore[arg-type]  # on purpose
    "a limit of another type": (InvalidInputError, lambda sdk: sdk.admin.audit.list(limit="x")),  # type: ignore[arg-type]  # on purpose
    "a page of another type": (InvalidInputError, lambda sdk: sdk.admin.world.list(page="x")),  # type: ignore[arg-type]  # on purpose
    "a long WORLD memory": (InvalidInputError, lambda sdk: sdk.admin.world.add("x" * 8001)),
    "unknown client": (NotFoundError, lambda sdk: sdk.admin.instances.create("cli_0", "x")),
    "instances of an unknown client": (NotFoundError, lambda sdk: sdk.admin.instances.list("cli_0")),
    "unknown memory": (NotFoundError, lambda sdk: sdk.memories.get(str(uuid.UUID(int=1)))),
    "no memory id": (NotFoundError, lambda sdk: sdk.memories.delete("not-a-uuid")),
    "unknown ingestion": (NotFoundError, lambda sdk: sdk.memories.status("not-a-uuid")),
    "unknown strategy": (SynapError, lambda sdk: sdk.memories.update("not-a-uuid", "x", "blend")),
    "unknown role": (InvalidInputError, lambda sdk: sdk.conversation.record_message("c", "robot", "x", "u")),
    "unknown instance": (NotFoundError, lambda sdk: sdk.admin.instances.get("inst_0000000000000000")),
    "unknown tenancy": (InvalidInputError, lambda sdk: sdk.admin.instances.create("cli_0", "x", tenancy="c2c")),
}


@pytest.mark.parametrize("name", BAD_CALLS)
async def test_a_refusal_is_the_same_through_every_door(house: House, name: str) -> None:
    kind, call = BAD_CALLS[name]
    refusals = []
    for door in DOORS:
        with pytest.raises(kind) as refusal:
            await call(await house.way_in(door))
        refusals.append(refusal.value)

    process, wire = refusals
    assert (type(wire), wire.code, wire.field, wire.message) == (
        type(process),
        process.code,
        process.field,
        process.message,
    )


async def test_a_strict_instance_refuses_a_user_without_a_customer(house: House, door: str) -> None:
    sdk = await house.way_in(door, tenancy="b2b")

    with pytest.raises(ScopeMissingError) as write:
        await sdk.memories.create("x", user_id="ana")
    with pytest.raises(ScopeMissingError) as read:
        await sdk.user.context.fetch("ana")

    assert (write.value.field, read.value.field) == ("customer_id", "customer_id")


async def test_what_another_instance_holds_is_not_there(house: House, door: str) -> None:
    one, other = await house.way_in(door), await house.way_in(door)
    accepted = await one.memories.create("Shared words, private place.", document_type="document", document_id="d")

    with pytest.raises(NotFoundError):
        await other.memories.status(accepted.ingestion_id)
    again = await other.memories.create("Shared words, private place.", document_type="document", document_id="d")

    assert again.duplicate is False


async def test_a_caller_whose_key_cannot_be_checked_gets_degraded_fetches_and_nothing_else(house: House) -> None:
    sdk = await house.way_in("in process")
    await remembered(sdk, "The greenhouse alarm code is marigold.", user_id="ana", customer_id="flora")
    instance = await house.engine.caller_of((await sdk.whoami()).instance_id)
    api = house.engine.api_for(replace(instance, unverified=True))
    cut_off = sdk_over(api, house.operator)

    fetched = await cut_off.user.context.fetch("ana", "flora", search_query="greenhouse alarm code")
    with pytest.raises(ServiceUnavailableError) as refusal:
        await cut_off.memories.create("x", user_id="ana", customer_id="flora")

    assert (len(fetched), fetched.metadata.degraded, fetched.metadata.degraded_code) == (0, "failed", "unavailable")
    assert refusal.value.retry_after_seconds == 1


async def test_instances_that_share_client_memories_share_their_ingestions_and_conversations(house: House) -> None:
    one, other = await house.way_in("in process"), await house.way_in("in process")
    ids = [(await sdk.whoami()).instance_id for sdk in (one, other)]
    for instance_id in ids:
        await house.operator.set_config(instance_id, {"storage": {"scoping": {"client_scope": "client"}}})
    first, second = [sdk_over(house.engine.api_for(await house.engine.caller_of(i))) for i in ids]

    await remembered(first, "The support desk sits in Lisbon.")
    again = await second.memories.create("The support desk sits in Lisbon.", document_type="document", mode="fast")
    await first.conversation.record_message("room", "user", "We love fado.")

    assert again.duplicate
    assert (await second.memories.status(again.ingestion_id)).status == "completed"
    assert [turn.content for turn in await first.conversation.messages("room")] == ["We love fado."]


async def test_an_application_key_manages_nothing(house: House) -> None:
    sdk = await house.way_in("over http")
    caller = await house.engine.authenticate(house.management_key)

    with pytest.raises(ForbiddenError):
        await house.engine.api_for(caller).whoami()
    assert (await sdk.whoami()).tenancy == "open"
