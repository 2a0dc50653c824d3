"""A reranker over HTTP: `POST {url}/rerank` as Cohere, Jina, vLLM, Text Embeddings Inference and gateways serve it.

Protocols: https://docs.cohere.com/reference/rerank, https://jina.ai/reranker, https://huggingface.github.io/text-embeddings-inference.
A fetch waits for the answer, so nothing is tried twice: without it, the answer is ranked as before and says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec

from synap.errors import ServiceUnavailableError
from synap.ports.reranker import RerankerStyle

_LONGEST_TEXT = 8_000
"""Characters of one text, at most: such models read some 500 tokens, and servers refuse or cut what is longer."""


class HttpReranker:
    """Scores from a server."""

    def __init__(
        self,
        *,
        url: str,
        model: str | None = None,
        key: str | None = None,
        style: RerankerStyle = RerankerStyle.COHERE,
        timeout: float = 2.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Name the server; nothing is sent before the first question.

        Args:
            url: Base URL; `/rerank` is added unless it ends so.
            model: Name of the model; Text Embeddings Inference serves one and takes none.
            key: Sent as a bearer token; None sends none.
            style: Whose protocol it speaks.
            timeout: Seconds that a question may take.
            transport: How requests travel; None for the ordinary way.
        """
        plain = url.rstrip("/")
        self._url = plain if plain.endswith("/rerank") else f"{plain}/rerank"
        self._model, self._style = model, style
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(headers=headers, timeout=timeout, transport=transport)

    @property
    def id(self) -> str:
        return f"{self._style.value}-{'-'.join((self._model or 'served').split())}"

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        try:
            response = await self._client.post(self._url, json=self._body(question, texts))
        except (httpx.TransportError, httpx.InvalidURL) as error:
            problem = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
            raise ServiceUnavailableError(f"the reranker {problem}") from error
        if not response.is_success:
            # The body stays out of the message: it may repeat the texts.
            raise ServiceUnavailableError(f"the reranker refuses or fails ({response.status_code})")
        return _scores(response.content, len(texts))

    async def close(self) -> None:
        await self._client.aclose()

    def _body(self, question: str, texts: Sequence[str]) -> dict[str, Any]:
        cut = [_sendable(text) for text in texts]
        if self._style is RerankerStyle.TEI:
            return {"query": _sendable(question), "texts": cut, "raw_scores": False, "truncate": True}
        body: dict[str, Any] = {"query": _sendable(question), "documents": cut, "top_n": len(cut)}
        if self._style is RerankerStyle.JINA:
            body["return_documents"] = False
        return body if self._model is None else {"model": self._model, **body}


def _sendable(text: str) -> str:
    """Return a text cut to size; a half of a surrogate pair, which no UTF-8 can hold, counts as a question mark."""
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()


def _scores(content: bytes, count: int) -> list[float]:
    """Return the score of each text out of an answer in any of the styles; texts that it leaves out have 0.

    Raises:
        ServiceUnavailableError: The answer is no list of places and scores.
    """
    try:
        answer = msgspec.json.decode(content)
        rows = answer["results"] if isinstance(answer, dict) else answer
        found: dict[int, float] = {}
        for row in rows:
            found[row["index"]] = float(row.get("relevance_score", row.get("score")))
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ServiceUnavailableError("the reranker's answer cannot be read") from error
    if not found or not set(found) <= set(range(count)) or not all(map(math.isfinite, found.values())):
        raise ServiceUnavailableError("the reranker's answer cannot be read")
    if any(not 0.0 <= score <= 1.0 for score in found.values()):
        # Raw scores of a cross-encoder: the logistic function brings them into 0..1 and keeps their order.
        found = {place: 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, score)))) for place, score in found.items()}
    return [found.get(place, 0.0) for place in range(count)]
