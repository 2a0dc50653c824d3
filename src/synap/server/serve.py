"""Running the REST door: a listening socket, uvicorn on it, and an end that lets calls in hand finish."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from litestar.types import ASGIApp

from synap.errors import SetupError
from synap.server.backend import Backend, Gate
from synap.server.rest.app import DOCUMENT_BYTES, create_app
from synap.server.rest.observe import RequestMetrics
from synap.server.tls import Tls

logger = logging.getLogger(__name__)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8787
KEEP_ALIVE_SECONDS = 330
"""How long an idle connection is kept: longer than published clients keep theirs (300 s), or a call of theirs would run
into a closing one and be sent again."""

DRAIN_SECONDS = 20
"""How long calls in hand may take once the server is told to stop."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str = DEFAULT_HOST, port: int = DEFAULT_PORT) -> socket.socket:
    """Return a socket that listens on an address; port 0 is any free one.

    Raises:
        SetupError: The address cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise SetupError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another with --http"
        ) from error
    return listener


async def run(
    engine: Backend | Gate,
    listener: socket.socket,
    *,
    max_document_bytes: int = DOCUMENT_BYTES,
    metrics: RequestMetrics | None = None,
    app: ASGIApp | None = None,
    tls: Tls | None = None,
    on_listening: Callable[[str, int], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT comes, or `stop` is set; then finish the calls in hand and return.

    The engine is not stopped here: who started it stops it.

    Args:
        engine: The engine, or a gate that is opened once the engine is there; until then calls are told to come again.
        listener: Where to listen, from `listen`; closed at the end.
        max_document_bytes: Largest document, from which the largest request body follows.
        metrics: Where requests are counted, if not in metrics of its own.
        app: What is served, if not all of the REST door.
        tls: Certificate and key, for HTTPS.
        on_listening: Told the address and the real port once connections are accepted.
        stop: Another way to end it; set when a signal came, so that others may end with it.
    """
    gate = engine if isinstance(engine, Gate) else Gate(engine)
    address, real_port = listener.getsockname()[:2]
    config = uvicorn.Config(
        app or create_app(gate, max_document_bytes=max_document_bytes, metrics=metrics),
        ssl_certfile=None if tls is None else str(tls.certificate_file),
        ssl_keyfile=None if tls is None else str(tls.key_file),
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    stop = stop or asyncio.Event()
    server = _Server(config, lambda: _report(on_listening, address, real_port), stop)
    watching = asyncio.create_task(_end_on(stop, server))
    try:
        await server.serve([listener])
    finally:
        watching.cancel()
        listener.close()
    logger.info("server stopped", extra={"port": real_port})


class _Server(uvicorn.Server):
    """Uvicorn's server, which says when it listens, and lets its caller go on after a signal instead of dying of it."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None], stop: asyncio.Event) -> None:
        super().__init__(config)
        self._listening = listening
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    def end(self) -> None:
        logger.info("server stops: finishing the calls in hand")
        self.should_exit = True
        self._stop.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        taken = []
        for number in _SIGNALS:
            # Only the main thread may handle signals; elsewhere `stop` is the way.
            with contextlib.suppress(RuntimeError, ValueError):
                loop.add_signal_handler(number, self.end)
                taken.append(number)
        try:
            yield
        finally:
            for number in taken:
                loop.remove_signal_handler(number)


async def _end_on(stop: asyncio.Event, server: _Server) -> None:
    await stop.wait()
    server.end()


def _report(on_listening: Callable[[str, int], None] | None, address: str, port: int) -> None:
    logger.info("server listens", extra={"host": address, "port": port})
    if on_listening is not None:
        on_listening(address, port)
