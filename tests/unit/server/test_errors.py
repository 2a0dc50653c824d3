from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from synap.errors import (
    ConflictError,
    InstanceNotReadyError,
    NetworkTimeoutError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitError,
    ScopeMissingError,
    ServiceUnavailableError,
    SetupError,
    SynapError,
    UnprocessableError,
)
from synap.server.backend import Gate
from synap.server.rest.app import create_app
from synap.server.rest.errors import STATUSES

KEYS = {"error", "code", "details", "detail"}


def kinds(kind: type[SynapError] = SynapError) -> set[type[SynapError]]:
    return {kind}.union(*(kinds(child) for child in kind.__subclasses__()))


def test_every_error_has_its_row_in_the_table() -> None:
    assert {kind for kind in kinds() if kind.__module__ == "synap.errors"} - set(STATUSES) == {ScopeMissingError}


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (ScopeMissingError("no", field="customer_id"), 400, "INVALID_INPUT"),
        (PayloadTooLargeError("no", field="document"), 413, "PAYLOAD_TOO_LARGE"),
        (UnprocessableError("no", field="precision_level"), 422, "INVALID_INPUT"),
        (NotFoundError("no"), 404, "NOT_FOUND"),
        (ConflictError("no"), 409, "CONFLICT"),
        (RateLimitError("no", retry_after_seconds=7), 429, "RATE_LIMITED"),
        (InstanceNotReadyError("no", retry_after_seconds=3), 409, "instance_not_ready"),
        (ServiceUnavailableError("no"), 503, "SERVICE_UNAVAILABLE"),
        (NetworkTimeoutError("no"), 504, "TIMEOUT"),
        (SetupError("no"), 500, "SETUP_INCOMPLETE"),
    ],
)
async def test_an_error_becomes_its_status_and_code(
    http: httpx.AsyncClient, backend: Any, failure: SynapError, status: int, code: str
) -> None:
    backend.api.failure = failure

    response = await http.get("/v1/auth/whoami")

    body = response.json()
    word = "instance_not_ready" if isinstance(failure, InstanceNotReadyError) else "no"
    assert (response.status_code, body["code"], body["error"], body["message"]) == (status, code, word, "no")
    assert set(body) >= KEYS
    assert body["details"]["code"] == failure.code
    assert body["details"].get("field") == failure.field


async def test_retry_after_is_whole_seconds_in_header_and_body(http: httpx.AsyncClient, backend: Any) -> None:
    backend.api.failure = InstanceNotReadyError("loading", retry_after_seconds=3)

    response = await http.get("/v1/auth/whoami")

    assert response.headers["Retry-After"] == "3"
    assert response.json()["retry_after_seconds"] == 3
    assert response.json()["detail"] == {
        "code": "instance_not_ready",
        "error": "instance_not_ready",
        "message": "loading",
        "retry_after_seconds": 3,
        "state": "building",
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/v1/memories", 405), ("GET", "/v1/conversations/c", 404)],
)
async def test_what_has_no_route_gets_the_same_body(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await http.request(method, path)

    assert response.status_code == status
    assert set(response.json()) >= KEYS
    assert isinstance(response.json()["detail"], str)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", None),
        (b'{"document": "\xff"}', None),
        (b"[" * 10_000, None),
        (b'{"document": 5}', "document"),
        (b'{"user_id": "\\udc00"}', "user_id"),
        (b'{"document": "x", "metadata": {"n": NaN}}', "metadata"),
        (b'{"document": "x", "scope": {"team": "t"}}', "scope"),
        (b'{"document": "x", "user_id": ["u"]}', "user_id"),
    ],
)
async def test_malformed_bodies_are_400_and_never_500(http: httpx.AsyncClient, body: bytes, field: str | None) -> None:
    response = await http.post("/v1/memories", content=body)

    assert response.status_code == 400
    assert response.json()["details"].get("field") == field


async def test_a_body_above_the_limit_is_413(http: httpx.AsyncClient, backend: Any) -> None:
    response = await http.post("/v1/memories", json={"document": "x" * 2_000_000})

    assert (response.status_code, response.json()["details"]["code"]) == (413, "invalid_input.too_large")
    assert backend.api.asked == []


async def test_a_bug_is_logged_by_place_and_never_by_content(
    http: httpx.AsyncClient, backend: Any, caplog: pytest.LogCaptureFixture
) -> None:
    backend.api.failure = RuntimeError("my secret is 1234")

    with caplog.at_level(logging.ERROR):
        response = await http.get("/v1/auth/whoami", headers={"X-Correlation-ID": "syn_1"})

    assert (response.status_code, response.json()["code"]) == (500, "INTERNAL")
    (record,) = [record for record in caplog.records if record.message == "request failed"]
    assert record.__dict__["correlation_id"] == "syn_1"
    assert "1234" not in response.text + str(record.__dict__)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "UNAUTHORIZED"),
        ("Basic dXNlcg==", "UNAUTHORIZED"),
        ("Bearer", "UNAUTHORIZED"),
        ("Bearer some-other-key", "UNAUTHORIZED"),
        ("Bearer synap_revoked", "CREDENTIAL_INVALID"),
    ],
)
async def test_a_missing_or_unknown_key_is_401(http: httpx.AsyncClient, authorization: str, code: str) -> None:
    response = await http.post("/v1/memories", json={"document": "x"}, headers={"Authorization": authorization})

    assert (response.status_code, response.json()["code"]) == (401, code)
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_a_suspended_instance_is_403(http: httpx.AsyncClient, backend: Any) -> None:
    response = await http.get("/v1/auth/whoami", headers={"Authorization": f"Bearer {backend.suspended_key}"})

    assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("header", "status"), [("", 200), ("inst_0123456789abcdef", 200), ("inst_ffffffffffffffff", 403)]
)
async def test_a_header_may_not_contradict_the_key(http: httpx.AsyncClient, header: str, status: int) -> None:
    response = await http.get("/v1/auth/whoami", headers={"X-Instance-ID": header, "X-Client-ID": ""})

    assert response.status_code == status


async def test_until_the_engine_is_there_calls_are_told_to_come_again() -> None:
    app: Any = create_app(Gate())

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://synap") as http:
        health = await http.get("/health")
        call = await http.get("/v1/auth/whoami", headers={"Authorization": "Bearer synap_x"})
        metrics = await http.get("/metrics")

    assert (health.status_code, call.status_code, metrics.status_code) == (503, 409, 200)
    assert call.json()["code"] == "instance_not_ready"
    assert call.headers["Retry-After"].isdigit()


async def test_ids_that_do_not_fit_come_with_what_would(http: httpx.AsyncClient, backend: Any) -> None:
    backend.api.failure = ScopeMissingError("customer_id is required beside user_id: kept apart", field="customer_id")

    body = (await http.get("/v1/auth/whoami")).json()

    assert body["detail"]["message"] == body["message"]
    assert body["detail"]["fix"] == body["fix"] == "customer_id is required beside user_id"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/v1/data/delete", 405), ("DELETE", "/v1/credits/balance", 405)],
)
async def test_a_call_that_no_route_takes_is_told_in_json(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await http.request(method, path)

    assert answer.status_code == status
    assert answer.json()["message"] == answer.json()["detail"]


@pytest.mark.parametrize("media", ["text/plain", "application/xml", ""])
async def test_json_is_read_whatever_it_is_declared_as(http: httpx.AsyncClient, media: str) -> None:
    answer = await http.post("/v1/context/user/fetch", content=b'{"user_id": "ana"}', headers={"Content-Type": media})

    assert answer.status_code == 200
