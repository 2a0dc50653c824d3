"""LangChain: a chain that remembers its conversation, a retriever and the memory tools, all on Synap.

    python with_langchain.py USER CUSTOMER CONVERSATION FACT QUESTION

Prints what is known before FACT is told, and after. CUSTOMER may be "". Where the server is, the environment says.
"""

import asyncio
import sys

from langchain_core.language_models import FakeListChatModel
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory
from maximem_synap import MaximemSynapSDK
from synap_langchain import SynapChatMessageHistory, SynapRetriever, SynapSearchTool, SynapStoreTool


async def main(user: str, customer: str, conversation: str, fact: str, question: str) -> None:
    """Tell `fact` twice, to a chain and by a tool; look for it in all places."""
    sdk = MaximemSynapSDK()
    await sdk.initialize()
    owner = {"sdk": sdk, "user_id": user, "customer_id": customer or None}
    history = SynapChatMessageHistory(sdk, conversation, user, customer)
    retriever, search, store = SynapRetriever(**owner), SynapSearchTool(**owner), SynapStoreTool(**owner)
    prompt = ChatPromptTemplate([("system", "Be brief."), MessagesPlaceholder("history"), ("human", "{input}")])
    model = FakeListChatModel(responses=["I will remember that."])  # any chat model
    chain = RunnableWithMessageHistory(
        prompt | model, lambda _: history, input_messages_key="input", history_messages_key="history"
    )

    async def show(when: str) -> None:
        print(f"{when}: history", [message.content for message in await history.aget_messages()])
        print(f"{when}: retriever", [found.page_content for found in await retriever.ainvoke(question)])
        print(f"{when}: search tool", repr(await search.ainvoke({"query": question})))

    await show("before")
    await chain.ainvoke({"input": fact}, {"configurable": {"session_id": conversation}})
    await store.ainvoke({"content": fact})
    await show("after")
    await sdk.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
