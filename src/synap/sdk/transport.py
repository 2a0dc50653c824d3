"""One HTTP call at a time: retries where a second attempt is safe, and error bodies turned back into our errors."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from synap.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NetworkTimeoutError,
    NotFoundError,
    PayloadTooLargeError,
    PermanentError,
    RateLimitError,
    ServiceUnavailableError,
    SynapError,
    TransientError,
)

ATTEMPTS = 3
"""How often a call is made at most."""

CONNECT_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 10.0
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_BY_STATUS: dict[int, type[SynapError]] = {
    400: InvalidInputError,
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: PayloadTooLargeError,
    422: InvalidInputError,
    429: RateLimitError,
    504: NetworkTimeoutError,
}
_SERVER_ERRORS = 500


class Transport:
    """Speaks to one server with one key. Holds a pool of connections; bound to the event loop it is first used on."""

    def __init__(
        self, base_url: str, key: str | None, *, timeout: float, through: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            transport=through,
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: tuple[str, bytes] | None = None,
        query: Mapping[str, Any] | None = None,
        repeatable: bool = False,
    ) -> bytes:
        """Return the body of a successful answer.

        Args:
            method: HTTP method.
            path: Path below the server's address, already quoted.
            body: Sent as JSON unless None.
            content: Media type and bytes, sent as they are instead of `body`.
            query: Query parameters; None values are left out.
            repeatable: Making the call twice does no harm, so that it is made again after 429, 5xx and a lost
                answer. Any call is made again when no connection was to be had: the server has not seen it.

        Raises:
            InvalidInputError: Something in the path or the query is too long for a URL.
            SynapError: What the server refused with, `NetworkTimeoutError` or `ServiceUnavailableError`.
        """
        request = self._request(method, path, body, content, query)
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._send(request)
            except _NotDeliveredError as error:
                if not (repeatable or error.never_sent):
                    raise error.cause from error.__cause__
                await asyncio.sleep(_pause(attempt, None))
            except TransientError as error:
                if not repeatable or error.code == "instance_not_ready":
                    raise
                await asyncio.sleep(_pause(attempt, error.retry_after_seconds))
        try:
            return await self._send(request)
        except _NotDeliveredError as error:
            raise error.cause from error.__cause__

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _request(
        self,
        method: str,
        path: str,
        body: Any,
        content: tuple[str, bytes] | None,
        query: Mapping[str, Any] | None,
    ) -> httpx.Request:
        headers = {"X-Correlation-ID": f"syn_{secrets.token_hex(8)}"}
        data: bytes | None = None
        if content is not None:
            headers["Content-Type"], data = content
        elif body is not None:
            headers["Content-Type"], data = "application/json", encode(body)
        params = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            return self._client.build_request(method, path, params=params, content=data, headers=headers)
        except httpx.InvalidURL as error:
            longest = max(params, key=lambda name: len(str(params[name])), default=None)
            raise InvalidInputError(f"{longest or 'an argument'} is too long for a URL", field=longest) from error

    async def _send(self, request: httpx.Request) -> bytes:
        try:
            response = await self._client.send(request)
        except _NEVER_SENT as error:
            cause = ServiceUnavailableError(f"no connection to {request.url.host}: is the server running?")
            raise _NotDeliveredError(cause, never_sent=True) from error
        except httpx.TimeoutException as error:
            cause_of_silence = NetworkTimeoutError("the server did not answer in time; the call may have taken effect")
            raise _NotDeliveredError(cause_of_silence, never_sent=False) from error
        except httpx.HTTPError as error:
            cause = ServiceUnavailableError("the connection broke before the server answered")
            raise _NotDeliveredError(cause, never_sent=False) from error
        if response.is_success:
            return response.content
        raise refusal(response)


def form(fields: Mapping[str, str], filename: str, file: bytes) -> tuple[str, bytes]:
    """Return media type and bytes of a multipart form with a part `file`."""
    request = httpx.Request("POST", "http://localhost/", data=fields, files={"file": (filename, file)})
    return request.headers["Content-Type"], request.read()


class _NotDeliveredError(Exception):
    """No answer came; `cause` is what the caller is told, `never_sent` whether the server cannot have seen the call."""

    def __init__(self, cause: TransientError, *, never_sent: bool) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.never_sent = never_sent


def encode(value: Any) -> bytes:
    """Return `value` as JSON. What JSON cannot hold is sent as it can be and left for the server to refuse by name."""
    plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_as_lists)
    try:
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(plain, separators=(",", ":")).encode()


def segment(value: str) -> str:
    """Return `value` as one segment of a path: slashes and dots quoted, so that nothing on the way takes it apart."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="").replace(".", "%2E")


def refusal(response: httpx.Response) -> SynapError:
    """Return the error that an answer stands for: by the code in its details, else by its status."""
    body = _error_body(response)
    details = body.get("details")
    details = details if isinstance(details, dict) else {}
    message = str(body.get("message") or body.get("error") or f"the server answered {response.status_code}")
    kind = _BY_CODE.get(str(details.get("code"))) or _by_status(response.status_code)
    field = details.get("field")
    common: dict[str, Any] = {
        "field": field if isinstance(field, str) else None,
        "correlation_id": response.headers.get("X-Correlation-Id"),
    }
    if issubclass(kind, TransientError):
        return kind(message, retry_after_seconds=_seconds(response.headers.get("Retry-After")), **common)
    return kind(message, **common)


def _error_body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}


def _by_status(status: int) -> type[SynapError]:
    fallback = ServiceUnavailableError if status >= _SERVER_ERRORS else PermanentError
    return _BY_STATUS.get(status, fallback)


def _seconds(header: str | None) -> int | None:
    return int(header) if header is not None and header.isascii() and header.isdigit() else None


def _pause(attempt: int, asked: int | None) -> float:
    """Return the seconds to wait: what the server asked for, else 0.2, 0.4, … with up to a quarter of jitter."""
    wanted = float(asked) if asked is not None else 0.1 * 2**attempt
    return min(LONGEST_PAUSE_SECONDS, wanted) * (1 + random.random() / 4)  # noqa: S311 - jitter, not a secret


def _as_lists(value: Any) -> list[list[str]]:
    """Return what stands for a value that JSON cannot hold: nothing that a request takes anywhere, nor a document."""
    return [["unsupported", type(value).__name__]]


def _codes(kind: type[SynapError]) -> dict[str, type[SynapError]]:
    """Return the classes by code; where a class inherits its code, the one that has it first stands for it."""
    known: dict[str, type[SynapError]] = {}
    for child in kind.__subclasses__():
        known |= _codes(child)
    return known | {kind.code: kind}


_BY_CODE = _codes(SynapError)
