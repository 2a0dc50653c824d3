"""Contexts by the published Python client: each scope, its isolation, shapes and options, and the client's own cache."""

from __future__ import annotations

import pytest
from maximem_synap import ContextNotFoundError, ContextResponse
from people import Connect, Party, Wire, items, remember, tells, texts, with_customers

SCOPES = ("user", "customer", "client", "world")


async def test_a_user_reads_what_is_theirs_and_no_other_users(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))
    await remember(client, "User: My dog is called Pepper.", **party.of(party.bob))

    found = await client.user.context.fetch(search_query=["what is my pet called"], **party.of(party.alice))

    assert isinstance(found, ContextResponse)
    assert found.metadata.source == "cloud"
    assert tells(found, "Biscuit")
    assert not tells(found, "Pepper")
    assert all(item.id for item in items(found))
    assert {item.scope for item in items(found)} <= set(SCOPES)
    assert all(fact.source.startswith(fact.scope) for fact in found.facts)


@with_customers
async def test_the_same_user_under_another_customer_is_somebody_else(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))

    found = await client.user.context.fetch(
        user_id=party.alice, customer_id=party.other_customer, search_query=["cat Biscuit"]
    )

    assert not tells(found, "Biscuit")


@with_customers
async def test_a_customer_fetch_shows_no_user(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))
    await remember(
        client,
        "Acme deploys to production on Tuesdays and Thursdays.",
        document_type="document",
        customer_id=party.customer,
    )

    theirs = await client.customer.context.fetch(
        customer_id=party.customer, search_query=["production deployments", "cat Biscuit"]
    )
    users = await client.user.context.fetch(search_query=["production deployments"], **party.of(party.bob))
    others = await client.customer.context.fetch(
        customer_id=party.other_customer, search_query=["production deployments"]
    )

    assert tells(theirs, "Tuesday")
    assert not tells(theirs, "Biscuit")
    assert all(item.scope != "user" for item in items(theirs))
    assert tells(users, "Tuesday")
    assert not tells(others, "Tuesday")


async def test_a_client_fetch_shows_nothing_narrower(alone: Party, connect: Connect) -> None:
    client = await connect(alone.instance)
    await remember(client, "Release 3.2 adds a bulk CSV import feature.", document_type="document")
    await remember(client, "User: I import CSV files every Monday.", **alone.of(alone.alice))

    found = await client.client.context.fetch(search_query=["CSV import"])
    users = await client.user.context.fetch(search_query=["CSV import"], **alone.of(alone.alice))

    assert tells(found, "Release 3.2")
    assert not tells(found, "Monday")
    assert {item.scope for item in items(found)} == {"client"}
    assert tells(users, "Release 3.2")
    assert tells(users, "Monday")


async def test_a_fetch_without_a_question_gives_the_scopes_memories(party: Party, connect: Connect, wire: Wire) -> None:
    client = await connect(party.instance)
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))

    found = await client.user.context.fetch(**party.of(party.alice))

    assert found.metadata.source == "cloud"
    assert tells(found, "Biscuit")
    asked = [(call.path, call.status) for call in wire.calls if call.path.startswith(("/v1/users", "/v1/context"))]
    assert asked == [(f"/v1/users/{party.alice}/profile", 404), ("/v1/context/user/fetch", 200)]


async def test_there_is_no_profile_unless_an_instance_makes_them(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))

    with pytest.raises(ContextNotFoundError):
        await client.user.get_profile(party.alice, customer_id=party.customer)


@pytest.mark.parametrize("stem", ["github|12345", "team/alice", "alice smith", "élise"])
async def test_a_user_id_may_hold_what_an_address_may_not(party: Party, connect: Connect, stem: str) -> None:
    client = await connect(party.instance)
    user = party.name(stem)
    await remember(client, "User: My cat is called Biscuit.", **party.of(user))

    found = await client.user.context.fetch(**party.of(user))

    assert tells(found, "Biscuit")
    with pytest.raises(ContextNotFoundError):
        await client.user.get_profile(user, customer_id=party.customer)


