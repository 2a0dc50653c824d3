"""Where the prepared model lies, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import platformdirs

EMBEDDER_ID = "minilm-l6-v2-int8-mean-norm@1"
"""Name of the vector space. It changes whenever the vectors do: with the weights, the conversion or the pooling."""

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"

SYSTEM_CACHE = Path("/var/cache/synap")
"""Where root prepares models; every user of the machine may use them."""

_FOLDER = EMBEDDER_ID.replace("@", "-")


def default_cache_dir() -> Path:
    """Return the folder for files that can be made again: the user's cache, or as root one that every user may read."""
    return SYSTEM_CACHE if os.geteuid() == 0 else platformdirs.user_cache_path("synap")


def model_dir(cache_dir: Path) -> Path:
    """Return where the prepared model lies, or will lie, inside a cache folder."""
    return cache_dir / "models" / _FOLDER


def is_whole(folder: Path) -> bool:
    """Whether a folder holds this embedder's files, byte for byte as its manifest tells."""
    manifest = read_manifest(folder)
    files = manifest.get("files")
    if manifest.get("embedder") != EMBEDDER_ID or not isinstance(files, dict):
        return False
    return {MODEL_FILE, TOKENIZER_FILE} == set(files) and all(
        (folder / name).is_file() and digest(folder / name) == expected for name, expected in files.items()
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what a folder's manifest says; nothing where there is none that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def digest(file: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
