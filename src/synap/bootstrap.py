"""The only place that picks adapters, opens the store and builds an engine."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial

from synap.adapters.hashing.embedder import HashingEmbedder
from synap.adapters.minilm.embedder import MiniLmEmbedder
from synap.adapters.minilm.prepare import prepared_model
from synap.adapters.openai.chat import OpenAiChat
from synap.adapters.openai.embedder import OpenAiEmbedder
from synap.adapters.reranking.http import HttpReranker
from synap.adapters.system.clock import SystemClock
from synap.domain.scopes import Tenancy
from synap.engine.accounts import ensure_default_instance
from synap.engine.admission import CALLS, Admission
from synap.engine.audit import AuditTrail
from synap.engine.backlog import Backlog
from synap.engine.cache import AnswerCache
from synap.engine.core import Core, Limits
from synap.engine.engine import Engine
from synap.engine.enhancing import Enhancer
from synap.engine.faults import Faults
from synap.engine.metering import metered
from synap.engine.parting import parts_by
from synap.engine.receipts import signer_of
from synap.engine.spaces import VectorSpaces
from synap.engine.worker import Pace
from synap.errors import SetupError
from synap.ports.clock import Clock
from synap.ports.embedder import Embedder
from synap.ports.language_model import LanguageModel
from synap.ports.reranker import Reranker
from synap.retrieval.ahead import prepare
from synap.settings import EmbedderChoice, Settings
from synap.store.checks import ServerFacts, check_store
from synap.store.database import Database
from synap.store.migrate import SCHEMA_VERSION, migrate
from synap.store.server import EmbeddedServer, Role
from synap.store.store import Store

logger = logging.getLogger(__name__)

MIB = 1024 * 1024

COURTESY_SECONDS = 1.0
"""How long each piece of what is read ahead of questions waits, at most, while calls are being answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How to open an engine, besides the settings.

    Attributes:
        workers: Ingestion workers in this process; 0 for none.
        tenancy: Tenancy of the default instance, where it has to be made.
        maca: Configuration of the default instance, where it has to be made; YAML.
        stay: Leave the embedded server running when the last process ends.
        embedder: Use this one instead of the one that the settings name.
        language_model, reranker: Likewise; None for the one that the settings name, if any.
        clock: Use this one instead of the system's.
        pace: How the workers go about it.
    """

    workers: int = 2
    tenancy: Tenancy = Tenancy.OPEN
    maca: str = ""
    stay: bool = False
    embedder: Embedder | None = None
    language_model: LanguageModel | None = None
    reranker: Reranker | None = None
    clock: Clock | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The database to work with, the embedded server where it is ours to stop, and what start-up learned about it."""

    server: EmbeddedServer | None
    database: Database
    facts: ServerFacts


async def open_engine(settings: Settings, opening: Opening | None = None) -> Engine:
    """Start or reach the store, migrate an embedded one, load the embedder, and return a running engine.

    Raises:
        SetupError: Something is missing or wrong; the message says what to do.
    """
    opening = opening or Opening()
    clock = opening.clock or SystemClock()
    embedder = opening.embedder or choose_embedder(settings)
    opened = await _open_database(settings, stay=opening.stay)

    async def release() -> None:
        await opened.database.close()
        if opened.server is not None:
            await asyncio.to_thread(opened.server.stop)

    try:
        return await _assemble(settings, opening, opened, clock=clock, embedder=embedder, release=release)
    except BaseException:
        await release()
        raise


def choose_embedder(settings: Settings) -> Embedder:
    """Return the embedder that the settings name; with none named, MiniLM where it is prepared, else hashing.

    Raises:
        SetupError: The one named cannot be used.
    """
    if settings.embedder is EmbedderChoice.OPENAI or (settings.embedder is None and settings.embedding_url):
        return OpenAiEmbedder(
            url=settings.embedding_url or "", model=settings.embedding_model or "", key=settings.embedding_key
        )
    model = prepared_model()
    if settings.embedder is EmbedderChoice.MINILM and model is None:
        raise SetupError("SYNAP_EMBEDDER is minilm, but the model is not prepared: run `synap models prepare`")
    if settings.embedder is EmbedderChoice.HASHING or model is None:
        logger.warning("the hashing embedder is in use: it knows no paraphrase; run `synap models prepare`")
        return HashingEmbedder()
    return MiniLmEmbedder(model)


