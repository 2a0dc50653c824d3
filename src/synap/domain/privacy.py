"""How an instance wants personal data and secrets handled before anything is stored."""

from __future__ import annotations

from enum import StrEnum


class PiiHandling(StrEnum):
    """What happens to e-mail addresses, phone, card and account numbers, network addresses, keys and passwords."""

    OFF = "off"
    """They are stored as written."""
    REDACT = "redact"
    """Each is replaced by the label of its class, such as `[EMAIL]`."""
    MASK = "mask"
    """A few of their characters stay, so that a person recognises them and nobody can restore them."""
