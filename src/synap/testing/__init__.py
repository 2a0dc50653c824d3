"""What tests of applications and our own share: a clock that stands still, an embedder and a language model without files."""

from __future__ import annotations

from synap.testing.clock import FixedClock
from synap.testing.embedder import FixedEmbedder
from synap.testing.language_model import ScriptedLanguageModel

__all__ = ["FixedClock", "FixedEmbedder", "ScriptedLanguageModel"]
