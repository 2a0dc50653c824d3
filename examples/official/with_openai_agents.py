"""OpenAI Agents: an agent with tools that store in Synap and search it.

    python with_openai_agents.py USER CUSTOMER CONVERSATION FACT QUESTION

Prints what is known before FACT is told, and after. CUSTOMER may be "". Where the server is, the environment says.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage, function_tool
from agents.items import TResponseStreamEvent
from maximem_synap import MaximemSynapSDK
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
from synap_openai_agents import create_search_tool, create_store_tool


class Scripted(Model):
    """A language model that calls one tool with one argument and then says what the tool gave; any model does."""

    def __init__(self, tool: str, **arguments: str) -> None:
        """Take what to call."""
        self._call = ResponseFunctionToolCall(
            type="function_call", name=tool, call_id="call_1", arguments=json.dumps(arguments)
        )

    async def get_response(self, **asked: Any) -> ModelResponse:
        """Return the call, or what came of it."""
        results = [
            one["output"]
            for one in asked["input"]
            if isinstance(one, dict) and one.get("type") == "function_call_output"
        ]
        text = ResponseOutputText(type="output_text", text=str(results[-1:]), annotations=[])
        said = ResponseOutputMessage(id="said_1", type="message", role="assistant", status="completed", content=[text])
        return ModelResponse(output=[said if results else self._call], usage=Usage(), response_id=None)

    def stream_response(self, *_: object, **__: object) -> AsyncIterator[TResponseStreamEvent]:
        """Stream nothing: this program does not stream."""
        raise NotImplementedError


async def main(user: str, customer: str, conversation: str, fact: str, question: str) -> None:
    """Let an agent store `fact` and search for it."""
    sdk = MaximemSynapSDK()
    await sdk.initialize()
    tools = [
        function_tool(create_search_tool(sdk, user, customer, conversation_id=conversation)),
        function_tool(create_store_tool(sdk, user, customer)),
    ]

    async def run(said: str, model: Model) -> str:
        agent = Agent(name="assistant", instructions="Use your memory.", tools=tools, model=model)
        done = await Runner.run(agent, said, run_config=RunConfig(tracing_disabled=True))
        return str(done.final_output)

    async def show(when: str) -> None:
        print(f"{when}: agent", await run(question, Scripted("search_memory", query=question)))

    await show("before")
    print("stored:", await run(fact, Scripted("store_memory", content=fact)))
    await show("after")
    await sdk.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
