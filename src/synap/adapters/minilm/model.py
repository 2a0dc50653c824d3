"""The encoder itself: texts to token ids, token ids to vectors. Blocking; the embedder runs it in threads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synap.adapters.minilm import cache
from synap.adapters.minilm.architecture import MAX_TOKENS
from synap.errors import SetupError

_LONGEST_TEXT = 64 * MAX_TOKENS
"""Characters looked at: far more than the tokens that count can hold, so that a huge text costs no more than this."""


class Model:
    """A loaded encoder and its WordPiece tokenizer; may be used by several threads at once."""

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer

    @classmethod
    def from_bytes(cls, model: bytes, tokenizer: bytes, *, threads: int) -> Model:
        """Load an encoder; `threads` is how many one run may use."""
        import onnxruntime  # noqa: PLC0415 - 20 MB that no other embedder needs
        from tokenizers import Tokenizer  # noqa: PLC0415 - likewise

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Idle threads would otherwise spin for a while after each run, on cores that the store needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        words = Tokenizer.from_str(tokenizer.decode())
        words.no_padding()
        words.enable_truncation(MAX_TOKENS)
        return cls(onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]), words)

    @classmethod
    def from_folder(cls, folder: Path, *, threads: int) -> Model:
        """Load a prepared encoder.

        Raises:
            SetupError: The folder does not hold it, or not all of it.
        """
        if not cache.is_whole(folder):
            raise SetupError(f"no prepared MiniLM model in {folder}: run `synap models prepare`")
        model, tokenizer = (folder / cache.MODEL_FILE).read_bytes(), (folder / cache.TOKENIZER_FILE).read_bytes()
        return cls.from_bytes(model, tokenizer, threads=threads)

    def token_ids(self, text: str) -> list[int]:
        """Return the ids of a text, [CLS] and [SEP] included, `MAX_TOKENS` at most: what is longer is cut."""
        return self.batch_token_ids([text])[0]

    def batch_token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of several texts, as `token_ids` does."""
        # A half of a surrogate pair, which no UTF-8 can hold, counts as a question mark.
        readable = [text[:_LONGEST_TEXT].encode("utf-8", "replace").decode() for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch(readable)]

    def run(self, token_ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the `(n, hidden)` unit vectors of texts given by their ids, padded to the longest of them."""
        width = max(map(len, token_ids))
        ids = np.zeros((len(token_ids), width), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(token_ids):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        vectors: NDArray[np.float32] = self._session.run(["vectors"], {"ids": ids, "mask": mask})[0]
        return vectors
