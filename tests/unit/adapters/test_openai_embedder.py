from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import pytest

from synap.adapters.openai.answers import read_vectors, retry_after
from synap.adapters.openai.embedder import OpenAiEmbedder, batches
from synap.errors import InstanceNotReadyError, ServiceUnavailableError, SetupError

Reply = Callable[[httpx.Request], httpx.Response]


class Script:
    """Answers requests by a list of replies, the last one for ever, and notes what it saw and how long we paused."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(request)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def embedder(self, **options: Any) -> OpenAiEmbedder:
        transport = httpx.MockTransport(self)
        return OpenAiEmbedder(
            url="http://models/v1/", model="m", transport=transport, sleep=self.pause, **{"key": "sk-1", **options}
        )


def status(code: int, **headers: str) -> Reply:
    return lambda _: httpx.Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def vectors(width: int = 4, *, encode: bool = False, backwards: bool = False) -> Reply:
    """Answer each text with a vector that begins with the text's length."""

    def reply(request: httpx.Request) -> httpx.Response:
        rows = []
        for index, text in enumerate(json.loads(request.content)["input"]):
            vector = np.ones(width, "<f4")
            vector[0] = len(text)
            value: Any = base64.b64encode(vector.tobytes()).decode() if encode else vector.tolist()
            rows.append({"object": "embedding", "index": index, "embedding": value})
        return httpx.Response(200, json={"data": rows[::-1] if backwards else rows})

    return reply


def fail(error: type[httpx.TransportError]) -> Reply:
    def reply(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)

    return reply


async def test_a_request_names_model_key_and_plain_numbers() -> None:
    script = Script(vectors())

    await script.embedder().embed_documents(["one"])

    request = script.requests[0]
    assert str(request.url) == "http://models/v1/embeddings"
    assert request.headers["authorization"] == "Bearer sk-1"
    assert json.loads(request.content) == {"model": "m", "input": ["one"], "encoding_format": "float"}


@pytest.mark.parametrize("options", [{"encode": True}, {"backwards": True}, {}])
async def test_rows_have_length_one_and_the_order_of_the_texts(options: dict[str, bool]) -> None:
    embedder = Script(vectors(**options)).embedder()

    rows = await embedder.embed_documents(["a", "bb", "ccc"])

    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert np.allclose(rows[:, 0] / rows[:, 1], [1, 2, 3])


async def test_long_vectors_are_cut_to_896_and_brought_back_to_length_one() -> None:
    embedder = Script(vectors(1536)).embedder()

    rows = await embedder.embed_documents(["a"])

    assert embedder.dim == rows.shape[1] == 896
    assert np.linalg.norm(rows[0]) == pytest.approx(1)


async def test_the_length_of_vectors_is_known_once_loaded() -> None:
    embedder = Script(vectors(8)).embedder()
    with pytest.raises(InstanceNotReadyError):
        _ = embedder.dim

    await embedder.load()

    assert embedder.ready
    assert embedder.dim == 8


@pytest.mark.parametrize("failure", [status(500), status(503), status(429), fail(httpx.ConnectError)])
async def test_what_may_pass_is_tried_again(failure: Reply) -> None:
    script = Script(failure, failure, vectors())

    rows = await script.embedder().embed_documents(["a"])

    assert rows.shape == (1, 4)
    assert script.pauses == [0.5, 1.0]


async def test_a_pause_that_the_server_asks_for_is_kept() -> None:
    script = Script(status(429, retry_after="7"), vectors())

    await script.embedder().embed_documents(["a"])

    assert script.pauses == [7]


async def test_a_pause_too_long_to_keep_is_handed_on() -> None:
    script = Script(status(429, retry_after="600"))

    with pytest.raises(ServiceUnavailableError) as caught:
        await script.embedder().embed_documents(["a"])

    assert caught.value.retry_after_seconds == 600
    assert script.pauses == []


@pytest.mark.parametrize("failure", [status(500), fail(httpx.ReadTimeout), fail(httpx.ConnectError), status(429)])
async def test_what_does_not_pass_is_unavailable_after_four_attempts(failure: Reply) -> None:
    script = Script(failure)

    with pytest.raises(ServiceUnavailableError):
        await script.embedder().embed_documents(["a"])

    assert len(script.requests) == 4


@pytest.mark.parametrize(
    ("code", "variable"),
    [
        (401, "SYNAP_EMBEDDING_KEY"),
        (403, "SYNAP_EMBEDDING_KEY"),
        (404, "SYNAP_EMBEDDING_URL"),
        (400, "SYNAP_EMBEDDING_MODEL"),
    ],
)
async def test_a_wrong_setting_is_named_at_once(code: int, variable: str) -> None:
    script = Script(status(code))

    with pytest.raises(SetupError, match=variable):
        await script.embedder().embed_documents(["a"])

    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data": null}',
        b'{"data": []}',
        b'{"data": [1]}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 3, "embedding": [1]}]}',
        b'{"data": [{"index": 0, "embedding": ["x"]}]}',
        b'{"data": [{"index": 0, "embedding": [[1], [2]]}]}',
        b'{"data": [{"index": 0, "embedding": "no base64!"}]}',
        b'{"data": [{"index": 0, "embedding": "AAA="}]}',
        b'{"data": [{"index": 0, "embedding": [0, 0]}]}',
        b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}',
        b'{"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1]}]}',
        b"[" * 100_000,
    ],
)
def test_an_answer_out_of_form_is_refused(body: bytes) -> None:
    with pytest.raises(ServiceUnavailableError):
        read_vectors(body, count=1, longest=1024)


async def test_another_length_than_before_is_refused() -> None:
    embedder = Script(vectors(4), vectors(5)).embedder()
    await embedder.load()

    with pytest.raises(SetupError, match="another model"):
        await embedder.embed_documents(["a"])


def test_requests_are_bounded_in_texts_and_characters() -> None:
    texts = ["x" * 30_000] * 20 + ["y"] * 100 + [" "]

    groups = batches(texts)

    assert all(len(group) <= 64 and sum(map(len, group)) <= 200_000 for group in groups)
    assert [len(text) for group in groups for text in group] == [24_000] * 20 + [1] * 101
    assert groups[-1][-1] == "-"


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    now = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)

    assert retry_after({"retry-after": "12"}) == 12
    assert retry_after({"retry-after": "Sat, 01 Mar 2025 12:00:30 GMT"}, now=now) == 30
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
