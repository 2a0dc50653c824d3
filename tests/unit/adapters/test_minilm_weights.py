from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from synap.adapters.minilm.weights import read_safetensors
from synap.errors import SetupError


def test_tensors_come_back_as_they_were_written(
    tiny_safetensors: bytes, tiny_weights: Mapping[str, NDArray[Any]]
) -> None:
    read = read_safetensors(tiny_safetensors)

    assert read.keys() == tiny_weights.keys()
    assert all(np.array_equal(read[name], tensor) for name, tensor in tiny_weights.items())


@pytest.mark.parametrize(
    "data", [b"", b"\x10", b"\xff" * 64, (4).to_bytes(8, "little") + b"nope", (2).to_bytes(8, "little") + b"[]"]
)
def test_what_is_no_safetensors_file_is_refused(data: bytes) -> None:
    with pytest.raises(SetupError, match="safetensors"):
        read_safetensors(data)


def test_a_file_cut_short_is_refused(tiny_safetensors: bytes) -> None:
    with pytest.raises(SetupError, match="safetensors"):
        read_safetensors(tiny_safetensors[:-4])
