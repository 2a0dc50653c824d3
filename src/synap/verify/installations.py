"""The installation that a campaign is about: an engine opened in this process, or a server reached by HTTP."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

import httpx

from synap.api.bundles import Anticipate, ContextBundle
from synap.api.protocol import AdminApi, Api
from synap.engine.callers import Caller
from synap.engine.engine import Engine
from synap.errors import ServiceUnavailableError
from synap.sdk.client import Synap
from synap.sdk.connection import Connection, Line
from synap.verify.model import markers_in
from synap.verify.owners import PLAN, Owner

NAME = "synap-verify"
"""What the campaign's clients are called, beside their number."""

RESTARTS, WORLD, LOG, STREAM = "restarts", "WORLD", "the server's log", "the stream"
"""What cannot be tried everywhere, as reports name it."""

_SHARED = "storage: {scoping: {client_scope: client}}\n"


class Installation(Protocol):
    """What a campaign needs of an installation.

    Attributes:
        kind: How it is reached, for the report.
        left_out: What cannot be tried this way, in words.
        takes_empty_customer: Whether an empty `customer_id` beside a user counts as left out where something is written or
            fetched, as HTTP has it for published clients.
        admin: The operator's way in.
    """

    kind: str
    left_out: tuple[str, ...]
    takes_empty_customer: bool
    admin: Synap

    async def way_into(self, instance_id: str) -> Synap:
        """Return the SDK of an instance."""
        ...

    async def restart(self) -> bool:
        """Stop the engine and start it again; False where that is not ours to do."""
        ...

    async def anticipate(self, viewer: Owner, instance_id: str, conversation_id: str) -> tuple[ContextBundle, ...]:
        """Return what a listener to a conversation would be sent before its next turn; nothing where that is left out."""
        ...

    async def metrics(self) -> str:
        """Return what `/metrics` shows."""
        ...

    def logged(self) -> str:
        """Return those lines of the log that hold a marker, and forget them; nothing where the log is elsewhere."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


class InProcess:
    """An engine of this process, on the embedded store or on a database given by URL."""

    takes_empty_customer = False

    def __init__(
        self, engine: Engine, again: Callable[[], Awaitable[Engine]] | None, *, kind: str, world: bool = True
    ) -> None:
        """Take an engine that runs.

        Args:
            engine: The engine.
            again: Opens another one in its place; None where it must not be stopped.
            kind: What its store is.
            world: Whether WORLD may be written to.
        """
        self.engine = engine
        self.kind = kind
        self.left_out = (*(() if again else (RESTARTS,)), *(() if world else (WORLD,)))
        self._again = again
        self._log = _Listening()
        logging.getLogger("synap").addHandler(self._log)
        self.admin = self._way("")

    async def way_into(self, instance_id: str) -> Synap:
        """Return the SDK of an instance."""
        return self._way(instance_id)

    def _way(self, instance_id: str) -> Synap:
        async def line() -> Line:
            return _Line(self, instance_id)

        return Synap(connection=Connection(line))

    async def restart(self) -> bool:
        """Stop the engine and start it again."""
        if self._again is None:
            return False
        await self.engine.stop()
        self.engine = await self._again()
        return True

    async def anticipate(self, viewer: Owner, instance_id: str, conversation_id: str) -> tuple[ContextBundle, ...]:
        """Return the bundles that the engine makes for a turn."""
        turn = Anticipate(conversation_id=conversation_id, role="user", **viewer.ids)
        caller = await self.engine.caller_of(instance_id)
        return tuple([bundle async for bundle in self.engine.anticipate(caller, turn)])

    async def metrics(self) -> str:
        """Return the engine's metrics."""
        return self.engine.metrics.text().decode()

    def logged(self) -> str:
        """Return the lines of the engine's log that hold a marker, and forget them."""
        lines, self._log.lines = self._log.lines, []
        return "\n".join(lines)

    async def close(self) -> None:
        """Stop the engine, where it is ours."""
        logging.getLogger("synap").removeHandler(self._log)
        if self._again is not None:
            await self.engine.stop()


class _Line:
    """A way to whatever engine runs now: it may be started again between two calls."""

    def __init__(self, installation: InProcess, instance_id: str) -> None:
        self._installation = installation
        self._instance_id = instance_id

    async def api(self) -> Api:
        engine = self._installation.engine
        return engine.api_for(await engine.caller_of(self._instance_id))

    def admin(self) -> AdminApi:
        return self._installation.engine.admin_for(Caller(actor=NAME, kind="management"))

    async def close(self) -> None:
        """Leave the engine running: the installation stops it."""


class OverHttp:
    """A server that runs already; its instances are reached with keys made for the campaign."""

    kind: str = "http"
    takes_empty_customer = True
    left_out: tuple[str, ...] = (RESTARTS, WORLD, LOG, STREAM)

    def __init__(self, base_url: str, management_key: str, *, timeout: float = 60.0) -> None:
        self._url = base_url
        self._timeout = timeout
        self.admin = Synap(base_url=base_url, management_key=management_key, timeout=timeout)
        self._ways: list[Synap] = [self.admin]
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout)

    async def way_into(self, instance_id: str) -> Synap:
        """Return the SDK of an instance, with a key of its own."""
        key = await self.admin.admin.keys.create(instance_id, NAME)
        way = Synap(key.api_key, self._url, timeout=self._timeout)
        self._ways.append(way)
        return way

    async def restart(self) -> bool:
        """Leave the server alone: it is somebody's."""
        return False

    async def anticipate(self, viewer: Owner, instance_id: str, conversation_id: str) -> tuple[ContextBundle, ...]:  # noqa: ARG002 - left out
        """Return nothing: the stream is another door."""
        return ()

    async def metrics(self) -> str:
        """Return the server's metrics."""
        try:
            return (await self._http.get("/metrics")).text
        except httpx.HTTPError as error:
            raise ServiceUnavailableError("the server did not show its metrics") from error

    def logged(self) -> str:
        """Return nothing: the log is the server's."""
        return ""

    async def close(self) -> None:
        """Close the connections."""
        for way in self._ways:
            await way.shutdown()
        await self._http.aclose()


class _Listening(logging.Handler):
    """Keeps what is logged with a marker in it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = f"{record.getMessage()} {record.__dict__}"
        if markers_in(said):
            self.lines.append(said)


async def settle(installation: Installation, *, name: str) -> tuple[list[str], list[str]]:
    """Make the clients and instances of the plan; return their ids."""
    admin = installation.admin.admin
    clients: list[str] = []
    instances: list[str] = []
    try:
        for number in sorted({one.client for one in PLAN}):
            made_client = await admin.clients.create(f"{NAME} {name} {number}")
            clients.append(made_client.client_id)
        for number, lodging in enumerate(PLAN):
            made = await admin.instances.create(clients[lodging.client], f"{name}-{number}", tenancy=lodging.tenancy)
            if lodging.shares:
                await admin.config.set(made.id, _SHARED)
            instances.append(made.id)
    except BaseException:
        await leave(installation, clients)
        raise
    return clients, instances


async def leave(installation: Installation, clients: list[str]) -> None:
    """Erase the campaign's clients with all they hold."""
    for client_id in clients:
        await installation.admin.admin.clients.delete(client_id)


def configuration(number: int, values: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Return a configuration for an instance of the plan, which keeps what the plan wants of it."""
    scoping: dict[str, object] = {"client_scope": "client"} if PLAN[number].shares else {}
    storage = dict(values.get("storage", {}))
    storage["scoping"] = {**scoping, **_mapping(storage.get("scoping"))}
    return {**values, "storage": storage}


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
