"""Every erasure gives a signed receipt, in process and over HTTP; nobody sees another instance's."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from tests.contract.test_data import Home, enter  # noqa: F401 - a fixture

from synap import ForbiddenError, InvalidInputError, NotFoundError
from synap.api.data import DeleteData
from synap.api.receipts import ErasureReceipt, problems_of
from synap.domain.ids import RowRef, encode_public_id
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.engine import deletion
from synap.engine.kept_receipts import erase_again
from synap.engine.receipts import Subject, signer_of
from synap.engine.signing import signed

OpenHome = Callable[..., Awaitable[Home]]


async def receipts(home: Home) -> list[ErasureReceipt]:
    page = await home.sdk.data.receipts()
    assert problems_of(page.data, key=page.key, signed=signed, whole=True) == ()
    return list(page.data)


async def test_a_deleted_user_gives_a_receipt_that_tells_counts_and_no_names(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    name = f"ana-{uuid.uuid4().hex}"
    await home.remember("I live in Porto. I prefer tea.", user_id=name, customer_id="flora")

    deleted = await home.sdk.data.delete("user", user_id=name, customer_id="flora", confirm=name)

    (receipt,) = await receipts(home)
    assert deleted.receipt == receipt
    assert (receipt.action, receipt.method, receipt.remaining) == ("user", "logical", {})
    assert receipt.removed == {what: count for what, count in deleted.counts.items() if count}
    assert name not in repr(receipt)
    signer = await signer_of(home.engine.core)
    assert receipt.subject == Subject(customer_id="flora", user_id=name).digest(signer, home.instance_id)
    assert deleted.deletion_id is not None
    assert (await home.sdk.data.status(deleted.deletion_id)).receipt == receipt


async def test_every_way_to_erase_gives_a_receipt(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    ana: dict[str, Any] = {"user_id": "ana", "customer_id": "flora"}
    await home.remember("I live in Porto.", **ana)
    (kept,) = (await home.sdk.memories.list(**ana)).data
    erased = await home.sdk.memories.delete(kept.memory_id)
    await home.remember("My dog is called Rex.", **ana)
    forgotten = await home.sdk.memories.forget("my dog is called Rex", mode="direct", **ana)
    accepted = await home.sdk.memories.create("I work at Globex.", document_type="document", mode="fast", **ana)
    await home.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
    undone = await home.sdk.memories.undo(accepted.ingestion_id, **ana)
    await home.sdk.conversation.record_message("c", "user", "I met Bob.", "ana", "flora")
    talk = await home.sdk.data.delete("conversation", conversation_id="c", confirm="c", **ana)
    customer = await home.sdk.data.delete(
        "customer", customer_id="flora", confirm="flora", instance_id=home.instance_id
    )

    told = await receipts(home)

    assert [one.action for one in told] == ["memory", "memories", "document", "conversation", "customer"]
    ids = [erased.receipt_id, forgotten.receipt_id, undone.receipt_id]
    assert ids == [one.receipt_id for one in told[:3]]
    assert (talk.receipt, customer.receipt) == (told[3], told[4])
    assert told[2].removed == {"documents": 1, "memories": 1}


async def test_a_deleted_world_memory_gives_a_receipt_for_the_operator_alone(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    told = await home.sdk.admin.world.add(f"The word {uuid.uuid4().hex} is made up.")

    deleted = await home.sdk.admin.world.delete(told.memory_id)

    page = await home.operator.receipts("world")
    assert page.data[-1].receipt_id == deleted.receipt_id
    assert (page.data[-1].action, page.data[-1].removed) == ("memory", {"memories": 1})
    assert problems_of(page.data, key=page.key, signed=signed, whole=True) == ()
    assert await receipts(home) == []


async def test_kept_receipts_tell_what_a_store_of_an_older_day_must_erase_again(
    enter: OpenHome,  # noqa: F811 - the fixture
    owner_dsn: str,
) -> None:
    home = await enter()
    ana: dict[str, Any] = {"user_id": "ana", "customer_id": "flora"}
    delete = home.sdk.data.delete

    async def bring_back() -> None:
        await home.remember("I live in Porto.", **ana)
        await home.remember("I live in Lisbon.", user_id="ben", customer_id="fauna")
        await home.remember("I live in Faro.", user_id="cleo")

    async def erase() -> None:
        (memory,) = (await home.sdk.memories.list(user_id="cleo")).data
        await home.sdk.memories.delete(memory.memory_id)
        await delete("user", confirm="ana", **ana)
        await delete("customer", customer_id="fauna", confirm="fauna", instance_id=home.instance_id)

    await bring_back()
    await delete("user", user_id="cleo", confirm="cleo")
    before = await receipts(home)
    await bring_back()
    await erase()
    kept = await receipts(home)
    signer = await signer_of(home.engine.core)
    with psycopg.connect(owner_dsn, autocommit=True) as connection:  # the store of the older day
        connection.execute("delete from receipt where book = %s and sequence > %s", [home.instance_id, len(before)])
        connection.execute(
            "update receipt_book set sequence = %s, head = %s where book = %s",
            [len(before), before[-1].hash, home.instance_id],
        )
    await bring_back()

    found = await erase_again(home.engine.core, signer, kept)
    await erase()
    after = await erase_again(home.engine.core, signer, kept)

    assert [(one.action, subject.customer_id, subject.user_id) for one, subject in found.found] == [
        ("user", "flora", "ana"),
        ("customer", "fauna", None),
    ]
    assert [one.action for one in found.unnamed] == ["memory"]
    assert found.absent == ()
    assert after.found == ()


async def test_a_dry_run_and_a_preview_give_no_receipt(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    await home.remember("My dog is called Rex.", user_id="ana")

    await home.sdk.data.delete("user", user_id="ana", dry_run=True)
    await home.sdk.memories.forget("my dog is called Rex", user_id="ana")

    assert await receipts(home) == []


async def test_a_deleted_instance_leaves_its_receipts(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    await home.remember("I live in Porto.", user_id="ana")
    await home.remember("The office is in Lisbon.")
    await home.sdk.data.delete("user", user_id="ana", confirm="ana")

    await home.sdk.admin.instances.delete(home.instance_id)

    page = await home.sdk.data.receipts(instance_id=home.instance_id)
    assert problems_of(page.data, key=page.key, signed=signed, whole=True) == ()
    assert [one.action for one in page.data] == ["user", "instance"]
    assert page.data[1].removed["memories"] == 1
    assert page.data[1].remaining == {}
    assert (await home.sdk.data.receipt_books())[home.instance_id] == 2


async def test_a_deleted_client_gives_a_receipt_for_itself_and_for_each_instance(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home, other = await enter(), await enter()
    await home.remember("I live in Porto.", user_id="ana")
    client_id = (await home.sdk.whoami()).client_id

    await home.sdk.admin.clients.delete(client_id)

    books = [(await home.operator.receipts(book)).data for book in (home.instance_id, other.instance_id, client_id)]
    assert [[one.action for one in book] for book in books] == [["instance"], ["instance"], ["client"]]
    assert books[2][0].removed == {"instances": 2}


async def test_an_instance_deletion_that_is_cut_short_tells_the_whole_count(
    enter: OpenHome,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = await enter()
    for name in ("ana", "bob"):
        await home.remember("I live in Porto.", user_id=name)
    genuine = home.engine.core.store.erasure.scope
    calls: list[Scope] = []

    async def once(scope: Scope, *, instance_id: str) -> None:
        calls.append(scope)
        if len(calls) == 2:
            raise KeyboardInterrupt
        await genuine(scope, instance_id=instance_id)

    monkeypatch.setattr(home.engine.core.store.erasure, "scope", once)
    caller = await home.engine.local_caller(kind="management")
    with pytest.raises(KeyboardInterrupt):
        await deletion.delete_instance(home.engine.core, home.engine.instances, caller, home.instance_id)
    monkeypatch.undo()

    await home.sdk.admin.instances.delete(home.instance_id)

    (receipt,) = (await home.operator.receipts(home.instance_id)).data
    assert receipt.removed["memories"] == 2


async def test_a_receipt_that_was_changed_in_the_store_is_found_out(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    for name in ("ana", "bob"):
        await home.sdk.memories.create("I live in Porto.", user_id=name, document_type="document", mode="fast")
        await home.sdk.data.delete("user", user_id=name, confirm=name)
    with psycopg.connect(home.owner_dsn) as connection:
        connection.execute("alter table receipt no force row level security")
        connection.execute(
            'update receipt set body = replace(body, \'"action":"user"\', \'"action":"memory"\') '
            "where book = %s and sequence = 1",
            [home.instance_id],
        )
        connection.execute("alter table receipt force row level security")

    page = await home.sdk.data.receipts()

    assert "was changed" in problems_of(page.data, key=page.key, signed=signed)[0]


async def test_receipts_are_paged(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    for name in ("ana", "bob", "eve"):
        await home.sdk.memories.create("I live in Porto.", user_id=name, document_type="document", mode="fast")
        await home.sdk.data.delete("user", user_id=name, confirm=name)

    first = await home.sdk.data.receipts(limit=2)
    rest = await home.sdk.data.receipts(after=first.after or 0, limit=2)

    assert ([one.sequence for one in first.data], first.after) == ([1, 2], 2)
    assert ([one.sequence for one in rest.data], rest.after) == ([3], None)


async def test_an_application_sees_its_own_receipts_alone(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home, other = await enter(), await enter()
    await home.remember("I live in Porto.", user_id="ana")
    await home.sdk.data.delete("user", user_id="ana", confirm="ana")

    assert await receipts(other) == []
    with pytest.raises((ForbiddenError, NotFoundError)):
        await _asked_with_an_application_key(other, home.instance_id)


async def _asked_with_an_application_key(home: Home, instance_id: str) -> None:
    caller = await home.engine.caller_of(home.instance_id)
    await home.engine.admin_for(caller).receipts(instance_id)


@pytest.mark.parametrize(("after", "limit"), [(-1, 10), (0, 0), (0, 1001), (2**31, 10)])
async def test_a_page_out_of_range_is_refused(enter: OpenHome, after: int, limit: int) -> None:  # noqa: F811 - the fixture
    home = await enter()

    with pytest.raises(InvalidInputError):
        await home.sdk.data.receipts(after=after, limit=limit)


async def test_a_deletion_that_is_made_again_gives_a_second_receipt(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    request = DeleteData(scope="user", user_id="ana", confirm="ana")
    api = home.engine.api_for(await home.engine.caller_of(home.instance_id))

    for _ in range(2):
        await api.delete_data(request)

    assert [one.removed for one in await receipts(home)] == [{}, {}]


async def test_undoing_an_ingestion_drops_the_summary_that_may_quote_it(enter: OpenHome) -> None:  # noqa: F811 - the fixture
    home = await enter()
    for number in range(6):
        await home.sdk.conversation.record_message("c", "user", f"My code number {number} is 47{number}.", "ana")
    await home.engine.worker.drain(seconds=30)
    await home.sdk.conversation.context.compact("c", user_id="ana")
    await home.engine.worker.drain(seconds=30)
    before = await home.sdk.conversation.context.get_compaction_status("c", user_id="ana")
    place = (await home.engine.instances.get(home.instance_id)).place
    scope = decide_scope(place, Ids(user_id="ana"))
    rows = (await home.engine.core.store.transfers.read(scope))["ingestion"]
    other = (await home.engine.core.store.transfers.read(decide_scope(place, Ids(user_id="eve"))))["ingestion"]

    await home.sdk.memories.undo(encode_public_id(RowRef("ingestion", scope.bucket, rows[-1]["id"])), user_id="ana")

    after = await home.sdk.conversation.context.get_compaction_status("c", user_id="ana")
    assert (before.status, after.status, other) == ("completed", "none", [])
