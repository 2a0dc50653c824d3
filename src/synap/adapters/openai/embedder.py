"""An embedder over HTTP: `POST {url}/embeddings` as OpenAI, vLLM, Ollama, llama.cpp, TEI and gateways serve it.

Protocol: https://platform.openai.com/docs/api-reference/embeddings. Written on httpx, as one call needs no client
library; asks for plain numbers and understands base64 as well, which some servers send whatever is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from synap.adapters.openai.answers import read_vectors, retry_after
from synap.errors import InstanceNotReadyError, ServiceUnavailableError, SetupError, SynapError
from synap.ports.embedder import MAX_DIM

logger = logging.getLogger(__name__)

_NATIVE_DIMS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_BATCH_TEXTS = 64
_BATCH_CHARACTERS = 200_000
_LONGEST_TEXT = 24_000
"""Characters of one text, at most: about 8,000 tokens at three characters each, which is what such servers take."""
_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_BLANK = "-"  # the protocol refuses an empty text, and one row per text is owed


def batches(texts: Sequence[str]) -> list[list[str]]:
    """Return texts in order, cut to what a server takes and grouped into requests of bounded size."""
    groups: list[list[str]] = []
    room = 0
    for text in texts:
        # A half of a surrogate pair, which no UTF-8 can hold, counts as a question mark.
        cut = text[:_LONGEST_TEXT].encode("utf-8", "replace").decode() if text.strip() else _BLANK
        if not groups or len(groups[-1]) == _BATCH_TEXTS or len(cut) > room:
            groups.append([])
            room = _BATCH_CHARACTERS
        groups[-1].append(cut)
        room -= len(cut)
    return groups


class OpenAiEmbedder:
    """Vectors from a server; knows what its model knows. Retries what may pass, and only here."""

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str | None = None,
        dim: int | None = None,
        timeout: float = 30.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Name the server; nothing is sent before `load` or the first text.

        Args:
            url: Base URL; `/embeddings` is added.
            model: Name of the model, as the server knows it.
            key: Sent as a bearer token; None sends none.
            dim: Length of its vectors where known, else what the first answer shows; above `MAX_DIM` they are cut.
            timeout: Seconds that one request may take.
            sleep: How to wait between attempts.
            transport: How requests travel; None for the ordinary way.
        """
        self._url = url.rstrip("/") + "/embeddings"
        self._model = model
        native = dim or _NATIVE_DIMS.get(model)
        self._dim = None if native is None else min(native, MAX_DIM)
        self._sleep = sleep
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        limits = httpx.Timeout(timeout, connect=_CONNECT_SECONDS)
        self._client = httpx.AsyncClient(headers=headers, timeout=limits, transport=transport)

    @property
    def id(self) -> str:
        return f"openai-{'-'.join(self._model.split())}-{MAX_DIM}-norm@1"

    @property
    def dim(self) -> int:
        if self._dim is None:
            raise InstanceNotReadyError("the embedding server has not been asked yet how long its vectors are")
        return self._dim

    @property
    def semantic(self) -> bool:
        return True

    @property
    def ready(self) -> bool:
        """Whether the length of the vectors is known."""
        return self._dim is not None

    async def load(self) -> None:
        """Ask the server for one vector, which shows that address, model and key are right and how long vectors are.

        Raises:
            SetupError: The server refuses the key or does not know the model.
            ServiceUnavailableError: It does not answer.
        """
        await self._embed([_BLANK])

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts and self._dim is None:
            await self.load()
        parts = [await self._embed(batch) for batch in batches(texts)]
        return np.concatenate(parts) if parts else np.empty((0, self.dim), np.float32)

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return await self.embed_documents(texts)

    async def close(self) -> None:
        await self._client.aclose()

    async def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        vectors = read_vectors(await self._ask(body), count=len(texts), longest=MAX_DIM)
        if self._dim is None:
            self._dim = vectors.shape[1]
        elif vectors.shape[1] != self._dim:
            raise SetupError(
                f"the embedding server's vectors have {vectors.shape[1]} dimensions, not {self._dim} as before:"
                " another model answers under the same name"
            )
        return vectors

    async def _ask(self, body: dict[str, Any]) -> bytes:
        """Send a request until it is answered, refused for good, or the attempts are used up."""
        for attempt in range(1, _ATTEMPTS + 1):
            answer, error = await self._attempt(body)
            if error is None:
                return answer
            wanted = getattr(error, "retry_after_seconds", None)
            if attempt == _ATTEMPTS or isinstance(error, SetupError) or (wanted or 0) > _LONGEST_PAUSE_SECONDS:
                raise error
            pause = _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) if wanted is None else wanted
            logger.info("embedding request will be repeated", extra={"attempt": attempt, "seconds": pause})
            await self._sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _attempt(self, body: dict[str, Any]) -> tuple[bytes, SynapError | None]:
        try:
            response = await self._client.post(self._url, json=body)
        except httpx.TransportError as error:
            problem = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
            return b"", ServiceUnavailableError(f"the embedding server {problem}")
        except httpx.InvalidURL as error:
            raise SetupError(f"SYNAP_EMBEDDING_URL is no URL: {error}", field="SYNAP_EMBEDDING_URL") from error
        return response.content, _refusal(response, self._model)


def _refusal(response: httpx.Response, model: str) -> SynapError | None:
    """Return the error that an answer stands for. Its body stays out of the message: it may repeat the texts."""
    status = response.status_code
    if response.is_success:
        return None
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return SetupError(
            f"the embedding server refuses the key ({status}): set SYNAP_EMBEDDING_KEY", field="SYNAP_EMBEDDING_KEY"
        )
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return ServiceUnavailableError(
            "the embedding server asks for a pause (429)", retry_after_seconds=retry_after(response.headers)
        )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        return ServiceUnavailableError(
            f"the embedding server fails ({status})", retry_after_seconds=retry_after(response.headers)
        )
    return SetupError(
        f"the embedding server refuses model {model!r} ({status}): check SYNAP_EMBEDDING_URL and SYNAP_EMBEDDING_MODEL",
        field="SYNAP_EMBEDDING_URL" if status == httpx.codes.NOT_FOUND else "SYNAP_EMBEDDING_MODEL",
    )
