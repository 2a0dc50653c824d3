"""LangGraph: a graph that keeps and finds data in a store on Synap.

    python with_langgraph.py USER CUSTOMER CONVERSATION FACT QUESTION

Prints what is known before FACT is told, and after. CUSTOMER may be "". Where the server is, the environment says.
"""

import asyncio
import sys
from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.store.base import BaseStore
from maximem_synap import MaximemSynapSDK
from synap_langgraph import SynapStore


class State(TypedDict):
    """What travels through the graph."""

    said: str


async def main(user: str, customer: str, conversation: str, fact: str, question: str) -> None:
    """Put `fact` into the store from inside a graph; get it back by its key and by searching."""
    sdk = MaximemSynapSDK()
    await sdk.initialize()
    store = SynapStore(sdk, user_id=user, customer_id=customer)
    notes = ("notes", conversation)

    async def remember(state: State, *, store: BaseStore) -> State:
        await store.aput(notes, "latest", {"text": state["said"], "times": 1})
        return state

    builder = StateGraph(State)
    builder.add_node("remember", remember)
    builder.add_edge(START, "remember")
    builder.add_edge("remember", END)
    graph = builder.compile(store=store)

    async def show(when: str) -> None:
        latest = await store.aget(notes, "latest")
        print(f"{when}: get", latest and latest.value)
        print(f"{when}: search", [item.value for item in await store.asearch(notes, query=question)])

    await show("before")
    await graph.ainvoke({"said": fact})
    await show("after")
    await sdk.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