def choose_language_model(settings: Settings) -> LanguageModel | None:
    """Return the language model that the settings name, or None."""
    if settings.llm_url is None or settings.llm_model is None:
        return None
    return OpenAiChat(url=settings.llm_url, model=settings.llm_model, key=settings.llm_key)


def choose_reranker(settings: Settings) -> Reranker | None:
    """Return the reranker that the settings name, if they name one."""
    if settings.reranker_url is None:
        return None
    return HttpReranker(
        url=settings.reranker_url,
        model=settings.reranker_model,
        key=settings.reranker_key,
        style=settings.reranker_style,
    )


def _other_embedders(wanted: Embedder) -> list[Embedder]:
    """Return embedders that may have made the vectors in the store, and can answer until these are replaced."""
    model = prepared_model()
    others: list[Embedder] = [HashingEmbedder()]
    if model is not None:
        others.append(MiniLmEmbedder(model))
    return [embedder for embedder in others if embedder.id != wanted.id]


def embedded_server(settings: Settings, *, stay: bool = False) -> EmbeddedServer:
    """Return the embedded server of the settings' data folder, started where it does not run, its schema up to date.

    Blocks; call it in a thread.
    """
    server = EmbeddedServer.start(settings.data_dir, stay=stay)
    try:
        migrate(server.dsn(Role.OWNER))
    except BaseException:
        server.stop()
        raise
    return server


async def _open_database(settings: Settings, *, stay: bool) -> Opened:
    if settings.database_url is not None:
        facts = await asyncio.to_thread(check_store, settings.database_url, schema=SCHEMA_VERSION)
        # A pooler may stand between, and not every pooler carries prepared statements.
        database = await Database.open(settings.database_url, prepared=False)
        return Opened(server=None, database=database, facts=facts)
    server = await asyncio.to_thread(embedded_server, settings, stay=stay)
    try:
        dsn = server.dsn(Role.APP)
        facts = await asyncio.to_thread(check_store, dsn, schema=SCHEMA_VERSION)
        return Opened(server=server, database=await Database.open(dsn), facts=facts)
    except BaseException:
        await asyncio.to_thread(server.stop)
        raise


async def _assemble(
    settings: Settings,
    opening: Opening,
    opened: Opened,
    *,
    clock: Clock,
    embedder: Embedder,
    release: Callable[[], Awaitable[None]],
) -> Engine:
    await embedder.load()
    calls = Admission(CALLS)
    store = Store(
        opened.database,
        clock,
        resident_bytes=settings.resident_mib * MIB,
        prepare=prepare,
        give_way=partial(calls.quiet, COURTESY_SECONDS),
    )
    owner = settings.migration_url if opened.server is None else opened.server.dsn(Role.OWNER)
    spaces = VectorSpaces(
        store.embeddings,
        embedder,
        others=_other_embedders(embedder),
        owner_dsn=owner,
        now=clock.now,
        timer=time.monotonic,
    )
    await spaces.begin()
    model = metered(opening.language_model or choose_language_model(settings))
    core = Core(
        store=store,
        spaces=spaces,
        clock=clock,
        cache=AnswerCache(timer=time.monotonic),
        audit=AuditTrail(store.audit),
        settings=Limits(max_document_bytes=settings.max_document_bytes),
        faults=Faults(settings.faults),
        calls=calls,
        model=model,
        enhancer=None if model is None else Enhancer(model),
        backlog=Backlog(store.queue.waiting, limit=settings.backlog),
        take_apart=None if model is None else parts_by(model),
        reranker=opening.reranker or choose_reranker(settings),
    )
    default = await ensure_default_instance(core, tenancy=opening.tenancy, maca=opening.maca)
    await signer_of(core)  # so that every backup holds the key by which receipts that are kept elsewhere are read
    engine = Engine(
        core,
        release=release,
        facts={"kind": "postgresql" if opened.server is None else "embedded", **asdict(opened.facts)},
        pace=opening.pace,
        default_instance=default,
        server=opened.server,
    )
    await engine.start(workers=opening.workers)
    return engine
