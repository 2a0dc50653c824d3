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

    One of our errors, also out of a group of tasks, ends the process with its exit code and a message on stderr.
    """

    async def inside() -> Result:
        async with sdk or contextlib.nullcontext():
            return await work()

    try:
        return asyncio.run(inside())
    except SynapError as error:
        raise typer.Exit(report(error, as_json=as_json)) from error
    except BaseExceptionGroup as group:
        first = _first_of_ours(group)
        if first is None:
            raise
        raise typer.Exit(report(first, as_json=as_json)) from group
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _first_of_ours(group: BaseExceptionGroup[BaseException]) -> SynapError | None:
    for error in group.exceptions:
        found = _first_of_ours(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, SynapError):
            return found
    return None


def confirm(question: str, *, yes: bool, as_json: bool) -> None:
    """Ask whether to go on, unless `yes` says so; a script, which reads JSON, cannot be asked and has to say so.

    Raises:
        typer.Abort: The answer is no.
        InvalidInputError: It would have to be asked of a script.
    """
    if yes:
        return
    if as_json:
        raise InvalidInputError("--yes is required beside --json: a script cannot be asked", field="yes")
    typer.confirm(question, abort=True)


def report(error: SynapError, *, as_json: bool) -> Exit:
    """Say on stderr what went wrong, and return the exit code that goes with it."""
    if as_json:
        body = {"error": error.message, "code": error.code, "field": error.field}
        typer.echo(msgspec.json.encode(body).decode(), err=True)
    else:
        typer.echo(f"error: {' '.join(error.message.split())}", err=True)
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAILED)
