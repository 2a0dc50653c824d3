"""Agno: the database of user memories on Synap.

    python with_agno.py USER CUSTOMER CONVERSATION FACT QUESTION

Prints what is known before FACT is told, and after. CUSTOMER may be "". Where the server is, the environment says.
"""

import os
import sys

# Agno reports to its makers unless told not to, before it is imported.
os.environ["AGNO_TELEMETRY"] = "false"

from agno.db.schemas.memory import UserMemory
from agno.memory import MemoryManager
from maximem_synap import MaximemSynapSDK
from synap_agno import SynapDb
from synap_integrations_common import run_blocking


def main(user: str, customer: str, conversation: str, fact: str, question: str) -> None:
    """Keep `fact` as a memory of the user; read it back through Agno."""
    sdk = MaximemSynapSDK()
    run_blocking(sdk.initialize())
    database = SynapDb(sdk, customer)
    manager = MemoryManager(db=database)

    def show(when: str) -> None:
        print(f"{when}: manager", [memory.memory for memory in manager.get_user_memories(user) or []])
        found = database.get_user_memories(user, search_content=question)
        print(f"{when}: search", [(memory.memory, memory.topics, memory.agent_id) for memory in found])

    show("before")
    memory = UserMemory(memory=fact, topics=["notes"], user_id=user, agent_id="guide", input=conversation)
    database.upsert_user_memory(memory)
    show("after")
    run_blocking(sdk.shutdown())


if __name__ == "__main__":
    main(*sys.argv[1:])
