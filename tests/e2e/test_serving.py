"""`synap serve` as a process: keys, health, an orderly end, and the same data and keys after it."""

from __future__ import annotations

import stat
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from synap import Synap

pytestmark = pytest.mark.e2e


def finished(client: httpx.Client, ingestion_id: str) -> bool:
    status = client.get(f"/v1/memories/status/{ingestion_id}").json()["status"]
    return status in {"completed", "failed", "partial_success"}


def contents(client: httpx.Client, question: str, **ids: str) -> list[str]:
    body = {"search_query": question, "response_shape": "ranked", "max_results": 50, **ids}
    answer = client.post("/v1/context/user/fetch", json=body)
    assert answer.status_code == 200, answer.text
    return [item["content"] for item in answer.json()["context"]["items"]]


async def test_a_server_starts_serves_drains_and_keeps_what_it_had(home: Any, patience: Any) -> None:
    program, client = home.serve("--verbose")
    url, keys = str(client.base_url), home.keys

    assert client.get("/health").json()["status"] == "ok"
    assert stat.S_IMODE(home.key_file.stat().st_mode) == 0o600
    assert sorted(keys) == ["api_key", "client_id", "grpc", "instance_id", "management_key", "url"]
    assert (keys["url"], keys["grpc"]) == (url.rstrip("/"), home.stream_of(program))

    async with Synap(api_key=keys["api_key"], base_url=url, management_key=keys["management_key"]) as sdk:
        accepted = await sdk.memories.create("User: My locker combination is kingfisher.", user_id="ida")
        await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
    assert any("kingfisher" in text for text in contents(client, "locker combination", user_id="ida"))
    assert contents(client, "locker combination", user_id="ivo") == []
    for key in ("synap_wrong", keys["management_key"]):
        refused = client.get("/v1/memories/", headers={"Authorization": f"Bearer {key}"})
        assert refused.status_code in (401, 403)

    late = client.post("/v1/memories/create", json={"document": "User: I moved to Turku.", "user_id": "ida"}).json()
    assert program.stop() == 0
    assert home.database_pid() is None
    logged = program.err
    assert "ingestion finished" in logged
    secret = ("kingfisher", "Turku", "locker combination", keys["api_key"], keys["management_key"])
    assert not [word for word in secret if word in logged]

    again, client = home.serve()
    assert "left alone" in again.out
    assert home.keys == keys
    patience(lambda: finished(client, late["ingestion_id"]))
    assert any("Turku" in text for text in contents(client, "Where did I move?", user_id="ida"))
    assert again.stop() == 0


def test_servers_started_at_once_on_a_new_folder_share_one_instance_and_one_set_of_keys(home: Any) -> None:
    arguments = (
        "serve",
        "--http",
        "127.0.0.1:0",
        "--grpc",
        "127.0.0.1:0",
        "--workers",
        "0",
        "--key-file",
        str(home.key_file),
    )
    programs = [home.start(*arguments) for _ in range(3)]

    for program in programs:
        program.expect("ready")

    told = [program for program in programs if "These keys are shown this once" in program.out]
    whose = [home.client(program).get("/v1/auth/whoami").json() for program in programs]
    assert len(told) == 1
    assert {one["instance_id"] for one in whose} == {home.keys["instance_id"]}
    counts = "select (select count(*) from client), (select count(*) from instance), (select count(*) from api_key)"
    assert home.rows(counts) == [(1, 1, 2)]


