"""CrewAI: the memory of a crew on Synap.

    python with_crewai.py USER CUSTOMER CONVERSATION FACT QUESTION

Prints what is known before FACT is told, and after. CUSTOMER may be "". Where the server is, the environment says.
"""

import os
import sys

# CrewAI reports to its makers unless told not to, before it is imported.
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false", OTEL_SDK_DISABLED="true")

from crewai import BaseLLM
from maximem_synap import MaximemSynapSDK
from synap_crewai import SynapMemory, SynapStorageBackend
from synap_integrations_common import run_blocking


class Scripted(BaseLLM):
    """A language model that always says the same; CrewAI asks it only where a memory comes without its particulars."""

    def call(self, *_: object, **__: object) -> str:
        """Return the one thing it says."""
        return "Noted."


def main(user: str, customer: str, conversation: str, fact: str, question: str) -> None:
    """Remember `fact`; recall it by a question."""
    sdk = MaximemSynapSDK()
    run_blocking(sdk.initialize())
    backend = SynapStorageBackend(sdk, user, customer, conversation_id=conversation)
    memory = SynapMemory(storage=backend, llm=Scripted(model="scripted"))

    def show(when: str) -> None:
        print(f"{when}: recall", [found.record.content for found in memory.recall(question, depth="shallow")])

    show("before")
    memory.remember(fact, scope="/notes", categories=["fact"], importance=0.8)
    memory.drain_writes()
    show("after")
    memory.close()
    run_blocking(sdk.shutdown())


if __name__ == "__main__":
    main(*sys.argv[1:])
