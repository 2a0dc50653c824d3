from __future__ import annotations

import logging

import httpx
import pytest


async def test_a_given_correlation_id_comes_back(http: httpx.AsyncClient) -> None:
    response = await http.get("/v1/auth/whoami", headers={"X-Correlation-ID": "syn_abc_1-2"})

    assert response.headers["X-Correlation-Id"] == "syn_abc_1-2"


@pytest.mark.parametrize("given", ["", "with space", "x" * 200, "a;b", "é"])
async def test_an_unfit_correlation_id_is_replaced(http: httpx.AsyncClient, given: str) -> None:
    response = await http.get("/nowhere", headers=[(b"X-Correlation-ID", given.encode())])

    assert response.headers["X-Correlation-Id"].startswith("req_")


async def test_the_correlation_id_reaches_the_answer(http: httpx.AsyncClient) -> None:
    response = await http.post("/v1/context/client/fetch", json={}, headers={"X-Correlation-ID": "syn_7"})

    assert response.json()["metadata"]["correlation_id"] == "syn_7"


async def test_durations_are_counted_by_route_and_never_by_id(http: httpx.AsyncClient) -> None:
    await http.get("/v1/memories/secret-id")
    await http.get("/another/secret-id")

    text = (await http.get("/metrics")).text

    assert 'route="/v1/memories/{memory_id}",status="200"' in text
    assert 'route="unmatched",status="404"' in text
    assert "secret-id" not in text
    assert "synap_queue_ready_jobs" in text


async def test_the_log_tells_the_route_and_not_the_content(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="synap"):
        await http.post("/v1/memories", json={"document": "my secret", "user_id": "alice"})

    (record,) = [record for record in caplog.records if record.message == "request served"]
    assert (record.__dict__["route"], record.__dict__["status"]) == ("/v1/memories", 200)
    assert "secret" not in str(record.__dict__)
    assert "alice" not in str(record.__dict__)


async def test_health_asks_for_no_key(http: httpx.AsyncClient) -> None:
    response = await http.get("/health", headers={"Authorization": ""})

    assert (response.status_code, response.json()["status"]) == (200, "ok")
