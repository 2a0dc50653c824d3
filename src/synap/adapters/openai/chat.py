"""A language model over HTTP: `POST {url}/chat/completions` as OpenAI, vLLM, Ollama, llama.cpp and gateways serve it.

Protocol: https://platform.openai.com/docs/api-reference/chat. Written on httpx like the embedder beside it: one call
needs no client library, and retries, bounds and what may be logged stay in one place.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import httpx
import msgspec

from synap.adapters.openai.answers import retry_after
from synap.adapters.openai.ladder import Dialect, Rung, request_body
from synap.adapters.openai.replies import Reply, json_in, read_reply
from synap.ports.language_model import CallLimits, Completion, Failure, LanguageModelError, Line, Usage

logger = logging.getLogger(__name__)
T = TypeVar("T")

_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_LARGEST_ANSWER = 2 * 1024 * 1024
_LONGEST_ECHO = 4000
_TOO_MANY = 429
_REPAIR = "That answer cannot be used: {problem}. Give the whole answer again as one JSON object of the schema."


class _HttpRefusal(Exception):  # noqa: N818 - never leaves this module
    """The server answered with an error that a different way of asking may avoid."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


class OpenAiChat:
    """A model behind the protocol. Learns what its server understands and remembers it. Retries, and only here."""

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Name the server; nothing is sent before the first call.

        Args:
            url: Base URL; `/chat/completions` is added.
            model: Name of the model, as the server knows it.
            key: Sent as a bearer token; None sends none.
            sleep: How to wait between attempts.
            transport: How requests travel; None for the ordinary way.
        """
        self._url = url.rstrip("/") + "/chat/completions"
        self._model = model
        self._dialect = Dialect()
        self._sleep = sleep
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        # How long a call may take is its caller's to say: see `CallLimits.seconds`.
        limits = httpx.Timeout(None, connect=_CONNECT_SECONDS)
        self._client = httpx.AsyncClient(headers=headers, timeout=limits, transport=transport)

    def __repr__(self) -> str:
        return f"OpenAiChat({self.id!r})"

    @property
    def id(self) -> str:
        return "-".join(self._model.split())

    @property
    def rung(self) -> Rung:
        """The strictest way of asking that its server is believed to take."""
        return self._dialect.rung

    async def complete_json(self, lines: Sequence[Line], shape: type[T], limits: CallLimits) -> Completion[T]:
        call = _Call(limits)
        try:
            async with asyncio.timeout(limits.seconds):
                return await self._complete(call, lines, shape)
        except TimeoutError as error:
            raise LanguageModelError(
                f"the language model did not answer within {limits.seconds:g} s", kind=Failure.TIMEOUT, usage=call.usage
            ) from error
        except LanguageModelError as error:
            error.usage = call.usage
            raise

    async def close(self) -> None:
        await self._client.aclose()

    async def _complete(self, call: _Call, lines: Sequence[Line], shape: type[T]) -> Completion[T]:
        """Ask, and once more with what was wrong where the answer is not of the shape."""
        reply, dialect = await self._ask(call, self._dialect, lines, shape)
        try:
            value = _value(reply, shape)
        except ValueError as error:
            # A server that enforced the schema or the tool could not have answered like this: it ignores them.
            below = dialect if dialect.rung in (Rung.OBJECT, Rung.TEXT) else dialect.stepped_down() or dialect
            value, dialect = await self._repair(call, below, lines, shape, reply=reply, problem=str(error))
        self._remember(dialect)
        return Completion(value=value, usage=call.usage)

    async def _repair(
        self, call: _Call, dialect: Dialect, lines: Sequence[Line], shape: type[T], *, reply: Reply, problem: str
    ) -> tuple[T, Dialect]:
        said = Line(speaker="assistant", text=reply.text[:_LONGEST_ECHO] or "{}")
        wanted = Line(speaker="user", text=_REPAIR.format(problem=problem))
        logger.info("answer of the language model will be repaired", extra={"rung": dialect.rung.name.lower()})
        again, dialect = await self._ask(call, dialect, [*lines, said, wanted], shape)
        try:
            return _value(again, shape), dialect
        except ValueError as error:
            raise LanguageModelError(
                "the language model's answer is not in the shape asked for, also after a repair", kind=Failure.MALFORMED
            ) from error

    async def _ask(self, call: _Call, dialect: Dialect, lines: Sequence[Line], shape: type) -> tuple[Reply, Dialect]:
        """Ask in the strictest way that the server takes, from `dialect` down; return also which one that was."""
        asked = sum(len(line.text) for line in lines)
        first = dialect
        while True:
            body = request_body(dialect, model=self._model, lines=lines, shape=shape, limits=call.limits)
            try:
                content = await self._send(call, json.dumps(body).encode())
            except _HttpRefusal as refusal:
                lower = dialect.after_refusal(refusal.status, refusal.body)
                if lower is None:
                    raise _rejected(refusal.status, self._model) from None
                dialect = lower
                call.refund()
                continue
            if dialect != first:
                self._remember(dialect)
            try:
                reply = read_reply(content, asked=asked)
            except LanguageModelError as error:
                call.count(error.usage)
                raise
            call.count(reply.usage)
            return reply, dialect

    async def _send(self, call: _Call, body: bytes) -> bytes:
        """Send a request until it is answered, refused for good, or the attempts are used up."""
        for attempt in range(1, _ATTEMPTS + 1):
            call.spend()
            try:
                return await self._post(body)
            except LanguageModelError as error:
                wanted = error.retry_after_seconds
                pause = _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) if wanted is None else float(wanted)
                hopeless = error.kind is Failure.REJECTED or pause > min(_LONGEST_PAUSE_SECONDS, call.limits.seconds)
                if attempt == _ATTEMPTS or hopeless or not call.more:
                    raise
                logger.info(
                    "request to the language model will be repeated", extra={"attempt": attempt, "seconds": pause}
                )
                await self._sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        try:
            async with self._client.stream("POST", self._url, content=body, headers=headers) as response:
                content = await _read(response)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise LanguageModelError(
                "the language model's server cannot be reached, or hangs up", kind=Failure.UNREACHABLE
            ) from error
        except httpx.InvalidURL as error:
            raise LanguageModelError("SYNAP_LLM_URL is no URL", kind=Failure.REJECTED) from error
        if response.is_success:
            return content
        raise _trouble(response, content)

    def _remember(self, dialect: Dialect) -> None:
        if dialect != self._dialect:
            logger.info("language model is asked another way from now on", extra={"rung": dialect.rung.name.lower()})
            self._dialect = dialect


class _Call:
    """What one call has used of its limits."""

    def __init__(self, limits: CallLimits) -> None:
        self.limits = limits
        self.usage = Usage()

    @property
    def more(self) -> bool:
        return self.usage.requests < self.limits.requests

    def spend(self) -> None:
        if not self.more:
            raise LanguageModelError("the requests of this call are used up", kind=Failure.BUDGET)
        self.usage += Usage(requests=1)

    def refund(self) -> None:
        """Forget a request that was refused for how it was put: it cost nothing, and there are few ways to put it."""
        self.usage = replace(self.usage, requests=self.usage.requests - 1)

    def count(self, usage: Usage) -> None:
        """Add the tokens of an answer whose request is counted already."""
        self.usage += replace(usage, requests=0)


async def _read(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > _LARGEST_ANSWER:
            raise LanguageModelError(
                f"the language model's answer is longer than {_LARGEST_ANSWER // 2**20} MiB", kind=Failure.MALFORMED
            )
        parts.append(part)
    return b"".join(parts)


def _value(reply: Reply, shape: type[T]) -> T:
    """Return the answer as a value of `shape`; the error says what is wrong in words that a model can act on."""
    try:
        return msgspec.convert(json_in(reply.text), shape, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _trouble(response: httpx.Response, body: bytes) -> Exception:
    """Return what an HTTP error stands for. Its body stays out of every message: it may repeat the prompt."""
    status = response.status_code
    wait = retry_after(response.headers)
    if status == _TOO_MANY:
        return LanguageModelError(
            "the language model's server asks for a pause (429)", kind=Failure.RATE_LIMITED, retry_after_seconds=wait
        )
    if status in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.GATEWAY_TIMEOUT):
        return LanguageModelError(f"the language model timed out ({status})", kind=Failure.TIMEOUT)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR and status != httpx.codes.NOT_IMPLEMENTED:
        return LanguageModelError(
            f"the language model's server fails ({status})", kind=Failure.SERVER, retry_after_seconds=wait
        )
    return _HttpRefusal(status, body)


def _rejected(status: int, model: str) -> LanguageModelError:
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        problem = f"the language model's server refuses the key ({status}): set SYNAP_LLM_KEY"
    else:
        problem = (
            f"the language model's server refuses model {model!r} or the request ({status}):"
            " check SYNAP_LLM_URL and SYNAP_LLM_MODEL"
        )
    return LanguageModelError(problem, kind=Failure.REJECTED)
