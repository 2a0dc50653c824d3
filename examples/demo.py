"""From nothing to memory: two customers, three users (two of them called `sam`), shared documents, and who sees what.

`make demo` runs it. It uses the embedded engine in a folder of its own and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from synap import Synap
from synap.api.contexts import ContextItem
from synap.sdk.responses import ContextResponse

DATA = Path(__file__).parent / "data"
NOW = "2026-11-20T09:00:00Z"
COLOURS = {"user": "cyan", "customer": "green", "client": "yellow", "world": "magenta"}

console = Console(width=110)


async def onboard(sdk: Synap) -> None:
    """Load the product guide for everybody, and each customer's handbook for its own users."""
    documents: list[dict[str, Any]] = [
        {"document": (DATA / "product.md").read_text(encoding="utf-8"), "document_id": "product-guide"},
        {
            "document": (DATA / "acme_handbook.md").read_text(encoding="utf-8"),
            "document_id": "handbook",
            "customer_id": "acme_robotics",
        },
        {
            "document": (DATA / "borealis_handbook.md").read_text(encoding="utf-8"),
            "document_id": "handbook",
            "customer_id": "borealis_tea",
        },
    ]
    result = await sdk.memories.batch_create(
        documents=[{**document, "document_type": "document", "document_created_at": NOW} for document in documents]
    )
    console.print(f"  {result.succeeded} shared documents became {result.memory_count} memories")


async def talk(sdk: Synap) -> None:
    """Let three people talk."""
    ingestions = []
    for number, conversation in enumerate(json.loads((DATA / "conversations.json").read_text(encoding="utf-8"))):
        created = await sdk.memories.create(
            document=conversation["turns"],
            customer_id=conversation["customer_id"],
            user_id=conversation["user_id"],
            document_id=f"conversation-{number}",
            document_created_at=conversation["created_at"],
        )
        ingestions.append((conversation, created.ingestion_id))
    for conversation, ingestion_id in ingestions:
        done = await sdk.memories.wait_for_completion(ingestion_id, poll_interval_seconds=0.05)
        who = f"{conversation['user_id']} of {conversation['customer_id']}"
        console.print(f"  {who}: {len(conversation['turns'])} turns became {done.memories_created} memories")


def show(title: str, context: ContextResponse, *, most: int = 6) -> None:
    """Print what a fetch gave, and why."""
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    table.add_column("scope")
    table.add_column("memory", ratio=3)
    table.add_column("why", ratio=2, style="dim")
    for item in list(context.items)[:most]:
        colour = COLOURS[item.scope]
        table.add_row(f"[{colour}]{item.scope}[/{colour}]", escape(item.content), escape(_why(item)))
    metadata = context.metadata
    footer = f"{metadata.tokens_used} of {metadata.token_budget} tokens, {metadata.timings_ms.get('total', 0):.1f} ms"
    console.print(Panel(table, title=escape(title), subtitle=footer, title_align="left", subtitle_align="right"))


def _why(item: ContextItem) -> str:
    parts = [item.type.replace("_", " ")]
    if item.overridden_by:
        parts.append("overridden by a narrower memory")
    if item.event_date is not None:
        parts.append(f"on {item.event_date:%d %b %Y}")
    if item.excerpt:
        parts.append("verbatim excerpt")
    if item.source_evidence:
        parts.append(f"from {item.source_evidence[0]}")
    return ", ".join(parts)


async def ask(sdk: Synap, customer: str, user: str, question: str) -> ContextResponse:
    """Fetch the context for one question of one user, and show it."""
    context = await sdk.user.context.fetch(user_id=user, customer_id=customer, search_query=question, query_date=NOW)
    show(f"{user} of {customer} asks: {question}", context)
    return context


async def prove(sdk: Synap) -> None:
    """Show that nothing crosses: search everyone's context for everyone else's private words."""
    private = {
        ("acme_robotics", "sam"): "Malmö",
        ("acme_robotics", "noor"): "peanuts",
        ("borealis_tea", "sam"): "Bergen",
    }
    table = Table("who looks", *(f"“{word}”" for word in private.values()), box=None, header_style="bold")
    for viewer in private:
        cells = []
        for owner, word in private.items():
            context = await sdk.user.context.fetch(
                user_id=viewer[1], customer_id=viewer[0], search_query=word, max_results=50, query_date=NOW
            )
            seen = any(word in item.content for item in context.items)
            if seen != (viewer == owner):
                raise SystemExit(f"isolation broken: {viewer} and {owner}")
            cells.append("[green]sees it[/green]" if seen else "[dim]nothing[/dim]")
        table.add_row(f"{viewer[1]} of {viewer[0]}", *cells)
    console.print(Panel(table, title="Isolation: each private word, looked for by everyone", title_align="left"))


async def main() -> None:
    """Run the demo on a store of its own."""
    logging.disable(logging.WARNING)
    folder = Path(tempfile.mkdtemp(prefix="synap-demo-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    started = time.perf_counter()
    try:
        async with Synap.embedded(data_dir=folder / "data") as sdk:
            console.print(f"[bold]1. The embedded engine is up[/bold] after {time.perf_counter() - started:.1f} s")
            console.print("[bold]2. Onboarding[/bold]: one product guide for all, one handbook per customer")
            await onboard(sdk)
            console.print("[bold]3. Three people talk[/bold]; two of them are called sam")
            await talk(sdk)
            console.print("[bold]4. What each of them sees, and why[/bold]")
            await ask(sdk, "acme_robotics", "sam", "When is support available?")
            await ask(sdk, "borealis_tea", "sam", "When is support available?")
            await ask(sdk, "acme_robotics", "sam", "Where do I live?")
            await ask(sdk, "borealis_tea", "sam", "How should answers be written for me?")
            await ask(sdk, "acme_robotics", "noor", "What should I be offered when I visit?")
            console.print("[bold]5. And what nobody else sees[/bold]")
            await prove(sdk)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    console.print(f"Done in {time.perf_counter() - started:.1f} s. Next: `synap serve`, or the ten lines in README.md.")


if __name__ == "__main__":
    asyncio.run(main())
