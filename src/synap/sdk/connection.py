"""How `Synap` reaches an engine: a server over HTTP, or one of its own in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from synap.api.protocol import AdminApi, Api
from synap.errors import AuthenticationError, SetupError

DEFAULT_BASE_URL = "http://127.0.0.1:8787"
"""Where a key without a URL belongs: the server that `synap serve` starts."""


class Line(Protocol):
    """An open way to an engine."""

    async def api(self) -> Api:
        """Return the operations of the caller's instance, as it is configured now."""
        ...

    def admin(self) -> AdminApi:
        """Return the operations of management."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """An open way to an engine, with what it takes to close it; None where a key is missing."""

    operations: Api | None
    management: AdminApi | None
    release: Callable[[], Awaitable[None]]

    async def api(self) -> Api:
        """Return the operations of the caller's instance.

        Raises:
            AuthenticationError: There is no application key.
        """
        if self.operations is None:
            raise AuthenticationError("api_key is required: pass it, or set SYNAP_API_KEY", field="api_key")
        return self.operations

    def admin(self) -> AdminApi:
        """Return the operations of management.

        Raises:
            AuthenticationError: There is no management key.
        """
        if self.management is None:
            raise AuthenticationError(
                "management_key is required: pass it, or set SYNAP_MANAGEMENT_KEY", field="management_key"
            )
        return self.management

    async def close(self) -> None:
        """Give everything back."""
        await self.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalLine:
    """An open way to an engine of this process.

    Who calls is asked with every call, as a server does with every key: the instance's configuration may have changed
    since, or the instance be gone.
    """

    operations: Callable[[], Awaitable[Api]]
    management: AdminApi
    release: Callable[[], Awaitable[None]]

    async def api(self) -> Api:
        """Return the operations of the default instance.

        Raises:
            NotFoundError: It was deleted.
        """
        return await self.operations()

    def admin(self) -> AdminApi:
        """Return the operations of management."""
        return self.management

    async def close(self) -> None:
        """Finish the jobs in hand and give everything back."""
        await self.release()


class Connection:
    """A way to an engine that opens when it is first needed, once, however many tasks ask at the same time.

    Closed, it stays so until it is opened again by `open`: a call that comes late must not start an engine unnoticed.
    """

    def __init__(self, opening: Callable[[], Awaitable[Line]]) -> None:
        self._opening = opening
        self._closed = False
        self._line: Line | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Open the line now, also after it was closed. Safe to call twice.

        Raises:
            SetupError: It was opened on another event loop, which still runs.
        """
        self._closed = False
        await self.line()

    async def line(self) -> Line:
        """Return the open line.

        Raises:
            SetupError: It was closed, or opened on another event loop, which still runs.
        """
        if self._closed:
            raise SetupError("this Synap is shut down; call initialize() to use it again")
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._move(loop)
        if self._line is not None:
            return self._line
        async with self._lock:
            if self._line is None:
                self._line = await self._opening()
            return self._line

    async def api(self) -> Api:
        """Return the operations of the caller's instance."""
        return await (await self.line()).api()

    async def admin(self) -> AdminApi:
        """Return the operations of management."""
        return (await self.line()).admin()

    async def close(self) -> None:
        """Close the line, if it is open."""
        self._closed = True
        if self._loop is not asyncio.get_running_loop():
            return
        async with self._lock:
            line, self._line = self._line, None
            if line is not None:
                await line.close()

    def _move(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin anew on `loop`: sockets, locks and tasks belong to the loop they were made on."""
        if self._line is not None and self._loop is not None and not self._loop.is_closed():
            raise SetupError("this Synap is in use on another event loop; make one Synap per loop, or use SynapSync")
        self._line, self._loop, self._lock = None, loop, asyncio.Lock()


async def remote(base_url: str, *, api_key: str | None, management_key: str | None, timeout_seconds: float) -> Line:
    """Return a line to a server. Nothing is sent yet."""
    from synap.sdk.http import HttpApi  # noqa: PLC0415 - httpx is loaded only by those who speak HTTP
    from synap.sdk.http_admin import HttpAdminApi  # noqa: PLC0415 - as above
    from synap.sdk.transport import Transport  # noqa: PLC0415 - as above

    api = None if api_key is None else HttpApi(Transport(base_url, api_key, timeout=timeout_seconds))
    admin = (
        None if management_key is None else HttpAdminApi(Transport(base_url, management_key, timeout=timeout_seconds))
    )

    async def release() -> None:
        for side in (api, admin):
            if side is not None:
                await side.close()

    return OpenLine(operations=api, management=admin, release=release)


async def embedded(data_dir: Path | None) -> Line:
    """Return a line to an engine of this process, started here, as the user of its default instance and its operator.

    Raises:
        SetupError: The `engine` extra is not installed, or the store cannot be started.
    """
    try:
        from synap.bootstrap import open_engine  # noqa: PLC0415 - the engine is loaded only by those who run it
    except ModuleNotFoundError as error:
        raise SetupError(
            f"the engine in process needs the extra `engine` ({error.name} is missing):"
            " pip install 'synap-memory[engine]', or give base_url and api_key to use a server"
        ) from error
    from synap.settings import Settings  # noqa: PLC0415 - as above

    settings = Settings.from_environment()
    if data_dir is not None:
        settings = replace(settings, data_dir=data_dir, database_url=None, migration_url=None)
    engine = await open_engine(settings)
    operator = await engine.local_caller(kind="management")

    async def operations() -> Api:
        return engine.api_for(await engine.local_caller())

    return LocalLine(operations=operations, management=engine.admin_for(operator), release=engine.stop)
