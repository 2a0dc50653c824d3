"""Splits a file of SQL into its statements."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
      --[^\n]*                               # comment to the end of the line
    | /\*                                    # comment that may hold others: its end is found by counting
    | [eE]'(?:[^'\\]|''|\\.)*'               # string with backslash escapes
    | '(?:[^']|'')*'                         # string
    | "(?:[^"]|"")*"                         # quoted name
    | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$)      # start of a dollar-quoted string
    | ;
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def split_statements(sql: str) -> list[str]:
    """Return the statements of `sql` in order, without the semicolons between them; text of comments alone is dropped.

    Semicolons inside strings, quoted names, dollar quotes and comments (nested ones too) do not divide.
    """
    statements, start, at = [], 0, 0
    while (match := _TOKEN.search(sql, at)) is not None:
        at = _end_of(sql, match)
        if match[0] == ";":
            statements.append(sql[start : match.start()])
            start = at
    statements.append(sql[start:])
    return [statement.strip() for statement in statements if without_comments(statement).strip()]


def without_comments(sql: str) -> str:
    """Return `sql` with each comment replaced by a blank; strings and dollar-quoted bodies stay as they are."""
    kept, at = [], 0
    while (match := _TOKEN.search(sql, at)) is not None:
        kept.append(sql[at : match.start()])
        at = _end_of(sql, match)
        kept.append(" " if match[0].startswith(("--", "/*")) else sql[match.start() : at])
    return "".join([*kept, sql[at:]])


def _end_of(sql: str, match: re.Match[str]) -> int:
    if match["dollar"] is not None:
        closing = sql.find(match["dollar"], match.end())
        return len(sql) if closing < 0 else closing + len(match["dollar"])
    if match[0] == "/*":
        return _end_of_comment(sql, match.end())
    return match.end()


def _end_of_comment(sql: str, at: int) -> int:
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(sql, at)) is not None:
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return len(sql) if depth else at
