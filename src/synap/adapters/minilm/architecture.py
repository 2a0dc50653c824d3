"""The numbers of all-MiniLM-L6-v2 that its weights do not tell by themselves."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TOKENS = 256
"""Longest text, in tokens with [CLS] and [SEP]: what the model was trained for."""

LAYER_NORM_EPSILON = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Depth and attention heads of an encoder; the widths follow from its weights."""

    layers: int = 6
    heads: int = 12