async def test_a_ranked_answer_numbers_every_item_once(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    for text in (
        "My cat is called Biscuit.",
        "I play the oboe.",
        "I prefer tea to coffee.",
        "I moved to Porto in 2024.",
    ):
        await remember(client, f"User: {text}", **party.of(party.alice))

    found = await client.user.context.fetch(
        search_query=["cat", "oboe"],
        max_results=5,
        mode="accurate",
        precision_level="medium",
        query_date="2026-05-01",
        max_results_per_query=2,
        types=["facts", "preferences"],
        response_shape="ranked",
        **party.of(party.alice),
    )

    assert 0 < len(found.items) <= 5
    assert [item.rank for item in found.items] == list(range(1, len(found.items) + 1))
    assert len({item.id for item in found.items}) == len(found.items)
    assert any("Biscuit" in item.content for item in found.items)
    assert any("oboe" in item.content for item in found.items)


async def test_an_unreadable_date_of_the_question_is_no_error(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))

    found = await client.user.context.fetch(
        search_query=["cat"], query_date="the day the music died", **party.of(party.alice)
    )

    assert tells(found, "Biscuit")


async def test_latest_conversations_stand_in_place_of_items_when_asked_for(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    call = party.name("call")
    await client.conversation.ingest_transcript(
        conversation_id=call, transcript="User: Hello\nAssistant: Hi there", **party.of(party.alice)
    )

    found = await client.user.context.fetch(
        context_mode="conversation-summary", last_n_conversations=2, **party.of(party.alice)
    )
    others = await client.user.context.fetch(
        context_mode="conversation-summary", last_n_conversations=2, **party.of(party.bob)
    )

    assert found.metadata.source == "cloud"
    assert [told.external_conversation_id for told in found.conversations or []] == [call]
    assert not others.conversations


async def test_all_scopes_at_once_name_each_item_once(party: Party, connect: Connect) -> None:
    client = await connect(party.instance)
    talk = party.talk()
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))
    await client.conversation.record_message(
        conversation_id=talk, role="user", content="I am migrating the auth service.", **party.of(party.alice)
    )

    found = await client.fetch(
        conversation_id=talk,
        search_query=["what is my cat called"],
        include_scope_labels=True,
        **party.of(party.alice),
    )
    client_only = await client.fetch(scopes=["client"], search_query=["CSV"], **party.of(party.alice))

    wanted = {"conversation", "user"} | ({"customer"} if party.customer else set())
    assert set(found.scopes_queried) == wanted
    assert tells(found, "Biscuit")
    ids = [item.id for item in items(found)]
    assert len(ids) == len(set(ids))
    assert "## User Context" in (found.formatted_context or "")
    assert found.conversation_context is not None
    assert found.conversation_context.available
    assert client_only.scopes_queried == ["client"]


# ---------------------------------------------------------------- the client's own cache on disk


async def test_the_clients_disk_keeps_no_answer_for_a_user(party: Party, connect: Connect) -> None:
    client = await connect(party.instance, cache="sqlite")
    question = {"search_query": ["cat"], **party.of(party.alice)}
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))

    first = await client.user.context.fetch(**question)
    await remember(client, "User: My other cat is called Waffle.", **party.of(party.alice))
    second = await client.user.context.fetch(**question)

    assert first.metadata.ttl_seconds < 0
    assert (first.metadata.source, second.metadata.source) == ("cloud", "cloud")
    assert tells(first, "Biscuit")
    assert tells(second, "Waffle")


async def test_the_clients_disk_may_keep_what_all_may_see(alone: Party, connect: Connect) -> None:
    client = await connect(alone.instance, cache="sqlite")
    await remember(client, "Release 3.2 adds a bulk CSV import feature.", document_type="document")

    first = await client.client.context.fetch(search_query=["CSV import"])
    second = await client.client.context.fetch(search_query=["CSV import"])

    assert first.metadata.ttl_seconds > 0
    assert (first.metadata.source, second.metadata.source) == ("cloud", "cache")
    assert texts(first) == texts(second)


@with_customers
async def test_the_clients_disk_never_gives_one_customers_answer_to_another(party: Party, connect: Connect) -> None:
    client = await connect(party.instance, cache="sqlite")
    question = {"user_id": party.alice, "search_query": ["cat Biscuit"]}
    await remember(client, "User: My cat is called Biscuit.", **party.of(party.alice))

    mine = await client.user.context.fetch(customer_id=party.customer, **question)
    theirs = await client.user.context.fetch(customer_id=party.other_customer, **question)

    assert tells(mine, "Biscuit")
    assert theirs.metadata.source == "cloud"
    assert not tells(theirs, "Biscuit")
