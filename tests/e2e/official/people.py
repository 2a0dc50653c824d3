"""Who takes part in a test of the published Python client, and what is common to these tests."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from maximem_synap import ContextResponse, MaximemSynapSDK, SDKConfig
from maximem_synap.memories import IngestStatus
from served import Instance, Server

INGESTION_SECONDS = 60

Connect = Callable[..., Awaitable[MaximemSynapSDK]]

with_customers = pytest.mark.parametrize("party", ["any", "b2b"], indirect=True)
"""For a test that needs two tenants side by side, which a b2c instance does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Two users of one customer, and a customer beside it; in a b2c instance there are no customers."""

    instance: Instance
    alice: str
    bob: str
    customer: str | None
    other_customer: str | None
    name: Callable[[str], str]

    @staticmethod
    def at(instance: Instance, names: Callable[[str], str]) -> Party:
        """Return people of an instance that no other test knows."""
        customers = instance.mode != "b2c"
        return Party(
            instance=instance,
            alice=names("alice"),
            bob=names("bob"),
            customer=names("acme") if customers else None,
            other_customer=names("globex") if customers else None,
            name=names,
        )

    @property
    def mode(self) -> str:
        """`any`, `b2b` or `b2c`."""
        return self.instance.mode

    def talk(self) -> str:
        """Return the id of a new conversation: this client insists on a UUID."""
        return str(uuid.uuid4())

    def of(self, user: str) -> dict[str, str | None]:
        """Return a user's ids, as arguments of the client's calls."""
        return {"user_id": user, "customer_id": self.customer}


async def opened(server: Server, instance: Instance, storage: Path, **more: Any) -> MaximemSynapSDK:
    """Make a client of its own, initialised; `more` goes into its configuration."""
    client = MaximemSynapSDK(api_key=instance.api_key, config=settings(server, storage, **more), _force_new=True)
    await client.initialize()
    return client


def settings(server: Server, storage: Path, *, cache: str | None = None, **more: Any) -> SDKConfig:
    """Return a configuration that names this server for both doors."""
    host, _, port = server.grpc.partition(":")
    return SDKConfig(
        api_base_url=server.url,
        grpc_host=host,
        grpc_port=int(port),
        grpc_use_tls=False,
        storage_path=str(storage),
        cache_backend=cache,
        history_search_model=None,
        log_level="INFO",
        **more,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of the client and the status that answered it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def form(self) -> dict[str, list[str]]:
        """The body, read as a urlencoded form."""
        return parse_qs(self.body.decode(), strict_parsing=True)


@dataclass(slots=True)
class Wire:
    """Looks on while clients of this process speak HTTP; changes nothing."""

    calls: list[Call] = field(default_factory=list)

    def attach(self, patch: pytest.MonkeyPatch) -> None:
        """Look at every request from now on."""
        carry = httpx.AsyncHTTPTransport.handle_async_request

        async def watched(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            body = await request.aread()
            answer = await carry(transport, request)
            self.calls.append(
                Call(
                    method=request.method,
                    path=request.url.path,
                    headers=dict(request.headers),
                    body=body,
                    status=answer.status_code,
                )
            )
            return answer

        patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", watched)

    def to(self, path: str) -> list[Call]:
        """Return the calls to a path, oldest first."""
        return [call for call in self.calls if call.path == path]


async def finished(client: MaximemSynapSDK, accepted: Any) -> Any:
    """Wait until an ingestion has ended well; return its status."""
    done = await client.memories.wait_for_completion(
        accepted.ingestion_id, timeout_seconds=INGESTION_SECONDS, poll_interval_seconds=0.1
    )
    assert done.status is IngestStatus.COMPLETED, (done.status, done.error_message)
    assert done.completed_at is not None
    assert done.memories_created == len(done.memory_ids)
    return done


async def remember(client: MaximemSynapSDK, text: str, **more: Any) -> Any:
    """Hand in a document and wait for its memories."""
    accepted = await client.memories.create(document=text, **more)
    assert isinstance(accepted.ingestion_id, uuid.UUID)
    assert accepted.document_id
    assert accepted.queued_at is not None
    assert accepted.status in (IngestStatus.QUEUED, IngestStatus.PROCESSING, IngestStatus.COMPLETED)
    return await finished(client, accepted)


def items(answer: ContextResponse) -> list[Any]:
    """Return everything an answer holds, of all five types."""
    return [*answer.facts, *answer.preferences, *answer.episodes, *answer.emotions, *answer.temporal_events]


def texts(answer: ContextResponse) -> list[str]:
    """Return what the items of an answer say."""
    return [
        str(getattr(item, "content", None) or getattr(item, "summary", None) or item.context) for item in items(answer)
    ]


def tells(answer: ContextResponse, word: str) -> bool:
    """Whether an item of the answer says this word."""
    return any(word.lower() in text.lower() for text in texts(answer))


async def eventually(true: Callable[[], Any], *, seconds: float = 30.0, told: Callable[[], Any] = lambda: "") -> None:
    """Wait until something holds, plain or awaited."""
    deadline = time.monotonic() + seconds
    while True:
        holds = true()
        if isinstance(holds, Awaitable):
            holds = await holds
        if holds:
            return
        assert time.monotonic() < deadline, f"it never came true {told()}"
        await asyncio.sleep(0.05)


def turns(server: Server, instance: Instance, conversation: str, **owner: str | None) -> list[dict[str, Any]]:
    """Read a whole conversation back over HTTP, without a client in between."""
    read: list[dict[str, Any]] = []
    ids = {name: value for name, value in owner.items() if value}
    while True:
        answer = httpx.get(
            f"{server.url}/v1/conversations/{conversation}/messages",
            params={**ids, "start": len(read) + 1, "limit": 500},
            headers={"Authorization": f"Bearer {instance.api_key}"},
            trust_env=False,
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        page = answer.json()["turns"]
        read += page
        if len(page) < 500:
            return read


def said(read: Iterable[dict[str, Any]]) -> list[str]:
    """Return the contents of turns, checking that their positions have no gap."""
    known = list(read)
    assert [turn["position"] for turn in known] == list(range(1, len(known) + 1))
    return [str(turn["content"]) for turn in known]
