"""The scope of a write follows the ids, the tenancy, and the rule about CLIENT writes."""

from __future__ import annotations

import pytest

from synap.domain.scopes import Ids, Place
from synap.engine.callers import Caller, Instance, write_scope
from synap.errors import ForbiddenError
from synap.maca.load import load


def instance(source: str = "") -> Instance:
    place = Place(instance_id="inst_0123456789abcdef", client_id="cli_0123456789abcdef")
    return Instance(place=place, maca=load(source), revision=0)


def test_client_writes_can_be_kept_for_management() -> None:
    closed = instance("storage:\n  scoping:\n    client_writes: management_key\n")

    with pytest.raises(ForbiddenError) as refusal:
        write_scope(closed, Ids())

    assert refusal.value.field == "customer_id"
    assert write_scope(closed, Ids(customer_id="acme")).rung == "customer"
    assert write_scope(instance(), Ids()).rung == "client"


def test_a_caller_keeps_its_rights_from_request_to_request() -> None:
    caller = Caller(actor="key:k", kind="application", key_id="k", instance=instance())

    again = caller.with_correlation("c-1")

    assert (again.actor, again.instance, again.correlation_id) == ("key:k", caller.instance, "c-1")
