"""The only place that picks adapters, opens the store and builds an engine."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from synap.adapters.hashing.embedder import HashingEmbedder
from synap.adapters.minilm.embedder import MiniLmEmbedder
from synap.adapters.minilm.prepare import prepared_model
from synap.adapters.openai.embedder import OpenAiEmbedder
from synap.adapters.system.clock import SystemClock
from synap.domain.ids import RowIds
from synap.domain.scopes import Tenancy
from synap.engine.accounts import ensure_default_instance
from synap.engine.audit import AuditTrail
from synap.engine.cache import AnswerCache
from synap.engine.core import Core, Limits
from synap.engine.engine import Engine
from synap.engine.faults import Faults
from synap.engine.worker import Pace
from synap.errors import SetupError
from synap.ports.clock import Clock
from synap.ports.embedder import Embedder
from synap.settings import Settings
from synap.store.checks import check_server
from synap.store.database import Database
from synap.store.migrate import migrate
from synap.store.server import EmbeddedServer
from synap.store.store import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How to open an engine, besides the settings.

    Attributes:
        workers: Ingestion workers in this process; 0 for none.
        tenancy: Tenancy of the default instance, where it has to be made.
        maca: Configuration of the default instance, where it has to be made; YAML.
        stay: Leave the embedded server running when the last process ends.
        embedder: Use this one instead of the one that the settings name.
        clock: Use this one instead of the system's.
        pace: How the workers go about it.
    """

    workers: int = 2
    tenancy: Tenancy = Tenancy.OPEN
    maca: str = ""
    stay: bool = False
    embedder: Embedder | None = None
    clock: Clock | None = None
    pace: Pace | None = None


async def open_engine(settings: Settings, opening: Opening | None = None) -> Engine:
    """Start or reach the store, migrate an embedded one, load the embedder, and return a running engine.

    Raises:
        SetupError: Something is missing or wrong; the message says what to do.
    """
    opening = opening or Opening()
    clock = opening.clock or SystemClock()
    embedder = opening.embedder or choose_embedder(settings)
    server, database = await _open_database(settings, stay=opening.stay)

    async def release() -> None:
        await database.close()
        if server is not None:
            await asyncio.to_thread(server.stop)

    try:
        return await _assemble(settings, opening, clock, embedder, database, release)
    except BaseException:
        await release()
        raise


def choose_embedder(settings: Settings) -> Embedder:
    """Return the embedder that the settings name; with none named, MiniLM where it is prepared, else hashing.

    Raises:
        SetupError: The one named cannot be used.
    """
    model = prepared_model()
    if settings.embedder == "openai":
        return OpenAiEmbedder(
            url=settings.embedding_url or "", model=settings.embedding_model or "", key=settings.embedding_key
        )
    if settings.embedder == "minilm" and model is None:
        raise SetupError("SYNAP_EMBEDDER is minilm, but the model is not prepared: run `synap models prepare`")
    if settings.embedder == "hashing" or model is None:
        logger.warning("hashing embedder in use: it knows no paraphrase; run `synap models prepare`")
        return HashingEmbedder()
    return MiniLmEmbedder(model)
