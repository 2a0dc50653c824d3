"""A B2B SaaS application: one instance for all customers, isolation by `customer_id` and `user_id`.

Run it with `python examples/seed_multi_tenant_recipe.py`; it uses the embedded engine.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from synap import MaximemSynapSDK

CallYourLlm = Callable[[str, str], Awaitable[str]]


async def call_your_llm(system_prompt: str, user_message: str) -> str:
    """Stand in for a language model: it echoes how much it was told."""
    return f"(answer to {user_message!r} with {len(system_prompt)} characters of context)"


# ---- Per-customer onboarding: load their playbook once ----
async def onboard_customer(sdk: MaximemSynapSDK, customer_id: str, playbook_text: str) -> str:
    """Load a customer's playbook; returns the ingestion id."""
    created = await sdk.memories.create(
        document=playbook_text,
        document_type="document",
        customer_id=customer_id,  # CUSTOMER scope — visible to all users in this customer
        # no user_id → not user-scoped
        metadata={"source": "onboarding_playbook"},
    )
    return created.ingestion_id


# ---- Per-turn agent loop, called for every user message ----
async def handle_turn(
    sdk: MaximemSynapSDK,
    customer_id: str,
    user_id: str,
    conversation_id: str,
    user_message: str,
    *,
    llm: CallYourLlm = call_your_llm,
) -> str:
    """Answer one user message with scoped memory, and remember the exchange."""
    # Retrieval automatically merges USER + CUSTOMER + CLIENT scopes
    ctx = await sdk.conversation.context.fetch(
        conversation_id=conversation_id,
        search_query=[user_message],
        max_results=10,
    )

    # Build the system prompt with scoped memories
    user_facts = "\n".join(f"- {f.content}" for f in ctx.facts if f.source.startswith("user"))
    customer_facts = "\n".join(f"- {f.content}" for f in ctx.facts if f.source.startswith("customer"))

    system_prompt = (
        "Customer org context:\n" + (customer_facts or "(none)") + "\n\n"
        "About this user:\n" + (user_facts or "(none)") + "\n\n"
        "Respond using the customer org context as authoritative."
    )

    reply = await llm(system_prompt, user_message)

    # Ingest at USER scope so personal context stays personal
    await sdk.memories.create(
        document=f"User: {user_message}\nAssistant: {reply}",
        document_type="ai-chat-conversation",
        user_id=user_id,
        customer_id=customer_id,  # both → user-scope, but linked to customer
        metadata={"conversation_id": conversation_id},
    )
    return reply


async def main(sdk: MaximemSynapSDK) -> None:
    """Onboard a customer and hold two turns; the second one knows the first."""
    await sdk.initialize()
    await sdk.memories.wait_for_completion(
        await onboard_customer(sdk, "acme", "Refunds above 500 euros need the approval of a team lead.")
    )
    conversation_id = str(uuid.uuid4())
    print(await handle_turn(sdk, "acme", "alice", conversation_id, "I look after the refunds of the Nordic shops."))
    await asyncio.sleep(3)
    print(await handle_turn(sdk, "acme", "alice", conversation_id, "Who has to approve large refunds?"))


async def run() -> None:
    """Run on the embedded engine."""
    async with MaximemSynapSDK() as sdk:
        await main(sdk)


if __name__ == "__main__":
    asyncio.run(run())
