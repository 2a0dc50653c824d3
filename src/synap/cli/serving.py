"""`synap serve` and `synap worker`: the long-running processes."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
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
from synap.engine.accounts import FirstKeys, first_keys
from synap.engine.engine import Engine
from synap.engine.tracing import configure as configure_tracing
from synap.errors import InvalidInputError, SetupError
from synap.maca.load import load
from synap.server.backend import Gate
from synap.server.serve import listen
from synap.server.serve import run as serve_http
from synap.settings import Settings

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", envvar="SYNAP_DATABASE_URL", help="A PostgreSQL instead of the embedded one."),
]


def serve(
    http: Annotated[str, typer.Option("--http", help="Address and port; port 0 for any.")] = "127.0.0.1:8787",
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
    """Serve REST, with workers inside. On a store without keys, make the first ones and print them once."""
    configure_logging(logging.INFO if verbose else logging.WARNING)
    configure_tracing()

    async def work() -> None:
        settings = read_settings(data_dir, database_url)
        host, port = _address(http)
        maca = "" if config is None else read_file(config, field="config")
        load(maca)
        opening = Opening(workers=workers, tenancy=tenancy, maca=maca, stay=stay)
        await _serve(settings, opening, host, port, key_file=key_file, tell=Teller(as_json=as_json))

    run(None, work, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Says on stdout what has happened: a line for people, or an object for scripts."""

    as_json: bool

    def __call__(self, event: str, line: str, **facts: object) -> None:
        """Say that `event` has happened."""
        emit_lines([msgspec.json.encode({"event": event, **facts}).decode() if self.as_json else line])


async def _serve(
    settings: Settings, opening: Opening, host: str, port: int, *, key_file: Path | None, tell: Teller
) -> None:
    gate = Gate()
    stop = asyncio.Event()

    def listening(address: str, real_port: int) -> None:
        url = f"http://{address}:{real_port}"
        tell("listening", f"listening on {url}", url=url)

    with listen(host, port) as listener:
        async with asyncio.TaskGroup() as group:
            limit = settings.max_document_bytes
            door = group.create_task(
                serve_http(gate, listener, max_document_bytes=limit, on_listening=listening, stop=stop)
            )
            try:
                await _serve_behind(door, gate, settings, opening, key_file=key_file, tell=tell)
            finally:
                stop.set()
                await asyncio.wait([door])


async def _serve_behind(
    door: asyncio.Task[None], gate: Gate, settings: Settings, opening: Opening, *, key_file: Path | None, tell: Teller
) -> None:
    """Open the engine and let the door's calls through to it, until the door is closed."""
    engine = await open_engine(settings, opening)
    try:
        await _announce_keys(engine, key_file, tell)
        await _announce_tenancy(engine, opening.tenancy, tell)
        gate.open(engine)
        tell("ready", "ready")
        await asyncio.shield(door)
    finally:
        gate.close()
        await engine.stop()


async def _announce_keys(engine: Engine, key_file: Path | None, tell: Teller) -> None:
    """Tell the first keys, and write them to a file, where the store had none; else say that they stay as they are."""
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
        _write_keys(key_file, keys)


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


def _write_keys(path: Path, keys: FirstKeys) -> None:
    """Write the keys so that only their owner can read them, from the first byte on."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(keys) + b"\n")
    temporary.replace(path)


def worker(
    concurrency: Annotated[int, typer.Option(help="Groups of jobs worked on at a time.", min=1)] = 2,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what is done, as JSON lines.")] = False,
    as_json: AsJson = False,
) -> None:
    """Work through the queue until told to stop; jobs in hand are finished first."""
    configure_logging(logging.INFO if verbose else logging.WARNING)
    configure_tracing()

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        engine = await open_engine(read_settings(data_dir, database_url), Opening(workers=concurrency))
        Teller(as_json=as_json)("working", "working", concurrency=concurrency)
        try:
            await stop.wait()
        finally:
            await engine.stop()

    run(None, work, as_json=as_json)


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


def read_settings(data_dir: Path | None, database_url: str | None) -> Settings:
    """Return the settings of the environment, with what the command line says instead."""
    settings = Settings.from_environment()
    if database_url is not None and data_dir is not None and settings.data_dir is None:
        raise InvalidInputError("--data-dir and --database-url exclude each other", field="database_url")
    if database_url is not None:
        settings = replace(settings, database_url=database_url, migration_url=settings.migration_url or database_url)
    return settings if data_dir is None else replace(settings, data_dir=data_dir)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the largest port
        raise InvalidInputError(f"--http must read address:port, as in 127.0.0.1:8787, not {text!r}", field="http")
    return host.strip("[]"), int(port)
