"""The published Python client finds its feet: identity, keys, telemetry, and what it takes for success."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from maximem_synap import AuthenticationError, ContextNotFoundError, InvalidInputError, MaximemSynapSDK, __version__
from people import Connect, Party, Wire, remember, settings, tells
from served import Instance, Server


async def test_the_key_alone_tells_client_and_instance(
    party: Party, connect: Connect, client_log: pytest.LogCaptureFixture
) -> None:
    client = await connect(party.instance)

    assert __version__ == "0.6.9"
    assert client.instance_id == party.instance.instance_id
    assert client._client_id == party.instance.client_id
    assert re.fullmatch(r"inst_[0-9a-f]{16}", client.instance_id)
    assert re.fullmatch(r"cli_[0-9a-f]{16}", client._client_id)
    isolation = {"any": None, "b2b": "strict", "b2c": "equals_customer"}
    assert client._user_context_isolation == isolation[party.mode]
    assert "whoami" not in client_log.text


async def test_the_first_call_says_nothing_about_itself_but_its_key(party: Party, connect: Connect, wire: Wire) -> None:
    await connect(party.instance)

    first = wire.calls[0]
    assert (first.method, first.path, first.status) == ("GET", "/api/v1/auth/whoami", 200)
    assert (first.headers["x-client-id"], first.headers["x-instance-id"]) == ("", "")


async def test_a_client_that_names_its_instance_works(party: Party, connect: Connect) -> None:
    client = await connect(party.instance, instance_id=party.instance.instance_id)

    answer = await client.client.context.fetch(search_query=["anything"])

    assert answer.metadata.source == "cloud"


async def test_a_client_that_names_another_instance_than_its_keys_is_refused(
    party: Party, server: Server, connect: Connect
) -> None:
    other = server.fresh_instance(party.mode)
    client = await connect(party.instance, instance_id=other.instance_id)

    with pytest.raises(AuthenticationError):
        await client.client.context.fetch(search_query=["anything"])
    client._telemetry_collector.transport_callback = None


async def test_a_wrong_key_fails_at_the_first_real_call_and_at_once(party: Party, connect: Connect, wire: Wire) -> None:
    client = await connect(party.instance, key="synap_wrong")
    client._telemetry_collector.transport_callback = None  # its batches would be refused as well

    with pytest.raises(AuthenticationError):
        await client.client.context.fetch(search_query=["anything"])

    assert [call.status for call in wire.to("/v1/context/client/fetch")] == [401]


async def test_telemetry_is_taken_before_anything_else_and_at_any_time(
    party: Party, connect: Connect, wire: Wire, client_log: pytest.LogCaptureFixture
) -> None:
    client = await connect(party.instance)
    await client._telemetry_collector._flush()
    assert wire.calls[-1].path == "/v1/telemetry/batch"
    assert not [call for call in wire.calls if "whoami" not in call.path and "telemetry" not in call.path]

    await client.client.context.fetch(search_query=["anything"])
    await client._telemetry_collector._flush()

    sent = wire.to("/v1/telemetry/batch")
    assert len(sent) >= 2
    assert all(json.loads(call.body)["events"] for call in sent)
    assert "sdk_telemetry_send_failed" not in client_log.text
    assert "sdk_telemetry_flush_drop" not in client_log.text


async def test_a_create_is_answered_once_and_sent_once(party: Party, connect: Connect, wire: Wire) -> None:
    client = await connect(party.instance)

    await remember(client, "User: I collect stamps.", **party.of(party.alice))

    assert [call.status for call in wire.to("/api/v1/memories/create")] == [200]


async def test_an_instances_way_to_tell_people_apart_is_kept(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)

    if party.mode == "b2b":
        with pytest.raises(InvalidInputError, match="customer_id"):
            await client.memories.create(document="User: I collect stamps.", user_id=party.alice)
        with pytest.raises(InvalidInputError, match="customer_id"):
            await client.user.context.fetch(user_id=party.alice, search_query=["stamps"])
    elif party.mode == "b2c":
        with pytest.raises(InvalidInputError, match="customer_id"):
            await client.memories.create(document="User: I collect stamps.", user_id=party.alice, customer_id="acme")
    else:
        await remember(client, "User: I collect stamps.", user_id=party.alice)
        mine = await client.user.context.fetch(user_id=party.alice, search_query=["stamps"])
        customers = await client.user.context.fetch(search_query=["stamps"], **party.of(party.alice))
        assert tells(mine, "stamps")
        assert not tells(customers, "stamps")


async def test_a_b2c_instance_refuses_a_customer_of_a_client_that_does_not(
    server: Server, connect: Connect, names: Callable[[str], str]
) -> None:
    client = await connect(server.instance("b2c"))
    client._user_context_isolation = None  # as a client has it that skipped whoami

    with pytest.raises(InvalidInputError, match="customer_id"):
        await client.memories.create(document="User: x", user_id=names("alice"), customer_id=names("acme"))


async def test_variables_alone_lead_a_client_here(
    party: Party, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.surroundings(party.instance, tmp_path).items():
        monkeypatch.setenv(name, value)
    client = MaximemSynapSDK(_force_new=True)
    try:
        await client.initialize()
        await remember(client, "User: I collect stamps.", **party.of(party.alice))
        found = await client.user.context.fetch(search_query=["stamps"], **party.of(party.alice))
        await client.instance.listen()
        listening = client.instance.is_listening
        await client.instance.stop_listening()
    finally:
        await client.shutdown()

    assert tells(found, "stamps")
    assert listening
    assert client.instance_id == party.instance.instance_id


async def test_nothing_crosses_from_one_instance_to_another(party: Party, server: Server, connect: Connect) -> None:
    other: Instance = server.fresh_instance(party.mode)
    client, stranger = await connect(party.instance), await connect(other, folder="stranger")
    done = await remember(client, "User: I collect stamps.", **party.of(party.alice))

    found = await stranger.user.context.fetch(search_query=["stamps"], **party.of(party.alice))

    assert not tells(found, "stamps")
    for call, known in ((stranger.memories.get, done.memory_ids[0]), (stranger.memories.status, done.ingestion_id)):
        with pytest.raises(ContextNotFoundError):
            await call(known)


def test_settings_name_both_doors(server: Server, tmp_path: Path) -> None:
    told = settings(server, tmp_path)

    assert told.api_base_url == server.url
    assert f"{told.grpc_host}:{told.grpc_port}" == server.grpc
