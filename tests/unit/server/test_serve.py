from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Any, Self

import httpx
import pytest

from synap.errors import SetupError
from synap.server.backend import Gate
from synap.server.rest.app import create_watched_app
from synap.server.serve import listen, run


class Served:
    """A server on a free port, while the block lasts."""

    def __init__(self, engine: Any, app: Any = None) -> None:
        self.stop = asyncio.Event()
        self.listening: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(
            run(engine, listen(port=0), app=app, stop=self.stop, on_listening=lambda *at: self.listening.set_result(at))
        )

    async def __aenter__(self) -> Self:
        host, port = await asyncio.wait_for(self.listening, 5)
        self.http = httpx.AsyncClient(base_url=f"http://{host}:{port}")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        self.stop.set()
        await asyncio.wait_for(self.task, 5)


async def test_it_reports_the_real_port_and_ends_when_told(backend: Any) -> None:
    async with Served(backend) as served:
        assert (await served.http.get("/health")).status_code == 200

    assert served.task.done()


async def test_a_gate_opens_when_the_engine_is_there(backend: Any) -> None:
    gate = Gate()
    async with Served(gate) as served:
        before = await served.http.get("/health")
        gate.open(backend)
        after = await served.http.get("/health")

    assert (before.status_code, after.status_code) == (503, 200)


async def test_a_process_that_is_watched_answers_for_itself_and_for_nothing_else(backend: Any) -> None:
    gate = Gate()
    async with Served(gate, create_watched_app(gate)) as served:
        before = await served.http.get("/health")
        gate.open(backend)
        after, metrics = await served.http.get("/health"), await served.http.get("/metrics")
        key = {"Authorization": f"Bearer {backend.application_key}"}
        other = [
            await served.http.post("/v1/memories", json={"document": "x"}, headers=key),
            await served.http.get("/v1/memories", headers=key),
            await served.http.get("/schema"),
        ]

    assert (before.status_code, after.status_code) == (503, 200)
    assert "synap_ingestion_lag_seconds_bucket" in metrics.text
    assert [one.status_code for one in other] == [404, 404, 404]


async def test_a_call_in_hand_is_finished_after_sigterm(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow_health() -> Any:
        begun.set()
        await go_on.wait()
        return await backend.api.health()

    monkeypatch.setattr(backend, "health", slow_health)
    async with Served(backend) as served:
        call = asyncio.create_task(served.http.get("/health"))
        await begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.2)
        go_on.set()

        assert (await call).status_code == 200


async def test_a_refusal_of_a_large_body_reaches_its_sender(backend: Any) -> None:
    async with Served(backend) as served:
        response = await served.http.post(
            "/v1/memories",
            json={"document": "x" * 40_000_000},
            headers={"Authorization": f"Bearer {backend.application_key}"},
        )

    assert response.status_code == 413


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SetupError, match=f"cannot listen on 127.0.0.1:{port}"):
            listen(port=port)
