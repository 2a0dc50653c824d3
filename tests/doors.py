"""The SDK over an engine that a test holds open: by its operations in this process, or by its routes over HTTP without a socket."""

from __future__ import annotations

from typing import Any

import httpx

from synap import Synap
from synap.api.protocol import AdminApi, Api
from synap.engine.engine import Engine
from synap.sdk.connection import Connection, Line, OpenLine
from synap.sdk.transport import Transport
from synap.server.backend import Gate
from synap.server.rest.app import create_app

DOORS = ("in process", "over http")


def sdk_over(operations: Api | None, management: AdminApi | None = None) -> Synap:
    """Return the SDK over these operations; closing it leaves whatever answers them running."""

    async def line() -> Line:
        return OpenLine(operations=operations, management=management, release=_stay)

    return Synap(connection=Connection(line))


def over_http(engine: Engine, key: str, **limits: Any) -> Transport:
    """Return a way to the routes of `engine`, made with these limits, for whoever has `key`."""
    app: Any = create_app(Gate(engine), **limits)
    return Transport("http://synap", key, timeout=30, through=httpx.ASGITransport(app))


async def _stay() -> None:
    """Leave the engine to whoever opened it."""
