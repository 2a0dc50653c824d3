"""`SynapSync`: the same calls for code without an event loop, run by the same coroutines on a loop of its own thread."""

from __future__ import annotations

import asyncio
import inspect
import threading
import weakref
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

from synap.errors import SetupError
from synap.sdk.admin import Admin
from synap.sdk.client import Synap
from synap.sdk.contexts import Client, Customer, User
from synap.sdk.conversations import Conversation
from synap.sdk.data import Data
from synap.sdk.entities import Entities
from synap.sdk.memories import Memories

Group = TypeVar("Group")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class LoopThread:
    """An event loop that runs in a thread of its own until it is stopped."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_serve, args=(self._loop,), name="synap-loop", daemon=True)
        self._thread.start()
        self.stop = weakref.finalize(self, _stop, self._loop, self._thread)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what `work` gives; an interrupt cancels it.

        Raises:
            SetupError: The loop is stopped, or `run` is called from a coroutine that it runs.
        """
        if threading.current_thread() is self._thread or not self.stop.alive:
            work.close()
            raise SetupError(
                "this SynapSync is shut down: call initialize() to use it again"
                if not self.stop.alive
                else "this SynapSync is called from within itself; use Synap in coroutines"
            )
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def blocking(self, call: Callable[Arguments, Coroutine[Any, Any, Result]]) -> Callable[Arguments, Result]:
        """Return `call` as a function that returns when it is done."""

        @wraps(call)
        def blocked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            return self.run(call(*args, **kwargs))

        return blocked


class Blocking(Generic[Group]):
    """A group of calls whose methods return when they are done; groups within it are blocking too."""

    def __init__(self, group: Group, thread: LoopThread) -> None:
        self._group = group
        self._thread = thread

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        member = getattr(self._group, name)
        if inspect.iscoroutinefunction(member):
            return self._thread.blocking(member)
        return member if callable(member) else Blocking(member, self._thread)

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._group) if not name.startswith("_")]

    def __repr__(self) -> str:
        return f"Blocking({type(self._group).__name__})"


class SynapSync:
    """`Synap` without `await`. Attributes and arguments are those of `Synap`; use it with `with`, or call `shutdown`."""

    memories: Blocking[Memories]
    user: Blocking[User]
    customer: Blocking[Customer]
    client: Blocking[Client]
    conversation: Blocking[Conversation]
    entities: Blocking[Entities]
    data: Blocking[Data]
    admin: Blocking[Admin]

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        data_dir: str | Path | None = None,
        timeout: float = 30.0,
        management_key: str | None = None,
        twin: Synap | None = None,
    ) -> None:
        """Choose where memory lives, as `Synap` does, or run an existing `twin`, which then belongs to this thread."""
        self._synap = twin or Synap(
            api_key, base_url, data_dir=data_dir, timeout=timeout, management_key=management_key
        )
        self._thread = LoopThread()

    @classmethod
    def embedded(cls, data_dir: str | Path | None = None) -> SynapSync:
        """Return one that runs the engine in this process."""
        return cls(twin=Synap.embedded(data_dir))

    def initialize(self) -> None:
        """Open the connection now instead of on the first call, or again after `shutdown`. Safe to call twice."""
        if not self._thread.stop.alive:
            self._thread = LoopThread()
        self._thread.run(self._synap.initialize())

    def shutdown(self) -> None:
        """Close what was opened and end the thread. Safe to call twice; calls after it are refused as `Synap`'s are."""
        if self._thread.stop.alive:
            try:
                self._thread.run(self._synap.shutdown())
            finally:
                self._thread.stop()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(Blocking(self._synap, self._thread), name)

    def __enter__(self) -> Self:
        self.initialize()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
