"""Whose a memory is: the ladder of scopes, the scope of a write, and the chain of scopes that a read may see."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from synap.domain.ids import check_caller_id
from synap.errors import InvalidInputError, ScopeMissingError

BUCKETS = 1024
"""Number of buckets, fixed for ever: the hash below is frozen by golden values in the tests."""

WORLD_SPACE = "world"


class Tenancy(StrEnum):
    """How an instance wants its ids; fixed when it is created."""

    OPEN = "open"
    """Any combination: both → USER, customer → CUSTOMER, user → USER without a customer, neither → CLIENT."""
    B2B = "b2b"
    """A user needs its customer, and a conversation needs ids."""
    B2C = "b2c"
    """No customer at all."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of the ladder.

    Attributes:
        name: Lower-case word, served as an item's `scope`.
        levels: Names of the ids that a scope of this rung needs, broadest first; empty for the shared rungs.
        optional: Those of `levels` that may be missing (a user without a customer).
        space: What bounds the rung: `instance`, `client` (shared by the client's instances) or `world`.
    """

    name: str
    levels: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    space: str = "instance"

    @property
    def shared(self) -> bool:
        """Whether everyone inside the space reads this rung, with no id of a customer or user."""
        return not self.levels


@dataclass(frozen=True, slots=True)
class Ladder:
    """The ordered rungs of an account, narrowest first. A rung's rank is its position: 0 is the narrowest."""

    rungs: tuple[Rung, ...]

    def rank(self, name: str) -> int:
        """Return the position of the rung called `name`; smaller is narrower.

        Raises:
            InvalidInputError: There is no such rung.
        """
        for position, rung in enumerate(self.rungs):
            if rung.name == name:
                return position
        raise InvalidInputError(
            f"scopes must name rungs among {[r.name for r in self.rungs]}, not {name!r}", field="scopes"
        )


LADDER = Ladder(
    (
        Rung("user", levels=("customer", "user"), optional=frozenset({"customer"})),
        Rung("customer", levels=("customer",)),
        Rung("client"),
        Rung("world", space="world"),
    )
)
"""The ladder of the seeds: USER → CUSTOMER → CLIENT → WORLD."""


@dataclass(frozen=True)
class Scope:
    """The owner of a memory: a rung, the space that bounds it, and the ids on the way to it.

    Attributes:
        rung: Name of the rung.
        space: Instance id; client id for CLIENT memories shared among instances; `world`.
        ids: Level and id pairs, broadest level first; a missing optional level is left out.
    """

    rung: str
    space: str
    ids: tuple[tuple[str, str], ...] = ()

    @property
    def shared(self) -> bool:
        """Whether the scope belongs to no customer or user (CLIENT, WORLD); such rows live in the shared tables."""
        return not self.ids

    @property
    def customer_id(self) -> str | None:
        """The customer, where there is one."""
        return dict(self.ids).get("customer")

    @property
    def user_id(self) -> str | None:
        """The user, where there is one."""
        return dict(self.ids).get("user")

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that differ for any two different scopes: BLAKE2b over all parts, each with its length before it."""
        parts = [self.rung, self.space]
        for level, value in self.ids:
            parts += [level, value]
        return hashlib.blake2b(_length_prefixed(parts), digest_size=32, person=b"synap-scope").digest()

    @cached_property
    def id(self) -> int:
        """The scope's row id: the first 63 bits of its digest.

        The store keeps the whole digest beside it and compares, so that a chance collision refuses a write and
        empties a read instead of mixing two owners.
        """
        return int.from_bytes(self.digest[:8], "big") >> 1

    @cached_property
    def bucket(self) -> int:
        """The shard key, 0..1023, the same for a customer and all its users."""
        ids = dict(self.ids)
        if "customer" in ids:
            return bucket_of(self.space, "customer", ids["customer"])
        if "user" in ids:
            return bucket_of(self.space, "user", ids["user"])
        return bucket_of(self.space, "instance", self.space)


def bucket_of(space: str, kind: str, value: str) -> int:
    """Return the bucket, 0..1023, of an id: a frozen hash of the length-prefixed bytes of space, kind and id."""
    digest = hashlib.blake2b(_length_prefixed([space, kind, value]), digest_size=8, person=b"synap-bucket").digest()
    return int.from_bytes(digest, "big") % BUCKETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """The ids that came with a call; None means not given. Build with `Ids.checked`."""

    customer_id: str | None = None
    user_id: str | None = None

    @classmethod
    def checked(cls, *, customer_id: object = None, user_id: object = None) -> Ids:
        """Return the ids after checking both.

        Raises:
            InvalidInputError: One of them is no proper id; see `check_caller_id`.
        """
        return cls(
            customer_id=None if customer_id is None else check_caller_id(customer_id, field="customer_id"),
            user_id=None if user_id is None else check_caller_id(user_id, field="user_id"),
        )

    @property
    def empty(self) -> bool:
        """Whether neither id was given."""
        return self.customer_id is None and self.user_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The instance that a call is bound to, as far as scopes care.

    Attributes:
        instance_id: `inst_…`.
        client_id: `cli_…`, the organisation above it.
        tenancy: How the instance wants its ids.
        client_space: `instance` or `client`: whether CLIENT memories are shared among the client's instances.
        ladder: The rungs of the account.
    """

    instance_id: str
    client_id: str
    tenancy: Tenancy = Tenancy.OPEN
    client_space: str = "instance"
    ladder: Ladder = field(default=LADDER)


def decide_scope(place: Place, ids: Ids, *, conversational: bool = False) -> Scope:
    """Return the scope that the ids of a call stand for. The one place where this is decided.

    Args:
        place: The instance, with its tenancy.
        ids: What the call carried.
        conversational: The call concerns a conversation (by its type, or by naming one), which b2b never puts at CLIENT.

    Raises:
        ScopeMissingError: The ids do not fit the instance's tenancy.
    """
    _check_tenancy(place, ids, conversational=conversational)
    given = {"customer": ids.customer_id, "user": ids.user_id}
    present = {level for level, value in given.items() if value is not None}
    for rung in place.ladder.rungs:
        levels = set(rung.levels)
        if present <= levels and levels - rung.optional <= present:
            pairs = tuple((level, value) for level in rung.levels if (value := given.get(level)) is not None)
            return Scope(rung=rung.name, space=_space(place, rung), ids=pairs)
    raise ScopeMissingError(f"no rung of this instance takes exactly {sorted(present)}", field="scope")


def scope_chain(place: Place, scope: Scope) -> tuple[Scope, ...]:
    """Return the scopes that a read on behalf of `scope` may see, narrowest first: itself and the broader ones.

    Rungs for which `scope` has no id are left out; the shared rungs at the top always belong.
    """
    ids = dict(scope.ids)
    start = place.ladder.rank(scope.rung)
    chain = [scope]
    for rung in place.ladder.rungs[start + 1 :]:
        if all(level in ids for level in rung.levels):
            pairs = tuple((level, ids[level]) for level in rung.levels)
            chain.append(Scope(rung=rung.name, space=_space(place, rung), ids=pairs))
    return tuple(chain)


def world_scope() -> Scope:
    """Return the scope that every instance reads and only the operator writes."""
    return Scope(rung="world", space=WORLD_SPACE)


def _space(place: Place, rung: Rung) -> str:
    if rung.space == "world":
        return WORLD_SPACE
    if rung.shared and place.client_space == "client":
        return place.client_id
    return place.instance_id


def _check_tenancy(place: Place, ids: Ids, *, conversational: bool) -> None:
    if place.tenancy is Tenancy.B2C and ids.customer_id is not None:
        raise ScopeMissingError(
            f"customer_id must be left out: instance {place.instance_id} keeps users without customers (b2c)",
            field="customer_id",
        )
    if place.tenancy is not Tenancy.B2B:
        return
    if ids.user_id is not None and ids.customer_id is None:
        raise ScopeMissingError(
            f"customer_id is required beside user_id: instance {place.instance_id} keeps customers apart (b2b)",
            field="customer_id",
        )
    if ids.empty and conversational:
        raise ScopeMissingError(
            f"customer_id is required for a conversation: instance {place.instance_id} keeps customers apart (b2b)",
            field="customer_id",
        )


def _length_prefixed(parts: list[str]) -> bytes:
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
