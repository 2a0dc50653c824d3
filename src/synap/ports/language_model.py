"""Asking a language model for data in a given shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypeVar

from synap.errors import ServiceUnavailableError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of a prompt: instructions are of `system`; what a document says stands delimited in lines of `user`."""

    speaker: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What one call may cost.

    Attributes:
        output_tokens: Tokens that each answer may have.
        seconds: Time for all of it: attempts, pauses between them, and the repair of an answer.
        requests: Requests that may be sent, at least one; those that a server refuses for how they are put do not count.
    """

    output_tokens: int = 2000
    seconds: float = 60.0
    requests: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was used, as the model's server counts it; where it does not count, estimated from the characters.

    Attributes:
        requests: Requests that were sent and not refused for how they were put.
        input_tokens, output_tokens: Tokens of the prompts and of the answers.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Tokens in all."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion(Generic[T]):
    """An answer in the shape that was asked for, and what it cost."""

    value: T
    usage: Usage


class Failure(StrEnum):
    """Why there is no answer."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    SERVER = "server"
    """The server fails (5xx)."""
    REJECTED = "rejected"
    """The server refuses the key, the model or the request; asking again will not help."""
    TRUNCATED = "truncated"
    """The answer did not fit into its tokens."""
    REFUSED = "refused"
    """The model will not answer this."""
    MALFORMED = "malformed"
    """The answer is not in the shape asked for, also after one repair, or too large to be one."""
    PAUSED = "paused"
    """It was not asked, as it failed too often just before."""
    BUDGET = "budget"
    """It was not asked, as what it may cost is used up."""

    @property
    def passing(self) -> bool:
        """Whether it is the server's state, so that the next call will likely fail as well."""
        return self in (Failure.UNREACHABLE, Failure.TIMEOUT, Failure.RATE_LIMITED, Failure.SERVER, Failure.REJECTED)


class LanguageModelError(ServiceUnavailableError):
    """No usable answer. Neither prompt, answer nor key are in the message.

    Attributes:
        kind: Why.
        usage: What it cost all the same.
    """

    def __init__(
        self, message: str, *, kind: Failure, usage: Usage | None = None, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.kind = kind
        self.usage = usage or Usage()


class LanguageModel(Protocol):
    """Answers prompts with data. Only proposes: whoever asks must check every word of the answer."""

    @property
    def id(self) -> str:
        """Name of the model, in one word without spaces; memories it proposed carry it."""
        ...

    async def complete_json(self, lines: Sequence[Line], shape: type[T], limits: CallLimits) -> Completion[T]:
        """Return the model's answer as a value of `shape`, a `msgspec.Struct`; fields it does not have are dropped.

        Safe to cancel. An empty list inside the shape is an answer like any other.

        Raises:
            LanguageModelError: There is no such answer within the limits.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
