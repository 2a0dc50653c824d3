"""`synap serve` and `synap worker`: the long-running processes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from synap.bootstrap import Opening, open_engine
from synap.cli.options import AsJson, DataDir, read_file
from synap.cli.outcome import run
from synap.cli.output import emit_lines
from synap.domain.scopes import Tenancy
from synap.engine.accounts import first_keys
from synap.engine.engine import Engine
from synap.engine.tracing import configure as configure_tracing
from synap.errors import InvalidInputError, SetupError
from synap.maca.load import load
from synap.server.backend import Gate
from synap.server.grpc.door import Door
from synap.server.grpc.metrics import StreamMetrics
from synap.server.heap import trim
from synap.server.rest.app import create_watched_app
from synap.server.rest.observe import RequestMetrics
from synap.server.serve import listen
from synap.server.serve import run as serve_http
from synap.server.tls import Tls, read_tls
from synap.settings import Settings

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", envvar="SYNAP_DATABASE_URL", help="A PostgreSQL instead of the embedded one."),
]


def serve(
    http: Annotated[str, typer.Option("--http", help="Address and port; port 0 for any.")] = "127.0.0.1:8787",
    grpc: Annotated[str, typer.Option("--grpc", help="Likewise for the stream; off for none.")] = "127.0.0.1:50051",
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain for both, PEM; with --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM, without password.")] = None,
    workers: Annotated[int, typer.Option(help="Ingestion workers inside; 0 for none.", min=0)] = 2,
    tenancy: Annotated[Tenancy, typer.Option(help="Of the first instance.")] = Tenancy.OPEN,
    config: Annotated[
        Path | None, typer.Option(help="MACA of the first instance, YAML.", exists=True, dir_okay=False)
    ] = None,
    key_file: Annotated[Path | None, typer.Option(help="Write the first keys here as JSON, mode 0600.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    stay: Annotated[bool, typer.Option(help="Leave the embedded database running at the end.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what is done, as JSON lines.")] = False,
    as_json: AsJson = False,
) -> None:
    """Serve REST and the gRPC stream, with workers inside. On a store without keys, make the first ones and print them once."""
    configure_logging(logging.INFO if verbose else logging.WARNING)
    configure_tracing()

    async def work() -> None:
        settings = read_settings(data_dir, database_url)
        doors = Doors(
            http=_address(http, "http"),
            grpc=None if grpc in ("off", "") else _address(grpc, "grpc"),
            tls=read_tls(tls_cert, tls_key),
        )
        maca = "" if config is None else read_file(config, field="config")
        load(maca)
        opening = Opening(workers=workers, tenancy=tenancy, maca=maca, stay=stay)
        await _serve(settings, opening, doors, key_file=key_file, tell=Teller(as_json=as_json))

    run(None, work, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Says on stdout what has happened: a line for people, or an object for scripts."""

    as_json: bool

    def __call__(self, event: str, line: str, **facts: object) -> None:
        """Say that `event` has happened."""
        emit_lines([msgspec.json.encode({"event": event, **facts}).decode() if self.as_json else line])


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where to listen, and with which certificate; None for no gRPC, and for no encryption."""

    http: tuple[str, int]
    grpc: tuple[str, int] | None
    tls: Tls | None

    def url(self, listener: socket.socket) -> str:
        """Return the address of REST, with the real port."""
        host, port = listener.getsockname()[:2]
        return f"{'http' if self.tls is None else 'https'}://{_joined(host, port)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the doors are: REST as a URL, gRPC as address and port, empty for none."""

    url: str
    grpc: str


