"""`synap verify`: what the engine promises, tried on one's own installation."""

from __future__ import annotations

import typer

verify = typer.Typer(help="Try on this installation what the engine promises.", no_args_is_help=True)


@verify.callback()
def begin() -> None:
    """Try on this installation what the engine promises: each command is one promise, and prints what it tried."""
