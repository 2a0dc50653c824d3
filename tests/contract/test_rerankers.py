"""What a reranker owes the engine, asked of a server on loopback in each style, and what a fetch makes of it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from synap.adapters.reranking.http import HttpReranker
from synap.api.admin import CreateInstance
from synap.api.contexts import FetchContext
from synap.api.memories import CreateMemory, StructuredMemory
from synap.bootstrap import Opening, choose_reranker, open_engine
from synap.engine.engine import Engine
from synap.errors import ServiceUnavailableError, SetupError
from synap.ports.reranker import RerankerStyle
from synap.settings import Settings
from synap.testing import FixedEmbedder

Answer = Callable[[dict[str, Any]], tuple[int, bytes]]
STYLES = list(RerankerStyle)
FACTS = ("Tea is green.", "Coffee, unlike tea, comes from far away.")


def by_length(body: dict[str, Any]) -> tuple[int, bytes]:
    """Judge the longest text best, in the style that the question is put in."""
    texts = body.get("texts") or body.get("documents") or []
    longest = max(map(len, texts), default=1)
    if "texts" in body:
        return 200, json.dumps([{"index": n, "score": len(text) / longest} for n, text in enumerate(texts)]).encode()
    rows = [{"index": n, "relevance_score": len(text) / longest} for n, text in enumerate(texts)]
    return 200, json.dumps({"results": rows[::-1]}).encode()


@asynccontextmanager
async def server(
    answer: Answer, *, seen: list[tuple[str, dict[str, Any]]] | None = None, wait: bool = False
) -> AsyncIterator[str]:
    """Serve `answer` on loopback; yields the base URL."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        sizes = (line.partition(":")[2] for line in head.splitlines() if line.lower().startswith("content-length"))
        body = json.loads(await reader.readexactly(int(next(sizes))))
        if seen is not None:
            seen.append((head, body))
        if wait:
            await reader.read()  # until the caller gives up
        else:
            status, content = answer(body)
            length = f"content-length: {len(content)}\r\nconnection: close\r\n\r\n"
            writer.write(f"HTTP/1.1 {status} X\r\n{length}".encode() + content)
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        listening.close()
        await listening.wait_closed()


@asynccontextmanager
async def asking(url: str, **options: Any) -> AsyncIterator[HttpReranker]:
    """Yield a reranker that is closed at the end."""
    reranker = HttpReranker(url=url, **options)
    yield reranker
    await reranker.close()


@pytest.mark.parametrize("style", STYLES)
async def test_scores_come_in_the_order_of_the_texts(style: RerankerStyle) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    async with server(by_length, seen=seen) as url, asking(url, model="m", key="sk-1", style=style) as reranker:
        scores = await reranker.rerank("tea?", ["a" * 10, "b" * 20, "\ud800"])

    assert scores == [0.5, 1.0, 0.05]
    assert "POST /v1/rerank " in seen[0][0]
    assert "Bearer sk-1" in seen[0][0]


async def test_no_texts_ask_nobody() -> None:
    async with asking("http://127.0.0.1:9") as reranker:
        assert await reranker.rerank("tea?", []) == []


async def test_raw_scores_keep_their_order_within_bounds() -> None:
    def raw(_: dict[str, Any]) -> tuple[int, bytes]:
        return 200, b'{"results": [{"index": 0, "relevance_score": -7.5}, {"index": 1, "relevance_score": 4.0}]}'

    async with server(raw) as url, asking(url) as reranker:
        low, high, missing = await reranker.rerank("tea?", ["a", "b", "c"])

    assert missing == 0.0 < low < 0.5 < high < 1.0


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (401, b"{}"),
        (200, b"<html>"),
        (200, b'{"results": [{"index": 7, "relevance_score": 1}]}'),
        (200, b'{"results": [{"index": 0, "relevance_score": null}]}'),
        (200, b'{"results": [{"index": 0, "relevance_score": 1e999}]}'),
        (200, b'{"results": []}'),
        (200, b'{"results": 3}'),
        (200, b"7"),
    ],
)
async def test_an_answer_that_is_none_is_a_failure(answer: tuple[int, bytes]) -> None:
    async with server(lambda _: answer) as url, asking(url) as reranker:
        with pytest.raises(ServiceUnavailableError):
            await reranker.rerank("tea?", ["a"])


async def test_a_server_that_is_slow_or_away_is_a_failure() -> None:
    async with server(by_length, wait=True) as url, asking(url, timeout=0.05) as reranker:
        with pytest.raises(ServiceUnavailableError, match="in time"):
            await reranker.rerank("tea?", ["a"])
    async with asking(url) as reranker:
        with pytest.raises(ServiceUnavailableError, match="reached"):
            await reranker.rerank("tea?", ["a"])


async def test_the_settings_name_the_reranker() -> None:
    named = Settings.from_environment(
        {"SYNAP_RERANKER_URL": "http://127.0.0.1:9/", "SYNAP_RERANKER_MODEL": "m x", "SYNAP_RERANKER_STYLE": "TEI"}
    )
    chosen = choose_reranker(named)

    assert chosen is not None
    assert chosen.id == "tei-m-x"
    await chosen.close()
    assert choose_reranker(Settings.from_environment({})) is None
    with pytest.raises(SetupError, match="SYNAP_RERANKER_STYLE"):
        Settings.from_environment({"SYNAP_RERANKER_STYLE": "other"})


@asynccontextmanager
async def engine_with(dsn: str, owner_dsn: str, url: str) -> AsyncIterator[Engine]:
    settings = Settings(database_url=dsn, migration_url=owner_dsn)
    reranker = HttpReranker(url=url, timeout=0.5)
    engine = await open_engine(settings, Opening(workers=2, embedder=FixedEmbedder(dim=384), reranker=reranker))
    yield engine
    await engine.stop()


async def asked(engine: Engine, mode: str) -> Any:
    """Ask a fresh instance that knows a short and a long fact."""
    admin = engine.admin_for(await engine.local_caller(kind="management"))
    client = await admin.create_client(name=f"client-{uuid.uuid4()}")
    instance = await admin.create_instance(CreateInstance(client_id=client.client_id, name="bot", tenancy="open"))
    api = engine.api_for(await engine.caller_of(instance.id))
    await api.create_memory(
        CreateMemory(memories=tuple(StructuredMemory(type="fact", content=text) for text in FACTS), user_id="ana")
    )
    await engine.worker.drain(seconds=30)
    return await api.fetch_context(
        FetchContext(target="user", user_id="ana", search_query=("Is tea green?",), mode=mode)
    )


async def test_an_accurate_fetch_is_ordered_by_the_reranker_and_says_so(dsn: str, owner_dsn: str) -> None:
    async with server(by_length) as url, engine_with(dsn, owner_dsn, url) as engine:
        fast = await asked(engine, "fast")
        accurate = await asked(engine, "accurate")

    assert fast.items[0].content == "Tea is green."
    assert accurate.items[0].content.startswith("Coffee")
    assert "reranked by cohere-served" in accurate.metadata.mode_note
    assert fast.metadata.mode_note == ""


async def test_a_reranker_that_fails_degrades_the_answer_and_nothing_else(dsn: str, owner_dsn: str) -> None:
    async with server(lambda _: (503, b"")) as url, engine_with(dsn, owner_dsn, url) as engine:
        accurate = await asked(engine, "accurate")

    assert accurate.items[0].content == "Tea is green."
    assert (accurate.metadata.degraded, accurate.metadata.degraded_code) == ("partial", "unavailable")
    assert [warning.partition(":")[0] for warning in accurate.metadata.warnings] == ["no_reranker"]
