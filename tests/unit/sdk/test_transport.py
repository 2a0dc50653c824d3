from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from synap.errors import (
    AuthenticationError,
    InstanceNotReadyError,
    InvalidInputError,
    NetworkTimeoutError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitError,
    ScopeMissingError,
    ServiceUnavailableError,
    SynapError,
)
from synap.sdk.transport import ATTEMPTS, Transport, encode, segment

Answer = httpx.Response | Exception


class Server:
    """Gives the answers it was told, the last one over and over, and keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def transport_to(server: Callable[[httpx.Request], httpx.Response]) -> Transport:
    return Transport("http://synap", "synap_k", timeout=1.0, through=httpx.MockTransport(server))


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, in seconds, none of which is really waited."""
    made: list[float] = []

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return made


def refused(status: int, code: str = "", field: str | None = None, **headers: str) -> httpx.Response:
    details = {"code": code, **({} if field is None else {"field": field})}
    return httpx.Response(status, json={"error": "no", "details": details}, headers=headers)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused(400, "invalid_input.scope", "customer_id"), ScopeMissingError),
        (refused(401, "unauthorized"), AuthenticationError),
        (refused(404, "not_found"), NotFoundError),
        (refused(409, "instance_not_ready"), InstanceNotReadyError),
        (httpx.Response(413, text="<html>"), PayloadTooLargeError),
        (httpx.Response(404, json=["?"]), NotFoundError),
        (httpx.Response(502, text="bad gateway"), ServiceUnavailableError),
    ],
)
async def test_a_refusal_is_raised_as_the_error_it_was(answer: httpx.Response, kind: type[SynapError]) -> None:
    with pytest.raises(SynapError) as refusal:
        await transport_to(Server(answer)).call("POST", "/x", body={})

    assert type(refusal.value) is kind


async def test_a_refusal_keeps_message_field_and_correlation_id() -> None:
    answer = refused(400, "invalid_input", "user_id", **{"X-Correlation-Id": "syn_1"})

    with pytest.raises(SynapError) as refusal:
        await transport_to(Server(answer)).call("POST", "/x", body={})

    assert (refusal.value.message, refusal.value.field, refusal.value.correlation_id) == ("no", "user_id", "syn_1")


async def test_a_repeatable_call_is_made_again_after_what_the_server_asked_for(pauses: list[float]) -> None:
    server = Server(refused(429, "transient.rate_limited", **{"Retry-After": "2"}), httpx.Response(200, content=b"{}"))

    assert await transport_to(server).call("GET", "/x", repeatable=True) == b"{}"

    assert 2.0 <= pauses[0] <= 2.5
    assert len({request.headers["X-Correlation-ID"] for request in server.requests}) == 1


async def test_a_call_that_is_not_repeatable_is_made_once() -> None:
    server = Server(refused(429, "transient.rate_limited", **{"Retry-After": "2"}))

    with pytest.raises(RateLimitError) as refusal:
        await transport_to(server).call("POST", "/x", body={})

    assert (len(server.requests), refusal.value.retry_after_seconds) == (1, 2)


async def test_any_call_is_made_again_when_no_connection_was_to_be_had() -> None:
    server = Server(httpx.ConnectError("refused"), httpx.Response(200, content=b"{}"))

    assert await transport_to(server).call("POST", "/x", body={}) == b"{}"


@pytest.mark.parametrize(
    ("failure", "kind", "repeatable", "attempts"),
    [
        (httpx.ConnectError("refused"), ServiceUnavailableError, False, ATTEMPTS),
        (httpx.ReadTimeout("slow"), NetworkTimeoutError, False, 1),
        (httpx.ReadTimeout("slow"), NetworkTimeoutError, True, ATTEMPTS),
        (httpx.RemoteProtocolError("gone"), ServiceUnavailableError, False, 1),
        (httpx.RemoteProtocolError("gone"), ServiceUnavailableError, True, ATTEMPTS),
    ],
)
async def test_a_lost_call_ends_in_our_error(
    failure: Exception, kind: type[SynapError], *, repeatable: bool, attempts: int
) -> None:
    server = Server(failure)

    with pytest.raises(kind):
        await transport_to(server).call("POST", "/x", body={}, repeatable=repeatable)

    assert len(server.requests) == attempts


async def test_what_no_url_can_hold_is_refused_by_its_name_and_not_sent() -> None:
    server = Server(httpx.Response(200))

    with pytest.raises(InvalidInputError) as refusal:
        await transport_to(server).call("GET", "/v1/memories", query={"page": 1, "customer_id": "u" * 70_000})

    assert refusal.value.field == "customer_id"
    assert server.requests == []


async def test_an_instance_that_is_not_ready_is_left_to_the_caller() -> None:
    server = Server(refused(409, "instance_not_ready", **{"Retry-After": "2"}))

    with pytest.raises(InstanceNotReadyError):
        await transport_to(server).call("GET", "/x", repeatable=True)

    assert len(server.requests) == 1


async def test_an_http_date_as_retry_after_is_ignored() -> None:
    server = Server(refused(503, **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}))

    with pytest.raises(ServiceUnavailableError) as refusal:
        await transport_to(server).call("POST", "/x")

    assert refusal.value.retry_after_seconds is None


async def test_the_key_and_the_query_are_sent_and_what_is_none_is_not() -> None:
    server = Server(httpx.Response(200, content=b"{}"))

    await transport_to(server).call("GET", "/x", query={"a": "b c", "n": None})

    (request,) = server.requests
    assert request.headers["Authorization"] == "Bearer synap_k"
    assert dict(request.url.params) == {"a": "b c"}


@pytest.mark.parametrize("value", ["a/b", "..", ".", "a b", "ü", "%2F", "?x#y", "\ud800"])
def test_a_segment_holds_nothing_that_takes_a_path_apart(value: str) -> None:
    quoted = segment(value)

    assert not set(quoted) & set("/.?# ")
    assert httpx.URL(f"http://synap/v1/{quoted}/x").raw_path == f"/v1/{quoted}/x".encode()


@pytest.mark.parametrize("value", ["plain", "ü", "\ud800"])
def test_any_text_can_be_sent(value: str) -> None:
    assert json.loads(encode({"a": value})) == {"a": value}


def test_what_json_cannot_hold_is_sent_for_the_server_to_refuse() -> None:
    value: Any = {"documents": [{"document": object()}]}

    assert json.loads(encode(value)) == {"documents": [{"document": [["unsupported", "object"]]}]}
