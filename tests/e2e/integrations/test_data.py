"""Data through the published stores: LangGraph's store and checkpointer and Agno's database give back what they took."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from agno.db.schemas.memory import UserMemory
from langgraph.graph import END, START, StateGraph
from langgraph.store.base import BaseStore
from maximem_synap import MaximemSynapSDK, SDKConfig
from served import Instance, Server
from synap_agno import SynapDb
from synap_integrations_common import run_blocking, set_auto_listen
from synap_langgraph import SynapCheckpointSaver, SynapStore

Names = Callable[[str], str]


def client(server: Server, instance: Instance, storage: Path) -> MaximemSynapSDK:
    host, _, port = server.grpc.partition(":")
    sdk = MaximemSynapSDK(
        api_key=instance.api_key,
        config=SDKConfig(
            api_base_url=server.url,
            grpc_host=host or "127.0.0.1",
            grpc_port=int(port or 1),
            grpc_use_tls=False,
            storage_path=str(storage),
        ),
        _force_new=True,
    )
    set_auto_listen(sdk, bool(server.grpc))
    return sdk


@pytest.fixture
async def sdk(server: Server, tmp_path: Path) -> AsyncIterator[MaximemSynapSDK]:
    """An official client, with the disk cache that it has by default."""
    made = client(server, server.instance("b2b"), tmp_path)
    await made.initialize()
    yield made
    await made.shutdown()


@pytest.fixture
def blocking_sdk(server: Server, tmp_path: Path) -> Iterator[MaximemSynapSDK]:
    """The same for frameworks that do not await; it lives on the loop that the integrations share."""
    made = client(server, server.instance("b2b"), tmp_path)
    run_blocking(made.initialize())
    yield made
    run_blocking(made.shutdown())


# ---------------------------------------------------------------- LangGraph's store


async def test_a_value_comes_back_by_its_key_as_it_was_put(sdk: MaximemSynapSDK, names: Names) -> None:
    store: BaseStore = SynapStore(sdk, user_id=names("alice"), customer_id=names("acme"))
    value = {"text": "tea\nor ☕", "n": [1, 2.5, None, True], "deep": {"a": {"b": []}}, "": "no key"}

    await store.aput(("users", "alice", "notes"), "k1", value)
    item = await store.aget(("users", "alice", "notes"), "k1")

    assert item is not None
    assert (item.value, item.key, item.namespace) == (value, "k1", ("users", "alice", "notes"))


async def test_each_of_many_keys_has_its_own_value(sdk: MaximemSynapSDK, names: Names) -> None:
    store: BaseStore = SynapStore(sdk, user_id=names("alice"), customer_id=names("acme"))
    for number in range(60):
        await store.aput(("tickets",), f"ticket-{number}", {"number": number, "state": "open"})

    for number in (0, 1, 11, 35, 59):
        item = await store.aget(("tickets",), f"ticket-{number}")
        assert item is not None
        assert item.value == {"number": number, "state": "open"}


async def test_a_value_put_again_is_the_newest(sdk: MaximemSynapSDK, names: Names) -> None:
    store: BaseStore = SynapStore(sdk, user_id=names("alice"), customer_id=names("acme"))
    for state in ("open", "waiting for an answer of the customer", "closed", "open"):
        await store.aput(("tickets",), "t1", {"state": state})
        item = await store.aget(("tickets",), "t1")
        assert item is not None
        assert item.value == {"state": state}


async def test_an_unknown_key_gives_nothing(sdk: MaximemSynapSDK, names: Names) -> None:
    store: BaseStore = SynapStore(sdk, user_id=names("alice"), customer_id=names("acme"))
    await store.aput(("notes",), "k1", {"a": 1})

    assert await store.aget(("notes",), "k2") is None
    assert await store.aget(("other",), "k1") is None


async def test_a_search_stays_in_its_namespace_and_its_user(sdk: MaximemSynapSDK, names: Names) -> None:
    alice: BaseStore = SynapStore(sdk, user_id=names("alice"), customer_id=names("acme"))
    bob: BaseStore = SynapStore(sdk, user_id=names("bob"), customer_id=names("acme"))
    other: BaseStore = SynapStore(sdk, user_id=names("alice"), customer_id=names("globex"))
    await alice.aput(("food",), "k1", {"likes": "pizza"})
    await alice.aput(("food", "drinks"), "k2", {"likes": "pizza with rooibos tea"})
    await alice.aput(("seats",), "k3", {"likes": "the window, and pizza"})
    await bob.aput(("food",), "k1", {"likes": "pizza funghi"})

    assert {item.key for item in await alice.asearch(("food",), query="pizza")} == {"k1", "k2"}
    assert [item.value for item in await alice.asearch(("food", "drinks"), query="rooibos")] == [
        {"likes": "pizza with rooibos tea"}
    ]
    assert [item.value for item in await bob.asearch(("food",), query="pizza")] == [{"likes": "pizza funghi"}]
    assert await other.asearch(("food",), query="pizza") == []
    assert await other.aget(("food",), "k1") is None


async def test_a_customers_store_is_shared_by_its_users_and_by_nobody_else(sdk: MaximemSynapSDK, names: Names) -> None:
    shared: BaseStore = SynapStore(sdk, customer_id=names("acme"))
    await shared.aput(("policy",), "refunds", {"approvals": 2})

    item = await SynapStore(sdk, customer_id=names("acme")).aget(("policy",), "refunds")
    others = await SynapStore(sdk, customer_id=names("globex")).aget(("policy",), "refunds")

    assert item is not None
    assert item.value == {"approvals": 2}
    assert others is None


# ---------------------------------------------------------------- LangGraph's checkpointer


class Counted(TypedDict):
    """A graph's state: how often it ran, and something large."""

    runs: Annotated[int, lambda old, new: old + new]
    load: str


