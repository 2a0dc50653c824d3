"""An export holds all of its scope and nothing else; put into another instance and exported again, it is the same."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from synap import ConflictError, InvalidInputError, NotFoundError
from synap.api.admin import CreateInstance
from synap.api.contexts import FetchContext
from synap.api.conversations import RecordMessage
from synap.api.memories import CreateMemory, ListMemories, UndoIngestion
from synap.api.transfers import ExportReport, ImportReport
from synap.bootstrap import Opening, open_engine
from synap.domain.ids import RowRef, encode_public_id
from synap.domain.scopes import Ids, decide_scope
from synap.engine.api import EngineApi
from synap.engine.callers import Caller
from synap.engine.engine import Engine
from synap.engine.exporting import export
from synap.engine.importing import import_export
from synap.settings import Settings
from synap.testing import FixedEmbedder

OPERATOR = Caller(actor="test", kind="management")
ANA: dict[str, Any] = {"user_id": "ana", "customer_id": "flora"}


@dataclass(frozen=True)
class Place:
    """An engine, and a folder for files."""

    engine: Engine
    folder: Path

    async def instance(self, **changes: Any) -> str:
        operator = self.engine.admin_for(OPERATOR)
        client = await operator.create_client(name=f"client-{uuid.uuid4()}")
        made = await operator.create_instance(CreateInstance(client_id=client.client_id, name="bot", **changes))
        return made.id

    async def api(self, instance_id: str) -> EngineApi:
        return self.engine.api_for(await self.engine.caller_of(instance_id))

    async def remember(self, instance_id: str, text: str, **options: Any) -> str:
        api = await self.api(instance_id)
        accepted = await api.create_memory(CreateMemory(document=text, document_type="document", **options))
        await self.engine.worker.drain(seconds=30)
        return accepted.ingestion_id

    async def filled(self) -> str:
        """Return an instance in which two users, a customer and the application have memories with a history."""
        made = await self.instance()
        await self.remember(made, "The office is in Lisbon. Support answers within 4 hours.")
        await self.remember(made, "Flora ships on Mondays.", customer_id="flora")
        for text in ("I live in Porto. My sister Maria works at Globex.", "I moved to Braga. I prefer green tea."):
            await self.remember(made, text, metadata={"from": "form"}, document_id="about-me", **ANA)
        await self.remember(made, "I live in Oslo.", user_id="bob")
        api = await self.api(made)
        for role, content in (("user", "My dog is called Rex."), ("assistant", "Nice name.")):
            await api.record_message(RecordMessage(conversation_id="c", role=role, content=content, **ANA))
        await self.engine.worker.drain(seconds=30)
        await self.engine.admin_for(OPERATOR).set_config(made, "retrieval: {profiles: true}\n")
        return made

    async def export(self, instance_id: str, name: str, **options: Any) -> ExportReport:
        instance = await self.engine.instances.get(instance_id)
        return await export(self.engine.core, OPERATOR, instance, self.folder / name, **options)

    async def put_in(self, name: str, instance_id: str, **options: Any) -> ImportReport:
        instance = await self.engine.instances.get(instance_id)
        return await import_export(self.engine.core, OPERATOR, instance, self.folder / name, **options)

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines(name) if line["record"] not in ("header", "end")]

    async def known(self, instance_id: str, **ids: Any) -> list[str]:
        found = await (await self.api(instance_id)).memories(ListMemories(page_size=100, **ids))
        return sorted(memory.content for memory in found.data)


@pytest.fixture
async def place(dsn: str, owner_dsn: str, tmp_path: Path) -> AsyncIterator[Place]:
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=2, embedder=FixedEmbedder(dim=384)))
    yield Place(engine, tmp_path)
    await engine.stop()


async def test_an_instance_that_is_exported_imported_and_exported_again_is_the_same(place: Place) -> None:
    first, second = await place.filled(), await place.instance()

    made = await place.export(first, "one.jsonl")
    done = await place.put_in("one.jsonl", second)
    await place.export(second, "two.jsonl")

    assert place.rows("one.jsonl") == place.rows("two.jsonl")
    assert (done.owners, done.already, done.own) == (4, 0, True)
    assert done.rows == sum(made.rows.values())
    assert done.embedded > 0
    assert {"document", "segment", "memory", "entity", "message", "conversation", "ingestion"} <= made.rows.keys()


async def test_what_was_imported_answers_as_it_did_before(place: Place) -> None:
    first, second = await place.filled(), await place.instance()
    await place.export(first, "one.jsonl")
    await place.put_in("one.jsonl", second)
    question = FetchContext(target="user", search_query=("Where does she live, and what does she drink?",), **ANA)

    before, after = [await (await place.api(one)).fetch_context(question) for one in (first, second)]

    assert [item.content for item in after.items] == [item.content for item in before.items]
    assert after.items
    assert (await place.engine.admin_for(OPERATOR).config(second)).source.startswith("retrieval: {profiles")
    chains = [
        [[one.content for one in await api.memory_history(memory.memory_id)] for memory in found.data]
        for api in [await place.api(first), await place.api(second)]
        for found in [await api.memories(ListMemories(page_size=100, **ANA))]
    ]
    assert chains[0] == chains[1]


async def test_an_ingestion_that_was_imported_can_be_undone(place: Place) -> None:
    first, second = await place.instance(), await place.instance()
    await place.remember(first, "I live in Porto.", document_id="a", **ANA)
    await place.remember(first, "I live in Braga now.", document_id="b", **ANA)
    await place.export(first, "one.jsonl")
    await place.put_in("one.jsonl", second)
    api = await place.api(second)
    ingested = [row for row in place.rows("one.jsonl") if row["record"] == "ingestion" and row["document_key"] == "b"]
    known = (await api.memories(ListMemories(page_size=100, status="active", **ANA))).data

    assert len(ingested) == 1
    assert [one.content for one in known if "Braga" in one.content]
    undone = await api.undo_ingestion(UndoIngestion(ingestion_id=await _newest_ingestion(place, second), **ANA))

    assert undone.document_id == "b"
    assert not [one for one in await place.known(second, **ANA) if "Braga" in one]


async def _newest_ingestion(place: Place, instance_id: str) -> str:
    instance = await place.engine.instances.get(instance_id)
    scope = decide_scope(instance.place, Ids(customer_id="flora", user_id="ana"))
    rows = (await place.engine.core.store.transfers.read(scope))["ingestion"]
    return encode_public_id(RowRef("ingestion", scope.bucket, rows[-1]["id"]))


@pytest.mark.parametrize(
    ("ids", "there", "not_there"),
    [
        (ANA, ("Braga", "Rex"), ("Oslo", "Mondays", "Lisbon")),
        ({"customer_id": "flora"}, ("Braga", "Mondays"), ("Oslo", "Lisbon")),
        ({"user_id": "bob"}, ("Oslo",), ("Braga", "Mondays", "Lisbon", "Rex")),
        ({}, ("Braga", "Mondays", "Oslo", "Lisbon", "Rex"), ("Tromso",)),
    ],
    ids=["a user", "a customer", "a user without customer", "an instance"],
)
async def test_an_export_holds_its_scope_and_nothing_outside_it(
    place: Place, ids: dict[str, str], there: tuple[str, ...], not_there: tuple[str, ...]
) -> None:
    other = await place.instance()
    await place.remember(other, "I live in Tromso.", **ANA)
    made = await place.filled()

    await place.export(made, "one.jsonl", **ids)

    text = (place.folder / "one.jsonl").read_text()
    assert [word for word in there if word not in text] == []
    assert [word for word in not_there if word in text] == []


async def test_an_export_of_nobody_is_refused_and_leaves_no_file(place: Place) -> None:
    made = await place.instance()

    with pytest.raises(NotFoundError):
        await place.export(made, "one.jsonl", customer_id="nobody")

    assert not (place.folder / "one.jsonl").exists()


async def test_a_user_can_be_imported_under_another_id(place: Place) -> None:
    made = await place.filled()
    await place.export(made, "ana.jsonl", **ANA)

    await place.put_in("ana.jsonl", made, user_id="anna", customer_id="fauna")

    assert await place.known(made, user_id="anna", customer_id="fauna") == await place.known(made, **ANA)


async def test_an_export_that_was_cut_short_is_gone_on_with(place: Place) -> None:
    made = await place.filled()
    await place.export(made, "whole.jsonl")
    for cut in (0.3, 0.6, 0.95):
        shutil.copy(place.folder / "whole.jsonl", place.folder / "cut.jsonl")
        with (place.folder / "cut.jsonl").open("r+b") as file:
            file.truncate(int((place.folder / "whole.jsonl").stat().st_size * cut))

        await place.export(made, "cut.jsonl", resume=True)

        assert place.lines("cut.jsonl") == place.lines("whole.jsonl")


async def cut_short(place: Place, name: str, instance_id: str, *, after: int) -> None:
    """Put a file in, and cut that short once so many owners are in."""
    genuine = place.engine.core.store.transfers.write
    calls = []

    async def write(*arguments: Any, **named: Any) -> int:
        calls.append(arguments)
        if len(calls) > after:
            raise KeyboardInterrupt
        return await genuine(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place.engine.core.store.transfers, "write", write)
        with pytest.raises(KeyboardInterrupt):
            await place.put_in(name, instance_id)


async def test_an_import_that_was_cut_short_is_gone_on_with(place: Place) -> None:
    first, second = await place.filled(), await place.instance()
    await place.export(first, "one.jsonl")
    await cut_short(place, "one.jsonl", second, after=2)

    done = await place.put_in("one.jsonl", second)

    assert (done.owners, done.already) == (4, 2)
    await place.export(second, "two.jsonl")
    assert place.rows("one.jsonl") == place.rows("two.jsonl")


async def test_an_import_is_gone_on_with_though_those_who_are_in_were_written_to_meanwhile(place: Place) -> None:
    first, second = await place.filled(), await place.instance()
    await place.export(first, "one.jsonl")
    await cut_short(place, "one.jsonl", second, after=2)
    await place.remember(second, "I collect stamps.", user_id="bob")

    done = await place.put_in("one.jsonl", second)

    assert (done.owners, done.already) == (4, 2)
    assert await place.known(second, **ANA) == await place.known(first, **ANA)
    before, after = [await place.known(one, user_id="bob") for one in (first, second)]
    assert set(before) < set(after)
    assert [one for one in after if "stamps" in one]


async def test_an_import_is_gone_on_with_though_of_somebody_only_an_undone_ingestion_is_left(place: Place) -> None:
    first, second = await place.instance(), await place.instance()
    ingestion_id = await place.remember(first, "I live in Oslo.", user_id="bob")
    await (await place.api(first)).undo_ingestion(UndoIngestion(ingestion_id=ingestion_id, user_id="bob"))
    await place.export(first, "one.jsonl")
    assert {row["record"] for row in place.rows("one.jsonl")} == {"owner", "ingestion", "owner_end"}
    await place.put_in("one.jsonl", second)

    done = await place.put_in("one.jsonl", second)

    assert (done.owners, done.already, done.rows) == (1, 1, 0)


def _cut(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:-3])


def _cut_in_a_line(text: str) -> str:
    return text[: len(text) * 2 // 3].rstrip("\n")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_cut, "is cut short"),
        (_cut_in_a_line, "is cut short"),
        (lambda text: text.replace('"version":1', '"version":7', 1), "version 7"),
        (lambda text: text.replace("Braga", "Praha"), "was changed"),
        (lambda text: text.replace('"format":"synap-export"', '"format":"other"', 1), "is no synap-export"),
        (lambda text: text.replace('"signature":"', '"signature":"00', 1), "is not signed"),
        (lambda text: text + '{"record":"owner"}\n', "goes on behind its end"),
        (lambda text: text.replace('"record":"memory"', '"record":"memoir"', 1), "'memoir' is no kind"),
        (lambda text: text.replace('"type":"fact"', '"type":"fiction"', 1), "line"),
        (lambda _: "no json\n", "no JSON in line 1"),
        (lambda _: "", "is cut short"),
        (lambda _: "[1]\n", "no record of an export"),
    ],
)
async def test_a_file_that_is_no_whole_export_is_refused_and_changes_nothing(
    place: Place, change: Any, told: str
) -> None:
    first, second = await place.instance(), await place.instance()
    await place.remember(first, "I live in Braga.", **ANA)
    await place.export(first, "one.jsonl")
    text = (place.folder / "one.jsonl").read_text()
    (place.folder / "one.jsonl").write_text(change(text))

    with pytest.raises(InvalidInputError, match=told) as refused:
        await place.put_in("one.jsonl", second)

    assert refused.value.field == "file"
    assert await place.known(second, **ANA) == []


async def test_a_file_signed_by_another_key_than_asked_for_is_refused(place: Place) -> None:
    first, second = await place.filled(), await place.instance()
    made = await place.export(first, "one.jsonl")

    with pytest.raises(InvalidInputError, match=made.key):
        await place.put_in("one.jsonl", second, public_key="00" * 32)
    await place.put_in("one.jsonl", second, public_key=made.key)

    assert await place.known(second, **ANA) == await place.known(first, **ANA)


async def test_whoever_has_memories_already_is_not_mixed_with_the_file(place: Place) -> None:
    first, second = await place.filled(), await place.instance()
    await place.export(first, "one.jsonl")
    await place.remember(second, "I live in Faro.", **ANA)

    with pytest.raises(ConflictError, match="1 of the 4"):
        await place.put_in("one.jsonl", second)

    assert await place.known(second, user_id="bob") == []


async def test_a_tenancy_that_does_not_fit_is_refused(place: Place) -> None:
    first, second = await place.filled(), await place.instance(tenancy="b2c")
    await place.export(first, "one.jsonl")

    with pytest.raises(InvalidInputError, match="customer_id"):
        await place.put_in("one.jsonl", second)

    assert await place.known(second, user_id="bob") == []


async def test_a_file_that_is_there_is_not_written_over(place: Place) -> None:
    made = await place.filled()
    await place.export(made, "one.jsonl")

    with pytest.raises(ConflictError, match="there already"):
        await place.export(made, "one.jsonl")
    with pytest.raises(ConflictError, match="whole already"):
        await place.export(made, "one.jsonl", resume=True)


async def test_what_waits_in_the_queue_is_queued_again_where_it_was_imported(
    place: Place, dsn: str, owner_dsn: str
) -> None:
    first, second = await place.instance(), await place.instance()
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    idle = await open_engine(settings, Opening(workers=0, embedder=FixedEmbedder(dim=384)))
    await place.engine.stop()
    try:
        waiting = Place(idle, place.folder)
        api = await waiting.api(first)
        await api.create_memory(CreateMemory(document="I live in Porto.", document_type="document", **ANA))
        await waiting.export(first, "one.jsonl")

        await waiting.put_in("one.jsonl", second)

        assert [row["status"] for row in waiting.rows("one.jsonl") if row["record"] == "ingestion"] == ["queued"]
        await idle.start(workers=2)
        await idle.worker.drain(seconds=30)
        assert await waiting.known(second, **ANA) == await waiting.known(first, **ANA) != []
    finally:
        await idle.stop()
