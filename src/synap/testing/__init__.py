"""What tests of applications and our own share: a clock that stands still and an embedder without files."""

from __future__ import annotations

from synap.testing.clock import FixedClock
from synap.testing.embedder import FixedEmbedder

__all__ = ["FixedClock", "FixedEmbedder"]
