"""Buckets and scope ids are part of what is stored: they never change."""

from __future__ import annotations

import pytest

from synap.domain.scopes import LADDER, Ids, Place, bucket_of, decide_scope, world_scope
from synap.errors import InvalidInputError

INSTANCE = "inst_0123456789abcdef"
PLACE = Place(instance_id=INSTANCE, client_id="cli_0123456789abcdef")


@pytest.mark.parametrize(
    ("space", "kind", "value", "bucket"),
    [
        (INSTANCE, "customer", "acme", 465),
        (INSTANCE, "user", "acme", 58),
        (INSTANCE, "instance", INSTANCE, 912),
        (INSTANCE, "customer", "é", 580),
        ("inst_fedcba9876543210", "customer", "acme", 316),
        ("ab", "c", "d", 422),
        ("a", "bc", "d", 440),
    ],
)
def test_buckets_are_frozen(space: str, kind: str, value: str, bucket: int) -> None:
    assert bucket_of(space, kind, value) == bucket


@pytest.mark.parametrize(
    ("ids", "bucket", "row"),
    [
        (Ids(customer_id="acme", user_id="ana"), 465, 5341994238480189200),
        (Ids(customer_id="acme"), 465, 967480677823560613),
        (Ids(user_id="ana"), 312, 988693262911061326),
        (Ids(), 912, 3051085137677976078),
    ],
)
def test_scope_ids_are_frozen(ids: Ids, bucket: int, row: int) -> None:
    scope = decide_scope(PLACE, ids)

    assert (scope.bucket, scope.id) == (bucket, row)


def test_the_world_is_the_one_that_the_schema_names() -> None:
    assert world_scope().id == 757752637244791905


def test_client_memories_belong_to_the_instance_or_to_the_client_as_told() -> None:
    shared = Place(instance_id=INSTANCE, client_id="cli_0123456789abcdef", client_space="client")

    assert decide_scope(PLACE, Ids()).space == INSTANCE
    assert decide_scope(shared, Ids()).space == "cli_0123456789abcdef"
    assert decide_scope(shared, Ids(customer_id="acme")).space == INSTANCE


def test_rungs_are_ranked_narrowest_first() -> None:
    assert [LADDER.rank(name) for name in ("user", "customer", "client", "world")] == [0, 1, 2, 3]
    with pytest.raises(InvalidInputError) as refusal:
        LADDER.rank("planet")
    assert refusal.value.field == "scopes"
