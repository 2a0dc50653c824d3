"""Word lists written as running text."""

from __future__ import annotations


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a list that is written as text, in order."""
    return tuple(text.split())
