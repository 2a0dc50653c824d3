"""Pydantic AI: an agent with memory tools and a system prompt that brings what is known, on Synap.

    python with_pydantic_ai.py USER CUSTOMER CONVERSATION FACT QUESTION

Prints what is known before FACT is told, and after. CUSTOMER may be "". Where the server is, the environment says.
"""

import asyncio
import sys

from maximem_synap import MaximemSynapSDK
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from synap_pydantic_ai import SynapDeps, register_synap_tools


def scripted(tool: str, **arguments: str) -> FunctionModel:
    """Return a language model that calls one tool and then says what it was told and what the tool gave."""

    def answer(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        parts = [part for message in messages for part in message.parts]
        results = [part.content for part in parts if isinstance(part, ToolReturnPart)]
        if not results:
            return ModelResponse(parts=[ToolCallPart(tool, arguments)])
        prompts = [part.content for part in parts if part.part_kind == "system-prompt"]
        return ModelResponse(parts=[TextPart(f"prompt {prompts} tool {results}")])

    return FunctionModel(answer)


async def main(user: str, customer: str, conversation: str, fact: str, question: str) -> None:
    """Let an agent store `fact` and search for it."""
    sdk = MaximemSynapSDK()
    await sdk.initialize()
    agent = Agent(deps_type=SynapDeps)
    register_synap_tools(agent)
    owner = SynapDeps(sdk, user, customer, conversation)

    async def show(when: str) -> None:
        done = await agent.run(question, deps=owner, model=scripted("search_memory", query=question))
        print(f"{when}: agent", done.output)

    await show("before")
    stored = await agent.run(fact, deps=owner, model=scripted("store_memory", content=fact))
    print("stored:", stored.output)
    await show("after")
    await sdk.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
