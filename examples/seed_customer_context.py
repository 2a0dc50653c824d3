"""Customer context: one organisation's shared knowledge, seen by all of its users and by nobody else.

Run it with `python examples/seed_customer_context.py`; it uses the embedded engine.
"""

from __future__ import annotations

import asyncio

from synap import Synap
from synap.sdk.responses import ContextResponse


async def ingest_handbook(sdk: Synap) -> None:
    """Write Acme's handbook at CUSTOMER scope, beside something of Alice's and something of the product."""
    # Ingest company documentation for Acme Corp
    handbook = await sdk.memories.create(
        document="""
        Acme Corp Engineering Handbook

        ## Development Standards
        - All services must use Python 3.11 or later
        - PostgreSQL is the primary database for all services
        - Every PR requires two code review approvals
        - CI must pass before merge (linting, tests, type checking)

        ## Deployment Process
        - Deployments to staging: any time
        - Deployments to production: Tuesdays and Thursdays, 10am-2pm PT
        - Hotfix deployments: requires VP Engineering approval
        - Rollback policy: automatic rollback if error rate exceeds 1%

        ## Team Structure
        - Platform Team (8 engineers): infrastructure, CI/CD, observability
        - Product Team (12 engineers): core product features, API
        - Data Team (5 engineers): analytics, ML pipelines, data warehouse
        """,
        document_type="document",
        customer_id="acme_corp",
        # No user_id -- shared across all users at Acme Corp
    )
    personal = await sdk.memories.create(
        document="User: I deployed the billing service last Tuesday.",
        user_id="user_alice",
        customer_id="acme_corp",
    )
    product = await sdk.memories.create(
        document="Blue-green deployment support is available.", document_type="document"
    )
    for ingestion in (handbook, personal, product):
        await sdk.memories.wait_for_completion(ingestion.ingestion_id)


async def ask_about_deployments(sdk: Synap) -> ContextResponse:
    """Ask as Alice; her own memory, Acme's rule and the product's feature complement each other."""
    # Alice asks about deployment rules
    return await sdk.user.context.fetch(
        user_id="user_alice",
        customer_id="acme_corp",
        search_query=["when can I deploy to production"],
    )


async def share_planning_notes(sdk: Synap) -> tuple[ContextResponse, ContextResponse]:
    """Let Alice share a plan with Acme; return what Bob and Carol find."""
    # Alice (engineering lead) ingests team planning notes
    notes = await sdk.memories.create(
        document="Sprint planning: migrating auth service to OAuth 2.1 by end of Q2.",
        document_type="document",
        customer_id="acme_corp",  # Shared with all Acme users
    )
    await sdk.memories.wait_for_completion(notes.ingestion_id)

    # Bob queries about current projects
    bob = await sdk.user.context.fetch(
        user_id="user_bob",
        customer_id="acme_corp",
        search_query=["current engineering projects"],
    )

    # Carol queries about team priorities
    carol = await sdk.user.context.fetch(
        user_id="user_carol",
        customer_id="acme_corp",
        search_query=["team priorities this quarter"],
    )
    return bob, carol


# Step 1: Ingest customer-specific documents
async def onboard_customer(sdk: Synap, customer_id: str, company_docs: list[str]) -> None:
    """Load company documents during customer onboarding."""
    for doc in company_docs:
        created = await sdk.memories.create(
            document=doc,
            document_type="document",
            customer_id=customer_id,
        )
        await sdk.memories.wait_for_completion(created.ingestion_id)
    print(f"Onboarded {len(company_docs)} documents for {customer_id}")


# Step 2: Use customer context in conversations
async def handle_message(sdk: Synap, user_id: str, customer_id: str, message: str) -> str:
    """Handle a user message with full context chain; return the prompt for your LLM."""
    # Fetch context across all applicable scopes
    context = await sdk.user.context.fetch(
        user_id=user_id,
        customer_id=customer_id,
        search_query=[message],
    )

    # Build a rich prompt with scoped context
    return f"""You are an AI assistant with knowledge about the user
and their organization.

Organizational knowledge (product-wide):
{context.facts}

User preferences:
{context.preferences}

User message: {message}

Respond using all available context. Prioritize user-specific and
organization-specific information over general product knowledge."""


async def main(sdk: Synap) -> None:
    """Run all parts and print what comes back."""
    await ingest_handbook(sdk)
    for item in (await ask_about_deployments(sdk)).items:
        print(f"[{item.scope}] {item.content}")
    bob, carol = await share_planning_notes(sdk)
    print("Bob sees:", *(item.content for item in bob.items), sep="\n  ")
    print("Carol sees:", *(item.content for item in carol.items), sep="\n  ")
    await onboard_customer(
        sdk,
        "acme_corp",
        [
            "Acme Corp uses Slack for internal communication.",
            "Acme Corp's fiscal year runs April to March.",
            "Engineering team OKRs for Q2: migrate to microservices.",
        ],
    )
    print(await handle_message(sdk, "user_alice", "acme_corp", "When does our fiscal year end?"))


async def run() -> None:
    """Run on the embedded engine."""
    async with Synap() as sdk:
        await main(sdk)


if __name__ == "__main__":
    asyncio.run(run())
