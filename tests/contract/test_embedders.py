"""What every embedder owes its port, whoever made it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from synap.adapters.hashing.embedder import HashingEmbedder, embed
from synap.adapters.minilm.embedder import MiniLmEmbedder
from synap.adapters.minilm.prepare import prepared_model
from synap.adapters.openai.embedder import OpenAiEmbedder
from synap.errors import ServiceUnavailableError
from synap.ports.embedder import Embedder
from synap.testing import FixedEmbedder

_TEXTS = [
    "Irini keeps bees on the roof of the bakery.",
    "",
    "The quarterly report is due on Friday.",
    "養蜂は屋上で行われています。",
    "🐝" * 40,
    "half of a pair: \ud83d",
    "A very long story about a bakery. " * 200,
    "Irini keeps bees on the roof of the bakery.",
]


class _Embeddings(BaseHTTPRequestHandler):
    """Speaks the protocol on loopback; every other answer comes as base64, as some servers send it unasked."""

    protocol_version = "HTTP/1.1"
    answered = 0

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
        type(self).answered += 1
        encode = type(self).answered % 2 == 0
        rows = [
            {
                "index": index,
                "embedding": base64.b64encode(embed(text).tobytes()).decode() if encode else embed(text).tolist(),
            }
            for index, text in enumerate(texts)
        ]
        body = json.dumps({"object": "list", "data": rows}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the tests' output quiet."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


@pytest.fixture(scope="module")
def embeddings_url() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Embeddings) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def minilm_folder() -> Path:
    folder = prepared_model()
    if folder is None:
        pytest.skip("MiniLM is not prepared: run `synap models prepare`")
    return folder


@pytest.fixture(params=["minilm", "hashing", "openai", "fixed"])
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    made: Embedder
    if request.param == "minilm":
        made = MiniLmEmbedder(request.getfixturevalue("minilm_folder"))
    elif request.param == "openai":
        made = OpenAiEmbedder(url=request.getfixturevalue("embeddings_url"), model="loopback", dim=768)
    else:
        made = HashingEmbedder() if request.param == "hashing" else FixedEmbedder()
    yield made
    await made.close()


async def test_rows_are_float32_of_length_one_whatever_the_text(embedder: Embedder) -> None:
    vectors = await embedder.embed_documents(_TEXTS)

    assert vectors.shape == (len(_TEXTS), embedder.dim)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


async def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert (await embedder.embed_documents([])).shape == (0, embedder.dim)
    assert (await embedder.embed_queries([])).shape == (0, embedder.dim)


async def test_vectors_fit_the_store_and_name_their_space(embedder: Embedder) -> None:
    assert 0 < embedder.dim <= 896
    assert embedder.id
    assert " " not in embedder.id


async def test_rows_come_in_the_order_of_the_texts_and_do_not_depend_on_their_neighbours(embedder: Embedder) -> None:
    together = await embedder.embed_documents(_TEXTS)
    alone = np.concatenate([await embedder.embed_documents([text]) for text in _TEXTS])

    assert np.allclose(together, alone, atol=1e-3)
    assert np.allclose(together[0], together[-1], atol=1e-3)


async def test_a_query_lies_where_its_document_lies(embedder: Embedder) -> None:
    documents = await embedder.embed_documents(_TEXTS)
    queries = await embedder.embed_queries(_TEXTS)

    assert np.allclose(documents, queries, atol=1e-3)
    assert np.array_equal(queries, await embedder.embed_queries(_TEXTS))


async def test_shared_words_bring_texts_nearer(embedder: Embedder) -> None:
    near, query, far = await embedder.embed_documents(
        ["The bees live on the bakery roof", "Where do the bees live?", "Quarterly invoices go to accounting"]
    )

    assert query @ near > query @ far


async def test_many_callers_at_once_each_get_their_own(embedder: Embedder) -> None:
    texts = [f"Customer number {number} asked about delivery {number * 7}" for number in range(24)]
    expected = await embedder.embed_documents(texts)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(embedder.embed_documents([text])) for text in texts]
        tasks += [group.create_task(embedder.embed_queries([text])) for text in texts]

    got = np.concatenate([task.result() for task in tasks])
    assert np.allclose(got, np.concatenate([expected, expected]), atol=1e-3)


async def test_minilm_agrees_with_the_original_model(minilm_folder: Path) -> None:
    stored = json.loads((Path(__file__).parent / "data" / "minilm_reference.json").read_text("utf-8"))
    expected = np.stack([np.frombuffer(base64.b64decode(row["vector"]), "<f2") for row in stored["rows"]])
    embedder = MiniLmEmbedder(minilm_folder)

    vectors = await embedder.embed_documents([row["text"] for row in stored["rows"]])
    await embedder.close()

    assert (vectors * expected).sum(axis=1).min() >= 0.98


async def test_minilm_knows_paraphrase_and_loads_when_first_needed(minilm_folder: Path) -> None:
    embedder = MiniLmEmbedder(minilm_folder)
    assert not embedder.ready

    query, paraphrase, other = await embedder.embed_queries(
        ["Which pets does she own?", "Her household includes two cats and a parrot", "The bridge was closed for repair"]
    )
    await embedder.close()

    assert query @ paraphrase > query @ other + 0.2


async def test_a_closed_embedder_says_so(minilm_folder: Path) -> None:
    embedder = MiniLmEmbedder(minilm_folder)
    await embedder.close()

    with pytest.raises(ServiceUnavailableError, match="closed"):
        await embedder.embed_queries(["anyone there?"])


async def test_the_event_loop_stays_free_while_minilm_works(minilm_folder: Path) -> None:
    embedder = MiniLmEmbedder(minilm_folder, threads=1)
    await embedder.load()
    work = asyncio.create_task(embedder.embed_documents(["A sentence about nothing much at all. " * 8] * 64))

    ticks = 0
    while not work.done():
        await asyncio.sleep(0.005)
        ticks += 1
    await embedder.close()

    assert ticks > 5
