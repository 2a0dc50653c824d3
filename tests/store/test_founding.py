"""However many processes start on a new store at the same moment, they agree on its first client, instance and keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from synap.api.admin import CreateInstance
from synap.domain.ids import new_client_id, new_instance_id
from synap.store.accounts import Accounts
from synap.store.database import Database
from synap.store.erasure import Erasure
from synap.store.founding import FirstAccount, FirstKey, Founding
from synap.store.residents import Residents

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PROCESSES = 6


@pytest.fixture
async def databases_of_processes(fresh_dsn: str) -> AsyncIterator[list[Database]]:
    """A fresh store, open as often as there are processes, each time with a pool of its own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(await Database.open(fresh_dsn)) for _ in range(PROCESSES)]


def first(**changes: str) -> FirstAccount:
    return FirstAccount(
        client_id=new_client_id(),
        client_name="default",
        instance_id=new_instance_id(),
        instance=CreateInstance(client_id="", name="default"),
        **changes,
    )


async def test_processes_that_start_at_once_agree_on_the_first_instance(
    databases_of_processes: list[Database],
) -> None:
    founded = await asyncio.gather(*(Founding(one).instance(first(), now=NOW) for one in databases_of_processes))

    accounts = Accounts(databases_of_processes[0])
    clients = await accounts.clients()
    assert len(set(founded)) == 1
    assert len(clients) == 1
    assert [one.id for one in await accounts.instances(clients[0].client_id)] == founded[:1]


async def test_one_of_the_processes_that_start_at_once_makes_the_keys(databases_of_processes: list[Database]) -> None:
    instance_id = await Founding(databases_of_processes[0]).instance(first(), now=NOW)

    made = await asyncio.gather(
        *(
            Founding(one).keys(
                instance_id,
                application=FirstKey(key_id=f"key_a{number}", secret=f"application-{number}"),
                management=FirstKey(key_id=f"key_m{number}", secret=f"management-{number}"),
                now=NOW,
            )
            for number, one in enumerate(databases_of_processes)
        )
    )

    accounts = Accounts(databases_of_processes[0])
    assert sorted(made) == [False] * (PROCESSES - 1) + [True]
    assert [key.key_id for key in await accounts.keys(instance_id)] == [f"key_a{made.index(True)}"]
    assert [key.key_id for key in await accounts.keys(None)] == [f"key_m{made.index(True)}"]


async def test_a_first_instance_has_the_configuration_it_was_founded_with(fresh_database: Database) -> None:
    instance_id = await Founding(fresh_database).instance(first(configuration="a: 1"), now=NOW)

    revision = await Accounts(fresh_database).configuration(instance_id)

    assert revision is not None
    assert (revision.revision, revision.source, revision.actor) == (1, "a: 1", "process")


async def test_an_instance_that_is_being_deleted_is_not_the_first_any_more(fresh_database: Database) -> None:
    founding = Founding(fresh_database)
    old = await founding.instance(first(), now=NOW)
    await Erasure(fresh_database, Residents()).close_instance(old)

    fresh = await founding.instance(first(), now=NOW)

    (client,) = await Accounts(fresh_database).clients()
    standing = {one.id: one.status for one in await Accounts(fresh_database).instances(client.client_id)}
    assert standing == {old: "deleting", fresh: "active"}
