"""No bundle ever holds a memory outside the listener's chain, whoever else lives in the store and whatever is said."""

from __future__ import annotations

import asyncio
import os
import re
import uuid
from typing import Any, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synap.api.admin import CreateInstance
from synap.api.bundles import Anticipate
from synap.api.conversations import RecordMessage
from synap.api.memories import CreateMemory, StructuredMemory
from synap.domain.scopes import Ids

EXAMPLES = int(os.environ.get("SYNAP_ANTICIPATION_EXAMPLES", "12"))
MARKER = re.compile(r"zq\d+x")

Owner: TypeAlias = tuple[int, str | None, str | None]
"""Number of the instance, customer, user."""

OWNERS = st.tuples(
    st.integers(0, 1),
    st.sampled_from([None, "acme", "acme ", "globex"]),
    st.sampled_from([None, "alice", "Alice", "acme"]),
)


def sees(viewer: Owner, other: Owner) -> bool:
    """Whether a read on behalf of the one may show what is the other's: its own, its customer's, the instance's."""
    instance, customer, _ = viewer
    return other == viewer or other in ((instance, customer, None), (instance, None, None))


def ids_of(owner: Owner) -> dict[str, Any]:
    return {name: value for name, value in zip(("customer_id", "user_id"), owner[1:], strict=True) if value is not None}


async def test_no_bundle_holds_a_memory_outside_the_listeners_chain(house: Any) -> None:
    loop = asyncio.get_running_loop()
    seen: list[int] = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(OWNERS, min_size=2, max_size=6, unique=True), st.data())
    def law(owners: list[Owner], data: st.DataObject) -> None:
        viewer = data.draw(st.sampled_from(owners))
        again = data.draw(st.booleans())
        seen.append(asyncio.run_coroutine_threadsafe(_judge(house, owners, viewer, again=again), loop).result())

    await asyncio.to_thread(law)

    assert sum(seen) >= EXAMPLES, "the law must not hold for want of bundles"


async def _judge(house: Any, owners: list[Owner], viewer: Owner, *, again: bool) -> int:
    """Tell every owner something, let `viewer` talk about it, and return how many memories the bundles held."""
    engine = house.engine
    admin = engine.admin_for(await engine.local_caller(kind="management"))
    callers = []
    for _ in range(2):
        made = await admin.create_instance(CreateInstance(client_id=house.client_id, name=f"bot-{uuid.uuid4()}"))
        callers.append(await engine.caller_of(made.id))
    for number, owner in enumerate(owners):
        await _plant(engine, callers[owner[0]], owner, number)
    await engine.worker.drain(seconds=60)
    allowed = {f"zq{number}x" for number, owner in enumerate(owners) if sees(viewer, owner)}

    caller, ids = callers[viewer[0]], ids_of(viewer)
    text = "Where does the team keep the parcel?"
    await engine.api_for(caller).record_message(RecordMessage(conversation_id="talk", role="user", content=text, **ids))
    turn = Anticipate(conversation_id="talk", role="user", **ids)
    bundles = [bundle async for bundle in engine.anticipate(caller, turn)]
    if again:
        fresh = len(owners)
        await _plant(engine, caller, viewer, fresh)
        allowed |= {f"zq{fresh}x"}
        for memory_id in {item.id for bundle in bundles for item in bundle.items if item.scope == bundle.scope}:
            await engine.api_for(caller).delete_memory(memory_id, ids=Ids(**ids))
        for bundle in tuple(bundles):
            renewed = await engine.renew(caller, bundle)
            bundles += [] if renewed is None else [renewed]
    shown = {marker for bundle in bundles for item in bundle.items for marker in MARKER.findall(str(item.content))}
    assert shown <= allowed, f"{viewer} was sent {shown - allowed} of {owners}"
    for bundle in bundles:
        assert (bundle.customer_id, bundle.user_id) == viewer[1:]
        assert bundle.conversation_id == "talk"
    return len(shown)


async def _plant(engine: Any, caller: Any, owner: Owner, number: int) -> None:
    """All statements differ in their marker alone, so that strangers' memories are the nearest ones."""
    text = f"The team keeps the parcel zq{number}x in store room zq{number}x."
    memory = StructuredMemory(type="fact", content=text, subject="the user")
    await engine.api_for(caller).create_memory(
        CreateMemory(memories=(memory,), document_type="document", **ids_of(owner))
    )
    await engine.worker.drain(seconds=60)
