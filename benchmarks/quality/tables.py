"""Figures as tables: for a terminal, and in Markdown for the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.quality.scoring import COLUMNS

Table = Mapping[str, Mapping[str, float]]


def print_table(title: str, table: Table, columns: Sequence[str] = COLUMNS) -> None:
    """Print one row per group of `table`."""
    print(f"\n{title:30}{'n':>5}" + "".join(f"{column:>9}" for column in columns))
    for name, row in table.items():
        print(f"{name:30}{row['n']:>5.0f}" + "".join(f"{_cell(column, row.get(column)):>9}" for column in columns))


def markdown(tables: Mapping[str, Table], groups: Sequence[tuple[str, str]]) -> str:
    """Return one row per ranking, one column per (group, measure) of `groups`."""
    head = "| ranking | " + " | ".join(f"{group} {measure}" for group, measure in groups) + " |"
    rule = "|---|" + "---|" * len(groups)
    rows = [
        f"| {name} | " + " | ".join(_cell(m, table.get(group, {}).get(m)) for group, m in groups) + " |"
        for name, table in tables.items()
    ]
    return "\n".join((head, rule, *rows))


def _cell(column: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if column == "tokens" else f"{100 * value:.1f}"
