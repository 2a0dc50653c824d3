"""How `customer_id` and `user_id` decide where a memory lives and who sees it.

Run it with `python examples/seed_customers_and_users.py`; it uses the embedded engine.
"""

from __future__ import annotations

import asyncio

from synap import Synap
from synap.sdk.responses import ContextResponse


async def ingest(sdk: Synap) -> list[str]:
    """Write at USER, CUSTOMER and CLIENT scope; returns the ingestion ids."""
    # Ingest a user's conversation -- stored at USER scope
    personal = await sdk.memories.create(
        document="""
    User: I prefer getting summaries before detailed explanations.
    Assistant: Got it! I'll lead with summaries going forward.
    User: Also, I'm working on the Q2 budget review this week.
    Assistant: Noted. I'll keep that in mind for context.
    """,
        document_type="ai-chat-conversation",
        user_id="user_alice",
        customer_id="acme_corp",
    )

    # Ingest company documentation -- stored at CUSTOMER scope
    company = await sdk.memories.create(
        document="""
    Acme Corp Engineering Standards:
    - All services use Python 3.11+ and PostgreSQL
    - Code reviews require two approvals before merge
    - Deployments happen on Tuesdays and Thursdays
    - The on-call rotation follows the schedule in PagerDuty
    """,
        document_type="document",
        customer_id="acme_corp",
        # No user_id -- this is shared across all users at Acme
    )

    # Ingest product documentation -- stored at CLIENT scope
    product = await sdk.memories.create(
        document="""
    Release Notes v3.2:
    - Added bulk CSV import for memory ingestion
    - Improved retrieval latency by 40%
    - New webhook support for pipeline completion events
    """,
        document_type="document",
        # No user_id or customer_id -- visible to all customers and users
    )
    return [personal.ingestion_id, company.ingestion_id, product.ingestion_id]


async def retrieve(sdk: Synap) -> tuple[ContextResponse, ContextResponse]:
    """Read as Alice through the whole chain, and as Acme without any user's memories."""
    # Full scope chain retrieval for a specific user
    context = await sdk.user.context.fetch(
        user_id="user_alice",
        customer_id="acme_corp",
        search_query=["budget review process"],
    )

    # Customer-only retrieval (no user-specific memories)
    customer_context = await sdk.customer.context.fetch(
        customer_id="acme_corp",
        search_query=["engineering standards"],
    )
    return context, customer_context


async def main(sdk: Synap) -> None:
    """Write, wait until it is processed, read, and print what comes back."""
    for ingestion_id in await ingest(sdk):
        await sdk.memories.wait_for_completion(ingestion_id)
    context, customer_context = await retrieve(sdk)
    print("Alice asks about the budget review:")
    for item in context.items:
        print(f"  [{item.scope}] {item.content}")
    print("Acme's engineering standards:")
    for item in customer_context.items:
        print(f"  [{item.scope}] {item.content}")


async def run() -> None:
    """Run on the embedded engine."""
    async with Synap() as sdk:
        await main(sdk)


if __name__ == "__main__":
    asyncio.run(run())
