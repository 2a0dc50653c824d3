"""How a message shows a value that it refuses."""

from __future__ import annotations

LONGEST_ECHO = 40
"""Characters of a refused value that a message shows; what callers send has no bound, and messages reach logs."""


def echo(value: object) -> str:
    """Return a value as Python writes it, with an ellipsis in place of what is beyond 40 characters.

    >>> echo("scroll"), echo("x" * 50) == repr("x" * 40 + "…")
    ("'scroll'", True)
    """
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST_ECHO else f"{value[:LONGEST_ECHO]}…")
    shown = repr(value)
    return shown if len(shown) <= LONGEST_ECHO else f"{shown[:LONGEST_ECHO]}…"