def counting(saver: SynapCheckpointSaver) -> Any:
    def step(_: Counted) -> dict[str, int]:
        return {"runs": 1}

    builder = StateGraph(Counted)
    builder.add_node("step", step)
    builder.add_edge(START, "step")
    builder.add_edge("step", END)
    return builder.compile(checkpointer=saver)


@pytest.mark.filterwarnings("ignore:SynapCheckpointSaver is deprecated:FutureWarning")
async def test_a_thread_resumes_where_it_stopped_in_another_process(
    server: Server, sdk: MaximemSynapSDK, names: Names, tmp_path: Path
) -> None:
    """The package's makers say that it cannot work with the service it was made for; with this server it does."""
    saver = SynapCheckpointSaver(sdk, names("alice"), names("acme"))
    thread, other = ({"configurable": {"thread_id": str(uuid.uuid4())}} for _ in range(2))
    for _ in range(8):
        await counting(saver).ainvoke({"runs": 0, "load": "x" * 20_000}, thread)
    await counting(saver).ainvoke({"runs": 0, "load": ""}, other)
    states = [one async for one in saver.alist(thread)]

    fresh = client(server, server.instance("b2b"), tmp_path / "fresh")
    await fresh.initialize()
    resumed = counting(SynapCheckpointSaver(fresh, names("alice"), names("acme")))
    stranger = counting(SynapCheckpointSaver(fresh, names("bob"), names("acme")))
    state = (await resumed.aget_state(thread)).values
    strangers = (await stranger.aget_state(thread)).values
    again = await resumed.ainvoke({"runs": 0, "load": "y"}, thread)
    await fresh.shutdown()

    assert (state["runs"], len(state["load"])) == (8, 20_000)
    assert again["runs"] == 9
    assert strangers == {}
    ids = [one.config["configurable"]["checkpoint_id"] for one in states]
    assert len(ids) > 10
    assert ids == sorted(ids, reverse=True)


# ---------------------------------------------------------------- Agno's database


def test_a_memory_comes_back_with_its_topics_agent_and_times(blocking_sdk: MaximemSynapSDK, names: Names) -> None:
    database = SynapDb(blocking_sdk, names("acme"))
    given = UserMemory(
        memory="I prefer window seats on flights.",
        topics=["travel", "seats"],
        user_id=names("alice"),
        agent_id="guide",
        input="told in a test",
        created_at=1_700_000_000,
    )
    database.upsert_user_memory(given)
    time.sleep(3)  # the moment that the workers take for a short document: then it is a memory, no longer its source

    (found,) = database.get_user_memories(names("alice"), search_content="seats on flights")

    assert "window seats" in found.memory
    assert (found.topics, found.agent_id, found.input) == (["travel", "seats"], "guide", "told in a test")
    assert (found.memory_id, found.created_at) == (given.memory_id, 1_700_000_000)
    assert database.get_user_memories(names("alice"), agent_id="another") == []
    assert database.get_user_memories(names("alice"), topics=["seats"]) == [found]
    assert database.get_all_memory_topics(names("alice")) == ["seats", "travel"]
    assert database.get_user_memories(names("bob"), search_content="seats on flights") == []
