"""LlamaIndex: chat memory and a retriever on Synap.

    python with_llamaindex.py USER CUSTOMER CONVERSATION FACT QUESTION

Prints what is known before FACT is told, and after. CUSTOMER may be "". Where the server is, the environment says.
"""

import asyncio
import sys

from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import MockLLM
from maximem_synap import MaximemSynapSDK
from synap_llamaindex import SynapChatMemory, SynapRetriever


async def main(user: str, customer: str, conversation: str, fact: str, question: str) -> None:
    """Tell `fact` to a chat engine; look for it in its memory and by the retriever."""
    sdk = MaximemSynapSDK()
    await sdk.initialize()
    memory = SynapChatMemory.from_defaults(sdk=sdk, conversation_id=conversation, user_id=user, customer_id=customer)
    retriever = SynapRetriever(sdk, user, customer or None)
    engine = SimpleChatEngine.from_defaults(llm=MockLLM(max_tokens=8), memory=memory)  # any language model

    async def show(when: str) -> None:
        print(f"{when}: memory", [message.content for message in await memory.aget(question)])
        print(f"{when}: retriever", [found.text for found in await retriever.aretrieve(question)])

    await show("before")
    await engine.achat(fact)
    await show("after")
    await sdk.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
