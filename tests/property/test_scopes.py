"""Whose a memory is and who sees it: the documentation's tables, and laws over any ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synap.domain.ids import KINDS as ID_KINDS
from synap.domain.ids import MAX_CALLER_ID_BYTES, RowRef, check_caller_id, decode_public_id, encode_public_id
from synap.domain.scopes import BUCKETS, Ids, Place, Scope, Tenancy, decide_scope, scope_chain
from synap.errors import InvalidInputError, ScopeMissingError

IDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)
OPTIONAL = st.none() | IDS


def place(tenancy: Tenancy = Tenancy.OPEN, instance: str = "inst_0123456789abcdef") -> Place:
    return Place(instance_id=instance, client_id="cli_0123456789abcdef", tenancy=tenancy)


OPEN, B2B, B2C = Tenancy.OPEN, Tenancy.B2B, Tenancy.B2C


@pytest.mark.parametrize(
    ("tenancy", "customer", "user", "conversational", "rung"),
    [
        (OPEN, "acme", "ana", False, "user"),
        (OPEN, "acme", None, False, "customer"),
        (OPEN, None, "ana", False, "user"),
        (OPEN, None, None, False, "client"),
        (OPEN, None, None, True, "client"),
        (B2B, "acme", "ana", True, "user"),
        (B2B, "acme", None, True, "customer"),
        (B2B, None, "ana", False, None),
        (B2B, None, None, False, "client"),
        (B2B, None, None, True, None),
        (B2C, None, "ana", True, "user"),
        (B2C, None, None, False, "client"),
        (B2C, "acme", None, False, None),
        (B2C, "acme", "ana", False, None),
    ],
)
def test_ids_and_tenancy_decide_the_scope(
    tenancy: Tenancy, customer: str | None, user: str | None, *, conversational: bool, rung: str | None
) -> None:
    ids = Ids(customer_id=customer, user_id=user)
    if rung is None:
        with pytest.raises(ScopeMissingError) as refusal:
            decide_scope(place(tenancy), ids, conversational=conversational)
        assert refusal.value.field == "customer_id"
        return

    scope = decide_scope(place(tenancy), ids, conversational=conversational)

    assert (scope.rung, scope.customer_id, scope.user_id) == (rung, customer, user)


@pytest.mark.parametrize(
    ("customer", "user", "searched"),
    [
        ("acme", "ana", ["user", "customer", "client", "world"]),
        ("acme", None, ["customer", "client", "world"]),
        (None, "ana", ["user", "client", "world"]),
        (None, None, ["client", "world"]),
    ],
)
def test_a_read_searches_its_own_scope_and_the_broader_ones(
    customer: str | None, user: str | None, searched: list[str]
) -> None:
    scope = decide_scope(place(), Ids(customer_id=customer, user_id=user))

    chain = scope_chain(place(), scope)

    assert [one.rung for one in chain] == searched
    assert {one.customer_id for one in chain if one.customer_id} <= {customer}


@given(OPTIONAL, OPTIONAL, OPTIONAL, OPTIONAL)
def test_scopes_are_equal_exactly_when_their_ids_are(
    customer: str | None, user: str | None, other_customer: str | None, other_user: str | None
) -> None:
    one = decide_scope(place(), Ids(customer_id=customer, user_id=user))
    other = decide_scope(place(), Ids(customer_id=other_customer, user_id=other_user))

    same = (customer, user) == (other_customer, other_user)

    assert (one.digest == other.digest) is same
    assert (one.id == other.id) is same


@given(IDS, IDS, OPTIONAL)
def test_a_chain_never_holds_another_owner_or_instance(customer: str, user: str, other: str | None) -> None:
    chain = scope_chain(place(), decide_scope(place(), Ids(customer_id=customer, user_id=user)))
    elsewhere = decide_scope(place(instance="inst_fedcba9876543210"), Ids(customer_id=customer, user_id=other))

    assert elsewhere not in chain
    assert all(one.customer_id in (customer, None) and one.user_id in (user, None) for one in chain)


@given(IDS, IDS)
def test_a_customer_and_its_users_share_a_bucket(customer: str, user: str) -> None:
    buckets = {
        decide_scope(place(), Ids(customer_id=customer, user_id=named)).bucket for named in (None, user, user + "x")
    }

    assert len(buckets) == 1
    assert buckets <= set(range(BUCKETS))


@given(st.text(max_size=400))
def test_an_id_is_taken_as_it_is_or_refused_with_its_field(text: str) -> None:
    bad = not text or "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text)
    if bad or len(text.encode()) > MAX_CALLER_ID_BYTES:
        with pytest.raises(InvalidInputError) as refusal:
            check_caller_id(text, field="user_id")
        assert refusal.value.field == "user_id"
        return

    assert check_caller_id(text, field="user_id") == text


@given(st.sampled_from(ID_KINDS), st.integers(0, BUCKETS - 1), st.integers(0, 2**63 - 1))
def test_a_public_id_names_its_row_and_no_near_miss_does(kind: str, bucket: int, row: int) -> None:
    ref = RowRef(kind, bucket, row)
    public = encode_public_id(ref)

    digit = "0" if public[-1] != "0" else "1"

    assert decode_public_id(public) == ref
    assert decode_public_id(public.upper().replace("-", "")) == ref
    assert decode_public_id(public[:-1] + digit) is None


@pytest.mark.parametrize("scope", [Scope("client", "inst_0123456789abcdef"), Scope("world", "world")])
def test_shared_scopes_have_no_owner(scope: Scope) -> None:
    assert scope.shared
    assert (scope.customer_id, scope.user_id) == (None, None)
