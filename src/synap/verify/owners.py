"""Who takes part in a campaign: instances of several clients, and owners whose ids differ by as little as possible."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

USERS = (
    "alice", "Alice", "ALICE", "alice ", " alice", "alice\t", "alice\n", "\u0430lice", "\uff41lice", "ali\u200dce",
    "\u200falice", "al\u0131ce", "a:b", "a", "b:c", "c", "*", "%", "_", "%00", "[a-z]*", "a OR b", "NEAR(", '"', "\u2764",
    "\u2764\ufe0f", "y" * 255, "y" * 256, "y" * 255 + "1", "acme", "CLIENT", "WORLD", "null",
    "3f25e1d2-9dad-41d1-80b4-00c04fd430c8", "3F25E1D2-9DAD-41D1-80B4-00C04FD430C8",
)  # fmt: skip
CUSTOMERS = (
    "acme", "Acme", "alice", "a", "a:b", "a/b", "a|b", "a::b", "..", "../x", "C:\\x", "%2F", "CLIENT", "WORLD", "*", "%", "_",
    "' OR 1=1 --", '"; DROP TABLE memory; --', '{"$ne":null}', "$where", "a OR b", "stra\u00dfe", "strasse", "e\u0301",
    "\u00e9", "x" * 1024, "x" * 1023, "0", "null", "undefined",
)  # fmt: skip
LONE_USERS = ("alice", "acme", "null", "None", "undefined", "true", "0", "-1", "1", "01", "1.0", "x" * 1024)

REFUSED: tuple[Any, ...] = (
    "", "a\x00", "\x00", "a\ud800", "\udfffa", "u" * 1025, "u" * 65_537, "\u00e9" * 513, 7, 1.0, True, ["alice"], {"a": 1},
)  # fmt: skip
"""What is no id: refused by every call that takes one, so that it stands for nobody."""

WORLD_INSTANCE = -1


@dataclass(frozen=True, slots=True)
class Lodging:
    """An instance of the campaign: whose it is, how it wants its ids, and whether the client's instances share CLIENT."""

    client: int
    tenancy: str = "open"
    shares: bool = False


PLAN = (
    Lodging(0),
    Lodging(0),
    Lodging(1, shares=True),
    Lodging(1, "b2b", shares=True),
    Lodging(2, "b2b"),
    Lodging(2, "b2c"),
)
"""Three clients with two instances each."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a statement is: the number of its instance, and the ids, None where there is none."""

    instance: int
    customer: str | None = None
    user: str | None = None

    @property
    def ids(self) -> dict[str, Any]:
        """As arguments of the SDK."""
        named = {"customer_id": self.customer, "user_id": self.user}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def shared(self) -> bool:
        """Whether it is everyone's, in an instance or in the world."""
        return self.customer is None and self.user is None


WORLD = Owner(WORLD_INSTANCE)


def sees(viewer: Owner, owner: Owner) -> bool:
    """Whether a read on behalf of `viewer` may show what is the owner's. The whole rule of isolation."""
    if owner == WORLD:
        return True
    if owner.shared:
        here, there = PLAN[viewer.instance], PLAN[owner.instance]
        return viewer.instance == owner.instance or (here.shares and there.shares and here.client == there.client)
    same_customer = owner.customer is not None and (owner.customer, owner.user) == (viewer.customer, None)
    return viewer.instance == owner.instance and (owner == viewer or same_customer)


def one_scope(one: Owner, other: Owner) -> bool:
    """Whether two owners stand for the same scope: the same one, or CLIENT as instances share it."""
    return one == other or (one.shared and other.shared and one != WORLD and sees(one, other))


def population(chance: random.Random, *, size: int) -> list[Owner]:
    """Return owners of every rung in every instance: the hostile ones, and at least `size` plain ones.

    Some plain ids hold a marker themselves, so that an id that shows where it must not is seen.
    """
    found = [owner for number, lodging in enumerate(PLAN) for owner in _hostile(number, lodging, chance)]
    hostile, serial = len(found), 0
    while len(found) < hostile + size:
        serial += 1
        instance = chance.choice([number for number, one in enumerate(PLAN) if one.tenancy != "b2c"])
        customer = f"zi{chance.getrandbits(40):010x}" if serial % 3 == 0 else f"customer-{serial % 40}-{instance}"
        found.append(Owner(instance, customer))
        found += [Owner(instance, customer, f"user-{number}") for number in range(chance.randint(1, 30))]
    return list(dict.fromkeys(found))


def _hostile(instance: int, lodging: Lodging, chance: random.Random) -> Iterator[Owner]:
    yield Owner(instance)
    if lodging.tenancy != "b2b":
        yield from (Owner(instance, None, user) for user in (*LONE_USERS, f"zi{chance.getrandbits(40):010x}"))
    if lodging.tenancy != "b2c":
        yield from (Owner(instance, customer) for customer in CUSTOMERS)
        for customer in chance.sample(CUSTOMERS, 7):
            yield from (Owner(instance, customer, user) for user in chance.sample(USERS, 5))
        # Two ids that read the same when joined.
        yield from (Owner(instance, "a:b", "c"), Owner(instance, "a", "b:c"), Owner(instance, "acme", "acme"))
