"""Every example runs, and gives what the guide that it comes from says, by scope and topic."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import ModuleType

import pytest

from synap import ContextItem, Synap
from synap.bootstrap import Opening, open_engine
from synap.sdk.connection import Connection, Line, OpenLine
from synap.settings import Settings

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TESTED = {
    "demo",
    "seed_customer_context",
    "seed_customers_and_users",
    "seed_multi_tenant_recipe",
    "seed_multi_user_scoping",
    "seed_organizational_context",
}


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def sdk(fresh_dsn: str, fresh_owner_dsn: str) -> AsyncIterator[Synap]:
    """A memory with nothing in it, with the embedder that this machine has."""
    engine = await open_engine(Settings(database_url=fresh_dsn, migration_url=fresh_owner_dsn), Opening(workers=2))

    async def line() -> Line:
        return OpenLine(
            operations=engine.api_for(await engine.local_caller()),
            management=engine.admin_for(await engine.local_caller(kind="management")),
            release=engine.stop,
        )

    async with Synap(connection=Connection(line)) as opened:
        yield opened


def shown(items: Iterable[ContextItem]) -> list[str]:
    """Return items as the guides print them."""
    return [f"[{item.scope}] {item.content}" for item in items]


def tells(lines: Iterable[str], scope: str, *words: str) -> bool:
    """Whether a line of this scope tells of all these words."""
    return any(
        line.lower().startswith(f"[{scope}]") and all(word.lower() in line.lower() for word in words) for line in lines
    )


def test_every_example_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == TESTED


@pytest.mark.parametrize("name", sorted(TESTED - {"demo"}))
async def test_an_example_runs_from_beginning_to_end(
    sdk: Synap, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    await example(name).main(sdk)

    assert capsys.readouterr().out


def test_the_demo_shows_that_nothing_crosses() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, EXAMPLES / "demo.py"], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("sees it") == 3


# ---------------------------------------------------------------- customers and users


async def test_customers_and_users_read_what_is_theirs(sdk: Synap) -> None:
    guide = example("seed_customers_and_users")

    for ingestion_id in await guide.ingest(sdk):
        await sdk.memories.wait_for_completion(ingestion_id)
    alice, acme = await guide.retrieve(sdk)

    assert tells(shown(alice.items), "user", "budget review")
    assert tells(shown(alice.items[:1]), "user", "budget review")
    assert tells(shown(acme.items), "customer", "two approvals")
    assert tells(shown(acme.items), "customer", "Tuesdays and Thursdays")
    assert all(item.scope != "user" for item in acme.items)


# ---------------------------------------------------------------- multi-user scoping


async def test_a_users_context_prints_its_three_scopes_narrowest_first(sdk: Synap) -> None:
    printed = await example("seed_multi_user_scoping").user_scope(sdk)

    assert tells(printed, "user", "Spanish")
    assert tells(printed, "customer", "Slack")
    assert tells(printed, "client", "12 languages")
    assert [line.split("]")[0] for line in printed[:3]] == ["[user", "[customer", "[client"]


async def test_a_customers_policy_reaches_all_its_users(sdk: Synap) -> None:
    for printed in await example("seed_multi_user_scoping").customer_scope(sdk):
        assert tells(printed, "customer", "fiscal year", "March")
        assert tells(printed, "customer", "Q4 reports", "March 15")


async def test_product_documentation_reaches_every_customer(sdk: Synap) -> None:
    for printed in await example("seed_multi_user_scoping").client_scope(sdk):
        assert tells(printed, "client", "SAML 2.0", "OIDC")


async def test_the_sprint_review_leads_and_the_view_of_alice_is_there(sdk: Synap) -> None:
    printed = await example("seed_multi_user_scoping").project_management(sdk)

    assert tells(printed[:1], "customer", "sprint reviews", "Friday at 2pm")
    assert tells(printed, "customer", "sprint duration", "2 weeks")
    assert tells(printed, "user", "Kanban")


async def test_a_consumer_needs_no_customer(sdk: Synap) -> None:
    printed = await example("seed_multi_user_scoping").consumer_app(sdk)

    assert tells(printed, "user", "vegetarian")
    assert tells(printed, "user", "allergic", "nuts")
    assert tells(printed, "client", "dietary filters", "nut-free")


async def test_the_check_of_isolation_holds(sdk: Synap, capsys: pytest.CaptureFixture[str]) -> None:
    await example("seed_multi_user_scoping").verify_scope_isolation(sdk)

    assert capsys.readouterr().out.splitlines() == [
        "Scope isolation verified: Bob cannot see Alice's memories.",
        "Scope access verified: Alice can see her own memories.",
    ]


# ---------------------------------------------------------------- customer context


async def test_a_question_about_deployments_is_answered_from_all_scopes(sdk: Synap) -> None:
    guide = example("seed_customer_context")

    await guide.ingest_handbook(sdk)
    lines = shown((await guide.ask_about_deployments(sdk)).items)

    assert tells(lines, "user", "billing service")
    assert tells(lines, "customer", "production", "Tuesdays and Thursdays", "10am-2pm PT")
    assert tells(lines, "client", "blue-green")


async def test_a_shared_plan_is_seen_by_colleagues(sdk: Synap) -> None:
    for context in await example("seed_customer_context").share_planning_notes(sdk):
        assert tells(shown(context.items), "customer", "OAuth 2.1", "Q2")


async def test_the_prompt_knows_the_fiscal_year(sdk: Synap, capsys: pytest.CaptureFixture[str]) -> None:
    guide = example("seed_customer_context")

    await guide.onboard_customer(sdk, "acme_corp", ["Acme Corp's fiscal year runs April to March."])
    prompt = await guide.handle_message(sdk, "user_alice", "acme_corp", "When does our fiscal year end?")

    assert "Onboarded 1 documents for acme_corp" in capsys.readouterr().out
    assert "[customer] Acme Corp's fiscal year runs April to March" in prompt


# ---------------------------------------------------------------- multi-tenant recipe


async def test_a_second_turn_knows_the_playbook_and_the_first(sdk: Synap) -> None:
    guide = example("seed_multi_tenant_recipe")
    prompts: list[str] = []

    async def llm(system_prompt: str, user_message: str) -> str:
        prompts.append(system_prompt)
        return f"About {len(user_message)} characters, noted."

    playbook = await guide.onboard_customer(sdk, "acme", "Refunds above 500 euros need the approval of a team lead.")
    await sdk.memories.wait_for_completion(playbook)
    await guide.handle_turn(sdk, "acme", "alice", "a talk", "I look after the refunds of the Nordic shops.", llm=llm)
    await asyncio.sleep(3)
    await guide.handle_turn(sdk, "acme", "alice", "a talk", "Who has to approve large refunds?", llm=llm)

    organisation, _, user = prompts[1].partition("About this user:")
    assert "(none)" in prompts[0]
    assert "team lead" in organisation
    assert "Nordic shops" in user


# ---------------------------------------------------------------- organisational context


async def test_rate_limits_are_told_by_three_scopes(sdk: Synap) -> None:
    guide = example("seed_organizational_context")

    await guide.ingest_rate_limits(sdk)
    lines = shown((await guide.ask_about_rate_limits(sdk)).items)

    assert tells(lines, "user", "exceeded", "rate limits", "twice")
    assert tells(lines, "customer", "Enterprise tier")
    assert tells(lines, "client", "Enterprise tier", "10,000 requests per minute")


async def test_a_customers_support_hours_override_the_default(sdk: Synap) -> None:
    context = await example("seed_organizational_context").ask_about_support_hours(sdk)

    first = context.items[0]
    default = next(item for item in context.items if "9am-5pm" in item.content)
    assert (first.scope, "24/7" in first.content) == ("customer", True)
    assert (default.scope, default.overridden_by) == ("client", first.id)


async def test_product_documents_are_loaded_as_a_batch(
    sdk: Synap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = example("seed_organizational_context")
    (tmp_path / "limits.md").write_text("# Limits\n\n- Uploads may be 20 MB large.\n", encoding="utf-8")
    (tmp_path / "regions.md").write_text("# Regions\n\n- Data is kept in Frankfurt.\n", encoding="utf-8")

    count = await guide.load_product_docs(sdk, f"{tmp_path}/**/*.md")
    prompt = await guide.handle_user_question(sdk, "user_alice", "acme_corp", "Where is data kept?")

    assert f"Loaded 2 documents, created {count} memories" in capsys.readouterr().out
    assert count > 0
    assert "[client] Data is kept in Frankfurt" in prompt
