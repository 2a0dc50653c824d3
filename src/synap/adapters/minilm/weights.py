"""Reading safetensors files with numpy alone.

Format: https://huggingface.co/docs/safetensors, eight bytes of header length (little-endian), a JSON header that names
each tensor's type, shape and byte range, then the tensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synap.errors import SetupError

_TYPES: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
_LENGTH_BYTES = 8

Weights = Mapping[str, NDArray[Any]]


def read_safetensors(data: bytes) -> Weights:
    """Return the tensors of a safetensors file by name, as read-only views into `data`.

    Raises:
        SetupError: The file is cut short, or holds a type that this model does not use.
    """
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if not _LENGTH_BYTES < start <= len(data):
        raise SetupError("the weights are no safetensors file: its header is longer than the file")
    try:
        header = json.loads(data[_LENGTH_BYTES:start])
        return {name: _tensor(data, start, entry) for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(f"the weights are no readable safetensors file: {error}") from error


def _tensor(data: bytes, start: int, entry: Mapping[str, Any]) -> NDArray[Any]:
    first, last = entry["data_offsets"]
    dtype = _TYPES[entry["dtype"]]
    flat: NDArray[Any] = np.frombuffer(data, dtype, offset=start + first, count=(last - first) // dtype.itemsize)
    return flat.reshape(tuple(entry["shape"]))
