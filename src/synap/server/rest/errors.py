"""Errors on the wire: the table of statuses and codes, and the one body that every refusal has."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from synap.domain.ids import decode_public_id
from synap.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InstanceNotReadyError,
    InvalidInputError,
    NetworkTimeoutError,
    NotFoundError,
    PayloadTooLargeError,
    PermanentError,
    RateLimitError,
    ScopeMissingError,
    ServiceUnavailableError,
    SetupError,
    SynapError,
    TranscriptConflictError,
    TransientError,
    UnprocessableError,
)
from synap.server.rest.bodies import WireResponse, correlation_of

logger = logging.getLogger(__name__)


class UnknownKeyError(AuthenticationError):
    """A key that looks like one of ours, but is not, or no longer, known."""


STATUSES: dict[type[SynapError], tuple[int, str]] = {
    NetworkTimeoutError: (504, "TIMEOUT"),
    RateLimitError: (429, "RATE_LIMITED"),
    ServiceUnavailableError: (503, "SERVICE_UNAVAILABLE"),
    InstanceNotReadyError: (409, "instance_not_ready"),
    TransientError: (503, "SERVICE_UNAVAILABLE"),
    PayloadTooLargeError: (413, "PAYLOAD_TOO_LARGE"),
    UnprocessableError: (422, "INVALID_INPUT"),
    InvalidInputError: (400, "INVALID_INPUT"),
    UnknownKeyError: (401, "CREDENTIAL_INVALID"),
    AuthenticationError: (401, "UNAUTHORIZED"),
    ForbiddenError: (403, "FORBIDDEN"),
    NotFoundError: (404, "NOT_FOUND"),
    TranscriptConflictError: (409, "transcript_conflict"),
    ConflictError: (409, "CONFLICT"),
    SetupError: (500, "SETUP_INCOMPLETE"),
    PermanentError: (422, "REFUSED"),
    SynapError: (500, "INTERNAL"),
}
"""HTTP status and documented code of each class; a class not listed has those of its nearest base."""

_ROUTING: dict[int, tuple[str, str, str]] = {
    404: ("NOT_FOUND", NotFoundError.code, "there is no such route; GET /schema lists them"),
    405: ("METHOD_NOT_ALLOWED", PermanentError.code, "this route does not take this method; GET /schema lists them"),
    413: (
        "PAYLOAD_TOO_LARGE",
        PayloadTooLargeError.code,
        "the request body is too large; send fewer documents at once",
    ),
}
_MEMORY = re.compile(r"(?:/api)?/v1/memories/(?P<id>[^/]+)/?")
_BAD_REQUEST = 400
_NOT_FOUND = 404
_WRONG_METHOD = 405
_INTERNAL = 500
_OBJECT_DETAILS = frozenset({402, 409, 429})
"""Statuses whose `detail` published clients read as an object; elsewhere they show it as text, unless it has a `fix`."""


def refused(request: Request[Any, Any, Any], error: SynapError) -> Response[Any]:
    """Return the answer to a call that was refused with one of our errors."""
    status, code = _row(type(error))
    details: dict[str, Any] = {"code": error.code, "correlation_id": correlation_of(request.scope)}
    if error.field is not None:
        details["field"] = error.field
    retry_after = error.retry_after_seconds if isinstance(error, TransientError) else None
    extra: dict[str, Any] = {} if retry_after is None else {"retry_after_seconds": retry_after}
    if isinstance(error, InstanceNotReadyError):
        # Published clients know a server that is not ready by this word at the top.
        extra |= {"state": "building", "error": InstanceNotReadyError.code}
    if isinstance(error, ScopeMissingError):
        extra |= {"fix": error.message.partition(":")[0]}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if isinstance(error, AuthenticationError):
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(status, code, error.message, details, extra=extra, headers=headers)


def unroutable(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Return the answer to a call that never reached an operation: unknown route, wrong method, body too large."""
    status = _NOT_FOUND if _names_no_route(request, error) else max(error.status_code, _BAD_REQUEST)
    fallback = ("INVALID_INPUT", InvalidInputError.code, error.detail)
    code, dotted, message = _ROUTING.get(status, fallback)
    details = {"code": dotted, "correlation_id": correlation_of(request.scope)}
    headers = {} if status == _NOT_FOUND else dict(error.headers or {})
    return _answer(status, code, message, details, headers=headers)


def _names_no_route(request: Request[Any, Any, Any], error: HTTPException) -> bool:
    """Whether a word stands where a memory's id does: it names a route that is not there, not one without this method."""
    found = _MEMORY.fullmatch(request.scope["path"])
    return error.status_code == _WRONG_METHOD and found is not None and decode_public_id(found["id"]) is None


def crashed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Return the answer to a call that hit a bug of ours. The log gets where it happened, not what it was about."""
    correlation_id = correlation_of(request.scope)
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
    logger.error(
        "request failed",
        extra={"correlation_id": correlation_id, "error": type(error).__name__, "frames": "".join(frames)},
    )
    message = f"something went wrong here; the log has it under {correlation_id}"
    details = {"code": SynapError.code, "correlation_id": correlation_id}
    return _answer(_INTERNAL, "INTERNAL", message, details)


def _answer(
    status: int,
    code: str,
    message: str,
    details: Mapping[str, Any],
    *,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    told = dict(extra or {})
    as_object = {"code": code.lower(), "message": message, **told}
    body = {
        "error": message,
        "message": message,
        "code": code,
        "details": dict(details),
        "detail": as_object if status in _OBJECT_DETAILS or "fix" in told else message,
        **told,
    }
    return WireResponse(body, status_code=status, headers=dict(headers or {}), media_type="application/json")


def _row(kind: type[SynapError]) -> tuple[int, str]:
    return next(STATUSES[base] for base in kind.__mro__ if base in STATUSES)
