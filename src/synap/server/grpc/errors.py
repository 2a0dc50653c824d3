"""Errors on a stream: the table of gRPC statuses, and how a call is refused."""

from __future__ import annotations

from dataclasses import dataclass

from grpc import StatusCode

from synap.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NetworkTimeoutError,
    NotFoundError,
    PermanentError,
    SynapError,
    TransientError,
)

STATUSES: dict[type[SynapError], StatusCode] = {
    NetworkTimeoutError: StatusCode.DEADLINE_EXCEEDED,
    TransientError: StatusCode.UNAVAILABLE,
    InvalidInputError: StatusCode.INVALID_ARGUMENT,
    AuthenticationError: StatusCode.UNAUTHENTICATED,
    ForbiddenError: StatusCode.PERMISSION_DENIED,
    NotFoundError: StatusCode.NOT_FOUND,
    ConflictError: StatusCode.FAILED_PRECONDITION,
    PermanentError: StatusCode.FAILED_PRECONDITION,
    SynapError: StatusCode.INTERNAL,
}
"""gRPC status of each class; a class not listed has that of its nearest base."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ends that does not end well; `trailing` is what programs read."""

    status: StatusCode
    details: str
    trailing: tuple[tuple[str, str], ...] = ()


NOT_READING = Ending(
    StatusCode.RESOURCE_EXHAUSTED,
    "the client does not read what it is sent; open a new stream and read from it",
    (("code", "not_reading"),),
)
"""A stream whose client never reads. Published clients reconnect: final for them is this status only beside a credit reason."""


def ending_of(error: SynapError) -> Ending:
    """Return how a call ends that one of our errors refuses."""
    status = next(STATUSES[base] for base in type(error).__mro__ if base in STATUSES)
    trailing = [("code", error.code)]
    if isinstance(error, TransientError) and error.retry_after_seconds is not None:
        trailing.append(("retry-after-seconds", str(error.retry_after_seconds)))
    return Ending(status, error.message, tuple(trailing))
