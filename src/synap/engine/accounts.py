"""What a store needs before anyone can use it: a first client, a first instance, first keys."""

from __future__ import annotations

import secrets

import msgspec

from synap.api.admin import CreateInstance
from synap.domain.ids import new_client_id, new_instance_id
from synap.domain.scopes import Tenancy
from synap.engine.core import Core
from synap.errors import ConflictError
from synap.maca.load import load

DEFAULT_NAME = "default"
APPLICATION_PREFIX = "synap_"
MANAGEMENT_PREFIX = "synap_mgmt_"


class FirstKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a store that had none; the only moment at which they are known."""

    api_key: str
    management_key: str
    client_id: str
    instance_id: str


def new_key(prefix: str = APPLICATION_PREFIX) -> str:
    """Return a fresh key: its prefix and 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def new_key_id() -> str:
    """Return a fresh id of a key; it names the key in lists and in the audit trail and opens nothing."""
    return f"key_{secrets.token_hex(8)}"


async def ensure_default_instance(core: Core, *, tenancy: Tenancy = Tenancy.OPEN, maca: str = "") -> str:
    """Return the id of the oldest instance; on a store without any, make one named `default`, and a client for it.

    Raises:
        InvalidInputError: `maca` is no valid configuration.
    """
    if maca:
        load(maca)
    accounts = core.store.accounts
    for client in await accounts.clients():
        instances = await accounts.instances(client.client_id)
        if instances:
            return instances[0].id
    now = core.clock.now()
    clients = await accounts.clients()
    client = clients[0] if clients else await accounts.create_client(new_client_id(), name=DEFAULT_NAME, now=now)
    request = CreateInstance(client_id=client.client_id, name=DEFAULT_NAME, tenancy=tenancy)
    try:
        instance = await accounts.create_instance(new_instance_id(), request, now=now)
    except ConflictError:  # another process was first
        return (await accounts.instances(client.client_id))[0].id
    if maca:
        await accounts.configure(instance.id, maca, actor="process", now=now)
    return instance.id


async def first_keys(core: Core, instance_id: str) -> FirstKeys | None:
    """Make an API key for an instance and a management key; None where the store has a management key already."""
    accounts = core.store.accounts
    if await accounts.keys(None):
        return None
    now = core.clock.now()
    instance = await accounts.instance(instance_id)
    api_key, management_key = new_key(), new_key(MANAGEMENT_PREFIX)
    await accounts.create_key(instance.id, new_key_id(), secret=api_key, label="first", now=now)
    await accounts.create_key(None, new_key_id(), secret=management_key, label="first", now=now)
    return FirstKeys(
        api_key=api_key, management_key=management_key, client_id=instance.client_id, instance_id=instance.id
    )
