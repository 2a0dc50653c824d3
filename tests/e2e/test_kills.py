"""`kill -9` at any moment: what was acknowledged is there afterwards, complete, and once."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

STAGES = ("claimed", "extract", "embed", "reconcile", "apply", "applied")
UNFINISHED = "select count(*) from ingestion where status not in ('completed')"
DOUBLES = "select content, count(*) from memory where status = 0 group by bucket, scope_id, content having count(*) > 1"
ORPHANS = (
    "select m.id from memory m left join document d on d.bucket = m.bucket and d.id = m.document_row where d.id is null"
)
DOCUMENTS = 12


def statement(number: int) -> str:
    return f"Shelf {number} of the archive holds the maps of county c{number}x9."


def documents() -> list[dict[str, str]]:
    return [
        {
            "document": statement(number),
            "document_type": "document",
            "document_id": f"d{number}",
            "customer_id": f"c{number % 3}",
        }
        for number in range(DOCUMENTS)
    ]


@pytest.mark.parametrize("stages", [STAGES[:3], STAGES[3:]], ids="-".join)
def test_a_worker_killed_at_any_stage_loses_nothing_and_doubles_nothing(
    home: Any, patience: Any, stages: tuple[str, ...]
) -> None:
    _, client = home.serve("--workers", "0")
    for document in documents():
        assert client.post("/v1/memories/create", json=document).status_code == 200

    for stage in stages:
        worker = home.start("worker", SYNAP_FAULT=f"{stage}:kill")
        assert worker.wait() == -signal.SIGKILL, f"nobody died at {stage}"
        home.run_out_leases()
    home.start("worker", "--verbose")

    patience(lambda: home.rows(UNFINISHED) == [(0,)])
    memories = home.rows("select content from memory where status = 0")
    assert sorted(row[0].rstrip(".") for row in memories) == sorted(statement(n).rstrip(".") for n in range(DOCUMENTS))
    assert home.rows(DOUBLES) == []
    assert home.rows(ORPHANS) == []
    assert home.rows("select count(*) from job") == [(0,)]


def test_a_large_document_goes_on_after_a_kill_where_it_was(home: Any, patience: Any) -> None:
    count = 1500
    text = " ".join(statement(number) for number in range(count))
    _, client = home.serve("--workers", "0")
    large = {"document": text, "document_type": "document", "document_id": "d", "customer_id": "c0"}
    assert client.post("/v1/memories/create", json=large).status_code == 200

    for stage in ("apply:kill@2", "applied:kill@1"):
        worker = home.start("worker", SYNAP_FAULT=stage)
        assert worker.wait() == -signal.SIGKILL, f"nobody died at {stage}"
        home.run_out_leases()
    ((reached, pieces, memories),) = home.rows("select reached, pieces, cardinality(memory_ids) from ingestion")
    assert 0 < reached < pieces
    assert 0 < memories < count
    home.start("worker", "--verbose")

    patience(lambda: home.rows(UNFINISHED) == [(0,)], seconds=240)
    contents = home.rows("select content from memory where status = 0")
    assert sorted(row[0].rstrip(".") for row in contents) == sorted(statement(n).rstrip(".") for n in range(count))
    assert home.rows("select memories_created, cardinality(memory_ids) from ingestion") == [(count, count)]
    assert home.rows("select count(*) from job") == [(0,)]
    assert home.rows(DOUBLES) == []


def test_a_server_killed_before_its_answer_has_stored_the_document_once(home: Any, patience: Any) -> None:
    server, client = home.serve("--workers", "0", SYNAP_FAULT="accept:kill@2")
    answered, unanswered = documents()[:2]
    assert client.post("/v1/memories/create", json=answered).status_code == 200
    with pytest.raises(httpx.HTTPError):
        client.post("/v1/memories/create", json=unanswered)
    assert server.wait() == -signal.SIGKILL

    _, client = home.serve()
    again = client.post("/v1/memories/create", json=unanswered).json()

    patience(lambda: home.rows(UNFINISHED) == [(0,)])
    assert again["duplicate"]
    assert home.rows("select count(*) from document") == [(2,)]
    assert home.rows(DOUBLES) == []


def test_a_deletion_killed_half_way_is_brought_to_its_end_by_the_next_process(home: Any, patience: Any) -> None:
    server, client = home.serve(SYNAP_FAULT="erased:kill@2")
    kept, gone = ({"customer_id": customer} for customer in ("globex", "acme"))
    for ids in (gone, *({**gone, "user_id": f"u{number}"} for number in range(3)), kept, {**kept, "user_id": "u0"}):
        body = {"document": "The lighthouse of Skerry Point was built in 1871.", "document_type": "document", **ids}
        assert client.post("/v1/memories/create", json=body).status_code == 200
    patience(lambda: home.rows(UNFINISHED) == [(0,)])
    request = {"scope": "customer", "confirm": "acme", "instance_id": home.keys["instance_id"], **gone}
    manager = {"Authorization": f"Bearer {home.keys['management_key']}"}
    with pytest.raises(httpx.HTTPError):
        client.post("/v1/data/delete", json=request, headers=manager)
    assert server.wait() == -signal.SIGKILL
    of_acme = "select count(*) from memory m join scope s on s.id = m.scope_id where s.customer_id = 'acme'"
    assert home.rows(of_acme) != [(0,)], "the kill came too late to prove anything"
    assert home.rows("select state from deletion") == [("running",)]
    home.run_out_leases()

    _, client = home.serve()

    patience(lambda: home.rows("select state from deletion") == [("complete",)])
    assert home.rows(of_acme) == [(0,)]
    assert home.rows("select count(*) from document") == [(2,)]
    found = client.post("/v1/context/customer/fetch", json={**kept, "search_query": ["lighthouse"]}).json()
    assert "1871" in str(found["facts"])
    again = {"document": "The bell tower leans to the north.", "document_type": "document", **gone}
    assert client.post("/v1/memories/create", json=again).status_code == 200, "the scope is closed for ever"


async def _write(client: httpx.AsyncClient, writer: int, acknowledged: list[tuple[str, str]]) -> None:
    """Write until the server is gone, and keep what it acknowledged."""
    number = 0
    while True:
        marker = f"w{writer}n{number}x"
        body = {
            "document": f"The box with label {marker} stands in the cellar.",
            "document_type": "document",
            "user_id": f"u{writer}",
            "document_id": marker,
        }
        try:
            answer = await client.post("/v1/memories/create", json=body)
        except httpx.HTTPError:
            return
        if answer.status_code == 200:
            acknowledged.append((marker, answer.json()["ingestion_id"]))
        number += 1


async def test_everything_killed_while_four_write_keeps_what_was_acknowledged(home: Any, patience: Any) -> None:
    acknowledged: list[tuple[str, str]] = []
    for wait in (0.7, 1.6):
        program, client = await asyncio.to_thread(home.serve)
        async with httpx.AsyncClient(
            base_url=client.base_url, headers=client.headers, timeout=30, trust_env=False
        ) as speaker:
            writers = [asyncio.create_task(_write(speaker, one + 10 * int(wait), acknowledged)) for one in range(4)]
            await asyncio.sleep(wait)
            for process in [*home.postgres()]:
                os.kill(process.pid, signal.SIGKILL)
            program.kill()
            await asyncio.gather(*writers)
    assert len(acknowledged) > 20

    program, client = await asyncio.to_thread(home.serve)
    home.run_out_leases()

    await asyncio.to_thread(patience, lambda: home.rows(UNFINISHED) == [(0,)], seconds=90)
    stored = dict(home.rows("select document_key, count(*) from document group by document_key"))
    remembered = " ".join(row[0] for row in home.rows("select content from memory where status = 0"))
    assert {marker for marker, _ in acknowledged} <= stored.keys()
    assert set(stored.values()) == {1}
    assert not [marker for marker in stored if marker not in remembered]
    assert home.rows(DOUBLES) == []
    assert home.rows(ORPHANS) == []
    lost = [
        one for _, one in acknowledged[-5:] if client.get(f"/v1/memories/status/{one}").json()["status"] != "completed"
    ]
    assert lost == []
    assert program.stop() == 0


def test_two_servers_share_one_folder_and_one_memory(home: Any, patience: Any) -> None:
    first, one = home.serve()
    second, other = home.serve("--workers", "0")

    accepted = other.post("/v1/memories/create", json=documents()[0]).json()
    patience(lambda: one.get(f"/v1/memories/status/{accepted['ingestion_id']}").json()["status"] == "completed")
    assert first.stop() == 0

    found = other.post("/v1/context/customer/fetch", json={"customer_id": "c0", "search_query": "maps of the county"})
    assert statement(0).rstrip(".") in found.text
    assert second.stop() == 0
    assert home.database_pid() is None
