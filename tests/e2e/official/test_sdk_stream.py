"""The stream of the published Python client: turns sent and acknowledged, foresight received, the journal on disk."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from maximem_synap import AuthenticationError, MaximemSynapSDK
from people import Connect, Party, eventually, remember, said, tells, turns
from served import Server

NOTHING = {"queued": 0, "unacknowledged": 0}
HELD_SECONDS = 45
LOSER = Path(__file__).with_name("losing_client.py")


def transport(client: MaximemSynapSDK) -> Any:
    """Return the stream's own object, which alone knows what is acknowledged."""
    return client.instance._controller._transport


def journal(storage: Path, instance_id: str) -> list[dict[str, Any]]:
    """Return what a client's journal still holds, line by line."""
    file = storage / "outbox" / f"{instance_id}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


async def all_acknowledged(client: MaximemSynapSDK) -> None:
    """Wait until the server has taken everything."""
    await eventually(
        lambda: transport(client).undelivered() == NOTHING, seconds=90, told=lambda: transport(client).undelivered()
    )


async def test_turns_are_streamed_acknowledged_and_kept_like_recorded_ones(
    party: Party, server: Server, connect: Connect, client_log: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    client = await connect(party.instance)
    talk, owner = party.talk(), party.of(party.alice)
    await client.instance.listen()
    assert client.instance.is_listening

    await client.conversation.record_message(conversation_id=talk, role="user", content="Good morning.", **owner)
    await client.instance.send_message(
        "Where is the zephyr telescope notebook?", role="user", conversation_id=talk, **owner
    )
    await client.instance.record_tool_call("search", {"q": "x"}, tool_call_id="t1", conversation_id=talk, **owner)
    await client.instance.record_tool_result({"ok": True}, tool_call_id="t1", conversation_id=talk, **owner)
    await client.instance.record_thinking("planning", conversation_id=talk, **owner)
    await client.instance.send_message(
        "In the dome.", role="assistant", event_type="assistant_message", conversation_id=talk, **owner
    )
    await all_acknowledged(client)
    read = turns(server, party.instance, talk, **owner)
    await client.instance.stop_listening()

    assert said(read) == ["Good morning.", "Where is the zephyr telescope notebook?", "In the dome."]
    assert [turn["role"] for turn in read] == ["user", "user", "assistant"]
    assert not client.instance.is_listening
    assert "did not finish" not in client_log.text
    assert journal(tmp_path / "client", party.instance.instance_id) == []


async def test_every_one_of_many_events_is_acknowledged(party: Party, server: Server, connect: Connect) -> None:
    client = await connect(party.instance)
    talk, texts = party.talk(), [f"Shelf {number} holds maps." for number in range(90)]
    await client.instance.listen()

    for text in texts:
        await client.instance.send_message(text, conversation_id=talk, **party.of(party.alice))
    await all_acknowledged(client)

    assert said(turns(server, party.instance, talk, **party.of(party.alice))) == texts


async def test_two_streams_of_an_instance_do_not_meet(party: Party, server: Server, connect: Connect) -> None:
    one, other = await connect(party.instance), await connect(party.instance, folder="other")
    talks = [party.talk(), party.talk()]
    await one.instance.listen()
    await other.instance.listen()

    await asyncio.gather(
        *(
            client.instance.send_message(f"Note {number} of {talk}.", conversation_id=talk, **party.of(user))
            for number in range(10)
            for client, talk, user in ((one, talks[0], party.alice), (other, talks[1], party.bob))
        )
    )
    await all_acknowledged(one)
    await all_acknowledged(other)

    for talk, user in zip(talks, (party.alice, party.bob), strict=True):
        read = said(turns(server, party.instance, talk, **party.of(user)))
        assert sorted(read) == sorted(f"Note {number} of {talk}." for number in range(10))


async def test_what_comes_next_is_foreseen_for_the_speaker_alone(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    bundles: list[dict[str, Any]] = []
    await remember(client, "User: My cat Biscuit is allergic to chicken.", **party.of(party.alice))
    await client.instance.listen(on_context=bundles.append)

    await client.instance.send_message(
        "What may my cat Biscuit eat?", conversation_id=party.talk(), **party.of(party.alice)
    )
    await eventually(lambda: any("chicken" in json.dumps(bundle, default=str) for bundle in bundles))
    mine = await client.user.context.fetch(search_query=["cat Biscuit allergic chicken"], **party.of(party.alice))
    others = await client.user.context.fetch(search_query=["cat Biscuit allergic chicken"], **party.of(party.bob))

    stamps = {(bundle["_anticipation_user_id"], bundle["_anticipation_customer_id"] or None) for bundle in bundles}
    assert stamps == {(party.alice, party.customer)}
    assert tells(mine, "chicken")
    assert others.metadata.source == "cloud"
    assert not tells(others, "chicken")


async def test_a_fetch_while_listening_leaves_no_turn(party: Party, server: Server, connect: Connect) -> None:
    client = await connect(party.instance)
    talk, owner = party.talk(), party.of(party.alice)
    await client.instance.listen()
    await client.instance.send_message("Good morning.", conversation_id=talk, **owner)

    await client.conversation.context.fetch(conversation_id=talk, search_query=["morning"], **owner)
    await client.user.context.fetch(search_query=["morning"], **owner)
    await all_acknowledged(client)

    assert said(turns(server, party.instance, talk, **owner)) == ["Good morning."]


async def test_events_that_were_never_acknowledged_come_back_once_in_the_next_process(
    party: Party, server: Server, connect: Connect, tmp_path: Path
) -> None:
    """The first process is killed when its turns are stored and before it has taken an acknowledgement."""
    talk, owner, storage = party.talk(), party.of(party.alice), tmp_path / "client"
    lost = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(LOSER), talk, party.alice, party.customer or "", "5"],
        env={**server.surroundings(party.instance, storage), "PYTHONPATH": ":".join(sys.path[:1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert lost.returncode == -9, lost.stderr
    left = [line["e"]["content"] for line in journal(storage, party.instance.instance_id) if line["op"] == "u"]
    spoken = [f"Turn {number}." for number in range(5)]
    assert left == spoken
    assert said(turns(server, party.instance, talk, **owner)) == spoken

    client = await connect(party.instance)
    await client.instance.listen()
    await client.instance.send_message("One more.", conversation_id=talk, **owner)
    await all_acknowledged(client)
    await client.instance.stop_listening()

    assert said(turns(server, party.instance, talk, **owner)) == [*spoken, "One more."]
    assert journal(storage, party.instance.instance_id) == []


async def test_events_that_this_server_refuses_do_not_stay_in_the_journal_for_ever(
    party: Party, server: Server, connect: Connect
) -> None:
    client = await connect(party.instance)
    talk, owner = party.talk(), party.of(party.alice)
    await client.instance.listen()

    await client.instance.send_message("Who am I?", conversation_id=talk)
    await client.instance.send_message("Good morning.", conversation_id=talk, **owner)
    await all_acknowledged(client)

    assert said(turns(server, party.instance, talk, **owner)) == ["Good morning."]


async def test_a_wrong_key_gets_nothing_in(party: Party, server: Server, connect: Connect) -> None:
    client = await connect(party.instance, key="synap_wrong")
    client._telemetry_collector.transport_callback = None
    talk, owner = party.talk(), party.of(party.alice)

    try:
        # Where the refusal comes a moment after the answer's head, this client reports it by reconnecting instead.
        await client.instance.listen()
    except AuthenticationError:
        return
    await client.instance.send_message("Let me in.", conversation_id=talk, **owner)
    await asyncio.sleep(2)

    assert transport(client).undelivered() != NOTHING
    assert turns(server, party.instance, talk, **owner) == []


async def test_a_stream_is_held_through_heartbeats(
    server: Server, connect: Connect, names: Any, client_log: pytest.LogCaptureFixture
) -> None:
    party = Party.at(server.instance(), names)
    client = await connect(party.instance)
    drops: list[str] = []
    await client.instance.listen(on_disconnect=drops.append)
    opened = transport(client)._last_pong_time

    await asyncio.sleep(HELD_SECONDS)
    talk = party.talk()
    await client.instance.send_message("Still here.", conversation_id=talk, **party.of(party.alice))
    await all_acknowledged(client)

    assert client.instance.is_listening
    assert drops == []
    assert "econnect" not in client_log.text
    assert transport(client)._last_pong_time > opened
    assert said(turns(server, party.instance, talk, **party.of(party.alice))) == ["Still here."]
