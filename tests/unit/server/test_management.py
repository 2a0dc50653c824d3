from __future__ import annotations

from typing import Any

import httpx
import pytest

from synap.api.admin import CreateInstance, UpdateInstance


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/clients"),
        ("POST", "/v1/clients"),
        ("GET", "/dashboard/instances"),
        ("POST", "/dashboard/instances"),
        ("DELETE", "/dashboard/instances/i"),
        ("POST", "/v1/instances/i/api-keys"),
        ("PUT", "/v1/instances/i/config"),
        ("POST", "/v1/world/memories"),
        ("DELETE", "/v1/world/memories/m"),
        ("GET", "/v1/audit"),
    ],
)
async def test_an_application_key_is_refused_on_every_management_route(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    response = await http.request(method, path)

    assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")


async def test_instances_are_created_with_201_from_query_and_body(operator: httpx.AsyncClient, backend: Any) -> None:
    response = await operator.post("/dashboard/instances?client_id=cli_1", json={"name": "bot", "tenancy": "b2b"})

    assert (response.status_code, response.json()["name"]) == (201, "bot")
    assert backend.admin.asked == [CreateInstance(client_id="cli_1", name="bot", tenancy="b2b")]


async def test_instances_are_listed_changed_and_erased(operator: httpx.AsyncClient, backend: Any) -> None:
    listed = await operator.get("/dashboard/instances?client_id=cli_1")
    changed = await operator.patch("/dashboard/instances/inst_1", json={"status": "suspended"})
    erased = await operator.delete("/v1/instances/inst_1")

    assert listed.json()["total"] == 1
    assert [changed.status_code, erased.status_code] == [200, 200]
    assert backend.admin.asked == [
        ("instances", "cli_1"),
        UpdateInstance(status="suspended"),
        ("delete_instance", "inst_1"),
    ]


async def test_a_list_comes_in_pages(operator: httpx.AsyncClient) -> None:
    page = (await operator.get("/v1/clients?page=2&page_size=100")).json()

    assert (len(page["data"]), page["total"], page["total_pages"], page["page"]) == (30, 130, 2, 2)


@pytest.mark.parametrize("query", ["page=0", "page_size=0", "page_size=101"])
async def test_a_page_out_of_range_is_400(operator: httpx.AsyncClient, query: str) -> None:
    assert (await operator.get(f"/v1/clients?{query}")).status_code == 400


async def test_keys_are_made_shown_once_and_revoked(operator: httpx.AsyncClient, backend: Any) -> None:
    made = await operator.post("/v1/instances/i/api-keys", json={"label": "ci"})
    listed = await operator.get("/v1/instances/i/api-keys")
    revoked = await operator.delete("/v1/instances/i/api-keys/k2")

    assert (made.status_code, made.json()["api_key"]) == (201, "synap_new")
    assert "api_key" not in listed.json()["data"][0]
    assert revoked.status_code == 200
    assert backend.admin.asked == [("revoke_key", "i", "k2")]


async def test_a_configuration_is_taken_as_yaml_and_as_json(operator: httpx.AsyncClient, backend: Any) -> None:
    yaml = "retrieval:\n  budget: {max_tokens: 100}\n"

    await operator.put("/v1/instances/i/config", content=yaml, headers={"Content-Type": "application/yaml"})
    await operator.put("/v1/instances/i/config", json={"retrieval": {}})
    garbage = await operator.put("/v1/instances/i/config", content=b"\xff")

    assert backend.admin.asked == [yaml, {"retrieval": {}}]
    assert garbage.status_code == 400


async def test_world_and_audit_are_served(operator: httpx.AsyncClient, backend: Any) -> None:
    added = await operator.post("/v1/world/memories", json={"content": "Water is wet"})
    listed = await operator.get("/v1/world/memories")
    erased = await operator.delete("/v1/world/memories/w1")
    audit = await operator.get("/v1/audit?limit=3&instance_id=i")

    assert [r.status_code for r in (added, listed, erased, audit)] == [201, 200, 200, 200]
    assert audit.json()["cursor"] == "next"
    assert backend.admin.asked == [("i", None, 3)]


async def test_clients_are_created_changed_and_erased(operator: httpx.AsyncClient) -> None:
    made = await operator.post("/v1/clients", json={"name": "Acme"})
    changed = await operator.patch("/v1/clients/cli_1", json={"status": "inactive"})
    erased = await operator.delete("/v1/clients/cli_1")
    nameless = await operator.post("/v1/clients", json={})

    assert [r.status_code for r in (made, changed, erased, nameless)] == [201, 200, 200, 400]
    assert changed.json()["status"] == "inactive"
    assert nameless.json()["details"]["field"] == "name"
