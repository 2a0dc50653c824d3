"""What tests of applications and our own share: a clock that stands still, an embedder and language models without files."""

from __future__ import annotations

from synap.testing.chat_server import ChatServer, Reply
from synap.testing.clock import FixedClock
from synap.testing.embedder import FixedEmbedder
from synap.testing.language_model import ScriptedLanguageModel

__all__ = ["ChatServer", "FixedClock", "FixedEmbedder", "Reply", "ScriptedLanguageModel"]
