"""How long it takes to erase a user, with the count afterwards and the receipt; of two sizes, to see how it grows."""

from __future__ import annotations

import time

from benchmarks.speed.copies import Copier, copies_of_user
from benchmarks.speed.corpus import Corpus, Owner, load
from benchmarks.speed.fetching import House
from benchmarks.speed.timing import Times
from synap.api.data import DeleteData

REPEATS = 5
SMALLER = 10
"""Times fewer memories of the smaller user."""


async def run(house: House, corpus: Corpus, copier: Copier) -> None:
    """Erase users of both sizes in alternation, and print one table."""
    big = house.biggest
    small = Owner(instance=big.instance, customer=big.customer, user="user-small", size=max(1, big.size // SMALLER))
    await load(house.engine, house.places, corpus, [small])
    rows = {owner.size: Times(f"erase a user of {owner.size:,}") for owner in (small, big)}
    counted: dict[int, int] = {}
    for repeat in range(REPEATS):
        for owner in (small, big):
            (made,) = await copies_of_user(house, copier, owner, [f"erased-{owner.size}-{repeat}"])
            started = time.perf_counter()
            counted[owner.size] = await erase(house, made)
            rows[owner.size].seconds.append(time.perf_counter() - started)
    print(f"\n{'erasure':46}{'p50 s':>9}{'max s':>9}{'n':>5}{'rows':>9}{'ms per memory':>15}{'x smaller':>11}")
    per = {size: times.p50 / size for size, times in rows.items()}
    for size, times in rows.items():
        print(
            f"{times.name:46}{times.p50 / 1000:>9.2f}{max(times.seconds):>9.2f}{len(times.seconds):>5}"
            f"{counted[size]:>9,}{per[size]:>15.3f}{per[size] / per[small.size]:>11.2f}"
        )


async def erase(house: House, owner: Owner) -> int:
    """Erase a user as a caller does, going on until it is done; return how many rows went."""
    api = house.apis[owner.instance]
    request = DeleteData(scope="user", customer_id=owner.customer, user_id=owner.user, confirm=owner.user)
    result = await api.delete_data(request)
    while result.continues:
        result = await api.delete_data(request)
    if not result.fully_removed:
        raise RuntimeError(f"something of {owner.user} is still there: {result.still_present_in}")
    return sum(result.counts.values())
