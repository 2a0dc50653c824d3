"""A POST that arrives twice is done once; nothing else is kept, and the memory for it is bounded."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from synap.api.conversations import RecordedMessage, RecordMessage
from synap.errors import ServiceUnavailableError
from synap.server.rest.replay import Answers

MESSAGES = "/v1/conversations/messages"
BODY = {"conversation_id": "c", "role": "user", "content": "hello", "user_id": "ana"}


async def send(
    http: httpx.AsyncClient, body: dict[str, Any] = BODY, *, at: str = MESSAGES, by: str | None = "syn_1"
) -> Any:
    headers = {} if by is None else {"X-Correlation-ID": by}
    return await http.post(at, json=body, headers=headers)


def asked(backend: Any) -> int:
    return len([one for one in backend.api.asked if isinstance(one, RecordMessage)])


async def test_the_second_arrival_has_the_first_ones_answer(http: httpx.AsyncClient, backend: Any) -> None:
    first, second = await send(http), await send(http)

    assert (first.status_code, second.status_code, asked(backend)) == (200, 200, 1)
    assert first.json() == second.json()
    assert "X-Synap-Replayed" not in first.headers
    assert second.headers["X-Synap-Replayed"] == "true"
    assert second.headers["X-Correlation-ID"] == "syn_1"


@pytest.mark.parametrize(
    "other",
    [
        {"by": "syn_2"},
        {"body": {**BODY, "content": "hello!"}},
        {"at": "/v1/conversations/messages/batch"},
        {"by": None},
    ],
)
async def test_another_id_body_or_path_is_another_call(
    http: httpx.AsyncClient, backend: Any, other: dict[str, Any]
) -> None:
    await send(http)

    again = await send(http, **other)

    assert "X-Synap-Replayed" not in again.headers
    assert asked(backend) == (1 if "at" in other else 2)


async def test_without_an_id_of_its_own_a_call_is_not_protected(http: httpx.AsyncClient, backend: Any) -> None:
    await send(http, by=None)
    await send(http, by=None)

    assert asked(backend) == 2


async def test_a_refusal_is_not_kept(http: httpx.AsyncClient, backend: Any) -> None:
    backend.api.failure = ServiceUnavailableError("away", retry_after_seconds=1)
    first = await send(http)
    backend.api.failure = None

    second = await send(http)

    assert (first.status_code, second.status_code, asked(backend)) == (503, 200, 2)


async def test_an_arrival_while_the_first_runs_waits_for_its_answer(
    http: httpx.AsyncClient, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    genuine = backend.api.record_message

    async def slow(request: RecordMessage) -> RecordedMessage:
        await gate.wait()
        answer: RecordedMessage = await genuine(request)
        return answer

    monkeypatch.setattr(backend.api, "record_message", slow)
    sending = [asyncio.create_task(send(http)) for _ in range(5)]
    await asyncio.sleep(0.05)
    gate.set()

    answers = await asyncio.gather(*sending)

    assert asked(backend) == 1
    assert [answer.status_code for answer in answers] == [200] * 5
    assert sum("X-Synap-Replayed" in answer.headers for answer in answers) == 4


async def test_whoever_waited_for_a_failure_does_the_work_itself(
    http: httpx.AsyncClient, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    genuine = backend.api.record_message
    calls = 0

    async def first_fails(request: RecordMessage) -> RecordedMessage:
        nonlocal calls
        calls += 1
        await gate.wait()
        if calls == 1:
            raise ServiceUnavailableError("away")
        answer: RecordedMessage = await genuine(request)
        return answer

    monkeypatch.setattr(backend.api, "record_message", first_fails)
    sending = [asyncio.create_task(send(http)) for _ in range(2)]
    await asyncio.sleep(0.05)
    gate.set()

    answers = await asyncio.gather(*sending)

    assert sorted(answer.status_code for answer in answers) == [200, 503]


async def test_another_key_never_gets_a_kept_answer(http: httpx.AsyncClient, door: Any) -> None:
    await send(http)

    async with httpx.AsyncClient(
        transport=door, base_url="http://synap", headers={"Authorization": "Bearer synap_wrong"}
    ) as stranger:
        answer = await send(stranger)

    assert answer.status_code == 401


async def test_fetches_are_never_replayed(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        answer = await send(http, {"user_id": "ana"}, at="/v1/context/user/fetch")

    assert "X-Synap-Replayed" not in answer.headers


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_what_is_shown_for_forgetting_is_not_kept(http: httpx.AsyncClient, prefix: str) -> None:
    body = {"description": "the car", "user_id": "ana", "mode": "direct"}
    answers = [await send(http, body, at=f"{prefix}/memories/forget") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any("X-Synap-Replayed" in answer.headers for answer in answers)


async def test_a_body_above_the_limit_is_refused_as_before(http: httpx.AsyncClient) -> None:
    answer = await send(http, {**BODY, "content": "x" * 2_000_000})

    assert answer.status_code == 413


def test_kept_answers_are_bounded_in_number_bytes_and_time() -> None:
    now = 0.0
    answers = Answers(most=3, most_bytes=100, seconds=10, timer=lambda: now)
    for name in (b"a", b"b", b"c", b"d"):
        answers.put(name, headers=(), body=b"x" * 30, route="/r")

    assert [answers.get(name) is not None for name in (b"a", b"b", b"c", b"d")] == [False, True, True, True]

    answers.put(b"e", headers=(), body=b"x" * 60, route="/r")
    assert [answers.get(name) is not None for name in (b"b", b"c", b"d", b"e")] == [False, False, True, True]

    now = 11.0
    assert answers.get(b"e") is None

    answers.put(b"f", headers=(), body=b"x", route="/r")
    assert len(answers) == 1, "what nobody asks for again is kept after its time"


PUBLISHED, OURS = "syn_inst_a_1779000000000_0a1b2c", "syn_00112233aabbccdd"


@pytest.mark.parametrize("by", [PUBLISHED, OURS])
async def test_a_message_is_known_again_by_the_call_that_recorded_it(
    http: httpx.AsyncClient, backend: Any, by: str
) -> None:
    rows = {"messages": [BODY, BODY, {**BODY, "event_id": "mine"}]}
    await send(http, by=by)
    await send(http, rows, at="/v1/conversations/messages/batch", by=by)
    await send(http, {**BODY, "messages": [BODY]}, at="/v1/memories/ingest", by=by)

    ids = [one.event_id for one in recorded(backend)]
    assert ids[3] == "mine"
    assert len(set(ids)) == 5
    assert all((one or "").startswith("call-") for one in [*ids[:3], ids[4]])


async def test_the_same_call_gives_the_same_id_to_another_process(http: httpx.AsyncClient, backend: Any) -> None:
    backend.api.failure = ServiceUnavailableError("away", retry_after_seconds=1)
    await send(http, by=PUBLISHED)
    await send(http, by=PUBLISHED)
    await send(http, by=PUBLISHED.replace("0a1b2c", "0a1b2d"))

    first, again, another = (one.event_id for one in recorded(backend))
    assert first == again != another


@pytest.mark.parametrize("by", [None, "syn_1", "session-7", "trace_1779000000000_0a1b2c", f"{OURS}x"])
async def test_a_correlation_id_that_may_name_more_than_one_call_names_no_message(
    http: httpx.AsyncClient, backend: Any, by: str | None
) -> None:
    await send(http, by=by)

    assert [one.event_id for one in recorded(backend)] == [None]


def recorded(backend: Any) -> list[RecordMessage]:
    found: list[RecordMessage] = []
    for one in backend.api.asked:
        found += [one] if isinstance(one, RecordMessage) else [row for row in one if isinstance(row, RecordMessage)]
    return found