async def _serve(settings: Settings, opening: Opening, doors: Doors, *, key_file: Path | None, tell: Teller) -> None:
    gate = Gate()
    stop = asyncio.Event()
    metrics = RequestMetrics()
    limit = settings.max_document_bytes
    with listen(*doors.http) as listener:
        addresses = Addresses(url=doors.url(listener), grpc="")
        stream = Door(gate, StreamMetrics(metrics.registry), reported=metrics.reported, max_document_bytes=limit)
        if doors.grpc is not None:
            port = await stream.start(*doors.grpc, doors.tls)
            addresses = replace(addresses, grpc=_joined(doors.grpc[0], port))

        def listening(_: str, __: int) -> None:
            line = f"listening on {addresses.url}\n" + (
                f"grpc on {addresses.grpc}" if addresses.grpc else "grpc is off"
            )
            tell("listening", line, url=addresses.url, grpc=addresses.grpc or None)

        async with asyncio.TaskGroup() as group:
            door = group.create_task(
                serve_http(
                    gate,
                    listener,
                    max_document_bytes=limit,
                    metrics=metrics,
                    tls=doors.tls,
                    on_listening=listening,
                    stop=stop,
                )
            )
            streams = group.create_task(_stop_after(stop, stream))
            group.create_task(trim(stop))
            try:
                closed = asyncio.gather(door, streams)
                await _serve_behind(closed, gate, settings, opening, addresses=addresses, key_file=key_file, tell=tell)
            finally:
                stop.set()
                await asyncio.wait([door, streams])


async def _stop_after(stop: asyncio.Event, stream: Door) -> None:
    await stop.wait()
    await stream.stop()


async def _serve_behind(
    closed: asyncio.Future[tuple[None, None]],
    gate: Gate,
    settings: Settings,
    opening: Opening,
    *,
    addresses: Addresses,
    key_file: Path | None,
    tell: Teller,
) -> None:
    """Open the engine and let the doors' calls through to it, until the doors are closed."""
    engine = await open_engine(settings, opening)
    try:
        await _announce_keys(engine, key_file, addresses, tell)
        await _announce_tenancy(engine, opening.tenancy, tell)
        gate.open(engine)
        tell("ready", "ready")
        await asyncio.shield(closed)
    finally:
        gate.close()
        await engine.stop()


async def _announce_keys(engine: Engine, key_file: Path | None, addresses: Addresses, tell: Teller) -> None:
    """Tell the first keys, and write them to a file with the addresses, where the store had none; else say that they stay as they are."""
    if key_file is not None and not await engine.core.store.accounts.keys(engine.default_instance):
        _check_writable(key_file)
    keys = await first_keys(engine.core, engine.default_instance)
    if keys is None:
        if key_file is not None:
            line = f"the store has keys already: {key_file} is left alone (`synap keys create` makes more)"
            tell("keys_exist", line, key_file=str(key_file))
        return
    facts = msgspec.structs.asdict(keys)
    lines = [f"{name.replace('_', ' '):15}{value}" for name, value in facts.items()]
    tell("keys", "\n".join([*lines, "These keys are shown this once; they are stored as hashes."]), **facts)
    if key_file is not None:
        _write_keys(key_file, {**facts, "url": addresses.url, "grpc": addresses.grpc or None})


async def _announce_tenancy(engine: Engine, wanted: Tenancy, tell: Teller) -> None:
    """Say so where the first instance exists with another tenancy than the one asked for: a tenancy stays."""
    instance = await engine.core.store.accounts.instance(engine.default_instance)
    if instance.tenancy != wanted:
        line = f"instance {instance.id} is {instance.tenancy} and stays so: `synap instances create` makes another"
        tell("tenancy_stays", line, instance_id=instance.id, tenancy=instance.tenancy)


def _check_writable(path: Path) -> None:
    """Check that keys can be written to a file, before there are any: they are shown once.

    Raises:
        SetupError: They cannot.
    """
    if path.is_dir():
        raise SetupError(f"--key-file {path} is a folder; name a file in it", field="key_file")
    try:
        with tempfile.TemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        raise SetupError(f"--key-file {path} cannot be written: {error.strerror or error}", field="key_file") from error


