"""What the doors need of an engine, and the gate that stands before it while it starts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from synap.api.admin import Health
from synap.api.bundles import Anticipate, ContextBundle
from synap.api.events import ConversationEvent
from synap.api.protocol import AdminApi, Api
from synap.engine.callers import Caller
from synap.engine.metrics import Metrics
from synap.errors import InstanceNotReadyError

STARTING_RETRY_SECONDS = 2


class Backend(Protocol):
    """An engine, as the doors see it."""

    @property
    def metrics(self) -> Metrics:
        """Counts and durations of its stages."""
        ...

    async def authenticate(self, key: str) -> Caller:
        """Return the caller behind a key.

        Raises:
            AuthenticationError: The key is unknown or revoked.
            ForbiddenError: Its instance is suspended.
        """
        ...

    def api_for(self, caller: Caller, *, correlation_id: str = "") -> Api:
        """Return the operations of the caller's instance."""
        ...

    def admin_for(self, caller: Caller, *, correlation_id: str = "") -> AdminApi:
        """Return the operations of management."""
        ...

    def expect(self, caller: Caller, event: ConversationEvent) -> Callable[[], None]:
        """Note that an event has come and will be recorded, so that fetches wait for it; returns what tells that it was."""
        ...

    def anticipate(self, caller: Caller, turn: Anticipate) -> AsyncIterator[ContextBundle]:
        """Yield what the next turn of a conversation will need, as it is made; nothing where that cannot be told."""
        ...

    async def renew(self, caller: Caller, bundle: ContextBundle) -> ContextBundle | None:
        """Return what a bundle sent earlier must be replaced by, under its id; None while all that it holds still stands."""
        ...

    async def compaction_update(self, caller: Caller, turn: Anticipate, *, known: str) -> ContextBundle | None:
        """Return what a listener is to be told of a conversation's compaction; None while `known` is still its newest."""
        ...

    async def health(self) -> Health:
        """Return whether it can serve, and with what."""
        ...


class Gate:
    """Lets calls through to the engine once it is there; until then every call is told to come again."""

    def __init__(self, backend: Backend | None = None) -> None:
        self._backend = backend

    def open(self, backend: Backend) -> None:
        """Let calls through to `backend` from now on."""
        self._backend = backend

    def close(self) -> None:
        """Turn calls away again; `/health` says so first, so that a balancer stops sending."""
        self._backend = None

    @property
    def backend(self) -> Backend:
        """The engine.

        Raises:
            InstanceNotReadyError: It still starts, or stops already.
        """
        if self._backend is None:
            raise InstanceNotReadyError(
                "the engine is not ready: it still starts, or is shutting down",
                retry_after_seconds=STARTING_RETRY_SECONDS,
            )
        return self._backend
