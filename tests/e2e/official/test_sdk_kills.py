"""The server killed while published clients stream, record and create: nothing that was acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from maximem_synap import MaximemSynapSDK, SynapError
from people import Party, eventually, opened, said, turns
from served import Server, check_guard, served

PAUSE = 0.05
KILLS = 2
HELD_BY_CLIENT = 60
EACH = 10
"""Messages, documents and turns that everybody has had taken between two kills, at least."""

# The embedded server's workers hold a killed worker's ingestion for half a minute.
LEASE_SECONDS = 90


@pytest.fixture
def mortal() -> Iterator[Server]:
    """A server of this test's own, that may be killed."""
    check_guard()
    with served() as started:
        yield started


@asynccontextmanager
async def client_of(server: Server, party: Party, storage: Path, **more: Any) -> AsyncIterator[MaximemSynapSDK]:
    client = await opened(server, party.instance, storage, **more)
    try:
        yield client
    finally:
        await client.shutdown()


async def works(*of: Work) -> None:
    """Wait until everybody has got something done."""
    before = [work.done for work in of]
    await eventually(lambda: all(work.done >= past + EACH for work, past in zip(of, before, strict=True)), seconds=60)


@dataclass(slots=True)
class Work:
    """What a writer has tried, and what of it was acknowledged."""

    tried: list[str] = field(default_factory=list)
    acknowledged: dict[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How much of it is done: acknowledged, or sent where nobody tells."""
        return len(self.acknowledged or self.tried)

    def next(self, who: str) -> str:
        """Return words that nobody has used before."""
        self.tried.append(f"The box labelled {who}{len(self.tried)}x stands in the cellar.")
        return self.tried[-1]


async def record(client: MaximemSynapSDK, party: Party, talk: str, work: Work, enough: asyncio.Event) -> None:
    """Record messages; one that failed is not tried again by us, but the client may have."""
    while not enough.is_set():
        text = work.next("r")
        try:
            work.acknowledged[text] = await client.conversation.record_message(
                conversation_id=talk, role="user", content=text, **party.of(party.alice)
            )
        except SynapError:
            await asyncio.sleep(0.5)
        await asyncio.sleep(PAUSE)


async def create(client: MaximemSynapSDK, party: Party, work: Work, enough: asyncio.Event) -> None:
    """Hand in documents, each under an id of its own."""
    while not enough.is_set():
        text = work.next("c")
        try:
            work.acknowledged[text] = await client.memories.create(
                document=text, document_type="document", document_id=f"d{len(work.tried)}", **party.of(party.bob)
            )
        except SynapError:
            await asyncio.sleep(0.5)
        await asyncio.sleep(PAUSE)


async def stream(client: MaximemSynapSDK, party: Party, talk: str, work: Work, enough: asyncio.Event) -> None:
    """Send turns, and wait while a restart takes long: the client keeps a hundred of those it cannot send, and drops the rest."""
    left = client.instance._controller._transport.undelivered
    while not enough.is_set():
        if sum(left().values()) >= HELD_BY_CLIENT:
            await asyncio.sleep(PAUSE)
            continue
        await client.instance.send_message(work.next("s"), conversation_id=talk, **party.of(party.alice))
        await asyncio.sleep(4 * PAUSE)


@pytest.mark.parametrize("mode", ["b2b", "b2c"])
async def test_a_server_killed_twice_amid_three_writers_loses_and_doubles_nothing(
    mortal: Server, names: Callable[[str], str], tmp_path: Path, mode: str
) -> None:
    party = Party.at(mortal.fresh_instance(mode), names)
    recorded, streamed, created = Work(), Work(), Work()
    talk, spoken = party.talk(), party.talk()
    enough = asyncio.Event()
    async with (
        client_of(mortal, party, tmp_path / "recorder") as recorder,
        client_of(mortal, party, tmp_path / "creator") as creator,
        client_of(mortal, party, tmp_path / "streamer") as streamer,
    ):
        await streamer.instance.listen()
        async with asyncio.TaskGroup() as writers:
            writers.create_task(record(recorder, party, talk, recorded, enough))
            writers.create_task(create(creator, party, created, enough))
            writers.create_task(stream(streamer, party, spoken, streamed, enough))
            for _ in range(KILLS):
                await works(recorded, created, streamed)
                await asyncio.to_thread(mortal.kill)
                await asyncio.to_thread(mortal.start)
            await works(recorded, created, streamed)
            enough.set()
        left = streamer.instance._controller._transport.undelivered
        await eventually(lambda: not any(left().values()), seconds=90, told=left)
        await streamer.instance.stop_listening()
        for accepted in created.acknowledged.values():
            done = await creator.memories.wait_for_completion(
                accepted.ingestion_id, timeout_seconds=LEASE_SECONDS, poll_interval_seconds=0.2
            )
            assert done.status.value == "completed"

    kept = Counter(said(turns(mortal, party.instance, talk, **party.of(party.alice))))
    heard = Counter(said(turns(mortal, party.instance, spoken, **party.of(party.alice))))
    remembered = Counter(memories(mortal, party, party.bob))
    for work, found in ((recorded, kept), (created, remembered)):
        assert work.acknowledged.keys() <= found.keys() <= set(work.tried)
        assert set(found.values()) == {1}
    assert heard == Counter(streamed.tried)
    assert not (tmp_path / "streamer" / "outbox" / f"{party.instance.instance_id}.jsonl").exists()


def memories(server: Server, party: Party, user: str) -> list[str]:
    """Return what is remembered of a user, without a client in between."""
    found: list[str] = []
    owner = {name: value for name, value in party.of(user).items() if value}
    while True:
        answer = httpx.get(
            f"{server.url}/v1/memories",
            params={**owner, "page": 1 + len(found) // 100, "page_size": 100},
            headers={"Authorization": f"Bearer {party.instance.api_key}"},
            trust_env=False,
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        page = [memory["content"].rstrip(".") + "." for memory in answer.json()["data"]]
        found += page
        if len(page) < 100:
            return found


async def test_a_message_whose_answer_died_with_the_server_is_not_doubled_by_the_clients_retry(
    mortal: Server, names: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server dies when the message is stored and before it has answered; the client asks again when it is back."""
    back = hold_while_away(monkeypatch)
    party = Party.at(mortal.fresh_instance(), names)
    one, several = party.talk(), party.talk()
    mortal.stop()
    await asyncio.to_thread(mortal.start, SYNAP_FAULT="accept:kill@2")
    async with client_of(mortal, party, tmp_path) as client:
        await client.conversation.record_message(
            conversation_id=one, role="user", content="First.", **party.of(party.alice)
        )

        second = asyncio.create_task(
            client.conversation.record_message(
                conversation_id=one, role="user", content="Second.", **party.of(party.alice)
            )
        )
        await died(mortal, back)
        await asyncio.to_thread(mortal.start, SYNAP_FAULT="accept:kill@2")
        back.set()
        told = await second

        batch = asyncio.create_task(
            client.conversation.record_messages_batch(
                [
                    {"conversation_id": several, "role": "user", "content": text, **party.of(party.alice)}
                    for text in ("Same.", "Same.", "Other.")
                ]
            )
        )
        await died(mortal, back)
        await asyncio.to_thread(mortal.start)
        back.set()
        rows = await batch

    assert told["conversation_message_count"] == 2
    assert uuid.UUID(told["message_id"])
    assert said(turns(mortal, party.instance, one, **party.of(party.alice))) == ["First.", "Second."]
    assert (rows["succeeded"], rows["failed"]) == (3, 0)
    assert said(turns(mortal, party.instance, several, **party.of(party.alice))) == ["Same.", "Same.", "Other."]


def hold_while_away(patch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let requests wait for a server that is away: one that still starts answers 409, after which the client gives up."""
    back = asyncio.Event()
    back.set()
    carry = httpx.AsyncHTTPTransport.handle_async_request

    async def held(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        await back.wait()
        return await carry(transport, request)

    patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", held)
    return back


async def died(server: Server, back: asyncio.Event) -> None:
    """Wait until the server has killed itself."""
    code = await asyncio.to_thread(server.wait)
    back.clear()
    assert code == -signal.SIGKILL
