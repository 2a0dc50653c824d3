"""What workers are given to read: short turns, each another; and how many are handed in at a time."""

from __future__ import annotations

BATCH = 100

_TEXT = (
    "User: I keep parcel {n} on shelf {shelf} of the store in {town} and I prefer the morning tour to the evening one."
)
_TOWNS = ("Lisbon", "Oslo", "Nairobi", "Kyoto", "Quito", "Perth", "Tallinn", "Bogota")


def turn(number: int, *, shelf: object) -> str:
    """Return the turn of a number; other shelves make other turns of it."""
    return _TEXT.format(n=number, shelf=shelf, town=_TOWNS[number % len(_TOWNS)])
