"""The published MCP server as a process of its own before a real `synap serve`: an agent's tools, by the MCP protocol."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from served import START_SECONDS, Server

INGESTION = re.compile(r"ingestion_id=([0-9a-f-]{36})")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def mcp_url(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the MCP server; it knows ours by `SYNAP_API_URL` alone and holds no key."""
    port = free_port()
    told = {"SYNAP_API_URL": server.url, "MCP_ALLOWED_HOSTS": f"127.0.0.1:{port}", "MCP_STREAM_EVENTS": "false"}
    log = Path(tmp_path_factory.mktemp("mcp") / "log")
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - the published server
            [
                sys.executable,
                "-m",
                "uvicorn",
                "synap_mcp_server.server:app",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
            ],
            env={**os.environ, **told},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + START_SECONDS
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{url}/health", trust_env=False).is_success:
                        break
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield f"{url}/mcp"
        finally:
            process.terminate()
            process.wait(START_SECONDS)


class Agent:
    """An agent that calls tools."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def call(self, tool: str, **arguments: Any) -> str:
        answer = await self.session.call_tool(tool, arguments)
        assert not answer.isError, answer
        return "\n".join(part.text for part in answer.content)


@contextlib.asynccontextmanager
async def agent(url: str, key: str) -> AsyncIterator[Agent]:
    async with (
        streamablehttp_client(url, headers={"Authorization": f"Bearer {key}"}) as (reading, writing, _),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        yield Agent(session)


async def test_it_offers_its_tools(server: Server, mcp_url: str) -> None:
    async with agent(mcp_url, server.api_key()) as one:
        tools = {tool.name for tool in (await one.session.list_tools()).tools}

    assert tools == {"log_exchange", "recall_context", "list_recent_memories", "check_memory_status"}


@pytest.mark.parametrize("mode", ["any", "b2b", "b2c"])
async def test_an_exchange_is_recalled_for_its_user_alone(
    server: Server, mcp_url: str, names: Callable[[str], str], mode: str
) -> None:
    customer = {"customer_id": names("acme")} if mode == "b2b" else {}
    alice, bob = {"user_id": names("alice"), **customer}, {"user_id": names("bob"), **customer}

    async with agent(mcp_url, server.api_key(mode)) as one:
        before = await one.call("recall_context", query="seat on flights", **alice)
        logged = await one.call(
            "log_exchange",
            user_message="I prefer window seats on flights.",
            assistant_message="Noted, window seats it is.",
            conversation_id=names("talk"),
            wait_for_processing=True,
            **alice,
        )
        recalled = await one.call("recall_context", query="Which seat do I prefer on flights?", **alice)
        listed = await one.call("list_recent_memories", **alice)
        others = [await one.call("recall_context", query="window seats", **bob)]
        others.append(await one.call("list_recent_memories", **bob))

    assert "window" not in before
    assert "Processing complete, 1 memory stored." in logged
    assert "window seats" in recalled
    assert "window seats" in listed
    assert not any("window" in answer for answer in others)


async def test_what_is_logged_for_no_one_is_the_clients(
    server: Server, mcp_url: str, names: Callable[[str], str]
) -> None:
    instance = server.fresh_instance()
    async with agent(mcp_url, instance.api_key) as one:
        logged = await one.call(
            "log_exchange", user_message="Release 3.2 adds a bulk CSV import.", wait_for_processing=True
        )
        recalled = await one.call("recall_context", query="CSV import")
        for_a_user = await one.call("recall_context", query="CSV import", user_id=names("alice"))

    async with agent(mcp_url, server.fresh_instance().api_key) as stranger:
        strangers = await stranger.call("recall_context", query="CSV import")

    assert "ERROR" not in logged
    assert "CSV import" in recalled
    assert "CSV import" in for_a_user
    assert "CSV" not in strangers


async def test_the_status_of_an_ingestion_is_told_to_its_instance_alone(
    server: Server, mcp_url: str, names: Callable[[str], str]
) -> None:
    async with agent(mcp_url, server.api_key()) as one:
        logged = await one.call(
            "log_exchange", user_message="My cat is called Biscuit.", user_id=names("alice"), wait_for_processing=True
        )
        found = INGESTION.search(logged)
        assert found, logged
        status = await one.call("check_memory_status", ingestion_id=found[1])

    async with agent(mcp_url, server.fresh_instance().api_key) as stranger:
        strangers = await stranger.call("check_memory_status", ingestion_id=found[1])

    assert status.startswith("Processing complete")
    assert strangers.startswith("Unknown ingestion_id")


async def test_mistakes_are_told_to_the_model(server: Server, mcp_url: str, names: Callable[[str], str]) -> None:
    async with agent(mcp_url, "synap_wrong") as stranger:
        wrong_key = await stranger.call("log_exchange", user_message="x", user_id=names("alice"))
    async with agent(mcp_url, server.api_key("b2b")) as one:
        no_customer = await one.call("log_exchange", user_message="x", user_id=names("alice"))
    async with agent(mcp_url, server.api_key("b2c")) as one:
        no_such_rung = await one.call(
            "log_exchange", user_message="x", user_id=names("alice"), customer_id=names("acme")
        )

    assert wrong_key.startswith("ERROR")
    assert "customer_id" in no_customer
    assert no_such_rung.startswith("ERROR")
    assert "customer_id" in no_such_rung
