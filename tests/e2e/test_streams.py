"""Streams of a real server: killed in the middle, and behind a certificate."""

from __future__ import annotations

import asyncio
import shutil
import signal
import ssl
import subprocess
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from synap.server.grpc.messages import SERVICE, StreamEvent, StreamResponse

pytestmark = pytest.mark.e2e

DOUBLES = "select content from message group by conversation_row, content having count(*) > 1"
GAPS = "select conversation_row from message group by conversation_row having max(position) <> count(*)"


def listen(channel: Any, key: str) -> Any:
    call = channel.stream_stream(
        f"/{SERVICE}/Listen",
        request_serializer=StreamEvent.SerializeToString,
        response_deserializer=StreamResponse.FromString,
    )
    return call(metadata=[("authorization", f"Bearer {key}")])


def turn(name: str) -> Any:
    user = name.split("n", maxsplit=1)[0]
    told = {"event_type": "user_message", "role": "user", "conversation_id": f"c-{user}", "user_id": user}
    return StreamEvent(conversation_event={**told, "event_id": name, "content": f"The box {name} is in the cellar."})


class Journal:
    """A client that keeps what was not acknowledged, and sends it first on the next stream."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.unacked: dict[str, None] = {}
        self.acked: set[str] = set()
        self.number = 0
        self.drained = asyncio.Event()

    async def talk(self, address: str, key: str, *, more: int) -> None:
        """Replay, say `more` new turns, and read until all is acknowledged or the server is gone."""
        async with grpc.aio.insecure_channel(address) as channel:
            call = listen(channel, key)
            self.drained = asyncio.Event()
            reading = asyncio.create_task(self._read(call))
            try:
                for name in list(self.unacked):
                    await call.write(turn(name))
                for _ in range(more):
                    name = f"{self.user}n{self.number}"
                    self.number += 1
                    self.unacked[name] = None
                    await call.write(turn(name))
                    await asyncio.sleep(0.002)
                await asyncio.wait([reading, asyncio.create_task(self.drained.wait())], return_when="FIRST_COMPLETED")
                await call.done_writing()
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError, asyncio.CancelledError):
                pass
            finally:
                await asyncio.wait([reading], timeout=5)
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, call: Any) -> None:
        while (message := await call.read()) is not grpc.aio.EOF:
            if message.WhichOneof("payload") == "event_ack":
                for name in message.event_ack.event_ids:
                    self.acked.add(name)
                    self.unacked.pop(name, None)
                if not self.unacked:
                    self.drained.set()


async def test_a_server_killed_in_mid_stream_loses_and_doubles_no_turn(home: Any) -> None:
    journals = [Journal(f"u{number}") for number in range(3)]
    for fault in ("accept:kill@40", "accept:kill@90"):
        program, _ = await asyncio.to_thread(home.serve, SYNAP_FAULT=fault)
        address, key = home.stream_of(program), home.keys["api_key"]
        await asyncio.gather(*(journal.talk(address, key, more=60) for journal in journals))
        assert await asyncio.to_thread(program.wait) == -signal.SIGKILL
    acked_before = {name for journal in journals for name in journal.acked}
    assert acked_before

    program, client = await asyncio.to_thread(home.serve)
    await asyncio.gather(*(journal.talk(home.stream_of(program), home.keys["api_key"], more=5) for journal in journals))

    assert [list(journal.unacked) for journal in journals] == [[], [], []]
    assert home.rows(DOUBLES) == home.rows(GAPS) == []
    for journal in journals:
        path = f"/v1/conversations/c-{journal.user}/messages"
        turns = client.get(path, params={"user_id": journal.user}).json()["turns"]
        said = [f"The box {journal.user}n{number} is in the cellar." for number in range(journal.number)]
        assert [one["content"] for one in turns] == said
        assert [one["position"] for one in turns] == list(range(1, len(said) + 1))
    assert await asyncio.to_thread(program.stop) == 0


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    pem, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(  # noqa: S603 - fixed words
        [shutil.which("openssl") or "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(pem)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return pem, key


async def test_both_doors_speak_behind_a_certificate(home: Any, certificate: tuple[Path, Path]) -> None:
    pem, key = certificate
    arguments = ("--tls-cert", str(pem), "--tls-key", str(key), "--workers", "0")
    program, _ = await asyncio.to_thread(home.serve, *arguments)
    url, address = home.keys["url"], home.stream_of(program)

    trusted = ssl.create_default_context(cafile=str(pem))
    async with httpx.AsyncClient(base_url=url, verify=trusted, trust_env=False) as secure:
        assert (await secure.get("/health")).status_code == 200
    async with httpx.AsyncClient(trust_env=False) as open_text:
        with pytest.raises(httpx.HTTPError):
            await open_text.get(url.replace("https", "http") + "/health")
    credentials = grpc.ssl_channel_credentials(pem.read_bytes())
    async with grpc.aio.secure_channel(address, credentials) as channel:
        call = listen(channel, home.keys["api_key"])
        await call.write(StreamEvent(heartbeat_ping={"timestamp_ms": 1}))
        assert (await call.read()).heartbeat_pong.timestamp_ms == 1
        await call.done_writing()
    assert url.startswith("https://")


def test_a_taken_port_and_a_wrong_certificate_are_told(home: Any, certificate: tuple[Path, Path]) -> None:
    program, _ = home.serve("--workers", "0")
    taken = home.stream_of(program)
    pem, _ = certificate

    busy = home.start("serve", "--http", "127.0.0.1:0", "--grpc", taken)
    mixed = home.start("serve", "--http", "127.0.0.1:0", "--tls-cert", str(pem), "--tls-key", str(pem))
    gone = home.start("serve", "--http", "127.0.0.1:0", "--tls-cert", str(pem), "--tls-key", str(pem) + "x")

    assert (busy.wait(), mixed.wait(), gone.wait()) == (6, 6, 6)
    assert f"cannot listen on {taken}" in busy.err
    assert "--grpc" in busy.err
    assert "--tls-key" in mixed.err
    assert f"{pem}x" in gone.err


def test_the_stream_can_be_left_out(home: Any) -> None:
    program, client = home.serve("--grpc", "off", "--workers", "0")

    assert "grpc is off" in program.out
    assert home.keys["grpc"] is None
    assert client.get("/health").status_code == 200
