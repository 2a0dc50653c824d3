"""What a store needs before anyone can use it: a first client, a first instance, first keys."""

from __future__ import annotations

import secrets

import msgspec

from synap.api.admin import CreateInstance
from synap.domain.ids import new_client_id, new_instance_id
from synap.domain.scopes import Tenancy
from synap.engine.core import Core
from synap.maca.load import load
from synap.store.founding import FirstAccount, FirstKey

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

    However many processes start on the store at the same moment, one makes it and all return the same.

    Raises:
        InvalidInputError: `maca` is no valid configuration.
    """
    if maca:
        load(maca)
    first = FirstAccount(
        client_id=new_client_id(),
        client_name=DEFAULT_NAME,
        instance_id=new_instance_id(),
        instance=CreateInstance(client_id="", name=DEFAULT_NAME, tenancy=tenancy),
        configuration=maca,
    )
    return await core.store.founding.instance(first, now=core.clock.now())


async def first_keys(core: Core, instance_id: str) -> FirstKeys | None:
    """Make an API key for an instance and a management key; None where the store has a management key already."""
    instance = await core.store.accounts.instance(instance_id)
    keys = FirstKeys(
        api_key=new_key(),
        management_key=new_key(MANAGEMENT_PREFIX),
        client_id=instance.client_id,
        instance_id=instance.id,
    )
    made = await core.store.founding.keys(
        instance.id,
        application=FirstKey(key_id=new_key_id(), secret=keys.api_key),
        management=FirstKey(key_id=new_key_id(), secret=keys.management_key),
        now=core.clock.now(),
    )
    return keys if made else None
