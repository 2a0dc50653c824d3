"""A relay between the engine and its database that can be slow, silent or gone: the network as it fails."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
CHUNK = 65_536


class Relay:
    """Carries TCP both ways, on a thread of its own. A `host` that is a folder holds the socket of a PostgreSQL."""

    def __init__(self, host: str, port: int) -> None:
        self._delay = 0.0
        self._open = asyncio.Event()
        self._open.set()
        self._stranded: set[asyncio.StreamWriter] = set()
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = self._call(asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Break every connection and refuse new ones."""

        async def close() -> None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()

        self._call(close())

    def slow(self, seconds: float) -> None:
        """Let each chunk come so many seconds later."""
        self._delay = seconds

    def hush(self) -> None:
        """Keep back what comes, and close nothing, as a partition does."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def strand(self) -> None:
        """Let every connection that there is hang for ever, and carry new ones: the other end has moved elsewhere."""
        self._loop.call_soon_threadsafe(lambda: self._stranded.update(self._writers))

    def mend(self) -> None:
        """Carry again, at once."""
        self._delay = 0.0
        self._loop.call_soon_threadsafe(self._open.set)
        if not self._server.is_serving():
            self._server = self._call(asyncio.start_server(self._carry, "127.0.0.1", self.port))

    def close(self) -> None:
        """End it, and every connection."""
        self.cut()

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._open.wait()
            there, back = await self._connected()
        except OSError:
            writer.transport.abort()
            return
        both = {writer, back}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, back))
                group.create_task(self._pass(there, writer))
        finally:
            self._writers -= both
            self._stranded -= both
            for one in both:
                one.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._target
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await source.read(CHUNK):
                await self._open.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                if target in self._stranded:
                    continue
                target.write(chunk)
                await target.drain()
        # One side has ended: so has the other.
        target.transport.abort()


@contextmanager
def relay(host: str, port: int) -> Iterator[Relay]:
    """A relay for the time of the block."""
    made = Relay(host, port)
    try:
        yield made
    finally:
        made.close()