def _write_keys(path: Path, keys: Mapping[str, str | None]) -> None:
    """Write the keys so that only their owner can read them, from the first byte on."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(keys) + b"\n")
    temporary.replace(path)


def worker(
    concurrency: Annotated[int, typer.Option(help="Groups of jobs worked on at a time.", min=1)] = 2,
    http: Annotated[str, typer.Option("--http", help="Answer /health and /metrics here; off for nowhere.")] = "off",
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what is done, as JSON lines.")] = False,
    as_json: AsJson = False,
) -> None:
    """Work through the queue until told to stop; jobs in hand are finished first. Its metrics are its own: watch each worker."""
    configure_logging(logging.INFO if verbose else logging.WARNING)
    configure_tracing()

    async def work() -> None:
        watched = None if http in ("off", "") else _address(http, "http")
        await _work(read_settings(data_dir, database_url), concurrency, watched, Teller(as_json=as_json))

    run(None, work, as_json=as_json)


async def _work(settings: Settings, concurrency: int, watched: tuple[str, int] | None, tell: Teller) -> None:
    """Work until a signal comes, and answer meanwhile how it goes, where that is `watched`."""
    stop, gate = asyncio.Event(), Gate()
    _stop_on_signals(stop)
    async with asyncio.TaskGroup() as group:
        group.create_task(trim(stop))
        doors: list[asyncio.Task[None]] = []
        if watched is not None:
            doors.append(group.create_task(_watch(gate, listen(*watched), stop, tell)))
        try:
            async with opened_engine(settings, workers=concurrency) as engine:
                gate.open(engine)
                tell("working", "working", concurrency=concurrency)
                await stop.wait()
                gate.close()
                await _ended(doors)
                _stop_on_signals(stop)  # the door took them; a second one must not cut short what is finished now
        finally:
            stop.set()
            await _ended(doors)


async def _ended(doors: Sequence[asyncio.Task[None]]) -> None:
    if doors:
        await asyncio.wait(doors)


async def _watch(gate: Gate, listener: socket.socket, stop: asyncio.Event, tell: Teller) -> None:
    """Answer for the health and the metrics of a worker."""
    url = f"http://{_joined(*listener.getsockname()[:2])}"

    def listening(_: str, __: int) -> None:
        tell("listening", f"listening on {url}", url=url)

    await serve_http(gate, listener, app=create_watched_app(gate), on_listening=listening, stop=stop)


def _stop_on_signals(stop: asyncio.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


class JsonLines(logging.Formatter):
    """One JSON object per line: time, level, logger, event, and the facts given beside it."""

    _OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = {name: value for name, value in vars(record).items() if name not in self._OWN}
        body = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **facts,
        }
        if record.exc_info:
            body["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(body, enc_hook=str).decode()


def configure_logging(level: int = logging.WARNING) -> None:
    """Send what is logged from `level` on to stderr as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextlib.asynccontextmanager
async def opened_engine(settings: Settings, *, workers: int = 0) -> AsyncIterator[Engine]:
    """Yield an engine of this process, stopped at the end."""
    engine = await open_engine(settings, Opening(workers=workers))
    try:
        yield engine
    finally:
        await engine.stop()


def read_settings(data_dir: Path | None, database_url: str | None) -> Settings:
    """Return the settings of the environment, with what the command line says instead."""
    settings = Settings.from_environment()
    if database_url is not None and data_dir is not None and settings.data_dir is None:
        raise InvalidInputError("--data-dir and --database-url exclude each other", field="database_url")
    if database_url is not None:
        settings = replace(settings, database_url=database_url, migration_url=settings.migration_url or database_url)
    return settings if data_dir is None else replace(settings, data_dir=data_dir)


def _address(text: str, option: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the largest port
        example = "127.0.0.1:8787" if option == "http" else "127.0.0.1:50051, or off"
        raise InvalidInputError(f"--{option} must read address:port, as in {example}, not {text!r}", field=option)
    return host.strip("[]"), int(port)


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
