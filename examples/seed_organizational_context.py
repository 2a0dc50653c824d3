"""Organisational context: what every user of every customer may know, overridden by narrower knowledge.

Run it with `python examples/seed_organizational_context.py`; it uses the embedded engine.
"""

from __future__ import annotations

import asyncio
import glob

from synap import Synap
from synap.sdk.responses import ContextResponse


async def ingest_rate_limits(sdk: Synap) -> None:
    """Write a product document at CLIENT scope, beside something of Acme's and something of Alice's."""
    # Ingest a single product document
    product = await sdk.memories.create(
        document="""
        # Synap API Rate Limits

        All API endpoints are subject to rate limiting to ensure fair usage:
        - Free tier: 100 requests per minute
        - Pro tier: 1,000 requests per minute
        - Enterprise tier: 10,000 requests per minute

        Rate limit headers are included in every response:
        - X-RateLimit-Limit: maximum requests per window
        - X-RateLimit-Remaining: requests remaining in current window
        - X-RateLimit-Reset: seconds until the window resets

        When rate limited, the API returns HTTP 429 with a Retry-After header.
        """,
        document_type="document",
        # No user_id or customer_id -- stored at CLIENT scope
    )
    company = await sdk.memories.create(
        document="Acme Corp is on the Enterprise tier.", document_type="document", customer_id="acme_corp"
    )
    personal = await sdk.memories.create(
        document="User: I have exceeded the rate limits twice this month.",
        user_id="user_alice",
        customer_id="acme_corp",
    )
    for ingestion in (product, company, personal):
        await sdk.memories.wait_for_completion(ingestion.ingestion_id)


async def ask_about_rate_limits(sdk: Synap) -> ContextResponse:
    """Ask as Alice; all three scopes complement each other."""
    # User asks about rate limits during a conversation
    return await sdk.user.context.fetch(
        user_id="user_alice",
        customer_id="acme_corp",
        search_query=["what are the API rate limits"],
    )


async def ask_about_support_hours(sdk: Synap) -> ContextResponse:
    """Let Acme's support hours override the product's default, and ask as Alice."""
    default = await sdk.memories.create(document="Default support hours are 9am-5pm EST.", document_type="document")
    premium = await sdk.memories.create(
        document="Acme Corp has 24/7 premium support.", document_type="document", customer_id="acme_corp"
    )
    for ingestion in (default, premium):
        await sdk.memories.wait_for_completion(ingestion.ingestion_id)
    return await sdk.user.context.fetch(
        user_id="user_alice", customer_id="acme_corp", search_query="What are the support hours?"
    )


async def load_product_docs(sdk: Synap, pattern: str = "docs/**/*.md") -> int:
    """Load all product documentation into organizational context; returns how many memories it made."""
    doc_files = glob.glob(pattern, recursive=True)  # noqa: PTH207 - as in the guide
    documents = []
    for filepath in doc_files:
        with open(filepath) as f:  # noqa: ASYNC230, PTH123 - as in the guide
            documents.append(
                {
                    "document": f.read(),
                    "document_type": "document",
                    # a stable id: loading a changed file again updates it instead of adding a second copy
                    "document_id": filepath,
                }
            )

    # Batch ingest at CLIENT scope
    result = await sdk.memories.batch_create(documents=documents)
    print(f"Loaded {len(documents)} documents, created {result.memory_count} memories")
    return result.memory_count or 0


async def handle_user_question(sdk: Synap, user_id: str, customer_id: str, question: str) -> str:
    """Handle a user question, drawing on organizational + personal context; return the prompt for your LLM."""
    context = await sdk.user.context.fetch(
        user_id=user_id,
        customer_id=customer_id,
        search_query=[question],
    )

    # Build prompt with retrieved context
    return f"""You are a helpful support agent.

Context from memory:
- Facts: {context.facts}
- Preferences: {context.preferences}

User question: {question}"""


async def main(sdk: Synap) -> None:
    """Run all parts and print what comes back."""
    await ingest_rate_limits(sdk)
    for item in (await ask_about_rate_limits(sdk)).items:
        print(f"[{item.scope}] {item.content}")
    for item in (await ask_about_support_hours(sdk)).items:
        print(f"[{item.scope}] {item.content}" + (" (overridden)" if item.overridden_by else ""))
    await load_product_docs(sdk, "docs/decisions/*.md")
    print(await handle_user_question(sdk, "user_alice", "acme_corp", "Why is the store PostgreSQL?"))


async def run() -> None:
    """Run on the embedded engine."""
    async with Synap() as sdk:
        await main(sdk)


if __name__ == "__main__":
    asyncio.run(run())
