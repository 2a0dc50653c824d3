"""The tense of a clause, as far as dates and types need it."""

from __future__ import annotations

from enum import StrEnum


class Tense(StrEnum):
    """When the verb of a clause says that something happens."""

    PAST = "past"
    PRESENT = "present"
    FUTURE = "future"
