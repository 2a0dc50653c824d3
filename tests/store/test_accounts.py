"""Clients, instances, keys, configuration and the audit trail."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from synap.api.admin import AuditEntry, CreateInstance, UpdateInstance
from synap.domain.ids import new_client_id, new_instance_id
from synap.errors import ConflictError, InvalidInputError, NotFoundError

NOW = datetime(2026, 1, 2, tzinfo=UTC)


async def instance_of(desk: Any, name: str = "bot") -> tuple[str, str]:
    client_id, instance_id = new_client_id(), new_instance_id()
    await desk.store.accounts.create_client(client_id, name="Umbrella", now=NOW)
    request = CreateInstance(client_id=client_id, name=name, metadata={"team": "red"})
    await desk.store.accounts.create_instance(instance_id, request, now=NOW)
    return client_id, instance_id


async def test_a_new_instance_is_active_and_can_be_changed(desk: Any) -> None:
    client_id, instance_id = await instance_of(desk)
    accounts = desk.store.accounts

    changed = await accounts.update_instance(instance_id, UpdateInstance(status="suspended", description="old"))

    assert (changed.status, changed.description, changed.metadata) == ("suspended", "old", {"team": "red"})
    assert [(one.id, one.memory_count) for one in await accounts.instances(client_id)] == [(instance_id, None)]
    assert changed.memory_count == 0
    with pytest.raises(ConflictError):
        await accounts.create_instance(new_instance_id(), CreateInstance(client_id=client_id, name="bot"), now=NOW)
    with pytest.raises(NotFoundError, match="client cli_none"):
        await accounts.create_instance(new_instance_id(), CreateInstance(client_id="cli_none", name="bot"), now=NOW)
    with pytest.raises(NotFoundError):
        await accounts.instance("inst_none")


async def test_a_key_leads_to_its_instance_until_it_is_revoked(desk: Any) -> None:
    client_id, instance_id = await instance_of(desk)
    accounts = desk.store.accounts
    record = await accounts.create_key(
        instance_id, f"key_{instance_id}", secret=f"sk_{instance_id}", label="x", now=NOW
    )
    await accounts.configure(instance_id, "a: 1", actor="me", now=NOW)
    await accounts.configure(instance_id, "a: 2", actor="me", now=NOW)

    holder = await accounts.holder(f"sk_{instance_id}")
    revoked = await accounts.revoke_key(instance_id, record.key_id, now=NOW)

    assert (holder.instance_id, holder.client_id, holder.active) == (instance_id, client_id, True)
    assert (holder.revision, holder.source) == (2, "a: 2")
    assert revoked
    assert not (await accounts.holder(f"sk_{instance_id}")).active
    assert await accounts.holder("sk_unknown") is None
    assert not await accounts.revoke_key("inst_other", record.key_id, now=NOW)


async def test_configurations_that_come_at_once_follow_one_another(desk: Any) -> None:
    _, instance_id = await instance_of(desk)

    put = [desk.store.accounts.configure(instance_id, f"a: {n}", actor="me", now=NOW) for n in range(8)]
    made = await asyncio.gather(*put)

    in_force = await desk.store.accounts.configuration(instance_id)
    assert sorted(one.revision for one in made) == list(range(1, 9))
    assert in_force == max(made, key=lambda one: one.revision)


async def test_an_inactive_client_stops_the_keys_of_its_instances(desk: Any) -> None:
    client_id, instance_id = await instance_of(desk)
    accounts = desk.store.accounts
    await accounts.create_key(instance_id, f"key_{instance_id}", secret=f"sk_{instance_id}", label="x", now=NOW)

    await accounts.update_client(client_id, status="inactive")

    assert not (await accounts.holder(f"sk_{instance_id}")).active


async def test_management_keys_belong_to_no_instance(desk: Any) -> None:
    secret = f"mk_{new_client_id()}"
    await desk.store.accounts.create_key(None, secret, secret=secret, label="ops", now=NOW)

    holder = await desk.store.accounts.holder(secret)

    assert (holder.kind, holder.instance_id, holder.active) == ("management", None, True)
    assert secret in {one.key_id for one in await desk.store.accounts.keys(None)}


async def test_the_audit_trail_is_paged_newest_first(desk: Any) -> None:
    instance_id = desk.place.instance_id
    entries = [AuditEntry(at=NOW, action=f"a{number}", actor="key", target_ids=("x",)) for number in range(5)]
    await desk.store.audit.append(instance_id, entries)

    first = await desk.store.audit.page(instance_id, limit=3)
    second = await desk.store.audit.page(instance_id, limit=3, cursor=first.cursor)

    assert [entry.action for entry in first.data + second.data] == ["a4", "a3", "a2", "a1", "a0"]
    assert second.cursor is None
    assert first.data[0].target_ids == ("x",)
    assert (await desk.store.audit.page(None, limit=1)).cursor is not None
    with pytest.raises(InvalidInputError):
        await desk.store.audit.page(instance_id, cursor="nonsense")


async def test_only_a_configuration_in_force_is_found_by_its_words(desk: Any) -> None:
    accounts = desk.store.accounts
    _, current = await instance_of(desk)
    _, before = await instance_of(desk)
    for instance_id, modes in ((current, ("standard", "enhanced")), (before, ("enhanced", "standard"))):
        for mode in modes:
            source = f"version: 1.0.0\ningestion: {{extraction: {{mode: {mode}}}}}"
            await accounts.configure(instance_id, source, actor="test", now=NOW)

    found = dict(await accounts.configurations_with("enhanced"))

    assert "mode: enhanced" in found[current]
    assert before not in found
