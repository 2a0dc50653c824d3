"""A BERT of a few kilobytes with random weights and a tokenizer of a few words, built like the real one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "red", "boat", "sails", "a", "blue", "train", "waits"]
_HIDDEN = 48
_WIDE = 96
_LAYERS = 6


@pytest.fixture(scope="session")
def tiny_weights() -> Mapping[str, NDArray[Any]]:
    random = np.random.default_rng(7)

    def draw(*shape: int) -> NDArray[np.float32]:
        return (random.standard_normal(shape) * 0.3).astype(np.float32)

    weights: dict[str, NDArray[Any]] = {
        "embeddings.word_embeddings.weight": draw(len(_WORDS), _HIDDEN),
        "embeddings.position_embeddings.weight": draw(512, _HIDDEN),
        "embeddings.token_type_embeddings.weight": draw(2, _HIDDEN),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(_LAYERS):
        name = f"encoder.layer.{layer}."
        norms += [name + "attention.output.LayerNorm", name + "output.LayerNorm"]
        square = [f"attention.self.{kind}" for kind in ("query", "key", "value")] + ["attention.output.dense"]
        for part, shape in [
            *((part, (_HIDDEN, _HIDDEN)) for part in square),
            ("intermediate.dense", (_WIDE, _HIDDEN)),
            ("output.dense", (_HIDDEN, _WIDE)),
        ]:
            weights[f"{name}{part}.weight"] = draw(*shape)
            weights[f"{name}{part}.bias"] = draw(shape[0])
    for norm in norms:
        weights[norm + ".weight"] = 1 + draw(_HIDDEN)
        weights[norm + ".bias"] = draw(_HIDDEN)
    return weights


@pytest.fixture(scope="session")
def tiny_safetensors(tiny_weights: Mapping[str, NDArray[Any]]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, tensor in tiny_weights.items():
        data = tensor.tobytes()
        offsets = [len(body), len(body) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        body += data
    encoded = json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded + body


@pytest.fixture(scope="session")
def tiny_tokenizer() -> bytes:
    pieces = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
    special = {token: {"id": token, "ids": [_WORDS.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")}
    single = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ]
    tokenizer: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": special},
        "decoder": None,
        "model": {**pieces, "max_input_chars_per_word": 100, "vocab": {word: i for i, word in enumerate(_WORDS)}},
    }
    return json.dumps(tokenizer).encode()
