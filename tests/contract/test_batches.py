"""A batch is judged row by row or as one, and what is kept of it holds nothing that was refused."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from synap.api.admin import CreateInstance
from synap.api.conversations import RecordMessage
from synap.api.data import DeleteData
from synap.api.memories import CreateMemory, StructuredMemory
from synap.bootstrap import Opening, open_engine
from synap.engine.accepting import accepted as genuine
from synap.engine.api import EngineApi
from synap.engine.engine import Engine
from synap.errors import ConflictError, InvalidInputError, ServiceUnavailableError
from synap.settings import Settings
from synap.testing import FixedEmbedder

Shop = tuple[Engine, EngineApi]


@pytest.fixture
async def shop(dsn: str, owner_dsn: str) -> AsyncIterator[Shop]:
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    engine = await open_engine(settings, Opening(workers=0, embedder=FixedEmbedder(dim=384)))
    operator = engine.admin_for(await engine.local_caller(kind="management"))
    client = await operator.create_client(name=f"client-{uuid.uuid4()}")
    instance = await operator.create_instance(CreateInstance(client_id=client.client_id, name="bot"))
    await operator.set_config(instance.id, "ingestion: {pii: {handling: redact}}")
    yield engine, engine.api_for(await engine.caller_of(instance.id))
    await engine.stop()


def note(text: str, **more: Any) -> CreateMemory:
    return CreateMemory(document=text, document_type="note", user_id="ana", **more)


def stored(owner_dsn: str, instance_id: str, table: str = "ingestion") -> list[Any]:
    with psycopg.connect(owner_dsn) as connection:
        query = f"select to_jsonb(t) from {table} t where instance_id = %s"  # noqa: S608 - fixed names
        return [row[0] for row in connection.execute(query.encode(), [instance_id]).fetchall()]


def away(engine: Engine, monkeypatch: pytest.MonkeyPatch, *texts: str) -> list[str]:
    """Let the store be away whenever one of these documents comes; returns where the tried ones are listed."""
    documents = engine.core.store.documents
    genuine, tried = documents.accept, []

    async def accept(scope: Any, document: Any) -> Any:
        tried.append(document.prepared.text)
        if document.prepared.text in texts:
            raise ServiceUnavailableError("the connection to the database was lost")
        return await genuine(scope, document)

    monkeypatch.setattr(documents, "accept", accept)
    return tried


async def test_with_fail_fast_a_row_that_conflicts_keeps_all_out(shop: Shop, owner_dsn: str) -> None:
    _, api = shop
    await api.create_memory(note("There already.", document_id="b"))
    rows = [note(f"Row {name}.", document_id=name, on_duplicate="reject") for name in "abc"]

    with pytest.raises(ConflictError) as refusal:
        await api.create_batch(rows, fail_fast=True)
    with pytest.raises(ConflictError):
        await api.create_batch([rows[0], rows[0]], fail_fast=True)

    assert refusal.value.field == "documents[1].document_id"
    assert len(stored(owner_dsn, api.core.instance_of(api.caller).id)) == 1
    result = await api.create_batch([rows[0], rows[2]], fail_fast=True)
    assert [row.status for row in result.results] == ["queued", "queued"]
    assert (await api.batch(result.batch_id)).results == result.results


@pytest.mark.parametrize("count", [0, 1_001])
async def test_a_batch_of_none_or_too_many_is_refused_and_leaves_nothing(
    shop: Shop, owner_dsn: str, count: int
) -> None:
    _, api = shop

    with pytest.raises(InvalidInputError) as refusal:
        await api.create_batch([note("One.")] * count)

    assert refusal.value.field == "documents"
    assert stored(owner_dsn, api.core.instance_of(api.caller).id) == []


async def test_others_get_their_turn_between_the_rows_of_a_batch(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    _, api = shop
    turns, seen = 0, list[int]()

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def accepted(*arguments: Any) -> Any:
        seen.append(turns)
        return await genuine(*arguments)

    monkeypatch.setattr("synap.engine.batches.accepted", accepted)
    task = asyncio.create_task(other())
    await api.create_batch([note(f"Row {number}.") for number in range(5)])
    task.cancel()

    assert len(seen) == 5
    assert seen == sorted(set(seen)), "rows were prepared without a pause"


async def test_a_row_that_the_store_could_not_take_fails_alone_and_may_be_handed_in_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, api = shop
    away(engine, monkeypatch, "Row 1.")

    result = await api.create_batch([note(f"Row {number}.") for number in range(3)])

    assert [row.status for row in result.results] == ["queued", "failed", "queued"]
    assert "handed in again" in (result.results[1].error_message or "")
    again = await api.batch(result.batch_id)
    assert [row.status for row in again.results] == ["queued", "failed", "queued"]
    assert again.results[1].error_message == result.results[1].error_message


async def test_the_rows_after_two_that_found_the_store_away_are_not_tried(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, api = shop
    tried = away(engine, monkeypatch, "Row 1.", "Row 2.")

    result = await api.create_batch([note(f"Row {number}.") for number in range(5)])

    assert [row.status for row in result.results] == ["queued", *["failed"] * 4]
    assert tried == ["Row 0.", "Row 1.", "Row 2."]


async def test_what_was_stored_is_answered_also_where_the_batch_itself_could_not_be_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, api = shop

    async def create(*_: Any, **__: Any) -> str:
        raise ServiceUnavailableError("the connection to the database was lost")

    monkeypatch.setattr(engine.core.store.batches, "create", create)

    result = await api.create_batch([note("Row."), note("")])

    assert (await api.ingestion(result.results[0].ingestion_id)).status == "queued"
    with pytest.raises(ServiceUnavailableError):
        await api.create_batch([note("")])


REFUSED: dict[str, dict[str, Any]] = {
    "document type": {"document_type": "mail from jane.doe@example.com about her salary"},
    "mode": {"mode": "jane.doe@example.com"},
    "date": {"document_created_at": "jane.doe@example.com"},
    "metadata": {"metadata": {"jane.doe@example.com": float("nan")}},
    "role": {"document": [{"role": "jane.doe@example.com", "content": "x"}]},
    "id": {"document_id": "jane.doe@example.com" * 1000},
}


@pytest.mark.parametrize("name", REFUSED)
async def test_nothing_that_was_refused_is_kept_of_a_row(shop: Shop, owner_dsn: str, name: str) -> None:
    _, api = shop
    row: Any = CreateMemory(**{"document": "x", **REFUSED[name]})

    result = await api.create_batch([row])

    (kept,) = stored(owner_dsn, api.core.instance_of(api.caller).id, "batch")
    assert result.failed == 1
    assert "jane" not in str(kept)
    assert "documents[0]" in kept["rows"][0]["record"]["error_message"]
    assert len(result.results[0].error_message or "") < 500


async def test_of_a_batch_nothing_is_kept_that_an_erasure_would_leave(shop: Shop, owner_dsn: str) -> None:
    _, api = shop
    instance_id = api.core.instance_of(api.caller).id
    rows = [note("She has asthma.", document_id="ana-diagnosis.md"), note("", document_id="ana-draft.md")]
    batch = await api.create_batch(rows)

    before = await api.batch(batch.batch_id)
    (kept,) = stored(owner_dsn, instance_id, "batch")
    await api.delete_data(DeleteData(scope="user", user_id="ana", confirm="ana"))
    after = await api.batch(batch.batch_id)

    assert [row.document_id for row in batch.results] == ["ana-diagnosis.md", "ana-draft.md"]
    assert [(row.document_id, row.status) for row in before.results] == [("ana-diagnosis.md", "queued"), ("", "failed")]
    assert "ana-d" not in str(kept)
    assert [(row.document_id, row.status) for row in after.results] == [("", "completed"), ("", "failed")]
    assert (after.results[0].error_message, after.memory_count) == ("erased", 0)
    assert after.results[0].ingestion_id == batch.results[0].ingestion_id


async def test_batches_of_before_are_read_and_tell_of_nothing_that_was_erased(shop: Shop, owner_dsn: str) -> None:
    _, api = shop
    batch = await api.create_batch([note("She has asthma.", document_id="ana-diagnosis.md")])
    with psycopg.connect(owner_dsn) as connection:
        connection.execute(
            "update batch set rows = jsonb_set(rows, '{0,record,document_id}', '\"ana-diagnosis.md\"')"
            " where instance_id = %s",
            [api.core.instance_of(api.caller).id],
        )

    before = await api.batch(batch.batch_id)
    await api.delete_data(DeleteData(scope="user", user_id="ana", confirm="ana"))
    after = await api.batch(batch.batch_id)

    assert [row.document_id for row in before.results] == ["ana-diagnosis.md"]
    assert [row.document_id for row in after.results] == [""]


async def test_a_session_id_is_protected_like_what_is_said(shop: Shop) -> None:
    _, api = shop
    message = RecordMessage(
        conversation_id="c", role="user", content="Hello.", user_id="ana", session_id="jane.doe@example.com"
    )

    recorded = await api.record_message(message)

    assert recorded.session_id == "[EMAIL]"


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        (
            "document[0].speaker",
            CreateMemory(document=({"content": "Hi.", "speaker": "x" * 9000},)),  # type: ignore[arg-type]  # as over the wire
        ),
        ("memories[0].content", CreateMemory(memories=(StructuredMemory(type="fact", content="x" * 8001),))),
    ],
)
async def test_names_and_memories_beyond_any_sense_are_refused_by_name(
    shop: Shop, field: str, request_: CreateMemory
) -> None:
    _, api = shop

    (row,) = (await api.create_batch([request_])).results

    assert row.error_message is not None
    assert f"documents[0]: {field} must be at most" in row.error_message
    with pytest.raises(InvalidInputError):
        await api.create_batch([request_], fail_fast=True)
