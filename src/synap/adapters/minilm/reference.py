"""The encoder's forward pass in plain numpy: slow, exact, and what the quantised graph is measured against."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synap.adapters.minilm.architecture import LAYER_NORM_EPSILON, Shape
from synap.adapters.minilm.weights import Weights

Matrix = NDArray[np.float32]

_erf = np.vectorize(math.erf, otypes=[np.float32])


def encode(weights: Weights, token_ids: Sequence[int], shape: Shape) -> NDArray[np.float32]:
    """Return the `(hidden,)` unit vector of one text, given its token ids with [CLS] and [SEP].

    Source: Devlin et al., "BERT", NAACL 2019; mean pooling after Reimers and Gurevych, "Sentence-BERT", EMNLP 2019.
    """
    words = weights["embeddings.word_embeddings.weight"][list(token_ids)]
    positions = weights["embeddings.position_embeddings.weight"][: len(token_ids)]
    hidden = words + positions + weights["embeddings.token_type_embeddings.weight"][0]
    hidden = _normalise(weights, "embeddings.LayerNorm", hidden)
    for layer in range(shape.layers):
        hidden = _layer(weights, f"encoder.layer.{layer}.", hidden, shape.heads)
    pooled = hidden.mean(axis=0)
    unit: NDArray[np.float32] = (pooled / np.linalg.norm(pooled)).astype(np.float32)
    return unit


def _layer(weights: Weights, name: str, hidden: Matrix, heads: int) -> Matrix:
    attended = _dense(weights, name + "attention.output.dense", _attend(weights, name, hidden, heads))
    hidden = _normalise(weights, name + "attention.output.LayerNorm", hidden + attended)
    wide = _gelu(_dense(weights, name + "intermediate.dense", hidden))
    return _normalise(weights, name + "output.LayerNorm", hidden + _dense(weights, name + "output.dense", wide))


def _attend(weights: Weights, name: str, hidden: Matrix, heads: int) -> Matrix:
    def split(kind: str) -> Matrix:
        projected = _dense(weights, f"{name}attention.self.{kind}", hidden)
        parts: Matrix = projected.reshape(len(hidden), heads, -1).transpose(1, 0, 2)
        return parts

    query, key, value = split("query"), split("key"), split("value")
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
    weight = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (weight / weight.sum(axis=-1, keepdims=True)) @ value
    side_by_side: Matrix = mixed.transpose(1, 0, 2).reshape(hidden.shape)
    return side_by_side


def _dense(weights: Weights, name: str, x: Matrix) -> Matrix:
    projected: Matrix = x @ weights[name + ".weight"].T + weights[name + ".bias"]
    return projected


def _normalise(weights: Weights, name: str, x: Matrix) -> Matrix:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + LAYER_NORM_EPSILON)
    normalised: Matrix = scaled * weights[name + ".weight"] + weights[name + ".bias"]
    return normalised


def _gelu(x: Matrix) -> Matrix:
    activated: Matrix = 0.5 * x * (1 + _erf(x / math.sqrt(2)))
    return activated
