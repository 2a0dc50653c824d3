"""What the process is told by its surroundings: the `SYNAP_*` variables, read once by its entry.

How memory behaves for one instance is no setting of the process but its configuration (`synap.maca`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from synap.engine.faults import Fault, parse_faults
from synap.errors import SetupError
from synap.ports.reranker import RerankerStyle

DEFAULT_MAX_DOCUMENT_BYTES = 10 * 1024 * 1024
DEFAULT_RESIDENT_MIB = 512
DEFAULT_BACKLOG = 250_000


class EmbedderChoice(StrEnum):
    """Who makes the vectors."""

    MINILM = "minilm"
    HASHING = "hashing"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The surroundings of a process, checked. A variable that is empty counts as not set.

    Each may instead be kept in a file, which the variable of the same name with `_FILE` names.

    Attributes:
        data_dir: SYNAP_DATA_DIR, the embedded store's folder; None for the user's data folder.
        database_url: SYNAP_DATABASE_URL, a PostgreSQL to use instead of the embedded one.
        migration_url: SYNAP_MIGRATION_URL, the same database as its owner; `database_url` where not set.
        base_url: SYNAP_BASE_URL, the server that the SDK calls.
        api_key: SYNAP_API_KEY.
        embedder: SYNAP_EMBEDDER; None leaves the choice to what is prepared on this machine.
        embedding_url, embedding_model, embedding_key: SYNAP_EMBEDDING_URL, _MODEL, _KEY: a server that speaks the
            OpenAI protocol; URL (with `/v1` where it has one) and model are set together.
        llm_url, llm_model, llm_key: SYNAP_LLM_URL, _MODEL, _KEY, likewise.
        reranker_url, reranker_model, reranker_key, reranker_style: SYNAP_RERANKER_URL, _MODEL, _KEY, _STYLE: a server that
            judges texts against a question, for the mode `accurate`; `cohere`, `jina` or `tei`.
        max_document_bytes: SYNAP_MAX_DOCUMENT_BYTES, largest document in UTF-8 bytes; 10 MiB where not set.
        resident_mib: SYNAP_RESIDENT_MIB, most MiB of what searches read to keep in memory, and at most half as many of vectors for
            writes to big scopes; 512 where not set, 0 for nothing.
        backlog: SYNAP_BACKLOG, documents waiting from which on writes are refused for a while; 250,000 where not set, 0 for
            no limit.
        test_citus_url: SYNAP_TEST_CITUS_URL, a Citus cluster for the store's tests.
        faults: SYNAP_FAULT, `stage:kill`, `stage:delay` or `stage:error`, for fault tests; see `synap.engine.faults`.
    """

    data_dir: Path | None = None
    database_url: str | None = field(default=None, repr=False)
    migration_url: str | None = field(default=None, repr=False)
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    embedder: EmbedderChoice | None = None
    embedding_url: str | None = None
    embedding_model: str | None = None
    embedding_key: str | None = field(default=None, repr=False)
    llm_url: str | None = None
    llm_model: str | None = None
    llm_key: str | None = field(default=None, repr=False)
    reranker_url: str | None = None
    reranker_model: str | None = None
    reranker_key: str | None = field(default=None, repr=False)
    reranker_style: RerankerStyle = RerankerStyle.COHERE
    max_document_bytes: int = DEFAULT_MAX_DOCUMENT_BYTES
    resident_mib: int = DEFAULT_RESIDENT_MIB
    backlog: int = DEFAULT_BACKLOG
    test_citus_url: str | None = field(default=None, repr=False)
    faults: tuple[Fault, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Return the settings that a process environment holds; its own where None is given.

        Raises:
            SetupError: A variable has a value it cannot have, or one that it needs beside it is missing; `field` and
                the message name it.
        """
        given = _Variables(os.environ if environ is None else environ)
        database_url = given.url("SYNAP_DATABASE_URL", "postgresql", "postgres")
        settings = cls(
            data_dir=given.path("SYNAP_DATA_DIR"),
            database_url=database_url,
            migration_url=given.url("SYNAP_MIGRATION_URL", "postgresql", "postgres") or database_url,
            base_url=given.url("SYNAP_BASE_URL", "http", "https"),
            api_key=given.text("SYNAP_API_KEY"),
            embedder=_embedder(given),
            embedding_url=given.url("SYNAP_EMBEDDING_URL", "http", "https"),
            embedding_model=given.text("SYNAP_EMBEDDING_MODEL"),
            embedding_key=given.text("SYNAP_EMBEDDING_KEY"),
            llm_url=given.url("SYNAP_LLM_URL", "http", "https"),
            llm_model=given.text("SYNAP_LLM_MODEL"),
            llm_key=given.text("SYNAP_LLM_KEY"),
            reranker_url=given.url("SYNAP_RERANKER_URL", "http", "https"),
            reranker_model=given.text("SYNAP_RERANKER_MODEL"),
            reranker_key=given.text("SYNAP_RERANKER_KEY"),
            reranker_style=_reranker_style(given),
            max_document_bytes=given.count("SYNAP_MAX_DOCUMENT_BYTES", default=DEFAULT_MAX_DOCUMENT_BYTES),
            resident_mib=given.count("SYNAP_RESIDENT_MIB", default=DEFAULT_RESIDENT_MIB, least=0),
            backlog=given.count("SYNAP_BACKLOG", default=DEFAULT_BACKLOG, least=0),
            test_citus_url=given.url("SYNAP_TEST_CITUS_URL", "postgresql", "postgres"),
            faults=parse_faults(given.text("SYNAP_FAULT") or ""),
        )
        _check_pair("SYNAP_EMBEDDING", settings.embedding_url, settings.embedding_model)
        _check_pair("SYNAP_LLM", settings.llm_url, settings.llm_model)
        if settings.embedder is EmbedderChoice.OPENAI and settings.embedding_url is None:
            raise _wrong("SYNAP_EMBEDDING_URL", "must be set, with SYNAP_EMBEDDING_MODEL, for SYNAP_EMBEDDER=openai")
        return settings


class _Variables:
    """The environment, read variable by variable, each in its type."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        text, file = (self._environ.get(one, "").strip() or None for one in (name, f"{name}_FILE"))
        if file is None:
            return text
        if text is not None:
            raise _wrong(name, f"and {name}_FILE exclude each other: set one of them")
        try:
            return Path(file).expanduser().read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong(f"{name}_FILE", f"names a file that cannot be read: {file}") from error

    def path(self, name: str) -> Path | None:
        text = self.text(name)
        return Path(text).expanduser() if text else None

    def count(self, name: str, *, default: int, least: int = 1) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(2**62)) and int(text) >= least):
            raise _wrong(name, f"must be a whole number {'above zero' if least else 'from zero on'}, not {text!r}")
        return int(text)

    def url(self, name: str, *schemes: str) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            scheme = urlsplit(text).scheme
        except ValueError as error:
            raise _wrong(name, f"is no URL: {error}") from error
        if scheme not in schemes:  # the value itself may hold a password and stays out of the message
            raise _wrong(name, f"must begin with {schemes[0]}://")
        return text.rstrip("/") if scheme in ("http", "https") else text


def _embedder(given: _Variables) -> EmbedderChoice | None:
    text = given.text("SYNAP_EMBEDDER")
    if text is None:
        return None
    try:
        return EmbedderChoice(text.lower())
    except ValueError as error:
        raise _wrong("SYNAP_EMBEDDER", f"must be minilm, hashing or openai, not {text!r}") from error


def _reranker_style(given: _Variables) -> RerankerStyle:
    text = given.text("SYNAP_RERANKER_STYLE")
    try:
        return RerankerStyle.COHERE if text is None else RerankerStyle(text.lower())
    except ValueError as error:
        raise _wrong("SYNAP_RERANKER_STYLE", f"must be cohere, jina or tei, not {text!r}") from error


def _check_pair(prefix: str, url: str | None, model: str | None) -> None:
    if (url is None) != (model is None):
        missing, present = ("URL", "MODEL") if url is None else ("MODEL", "URL")
        raise _wrong(f"{prefix}_{missing}", f"must be set where {prefix}_{present} is")


def _wrong(name: str, problem: str) -> SetupError:
    return SetupError(f"{name} {problem}", field=name)
