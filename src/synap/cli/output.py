"""What a command prints: JSON for scripts, a table or lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

console = Console()


def emit_json(value: Any) -> None:
    """Print a value as indented JSON."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def emit_lines(lines: Iterable[str]) -> None:
    """Print lines as they are, without markup."""
    for line in lines:
        typer.echo(line)


def emit_record(value: Any, line: str, *, as_json: bool) -> None:
    """Print what was made or done: a record for scripts, a line for people."""
    emit_json(value) if as_json else emit_lines([line])


def emit_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; cells are shown as text, nothing in them is read as markup."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table, markup=False)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text.replace("[", r"\[")
