"""The same POST twice, from a client that did not get the answer to the first, is done once and answered twice.

Published clients send a POST again after a 5xx or a broken connection, with the correlation id of the first. What was
answered with 200 is kept for ten minutes under instance, path, correlation id and the hash of the body; who sends the same
while the first still runs waits for its answer. Refusals and failures are not kept, and a call without a correlation id
of its own is not protected. Kept in this process: docs/decisions/0014-replays-in-memory.md. What is recorded is known again
by the `event_id` that `named` gives it, after a restart as well.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from synap.api.conversations import RecordMessage
from synap.errors import SynapError
from synap.server.backend import Gate

KEPT_SECONDS = 600.0
MOST_ANSWERS = 10_000
MOST_BYTES = 64 * 1024 * 1024
LONGEST_ANSWER = 1024 * 1024
"""Bytes of an answer above which it is not kept."""

LONGEST_ID = 128
HEADER = (b"x-synap-replayed", b"true")
_PREFIXES = ("/v1/memories", "/api/v1/memories", "/v1/conversations", "/v1/events")
"""Where a POST that is made twice would be done twice; fetches and deletions may be repeated as they are."""

_NOT_KEPT = "/memories/forget"
"""Its answer holds what has just been forgotten."""

_OK = 200
_OF_ONE_CALL = re.compile(r"syn_(?:.*_\d{13}_[0-9a-f]{6}|[0-9a-f]{16})")
"""Correlation ids by which the published clients and our own name a call, and no other: a moment and chance, or chance alone."""


async def named(request: Request[Any, Any, Any], messages: Sequence[RecordMessage]) -> tuple[RecordMessage, ...]:
    """Return messages, those without an `event_id` under one that a repetition of their call gives them too.

    It is made of the call and of the message's place in it, where the client names its calls.
    """
    correlation_id = _correlation_id(request.scope)
    if not _OF_ONE_CALL.fullmatch(correlation_id):
        return tuple(messages)
    call = _key("", request.scope, correlation_id, await request.body()).hex()
    return tuple(
        msgspec.structs.replace(message, event_id=f"call-{call}-{index}") if message.event_id is None else message
        for index, message in enumerate(messages)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer as it was sent."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    route: str
    until: float


class Answers:
    """What was answered lately, least recently used first out; bounded in number and in bytes."""

    def __init__(
        self,
        *,
        most: int = MOST_ANSWERS,
        most_bytes: int = MOST_BYTES,
        seconds: float = KEPT_SECONDS,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._most_bytes, self._seconds, self._timer = most, most_bytes, seconds, timer
        self._kept: OrderedDict[bytes, Answer] = OrderedDict()
        self._bytes = 0
        self.running: dict[bytes, asyncio.Future[Answer | None]] = {}

    def get(self, key: bytes) -> Answer | None:
        """Return what was answered, unless that was too long ago."""
        answer = self._kept.get(key)
        if answer is None:
            return None
        if answer.until < self._timer():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return answer

    def put(self, key: bytes, *, headers: Sequence[tuple[bytes, bytes]], body: bytes, route: str) -> Answer:
        """Keep an answer; those that are too old go, and the one used least recently makes room."""
        now = self._timer()
        while self._kept and self._kept[oldest := next(iter(self._kept))].until < now:
            self._drop(oldest)
        answer = Answer(headers=tuple(headers), body=body, route=route, until=now + self._seconds)
        if len(body) <= LONGEST_ANSWER:
            self._drop(key)
            self._kept[key] = answer
            self._bytes += _size(answer)
            while self._kept and (len(self._kept) > self._most or self._bytes > self._most_bytes):
                self._drop(next(iter(self._kept)))
        return answer

    def __len__(self) -> int:
        return len(self._kept)

    def _drop(self, key: bytes) -> None:
        answer = self._kept.pop(key, None)
        if answer is not None:
            self._bytes -= _size(answer)


class Replayed:
    """An ASGI application whose POSTs that change something are done once per correlation id and body."""

    def __init__(self, app: ASGIApp, gate: Gate, *, max_body: int, answers: Answers | None = None) -> None:
        self._app = app
        self._gate = gate
        self._max_body = max_body
        self._answers = answers or Answers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, by a kept answer where it came before."""
        correlation_id = _correlation_id(scope)
        instance_id = await self._instance_of(scope) if correlation_id else ""
        if not instance_id:
            await self._app(scope, receive, send)
            return
        messages, whole = await _read(receive, self._max_body)
        again = _again(messages, receive)
        if not whole:
            await self._app(scope, again, send)
            return
        body = b"".join(message.get("body", b"") for message in messages)
        key = _key(instance_id, scope, correlation_id, body)
        await self._once(key, scope, again, send)

    async def _once(self, key: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        answers = self._answers
        while True:
            answer = answers.get(key)
            if answer is None and (running := answers.running.get(key)) is not None:
                answer = await asyncio.shield(running)
            if answer is not None:
                await _replay(answer, scope, send)
                return
            if key not in answers.running:
                break
        first: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        answers.running[key] = first
        recorded = _Recorded(send)
        try:
            await self._app(scope, receive, recorded.send)
        finally:
            del answers.running[key]
            kept = None
            if recorded.whole and recorded.status == _OK:
                route = str(dict(scope).get("path_template") or "")
                kept = answers.put(key, headers=recorded.headers, body=b"".join(recorded.parts), route=route)
            first.set_result(kept)

    async def _instance_of(self, scope: Scope) -> str:
        """Return the instance that the key of a protected call is bound to; "" for any other call, or a key that is refused."""
        values = dict(scope)
        path = str(values.get("path", ""))
        if values.get("type") != "http" or values.get("method") != "POST":
            return ""
        if not path.startswith(_PREFIXES) or path.rstrip("/").endswith(_NOT_KEPT):
            return ""
        scheme, _, key = _header(scope, b"authorization").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return ""
        try:
            caller = await self._gate.backend.authenticate(key.strip())
        except SynapError:
            return ""
        return "" if caller.instance is None or caller.unverified else caller.instance.id


class _Recorded:
    """The messages of an answer on their way out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.whole = False

    async def send(self, message: Message) -> None:
        # Noted first: an answer that its receiver no longer takes is the one that will be asked for again.
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))
            self.whole = not message.get("more_body", False)
        await self._send(message)


async def _read(receive: Receive, most: int) -> tuple[list[Any], bool]:
    """Return the messages of a request's body, and whether they are all of it."""
    messages: list[Any] = []
    size = 0
    while True:
        message: Any = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            return messages, False
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            return messages, True
        if size > most:
            return messages, False


def _again(messages: Sequence[Any], receive: Receive) -> Receive:
    """Return a way to receive what was read already, and then what follows."""
    waiting = list(messages)

    async def received() -> Any:
        return waiting.pop(0) if waiting else await receive()

    return received


async def _replay(answer: Answer, scope: Scope, send: Send) -> None:
    values: Any = scope
    values["path_template"] = answer.route
    start: Any = {"type": "http.response.start", "status": _OK, "headers": [*answer.headers, HEADER]}
    await send(start)
    body: Any = {"type": "http.response.body", "body": answer.body, "more_body": False}
    await send(body)


def _key(instance_id: str, scope: Scope, correlation_id: str, body: bytes) -> bytes:
    values: Any = scope
    parts = [instance_id.encode(), str(values["path"]).encode(), values.get("query_string", b"")]
    parts += [correlation_id.encode(), hashlib.sha256(body).digest()]
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


def _correlation_id(scope: Scope) -> str:
    given = _header(scope, b"x-correlation-id")
    return given if len(given) <= LONGEST_ID else ""


def _header(scope: Scope, wanted: bytes) -> str:
    for name, value in dict(scope).get("headers", ()):  # type: ignore[attr-defined]  # pairs of bytes
        if name.lower() == wanted:
            return str(value.decode("latin-1"))
    return ""


def _size(answer: Answer) -> int:
    return len(answer.body) + sum(len(name) + len(value) for name, value in answer.headers)
