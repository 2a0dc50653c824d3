"""How a command ends: its exit code, and errors as one line or as JSON."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any, TypeVar

import msgspec
import typer

from synap.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SetupError,
    SynapError,
    TransientError,
)
from synap.sdk.client import Synap

Result = TypeVar("Result")


class Exit(IntEnum):
    """What a script can tell from the exit code."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    CONFLICT = 5
    SETUP = 6
    UNAVAILABLE = 7
    PARTIAL = 8


_CODES: tuple[tuple[type[SynapError], Exit], ...] = (
    (InvalidInputError, Exit.USAGE),
    (AuthenticationError, Exit.REFUSED),
    (ForbiddenError, Exit.REFUSED),
    (NotFoundError, Exit.NOT_FOUND),
    (ConflictError, Exit.CONFLICT),
    (SetupError, Exit.SETUP),
    (TransientError, Exit.UNAVAILABLE),
)


def run(sdk: Synap | None, work: Callable[[], Coroutine[Any, Any, Result]], *, as_json: bool) -> Result:
    """Run a command's work, inside `sdk` where there is one, and shut it down after.

    One of our errors ends the process with its exit code and a message on stderr.
    """

    async def inside() -> Result:
        async with sdk or contextlib.nullcontext():
            return await work()

    try:
        return asyncio.run(inside())
    except SynapError as error:
        raise typer.Exit(report(error, as_json=as_json)) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def report(error: SynapError, *, as_json: bool) -> Exit:
    """Say on stderr what went wrong, and return the exit code that goes with it."""
    if as_json:
        body = {"error": error.message, "code": error.code, "field": error.field}
        typer.echo(msgspec.json.encode(body).decode(), err=True)
    else:
        typer.echo(f"error: {error.message}", err=True)
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAILED)
