"""Every error a caller can meet.

::

    SynapError
    ├── TransientError                the same call may succeed later
    │   ├── NetworkTimeoutError       no answer in time
    │   ├── RateLimitError            too many calls; carries `retry_after_seconds`
    │   ├── ServiceUnavailableError   the server or its store cannot be reached, or refuses for now
    │   └── InstanceNotReadyError     models still load or the configuration is missing
    └── PermanentError                the same call will fail again
        ├── InvalidInputError         a field is wrong; `field` names it
        │   ├── ScopeMissingError     ids that this instance requires are missing, or ids it refuses are given
        │   ├── PayloadTooLargeError  a document or body above its limit
        │   └── UnprocessableError    a fetch's setting out of its range, or not for whose context it is
        ├── AuthenticationError       no key, or one that is unknown or revoked
        ├── ForbiddenError            the key may not do this
        ├── NotFoundError             nothing under this id that the caller may see
        ├── ConflictError             refused because of what is already there
        │   └── TranscriptConflictError  the conversation has another transcript, which cannot be changed
        └── SetupError                the installation is incomplete: a model, an extension, a role
"""

from __future__ import annotations

from typing import ClassVar


class SynapError(Exception):
    """An error with a stable code, a message that tells what would be right, and where known the field at fault.

    Attributes:
        code: Stable dotted name, for programs.
        message: One or two sentences, for people: what is wrong and what to do.
        field: Name of the argument at fault, or None.
        correlation_id: Id of the request on the server, or None in process.
    """

    code: ClassVar[str] = "synap.error"

    def __init__(self, message: str, *, field: str | None = None, correlation_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.correlation_id = correlation_id


class TransientError(SynapError):
    """The same call may succeed later."""

    code = "transient"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        correlation_id: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message, field=field, correlation_id=correlation_id)
        self.retry_after_seconds = retry_after_seconds


class NetworkTimeoutError(TransientError, TimeoutError):
    """No answer came in time; whether the call took effect is unknown. Python's own `TimeoutError` catches it too."""

    code = "transient.timeout"


class RateLimitError(TransientError):
    """Too many calls, or too long a backlog; try again after `retry_after_seconds`."""

    code = "transient.rate_limited"


class ServiceUnavailableError(TransientError):
    """The server or its store cannot be reached, or refuses work for now."""

    code = "transient.unavailable"


class InstanceNotReadyError(TransientError):
    """The embedding model still loads, or the instance's configuration is missing."""

    code = "instance_not_ready"


class PermanentError(SynapError):
    """The same call will fail again until it, or the installation, is changed."""

    code = "permanent"


class InvalidInputError(PermanentError):
    """An argument is missing, of the wrong type or out of range; `field` names it."""

    code = "invalid_input"


class ScopeMissingError(InvalidInputError):
    """The ids given do not fit the instance's tenancy: one is missing, or one is not allowed."""

    code = "invalid_input.scope"


class PayloadTooLargeError(InvalidInputError):
    """A document or request body is above its limit."""

    code = "invalid_input.too_large"


class UnprocessableError(InvalidInputError):
    """A setting of a fetch is out of its range, or not for whose context is fetched; over HTTP 422, as published clients know."""

    code = "invalid_input.unprocessable"


class AuthenticationError(PermanentError):
    """No key was given, or it is unknown or revoked."""

    code = "unauthorized"


class ForbiddenError(PermanentError):
    """The key is known but may not do this."""

    code = "forbidden"


class NotFoundError(PermanentError):
    """Nothing is there under this id that the caller may see."""

    code = "not_found"


class ConflictError(PermanentError):
    """Refused because of what is already there."""

    code = "conflict"


class TranscriptConflictError(ConflictError):
    """The conversation has another transcript already; transcripts never change."""

    code = "conflict.transcript"


class SetupError(PermanentError):
    """The installation is incomplete or wrong; the message says what to install, start or set."""

    code = "setup"
