from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from synap.adapters.minilm.architecture import MAX_TOKENS, Shape
from synap.adapters.minilm.convert import convert
from synap.adapters.minilm.model import Model
from synap.adapters.minilm.reference import encode

_SENTENCES = [[2, 4, 5, 6, 7, 3], [2, 9, 10, 3], [2, 8, 9, 10, 11, 4, 5, 6, 3], [2, 3]]


@pytest.fixture(scope="module")
def model(tiny_weights: Mapping[str, NDArray[Any]], tiny_tokenizer: bytes) -> Model:
    return Model.from_bytes(convert(tiny_weights, Shape()), tiny_tokenizer, threads=1)


def test_the_int8_graph_agrees_with_the_fp32_forward_pass(
    model: Model, tiny_weights: Mapping[str, NDArray[Any]]
) -> None:
    expected = np.stack([encode(tiny_weights, row, Shape()) for row in _SENTENCES])

    vectors = model.run(_SENTENCES)

    assert (vectors * expected).sum(axis=1).min() > 0.98


def test_vectors_have_length_one(model: Model) -> None:
    vectors = model.run(_SENTENCES)

    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_texts_vector_does_not_depend_on_its_batch(model: Model) -> None:
    together = model.run(_SENTENCES)
    alone = np.concatenate([model.run([row]) for row in _SENTENCES])

    assert np.allclose(together, alone, atol=1e-4)


def test_the_same_weights_give_the_same_bytes(tiny_weights: Mapping[str, NDArray[Any]]) -> None:
    assert convert(tiny_weights, Shape()) == convert(tiny_weights, Shape())


def test_long_texts_are_cut_at_what_the_model_takes(model: Model) -> None:
    ids = model.token_ids("the red boat sails " * 200)

    assert len(ids) == MAX_TOKENS
    assert model.run([ids]).shape[0] == 1
