"""Haystack: a pipeline that writes what is said to Synap, and one that retrieves it.

    python with_haystack.py USER CUSTOMER CONVERSATION FACT QUESTION

Prints what is known before FACT is told, and after. CUSTOMER may be "". Where the server is, the environment says.
"""

import os
import sys

# Haystack reports to its makers unless told not to, before it is imported.
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from haystack import Pipeline
from haystack.dataclasses import ChatMessage
from maximem_synap import MaximemSynapSDK
from synap_haystack import SynapMemoryStore, SynapMemoryWriter, SynapRetriever
from synap_integrations_common import run_blocking


def main(user: str, customer: str, conversation: str, fact: str, question: str) -> None:
    """Write `fact` by one pipeline, find it by another, and read the conversation back."""
    sdk = MaximemSynapSDK()
    run_blocking(sdk.initialize())
    store = SynapMemoryStore(sdk, user, customer, conversation_id=conversation)
    reading, writing = Pipeline(), Pipeline()
    reading.add_component("memory", SynapRetriever(store=store))
    writing.add_component("memory", SynapMemoryWriter(store=store))

    def show(when: str) -> None:
        found = reading.run({"memory": {"query": question}})["memory"]["documents"]
        print(f"{when}: retriever", [document.content for document in found])
        print(f"{when}: conversation", [message.text for message in store.retrieve_messages(conversation)])

    show("before")
    said = [ChatMessage.from_user(fact), ChatMessage.from_assistant("I will remember that.")]
    written = writing.run({"memory": {"messages": said}})["memory"]
    print("written", written["written_count"], "failed", written["failed_count"])
    show("after")
    run_blocking(sdk.shutdown())


if __name__ == "__main__":
    main(*sys.argv[1:])