def test_health_is_unavailable_until_the_engine_is_there(home: Any) -> None:
    with httpx.Client(trust_env=False) as client:  # made before: the engine may be there sooner than another one is
        door = ("--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
        program = home.start("serve", *door, "--key-file", str(home.key_file))
        program.expect("listening on")
        url = program.out.split("listening on ")[1].split()[0]

        call = client.post(f"{url}/v1/context/client/fetch", json={}, headers={"Authorization": "Bearer synap_x"})
        early = client.get(f"{url}/health")
        program.expect("ready")

        assert early.status_code == 503
        assert (call.status_code, "Retry-After" in call.headers) == (409, True)
        assert client.get(f"{url}/health").status_code == 200


def test_nothing_but_loopback_is_spoken_to(home: Any, patience: Any) -> None:
    program, client = home.serve()
    accepted = client.post("/v1/memories/create", json={"document": "User: I keep bees.", "user_id": "ida"}).json()
    patience(lambda: finished(client, accepted["ingestion_id"]))

    remote = [one.raddr.ip for one in psutil.Process(program.process.pid).net_connections(kind="inet") if one.raddr]

    assert [one for one in remote if not ip_address(one).is_loopback] == []


def test_the_command_line_ingests_fetches_and_looks_after_a_folder(home: Any, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / ".hidden").mkdir(parents=True)
    (docs / "hours.md").write_text("# Opening hours\n\nThe reading room opens at 10 in the morning.\n")
    (docs / "broken.txt").write_bytes(b"\xff\xfe\xff")
    (docs / "picture.png").write_bytes(b"\x89PNG")
    (docs / ".hidden" / "secret.md").write_text("never read")

    first = home.run("ingest", str(docs), "--customer", "library", code=8, apart=True)
    again = home.run("ingest", str(docs / "hours.md"), "--customer", "library")
    context = home.run("fetch", "When does the reading room open?", "--customer", "library")
    health = home.run("doctor", code=8)

    assert (first["documents"], first["failed"]) == (1, 1)
    assert again["failed"] == 0
    assert any("10" in item["content"] for item in context["items"])
    assert all(item["scope"] == "customer" for item in context["items"])
    assert "never read" not in str(context)
    assert (health["status"], health["embedder"]["semantic"]) == ("ok", False)
    assert health["warnings"]


def test_the_command_line_manages_a_server(home: Any, tmp_path: Path) -> None:
    _, client = home.serve()
    instance = home.keys["instance_id"]
    client.post("/v1/memories/create", json={"document": "The reading room opens at 10.", "document_type": "note"})
    maca = tmp_path / "maca.yaml"

    def run(*arguments: str, code: int = 0, apart: bool = False) -> Any:
        return home.run(*arguments, code=code, url=str(client.base_url), apart=apart)

    assert [row["id"] for row in run("instances", "list", home.keys["client_id"])] == [instance]
    key = run("keys", "create", instance, "--label", "ci")
    run("keys", "revoke", instance, key["key_id"])
    assert {row["label"]: bool(row["revoked_at"]) for row in run("keys", "list", instance)}["ci"]
    refused = client.get("/v1/memories", headers={"Authorization": f"Bearer {key['api_key']}"})
    maca.write_text("retrieval:\n  budget:\n    max_tokens: 99\n")
    assert run("config", "set", instance, str(maca))["revision"] == 1
    maca.write_text("retrieval:\n  budget:\n    max_tokens: many\n")
    assert "max_tokens" in run("config", "set", instance, str(maca), code=2)["error"]
    added = run("world", "add", "Water boils at 100 degrees at sea level.")
    assert "Water boils" in client.post("/v1/context/client/fetch", json={}).text
    run("world", "delete", added["memory_id"])
    trail = run("audit", "--limit", "200")["data"]
    missing = run("instances", "suspend", "inst_0000000000000000", code=4, apart=True)

    assert refused.status_code == 401
    assert {"memory.create", "context.fetch"} <= {row["action"] for row in trail}
    assert "reading room" not in str(trail)
    assert missing["code"] == "not_found"


def test_importing_synap_loads_neither_engine_nor_store() -> None:
    script = "import sys, synap; print([m for m in sys.modules if m.startswith(('synap.engine', 'synap.store', 'psycopg', 'numpy'))])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter

    assert done.stdout.strip() == "[]"
